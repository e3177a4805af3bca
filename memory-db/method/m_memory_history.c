/* memory_history and changes_since: the log for readers, newest first or as a
 * feed. The name of an entity may lead nowhere by now; the history then looks
 * among entities that were, so that "what became of bob?" has an answer after
 * bob was deleted. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/read/history.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/labels.h"

/* A change id, or a time as the id of the last change before (or at) it. */
static int
m_memory_history_read_point(struct call *c, const char *key, bool end,
	int64_t *ret, struct err *e)
{
	const json_t *v = json_object_get(c->params, key);
	int64_t ms;
	int rc;

	if (!v || json_is_null(v))
		return 1;
	if (json_is_integer(v)) {
		*ret = json_integer_value(v) - (end ? 0 : 1);
		return 0;
	}
	rc = clock_parse_in(json_string_value(v), clock_now_ms(), c->ctx->zone,
		end, &ms, e);
	if (rc != 0) {
		err_prefix(e, "%s", key);
		return rc;
	}
	return lens_change_at(c->st, end ? ms : ms - 1, ret, e);
}

/* The entity of the name, also one that exists no more. */
static int
find_entity(struct call *c, const struct scope *s, const char *name, size_t n,
	int64_t *ret, struct err *e)
{
	AUTO_BUF struct buf similar = {0};
	const char *near = NULL;
	int rc = scope_entity(c->st, s, name, n, ret, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	for (int i = 0; i < s->n; i++) {
		if (s->ns[i] == 0)
			continue;
		rc = entity_find_ever(c->st, s->ns[i], name, n, ret, e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	rc = scope_similar(c->st, s, name, &similar, e);
	if (rc < 0)
		return rc;
	if (similar.len > 0)
		near = buf_str(&similar);
	return err_param(e, MDB_E_NOT_FOUND, "name",
		"no entity '%.200s' now or ever%s%s", name,
		near != NULL ? "; similar: " : "", near != NULL ? near : "");
}

/* 1: a session that never wrote has no changes. */
static int
m_memory_history_read_session(struct call *c, int64_t *ret_label, struct err *e)
{
	const char *session = NULL;
	int rc =
		jx_string(c->params, "session", JX_OPTIONAL, &session, NULL, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = label_find(c->st, session, ret_label, e);
	if (rc == 0)
		*ret_label = -1; /* no label has this id */
	return rc < 0 ? rc : 0;
}

int
m_memory_history(struct call *c, json_t **ret_result, struct err *e)
{
	struct history_query q = {.limit = 20, .max_bytes = LIMIT_REPLY_BYTES};
	AUTO_JSON json_t *result = json_object();
	json_t *changes = NULL;
	const char *name = NULL, *cursor = NULL;
	int64_t pinned = 0, before = 0, unused, until = INT64_MAX, next;
	int64_t bytes = LIMIT_REPLY_BYTES;
	struct scope scope;
	size_t name_n;
	int rc;

	if (!result)
		return err_nomem(e);
	rc = jx_string(c->params, "cursor", JX_OPTIONAL, &cursor, NULL, e);
	if (rc < 0)
		return rc;
	if (cursor)
		rc = cursor_parse(cursor, &pinned, &before, &unused, e);
	if (rc < 0)
		return rc;
	rc = scope_read(c->st, c->ctx, pinned, &scope, e);
	if (rc < 0)
		return rc;
	q.before = before > 0 ? before : scope.change + 1;
	rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &q.limit,
		e);
	if (rc < 0)
		return rc;
	rc = jx_int(c->params, "max_bytes", JX_OPTIONAL, 256, LIMIT_REPLY_BYTES,
		&bytes, e);
	if (rc < 0)
		return rc;
	q.max_bytes = (size_t)bytes;
	rc = m_memory_history_read_point(c, "since", false, &q.since, e);
	if (rc < 0)
		return rc;
	q.since += rc == 0; /* read_point gave the change before it */
	rc = m_memory_history_read_point(c, "until", true, &until, e);
	if (rc < 0)
		return rc;
	if (until < q.before - 1)
		q.before = until + 1;
	rc = jx_string(c->params, "name", JX_OPTIONAL, &name, &name_n, e);
	if (rc < 0)
		return rc;
	if (name)
		rc = find_entity(c, &scope, name, name_n, &q.entity, e);
	if (rc < 0)
		return rc;
	rc = m_memory_history_read_session(c, &q.session, e);
	if (rc < 0)
		return rc;
	rc = history_read(c->st, &scope, &q, &changes, &next, e);
	if (rc < 0)
		return rc;
	rc = member_set_new(result, "changes", changes, e);
	if (rc < 0)
		return rc;
	if (next > 0) {
		char text[CURSOR_SIZE];

		cursor_format(text, scope.change, next, 0);
		rc = member_set_new(result, "next", json_string(text), e);
	}
	if (rc < 0)
		return rc;
	*ret_result = take_ptr(result);
	return 0;
}

/* The feed: oldest first after a cursor, which is always returned. */
int
m_changes_since(struct call *c, json_t **ret_result, struct err *e)
{
	struct history_query q = {.limit = 100,
		.max_bytes = LIMIT_REPLY_BYTES,
		.oldest_first = true};
	AUTO_JSON json_t *result = json_object();
	json_t *changes = NULL;
	const char *cursor = NULL;
	int64_t next = 0, bytes = LIMIT_REPLY_BYTES, unused;
	struct scope scope;
	char text[CURSOR_SIZE];
	int rc;

	if (!result)
		return err_nomem(e);
	rc = jx_string(c->params, "cursor", JX_OPTIONAL, &cursor, NULL, e);
	if (rc < 0)
		return rc;
	if (cursor)
		rc = cursor_parse(cursor, &q.after, &unused, &unused, e);
	if (rc < 0)
		return rc;
	rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &q.limit,
		e);
	if (rc < 0)
		return rc;
	rc = jx_int(c->params, "max_bytes", JX_OPTIONAL, 256, LIMIT_REPLY_BYTES,
		&bytes, e);
	if (rc < 0)
		return rc;
	q.max_bytes = (size_t)bytes;
	rc = scope_read(c->st, c->ctx, 0, &scope, e);
	if (rc < 0)
		return rc;
	rc = history_read(c->st, &scope, &q, &changes, &next, e);
	if (rc < 0)
		return rc;
	rc = member_set_new(result, "changes", changes, e);
	if (rc < 0)
		return rc;
	cursor_format(text, next > 0 ? next : scope.change, 0, 0);
	rc = member_set_new(result, "next", json_string(text), e);
	if (rc != 0)
		return rc;
	rc = member_set_bool(result, "more", next > 0, e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(result);
	return 0;
}
