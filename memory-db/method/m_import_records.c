/* import_records: a slice of an import (model/transfer/import.h). The client
 * sends one slice after the other with its offset; how far an import is stands
 * in the same transaction as what it added, so a slice that is sent again
 * after a crash adds nothing and answers how far the import is. */
#include <stdio.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/retry.h"
#include "memory-db/model/transfer/import.h"
#include "memory-db/model/scope/json_members.h"

static void
fill_note(struct call *c, const struct import_result *r)
{
	c->note.change = r->change;
	c->note.at = r->at;
	c->note.kind = "import";
	snprintf(c->note.namespace_, sizeof(c->note.namespace_), "%s",
		c->ctx->user_scope ? "default" : c->ctx->namespace_);
}

/* A retry: the slice was taken, and its complaints went with the reply that
 * was lost. */
static int
import_again(const struct import_query *q, struct import_result *ret,
	struct err *e)
{
	*ret = (struct import_result){.errors = json_array(),
		.pinned = json_array(),
		.elsewhere_names = json_array(),
		.next_offset =
			q->offset + (int64_t)json_array_size(q->records)};
	if (ret->errors && ret->pinned && ret->elsewhere_names)
		return 0;
	import_result_done(ret);
	return err_nomem(e);
}

/* Only the last slice needs its key: the others are known by their offset. */
static int
import(struct call *c, const struct import_query *q, struct import_result *ret,
	struct err *e)
{
	int rc = q->done ? retry_seen(c, e) : 0;

	if (rc != 0)
		return rc < 0 ? rc : import_again(q, ret, e);
	rc = import_slice(c->st, c->ctx, q, ret, e);
	if (rc == 0 && q->done)
		rc = retry_remember(c, ret->change, e);
	if (rc != 0)
		import_result_done(ret);
	return rc;
}

/* What it did beside adding: only what there is to tell. */
static int
m_import_records_set_lists(json_t *o, struct import_result *got, struct err *e)
{
	int rc = member_set_new(o, "errors", take_ptr(got->errors), e);

	if (rc != 0)
		return rc;
	if (json_array_size(got->pinned) > 0)
		rc = member_set_new(o, "pinned", take_ptr(got->pinned), e);
	if (rc != 0)
		return rc;
	if (got->elsewhere > 0)
		rc = member_set_int(o, "elsewhere", got->elsewhere, e);
	if (rc != 0)
		return rc;
	if (got->elsewhere > 0)
		rc = member_set_new(o, "elsewhere_names",
			take_ptr(got->elsewhere_names), e);
	if (rc != 0)
		return rc;
	if (got->erased > 0)
		rc = member_set_int(o, "erased", got->erased, e);
	if (rc != 0)
		return rc;
	if (got->secrets > 0)
		rc = member_set_int(o, "secrets", got->secrets, e);
	if (rc != 0)
		return rc;
	if (got->secrets_kept > 0)
		return member_set_int(o, "secrets_kept", got->secrets_kept, e);
	return 0;
}

int
m_import_records(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *result = json_object();
	struct import_query q = {0};
	AUTO_IMPORT_RESULT struct import_result got = {0};
	json_t *records = NULL;
	int rc;

	if (!result)
		return err_nomem(e);
	rc = jx_string(c->params, "source", JX_REQUIRED, &q.source, NULL, e);
	if (rc != 0)
		return rc;
	rc = jx_int(c->params, "offset", JX_REQUIRED, 0, LIMIT_IMPORT_LINES,
		&q.offset, e);
	if (rc != 0)
		return rc;
	rc = jx_array(c->params, "records", JX_OPTIONAL, &records, e);
	if (rc < 0)
		return rc;
	rc = jx_bool(c->params, "done", JX_OPTIONAL, &q.done, e);
	if (rc < 0)
		return rc;
	rc = jx_bool(c->params, "all_namespaces", JX_OPTIONAL,
		&q.all_namespaces, e);
	if (rc < 0)
		return rc;
	rc = jx_bool(c->params, "confirm_erasures", JX_OPTIONAL,
		&q.confirm_erasures, e);
	if (rc < 0)
		return rc;
	rc = jx_bool(c->params, "continues", JX_OPTIONAL, &q.continues, e);
	if (rc < 0)
		return rc;
	q.records = records;
	rc = import(c, &q, &got, e);
	if (rc != 0)
		return rc;
	rc = m_import_records_set_lists(result, &got, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(result, "next_offset", got.next_offset, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(result, "added", got.added, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(result, "skipped", got.skipped, e);
	if (rc != 0)
		return rc;
	if (got.change != 0)
		rc = member_set_int(result, "change", got.change, e);
	if (rc != 0)
		return rc;
	fill_note(c, &got);
	*ret_result = take_ptr(result);
	return 0;
}
