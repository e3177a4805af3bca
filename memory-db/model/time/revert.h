/* An entity back to what it was, as a new version. */
#ifndef MODEL_TIME_REVERT_H
#define MODEL_TIME_REVERT_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

struct revert_result {
	int64_t hidden, shown, attributes;
	int64_t skipped; /* relations whose other end exists no more */
	int64_t left;	 /* facts still to come or go: the slice was full */
};

/* Makes the entity what it was under `then`. Relations to it belong to their
 * other ends and stay. */
int revert_entity(struct write *w, int64_t entity, const struct lens *then,
	struct revert_result *ret, struct err *e) MUST_CHECK;
/* One slice of it (model/time/sliced_run.h): about `room` facts, until left is 0.
 * What remains follows from the two states: nothing is kept between slices. */
int revert_slice(struct write *w, int64_t entity, const struct lens *then,
	int64_t room, struct revert_result *ret, struct err *e) MUST_CHECK;

#endif
