/* The storing of what was extracted.
 *
 * One fact takes the writer some 0.3 ms, more where its entity has many facts to
 * compare with. So a part has 24 of them, and whoever writes beside an
 * extraction waits for one part, not for 500 facts. */
#include "memory-db/method/extract_call.h"

#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/order/on_conflict.h"
#include "memory-db/model/time/sliced_run.h"

/* What is kept from part to part. */
struct extract_call_progress {
	struct extract_kept *kept; /* owned: of all facts */
	size_t n;
	json_t *rows; /* owned: a list a part of the conflicts it found */
	bool has_left_out;
};

/* A part of the facts, or all of them. */
struct storing {
	struct extracting *x;
	struct call *c;
	struct extract_call_progress *p;
	size_t from, to;
	bool in_parts;
	struct err *e;
};

static void
extract_call_progress_free(void *data)
{
	struct extract_call_progress *p = data;

	if (!p)
		return;
	if (p->kept)
		extract_kept_done(p->kept, p->n);
	free(p->kept);
	json_decref(p->rows);
	free(p);
}

static int
progress_new(size_t n, struct prepared *ret, struct err *e)
{
	struct extract_call_progress *p = calloc(1, sizeof(*p));

	if (!p)
		return err_nomem(e);
	*ret = (struct prepared){p, extract_call_progress_free};
	p->n = n;
	p->kept = calloc(n + 1, sizeof(*p->kept));
	p->rows = json_array();
	return !p->kept || !p->rows ? err_nomem(e) : 0;
}

/* What a retry finds done already. */
static int
look_back(struct write *w, struct extracting *x, struct err *e)
{
	for (size_t i = 0; i < x->said->x.n; i++) {
		const struct extracted *f = &x->said->x.v[i];
		struct extract_kept *k = &x->kept[i];
		int rc = write_find_entity(w, f->name, &k->entity, e);

		if (rc < 0)
			return rc;
		k->state = rc == 1 && write_did(w, OP_SHOW, k->entity,
					      FACT_OBSERVATION, 0, 0, f->text,
					      strlen(f->text))
				   ? EXTRACT_STORED
				   : EXTRACT_KNOWN;
	}
	return 0;
}

/* What the call or the namespace says; else conflicts go to the queue: nobody
 * looks over what is extracted. */
static int
watch_conflicts(struct on_conflict *x, struct write *w, const struct call *c,
	struct err *e)
{
	const char *named = jx_text(c->params, "on_conflict");
	int rc = on_conflict_begin(x, w, named, e);

	if (rc != 0 || named || x->mode != ON_CONFLICT_NONE)
		return rc;
	on_conflict_done(x);
	*x = (struct on_conflict){.mode = ON_CONFLICT_NONE};
	return on_conflict_begin(x, w, "queue", e);
}

/* The facts of this part. What an attempt of it noted that failed goes. */
static int
store_facts(struct storing *x, struct write *w)
{
	const char *session = jx_text(x->c->params, "session_id");
	struct extract_source source = {.session = session ? session
							   : x->c->ctx->session,
		.at = x->x->said->q.at,
		.looks = x->in_parts ? LIMIT_EXTRACT_PART_LOOKS
				     : LIMIT_EXTRACT_LOOKS};
	struct extract_kept *kept = x->p->kept + x->from;

	extract_kept_done(kept, x->to - x->from);
	memset(kept, 0, (x->to - x->from) * sizeof(*kept));
	for (size_t i = x->from; i < x->to; i++) {
		int rc = extract_store(w, &x->x->said->x.v[i], &source,
			&x->p->kept[i], x->e);

		if (rc)
			return rc;
	}
	return 0;
}

/* The same text sent again after a crash goes on with the run. */
static int
note_run(struct storing *x, struct write *w, json_t *reply)
{
	const char *text = jx_text(x->c->params, "conversation_text");
	AUTO_RUN struct sliced_run run = {0};
	int64_t left = (int64_t)(x->p->n - x->to);
	int rc = sliced_run_begin(&run, w, x->c->tool->name, text ? text : "",
		w->branch, x->e);

	if (rc)
		return rc;
	rc = sliced_run_end(&run, w->change_id, left, x->e);
	if (rc || !reply)
		return rc;
	if (jx_set(reply, "run", json_string(run.id)) != 0 ||
		jx_set(reply, "parts",
			json_integer((json_int_t)json_array_size(
				json_object_get(run.state, "changes")))) != 0)
		return err_nomem(x->e);
	return 0;
}

/* The conflicts of a part are kept for the reply to the last one. */
static int
note_conflicts(struct storing *x, const struct on_conflict *at_odds)
{
	json_t *rows =
		at_odds->rows ? json_incref(at_odds->rows) : json_array();

	while (json_array_size(x->p->rows) > x->c->part)
		(void)json_array_remove(x->p->rows,
			json_array_size(x->p->rows) - 1);
	if (jx_add(x->p->rows, rows) != 0)
		return err_nomem(x->e);
	x->p->has_left_out |= at_odds->has_left_out;
	return 0;
}

static int
tell_conflicts(struct storing *x, const struct on_conflict *last, json_t *reply)
{
	AUTO_JSON json_t *all = json_array();
	struct on_conflict sum = {.mode = last->mode,
		.rows = all,
		.has_left_out = x->p->has_left_out};
	json_t *part;
	size_t i;

	json_array_foreach(x->p->rows, i, part)
		if (!all || json_array_extend(all, part) != 0)
			return err_nomem(x->e);
	return on_conflict_reply(&sum, reply, x->e);
}

/* --- the whole ------------------------------------------------------------ */
static int
reply_all(struct storing *x, struct write *w, struct on_conflict *at_odds,
	json_t **ret_result)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = extract_call_reply(x->x, &reply, x->e);

	if (rc)
		return rc;
	rc = tell_conflicts(x, at_odds, reply);
	if (rc)
		return rc;
	if (x->in_parts)
		rc = note_run(x, w, reply);
	if (rc)
		return rc;
	return reply_change(w, take_ptr(reply), ret_result, x->e);
}

static int
store_part(struct storing *x, json_t **ret_result)
{
	AUTO_WRITE struct write w = {0};
	AUTO_ON_CONFLICT struct on_conflict at_odds = {0};
	int rc = write_begin(&w, x->c, CHANGE_ADD, x->e);

	if (rc)
		return rc;
	rc = watch_conflicts(&at_odds, &w, x->c, x->e);
	if (rc)
		return rc;
	rc = w.replay ? look_back(&w, x->x, x->e) : store_facts(x, &w);
	if (rc)
		return rc;
	rc = write_end(&w, x->e);
	if (rc)
		return rc;
	rc = note_conflicts(x, &at_odds);
	if (rc)
		return rc;
	if (x->to == x->p->n)
		return reply_all(x, &w, &at_odds, ret_result);
	x->c->has_more = true;
	return note_run(x, &w, NULL);
}

/* Not what was done before, as a retry is told of that, and not what is only
 * tried. */
static int
extract_call_may_part(const struct call *c, size_t n, bool *ret, struct err *e)
{
	int64_t seen;
	int rc;

	*ret = c->in_parts && !c->within && !c->dry_run &&
	       n > LIMIT_EXTRACT_PART;
	if (!*ret || !c->ctx->key || c->part > 0)
		return 0;
	rc = request_seen(c->st, c->ctx->key, &seen, e);
	*ret = rc == 0;
	return rc < 0 ? rc : 0;
}

static int
store_in_turn(struct storing *x, struct context *ctx, json_t **ret_result)
{
	size_t n = x->p->n;
	int rc = extract_call_may_part(x->c, n, &x->in_parts, x->e);

	if (rc)
		return rc;
	x->to = n;
	if (x->in_parts) {
		x->from = x->c->part * LIMIT_EXTRACT_PART;
		if (n - x->from > LIMIT_EXTRACT_PART)
			x->to = x->from + LIMIT_EXTRACT_PART;
	}
	/* With the last part all of it is done. */
	if (x->to < n)
		ctx->key = NULL;
	return store_part(x, ret_result);
}

int
extract_call_store(struct extracting *x, struct call *c, struct context *ctx,
	json_t **ret_result, struct err *e)
{
	struct prepared own = {.data = NULL};
	struct prepared *kept = c->progress ? c->progress : &own;
	struct storing s = {.x = x, .c = c, .e = e};
	int rc = kept->data ? 0 : progress_new(x->said->x.n, kept, e);

	if (rc == 0) {
		s.p = kept->data;
		x->kept = s.p->kept;
		rc = store_in_turn(&s, ctx, ret_result);
	}
	x->kept = NULL;
	if (own.free)
		own.free(own.data);
	return rc;
}
