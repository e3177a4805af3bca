/* recall. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/filter.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/recall/recall_cached.h"
#include "memory-db/model/recall/recall_page.h"
#include "memory-db/model/recall/recall_settings.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/beside/receipts.h"

#define LIMIT_DEFAULT 10

static int
m_recall_read_budget(struct call *c, struct recall_request *q,
	struct recall_page *page, struct err *e)
{
	int64_t limit = LIMIT_DEFAULT;
	int r = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit,
		e);

	if (r >= 0)
		r = encode_budget(c->params, &page->max_bytes, e);
	if (r >= 0)
		r = jx_number(c->params, "min_score", JX_OPTIONAL, 0, 1,
			&page->min_score, e);
	if (r >= 0)
		r = jx_number(c->params, "cut", JX_OPTIONAL, 0, 1, &q->cut, e);
	q->limit = (int)limit;
	return r < 0 ? r : 0;
}

static int
m_recall_read_weights(struct call *c, struct recall_weights *w, struct err *e)
{
	json_t *j = json_object_get(c->params, "weights"), *value;
	const char *name;

	json_object_foreach(j, name, value) {
		int r = json_is_number(value)
				? recall_weights_set(w, name,
					  json_number_value(value), e)
				: err_set(e, MDB_E_INVALID,
					  "'%.40s' is no number", name);

		if (r < 0)
			return err_param(e, r, "weights", "weights: %s",
				e ? e->text : "");
	}
	return 0;
}

static int
read_times(struct call *c, struct recall_request *q, struct err *e)
{
	int r;

	q->now = clock_now_ms();
	q->zone = c->ctx->zone;
	q->since = INT64_MIN;
	q->until = INT64_MAX;
	r = filter_time(c, "since", false, &q->since, e);
	return r == 0 ? filter_time(c, "until", true, &q->until, e) : r;
}

/* Only what was said in this session. A session nobody knows: -1. */
static int
m_recall_read_session(struct call *c, struct recall_request *q, struct err *e)
{
	const char *session = jx_text(c->params, "session");
	int r;

	if (!session || !session[0])
		return 0;
	q->source = -1;
	r = label_find(c->st, session, &q->source, e);
	return r < 0 ? r : 0;
}

/* What was given, for memory_why and the usage of entities. */
static int
give_receipt(struct call *c, const struct recall_request *q,
	const struct scope *s, const struct recall_result *found, size_t given,
	json_t *result, struct err *e)
{
	struct receipt_row *rows AUTO_FREE = calloc(given + 1, sizeof(*rows));
	struct buf query AUTO_BUF = {0}; /* a receipt keeps no secret */
	struct receipt x = {.kind = RECEIPT_RECALL,
		.at = q->now,
		.ns = s->ns[0],
		.branch = s->lens.level[0].branch,
		.change = s->change,
		.is_relevant = found->is_relevant,
		.rows = rows,
		.n = given};
	int r;

	if (!rows || secret_mark(q->query, q->query_n, &query, NULL) != 0)
		return err_nomem(e);
	x.query = query.data != NULL ? query.data : "";
	x.query_n = query.len;
	for (size_t i = 0; i < given; i++)
		rows[i] = (struct receipt_row){found->rows[i].fact,
			found->rows[i].entity, found->rows[i].score};
	r = receipt_give(c->st, &x, e);
	if (r == 0 && jx_set(result, "receipt", json_string(x.id)) != 0)
		r = err_nomem(e);
	return r;
}

int
m_recall(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *query = json_object_get(c->params, "query");
	struct recall_weights weights = recall_weights_default;
	struct recall_request q = {.weights = &weights,
		.query = json_string_value(query),
		.query_n = json_string_length(query),
		.tiers = filter_tiers(json_object_get(c->params, "tiers")),
		.deadline_ns = c->deadline_ns,
		.question = c->question};
	json_t *tags = json_object_get(c->params, "tags");
	const char *format = jx_text(c->params, "format");
	struct recall_page page = {.zone = c->ctx->zone,
		.explain = json_is_true(json_object_get(c->params, "explain")),
		.lines = format && strcmp(format, "lines") == 0};
	int64_t *labels AUTO_FREE = NULL;
	json_t *result AUTO_JSON = NULL;
	struct recall_result found = {0};
	struct scope s;
	size_t given = 0;
	int r = m_recall_read_budget(c, &q, &page, e);

	if (r == 0)
		r = filter_types(c, &labels, &q.types_n, e);
	q.types = labels;
	q.tags = json_array_size(tags) > 0 ? tags : NULL;
	if (r == 0)
		r = read_times(c, &q, e);
	if (r == 0)
		r = m_recall_read_session(c, &q, e);
	if (r == 0)
		r = scope_read(c->st, c->ctx, 0, &s, e);
	if (r < 0)
		return r;
	for (int i = 0; i < s.n; i++)
		q.ns[i] = s.ns[i];
	q.valid_at = s.valid_at;
	r = recall_settings_read(c->st, s.ns[0], &weights, e);
	if (r == 0)
		r = m_recall_read_weights(c, &weights, e);
	if (r == 0)
		r = recall_run_cached(c->st, &s, &q, &found, e);
	if (r == 0)
		r = recall_page_json(c->st, &s, &page, &found, &result, &given,
			e);
	if (r == 0)
		r = give_receipt(c, &q, &s, &found, given, result, e);
	if (r == 0)
		*ret_result = take_ptr(result);
	recall_result_done(&found);
	return r;
}
