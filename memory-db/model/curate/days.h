/* The summary of a day, in the words of that day.
 *
 *   3 May   ada     "works at Initech"
 *           deploy  "deployed the api with make release"
 *           deploy  "the deployment of the api was rolled back"
 *           lunch   "had noodles"
 *
 * becomes `day 2026-05-03` with "ada: works at Initech" and the other texts that
 * say most of what the day was about, each with an edge to the fact it is, and
 * relations derived_from to the entities. What says something of one entity about
 * another becomes a relation of the two: `ada` -[works at]-> `Initech`, when both
 * are entities of the namespace.
 *
 * A day is of UTC, and is summarised once: when its entity was ever made, it is
 * left alone, also when more was written later, or an undo took it back. */
#ifndef MODEL_CURATE_DAYS_H
#define MODEL_CURATE_DAYS_H

#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/curate/judge.h"
#include "memory-db/model/write/write.h"

#define DAY_FACTS 300 /* looked at of one day, the first of them */

struct day {
	int64_t number; /* days since 1970 */
	int64_t facts[DAY_FACTS];
	int n; /* 0: nothing is to be made of it */
};

/* The first day that may be summarised, and the day behind the last. */
int day_range(const struct judging *j, int64_t ns, int64_t *ret_first,
	int64_t *ret_end) MUST_CHECK;
/* "day 2026-05-03". 0 or MDB_E_NOMEM. */
int day_name(int64_t number, struct buf *out) MUST_CHECK;
int day_find(const struct judging *j, int64_t ns, int64_t number,
	struct day *ret) MUST_CHECK;
int day_write(struct write *w, const struct day *d, int64_t *ret_entity,
	struct err *e) MUST_CHECK;

#endif
