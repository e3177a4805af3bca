/* What differs between two states: of one entity, or of everything. */
#ifndef MODEL_READ_DIFF_H
#define MODEL_READ_DIFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/engine/store.h"

struct diff {
	struct store *st;
	int64_t ns;
	struct lens from, to;
	size_t max_bytes;
	bool text;	  /* also as readable lines */
	json_t *entities; /* array of rows; owned */
	struct buf lines;
	size_t bytes;
};
int diff_init(struct diff *d) MUST_CHECK;
void diff_done(struct diff *d);
#define AUTO_DIFF __attribute__((cleanup(diff_done)))

/* Adds the row of one entity when it differs:
 * {entity, status: created|deleted|changed, added:[text], removed:[text],
 *  relations_added, relations_removed, set:[{member, from, to}]}.
 * 0, or 2 when the page is full (nothing was added). */
int diff_entity(struct diff *d, int64_t entity, struct err *e) MUST_CHECK;

/* Every entity that may differ, by id, after *after. 0 all done, 2 page full:
 * *after is the last one looked at. */
int diff_all(struct diff *d, int64_t *after, struct err *e) MUST_CHECK;

#endif
