/* What was found by search_nodes, as JSON within a budget of bytes.
 *
 * Each row has a share of the room that is left, the first ones more than the
 * last. A row that needs less than its share leaves the rest to those behind
 * it; a large entity is cut to its share instead of pushing others out.
 * Relations between the rows come last, with the room that remains. */
#include "memory-db/model/search/search_page.h"

#include <math.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/scope/idmap.h"
#include "memory-db/store/facts/facts.h"

/* Room for the frame of the reply: names of members, id, cursor. */
#define FRAME_BYTES 192
/* ,"score":0.123 */
#define SCORE_BYTES 16
/* An entity is never cut below this. */
#define SHARE_MIN 200

struct search_page_writing {
	struct store *st;
	const struct search_page *page;
	const struct search_result *found;
	struct encode_options encode;
	struct expiry expiry;
	json_t *results, *relations; /* owned */
	struct idmap seen;	     /* relations written */
	size_t bytes;
	size_t next; /* row that the next page begins with */
	struct err *e;
};

/* Bytes for one row of `left`: twice the even share for the first, falling, so
 * that the best have more room; what one leaves goes to those behind it. */
static size_t
search_page_share(const struct search_page_writing *w, size_t left)
{
	size_t rest = w->page->max_bytes > w->bytes
			      ? w->page->max_bytes - w->bytes
			      : 0;
	size_t mine = rest * 2 / (left + 1);

	return mine > SHARE_MIN ? mine : SHARE_MIN;
}

/* 1 written, 0 the page is full. */
static int
search_page_write_row(struct search_page_writing *w,
	const struct search_found *row, size_t left)
{
	AUTO_JSON json_t *j = NULL;
	double score = round(row->score * 1000) / 1000;
	struct encode_given *given = w->encode.given;
	size_t bytes = 0, before = given ? given->n : 0;
	int rc;

	w->encode.max_bytes = search_page_share(w, left);
	rc = encode_entity(w->st, row->entity, &w->encode, &j, &bytes, w->e);
	if (rc <= 0)
		return rc < 0 ? rc : 1; /* gone: nothing to write */
	bytes += SCORE_BYTES;
	if (w->bytes + bytes > w->page->max_bytes &&
		json_array_size(w->results) > 0) {
		if (given)
			given->n = before;
		return 0;
	}
	w->bytes += bytes;
	if (jx_set(j, "score", json_real(score)) != 0 ||
		jx_add(w->results, take_ptr(j)) != 0)
		return err_nomem(w->e);
	return 1;
}

static int
write_relation(void *ctx, const struct fact *f)
{
	struct search_page_writing *w = ctx;
	AUTO_JSON json_t *j = NULL;
	size_t bytes;
	int rc;

	if (idmap_get(&w->seen, f->id, NULL))
		return 0;
	if (idmap_put(&w->seen, f->id, 1) < 0)
		return err_nomem(w->e);
	rc = encode_relation(w->st, f, &j, w->e);
	if (rc <= 0)
		return rc;
	bytes = encode_size(j) + 1;
	if (w->bytes + bytes > w->page->max_bytes)
		return 1;
	w->bytes += bytes;
	return jx_add(w->relations, take_ptr(j)) != 0 ? err_nomem(w->e) : 0;
}

/* Relations of the rows written, those of the best first. */
static int
write_relations(struct search_page_writing *w)
{
	for (size_t i = 0; i < w->next; i++) {
		int64_t entity = w->found->rows[i].entity;
		int rc = fact_each(w->st, entity, 1u << FACT_RELATION,
			write_relation, w, w->e);

		if (rc != 0)
			return rc < 0 ? rc : 0;
		rc = fact_each_incoming(w->st, entity, write_relation, w, w->e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

static int
search_page_write_all(struct search_page_writing *w)
{
	size_t n = w->found->n;
	int rc = expiry_begin(w->st, clock_now_ms(), &w->expiry, w->e);

	if (rc)
		return rc;
	if (w->expiry.newest != 0)
		w->encode.expiry = &w->expiry;
	for (rc = 1; rc == 1 && w->next < n; w->next += rc == 1)
		rc = search_page_write_row(w, &w->found->rows[w->next],
			n - w->next);
	if (rc >= 0 && w->page->relations)
		rc = write_relations(w);
	return rc < 0 ? rc : 0;
}

static int
result_of(struct search_page_writing *w, const struct scope *scope,
	json_t **ret)
{
	const struct search_result *f = w->found;
	bool cut = w->next < f->n;
	AUTO_JSON json_t *j = json_object();
	size_t count = json_array_size(w->results);
	char next[CURSOR_SIZE];
	int bad = 0;

	cursor_format(next, scope->change, cut ? f->rows[w->next].a : f->a,
		cut ? f->rows[w->next].b : f->b);
	bad |= jx_set(j, "results", take_ptr(w->results));
	bad |= jx_set(j, "count", json_integer((json_int_t)count));
	if (w->page->relations)
		bad |= jx_set(j, "relations", take_ptr(w->relations));
	if (cut || f->more)
		bad |= jx_set(j, "next", json_string(next));
	if (f->partial && !cut)
		bad |= jx_set(j, "partial", json_true());
	if (bad)
		return err_nomem(w->e);
	*ret = take_ptr(j);
	return 0;
}

int
search_page_json(struct store *st, const struct scope *scope,
	const struct search_page *page, const struct search_result *found,
	json_t **ret_result, struct err *e)
{
	struct search_page_writing w = {.st = st,
		.page = page,
		.found = found,
		.e = e,
		.bytes = FRAME_BYTES,
		.encode = {.members = page->members,
			.given = page->given,
			.home_ns = scope->ns[0],
			.reader = scope,
			.valid_at = scope->valid_at,
			.lead = found->lead && found->lead[0] ? found->lead
							      : NULL}};
	int rc;

	w.results = json_array();
	w.relations = json_array();
	rc = w.results && w.relations ? search_page_write_all(&w)
				      : err_nomem(e);
	if (rc == 0)
		rc = result_of(&w, scope, ret_result);
	json_decref(w.results);
	json_decref(w.relations);
	idmap_done(&w.seen);
	return rc;
}
