/* classify_content, analyze_patterns. */
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/filter.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/curate/classify.h"
#include "memory-db/model/curate/patterns.h"
#include "memory-db/model/scope/scope.h"

#define LEAST_DEFAULT 3
#define LIMIT_DEFAULT 50

int
m_classify_content(struct call *c, json_t **ret_result, struct err *e)
{
	const json_t *text = json_object_get(c->params, "text");

	return classify_content(json_string_value(text),
		json_string_length(text), c->ctx->zone, c->deadline_ns,
		ret_result, e);
}

/* Rows from `from` on, at most `limit`. */
static int
patterns_page(const json_t *rows, int64_t from, int64_t limit, int64_t change,
	int64_t looked, bool partial, json_t **ret, struct err *e)
{
	int64_t n = (int64_t)json_array_size(rows);
	AUTO_JSON json_t *page = json_array();
	AUTO_JSON json_t *j = NULL;
	char next[CURSOR_SIZE];

	for (int64_t i = from; page && i < n && i < from + limit; i++)
		if (jx_add(page,
			    json_incref(json_array_get(rows, (size_t)i))) != 0)
			return err_nomem(e);
	j = page ? json_pack("{s:O,s:I}", "patterns", page, "looked",
			   (json_int_t)looked)
		 : NULL;
	cursor_format(next, change, from + limit, 0);
	if (!j || (partial && jx_set(j, "partial", json_true()) != 0) ||
		(from + limit < n && jx_set(j, "next", json_string(next)) != 0))
		return err_nomem(e);
	*ret = json_incref(j);
	return 0;
}

int
m_analyze_patterns(struct call *c, json_t **ret_result, struct err *e)
{
	const char *cursor = jx_text(c->params, "cursor");
	struct patterns_request q = {.since = INT64_MIN,
		.until = INT64_MAX,
		.least = LEAST_DEFAULT,
		.deadline_ns = c->deadline_ns};
	int64_t limit = LIMIT_DEFAULT, change = 0, from = 0, unused, looked = 0;
	AUTO_JSON json_t *rows = NULL;
	bool partial = false;
	struct scope s;
	int rc = cursor ? cursor_parse(cursor, &change, &from, &unused, e) : 0;

	if (rc != 0)
		return rc;
	rc = filter_time(c, "since", false, &q.since, e);
	if (rc != 0)
		return rc;
	rc = filter_time(c, "until", true, &q.until, e);
	if (rc != 0)
		return rc;
	rc = jx_int(c->params, "least", JX_OPTIONAL, 2, 1000000, &q.least, e);
	if (rc < 0)
		return rc;
	rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit, e);
	if (rc < 0)
		return rc;
	rc = scope_read(c->st, c->ctx, change, &s, e);
	if (rc < 0)
		return rc;
	q.scope = &s;
	rc = patterns_find(c->st, &q, &rows, &looked, &partial, e);
	if (rc != 0)
		return rc;
	return patterns_page(rows, from, limit, s.change, looked, partial,
		ret_result, e);
}
