/* What reads tell of conflicts between facts (model/order/queue.h): a fact is
 * contested while a row of it, two values or a contradiction, is pending; of two
 * that follow each other in time the later one comes first, and of the earlier
 * one it is told until when it held.
 *
 * Computed under the lens of the store, so it is right on every branch and at
 * every time. Where a memory has no such rows it costs one look. */
#ifndef MODEL_READ_CONTESTED_H
#define MODEL_READ_CONTESTED_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

struct contest {
	int64_t conflict; /* the newest pending row of the fact; 0: none */
	int64_t later;	  /* a visible fact that follows it; 0: none */
	int64_t until;	  /* when that one began, ms; with later */
};
int contested_find(struct store *st, int64_t fact, struct contest *ret,
	struct err *e) MUST_CHECK;

/* Sets j.contested (true), j.conflict, j.later and j.until, as far as there is
 * something to tell of the fact. */
int contested_set(struct store *st, int64_t fact, json_t *j, struct err *e)
	MUST_CHECK;

/* Sets j.contested = [{conflict, fact, text}] of an entity: its facts that are
 * contested, at most 20; nothing when there are none. */
int contested_set_entity(struct store *st, int64_t entity, json_t *j,
	struct err *e) MUST_CHECK;

#endif
