/* What two facts are to each other: the same in other words, a new value in the
 * place of an old one, a contradiction, one after the other in time, or nothing of
 * all this. Pure: no database, no model; the same answer for the same words.
 *
 *   "lives in Rome"       "is based in Rome"         duplicate
 *   "lives in Rome"       "lives in Oslo"            update
 *   "lives in Rome"       "does not live in Rome"    contradiction
 *   "lived in Rome"       "lives in Oslo"            succession
 *   "likes tea"           "likes coffee"             different
 *
 * Each text becomes terms (terms.h), the terms of the two are paired (pairing.h),
 * and what is left over decides: nothing, something on one side, or on both the
 * values of one attribute. What has many values ("likes") has no wrong one. */
#ifndef MODEL_ORDER_FACT_COMPARE_H
#define MODEL_ORDER_FACT_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

struct fact_attributes;

enum verdict_kind {
	FACTS_DIFFERENT,
	FACTS_DUPLICATE,
	FACTS_UPDATE,
	FACTS_CONTRADICTION,
	FACTS_SUCCESSION,
	FACTS_KIND_MAX
};

/* A fact to compare. */
struct fact_said {
	const char *subject; /* name of the entity; "": not known */
	const char *text;
	int64_t from, to; /* valid times, ms; INT64_MIN, INT64_MAX: not said */
};
struct fact_verdict {
	enum verdict_kind kind;
	double confidence;    /* 0 to 1, of the kind */
	bool is_same_subject; /* both name the same before the verb */
	bool is_part;	      /* it is of a part of a: b does not say all that a
				 says */
	const char *action;   /* "merge", "update", "keep_both" */
	char attribute[64];   /* of an update: what has another value, "works
				 at"; "": not known */
	struct buf reason;    /* a sentence; AUTO_BUF is the caller's duty */
};

/* b is what is newly said. 0 or MDB_E_NOMEM. */
int fact_compare(const struct fact_said *a, const struct fact_said *b,
	struct fact_verdict *ret) MUST_CHECK;

/* The same with what a namespace knows of its attributes; NULL: nothing. */
int fact_compare_known(const struct fact_said *a, const struct fact_said *b,
	const struct fact_attributes *known, struct fact_verdict *ret)
	MUST_CHECK;

/* "duplicate", ... */
const char *verdict_kind_name(enum verdict_kind kind);

#endif
