/* Action sequences that come again and again become procedures, in their own
 * words.
 *
 *   session 12    checked out branch 7     ran the tests of build 7    merged 7
 *   session 15    checked out branch 9     ran the tests of build 9    merged 9
 *   session 19    checked out branch 14    ran the tests of build 14   merged 14
 *
 * become `checked out branch (procedure)` with the three steps of the first
 * session, each with edges to the facts it is, and relations derived_from. A
 * track is what was noted one after the other in one session; of facts without
 * a session, in one entity. Two steps are the same when they are alike (words.h);
 * a sequence has two to eight of them, in `uses` tracks or more. */
#ifndef MODEL_CURATE_SEQUENCES_H
#define MODEL_CURATE_SEQUENCES_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/curate/judge.h"
#include "memory-db/model/write/write.h"

#define SEQUENCE_STEPS	8
#define SEQUENCE_TRACKS 16

struct sequence {
	int tracks; /* the leader's first; 0: there is none */
	int steps;
	int64_t fact[SEQUENCE_TRACKS][SEQUENCE_STEPS];
	int64_t entity[SEQUENCE_TRACKS][SEQUENCE_STEPS];
};

/* The sequence that begins with this fact in the oldest track that has it. */
int sequence_find(const struct judging *j, int64_t ns, int64_t fact,
	struct sequence *ret) MUST_CHECK;
/* Writes the procedure. *ret_entity: it. */
int sequence_write(struct write *w, const struct sequence *s,
	int64_t *ret_entity, struct err *e) MUST_CHECK;

#endif
