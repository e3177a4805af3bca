/* Hiding several facts of an entity, and an entity with all that belongs to
 * it.
 *
 * Whoever deletes Ada must hide what others say of her, too: the relation
 * "Bob knows Ada" is a fact of Bob, and it would lead nowhere. So the
 * relations that end at the entity are hidden first, then its own facts, and
 * last the fact that it exists. */
#include <string.h>

#include "memory-db/model/write/write.h"
#include "common/vec.h"

/* Spans must not change under an open loop: ids first. */
struct write_hide_ids {
	int64_t *v;
	size_t n, cap;
	const json_t *keep;
};

static void
write_hide_ids_done(struct write_hide_ids *x)
{
	free(x->v);
}
#define AUTO_HIDE_IDS __attribute__((cleanup(write_hide_ids_done)))

/* How collecting went: only a lack of memory has no text yet. */
static int
write_hide_collected(int rc, struct err *e)
{
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}

static int
add_id(struct write_hide_ids *x, int64_t id)
{
	if (vec_room(x->v, x->n, x->cap) != 0)
		return MDB_E_NOMEM;
	x->v[x->n++] = id;
	return 0;
}

static bool
kept(const json_t *keep, const struct fact *f)
{
	json_t *j;
	size_t i;

	json_array_foreach(keep, i, j) {
		const json_t *t =
			json_is_object(j) ? json_object_get(j, "text") : j;

		if (json_string_length(t) == f->text_n &&
			memcmp(json_string_value(t), f->text, f->text_n) == 0)
			return true;
	}
	return false;
}

static int
write_hide_collect(void *ctx, const struct fact *f)
{
	struct write_hide_ids *x = ctx;

	return kept(x->keep, f) ? 0 : add_id(x, f->id);
}

static int
hide_ids(struct write *w, const struct write_hide_ids *x, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		int rc = write_hide(w, x->v[i], e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
write_hide_others(struct write *w, int64_t entity, unsigned kinds,
	const json_t *keep, struct err *e)
{
	AUTO_HIDE_IDS struct write_hide_ids x = {.keep = keep};
	bool alone = (kinds & 1u << FACT_OBSERVATION) && !(kinds & FACT_MARKS);
	int rc = fact_each(w->st, entity, kinds, write_hide_collect, &x, e);

	if (rc != 0)
		return write_hide_collected(rc, e);
	for (size_t i = 0; alone && i < x.n; i++) {
		rc = write_hide_marks(w, entity, x.v[i], FACT_MARKS, NULL, e);
		if (rc != 0)
			return rc;
	}
	return hide_ids(w, &x, e);
}

int
write_hide_marks(struct write *w, int64_t entity, int64_t fact, unsigned kinds,
	const json_t *keep, struct err *e)
{
	AUTO_HIDE_IDS struct write_hide_ids x = {.keep = keep};
	int rc = fact_each_mark(w->st, entity, fact, kinds, write_hide_collect,
		&x, e);

	if (rc != 0)
		return write_hide_collected(rc, e);
	return hide_ids(w, &x, e);
}

int
write_hide_marked(struct write *w, int64_t entity, int64_t fact, struct err *e)
{
	int rc = write_hide_marks(w, entity, fact, FACT_MARKS, NULL, e);

	if (rc != 0)
		return rc;
	return write_hide(w, fact, e);
}

int
write_hide_entity(struct write *w, int64_t entity, struct err *e)
{
	/* What is created again under this name has none of them. */
	static const enum attr_key begins_anew[] = {ATTR_TIER, ATTR_PIN,
		ATTR_CONFIRMED, ATTR_EXPIRES, ATTR_FACT_EXPIRES,
		ATTR_FACT_CONFIRMED};
	AUTO_HIDE_IDS struct write_hide_ids in = {0};
	int r = fact_each_incoming(w->st, entity, write_hide_collect, &in, e);

	if (r != 0)
		return write_hide_collected(r, e);
	r = hide_ids(w, &in, e);
	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(begins_anew); i++) {
		r = write_attr(w, entity, begins_anew[i], 0, e);
		if (r != 0)
			return r;
	}
	return write_hide_others(w, entity, ~0u, NULL, e);
}

static int
hide_first(struct write *w, const struct write_hide_ids *x, size_t *room,
	size_t *left, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		int rc;

		if (*room == 0)
			return 0;
		rc = write_hide(w, x->v[i], e);
		if (rc != 0)
			return rc;
		--*room;
		--*left;
	}
	return 0;
}

int
write_hide_part(struct write *w, int64_t entity, size_t most, size_t *ret_left,
	struct err *e)
{
	/* What is said of facts goes before them. */
	static const unsigned kinds[] = {FACT_MARKS,
		~(FACT_MARKS | 1u << FACT_EXISTENCE), 1u << FACT_EXISTENCE};
	AUTO_HIDE_IDS struct write_hide_ids in = {0}, own = {0};
	size_t room = most, left;
	int rc = fact_each_incoming(w->st, entity, write_hide_collect, &in, e);

	*ret_left = 0;
	if (rc != 0)
		return write_hide_collected(rc, e);
	rc = fact_each(w->st, entity, ~0u, write_hide_collect, &own, e);
	if (rc != 0)
		return write_hide_collected(rc, e);
	left = in.n + own.n; /* a relation to itself counts twice: no harm */
	if (left <= most)
		return write_hide_entity(w, entity, e);
	rc = hide_first(w, &in, &room, &left, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; room > 0 && i < ARRAY_LEN(kinds); i++) {
		AUTO_HIDE_IDS struct write_hide_ids x = {0};

		rc = fact_each(w->st, entity, kinds[i], write_hide_collect, &x,
			e);
		if (rc != 0)
			return write_hide_collected(rc, e);
		rc = hide_first(w, &x, &room, &left, e);
		if (rc != 0)
			return rc;
	}
	*ret_left = left;
	return 0;
}
