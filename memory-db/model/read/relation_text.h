/* A relation as a sentence about the entity it begins at, so that it can be
 * compared and shown like any other fact:
 *
 *   ada  works_at    acme     "works at acme"
 *   ada  reportsTo   Cleo     "reports to Cleo"
 *   ada  KNOWS       bob      "knows bob"                                     */
#ifndef MODEL_READ_RELATION_TEXT_H
#define MODEL_READ_RELATION_TEXT_H

#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"

struct store;

/* Appends it, with its NUL. The end has the name that it has under the lens, or
 * had at first. One that is stored with its other end (fact_is_reversed) names
 * both. 0 or negative. */
int relation_text(struct store *st, const struct fact *f, struct buf *out,
	struct err *e) MUST_CHECK;
/* The same of a relation that is known by its id alone. 1; 0: there is no such
 * relation, or it was forgotten. *ret_entity: where it begins. */
int relation_text_of(struct store *st, int64_t fact, struct buf *out,
	int64_t *ret_entity, struct err *e) MUST_CHECK;

#endif
