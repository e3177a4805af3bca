/* A decision about many staged changes, in slices; review_run.h has the idea.
 *
 * What a call selects (all:true, or the ids) is the `target` of the run, and
 * how far it came is kept in its state. So the same call again, also by
 * somebody else and after a crash, continues the run instead of beginning
 * another. Changes are taken in the order in which they were written, because
 * a later one may build on an earlier one; a change that cannot be taken is
 * skipped and told, and does not stop those behind it. */
#include "memory-db/model/review/review_run.h"

#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/engine/lens.h"

/* Skipped changes that a reply lists; of the others it has the count. */
#define SKIPPED_LISTED 50
/* Bytes of one skipped change in a reply. */
#define SKIPPED_BYTES 4096

struct review_run_deciding {
	struct call *c;
	const struct review_selection *sel;
	struct sliced_run run;
	int64_t ns, after, upto;
	int64_t approved, rejected, dissolved, skips, facts, left;
	int64_t last; /* change of main */
	json_t *skipped;
	struct buf message;
	struct err *e;
};

/* --- what is decided ------------------------------------------------------ */
/* A staged_fn: those that are still to come, at most one slice of them. */
struct upcoming {
	json_t *ids;
	int64_t upto, left;
	struct err *e;
};

static int
add_upcoming(void *ctx, const struct staged *s)
{
	struct upcoming *x = ctx;

	if (s->change > x->upto)
		return 1;
	x->left++;
	if (x->left > LIMIT_REVIEW_SLICE)
		return 0;
	return jx_add(x->ids, json_integer(s->change)) != 0 ? err_nomem(x->e)
							    : 0;
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The changes that the call names, in the order in which they were written. */
static int
add_named(struct review_run_deciding *x, struct upcoming *u)
{
	size_t n = json_array_size(x->sel->changes);
	AUTO_FREE int64_t *v = calloc(n + 1, sizeof(*v));
	if (!v)
		return err_nomem(x->e);
	for (size_t i = 0; i < n; i++)
		v[i] = json_integer_value(json_array_get(x->sel->changes, i));
	qsort(v, n, sizeof(*v), compare_ids);
	for (size_t i = 0; i < n; i++) {
		struct staged s = {.change = v[i]};
		int rc;

		if (v[i] <= x->after || (i > 0 && v[i] == v[i - 1]))
			continue;
		rc = add_upcoming(u, &s);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

static int
find_upcoming(struct review_run_deciding *x, struct upcoming *u)
{
	int rc = x->sel->changes ? add_named(x, u)
				 : staged_each(x->c->st, x->ns, STAGED_WAITING,
					   x->sel->session, x->after,
					   add_upcoming, u, x->e);

	return rc < 0 ? rc : 0;
}

/* --- one change ----------------------------------------------------------- */
static int
review_run_skip(struct review_run_deciding *x, int64_t change, const char *why,
	json_t *conflicts, json_t *needs)
{
	AUTO_JSON json_t *o = json_object();
	int rc;

	if (++x->skips > SKIPPED_LISTED)
		return 0;
	rc = !o ? err_nomem(x->e) : member_set_int(o, "staged", change, x->e);
	if (rc)
		return rc;
	rc = member_set_new(o, "why", json_string(why), x->e);
	if (rc)
		return rc;
	if (json_array_size(conflicts) > 0)
		rc = member_set_new(o, "conflicts", json_incref(conflicts),
			x->e);
	if (rc)
		return rc;
	if (json_array_size(needs) > 0)
		rc = member_set_new(o, "needs", json_incref(needs), x->e);
	if (rc)
		return rc;
	if (jx_add(x->skipped, json_incref(o)) != 0)
		return err_nomem(x->e);
	return 0;
}

static int
review_run_decide(struct review_run_deciding *x, const struct staged *s,
	enum staged_state state, int64_t applied)
{
	struct staged d = *s;

	d.state = state;
	d.decided = clock_now_ms();
	d.applied = applied;
	d.told = false;
	d.by = x->sel->by;
	d.note = x->sel->note;
	return staged_decide(x->c->st, &d, x->e);
}

static int
review_run_take(struct review_run_deciding *x, const struct staged *s)
{
	int64_t change;
	int rc = review_take(x->c, s, x->sel->wins, x->message.data, &change,
		x->e);

	if (rc)
		return rc;
	if (change != 0)
		rc = jx_add(json_object_get(x->run.state, "changes"),
			     json_integer(change)) != 0
			     ? err_nomem(x->e)
			     : 0;
	if (rc != 0)
		return rc;
	x->last = change != 0 ? change : x->last;
	x->facts += s->facts;
	x->approved++;
	x->dissolved += change == 0;
	return review_run_decide(x, s, STAGED_APPROVED, change);
}

static int
approve(struct review_run_deciding *x, const struct staged *s)
{
	AUTO_REVIEW_VIEW struct review_view v = {0};
	int rc;

	if (s->state == STAGED_APPROVED)
		return review_run_skip(x, s->change, "it is approved already",
			NULL, NULL);
	rc = review_look(x->c->st, x->c->ctx, s, x->sel->wins, SKIPPED_BYTES,
		&v, x->e);
	if (rc != 0)
		return rc;
	if (json_array_size(v.needs) > 0)
		return review_run_skip(x, s->change,
			"it builds on staged changes that still wait; approve "
			"those too, or reject them first",
			NULL, v.needs);
	if (json_array_size(v.conflicts) > 0)
		return review_run_skip(x, s->change,
			"main says otherwise by now; on_conflict:\"staged\" "
			"lets the staged values win, or reject it",
			v.conflicts, NULL);
	return review_run_take(x, s);
}

static int
reject(struct review_run_deciding *x, const struct staged *s)
{
	if (s->state != STAGED_WAITING)
		return review_run_skip(x, s->change,
			"it does not wait any more", NULL, NULL);
	x->rejected++;
	return review_run_decide(x, s, STAGED_REJECTED, 0);
}

static int
decide_one(struct review_run_deciding *x, int64_t change)
{
	AUTO_REVIEW_ROW struct review_row r = {.by = NULL};
	int rc = staged_get(x->c->st, change, review_row_copy, &r, x->e);

	if (rc == MDB_E_NOMEM)
		return err_nomem(x->e);
	if (rc == 0 || (rc == 1 && r.s.ns != x->ns))
		return review_run_skip(x, change, "no such staged change here",
			NULL, NULL);
	if (rc < 0)
		return rc;
	return x->sel->approve ? approve(x, &r.s) : reject(x, &r.s);
}

/* --- the slice ------------------------------------------------------------ */
/* What the call selects: the same call again goes on. */
static int
review_run_make_target(const struct review_selection *s, struct buf *out,
	struct err *e)
{
	int rc = buf_addf(out, "%s %lld ", s->approve ? "approve" : "reject",
		(long long)s->session);

	if (rc == 0 && s->changes)
		rc = jx_dump(s->changes, out);
	return rc != 0 || !buf_str(out) ? err_nomem(e) : 0;
}

static int
review_run_make_message(struct review_run_deciding *x)
{
	if (buf_adds(&x->message, "approved by ") ||
		text_add_cut(&x->message, x->sel->by, 100))
		return err_nomem(x->e);
	if (x->sel->note &&
		(buf_adds(&x->message, ": ") ||
			text_add_cut(&x->message, x->sel->note, 900)))
		return err_nomem(x->e);
	return buf_str(&x->message) ? 0 : err_nomem(x->e);
}

static int
run_begin(struct review_run_deciding *x)
{
	struct write w = {.st = x->c->st, .ns = x->ns};
	AUTO_BUF struct buf target = {0};
	const json_t *state;
	int rc = review_run_make_target(x->sel, &target, x->e);

	if (rc)
		return rc;
	rc = sliced_run_begin(&x->run, &w, x->c->tool->name, target.data,
		STORE_MAIN, x->e);
	if (rc != 0)
		return rc;
	state = x->run.state;
	x->after = json_integer_value(json_object_get(state, "after"));
	x->upto = json_integer_value(json_object_get(state, "upto"));
	if (x->upto == 0)
		x->upto = x->sel->upto;
	return x->upto == 0 ? lens_newest(x->c->st, &x->upto, x->e) : 0;
}

static int
review_run_slice(struct review_run_deciding *x)
{
	AUTO_JSON json_t *ids = json_array();
	struct upcoming u = {ids, x->upto, 0, x->e};
	int64_t end_ns = clock_mono_ns() + LIMIT_REVIEW_SLICE_MS * 1000000LL;
	int rc = !ids ? err_nomem(x->e) : find_upcoming(x, &u);
	json_t *id;
	size_t i;

	json_array_foreach(ids, i, id) {
		if (rc != 0 || x->facts >= x->run.room ||
			(i > 0 && clock_mono_ns() > end_ns))
			break;
		rc = decide_one(x, json_integer_value(id));
		x->after = json_integer_value(id);
		u.left--;
	}
	x->left = u.left;
	return rc;
}

static int
run_end(struct review_run_deciding *x)
{
	bool more = false;
	int rc = 0;

	if (jx_set(x->run.state, "after", json_integer(x->after)) != 0 ||
		jx_set(x->run.state, "upto", json_integer(x->upto)) != 0)
		return err_nomem(x->e);
	x->approved = sliced_run_total(&x->run, "approved", x->approved);
	x->rejected = sliced_run_total(&x->run, "rejected", x->rejected);
	x->dissolved = sliced_run_total(&x->run, "dissolved", x->dissolved);
	x->skips = sliced_run_total(&x->run, "skipped", x->skips);
	rc = sliced_run_end(&x->run, 0, x->left, x->e);
	if (rc)
		return rc;
	/* What is left of it the background does. */
	return review_settle(x->c, x->ns, LIMIT_REVIEW_SETTLE, &more, x->e);
}

static int
run_reply(struct review_run_deciding *x, json_t **ret)
{
	AUTO_JSON json_t *o = json_pack("{s:I,s:I,s:I,s:I,s:O}", "approved",
		(json_int_t)x->approved, "rejected", (json_int_t)x->rejected,
		"dissolved", (json_int_t)x->dissolved, "skipped",
		(json_int_t)x->skips, "left", x->skipped);
	int rc = !o ? err_nomem(x->e) : sliced_run_reply(&x->run, o, x->e);

	if (rc)
		return rc;
	if (x->c->dry_run)
		rc = member_set_bool(o, "dry_run", 1, x->e);
	if (rc)
		return rc;
	if (x->last != 0 && !x->c->dry_run)
		rc = member_set_int(o, "change", x->last, x->e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(o);
	return 0;
}

static int
review_run_all(struct review_run_deciding *x, json_t **ret)
{
	int rc = run_begin(x);

	if (rc)
		return rc;
	sliced_run_room(&x->run, x->c->params, LIMIT_RUN_FACTS);
	rc = review_run_make_message(x);
	if (rc)
		return rc;
	rc = review_run_slice(x);
	if (rc)
		return rc;
	rc = run_end(x);
	if (rc)
		return rc;
	if (x->c->ctx->key)
		rc = request_remember(x->c->st, x->c->ctx->key, x->last, x->e);
	if (rc)
		return rc;
	return run_reply(x, ret);
}

int
review_run(struct call *c, int64_t ns, const struct review_selection *s,
	json_t **ret, struct err *e)
{
	AUTO_JSON json_t *skipped = json_array();
	struct review_run_deciding x = {.c = c,
		.sel = s,
		.ns = ns,
		.skipped = skipped,
		.e = e};
	int rc = !skipped ? err_nomem(e) : review_run_all(&x, ret);

	sliced_run_done(&x.run);
	buf_done(&x.message);
	return rc;
}

int
review_run_again(struct call *c, int64_t ns, const struct review_selection *s,
	json_t **ret, struct err *e)
{
	AUTO_BUF struct buf target = {0};
	AUTO_JSON json_t *o = json_pack("{s:b}", "repeated", 1);
	int rc = !o ? err_nomem(e) : review_run_make_target(s, &target, e);

	if (rc)
		return rc;
	rc = sliced_run_reply_again(c->st, ns, c->tool->name, target.data, o,
		e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(o);
	return 0;
}
