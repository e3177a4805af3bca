/* search_nodes: parameters, the search, the page. An agent's search leaves a
 * receipt of the facts on the page, of which nobody is told: what the agent says
 * next is held against them (model/useful). */
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/filter.h"
#include "memory-db/method/given.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/search/search.h"
#include "memory-db/model/search/search_page.h"

#define LIMIT_DEFAULT 10

static int
m_search_nodes_read_budget(struct call *c, struct search_request *q,
	struct search_page *page, struct err *e)
{
	int64_t limit = LIMIT_DEFAULT;
	int rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit,
		e);

	if (rc >= 0)
		rc = encode_budget(c->params, &page->max_bytes, e);
	q->limit = (int)limit;
	return rc < 0 ? rc : 0;
}

/* The cursor of the page before: the state it pins and where it ended. */
static int
m_search_nodes_read_place(struct call *c, struct search_request *q,
	struct scope *s, struct err *e)
{
	const char *cursor = jx_text(c->params, "cursor");
	int64_t change = 0;
	int rc = 0;

	if (cursor)
		rc = cursor_parse(cursor, &change, &q->a, &q->b, e);
	if (rc != 0)
		return rc;
	rc = scope_read(c->st, c->ctx, change, s, e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < s->n; i++)
		q->ns[i] = s->ns[i];
	return 0;
}

int
m_search_nodes(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *query = json_object_get(c->params, "query");
	struct search_request q = {.query = json_string_value(query),
		.query_n = json_string_length(query),
		.tiers = filter_tiers(json_object_get(c->params, "tiers")),
		.deadline_ns = c->deadline_ns,
		.near = true};
	struct search_page page = {.members = encode_members(
					   json_object_get(c->params,
						   "fields")),
		.relations =
			json_is_true(json_object_get(c->params, "relations"))};
	const char *mode = jx_text(c->params, "mode");
	json_t *tags = json_object_get(c->params, "tags");
	AUTO_FREE int64_t *labels = NULL;
	AUTO_SEARCH_RESULT struct search_result found = {0};
	struct encode_given given = {.n = 0};
	struct scope s;
	int rc = m_search_nodes_read_budget(c, &q, &page, e);

	q.substring = mode && strcmp(mode, "substring") == 0;
	if (rc != 0)
		return rc;
	rc = filter_types(c, &labels, &q.types_n, e);
	q.types = labels;
	q.tags = json_array_size(tags) > 0 ? tags : NULL;
	if (rc != 0)
		return rc;
	rc = m_search_nodes_read_place(c, &q, &s, e);
	if (rc != 0)
		return rc;
	rc = search_run(c->st, &q, &found, e);
	if (rc != 0)
		return rc;
	if (given_is_wanted(c, &s))
		page.given = &given;
	rc = search_page_json(c->st, &s, &page, &found, ret_result, e);
	if (rc == 0 && given.n > 0) {
		rc = given_receipt(c, RECEIPT_SEARCH, q.query, q.query_n, &s,
			&given, e);
		if (rc != 0)
			json_decref(take_ptr(*ret_result));
	}
	free(given.v);
	return rc;
}
