/* open_nodes and read_graph: entities with all they have, in pages.
 *
 * A page ends where the bytes of the reply end, which may be in the middle of
 * an entity with many relations. So a cursor has three numbers: the change
 * that pins the state, the entity, and the last relation that was given.
 *
 *   page 1   ada (all), bob (relations 1 to 700)      next: bob, 700
 *   page 2   bob (relations 701 to 900), zoe (all)
 *
 * Texts of the present graph are kept between two reads
 * (model/read/graph_keep.h); everything else is read from the file. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/given.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/read/graph_page.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/useful/question.h"
#include "memory-db/store/beside/curated.h"
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
	if (rc != 0)
		return rc;
	return scope_read(c->st, c->ctx, change, s, e);
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

/* The entity of a pair, from relation *after on. 0 done; GRAPH_PAGE_FULL,
 * with *after 0: before the entity itself. */
static int
open_one(struct graph_page *p, struct m_graph_asked *a, int64_t n,
	int64_t *after, struct err *e)
{
	int64_t entity;
	int rc = resolve(p, a, n, &entity, e);

	if (rc != 0 || entity == 0)
		return rc;
	if (*after == 0) {
		rc = graph_page_entity(p, entity, e);
		if (rc != GRAPH_PAGE_ADDED)
			return rc;
	}
	return graph_page_relations(p, entity, false, after, e);
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

/* The pairs from *at on; those before it are only looked up, so that no entity
 * is given again. 0 all of them; GRAPH_PAGE_FULL. */
static int
open_pairs(struct graph_page *p, struct m_graph_asked *a, int64_t *at,
	int64_t *after, json_t *missing, struct err *e)
{
	int64_t n = (int64_t)json_array_size(a->names) * p->scope->n, before;
	int rc;

	for (int64_t i = 0; i < *at && i < n; i++) {
		rc = resolve(p, a, i, &before, e);
		if (rc != 0)
			return rc;
	}
	for (; *at < n; ++*at) {
		rc = open_one(p, a, *at, after, e);
		if (rc != 0)
			return rc;
		if (*at % p->scope->n != p->scope->n - 1)
			continue;
		rc = note_missing(p,
			json_string_value(json_array_get(a->names,
				(size_t)(*at / p->scope->n))),
			missing, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
give_names(struct call *c, const struct m_graph_asked *a, const struct scope *s,
	const struct encode_given *given, struct err *e)
{
	AUTO_BUF struct buf names = {0};

	if (given->n == 0)
		return 0;
	if (question_of_names(a->names, &names) != 0)
		return err_nomem(e);
	return given_receipt(c, RECEIPT_OPEN, names.data ? names.data : "",
		names.len, s, given, e);
}

/* The whole of a large memory was asked for by nobody fact by fact. */
static int
give_all(struct call *c, const struct graph_page *p, struct err *e)
{
	static const struct encode_given none = {.n = 0};

	if (p->entities_n == 0 || p->entities_n > GIVEN_MAX ||
		!given_is_wanted(c, p->scope))
		return 0;
	return given_receipt(c, RECEIPT_GRAPH, QUESTION_ALL,
		sizeof(QUESTION_ALL) - 1, p->scope, &none, e);
}

/* Cursor: (name, namespace) counted through, and the last relation given. */
int
m_open_nodes(struct call *c, json_t **ret_result, struct err *e)
{
	struct m_graph_asked a = {.names = json_object_get(c->params, "names")};
	AUTO_JSON json_t *missing = json_array();
	AUTO_PAGE struct graph_page p = {0};
	struct encode_given given = {.n = 0};
	char next[CURSOR_SIZE];
	struct scope s;
	int64_t at, after;
	bool is_full;
	int rc = m_graph_begin(c, &s, &at, &after, e);

	if (rc != 0)
		return rc;
	rc = graph_page_init(&p, c->st, &s, c->params, e);
	if (rc != 0)
		return rc;
	/* A second page has the question of the first. */
	if (at == 0 && after == 0 && given_is_wanted(c, &s))
		p.encode.given = &given;
	rc = open_pairs(&p, &a, &at, &after, missing, e);
	idset_done(&a.seen);
	is_full = rc == GRAPH_PAGE_FULL;
	if (is_full)
		cursor_format(next, s.change, at, after);
	rc = rc < 0 ? rc : give_names(c, &a, &s, &given, e);
	free(given.v);
	if (rc != 0)
		return rc;
	rc = graph_page_result(&p, is_full ? next : NULL, c->text, ret_result,
		e);
	if (rc != 0)
		return rc;
	if (json_array_size(missing) > 0 &&
		jx_set(*ret_result, "missing", take_ptr(missing)) != 0) {
		json_decref(*ret_result);
		return err_nomem(e);
	}
	return 0;
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

/* One entity, as it is kept or from the file, or GRAPH_PAGE_FULL. */
static int
m_graph_read_entity(struct graph_page *p, int64_t entity, int64_t existence,
	struct m_graph_place *at, struct err *e)
{
	bool given = false;
	int rc = graph_page_kept(p, (int)at->which, existence, &given,
		&at->relation, e);

	if (given)
		at->existence = existence;
	if (rc != GRAPH_PAGE_NOTHING)
		return rc == GRAPH_PAGE_ADDED ? 0 : rc;
	rc = graph_page_entity(p, entity, e);
	if (rc != GRAPH_PAGE_ADDED) {
		if (rc == GRAPH_PAGE_NOTHING)
			at->existence = existence;
		return rc;
	}
	at->existence = existence;
	rc = graph_page_relations(p, entity, true, &at->relation, e);
	if (rc != 0)
		return rc;
	graph_page_keep(p, (int)at->which, existence);
	return 0;
}

static int
entity_id(void *ctx, const struct fact *f)
{
	*(int64_t *)ctx = f->entity;
	return 0;
}

/* The rest of the relations of the entity the page before ended with. */
static int
m_graph_resume(struct graph_page *p, struct m_graph_place *at, struct err *e)
{
	int64_t entity = 0;
	int rc;

	if (at->relation == 0)
		return 0;
	rc = fact_get(p->st, at->existence, entity_id, &entity, e);
	if (rc != 1)
		return rc;
	return graph_page_relations(p, entity, true, &at->relation, e);
}

/* Entities whose order is kept. 1 the end of the namespace, 0 what comes next is not known;
 * GRAPH_PAGE_FULL. */
static int
m_graph_read_known(struct graph_page *p, int64_t limit,
	struct m_graph_place *at, struct err *e)
{
	for (;;) {
		int64_t existence = 0, entity = 0;
		int rc;

		switch (graph_view_next(&p->view, (int)at->which, at->existence,
			&existence, &entity)) {
		case GRAPH_NEXT_UNKNOWN:
			return 0;
		case GRAPH_NEXT_END:
			return 1;
		case GRAPH_NEXT_ENTITY:
			break;
		}
		if (p->entities_n >= limit)
			return GRAPH_PAGE_FULL;
		rc = m_graph_read_entity(p, entity, existence, at, e);
		if (rc != 0)
			return rc;
	}
}

/* The rest of a namespace. 0 its end; GRAPH_PAGE_FULL. */
static int
m_graph_read_namespace(struct graph_page *p, int64_t ns, int64_t limit,
	struct m_graph_place *at, struct err *e)
{
	int rc = m_graph_resume(p, at, e);

	if (rc != 0)
		return rc;
	rc = m_graph_read_known(p, limit, at, e);
	if (rc != 0)
		return rc == 1 ? 0 : rc;
	for (;;) {
		struct m_graph_batch b = {.page = p, .e = e};

		rc = fact_each_entity(p->st, ns, at->existence, m_graph_collect,
			&b, e);
		if (rc < 0)
			return rc;
		graph_view_order(&p->view, (int)at->which, at->existence,
			b.existence, b.entity, b.n, b.n < BATCH);
		for (int i = 0; i < b.n; i++) {
			if (p->entities_n >= limit)
				return GRAPH_PAGE_FULL;
			rc = m_graph_read_entity(p, b.entity[i], b.existence[i],
				at, e);
			if (rc != 0)
				return rc;
		}
		if (b.n < BATCH)
			return 0;
	}
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
	bool is_later;
	int rc = m_graph_begin(c, &s, &packed, &at.existence, e);

	if (rc != 0)
		return rc;
	rc = graph_page_init(&p, c->st, &s, c->params, e);
	if (rc != 0)
		return rc;
	rc = jx_int(c->params, "limit", JX_OPTIONAL, 1, INT64_MAX, &limit, e);
	if (rc < 0)
		return rc;
	rc = 0;
	is_later = packed != 0 || at.existence != 0;
	at.which = packed & 1;
	at.relation = packed >> 1;
	if (p.with_relations && p.encode.members == MEMBERS_DEFAULT)
		rc = graph_view_begin(&p.view, c->keep, c->keep_seen, c->st,
			c->ctx, &s, p.expiry.newest, e);
	if (rc != 0)
		return rc;
	if (p.view.keep)
		rc = curated_due(c->st, INT64_MAX, &p.any_end, e);
	if (rc != 0)
		return rc;
	c->is_kept = p.view.keep != NULL;
	/* The first page, of a memory that leads to no other. */
	p.knows_earlier =
		at.existence == 0 && s.n == 1 && s.ns[0] == NAMESPACE_DEFAULT;
	while (at.which < s.n) {
		if (s.ns[at.which] != 0)
			rc = m_graph_read_namespace(&p, s.ns[at.which], limit,
				&at, e);
		if (rc != 0)
			break;
		at = (struct m_graph_place){at.which + 1, 0, 0};
	}
	if (rc < 0)
		return rc;
	if (rc == GRAPH_PAGE_FULL)
		cursor_format(next, s.change, at.which | at.relation << 1,
			at.existence);
	else if (!is_later)
		rc = give_all(c, &p, e);
	if (rc < 0)
		return rc;
	return graph_page_result(&p, rc == GRAPH_PAGE_FULL ? next : NULL,
		c->text, ret_result, e);
}
