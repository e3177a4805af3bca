/* What an operator does with namespaces as a whole: list sessions and
 * namespaces, rename, alias and merge namespaces, weights of recall. The rules
 * stand in model/namespace; here are parameters and replies. */
#include <stdio.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/retry.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/namespace/namespaces.h"
#include "memory-db/model/recall/recall_settings.h"
#include "memory-db/model/scope/scope.h"

int
m_list_sessions(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *result AUTO_JSON = json_object(), *sessions = NULL;
	int64_t limit = 50, pinned, before = STORE_OPEN_END, unused, next = 0;
	const char *cursor = NULL, *session = NULL;
	int rc = !result ? err_nomem(e)
			 : jx_string(c->params, "cursor", JX_OPTIONAL, &cursor,
				   NULL, e);

	if (rc >= 0)
		rc = jx_string(c->params, "session", JX_OPTIONAL, &session,
			NULL, e);
	if (rc >= 0 && cursor)
		rc = cursor_parse(cursor, &pinned, &before, &unused, e);
	if (rc >= 0)
		rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS,
			&limit, e);
	if (rc >= 0)
		rc = session != NULL
			     ? sessions_one(c->st, session, &sessions, e)
			     : sessions_list(c->st, before, limit, &sessions,
				       &next, e);
	if (rc != 0)
		return rc;
	rc = member_set_new(result, "sessions", sessions, e);
	if (rc != 0)
		return rc;
	if (next > 0) {
		char text[CURSOR_SIZE];

		cursor_format(text, next, next, 0);
		rc = member_set_new(result, "next", json_string(text), e);
	}
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(result);
	return rc;
}

int
m_list_namespaces(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *result AUTO_JSON = json_object(), *list = NULL;
	int rc = !result ? err_nomem(e) : namespaces_list(c->st, &list, e);

	if (rc != 0)
		return rc;
	rc = member_set_new(result, "namespaces", list, e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(result);
	return rc;
}

/* Two texts of the parameters. */
static int
m_operate_two_names(struct call *c, const char *first, const char **ret_first,
	const char *second, const char **ret_second, struct err *e)
{
	int r = jx_string(c->params, first, JX_REQUIRED, ret_first, NULL, e);

	if (r != 0)
		return r;
	return jx_string(c->params, second, JX_REQUIRED, ret_second, NULL, e);
}

static int
name_result(const char *name, json_t **ret_result, struct err *e)
{
	*ret_result = json_pack("{s:s}", "name", name);
	return !*ret_result ? err_nomem(e) : 0;
}

typedef int (*name_fn)(struct store *st, const char *a, const char *b,
	struct err *e);

/* Names a namespace anew: do_it(first, second). The reply says `kept`, the name
 * that reads find it by. */
static int
operate_name(struct call *c, name_fn do_it, const char *first,
	const char *second, const char *kept, json_t **ret_result,
	struct err *e)
{
	int rc = retry_seen(c, e);

	if (rc == 1)
		return name_result(kept, ret_result, e);
	if (rc != 0)
		return rc;
	rc = do_it(c->st, first, second, e);
	if (rc != 0)
		return rc;
	if (!effects_add(&c->effects, EFFECT_KEPT, e))
		return MDB_E_NOMEM;
	rc = retry_remember(c, 0, e);
	if (rc != 0)
		return rc;
	return name_result(kept, ret_result, e);
}

int
m_rename_namespace(struct call *c, json_t **ret_result, struct err *e)
{
	const char *from, *to;
	int rc = m_operate_two_names(c, "from", &from, "to", &to, e);

	if (rc != 0)
		return rc;
	return operate_name(c, namespaces_rename, from, to, to, ret_result, e);
}

int
m_alias_namespace(struct call *c, json_t **ret_result, struct err *e)
{
	const char *alias, *of;
	int rc = m_operate_two_names(c, "alias", &alias, "of", &of, e);

	if (rc != 0)
		return rc;
	return operate_name(c, namespaces_alias, alias, of, of, ret_result, e);
}

/* --- weights of recall ---------------------------------------------------- */
static int
weights_result(struct call *c, int64_t ns, json_t **ret_result, struct err *e)
{
	json_t *result AUTO_JSON = json_object(), *list = NULL;
	int rc = !result ? err_nomem(e)
			 : recall_settings_table(c->st, ns, &list, e);

	if (rc != 0)
		return rc;
	rc = member_set_new(result, "weights", list, e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(result);
	return rc;
}

int
m_recall_weights(struct call *c, json_t **ret_result, struct err *e)
{
	struct scope s;
	int rc = scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	return weights_result(c, s.ns[0], ret_result, e);
}

int
m_set_recall_weights(struct call *c, json_t **ret_result, struct err *e)
{
	int64_t ns, branch;
	int rc = retry_seen(c, e), seen = rc;

	if (rc < 0)
		return rc;
	rc = scope_write(c->st, c->ctx, &ns, &branch, e);
	if (rc != 0)
		return rc;
	if (seen == 0)
		rc = recall_settings_set(c->st, ns,
			json_object_get(c->params, "weights"), e);
	if (rc != 0)
		return rc;
	if (seen == 0)
		rc = retry_remember(c, 0, e);
	return rc >= 0 ? weights_result(c, ns, ret_result, e) : rc;
}

/* --- merging -------------------------------------------------------------- */
static int
merge_result(struct call *c, const char *to,
	const struct namespaces_merge_result *got, json_t **ret_result,
	struct err *e)
{
	AUTO_JSON json_t *result = json_object();
	int rc = !result ? err_nomem(e)
			 : member_set_int(result, "moved", got->moved, e);

	if (rc != 0)
		return rc;
	if (got->more)
		rc = member_set_bool(result, "more", 1, e);
	if (rc != 0)
		return rc;
	if (got->change != 0)
		rc = member_set_int(result, "change", got->change, e);
	if (rc != 0)
		return rc;
	c->note.change = got->change;
	c->note.at = got->at;
	c->note.kind = "move";
	snprintf(c->note.namespace_, sizeof(c->note.namespace_), "%s", to);
	*ret_result = take_ptr(result);
	return 0;
}

int
m_merge_namespaces(struct call *c, json_t **ret_result, struct err *e)
{
	/* A retry: what the slice moved is not known any more, the next call
	 * goes on behind it. */
	struct namespaces_merge_result got = {.more = true};
	const char *from, *to;
	int rc = m_operate_two_names(c, "from", &from, "to", &to, e);

	if (rc != 0)
		return rc;
	rc = retry_seen(c, e);
	if (rc == 1)
		return merge_result(c, to, &got, ret_result, e);
	if (rc != 0)
		return rc;
	rc = namespaces_merge(c->st, c->ctx, from, to, &got, e);
	if (rc != 0)
		return rc;
	if (!effects_add(&c->effects, EFFECT_KEPT, e))
		return MDB_E_NOMEM;
	rc = retry_remember(c, got.change, e);
	if (rc != 0)
		return rc;
	return merge_result(c, to, &got, ret_result, e);
}
