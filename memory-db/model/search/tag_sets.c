/* Filters on tags as sets of ids. tag_sets.h says why.
 *
 * For example the filter ["urgent", "work"]: the entities with "urgent" are
 * read from the index into a set, then those with "work", and the set keeps
 * what was in both. A search asks the set of each candidate, which costs no
 * statement. The sets are kept until the namespace changes. */
#include "memory-db/model/search/tag_sets.h"

#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/filter_index.h"

/* Rows of the two indexes that are looked at, at most: some 100 ms. */
#define ROWS_MOST 30000
/* Bits of a set's value; filters on more tags go the slow way. */
#define TAGS_MOST 32
/* Ids of existence facts are read by so many at a time. */
#define BLOCK 4096

struct tag_sets {
	int64_t ns, change; /* ns 0: not made */
	json_t *tags;	    /* owned: of which filter */
	bool too_many;
	bool any_own;
	uint64_t all;
	struct idset facts; /* marks of a fact, and those of its entity */
	struct idset own;   /* marks of an entity itself */
	struct idset entities;
	struct existence_block {
		int64_t lo; /* 0: none */
		uint64_t bits[BLOCK / 64];
	} block;
};

static void
tag_sets_empty(struct tag_sets *x)
{
	json_decref(x->tags);
	idset_done(&x->facts);
	idset_done(&x->own);
	idset_done(&x->entities);
	*x = (struct tag_sets){0};
}

/* A search is of a project and of the user's memory. */
struct kept_tag_sets {
	struct tag_sets of[2];
	unsigned next; /* made anew when another filter is asked for */
};

static void
tag_sets_free(void *p)
{
	struct kept_tag_sets *kept = p;

	for (size_t i = 0; i < ARRAY_LEN(kept->of); i++)
		tag_sets_empty(&kept->of[i]);
	free(p);
}

static bool
has_all(const struct tag_sets *x, const struct idset *set, int64_t id)
{
	const int64_t *v = idset_get(set, id);

	return v != NULL && (uint64_t)*v == x->all;
}

bool
tag_sets_own(const struct tag_sets *x, int64_t entity)
{
	return x->any_own && has_all(x, &x->own, entity);
}

bool
tag_sets_any_own(const struct tag_sets *x)
{
	return x->any_own;
}

bool
tag_sets_fact(const struct tag_sets *x, int64_t fact)
{
	return has_all(x, &x->facts, fact);
}

bool
tag_sets_entity(const struct tag_sets *x, int64_t entity)
{
	return tag_sets_own(x, entity) || idset_has(&x->entities, entity);
}

/* --- making them ---------------------------------------------------------- */

struct making {
	struct tag_sets *x;
	uint64_t bit; /* of the tag whose marks are read */
	int64_t looked;
	struct err *e;
};

/* After a merge the newest metadata counts: the last one read. */
static int
tag_sets_add_metadata(void *ctx, const struct fact *f)
{
	struct making *m = ctx;
	json_t *metadata AUTO_JSON = NULL, *have, *tag;
	size_t i, k;
	int64_t *v;

	if (++m->looked > ROWS_MOST)
		return 1;
	metadata = jx_parse(f->text, f->text_n, m->e);
	if (!metadata)
		return MDB_E_NOMEM;
	v = idset_put(&m->x->own, f->entity);
	if (!v)
		return err_nomem(m->e);
	*v = 0;
	json_array_foreach(json_object_get(metadata, "tags"), i, have)
		json_array_foreach(m->x->tags, k, tag)
			if (json_equal(have, tag))
				*v |= INT64_C(1) << k;
	return 0;
}

static int
add_mark(void *ctx, int64_t fact, int64_t entity)
{
	struct making *m = ctx;
	const int64_t *own = idset_get(&m->x->own, entity);
	int64_t *v;

	if (++m->looked > ROWS_MOST)
		return 1;
	v = idset_put(&m->x->facts, fact);
	if (!v)
		return err_nomem(m->e);
	*v |= (int64_t)m->bit | (own ? *own : 0);
	if ((uint64_t)*v == m->x->all && !idset_put(&m->x->entities, entity))
		return err_nomem(m->e);
	return 0;
}

static int
tag_sets_make(struct store *st, struct tag_sets *x,
	const struct search_range *range, const json_t *tags, struct err *e)
{
	struct making m = {.x = x, .e = e};
	const json_t *tag;
	size_t i;
	int rc;

	x->tags = jx_copy(tags);
	if (!x->tags)
		return err_nomem(e);
	x->all = (UINT64_C(1) << json_array_size(tags)) - 1;
	rc = filter_index_metadata(st, range, tag_sets_add_metadata, &m, e);
	for (size_t k = 0; k < x->own.cap; k++)
		x->any_own |= x->own.slots[k].id != 0 &&
			      (uint64_t)x->own.slots[k].value == x->all;
	json_array_foreach(tags, i, tag) {
		int64_t label = 0;

		if (rc == 0)
			rc = label_find(st, json_string_value(tag), &label, e);
		m.bit = UINT64_C(1) << i;
		if (rc >= 0 && label != 0)
			rc = filter_index_marks(st, range, label, add_mark, &m,
				e);
	}
	if (rc < 0)
		return rc;
	if (rc == 1)
		tag_sets_empty(x);
	if (rc == 1 && (x->tags = jx_copy(tags)) == NULL)
		return err_nomem(e);
	x->too_many = rc == 1;
	x->ns = range->ns;
	x->change = range->change;
	return 0;
}

static bool
tag_sets_is_of(const struct tag_sets *x, const struct search_range *range,
	const json_t *tags)
{
	return x->ns == range->ns && x->change == range->change &&
	       json_equal(x->tags, tags);
}

/* Facts have that tag by their words, too, which no index of tags tells. */
static bool
tag_sets_asks_for_rules(const json_t *tags)
{
	const json_t *tag;
	size_t i;

	json_array_foreach(tags, i, tag)
		if (strcmp(json_string_value(tag), INSTRUCTION_TAG) == 0)
			return true;
	return false;
}

int
tag_sets_get(struct store *st, const struct search_range *range,
	const json_t *tags, struct tag_sets **ret, struct err *e)
{
	struct kept_tag_sets **kept = (struct kept_tag_sets **)store_kept(st,
		STORE_KEPT_TAGS, tag_sets_free);
	struct tag_sets *x;
	int rc = 0;

	if (range->change == 0 || json_array_size(tags) == 0 ||
		json_array_size(tags) > TAGS_MOST ||
		tag_sets_asks_for_rules(tags))
		return 0;
	if (!*kept)
		*kept = calloc(1, sizeof(**kept));
	if (!*kept)
		return err_nomem(e);
	for (size_t i = 0; i < ARRAY_LEN((*kept)->of); i++)
		if (tag_sets_is_of(&(*kept)->of[i], range, tags)) {
			*ret = &(*kept)->of[i];
			return !(*ret)->too_many;
		}
	x = &(*kept)->of[(*kept)->next++ % ARRAY_LEN((*kept)->of)];
	tag_sets_empty(x);
	rc = tag_sets_make(st, x, range, tags, e);
	if (rc < 0) {
		tag_sets_empty(x);
		return rc;
	}
	*ret = x;
	return !x->too_many;
}

/* --- existence facts ------------------------------------------------------ */

static int
set_bit(void *ctx, int64_t fact)
{
	struct existence_block *b = ctx;

	b->bits[(fact - b->lo) / 64] |= UINT64_C(1) << (fact - b->lo) % 64;
	return 0;
}

int
tag_sets_is_existence(struct store *st, struct tag_sets *x, int64_t fact,
	struct err *e)
{
	struct existence_block *b = &x->block;
	int rc = 0;

	if (b->lo == 0 || fact < b->lo || fact >= b->lo + BLOCK) {
		memset(b, 0, sizeof(*b));
		b->lo = fact - fact % BLOCK;
		rc = filter_index_existence(st, b->lo, b->lo + BLOCK - 1,
			set_bit, b, e);
	}
	return rc < 0 ? rc
		      : (int)(b->bits[(fact - b->lo) / 64] >>
					(fact - b->lo) % 64 &
				1);
}
