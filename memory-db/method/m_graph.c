/* open_nodes, read_graph. */
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/read/graph_page.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/store/facts/labels.h"

/* Reads the cursor of the page before: the change it pins and where it ended. */
static int
m_graph_begin(struct call *c, struct scope *s, int64_t *ret_a, int64_t *ret_b,
	struct err *e)
{
	const char *cursor = jx_text(c->params, "cursor");
	int64_t change = 0;
	int rc = 0;

	*ret_a = *ret_b = 0;
	if (cursor)
		rc = cursor_parse(cursor, &change, ret_a, ret_b, e);
	return rc == 0 ? scope_read(c->st, c->ctx, change, s, e) : rc;
}

/* --- open_nodes ----------------------------------------------------------- */
static int
add_missing(struct graph_page *p, const char *name, json_t *missing,
	struct err *e)
{
	json_t *similar = NULL, *row;
	int rc = 0;

	if (json_array_size(missing) < LIMIT_SIMILAR_LOOKED)
		rc = scope_similar_names(p->st, p->scope, name, &similar, e);
	else if ((similar = json_array()) == NULL)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	row = json_pack("{s:s,s:o}", "name", name, "similar", similar);
	return jx_add(missing, row) == 0 ? 0 : err_nomem(e);
}

/* Names asked for, in each namespace read: the n-th pair, and the entities
 * that stand at an earlier one. Two names of one entity give it once. */
struct m_graph_asked {
	const json_t *names;
	struct idset seen; /* entity -> its first pair, from 1 */
};

/* Entity of pair n; 0: none, or it was given before. */
static int
resolve(struct graph_page *p, struct m_graph_asked *a, int64_t n,
	int64_t *ret_entity, struct err *e)
{
	const char *name = json_string_value(
		json_array_get(a->names, (size_t)(n / p->scope->n)));
	struct scope one = {.ns = {p->scope->ns[n % p->scope->n]}, .n = 1};
	int64_t *first;
	int rc;

	*ret_entity = 0;
	if (one.ns[0] == 0)
		return 0;
	rc = scope_entity(p->st, &one, name, strlen(name), ret_entity, e);
	if (rc != 1)
		return rc;
	first = idset_put(&a->seen, *ret_entity);
	if (!first)
		return err_nomem(e);
	if (*first == 0)
		*first = n + 1;
	else if (*first != n + 1)
		*ret_entity = 0;
	return 0;
}

/* The entity of a pair, from relation *after on. 0 done, 2 the page is full
 * (*after 0: before the entity itself). */
static int
open_one(struct graph_page *p, struct m_graph_asked *a, int64_t n,
	int64_t *after, struct err *e)
{
	int64_t entity;
	int rc = resolve(p, a, n, &entity, e);

	if (rc != 0 || entity == 0)
		return rc;
	rc = *after == 0 ? graph_page_entity(p, entity, e) : 1;
	return rc == 1 ? graph_page_relations(p, entity, false, after, e) : rc;
}

static int
note_missing(struct graph_page *p, const char *name, json_t *missing,
	struct err *e)
{
	int64_t entity;
	int rc = scope_entity(p->st, p->scope, name, strlen(name), &entity, e);

	if (rc == 0)
		rc = add_missing(p, name, missing, e);
	return rc < 0 ? rc : 0;
}

/* Cursor: (name, namespace) counted through, and the last relation given. */
int
m_open_nodes(struct call *c, json_t **ret_result, struct err *e)
{
	struct m_graph_asked a = {.names = json_object_get(c->params, "names")};
	AUTO_JSON json_t *missing = json_array();
	AUTO_PAGE struct graph_page p = {0};
	char next[CURSOR_SIZE];
	struct scope s;
	int64_t at, after, before, n;
	int r = m_graph_begin(c, &s, &at, &after, e);

	if (r == 0)
		r = graph_page_init(&p, c->st, &s, c->params, e);
	n = r == 0 ? (int64_t)json_array_size(a.names) * s.n : 0;
	for (int64_t i = 0; r == 0 && i < at && i < n; i++)
		r = resolve(&p, &a, i, &before, e);
	while (r == 0 && at < n) {
		r = open_one(&p, &a, at, &after, e);
		if (r == 0 && at % s.n == s.n - 1)
			r = note_missing(&p,
				json_string_value(json_array_get(a.names,
					(size_t)(at / s.n))),
				missing, e);
		if (r == 0)
			at++;
	}
	idset_done(&a.seen);
	if (r == 2)
		cursor_format(next, s.change, at, after);
	if (r == 0 || r == 2)
		r = graph_page_result(&p, r == 2 ? next : NULL, c->text,
			ret_result, e);
	if (r == 0 && json_array_size(missing) > 0 &&
		jx_set(*ret_result, "missing", take_ptr(missing)) != 0) {
		json_decref(*ret_result);
		r = err_nomem(e);
	}
	return r;
}

/* --- read_graph ----------------------------------------------------------- */
/* Ids first: encoding uses the statements of the loop. */
#define BATCH 64

struct m_graph_batch {
	struct graph_page *page;
	struct err *e;
	int64_t entity[BATCH], existence[BATCH];
	int n;
};

static int
m_graph_collect(void *ctx, const struct fact *f)
{
	struct m_graph_batch *b = ctx;

	b->entity[b->n] = f->entity;
	b->existence[b->n++] = f->id;
	if (graph_page_note(b->page, f, b->e) != 0)
		return MDB_E_NOMEM;
	return b->n == BATCH;
}

struct m_graph_place {
	int64_t which;	   /* namespace of the scope */
	int64_t existence; /* of the last entity given */
	int64_t relation;  /* its last relation given; 0: all */
};

/* One entity; 2: the page is full. */
static int
m_graph_read_entity(struct graph_page *p, int64_t entity, int64_t existence,
	struct m_graph_place *at, struct err *e)
{
	int rc = graph_page_entity(p, entity, e);

	if (rc != 1)
		return rc;
	at->existence = existence;
	return graph_page_relations(p, entity, true, &at->relation, e);
}

/* The rest of the relations of the entity the page before ended with. */
static int
entity_id(void *ctx, const struct fact *f)
{
	*(int64_t *)ctx = f->entity;
	return 0;
}

static int
m_graph_resume(struct graph_page *p, struct m_graph_place *at, struct err *e)
{
	int64_t entity = 0;
	int r;

	if (at->relation == 0)
		return 0;
	r = fact_get(p->st, at->existence, entity_id, &entity, e);
	return r == 1 ? graph_page_relations(p, entity, true, &at->relation, e)
		      : r;
}

/* The rest of a namespace. 0 its end, 2 page full. */
static int
m_graph_read_namespace(struct graph_page *p, int64_t ns, int64_t limit,
	struct m_graph_place *at, struct err *e)
{
	int rc = m_graph_resume(p, at, e);

	while (rc == 0) {
		struct m_graph_batch b = {.page = p, .e = e};

		rc = fact_each_entity(p->st, ns, at->existence, m_graph_collect,
			&b, e);
		if (rc < 0)
			return rc;
		rc = 0;
		for (int i = 0; rc == 0 && i < b.n; i++)
			rc = p->entities_n >= limit
				     ? 2
				     : m_graph_read_entity(p, b.entity[i],
					       b.existence[i], at, e);
		if (b.n < BATCH)
			break;
	}
	return rc;
}

/* Cursor: namespace and last relation in one number, existence fact. */
int
m_read_graph(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_PAGE struct graph_page p = {0};
	char next[CURSOR_SIZE];
	struct scope s;
	struct m_graph_place at = {0};
	int64_t packed, limit = INT64_MAX;
	int r = m_graph_begin(c, &s, &packed, &at.existence, e);

	if (r != 0)
		return r;
	r = graph_page_init(&p, c->st, &s, c->params, e);
	if (r != 0)
		return r;
	r = jx_int(c->params, "limit", JX_OPTIONAL, 1, INT64_MAX, &limit, e);
	if (r < 0)
		return r;
	r = 0;
	at.which = packed & 1;
	at.relation = packed >> 1;
	/* The first page, of a memory that leads to no other. */
	p.knows_earlier =
		at.existence == 0 && s.n == 1 && s.ns[0] == NAMESPACE_DEFAULT;
	while (r == 0 && at.which < s.n) {
		if (s.ns[at.which] != 0)
			r = m_graph_read_namespace(&p, s.ns[at.which], limit,
				&at, e);
		if (r == 0)
			at = (struct m_graph_place){at.which + 1, 0, 0};
	}
	if (r == 2)
		cursor_format(next, s.change, at.which | at.relation << 1,
			at.existence);
	if (r == 0 || r == 2)
		r = graph_page_result(&p, r == 2 ? next : NULL, c->text,
			ret_result, e);
	return r;
}
