/* Pages of the graph: entities with their relations, as many as fit into a
 * reply. Each relation of a whole graph is given exactly once, with the later
 * one of its two ends, as a page cannot know which entities follow:
 *
 *   entities by age   ada, bob, carl       relations  bob -> carl, ada -> bob
 *   page 1            ada, bob             ada -> bob
 *   page 2            carl                 bob -> carl
 *
 * The first entity of a page is cut to fit, so that a page is never empty. */
#include "memory-db/model/read/graph_page_int.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/store/log/conflicts.h"
#include "memory-db/store/log/derivations.h"

/* Room for the frame of the reply: names of members, id, cursor. */
#define FRAME_BYTES 512

int
graph_page_init(struct graph_page *p, struct store *st,
	const struct scope *scope, const json_t *params, struct err *e)
{
	int rc;

	memset(p, 0, sizeof(*p));
	p->st = st;
	p->scope = scope;
	rc = encode_budget(params, &p->max_bytes, e);
	if (rc < 0)
		return rc;
	rc = expiry_begin(st, clock_now_ms(), &p->expiry, e);
	if (rc < 0)
		return rc;
	p->with_relations =
		!json_is_false(json_object_get(params, "relations"));
	p->encode.members = encode_members(json_object_get(params, "fields"));
	p->encode.home_ns = scope->ns[0];
	p->encode.reader = scope;
	p->encode.valid_at = scope->valid_at;
	p->bytes = FRAME_BYTES;
	rc = conflict_any(st, e);
	p->has_conflicts = rc == 1;
	return rc < 0 ? rc : 0;
}

void
graph_page_done(struct graph_page *p)
{
	buf_done(&p->entities);
	buf_done(&p->relations);
	free(p->rows.v);
	idset_done(&p->ends.at);
	free(p->ends.v);
	buf_done(&p->ends.names);
	free(p->found.v);
	idset_done(&p->waiting.first);
	free(p->waiting.v);
}

/* --- entities ------------------------------------------------------------- */

/* A new place for an entity, of which nothing is known. */
static int
graph_page_add_end(struct graph_page *p, int64_t entity,
	struct graph_page_end **ret, struct err *e)
{
	struct graph_page_ends *x = &p->ends;
	int64_t *place = idset_put(&x->at, entity);

	if (!place)
		return err_nomem(e);
	if (vec_room(x->v, x->n, x->cap) != 0)
		return err_nomem(e);
	x->v[x->n] = (struct graph_page_end){0};
	*ret = &x->v[x->n++];
	*place = (int64_t)x->n;
	return 0;
}

int
graph_page_note(struct graph_page *p, const struct fact *f, struct err *e)
{
	struct graph_page_end *end = NULL;
	const int64_t *place = idset_get(&p->ends.at, f->entity);
	size_t name = p->ends.names.len;
	int rc = 0;

	if (place && *place > 0)
		return 0;
	if (buf_add(&p->ends.names, f->text, f->text_n) != 0)
		return err_nomem(e);
	rc = graph_page_add_end(p, f->entity, &end, e);
	if (rc != 0)
		return rc;
	*end = (struct graph_page_end){f->id, f->ns, f->label, name, f->text_n};
	return rc;
}

/* 1 and what is known of the entity, valid until the next call; 0: it does not
 * exist under the lens. */
static int
graph_page_find_end(struct graph_page *p, int64_t entity,
	struct encode_end *ret, struct err *e)
{
	const int64_t *place = idset_get(&p->ends.at, entity);
	struct graph_page_end *end = NULL;
	int rc = 0;

	if (!place || *place == 0) {
		int64_t existence = 0, label = 0;
		size_t name = p->ends.names.len;

		rc = fact_existence(p->st, entity, &existence, &label,
			&p->ends.names, e);
		if (rc < 0)
			return rc;
		rc = graph_page_add_end(p, entity, &end, e);
		if (rc < 0)
			return rc;
		*end = (struct graph_page_end){existence,
			fact_namespace(existence), label, name,
			p->ends.names.len - name};
	} else {
		end = &p->ends.v[*place - 1];
	}
	*ret = (struct encode_end){end->existence, end->ns, end->label,
		p->ends.names.data + end->name, end->name_n};
	return end->existence != 0;
}

static int
graph_page_collect(void *ctx, const struct fact *f)
{
	struct graph_page_facts *x = ctx;

	if (vec_room(x->v, x->n, x->cap) != 0)
		return MDB_E_NOMEM;
	x->v[x->n] = *f;
	x->v[x->n++].text = NULL;
	return 0;
}

static int
graph_page_is_underived(struct graph_page *p, int64_t entity, bool *ret,
	struct err *e)
{
	int rc = 0;

	if (entity < p->underived_from || entity >= p->underived_to) {
		rc = derivations_next(p->st, entity, &p->underived_to, e);
		p->underived_from = entity;
	}
	*ret = rc == 0 && entity < p->underived_to;
	return rc;
}

static int
graph_page_count(void *ctx, const struct derived_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return 1;
}

/* Whether an entity may be kept: what it says of itself depends on nothing but
 * what graph_keep.h follows. */
static int
graph_page_may_keep(struct graph_page *p, int64_t entity,
	const struct encode_known *known, const json_t *j, struct err *e)
{
	bool is_derived = false;
	int64_t ends = 0;
	int rc = 0;

	if (!p->view.keep)
		return 0;
	if (!known->is_underived)
		rc = derivations_each_of(p->st, entity, graph_page_count,
			&is_derived, e);
	if (rc < 0)
		return rc;
	/* Of facts with ends only the first end stands where graph_keep.h
	 * looks; the others come without a sign. */
	if (p->any_end > 0)
		rc = attr_get(p->st, entity, ATTR_FACT_EXPIRES, &ends, e);
	if (rc < 0)
		return rc;
	p->is_keepable =
		!is_derived && ends == 0 && !json_object_get(j, "omitted");
	return 0;
}

int
graph_page_take_entity(struct graph_page *p, size_t before)
{
	size_t bytes = p->entities.len - before + (p->entities_n == 0);

	if (p->entities_n > 0 && p->bytes + bytes > p->max_bytes) {
		p->entities.len = before;
		return GRAPH_PAGE_FULL;
	}
	p->last_text = before + (p->entities_n > 0);
	p->last_row = p->rows.n;
	p->bytes += bytes;
	p->entities_n++;
	return GRAPH_PAGE_ADDED;
}

size_t
graph_page_room(const struct graph_page *p)
{
	return p->max_bytes > FRAME_BYTES * 2 ? p->max_bytes - FRAME_BYTES
					      : FRAME_BYTES;
}

int
graph_page_entity(struct graph_page *p, int64_t entity, struct err *e)
{
	struct encode_known known = {.ctx = &p->found,
		.origin = &p->origin,
		.is_uncontested = !p->has_conflicts};
	AUTO_JSON json_t *j = NULL;
	size_t before = p->entities.len;
	int rc = graph_page_find_end(p, entity, &known.end, e);

	p->is_keepable = false;
	if (rc == 1) {
		rc = expiry_is_over(&p->expiry, entity, e);
		rc = rc < 0 ? rc : !rc;
	}
	if (rc == 1 && (rc = graph_page_is_underived(p, entity,
				&known.is_underived, e)) == 0)
		rc = 1;
	if (rc != 1)
		return rc;
	p->found.n = 0;
	p->found.entity = 0;
	if (p->with_relations &&
		(p->encode.members & (MEMBER_OBSERVATIONS | MEMBER_FACTS)) != 0)
		known.relation = graph_page_collect;
	p->encode.max_bytes = graph_page_room(p);
	p->encode.known = &known;
	p->encode.expiry = p->expiry.newest != 0 ? &p->expiry : NULL;
	rc = encode_entity(p->st, entity, &p->encode, &j, NULL, e);
	p->encode.known = NULL;
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 1)
		return rc;
	if (known.relation)
		p->found.entity = entity;
	if ((p->entities_n > 0 && buf_addc(&p->entities, ',') != 0) ||
		jx_dump(j, &p->entities) != 0)
		return err_nomem(e);
	rc = graph_page_may_keep(p, entity, &known, j, e);
	return rc ? rc : graph_page_take_entity(p, before);
}

/* --- relations ------------------------------------------------------------ */

static int
graph_page_ascending(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Keeps a relation for its other end, which comes later. */
static int
graph_page_wait(struct graph_page *p, int64_t later, const struct fact *f,
	struct err *e)
{
	struct graph_page_waiting *w = &p->waiting;
	int64_t *first = idset_put(&w->first, later);

	if (!first)
		return err_nomem(e);
	if (vec_room(w->v, w->n, w->cap) != 0)
		return err_nomem(e);
	w->v[w->n] = (struct graph_page_next){*f, (size_t)*first};
	*first = (int64_t)++w->n;
	return 0;
}

/* Relations that waited for their entity go into p->found. 0 or MDB_E_NOMEM. */
static int
graph_page_take_waiting(struct graph_page *p, int64_t entity)
{
	const int64_t *first = idset_get(&p->waiting.first, entity);
	size_t at = first != NULL ? (size_t)*first : 0;
	int rc = 0;

	for (; at > 0; at = p->waiting.v[at - 1].next) {
		rc = graph_page_collect(&p->found, &p->waiting.v[at - 1].f);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Outgoing and incoming ones into p->found, sorted. The former may be there. */
static int
graph_page_find_relations(struct graph_page *p, int64_t entity, struct err *e)
{
	struct graph_page_facts *x = &p->found;
	int rc = 0;

	if (x->entity != entity) {
		x->n = 0;
		rc = fact_each(p->st, entity, 1u << FACT_RELATION,
			graph_page_collect, x, e);
	}
	x->entity = 0;
	if (rc == 0)
		rc = p->knows_earlier ? graph_page_take_waiting(p, entity)
				      : fact_each_incoming(p->st, entity,
						graph_page_collect, x, e);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 0)
		return rc;
	if (x->n > 0)
		qsort(x->v, x->n, sizeof(*x->v), graph_page_ascending);
	return 0;
}

int
graph_page_take_relation(struct graph_page *p, int64_t id, int64_t other,
	size_t before, struct err *e)
{
	struct graph_page_rows *rows = &p->rows;
	size_t bytes = p->relations.len - before;

	if (p->bytes + bytes + 1 > p->max_bytes && p->bytes > FRAME_BYTES) {
		p->relations.len = before;
		return GRAPH_PAGE_FULL;
	}
	if (vec_room(rows->v, rows->n, rows->cap) != 0)
		return err_nomem(e);
	rows->v[rows->n++] = (struct graph_page_row){id, other, before, bytes};
	p->bytes += bytes + 1;
	return 0;
}

/* Adds a relation of the entity that is *own, if it belongs on this page. 0, or
 * 2: there is no room for it. */
static int
graph_page_add_relation(struct graph_page *p, int64_t entity,
	const struct fact *f, bool only_earlier, struct err *e)
{
	int64_t other = f->entity == entity ? f->peer : f->entity;
	struct encode_end own, far;
	AUTO_JSON json_t *j = NULL;
	size_t before = p->relations.len;
	int rc;

	if (only_earlier && p->knows_earlier && !idset_has(&p->ends.at, other))
		return graph_page_wait(p, other, f, e);
	/* An end that is not given itself: it has come to its time. */
	rc = expiry_is_over(&p->expiry, other, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = graph_page_find_end(p, other, &far, e);
	/* The second look finds what the first has left, at its new place. */
	if (rc == 1)
		rc = graph_page_find_end(p, entity, &own, e);
	if (rc == 1 && only_earlier && far.existence > own.existence)
		return p->knows_earlier ? graph_page_wait(p, other, f, e) : 0;
	if (rc != 1)
		return rc;
	rc = f->entity == entity
		     ? encode_relation_between(p->st, f, &own, &far, &j, e)
		     : encode_relation_between(p->st, f, &far, &own, &j, e);
	if (rc != 0)
		return rc;
	if (jx_dump(j, &p->relations) != 0)
		return err_nomem(e);
	return graph_page_take_relation(p, f->id, other, before, e);
}

int
graph_page_relations(struct graph_page *p, int64_t entity, bool only_earlier,
	int64_t *after, struct err *e)
{
	struct encode_end own;
	int64_t last = *after;
	int rc;

	if (!p->with_relations)
		return 0;
	rc = graph_page_find_end(p, entity, &own, e);
	if (rc != 1)
		return rc;
	rc = graph_page_find_relations(p, entity, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < p->found.n; i++) {
		const struct fact *f = &p->found.v[i];

		if (f->id <= last) /* done, or both ends are this one */
			continue;
		rc = graph_page_add_relation(p, entity, f, only_earlier, e);
		/* 1: the entity was given, none of its relations */
		if (rc == GRAPH_PAGE_FULL)
			*after = last > 0 ? last : 1;
		if (rc != 0)
			return rc;
		*after = last = f->id;
	}
	*after = 0;
	return 0;
}

static int
graph_page_by_id(const void *a, const void *b)
{
	const struct graph_page_row *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Appends the relations in order of creation, each once. */
static int
graph_page_write_relations(struct graph_page *p, struct buf *out)
{
	const struct graph_page_rows *r = &p->rows;

	for (size_t i = 1; i < r->n; i++)
		if (r->v[i - 1].id > r->v[i].id) {
			qsort(r->v, r->n, sizeof(*r->v), graph_page_by_id);
			break;
		}
	for (size_t i = 0; i < r->n; i++) {
		if (i > 0 && r->v[i - 1].id == r->v[i].id)
			continue;
		if ((i > 0 && buf_addc(out, ',') != 0) ||
			buf_add(out, p->relations.data + r->v[i].at,
				r->v[i].n) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

/* Sets the lists of entities and relations as members of the result. */
static int
graph_page_write(struct graph_page *p, struct buf *out)
{
	return buf_adds(out, "\"entities\":[") != 0 ||
			       buf_add(out, p->entities.data,
				       p->entities.len) != 0 ||
			       buf_adds(out, "],\"relations\":[") != 0 ||
			       graph_page_write_relations(p, out) != 0 ||
			       buf_addc(out, ']') != 0
		       ? MDB_E_NOMEM
		       : 0;
}

/* The lists as values, for who looks into them. */
static json_t *
graph_page_values(struct graph_page *p, struct err *e)
{
	AUTO_BUF struct buf text = {0};

	if (buf_addc(&text, '{') != 0 || graph_page_write(p, &text) != 0 ||
		buf_addc(&text, '}') != 0) {
		err_nomem(e);
		return NULL;
	}
	return jx_parse(text.data, text.len, e);
}

int
graph_page_result(struct graph_page *p, const char *next, struct buf *text,
	json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *result =
		text ? json_object() : graph_page_values(p, e);

	if (!result)
		return text ? err_nomem(e) : e->code;
	if (text && graph_page_write(p, text) != 0)
		return err_nomem(e);
	if (next && jx_set(result, "next", json_string(next)) != 0)
		return err_nomem(e);
	*ret_result = take_ptr(result);
	return 0;
}
