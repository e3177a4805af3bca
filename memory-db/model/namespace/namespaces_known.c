/* What the target of a merge says already comes to no second fact. */
#include "memory-db/model/namespace/namespaces_int.h"

static int
note_metadata(void *ctx, const struct fact *f)
{
	(void)f;
	*(bool *)ctx = true;
	return 1;
}

int
namespaces_known(struct mover *m, const struct fact *f, int64_t *ret_other)
{
	bool found = false;
	int64_t other;
	int rc;

	switch (f->kind) {
	case FACT_OBSERVATION:
		return fact_find_text(m->st, f->entity, FACT_OBSERVATION,
			f->text, f->text_n, ret_other, m->e);
	case FACT_RELATION:
		return fact_find_relation(m->st, f->entity, f->peer, f->label,
			fact_is_reversed(f), &other, m->e);
	case FACT_METADATA:
		rc = fact_each(m->st, f->entity, 1u << FACT_METADATA,
			note_metadata, &found, m->e);
		return rc < 0 ? rc : found;
	case FACT_TAG:
		return fact_find_mark(m->st, f->entity, f->supersedes, f->kind,
			f->text, f->text_n, &other, m->e);
	case FACT_NOTE:
		return fact_find_mark(m->st, f->entity, f->supersedes, f->kind,
			NULL, 0, &other, m->e);
	case FACT_EXISTENCE:
		break;
	}
	return 1;
}
