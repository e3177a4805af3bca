/* search_nodes. */
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/encode.h"
#include "memory-db/model/scope.h"
#include "memory-db/model/search.h"
#include "memory-db/model/search_page.h"
#include "memory-db/store/names.h"

#define LIMIT_DEFAULT 10

/* Labels of the types asked for; a type that does not exist matches nothing. */
static int
read_types(struct call *c, struct search_request *q, int64_t **ret_labels,
	struct err *e)
{
	json_t *types = json_object_get(c->params, "types");
	json_t *type;
	size_t i;

	q->types_n = -1;
	if (json_array_size(types) == 0)
		return 0;
	*ret_labels = calloc(json_array_size(types), sizeof(**ret_labels));
	if (!*ret_labels)
		return err_nomem(e);
	q->types = *ret_labels;
	q->types_n = 0;
	json_array_foreach(types, i, type) {
		int r = label_find(c->st, json_string_value(type),
			&(*ret_labels)[q->types_n], e);

		if (r < 0)
			return r;
		q->types_n += r;
	}
	return 0;
}

static unsigned
read_tiers(const json_t *tiers)
{
	unsigned mask = 0;
	json_t *tier;
	size_t i;

	json_array_foreach(tiers, i, tier)
		for (unsigned k = 0; tool_tiers[k]; k++)
			if (strcmp(json_string_value(tier), tool_tiers[k]) == 0)
				mask |= 1u << k;
	return mask;
}

static int
read_budget(struct call *c, struct search_request *q, struct search_page *page,
	struct err *e)
{
	int64_t limit = LIMIT_DEFAULT, bytes = LIMIT_REPLY_BYTES, tokens = 0;
	int r = jx_int(c->params, "limit", JX_OPTIONAL, 1, LIMIT_ROWS, &limit,
		e);

	if (r >= 0)
		r = jx_int(c->params, "max_bytes", JX_OPTIONAL, 1,
			LIMIT_REPLY_BYTES, &bytes, e);
	if (r >= 0)
		r = jx_int(c->params, "max_tokens", JX_OPTIONAL, 1, INT32_MAX,
			&tokens, e);
	if (tokens > 0 && tokens * 4 < bytes)
		bytes = tokens * 4;
	q->limit = (int)limit;
	page->max_bytes = (size_t)bytes;
	return r < 0 ? r : 0;
}

/* The cursor of the page before: the state it pins and where it ended. */
static int
read_place(struct call *c, struct search_request *q, struct scope *s,
	struct err *e)
{
	const char *cursor =
		json_string_value(json_object_get(c->params, "cursor"));
	int64_t change = 0;
	int r = 0;

	if (cursor)
		r = cursor_parse(cursor, &change, &q->a, &q->b, e);
	if (r == 0)
		r = scope_read(c->st, c->ctx, change, s, e);
	for (int i = 0; r == 0 && i < s->n; i++)
		q->ns[i] = s->ns[i];
	return r;
}

int
m_search_nodes(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *query = json_object_get(c->params, "query");
	struct search_request q = {.query = json_string_value(query),
		.query_n = json_string_length(query),
		.tiers = read_tiers(json_object_get(c->params, "tiers")),
		.deadline_ns = c->deadline_ns};
	struct search_page page = {
		.members = encode_members(json_object_get(c->params, "fields")),
		.relations = json_is_true(
			json_object_get(c->params, "relations"))};
	const char *mode = json_string_value(json_object_get(c->params, "mode"));
	int64_t *labels AUTO_FREE = NULL;
	struct search_result found = {0};
	struct scope s;
	int r = read_budget(c, &q, &page, e);

	q.substring = mode && strcmp(mode, "substring") == 0;
	if (r == 0)
		r = read_types(c, &q, &labels, e);
	if (r == 0)
		r = read_place(c, &q, &s, e);
	if (r == 0)
		r = search_run(c->st, &q, &found, e);
	if (r == 0)
		r = search_page_json(
			c->st, &s, &page, &found, ret_result, e);
	search_result_done(&found);
	return r;
}
