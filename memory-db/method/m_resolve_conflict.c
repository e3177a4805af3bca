/* resolve_conflict: one conflict by its id, or all pending ones of a kind or an
 * entity. What a decision does stands in model/order/resolve.h.
 *
 * A decision may settle other conflicts: of three addresses the newest is kept,
 * and two rows are gone. So each row is judged again right before its turn, and
 * one that is settled by then is passed over.
 *
 * There may be thousands of one kind, and one takes the writer some 0.3 ms. So
 * they are resolved in parts (work/parts.h), each a change of one run:
 *
 *   resolve_conflict {"kind": "duplicate"}     another client
 *   rows 912 to 881, COMMIT                    create_entities, COMMIT, reply
 *   ...
 *   rows 31 to 2, COMMIT, reply {"run": "run-1f", "resolved": 640, "left": 3}
 *
 * memory_undo {"run": "run-1f"} takes all of it back. The rows themselves say how
 * far a run is: what it resolved is not pending any more. So the same call after a
 * crash begins at the newest row, finds what is left, and goes on with that run. */
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/conflict_filter.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/order/learn.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/order/resolve.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/log/change.h"

/* Of a call that cannot be in parts: a trial, or one within a script. */
#define AT_ONCE 100
/* Rows of a part, and rows looked at for it: some 10 ms of the writer. */
#define PART_ROWS   32
#define PART_LOOKED 1000
/* Results told of a run. Its sums are of all. */
#define TOLD 100

struct m_resolving {
	struct call *c;
	struct write w;
	struct resolve_request request;
	json_t *results; /* owned */
	int64_t resolved, left;
	int64_t before; /* rows below are next; 0: none are */
	int64_t newest; /* change before this one */
	bool in_parts;
	struct err *e;
};

/* What is kept from part to part. */
struct m_resolve_conflict_progress {
	json_t *told; /* owned: a list a part of results */
	/* The part done last: below which row it began, and ended. It begins
	 * there again when its group failed. */
	size_t part;
	int64_t began, ended;
};

static void
m_resolve_conflict_progress_free(void *data)
{
	struct m_resolve_conflict_progress *p = data;

	if (p)
		json_decref(p->told);
	free(p);
}

static int
progress_of(struct call *c, struct m_resolve_conflict_progress **ret,
	struct err *e)
{
	struct m_resolve_conflict_progress *p = c->progress->data;

	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return err_nomem(e);
		*c->progress =
			(struct prepared){p, m_resolve_conflict_progress_free};
		p->began = p->ended = INT64_MAX;
		p->told = json_array();
	}
	*ret = p;
	return p->told ? 0 : err_nomem(e);
}

/* Below which row the part at hand begins. */
static int64_t
progress_begin(struct m_resolve_conflict_progress *p, size_t part)
{
	if (part > p->part) {
		p->part = part;
		p->began = p->ended;
	}
	return p->began;
}

/* --- one row --------------------------------------------------------------- */
static int
note_result(struct m_resolving *x, json_t *told)
{
	if (json_object_get(told, "why"))
		x->left++;
	else
		x->resolved++;
	return jx_add(x->results, told) != 0 ? err_nomem(x->e) : 0;
}

static int
resolve_one(struct m_resolving *x, const struct queue_row *row)
{
	json_t *told = NULL;
	int rc = resolve_row(&x->w, row, &x->request, &told, x->e);

	return rc != 0 ? rc : note_result(x, told);
}

static int
resolve_id(struct m_resolving *x, int64_t id)
{
	AUTO_QUEUE_ROW struct queue_row row = {0};
	int rc = queue_get(x->w.st, &x->w.scope.lens, id, &row, x->e);

	x->before = 0;
	if (rc < 0)
		return rc;
	if (rc == 0 || row.c.ns != x->w.ns ||
		queue_is_closed(x->w.st, &x->w.scope, &row, NULL) != 0)
		return err_param(x->e, MDB_E_NOT_FOUND, "id",
			"no conflict %lld here; list_conflicts names them",
			(long long)id);
	if (row.state != QUEUE_PENDING)
		return err_param(x->e, MDB_E_CONFLICT, "id",
			"conflict %lld is %s, not pending; list_conflicts "
			"tells more, memory_undo takes a resolution back",
			(long long)id, queue_state_name(row.state));
	return resolve_one(x, &row);
}

/* --- many ------------------------------------------------------------------ */
/* One of many that cannot be resolved so is left, and says why. */
static int
m_resolve_conflict_leave(struct m_resolving *x, const struct queue_row *row)
{
	json_t *told =
		json_pack("{s:I,s:s,s:s,s:s}", "id", (json_int_t)row->c.id,
			"conflict_type", conflict_kind_name(row->c.kind),
			"strategy", "none", "why", x->e->text);

	*x->e = (struct err){0};
	return told ? note_result(x, told) : err_nomem(x->e);
}

/* What was found for one may be settled by another: each is judged again. */
static int
resolve_again(struct m_resolving *x, int64_t id)
{
	AUTO_QUEUE_ROW struct queue_row row = {0};
	int64_t ops = change_ops(x->w.change);
	int rc = queue_get(x->w.st, &x->w.scope.lens, id, &row, x->e);

	if (rc != 1 || row.state != QUEUE_PENDING)
		return rc < 0 ? rc : 0;
	rc = resolve_one(x, &row);
	if ((rc == MDB_E_NOT_FOUND || rc == MDB_E_INVALID) &&
		change_ops(x->w.change) == ops)
		return m_resolve_conflict_leave(x, &row);
	return rc;
}

struct m_resolve_conflict_rows {
	struct queue_row *v;
	size_t n;
};

static void
rows_done(struct m_resolve_conflict_rows *p)
{
	for (size_t i = 0; p->v && i < p->n; i++)
		queue_row_done(&p->v[i]);
	free(p->v);
}
#define AUTO_ROWS __attribute__((cleanup(rows_done)))

/* The next rows, at most `limit` of them. */
static int
resolve_many(struct m_resolving *x, size_t limit, int looked)
{
	AUTO_ROWS struct m_resolve_conflict_rows p = {
		.v = calloc(limit, sizeof(*p.v))};
	struct queue_filter f = {.before = INT64_MAX};
	struct scope s = x->w.scope;
	int rc;

	if (!p.v)
		return err_nomem(x->e);
	s.ns[0] = x->w.ns;
	s.n = 1;
	rc = conflict_filter(x->c, &s, &f, x->e);
	if (rc != 0)
		return rc;
	f.state = QUEUE_PENDING;
	f.before = x->before;
	f.looked = looked;
	rc = queue_page(x->w.st, &s, &f, limit, p.v, &p.n, &x->before, x->e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < p.n; i++) {
		rc = resolve_again(x, p.v[i].c.id);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- what is asked for ----------------------------------------------------- */
static int
m_resolve_conflict_read_request(struct m_resolving *x)
{
	const json_t *p = x->c->params;
	const json_t *id = json_object_get(p, "id");
	bool many = json_object_get(p, "kind") || json_object_get(p, "entity");
	const char *keep = jx_text(p, "keep");

	x->request.strategy = resolve_strategy_of(jx_text(p, "strategy"));
	if (!keep)
		x->request.keep = KEEP_BY_RULE;
	else if (strcmp(keep, "new") == 0)
		x->request.keep = KEEP_NEW;
	else
		x->request.keep = KEEP_EXISTING;
	if ((id != NULL) == many)
		return err_param(x->e, MDB_E_INVALID, "id",
			"give either `id`, one conflict of list_conflicts, or "
			"`kind` or `entity` for all pending ones of these");
	return 0;
}

static int
resolve_asked(struct m_resolving *x)
{
	const json_t *id = json_object_get(x->c->params, "id");
	int64_t limit = AT_ONCE;
	int rc;

	if (x->in_parts)
		return resolve_many(x, PART_ROWS, PART_LOOKED);
	rc = jx_int(x->c->params, "limit", JX_OPTIONAL, 1,
		LIMIT_RESOLVED_AT_ONCE, &limit, x->e);
	if (rc < 0)
		return rc;
	return id ? resolve_id(x, (int64_t)json_integer_value(id))
		  : resolve_many(x, (size_t)limit, 0);
}

/* --- the reply ------------------------------------------------------------- */
/* Who keeps both again and again teaches that there may be many. */
static int
tell_learnt(struct m_resolving *x, json_t *result)
{
	struct scope s = x->w.scope;
	json_t *learnt = NULL;
	int rc;

	s.ns[0] = x->w.ns;
	s.n = 1;
	rc = learn_attributes(x->w.st, &s, &learnt, x->e);
	if (rc || !learnt)
		return rc;
	return member_set_new(result, "proposed_attributes", learnt, x->e);
}

static int
tell_rest(struct m_resolving *x, json_t *result)
{
	int rc = 0;

	if (x->c->dry_run)
		rc = member_set_bool(result, "dry_run", true, x->e);
	if (rc)
		return rc;
	if (x->before > 0)
		rc = member_set_bool(result, "more", true, x->e);
	if (rc || x->request.strategy != RESOLVE_KEEP_BOTH)
		return rc;
	return tell_learnt(x, result);
}

static int
make_reply(struct m_resolving *x, json_t **ret)
{
	AUTO_JSON json_t *result =
		json_pack("{s:O,s:I,s:I}", "results", x->results, "resolved",
			(json_int_t)x->resolved, "left", (json_int_t)x->left);
	int rc = result ? tell_rest(x, result) : err_nomem(x->e);

	if (rc != 0)
		return rc;
	*ret = take_ptr(result);
	return 0;
}

/* --- in parts -------------------------------------------------------------- */
/* The same call again goes on: what it asks for, and where. */
static int
m_resolve_conflict_make_target(const struct m_resolving *x, struct buf *ret)
{
	static const char *const keys[] = {"kind", "entity", "strategy",
		"keep"};
	AUTO_JSON json_t *target = json_object();

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		json_t *v = json_object_get(x->c->params, keys[i]);

		if (!target || (v && json_object_set(target, keys[i], v) != 0))
			return err_nomem(x->e);
	}
	if (buf_addf(ret, "%lld ", (long long)x->w.branch) != 0 ||
		jx_dump(target, ret) != 0 || !buf_str(ret))
		return err_nomem(x->e);
	return 0;
}

/* The results of a part that is done again are those of its last time. */
static int
keep_results(struct m_resolving *x, struct m_resolve_conflict_progress *p)
{
	while (json_array_size(p->told) > x->c->part)
		(void)json_array_remove(p->told, json_array_size(p->told) - 1);
	return jx_add(p->told, json_incref(x->results)) != 0 ? err_nomem(x->e)
							     : 0;
}

static int
reply_run(struct m_resolving *x, const struct m_resolve_conflict_progress *p,
	const struct sliced_run *run, json_t **ret)
{
	AUTO_JSON json_t *all = json_array(), *reply = NULL;
	json_t *part, *row;
	size_t i, k;
	int rc;

	json_array_foreach(p->told, i, part)
		json_array_foreach(part, k, row)
			if (json_array_size(all) < TOLD &&
				jx_add(all, json_incref(row)) != 0)
				return err_nomem(x->e);
	json_decref(x->results);
	x->results = json_incref(all);
	rc = make_reply(x, &reply);
	if (rc != 0)
		return rc;
	if (run)
		rc = sliced_run_reply(run, reply, x->e);
	if (rc != 0)
		return rc;
	return reply_change(&x->w, take_ptr(reply), ret, x->e);
}

/* A run that begins again at the newest row counts anew what it leaves. */
static int
begin_run(struct m_resolving *x, struct sliced_run *run)
{
	AUTO_BUF struct buf target = {0};
	int rc = m_resolve_conflict_make_target(x, &target);

	if (rc != 0)
		return rc;
	rc = sliced_run_begin(run, &x->w, x->c->tool->name, target.data,
		x->w.branch, x->e);
	if (rc != 0 || x->c->part > 0)
		return rc;
	return jx_set(json_object_get(run->state, "totals"), "left",
		       json_integer(0)) != 0
		       ? err_nomem(x->e)
		       : 0;
}

static int
end_part(struct m_resolving *x, struct m_resolve_conflict_progress *p,
	const char *key, json_t **ret)
{
	AUTO_RUN struct sliced_run run = {0};
	bool more = x->before > 0, is_run;
	int rc = begin_run(x, &run);

	if (rc != 0)
		return rc;
	x->resolved = sliced_run_total(&run, "resolved", x->resolved);
	x->left = sliced_run_total(&run, "left", x->left);
	/* What one change could hold is no run. */
	is_run = more || !run.is_new;
	if (is_run)
		rc = sliced_run_end(&run, x->w.change_id, more, x->e);
	if (rc != 0)
		return rc;
	rc = keep_results(x, p);
	if (rc != 0)
		return rc;
	p->ended = x->before;
	x->c->has_more = more;
	if (more)
		return 0;
	if (key)
		rc = request_remember(x->w.st, key,
			x->w.change_id != 0 ? x->w.change_id : -x->newest,
			x->e);
	if (rc != 0)
		return rc;
	return reply_run(x, p, is_run ? &run : NULL, ret);
}

/* --- the frame ------------------------------------------------------------- */
static int
resolve_noted(struct m_resolving *x, const char *key, json_t **ret_result)
{
	struct m_resolve_conflict_progress *p = NULL;
	json_t *reply = NULL;
	int rc = x->in_parts ? progress_of(x->c, &p, x->e) : 0;

	if (rc)
		return rc;
	x->before = p ? progress_begin(p, x->c->part) : INT64_MAX;
	rc = write_begin(&x->w, x->c, CHANGE_CURATE, x->e);
	if (rc)
		return rc;
	if (!x->w.replay) {
		x->newest = change_id(x->w.change) - 1;
		rc = resolve_asked(x);
	}
	if (rc)
		return rc;
	rc = write_end(&x->w, x->e);
	if (rc)
		return rc;
	if (x->in_parts)
		return end_part(x, p, key, ret_result);
	rc = make_reply(x, &reply);
	return rc ? rc : reply_effect(&x->w, reply, ret_result, x->e);
}

/* All of a kind; not what was done before, as a retry is told of that. */
static int
m_resolve_conflict_may_part(const struct call *c, bool *ret, struct err *e)
{
	int64_t seen;
	int rc;

	*ret = c->in_parts && !c->within && !c->dry_run &&
	       !json_object_get(c->params, "id") &&
	       !json_object_get(c->params, "limit");
	if (!*ret || !c->ctx->key || c->part > 0)
		return 0;
	rc = request_seen(c->st, c->ctx->key, &seen, e);
	*ret = rc == 0;
	return rc < 0 ? rc : 0;
}

static int
resolve_call(struct m_resolving *x, json_t **ret_result)
{
	const struct context *given = x->c->ctx;
	struct context noted = *given;
	const char *note = jx_text(x->c->params, "note");
	int rc = m_resolve_conflict_read_request(x);

	if (rc)
		return rc;
	rc = m_resolve_conflict_may_part(x->c, &x->in_parts, x->e);
	if (rc)
		return rc;
	/* The note is the message of the change: history and undo show it. */
	if (note)
		noted.message = note;
	/* With the last part all of it is done: end_part keeps the key. */
	if (x->in_parts)
		noted.key = NULL;
	x->c->ctx = &noted;
	rc = resolve_noted(x, given->key, ret_result);
	write_done(&x->w);
	x->c->ctx = given;
	return rc;
}

int
m_resolve_conflict(struct call *c, json_t **ret_result, struct err *e)
{
	struct m_resolving x = {.c = c, .results = json_array(), .e = e};
	int rc;

	c->dry_run = json_is_true(json_object_get(c->params, "dry_run"));
	rc = x.results ? resolve_call(&x, ret_result) : err_nomem(e);
	json_decref(x.results);
	return rc;
}
