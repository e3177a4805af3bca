/* Pages of a graph as text. A page is gone through once, when it comes: where
 * its items begin and end, and what of them decides whether they are wanted and
 * how long an answer they make. */
#include "mcp-server/mcp/graph_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/vec.h"

void
graph_text_done(struct graph_text *g)
{
	for (size_t i = 0; i < g->pages_n; i++)
		buf_done(&g->pages[i]);
	free(g->pages);
	free(g->entities.v);
	free(g->relations.v);
	free(g->next);
	*g = (struct graph_text){0};
}

/* --- sizes ---------------------------------------------------------------- */

/* Bytes of a string that is quoted once more: each quote and each backslash
 * takes one more. */
static size_t
graph_text_twice(struct jx_slice text, size_t escapes)
{
	size_t more = 2;

	if (escapes > 0)
		for (size_t i = 1; i + 1 < text.n; i++)
			more += text.p[i] == '"' || text.p[i] == '\\';
	return text.n + more;
}

static bool
graph_text_string(struct jx_scan *s, size_t *io_bytes, struct jx_slice *ret)
{
	size_t escapes;

	if (!jx_scan_string(s, ret, &escapes))
		return false;
	*io_bytes += graph_text_twice(*ret, escapes);
	return true;
}

static bool
graph_text_strings(struct jx_scan *s, size_t *io_bytes)
{
	struct jx_slice text;
	bool first = true;
	size_t n = 0;

	if (!jx_scan_enter(s, '['))
		return false;
	for (; jx_scan_entry(s, &first); n++)
		if (!graph_text_string(s, io_bytes, &text))
			return false;
	*io_bytes += n > 0 ? n - 1 : 0; /* commas */
	return !s->bad;
}

/* --- pages ---------------------------------------------------------------- */

static size_t
graph_text_member_bytes(const char *as)
{
	return strlen("\\\"\\\":,") + strlen(as);
}

static bool
graph_text_entity_member(struct jx_scan *s, struct jx_slice name,
	struct graph_item *item)
{
	struct jx_slice text;

	if (jx_slice_is(name, "id"))
		return jx_scan_int(s, &item->id);
	if (jx_slice_is(name, "omitted"))
		return jx_scan_int(s, &item->omitted);
	if (jx_slice_is(name, "name"))
		return graph_text_string(s, &item->bytes, &item->name);
	if (jx_slice_is(name, "type"))
		return graph_text_string(s, &item->bytes, &text);
	if (jx_slice_is(name, "observations"))
		return graph_text_strings(s, &item->bytes);
	return jx_scan_skip(s, NULL);
}

static bool
graph_text_relation_member(struct jx_scan *s, struct jx_slice name,
	struct graph_item *item)
{
	struct jx_slice text;

	if (jx_slice_is(name, "id"))
		return jx_scan_int(s, &item->id);
	if (jx_slice_is(name, "from") || jx_slice_is(name, "to") ||
		jx_slice_is(name, "relationType"))
		return graph_text_string(s, &item->bytes, &text);
	return jx_scan_skip(s, NULL);
}

/* A kind of item. */
struct graph_text_kind {
	bool (*member)(struct jx_scan *s, struct jx_slice name,
		struct graph_item *item);
	size_t frame; /* bytes of its names and brackets in an answer */
};

static bool
graph_text_item(struct jx_scan *s, const struct graph_text_kind *kind,
	struct graph_item *item)
{
	struct jx_slice name;
	bool first = true;

	(void)jx_scan_peek(s);
	item->text.p = s->p;
	item->bytes = kind->frame;
	if (!jx_scan_enter(s, '{'))
		return false;
	while (jx_scan_member(s, &first, &name))
		if (!kind->member(s, name, item))
			return false;
	item->text.n = (size_t)(s->p - item->text.p);
	return !s->bad;
}

static int
graph_text_items(struct jx_scan *s, const struct graph_text_kind *kind,
	struct graph_items *all, graph_item_fn wants, void *ctx)
{
	bool first = true;
	int rc = 0;

	if (!jx_scan_enter(s, '['))
		return MDB_E_PROTOCOL;
	while (jx_scan_entry(s, &first)) {
		struct graph_item item = {.at = all->n};

		if (!graph_text_item(s, kind, &item))
			return MDB_E_PROTOCOL;
		if (wants && !wants(ctx, &item, &rc)) {
			if (rc)
				return rc;
			continue;
		}
		if (vec_room(all->v, all->n, all->cap))
			return MDB_E_NOMEM;
		all->v[all->n++] = item;
	}
	return s->bad ? MDB_E_PROTOCOL : 0;
}

int
graph_text_add(struct graph_text *g, struct buf *page,
	graph_item_fn wants_entity, graph_item_fn wants_relation, void *ctx,
	struct jx_slice *ret_next)
{
	const struct graph_text_kind entity = {graph_text_entity_member,
		strlen("{},[]") + graph_text_member_bytes("name") +
			graph_text_member_bytes("entityType") +
			graph_text_member_bytes("observations") - 1};
	const struct graph_text_kind relation = {graph_text_relation_member,
		strlen("{}") + graph_text_member_bytes("from") +
			graph_text_member_bytes("to") +
			graph_text_member_bytes("relationType")};
	struct jx_slice name;
	struct jx_scan s;
	bool first = true;

	*ret_next = (struct jx_slice){NULL, 0};
	if (vec_room(g->pages, g->pages_n, g->pages_cap))
		return MDB_E_NOMEM;
	g->pages[g->pages_n] = *page;
	*page = (struct buf){0};
	page = &g->pages[g->pages_n++];
	jx_scan_init(&s, page->data, page->len);
	if (!jx_scan_enter(&s, '{'))
		return MDB_E_PROTOCOL;
	while (jx_scan_member(&s, &first, &name)) {
		int rc = 0;

		if (jx_slice_is(name, "entities"))
			rc = graph_text_items(&s, &entity, &g->entities,
				wants_entity, ctx);
		else if (jx_slice_is(name, "relations"))
			rc = graph_text_items(&s, &relation, &g->relations,
				wants_relation, ctx);
		else if (jx_slice_is(name, "next"))
			rc = jx_scan_string(&s, ret_next, NULL)
				     ? 0
				     : MDB_E_PROTOCOL;
		else if (!jx_scan_skip(&s, NULL))
			rc = MDB_E_PROTOCOL;
		if (rc)
			return rc;
	}
	return jx_scan_ended(&s) ? 0 : MDB_E_PROTOCOL;
}

/* A quote within a string has a backslash before it, so this is a member, and as
 * the last brace ends the page it is one of the page itself. */
bool
graph_text_ends_with(const struct buf *page, struct jx_slice *ret_next)
{
	static const char member[] = ",\"next\":";
	size_t n = sizeof(member) - 1, end = page->len, begin;

	if (end < n + 4 || memcmp(page->data + end - 2, "\"}", 2) != 0)
		return false;
	end--; /* behind the quote */
	for (begin = end - 1; begin > n; begin--) {
		char c = page->data[begin - 1];

		if (c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z'))
			break;
	}
	if (begin <= n || page->data[begin - 1] != '"')
		return false;
	begin--;
	if (begin < n || memcmp(page->data + begin - n, member, n) != 0)
		return false;
	*ret_next = (struct jx_slice){page->data + begin, end - begin};
	return true;
}

/* --- order ---------------------------------------------------------------- */

static int
graph_items_compare(const void *a, const void *b)
{
	const struct graph_item *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void
graph_items_sort(struct graph_items *items)
{
	size_t n = 0;

	for (size_t i = 1; i < items->n; i++)
		if (graph_items_compare(&items->v[i - 1], &items->v[i]) > 0) {
			qsort(items->v, items->n, sizeof(*items->v),
				graph_items_compare);
			break;
		}
	for (size_t i = 0; i < items->n; i++)
		if (i == 0 || items->v[i].id == 0 ||
			items->v[i].id != items->v[n - 1].id)
			items->v[n++] = items->v[i];
	items->n = n;
}

/* --- values --------------------------------------------------------------- */

json_t *
graph_text_value(struct jx_slice slice)
{
	return jx_parse_any(slice.p, slice.n, NULL);
}

static json_t *
graph_items_json(const struct graph_items *items)
{
	AUTO_JSON json_t *list = json_array();

	if (!list)
		return NULL;
	for (size_t i = 0; i < items->n; i++)
		if (jx_add(list, graph_text_value(items->v[i].text)))
			return NULL;
	return take_ptr(list);
}

json_t *
graph_text_json(const struct graph_text *g)
{
	AUTO_JSON json_t *j = json_object();

	if (!j || jx_set(j, "entities", graph_items_json(&g->entities)) ||
		jx_set(j, "relations", graph_items_json(&g->relations)) ||
		(g->next && jx_set(j, "next", json_string(g->next))))
		return NULL;
	return take_ptr(j);
}
