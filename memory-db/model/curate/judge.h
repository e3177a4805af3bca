/* What a rule wants of one entity. Reads, and writes nothing. */
#ifndef MODEL_CURATE_JUDGE_H
#define MODEL_CURATE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/curate/rules/rules.h"
#include "memory-db/model/read/expiry.h"

struct store;

/* The rules that make new entities. */
#define CURATION_MAKERS                                                        \
	((uint64_t)1 << CURATION_consolidate |                                 \
		(uint64_t)1 << CURATION_procedure |                            \
		(uint64_t)1 << CURATION_day_summary)

/* What a run judges by: which rules, and as of which time. */
struct judging {
	struct store *st; /* under the lens of the branch that is curated */
	const struct curation_settings *settings;
	uint64_t rules;	      /* mask of 1 << enum curation_rule_id */
	int64_t now;	      /* of the begin of the run: slices agree */
	struct expiry expiry; /* what is due at `now` */
	bool is_preview;      /* groups of episodes are told as well */
	struct err *e;
};

/* What is to be done with an entity, and the numbers that say why. */
struct verdict_move {
	enum curation_rule_id rule;
	int64_t entity;
	int64_t was, becomes; /* tiers; of CURATE_CONFIRM times in ms */
	int64_t age_days, quiet_days, uses;
};
/* At most two: a move, and a confirmation. *ret_n: how many. 0 or negative. */
#define VERDICTS_MOST 2
int judge_entity(const struct judging *j, int64_t entity,
	struct verdict_move ret[VERDICTS_MOST], int *ret_n) MUST_CHECK;

/* Why, as a sentence: "45 days old, given once, quiet for 40 days (rule
 * to_episodic: ...)". 0 or MDB_E_NOMEM. */
int judge_reason(const struct verdict_move *v, struct buf *out) MUST_CHECK;

#endif
