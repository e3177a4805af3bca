/* What a fact says of its entity about another one, as a relation.
 *
 *   ada   "works at Initech."           ada -[works at]-> Initech
 *   api   "is maintained by Zoe Smith"  api -[is maintained by]-> Zoe Smith
 *   ada   "does not work at Initech"    nothing: it is denied
 *   ada   "likes tea"                   nothing: `tea` is no entity */
#ifndef MODEL_CURATE_TRIPLE_H
#define MODEL_CURATE_TRIPLE_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* Writes the relation when the object is an entity of the namespace and it does
 * not stand there yet; it is derived from the fact. */
int triple_relate(struct write *w, int64_t fact, struct err *e) MUST_CHECK;

#endif
