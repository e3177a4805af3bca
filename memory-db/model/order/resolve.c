/* Resolving a conflict: which of the two stays, and what becomes of the other.
 * resolve.h has the strategies.
 *
 *   row      ours  "lives in Rome"    theirs  "lives in Oslo"
 *   update   the one that holds from later stays; the other is hidden, by an
 *            ordinary op that history shows and an undo takes back
 *
 * The decision is an attribute of the entity, set by the same change. So it is
 * visible exactly where the change is, and an undo of the change also undoes
 * the decision. What no rule can order is left alone, and the answer says why.
 */
#include "memory-db/model/order/resolve.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/derivations.h"

struct resolving {
	struct write *w;
	const struct queue_row *row;
	enum resolve_keep keep;
	struct queue_side ours, theirs;
	struct queue_side *stays, *goes;
	enum conflict_decision decision;
	const char *why; /* it is left alone */
	char branch[40];
	struct err *e;
};

enum resolve_strategy
resolve_strategy_of(const char *name)
{
	static const char *const names[] = {"auto", "merge", "update", "branch",
		"keep_both"};

	for (size_t i = 0; name && i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum resolve_strategy)i;
	return RESOLVE_AUTO;
}

/* --- which one stays ------------------------------------------------------ */
/* When it began to be so, as far as that is said. */
static int64_t
resolve_begins(const struct queue_side *s)
{
	return s->from != INT64_MIN ? s->from : s->at;
}

static void
choose(struct resolving *x)
{
	bool new = resolve_begins(&x->theirs) >= resolve_begins(&x->ours);

	/* Of two that say the same the longer one says more. */
	if (x->decision == DECIDED_MERGE)
		new = x->theirs.text.len > x->ours.text.len;
	if (x->keep != KEEP_BY_RULE)
		new = x->keep == KEEP_NEW;
	x->stays = new ? &x->theirs : &x->ours;
	x->goes = new ? &x->ours : &x->theirs;
}

/* Do both facts say from when they hold, and name different times? */
static bool
is_ordered(const struct resolving *x)
{
	return x->ours.from != INT64_MIN && x->theirs.from != INT64_MIN &&
	       x->ours.from != x->theirs.from;
}

/* What the words of the two suggest. */
static int
decide_by_rule(struct resolving *x)
{
	struct fact_verdict v = {0};
	int rc = queue_compare(&x->ours, &x->theirs, &v, x->e);

	if (x->row->c.kind == CONFLICT_DUPLICATE)
		x->decision = DECIDED_MERGE;
	else if (x->row->c.kind == CONFLICT_UPDATE || is_ordered(x))
		x->decision = DECIDED_UPDATE;
	else if (rc == 0 && v.action && strcmp(v.action, "update") == 0)
		x->decision = DECIDED_UPDATE;
	else
		x->why = "the two contradict each other and nothing says "
			 "which was said of a later time; `strategy` update "
			 "with `keep` existing or new decides";
	buf_done(&v.reason);
	return rc;
}

/* --- doing it ------------------------------------------------------------- */
/* The one that stays is said with what the other was tagged with; metadata it
 * has of its own stay. */
static int
pass_marks(struct resolving *x)
{
	AUTO_JSON json_t *marks = json_object(), *own = json_object();
	json_t *note;
	int rc = !marks || !own ? err_nomem(x->e)
				: fact_tags_encode(x->w->st, x->goes->entity,
					  x->goes->fact, marks, x->e);

	if (rc)
		return rc;
	rc = fact_tags_encode(x->w->st, x->stays->entity, x->stays->fact, own,
		x->e);
	if (rc)
		return rc;
	rc = fact_tags_add(x->w, x->stays->entity, x->stays->fact,
		json_object_get(marks, "tags"), "tags", x->e);
	if (rc)
		return rc;
	note = json_object_get(marks, "metadata");
	if (note && !json_object_get(own, "metadata"))
		rc = fact_tags_note(x->w, x->stays->entity, x->stays->fact,
			note, "metadata", x->e);
	return rc;
}

static int
resolve_hide(struct resolving *x)
{
	if (fact_namespace(x->goes->fact) != x->w->ns)
		return err_param(x->e, MDB_E_INVALID, "id",
			"the fact that would be hidden is not in the namespace "
			"written to; say scope:\"user\" for the user's memory");
	return write_hide_marked(x->w, x->goes->entity, x->goes->fact, x->e);
}

/* A name that no open branch has: "conflict-7", "conflict-7-2". */
static int
resolve_name_branch(struct resolving *x)
{
	for (int i = 1;; i++) {
		int64_t id;
		int rc;

		snprintf(x->branch, sizeof(x->branch),
			i == 1 ? "conflict-%lld" : "conflict-%lld-%d",
			(long long)x->row->c.id, i);
		rc = lens_branch(x->w->st, x->w->ns, x->branch, &id, NULL);
		if (rc != 0)
			return rc == MDB_E_NOT_FOUND ? 0 : rc;
	}
}

/* The branch forks before this change, so it goes on seeing both facts. */
static int
resolve_fork_branch(struct resolving *x)
{
	int64_t fork = change_id(x->w->change) - 1, id = 0;
	AUTO_BUF struct buf about = {0};
	struct lens lens;
	int rc = lens_make(x->w->st, x->w->branch, STORE_OPEN_END, &lens, x->e);

	if (rc)
		return rc;
	if (lens.n > LIMIT_LENS_DEPTH)
		return err_set(x->e, MDB_E_LIMIT,
			"branches nest at most %d deep; resolve the conflict "
			"in another way",
			LIMIT_LENS_DEPTH);
	rc = resolve_name_branch(x);
	if (rc)
		return rc;
	if (buf_addf(&about, "conflict #%lld as it stood",
		    (long long)x->row->c.id) != 0 ||
		!buf_str(&about))
		return err_nomem(x->e);
	rc = branch_create(x->w->st, x->w->ns, x->branch, about.data,
		x->w->branch, fork, &id, x->e);
	if (rc)
		return rc;
	rc = change_branch(x->w->change, BRANCH_OP_CREATE, id, fork, x->e);
	return rc;
}

static int
resolve_apply(struct resolving *x)
{
	int rc = 0;

	switch (x->decision) {
	case DECIDED_MERGE:
		rc = pass_marks(x);
		break;
	case DECIDED_BRANCH:
		rc = resolve_fork_branch(x);
		break;
	case DECIDED_UPDATE:
	case DECIDED_KEEP_BOTH:
	case DECIDED_NOT:
	case DECIDED_MAX:
		break;
	}
	if (rc)
		return rc;
	if (x->goes && x->decision != DECIDED_KEEP_BOTH)
		rc = resolve_hide(x);
	if (rc)
		return rc;
	return write_attr(x->w, x->row->c.entity, conflict_attr(x->row->c.id),
		(int64_t)x->decision, x->e);
}

/* --- telling it ----------------------------------------------------------- */
static int
count_dependant(void *ctx, int64_t fact)
{
	(void)fact;
	++*(int64_t *)ctx;
	return 0;
}

static int
resolve_tell_fact(struct resolving *x, json_t *o, const char *key,
	const struct queue_side *s)
{
	json_t *j = json_pack("{s:I}", "fact", (json_int_t)s->fact);
	int rc = member_set_new(o, key, j, x->e);

	if (rc)
		return rc;
	rc = member_set_text(j, "entity", s->name.data, s->name.len, x->e);
	if (rc)
		return rc;
	return member_set_text(j, "text", s->text.data, s->text.len, x->e);
}

static int
tell_what_stays(struct resolving *x, json_t *o)
{
	int64_t suspect = 0;
	int rc = resolve_tell_fact(x, o, "kept", x->stays);

	if (rc)
		return rc;
	rc = resolve_tell_fact(x, o, "hidden", x->goes);
	if (rc)
		return rc;
	rc = derivations_each_dependant(x->w->st, x->goes->fact,
		count_dependant, &suspect, x->e);
	if (rc)
		return rc;
	if (suspect > 0)
		rc = member_set_int(o, "suspect", suspect, x->e);
	return rc;
}

static int
resolve_tell(struct resolving *x, json_t **ret)
{
	const char *done = conflict_decision_name((int64_t)x->decision);
	AUTO_JSON json_t *o =
		json_pack("{s:I,s:s,s:s}", "id", (json_int_t)x->row->c.id,
			"conflict_type", conflict_kind_name(x->row->c.kind),
			"strategy", done ? done : "none");
	int rc = 0;

	if (!o)
		return err_nomem(x->e);
	if (x->why)
		rc = member_set_text(o, "why", x->why, strlen(x->why), x->e);
	if (rc)
		return rc;
	if (x->branch[0])
		rc = member_set_text(o, "branch", x->branch, strlen(x->branch),
			x->e);
	if (rc)
		return rc;
	if (x->goes && done && x->decision != DECIDED_KEEP_BOTH) {
		rc = tell_what_stays(x, o);
		if (rc)
			return rc;
	}
	*ret = take_ptr(o);
	return rc;
}

/* --- the whole ------------------------------------------------------------ */
static int
decide_facts(struct resolving *x, enum resolve_strategy strategy)
{
	static const enum conflict_decision decisions[] = {[RESOLVE_AUTO] =
								   DECIDED_NOT,
		[RESOLVE_MERGE] = DECIDED_MERGE,
		[RESOLVE_UPDATE] = DECIDED_UPDATE,
		[RESOLVE_BRANCH] = DECIDED_BRANCH,
		[RESOLVE_KEEP_BOTH] = DECIDED_KEEP_BOTH};
	int rc = queue_sides(x->w->st, &x->row->c, &x->ours, &x->theirs, x->e);

	if (rc == 0)
		return err_param(x->e, MDB_E_NOT_FOUND, "id",
			"a text of conflict %lld was forgotten",
			(long long)x->row->c.id);
	rc = rc < 0 ? rc : 0;
	x->decision = decisions[strategy];
	if (rc)
		return rc;
	if (strategy == RESOLVE_AUTO)
		rc = decide_by_rule(x);
	if (rc)
		return rc;
	choose(x);
	return 0;
}

/* The values of a merge are no facts that could be hidden: the target has kept
 * its own, and that is confirmed. */
static int
decide_merge(struct resolving *x, enum resolve_strategy strategy)
{
	if (strategy == RESOLVE_KEEP_BOTH) {
		x->decision = DECIDED_KEEP_BOTH;
		return 0;
	}
	if (strategy != RESOLVE_AUTO)
		return err_param(x->e, MDB_E_INVALID, "strategy",
			"conflict %lld is of a merge: set the value that is "
			"right (update_entity), then close it with `strategy` "
			"\"keep_both\"",
			(long long)x->row->c.id);
	x->why = "a merge left it: set the value that is right, then close it "
		 "with keep_both";
	return 0;
}

static void
resolving_done(struct resolving *x)
{
	queue_side_done(&x->ours);
	queue_side_done(&x->theirs);
}

int
resolve_row(struct write *w, const struct queue_row *row,
	const struct resolve_request *request, json_t **ret, struct err *e)
{
	__attribute__((cleanup(resolving_done))) struct resolving x = {.w = w,
		.row = row,
		.keep = request->keep,
		.e = e};
	int rc = conflict_is_of_facts(row->c.kind)
			 ? decide_facts(&x, request->strategy)
			 : decide_merge(&x, request->strategy);

	if (rc != 0)
		return rc;
	if (!x.why)
		rc = resolve_apply(&x);
	if (rc != 0)
		return rc;
	return resolve_tell(&x, ret);
}
