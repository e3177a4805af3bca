/* recall: parameters, the search, the page, the receipt. The ranking stands in
 * model/recall.
 *
 * The question as a vector is there already when a handler begins
 * (work/questions.h): a provider may take its time, and no snapshot should
 * wait for that. The receipt comes last, because only then is it known which
 * rows the page had room for. */
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
	struct recall_page *page, double *ret_least, struct err *e)
{
	int64_t limit = LIMIT_DEFAULT;
	int rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit,
		e);

	if (rc >= 0)
		rc = encode_budget(c->params, &page->max_bytes, e);
	if (rc >= 0)
		rc = jx_number(c->params, "min_score", JX_OPTIONAL, 0, 1,
			ret_least, e);
	if (rc >= 0)
		rc = jx_number(c->params, "cut", JX_OPTIONAL, 0, 1, &q->cut, e);
	q->limit = (int)limit;
	return rc < 0 ? rc : 0;
}

static int
m_recall_read_weights(struct call *c, struct recall_weights *w, struct err *e)
{
	json_t *j = json_object_get(c->params, "weights"), *value;
	const char *name;

	json_object_foreach(j, name, value) {
		int rc = json_is_number(value)
				 ? recall_weights_set(w, name,
					   json_number_value(value), e)
				 : err_set(e, MDB_E_INVALID,
					   "'%.40s' is no number", name);

		if (rc < 0)
			return err_param(e, rc, "weights", "weights: %s",
				e ? e->text : "");
	}
	return 0;
}

static int
read_times(struct call *c, struct recall_request *q, struct err *e)
{
	int rc;

	q->now = clock_now_ms();
	q->zone = c->ctx->zone;
	q->since = INT64_MIN;
	q->until = INT64_MAX;
	rc = filter_time(c, "since", false, &q->since, e);
	if (rc != 0)
		return rc;
	return filter_time(c, "until", true, &q->until, e);
}

/* Only what was said in this session. A session nobody knows: -1. */
static int
m_recall_read_session(struct call *c, struct recall_request *q, struct err *e)
{
	const char *session = jx_text(c->params, "session");
	int rc;

	if (!session || !session[0])
		return 0;
	q->source = -1;
	rc = label_find(c->st, session, &q->source, e);
	return rc < 0 ? rc : 0;
}

/* What was given, for memory_why and the usage of entities. */
static int
give_receipt(struct call *c, const struct recall_request *q,
	const struct scope *s, const struct recall_result *found, size_t given,
	json_t *result, struct err *e)
{
	AUTO_FREE struct receipt_row *rows = calloc(given + 1, sizeof(*rows));
	struct buf query AUTO_BUF = {0}; /* a receipt keeps no secret */
	struct receipt x = {.kind = RECEIPT_RECALL,
		.at = q->now,
		.ns = s->ns[0],
		.branch = s->lens.level[0].branch,
		.change = s->change,
		.is_relevant = found->is_relevant,
		.rows = rows,
		.n = given};
	int rc;

	if (!rows || secret_mark(q->query, q->query_n, &query, NULL) != 0)
		return err_nomem(e);
	x.query = query.data != NULL ? query.data : "";
	x.query_n = query.len;
	for (size_t i = 0; i < given; i++)
		rows[i] = (struct receipt_row){found->rows[i].fact,
			found->rows[i].entity, found->rows[i].score,
			found->rows[i].score - found->rows[i].fit};
	rc = receipt_give(c->st, &x, e);
	if (rc != 0)
		return rc;
	if (jx_set(result, "receipt", json_string(x.id)) != 0)
		rc = err_nomem(e);
	return rc;
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
	AUTO_FREE int64_t *labels = NULL;
	AUTO_JSON json_t *result = NULL;
	AUTO_RECALL_RESULT struct recall_result found = {0};
	struct scope s;
	size_t given = 0;
	double min_score = 0;
	int rc = m_recall_read_budget(c, &q, &page, &min_score, e);

	if (rc != 0)
		return rc;
	rc = filter_types(c, &labels, &q.types_n, e);
	q.types = labels;
	q.tags = json_array_size(tags) > 0 ? tags : NULL;
	if (rc != 0)
		return rc;
	rc = read_times(c, &q, e);
	if (rc != 0)
		return rc;
	rc = m_recall_read_session(c, &q, e);
	if (rc != 0)
		return rc;
	rc = scope_read(c->st, c->ctx, 0, &s, e);
	if (rc < 0)
		return rc;
	for (int i = 0; i < s.n; i++)
		q.ns[i] = s.ns[i];
	q.valid_at = s.valid_at;
	q.is_past = s.is_past;
	rc = recall_settings_read(c->st, s.ns[0], &weights, e);
	if (rc != 0)
		return rc;
	rc = m_recall_read_weights(c, &weights, e);
	if (rc != 0)
		return rc;
	rc = recall_run_cached(c->st, &s, &q, &found, e);
	if (rc != 0)
		return rc;
	rc = recall_later_first(c->st, &found, e);
	if (rc != 0)
		return rc;
	recall_floor(&found, min_score);
	rc = recall_page_json(c->st, &s, &page, &found, &result, &given, e);
	if (rc != 0)
		return rc;
	rc = give_receipt(c, &q, &s, &found, given, result, e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(result);
	return 0;
}
