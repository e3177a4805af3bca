/* list_conflicts and detect_memory_conflicts: the queue of conflicts for an agent
 * and a person, and the scan that fills it. What the rows mean stands in
 * model/order (queue.h, scan.h).
 *
 *   list_conflicts {"kind": "update"}   the pending ones, newest first, with both
 *                                       texts and a cursor for the next page */
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/conflict_filter.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/order/scan.h"
#include "memory-db/model/scope/json_members.h"

#define LIST_DEFAULT 50

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
m_conflicts_list_one(struct call *c, const struct scope *s, int64_t id,
	json_t **ret_result, struct err *e)
{
	AUTO_QUEUE_ROW struct queue_row row = {0};
	bool is_closed = false;
	json_t *told = NULL;
	int rc = queue_get(c->st, &s->lens, id, &row, e);

	if (rc == 1) {
		int closed = queue_is_closed(c->st, s, &row, e);

		if (closed < 0)
			return closed;
		is_closed = closed == 1;
	}
	if (rc == 0 || is_closed ||
		(rc == 1 && row.c.ns != s->ns[0] &&
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
		return m_conflicts_list_one(c, &s,
			(int64_t)json_integer_value(
				json_object_get(c->params, "id")),
			ret_result, e);
	rc = conflict_filter(c, &s, &f, e);
	if (rc < 0)
		return rc;
	if (before > 0)
		f.before = before;
	return list_page(c, &s, &f, (size_t)limit, ret_result, e);
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
