/* Correcting a fact: the new one says which it replaces. Facts are immutable, so
 * the link is a field of the new fact, covered by its digest, and goes with it
 * through branches, undo and replay. */
#include "memory-db/model/write/write_entity.h"

#include "common/codespan.h"
#include "common/jx.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/model/read/fact_tags.h"

static int
take_over(void *ctx, const struct fact *old)
{
	struct fact *f = ctx;

	if (f->weight < 0)
		f->weight = old->weight;
	if (f->valid_from == FACT_NO_TIME)
		f->valid_from = old->valid_from;
	if (f->valid_to == FACT_NO_TIME)
		f->valid_to = old->valid_to;
	return 0;
}

int
write_copy_marks(struct write *w, int64_t entity, int64_t from, int64_t to,
	struct err *e)
{
	AUTO_JSON json_t *marks = json_object();
	json_t *metadata;
	int r;

	if (!marks)
		return err_nomem(e);
	r = fact_tags_encode(w->st, entity, from, marks, e);
	if (r != 0)
		return r;
	/* The code that the old words were read in does not say the new. */
	metadata = json_object_get(marks, "metadata");
	if (codespan_is(json_object_get(metadata, "source"))) {
		(void)json_object_del(metadata, "source");
		if (json_object_size(metadata) == 0)
			(void)json_object_del(marks, "metadata");
	}
	return json_object_size(marks) > 0
		       ? fact_tags_give(w, entity, to, marks, "old", e)
		       : 0;
}

int
write_replacement(struct write *w, int64_t old, const struct fact *given,
	struct err *e)
{
	struct fact f = *given;
	int64_t fact = 0;
	int rc = fact_find_text(w->st, f.entity, FACT_OBSERVATION, f.text,
		f.text_n, &fact, e);

	if (rc < 0 || (rc == 1 && fact == old))
		return rc < 0 ? rc : 0;
	if (rc == 0) {
		f.supersedes = old;
		rc = fact_get(w->st, old, take_over, &f, e);
		if (rc == 1)
			rc = write_add_watched(w, &f, e);
		fact = w->last_fact;
	} else {
		rc = 0;
	}
	if (rc != 0)
		return rc;
	rc = write_copy_marks(w, f.entity, old, fact, e);
	if (rc != 0)
		return rc;
	return write_hide_marked(w, f.entity, old, e);
}
