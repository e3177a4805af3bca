#include <stdio.h>

#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/import.h"
#include "memory-db/model/members.h"

static void
fill_note(struct call *c, const struct import_result *r)
{
	c->note.change = r->change;
	c->note.at = r->at;
	c->note.kind = "import";
	snprintf(c->note.namespace_, sizeof(c->note.namespace_), "%s",
		c->ctx->user_scope ? "default" : c->ctx->namespace_);
}

int
m_import_records(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *result AUTO_JSON = json_object();
	struct import_query q = {0};
	struct import_result got;
	json_t *records = NULL;
	int r;

	if (result == NULL)
		return err_nomem(e);
	r = jx_string(c->params, "source", JX_REQUIRED, &q.source, NULL, e);
	if (r == 0)
		r = jx_int(c->params, "offset", JX_REQUIRED, 0, INT64_MAX,
			&q.offset, e);
	if (r == 0)
		r = jx_array(c->params, "records", JX_OPTIONAL, &records, e);
	if (r >= 0)
		r = jx_bool(c->params, "done", JX_OPTIONAL, &q.done, e);
	if (r < 0)
		return r;
	q.records = records;
	r = import_slice(c->st, c->ctx, &q, &got, e);
	if (r != 0)
		return r;
	r = member_set_new(result, "errors", got.errors, e);
	if (r == 0)
		r = member_set_int(result, "next_offset", got.next_offset, e);
	if (r == 0)
		r = member_set_int(result, "added", got.added, e);
	if (r == 0)
		r = member_set_int(result, "skipped", got.skipped, e);
	if (r == 0 && got.change != 0)
		r = member_set_int(result, "change", got.change, e);
	if (r != 0)
		return r;
	fill_note(c, &got);
	*ret_result = take_ptr(result);
	return 0;
}
