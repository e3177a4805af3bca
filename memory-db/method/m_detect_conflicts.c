/* detect_conflicts: what a text would be at odds with, without storing it. It
 * asks conflicts_find (model/order/conflicts.h) as a write with on_conflict
 * does, so an agent can look before it writes. */
#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/order/conflicts.h"
#include "memory-db/model/order/fact_attributes.h"
#include "memory-db/model/scope/page_cursor.h"
#include "memory-db/model/scope/scope.h"

#define THRESHOLD     0.85
#define LIMIT_DEFAULT 50

/* An observation: a text, or an object as create_entities takes it. */
static int
m_detect_conflicts_read_observation(struct call *c, const json_t *j,
	struct fact_said *ret, struct err *e)
{
	static const char *const keys[] = {"valid_from", "valid_to"};
	int64_t *const times[] = {&ret->from, &ret->to};

	*ret = (struct fact_said){.from = INT64_MIN, .to = INT64_MAX};
	ret->text =
		json_is_object(j) ? jx_text(j, "text") : json_string_value(j);
	for (int i = 0; i < 2; i++) {
		const char *text =
			json_is_object(j) ? jx_text(j, keys[i]) : NULL;

		if (text && clock_parse_in(text, clock_now_ms(), c->ctx->zone,
				    i == 1, times[i], e) < 0)
			return err_param(e, MDB_E_INVALID, keys[i],
				"%s '%.40s' is no time; \"2026-05-08\" is one",
				keys[i], text);
	}
	return 0;
}

/* Those of `entity_data.observations`, or the one of `text`. *ret: owned, its
 * texts borrowed. */
static int
read_said(struct call *c, struct conflicts_request *q, struct fact_said **ret,
	struct err *e)
{
	const json_t *entity = json_object_get(c->params, "entity_data");
	const json_t *list = json_object_get(entity, "observations");
	json_t *text = json_object_get(c->params, "text");

	if ((entity != NULL) == (text != NULL))
		return err_param(e, MDB_E_INVALID, "text",
			"give either `text`, one fact, or `entity_data` with "
			"`name` and `observations`");
	q->said_n = text ? 1 : json_array_size(list);
	q->said = *ret = calloc(q->said_n + 1, sizeof(**ret));
	if (!*ret)
		return err_nomem(e);
	q->name = entity && jx_text(entity, "name") ? jx_text(entity, "name")
						    : "";
	for (size_t i = 0; i < q->said_n; i++) {
		int rc = m_detect_conflicts_read_observation(c,
			text ? text : json_array_get(list, i), &(*ret)[i], e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static json_t *
m_detect_conflicts_row_of(const struct conflict_found *x, const char *said)
{
	return json_pack("{s:s,s:I,s:s,s:f,s:s,s:s,s:I,s:s,s:s}",
		"existing_entity", x->name, "existing_id",
		(json_int_t)x->entity, "conflict_type",
		verdict_kind_name(x->kind), "confidence",
		round(x->confidence * 1000) / 1000, "suggested_action",
		x->action, "reason", x->reason, "fact", (json_int_t)x->fact,
		"text", x->text, "said", said);
}

/* Where a page is: rows behind `from`, at most `limit`, of the state `change`. */
struct conflicts_page {
	int64_t from, limit, change;
};

static int
m_detect_conflicts_reply(const struct conflicts *found,
	const struct conflicts_request *q, const struct conflicts_page *p,
	json_t **ret_result, struct err *e)
{
	json_t *rows = json_array();
	json_t *result AUTO_JSON =
		json_pack("{s:o,s:I}", "conflicts", rows, "conflict_count",
			(json_int_t)((int64_t)found->n > p->from
					     ? (int64_t)found->n - p->from
					     : 0));
	char cursor[CURSOR_SIZE];

	if (!result)
		return err_nomem(e);
	for (size_t i = (size_t)p->from; i < found->n; i++)
		if (jx_add(rows, m_detect_conflicts_row_of(&found->v[i],
					 q->said[found->v[i].which].text)) < 0)
			return err_nomem(e);
	if (found->partial && jx_set(result, "partial", json_true()) < 0)
		return err_nomem(e);
	cursor_format(cursor, p->change, p->from + p->limit, 0);
	if (found->more > 0 &&
		(jx_set(result, "total",
			 json_integer((json_int_t)(found->n + found->more))) ||
			jx_set(result, "next", json_string(cursor))))
		return err_nomem(e);
	*ret_result = take_ptr(result);
	return 0;
}

/* Threshold, limit, and the place that a cursor names. */
static int
m_detect_conflicts_read(struct call *c, struct conflicts_request *q,
	struct conflicts_page *p, struct scope *s, struct err *e)
{
	const char *cursor = jx_text(c->params, "cursor");
	int64_t unused, pinned = 0;
	int rc = jx_number(c->params, "threshold", JX_OPTIONAL, 0, 1,
		&q->threshold, e);

	if (rc < 0)
		return rc;
	rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &p->limit,
		e);
	if (rc < 0)
		return rc;
	if (cursor) {
		rc = cursor_parse(cursor, &pinned, &p->from, &unused, e);
		if (rc != 0)
			return rc;
	}
	/* No entity has so many facts that are compared. */
	if (p->from < 0 || p->from > LIMIT_REPLY_BYTES)
		return err_param(e, MDB_E_INVALID, "cursor",
			"it is none of this method's; leave it out to begin");
	q->most = (size_t)(p->from + p->limit);
	rc = scope_read(c->st, c->ctx, pinned, s, e);
	p->change = s->change;
	return rc;
}

int
m_detect_conflicts(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_FREE struct fact_said *said = NULL;
	AUTO_FREE struct fact_attributes *attributes = NULL;
	struct conflicts_page page = {.limit = LIMIT_DEFAULT};
	struct conflicts found = {0};
	struct conflicts_request q = {.threshold = THRESHOLD,
		.deadline_ns = c->deadline_ns};
	struct scope s;
	int rc = read_said(c, &q, &said, e);

	if (rc != 0)
		return rc;
	rc = m_detect_conflicts_read(c, &q, &page, &s, e);
	if (rc < 0)
		return rc;
	q.scope = &s;
	rc = fact_attributes_get(c->st, s.ns[0], &attributes, e);
	if (rc < 0)
		return rc;
	q.attributes = attributes;
	rc = conflicts_find(c->st, &q, &found, e);
	if (rc == 0)
		rc = m_detect_conflicts_reply(&found, &q, &page, ret_result, e);
	conflicts_done(&found);
	return rc;
}
