/* list_erasures of one database, replay_erasures of an older copy of it. */
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/page_cursor.h"
#include "memory-db/model/time/erasures.h"

int
m_list_erasures(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *o = json_pack("{s:[]}", "erasures");
	const char *cursor = jx_text(c->params, "cursor");
	int64_t at[2] = {0, 0};
	char next[PAGE_CURSOR_SIZE];
	bool more = false;
	int rc = 0;

	if (!o)
		return err_nomem(e);
	/* Behind the last op of that change. */
	if (!cursor && jx_int(c->params, "since", JX_OPTIONAL, 0, INT64_MAX,
			       &at[0], e) == 0)
		at[1] = INT64_MAX;

	if (cursor)
		rc = page_cursor_parse(cursor, 'e', at, ARRAY_LEN(at), e);
	if (rc != 0)
		return rc;
	rc = erasures_page(c->st, &at[0], &at[1], LIMIT_ROWS,
		json_object_get(o, "erasures"), &more, e);
	if (rc != 0)
		return rc;
	if (more) {
		page_cursor_format(next, 'e', at, ARRAY_LEN(at));
		rc = member_set_new(o, "next", json_string(next), e);
	}
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(o);
	return 0;
}

int
m_replay_erasures(struct call *c, json_t **ret_result, struct err *e)
{
	struct erasures_done done;
	AUTO_JSON json_t *o = NULL;
	int rc;

	if (!json_is_true(json_object_get(c->params, "confirm")))
		return err_param(e, MDB_E_INVALID, "confirm",
			"this erases for good what a newer copy of this "
			"database has forgotten; pass confirm:true");
	rc = erasures_again(c->st, c->ctx,
		json_object_get(c->params, "erasures"), &done, e);
	if (rc != 0)
		return rc;
	if (!effects_add(&c->effects, EFFECT_KEPT, e))
		return MDB_E_NOMEM;
	o = json_pack("{s:I,s:I}", "done", (json_int_t)done.n, "facts",
		(json_int_t)done.facts);
	if (!o)
		return err_nomem(e);
	if (done.change > 0)
		rc = member_set_int(o, "change", done.change, e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(o);
	return 0;
}
