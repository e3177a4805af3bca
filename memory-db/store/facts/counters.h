/* Tallies: the counters behind status.
 * Kept in the table `tally`, updated in each group's transaction, published
 * after COMMIT. The snapshot may be read from any thread. */
#ifndef STORE_FACTS_COUNTERS_H
#define STORE_FACTS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct database;
struct store;

/* Used, ignored, contradicted; and the same of those that agents asked for. */
#define COUNTERS_OUTCOMES 6

struct counters_row {
	char *name; /* type, tier or namespace */
	int64_t n;
};
struct counters {
	int64_t entities, observations, relations, facts, changes, versions;
	int64_t original_bytes; /* the guide's JSON of every version */
	int64_t stored_bytes;	/* stored bodies */
	int64_t past_facts;	/* closed spans: history */
	int64_t last_change, last_at;
	int64_t by_tier[4];
	struct counters_row *types; /* most frequent first, at most 100 */
	size_t types_n;
	struct counters_row *namespaces; /* entities a namespace, at most 100 */
	size_t namespaces_n;
	/* Facts that were shown: used, ignored, contradicted, and behind them
	 * the same of those that agents had asked for themselves; in all, and
	 * by namespace, at most 100. */
	int64_t outcomes[COUNTERS_OUTCOMES];
	struct counters_outcomes {
		char *name; /* owned */
		int64_t n[COUNTERS_OUTCOMES];
	} * shown;
	size_t shown_n;
	int64_t others; /* namespaces that were asked for by no name */
};
int store_counters(struct database *db, struct counters *ret, struct err *e)
	MUST_CHECK;
/* The same of these namespaces alone (by name, NULL behind the last); last_change
 * and last_at stay those of all. */
int store_counters_of(struct database *db, const char *const *only,
	struct counters *ret, struct err *e) MUST_CHECK;
void counters_done(struct counters *t);

/* --- counting, inside store/ ---------------------------------------------- */
enum counters_kind {
	TALLY_TOTAL = 1,
	TALLY_TYPE = 2,
	TALLY_TIER = 3,
	TALLY_OUTCOME = 4 /* key: enum outcome + 1 (beside/outcomes.h), and
			     + OUTCOME_MAX of what agents asked for */
};
enum tally_total {
	TOTAL_ENTITIES = 1,
	TOTAL_OBSERVATIONS,
	TOTAL_RELATIONS,
	TOTAL_FACTS,
	TOTAL_CHANGES,
	TOTAL_VERSIONS,
	TOTAL_ORIGINAL,
	TOTAL_STORED,
	TOTAL_PAST,
	TOTAL_LAST_CHANGE,
	TOTAL_LAST_AT /* set, not added; never stored */
};
/* Adds to a counter at COMMIT (writer). */
int counters_add(struct store *st, int64_t ns, enum counters_kind kind,
	int64_t key, int64_t delta, struct err *e) MUST_CHECK;
/* Open facts of a namespace as of the last COMMIT. */
int64_t counters_facts(struct database *db, int64_t ns);
/* Counters that the group under way has changed so far: did it change facts? */
int counters_mark(const struct store *st);

#endif
