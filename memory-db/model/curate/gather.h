/* Similar episodes become one semantic entity, in their own words.
 *
 *   deploy 3 May     "deployed api with make release; tests were green"
 *   deploy 9 May     "deployed api with make release; one test was flaky"
 *   deploy 20 May    "deployed api with make release after review"
 *
 * become `deploy (pattern)` with the texts that have most in common with the
 * others, each with an edge to the fact it is, and a relation derived_from to
 * each episode. The episodes stay as they are. Nothing is made up: every text
 * of the new entity stands in one of them. */
#ifndef MODEL_CURATE_GATHER_H
#define MODEL_CURATE_GATHER_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/curate/judge.h"
#include "memory-db/model/write/write.h"

/* Members of a group at most, its texts at most. */
#define GATHER_MEMBERS 16
#define GATHER_TEXTS   3

struct gather_group {
	int64_t entity[GATHER_MEMBERS]; /* the leader first */
	int n;				/* 0: there is no group */
};

/* The group that this episode leads: episodes of its type like it, none of which
 * is older (has a smaller id) or part of a pattern. */
int gather_find(const struct judging *j, int64_t ns, int64_t entity,
	struct gather_group *ret) MUST_CHECK;
/* Writes the semantic entity. *ret_entity: it. */
int gather_write(struct write *w, const struct gather_group *g,
	int64_t *ret_entity, struct err *e) MUST_CHECK;

#endif
