/* Forgetting: hard erasure of an entity or of an observation, everywhere: every
 * version, every branch. What is visible on main is hidden first, as by a
 * deletion; then contents, names, messages and index entries are erased
 * (store/check/erase.h). Digests stay. */
#ifndef MODEL_TIME_FORGET_H
#define MODEL_TIME_FORGET_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

struct forget_result {
	int64_t facts, names, messages, notes, words;
	int64_t left; /* facts that are still there: the slice was full */
};

/* w writes on main. text NULL: the entity with its names and all relations to
 * it; else its observations that read so, past or present. 1 done, 0 there is
 * nothing to forget. */
int forget_apply(struct write *w, int64_t entity, const char *text, size_t n,
	struct forget_result *ret, struct err *e) MUST_CHECK;
/* The same for one fact that is no existence fact and has no marks. */
int forget_one(struct write *w, int64_t entity, int64_t fact,
	struct forget_result *ret, struct err *e) MUST_CHECK;
/* One slice of forgetting an entity (model/time/sliced_run.h): `room` facts; the
 * last one, when left is 0, takes its names. */
int forget_slice(struct write *w, int64_t entity, size_t room,
	struct forget_result *ret, struct err *e) MUST_CHECK;

/* Once more, what was forgotten in a later state of this database: an entity
 * with its names, or a fact (scope: enum erase_scope). What is visible on main is
 * hidden first. c is a change on main. *ret_facts: how much went. */
int forget_again(struct change *c, struct store *st, int64_t entity,
	int64_t fact, int64_t scope, int64_t *ret_facts, struct err *e)
	MUST_CHECK;

/* A replayed op of a log: erases what is still there. *ret_facts: how much. */
int forget_replay(struct change *c, struct store *st, int64_t entity,
	int64_t fact, int64_t scope, int64_t *ret_facts, struct err *e)
	MUST_CHECK;

#endif
