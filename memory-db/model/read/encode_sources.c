/* The code that facts of an entity were read in (model/write/write_codespan.h):
 * of those that are given, so that who has the files may look whether they
 * still say so. */
#include <string.h>

#include "common/codespan.h"
#include "common/jx.h"
#include "memory-db/model/read/encode_internal.h"

struct sources {
	const int64_t *ids; /* of the facts given, in order */
	size_t n, at; /* at: where the one before was found: they come so */
	json_t *list;
	struct err *e;
};

/* {"observation": 2, "source": {path, lines, ..}}: of the fact at that place. */
static int
each_note(void *ctx, const struct fact *f)
{
	struct sources *x = ctx;
	json_t *note AUTO_JSON = NULL, *source;
	size_t i = 0;

	if (f->erased || !memmem(f->text, f->text_n, "\"source\"", 8))
		return 0;
	while (i < x->n && x->ids[(x->at + i) % x->n] != f->supersedes)
		i++;
	if (i == x->n)
		return 0;
	x->at = (x->at + i) % x->n;
	note = jx_parse(f->text, f->text_n, x->e);
	if (!note)
		return MDB_E_NOMEM;
	source = json_object_get(note, "source");
	if (!codespan_is(source))
		return 0;
	return jx_add(x->list, json_pack("{s:I,s:O}", "observation",
				       (json_int_t)x->at, "source", source)) !=
			       0
		       ? err_nomem(x->e)
		       : 0;
}

int
encode_set_sources(struct store *st, int64_t entity, const int64_t *ids,
	size_t n, json_t *j, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	struct sources x = {ids, n, 0, list, e};
	int rc = !list ? err_nomem(e)
		       : fact_each(st, entity, 1u << FACT_NOTE, each_note, &x,
				 e);

	if (rc != 0 || json_array_size(list) == 0)
		return rc;
	return json_object_set(j, "sources", list) != 0 ? err_nomem(e) : 0;
}
