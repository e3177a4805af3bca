/* What was forgotten stays so when an older copy of the database is brought
 * back: the newer one lists what it erased, the older one erases that, too.
 *
 * An example. Change 10 stores where Ada lives, a backup is made, change 12
 * forgets Ada. Of the fact the newer database still has its id and its digest;
 * in the backup restored the fact with this id has the same digest, so it is
 * erased there by a change of its own. A fact with that id and another digest is
 * another fact: the backup went on by itself, and it stays.
 *
 *   {"change":12,"seq":3,"entity":5,"fact":17,"whole":true,"digest":HEX}
 *
 * `whole`: all of the entity, with its names; the digest is then that of the
 * first fact that says it exists. */
#ifndef MODEL_TIME_ERASURES_H
#define MODEL_TIME_ERASURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;
struct context;

/* Erasures behind op *seq of change *change, at most `limit`, to the array list;
 * moves both. *ret_more false at the end. */
int erasures_page(struct store *st, int64_t *change, int64_t *seq,
	int64_t limit, json_t *list, bool *ret_more, struct err *e) MUST_CHECK;

struct erasures_done {
	size_t n;	    /* of the list that are done: those that follow are
			       to be sent again */
	int64_t facts;	    /* erased now */
	int64_t change, at; /* that did so; 0: there was nothing to do */
};
/* Writer: a slice of them in one change. */
int erasures_again(struct store *st, const struct context *ctx,
	const json_t *list, struct erasures_done *ret, struct err *e)
	MUST_CHECK;

#endif
