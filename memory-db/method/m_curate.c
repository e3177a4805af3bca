/* curate, curation_report, promote_to_tier, confirm.
 *
 * The first two are the front of model/curate. The others are decisions of a
 * person or an agent about one entity, and ordinary changes: a rule of
 * curation leaves alone what somebody has decided, and tells the two apart by
 * the kind of the change. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/named_fact.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/curate/curation.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/model/write/write_entity.h"

#define ROWS_DEFAULT 50

static size_t
rows_of(const struct call *c)
{
	const json_t *limit = json_object_get(c->params, "limit");

	return limit ? (size_t)json_integer_value(limit) : ROWS_DEFAULT;
}

int
m_curate(struct call *c, json_t **ret_result, struct err *e)
{
	const char *cursor = jx_text(c->params, "cursor");
	struct curation_request q = {.rules = json_object_get(c->params,
					     "rules"),
		.over_brake = c->ctx->is_confirmed,
		.rows = rows_of(c),
		.budget_ns = LIMIT_CURATE_SLICE_NS};

	if (json_is_true(json_object_get(c->params, "dry_run")))
		return curation_preview(c, &q, cursor, ret_result, e);
	if (cursor)
		return err_param(e, MDB_E_INVALID, "cursor",
			"pages are of a dry run; the same call without "
			"`cursor` goes on with a run that is not done");
	return curation_slice(c, &q, ret_result, e);
}

int
m_curation_report(struct call *c, json_t **ret_result, struct err *e)
{
	return curation_report(c, jx_text(c->params, "run"),
		jx_text(c->params, "cursor"), rows_of(c), ret_result, e);
}

/* --- promote_to_tier ------------------------------------------------------ */
/* The reason becomes the message of the change, which history tells. It is no
 * change of curation: rules leave alone what somebody has decided. */
static int
set_tier(struct call *c, struct write *w, const char *name, int64_t *ret_entity,
	int64_t *ret_from, struct err *e)
{
	int tier = write_entity_tier(jx_text(c->params, "tier"));
	int rc = write_begin(w, c, CHANGE_UPDATE, e);

	if (rc)
		return rc;
	rc = write_need_entity(w, name, "entity", ret_entity, e);
	if (rc)
		return rc;
	rc = attr_get(w->st, *ret_entity, ATTR_TIER, ret_from, e);
	if (rc)
		return rc;
	if (!w->replay)
		rc = write_attr(w, *ret_entity, ATTR_TIER, tier, e);
	if (rc)
		return rc;
	rc = write_note(w, name, e);
	if (rc)
		return rc;
	return write_end(w, e);
}

int
m_promote_to_tier(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"reason", NULL};
	const char *name = jx_text(c->params, "entity");
	const struct context *given = c->ctx;
	struct context own = *given;
	AUTO_GUARD struct guard guard = {0};
	AUTO_WRITE struct write w = {0};
	int64_t entity = 0, from = 0, version = 0;
	int rc = guard_params(&guard, c, kept, e);

	if (rc != 0)
		return rc;
	if (jx_text(c->params, "reason"))
		own.message = jx_text(c->params, "reason");
	c->ctx = &own;
	rc = set_tier(c, &w, name, &entity, &from, e);
	c->ctx = given;
	if (rc)
		return rc;
	rc = write_version(&w, entity, &version, e);
	if (rc)
		return rc;
	rc = reply_effect(&w,
		json_pack("{s:s,s:s,s:s,s:I,s:b}", "name", name, "from",
			tool_tiers[from & 3], "tier",
			jx_text(c->params, "tier"), "version",
			(json_int_t)version, "changed",
			write_touched(&w, entity)),
		ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}

/* --- confirm -------------------------------------------------------------- */
/* Of a single fact the time stands in its metadata. */
static int
confirm_fact(struct call *c, struct write *w, int64_t entity, const char *at,
	int64_t *ret_fact, struct err *e)
{
	AUTO_JSON json_t *marks = json_object();
	json_t *metadata;
	int rc = named_fact_find(w, entity, c->params, ret_fact, e);

	if (rc)
		return rc;
	if (!marks)
		rc = err_nomem(e);
	if (rc)
		return rc;
	rc = fact_tags_encode(w->st, entity, *ret_fact, marks, e);
	if (rc)
		return rc;
	metadata = json_object_get(marks, "metadata");
	if (!metadata &&
		jx_set(marks, "metadata", metadata = json_object()) != 0)
		return err_nomem(e);
	if (jx_set(metadata, CONFIRMED_MEMBER, json_string(at)) != 0)
		return err_nomem(e);
	return fact_tags_note(w, entity, *ret_fact, metadata, "fact", e);
}

/* A fact that is right again says nothing of the others of its entity. */
static enum attr_key
confirmed_key(const struct call *c)
{
	return json_object_get(c->params, "observation") ||
			       json_object_get(c->params, "fact")
		       ? ATTR_FACT_CONFIRMED
		       : ATTR_CONFIRMED;
}

static int
confirm(struct call *c, struct write *w, int64_t entity, int64_t *ret_fact,
	struct err *e)
{
	int64_t now = clock_now_ms();
	char at[CLOCK_TEXT_SIZE];
	int rc = write_attr(w, entity, confirmed_key(c), now, e);

	if (rc || confirmed_key(c) == ATTR_CONFIRMED)
		return rc;
	clock_format(now, at);
	return confirm_fact(c, w, entity, at, ret_fact, e);
}

int
m_confirm(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "entity");
	AUTO_WRITE struct write w = {0};
	int64_t entity = 0, at = 0, fact = 0;
	char text[CLOCK_TEXT_SIZE];
	json_t *reply;
	int rc = write_begin(&w, c, CHANGE_UPDATE, e);

	if (rc)
		return rc;
	rc = write_need_entity(&w, name, "entity", &entity, e);
	if (rc)
		return rc;
	if (!w.replay)
		rc = confirm(c, &w, entity, &fact, e);
	if (rc)
		return rc;
	rc = write_note(&w, name, e);
	if (rc)
		return rc;
	rc = write_end(&w, e);
	if (rc)
		return rc;
	rc = attr_get(w.st, entity, confirmed_key(c), &at, e);
	if (rc)
		return rc;
	clock_format(at, text);
	reply = json_pack("{s:s,s:s}", "name", name, "confirmed_at", text);
	if (reply && fact != 0 &&
		jx_set(reply, "fact", json_integer(fact)) != 0) {
		json_decref(reply);
		return err_nomem(e);
	}
	return reply_change(&w, reply, ret_result, e);
}
