/* list_conflicts, resolve_conflict, detect_memory_conflicts: the queue of
 * conflicts for an agent and a person. What the rows mean and what a decision
 * does stands in model/order (queue.h, resolve.h, scan.h).
 *
 * Many conflicts are resolved one after the other within one change, and a
 * decision may settle others: of three addresses the newest is kept, and two
 * rows are gone. So each row is judged again right before its turn, and one
 * that is settled by then is passed over. */
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/order/learn.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/order/resolve.h"
#include "memory-db/model/order/scan.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/conflicts.h"

#define LIST_DEFAULT	50
#define RESOLVE_DEFAULT 100

/* --- what is asked for ---------------------------------------------------- */
static int
kind_of(const char *name)
{
	for (int i = 1; name && i < CONFLICT_KIND_MAX; i++)
		if (strcmp(conflict_kind_name(i), name) == 0)
			return i;
	return 0;
}

static int
state_of(const char *name)
{
	for (int i = 0; name && i < QUEUE_STATE_MAX; i++)
		if (strcmp(queue_state_name((enum queue_state)i), name) == 0)
			return i;
	return name ? -1 : QUEUE_PENDING; /* -1: "all" */
}

static int
read_filter(struct call *c, const struct scope *s, struct queue_filter *f,
	struct err *e)
{
	const char *name = jx_text(c->params, "entity");
	int rc = 1;

	f->kind = kind_of(jx_text(c->params, "kind"));
	f->state = state_of(jx_text(c->params, "state"));
	if (f->kind == CONFLICT_SUCCESSION && !jx_text(c->params, "state"))
		f->state = QUEUE_SETTLED;
	if (name)
		rc = scope_entity(c->st, s, name, strlen(name), &f->entity, e);
	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "entity",
			"no entity '%.200s'; search_nodes finds names", name);
	return rc < 0 ? rc : 0;
}

/* --- list_conflicts ------------------------------------------------------- */
static int
tell_rows(struct call *c, const struct queue_row *rows, size_t n, json_t *list,
	struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		json_t *row = NULL;

		rc = queue_tell(c->st, &rows[i], &row, e);
		if (rc != 0)
			return rc;
		if (jx_add(list, row) != 0)
			return err_nomem(e);
	}
	return 0;
}

struct page_rows {
	struct queue_row *v;
	size_t n;
};

static void
page_rows_done(struct page_rows *p)
{
	for (size_t i = 0; p->v && i < p->n; i++)
		queue_row_done(&p->v[i]);
	free(p->v);
}
#define AUTO_ROWS __attribute__((cleanup(page_rows_done)))

static int
list_page(struct call *c, const struct scope *s, struct queue_filter *f,
	size_t limit, json_t **ret_result, struct err *e)
{
	AUTO_ROWS struct page_rows p = {.v = calloc(limit, sizeof(*p.v))};
	AUTO_JSON json_t *list = json_array();
	json_t *result AUTO_JSON = json_pack("{s:O*}", "conflicts", list);
	char cursor[CURSOR_SIZE];
	int64_t next = 0;
	int rc;

	if (!p.v || !list || !result)
		return err_nomem(e);
	rc = queue_page(c->st, s, f, limit, p.v, &p.n, &next, e);
	if (rc)
		return rc;
	rc = tell_rows(c, p.v, p.n, list, e);
	if (rc)
		return rc;
	rc = member_set_int(result, "conflict_count", (int64_t)p.n, e);
	if (rc)
		return rc;
	cursor_format(cursor, s->change, next, 0);
	if (next > 0)
		rc = member_set_text(result, "next", cursor, strlen(cursor), e);
	if (rc)
		return rc;
	*ret_result = take_ptr(result);
	return 0;
}

/* The one of an id, whatever its state. */
static int
list_one(struct call *c, const struct scope *s, int64_t id, json_t **ret_result,
	struct err *e)
{
	AUTO_QUEUE_ROW struct queue_row row = {0};
	json_t *told = NULL;
	int rc = queue_get(c->st, &s->lens, id, &row, e);

	if (rc == 0 || (rc == 1 && row.c.ns != s->ns[0] &&
			       (s->n < 2 || row.c.ns != s->ns[1])))
		return err_param(e, MDB_E_NOT_FOUND, "id",
			"no conflict %lld here; list_conflicts names them",
			(long long)id);
	if (rc == 1)
		rc = queue_tell(c->st, &row, &told, e);
	if (rc != 0)
		return rc;
	*ret_result = json_pack("{s:[o],s:i}", "conflicts", told,
		"conflict_count", 1);
	return !*ret_result ? err_nomem(e) : 0;
}

int
m_list_conflicts(struct call *c, json_t **ret_result, struct err *e)
{
	const char *cursor = jx_text(c->params, "cursor");
	struct queue_filter f = {.before = INT64_MAX};
	int64_t pinned = 0, before = 0, unused, limit = LIST_DEFAULT;
	struct scope s;
	int rc =
		cursor ? cursor_parse(cursor, &pinned, &before, &unused, e) : 0;

	if (rc != 0)
		return rc;
	rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit, e);
	if (rc < 0)
		return rc;
	rc = scope_read(c->st, c->ctx, pinned, &s, e);
	if (rc < 0)
		return rc;
	if (json_object_get(c->params, "id"))
		return list_one(c, &s,
			(int64_t)json_integer_value(
				json_object_get(c->params, "id")),
			ret_result, e);
	rc = read_filter(c, &s, &f, e);
	if (rc < 0)
		return rc;
	if (before > 0)
		f.before = before;
	return list_page(c, &s, &f, (size_t)limit, ret_result, e);
}

/* --- resolve_conflict ----------------------------------------------------- */
struct m_resolving {
	struct call *c;
	struct write w;
	struct resolve_request request;
	json_t *results; /* owned */
	int64_t resolved, left;
	bool has_more;
	struct err *e;
};

static int
resolve_one(struct m_resolving *x, const struct queue_row *row)
{
	json_t *told = NULL;
	int rc = resolve_row(&x->w, row, &x->request, &told, x->e);

	if (rc != 0)
		return rc;
	if (json_object_get(told, "why"))
		x->left++;
	else
		x->resolved++;
	return jx_add(x->results, told) != 0 ? err_nomem(x->e) : 0;
}

static int
resolve_id(struct m_resolving *x, int64_t id)
{
	AUTO_QUEUE_ROW struct queue_row row = {0};
	int rc = queue_get(x->w.st, &x->w.scope.lens, id, &row, x->e);

	if (rc < 0)
		return rc;
	if (rc == 0 || row.c.ns != x->w.ns)
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

/* What was found for one may be settled by another: each is judged again. */
static int
resolve_again(struct m_resolving *x, int64_t id)
{
	AUTO_QUEUE_ROW struct queue_row row = {0};
	int rc = queue_get(x->w.st, &x->w.scope.lens, id, &row, x->e);

	if (rc == 1 && row.state == QUEUE_PENDING)
		return resolve_one(x, &row);
	if (rc < 0)
		return rc;
	return 0;
}

static int
resolve_many(struct m_resolving *x, size_t limit)
{
	AUTO_ROWS struct page_rows p = {.v = calloc(limit, sizeof(*p.v))};
	struct queue_filter f = {.before = INT64_MAX};
	struct scope s = x->w.scope;
	int64_t next = 0;
	int rc;

	if (!p.v)
		return err_nomem(x->e);
	s.ns[0] = x->w.ns;
	s.n = 1;
	rc = read_filter(x->c, &s, &f, x->e);
	if (rc != 0)
		return rc;
	f.state = QUEUE_PENDING;
	rc = queue_page(x->w.st, &s, &f, limit, p.v, &p.n, &next, x->e);
	if (rc != 0)
		return rc;
	x->has_more = next > 0;
	for (size_t i = 0; i < p.n; i++) {
		rc = resolve_again(x, p.v[i].c.id);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
resolve_asked(struct m_resolving *x)
{
	const json_t *id = json_object_get(x->c->params, "id");
	const json_t *kind = json_object_get(x->c->params, "kind");
	const json_t *entity = json_object_get(x->c->params, "entity");
	const char *keep = jx_text(x->c->params, "keep");
	int64_t limit = RESOLVE_DEFAULT;
	int rc = jx_int(x->c->params, "limit", JX_OPTIONAL, 1,
		LIMIT_RESOLVED_AT_ONCE, &limit, x->e);

	if (rc < 0)
		return rc;
	x->request.strategy =
		resolve_strategy_of(jx_text(x->c->params, "strategy"));
	if (!keep)
		x->request.keep = KEEP_BY_RULE;
	else if (strcmp(keep, "new") == 0)
		x->request.keep = KEEP_NEW;
	else
		x->request.keep = KEEP_EXISTING;
	if ((id != NULL) == (kind != NULL || entity != NULL))
		return err_param(x->e, MDB_E_INVALID, "id",
			"give either `id`, one conflict of list_conflicts, or "
			"`kind` or `entity` for all pending ones of these");
	return id ? resolve_id(x, (int64_t)json_integer_value(id))
		  : resolve_many(x, (size_t)limit);
}

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
	if (x->has_more)
		rc = member_set_bool(result, "more", true, x->e);
	if (rc)
		return rc;
	if (x->request.strategy == RESOLVE_KEEP_BOTH)
		rc = tell_learnt(x, result);
	return rc;
}

static int
resolve_reply(struct m_resolving *x, json_t **ret_result)
{
	json_t *result =
		json_pack("{s:O,s:I,s:I}", "results", x->results, "resolved",
			(json_int_t)x->resolved, "left", (json_int_t)x->left);
	int rc;

	if (!result)
		return err_nomem(x->e);
	rc = tell_rest(x, result);
	if (rc != 0) {
		json_decref(result);
		return rc;
	}
	return reply_effect(&x->w, result, ret_result, x->e);
}

static int
resolve_noted(struct m_resolving *x, json_t **ret_result)
{
	int rc = write_begin(&x->w, x->c, CHANGE_CURATE, x->e);

	if (rc)
		return rc;
	if (!x->w.replay)
		rc = resolve_asked(x);
	if (rc)
		return rc;
	rc = write_end(&x->w, x->e);
	if (rc)
		return rc;
	return resolve_reply(x, ret_result);
}

/* The note is the message of the change: history and undo show it. */
int
m_resolve_conflict(struct call *c, json_t **ret_result, struct err *e)
{
	const struct context *given = c->ctx;
	struct context noted = *given;
	AUTO_JSON json_t *results = json_array();
	struct m_resolving x = {.c = c, .results = results, .e = e};
	int rc;

	if (!results)
		return err_nomem(e);
	if (jx_text(c->params, "note"))
		noted.message = jx_text(c->params, "note");
	c->dry_run = json_is_true(json_object_get(c->params, "dry_run"));
	c->ctx = &noted;
	rc = resolve_noted(&x, ret_result);
	write_done(&x.w);
	c->ctx = given;
	return rc;
}

/* --- detect_memory_conflicts ---------------------------------------------- */
int
m_detect_memory_conflicts(struct call *c, json_t **ret_result, struct err *e)
{
	const char *action = jx_text(c->params, "action");
	int64_t ns, branch;
	int rc = scope_write(c->st, c->ctx, &ns, &branch, e);

	if (rc != 0)
		return rc;
	if (!action || strcmp(action, "start") == 0)
		rc = scan_start(c->st, ns, -1, e);
	else if (strcmp(action, "stop") == 0)
		rc = scan_stop(c->st, ns, e);
	return rc < 0 ? rc : scan_tell(c->st, ns, ret_result, e);
}
