/* A request with a key happens once. Its retry gets the first answer, whatever
 * became of the names in it meanwhile; an answer that is not kept any more is
 * made again from the log by the handler, and where the handler cannot, the
 * retry is told that the request was done. */
#ifndef WORK_ONCE_H
#define WORK_ONCE_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/beside/keys.h"
#include "memory-db/work/job.h"

struct once {
	bool is_seen;
	struct key_seen seen; /* is_seen */
	int64_t asked;	      /* hash of what is asked now */
};

/* Looks for the key of the job, if it has one. *ret_answer is set when it was
 * answered before (with `repeated`). MDB_E_INVALID: the key is that of another
 * request. */
int once_look(struct store *st, const struct job *j, struct once *o,
	json_t **ret_answer, struct err *e) MUST_CHECK;

/* The same before a script runs: a seen key is always answered. */
int once_look_script(struct store *st, const struct job *j, json_t **ret_answer,
	struct err *e) MUST_CHECK;

/* The handler has run for a key that was seen, and returned r: its answer, or
 * what is left to say. Takes and sets *result. */
int once_again(const struct once *o, const struct call *c, int r,
	json_t **result, struct err *e) MUST_CHECK;

/* The handler has run for the first time: keeps what it answers. */
int once_keep(struct store *st, const struct job *j, const struct once *o,
	const struct call *c, const json_t *result, struct err *e) MUST_CHECK;

#endif
