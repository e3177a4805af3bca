/* The code that facts of an entity were read in (model/write/write_codespan.h):
 * of those that are given, so that who has the files may look whether they
 * still say so. */
#include <string.h>

#include "common/codespan.h"
#include "common/jx.h"
#include "memory-db/model/read/encode_internal.h"

struct sources {
	const int64_t *ids; /* of the facts given, in order */
	size_t n, at;	/* at: where the one before was found: they come so */
	int64_t newest; /* of the ids */
	size_t bytes, max; /* of the list; max 0: any */
	json_t *list;
	struct err *e;
};

/* Where the fact stands among those that are given; x->n: it is not. */
static size_t
sources_place_of(const struct sources *x, int64_t fact)
{
	size_t i = 0;

	/* Facts that are left out are mostly newer than those given. */
	if (fact > x->newest)
		return x->n;
	while (i < x->n && x->ids[(x->at + i) % x->n] != fact)
		i++;
	return i == x->n ? x->n : (x->at + i) % x->n;
}

/* {"observation": 2, "source": {path, lines, ..}}: of the fact at that place. */
static int
each_note(void *ctx, const struct fact *f)
{
	struct sources *x = ctx;
	AUTO_JSON json_t *note = NULL;
	json_t *source, *one;
	size_t place, size;

	if (f->erased || !memmem(f->text, f->text_n, "\"source\"", 8))
		return 0;
	place = sources_place_of(x, f->supersedes);
	if (place == x->n)
		return 0;
	x->at = place;
	note = jx_parse(f->text, f->text_n, x->e);
	if (!note)
		return MDB_E_NOMEM;
	source = json_object_get(note, "source");
	if (!codespan_is(source))
		return 0;
	one = json_pack("{s:I,s:O}", "observation", (json_int_t)place, "source",
		source);
	if (!one)
		return err_nomem(x->e);
	size = encode_size(one) + 1;
	if (x->max > 0 && x->bytes + size > x->max) {
		json_decref(one);
		return 1;
	}
	x->bytes += size;
	return jx_add(x->list, one) != 0 ? err_nomem(x->e) : 0;
}

int
encode_sources(struct store *st, int64_t entity, const int64_t *ids, size_t n,
	size_t max, json_t **ret, size_t *ret_bytes, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	struct sources x = {.ids = ids,
		.n = n,
		.max = max,
		.list = list,
		.e = e};
	int rc;

	if (!list)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		x.newest = ids[i] > x.newest ? ids[i] : x.newest;
	rc = fact_each(st, entity, 1u << FACT_NOTE, each_note, &x, e);
	if (rc < 0)
		return rc;
	*ret_bytes = x.bytes > 0 ? x.bytes + sizeof(",\"sources\":[]") : 0;
	*ret = take_ptr(list);
	return 0;
}
