/* The record of what a write does, from which its reply is made: write_did() and
 * its like in write.h ask it. */
#ifndef MODEL_WRITE_WRITE_OUTCOME_H
#define MODEL_WRITE_WRITE_OUTCOME_H

#include "memory-db/model/write/write.h"

/* Something was done to the entity; hash: what, 0: nobody asks for it. */
int write_record(struct write *w, uint64_t hash, int64_t entity, struct err *e)
	MUST_CHECK;
int write_record_fact(struct write *w, enum op_what what, const struct fact *f,
	struct err *e) MUST_CHECK;
int write_record_attr(struct write *w, int64_t entity, int64_t key,
	struct err *e) MUST_CHECK;

#endif
