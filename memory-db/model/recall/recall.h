/* Recall: the facts that answer a question, best first.
 *
 *   words of the question (stop words aside, stemmed), names, dates
 *   -> candidates: matches of the text index, facts of entities it names
 *   -> the best by the weight of the words they have are scored exactly
 *   -> their neighbours in the session they come from, and facts of entities
 *      related to theirs, get a share of their score
 *   -> names, dates, time words, recency, use, salience, tier and pin add
 *
 * Example: "Where did Ada move in April?" The words are ada, move and april;
 * "where", "did" and "in" are stop words. "april" is also a span of days, whose
 * facts become candidates by the index of dates. The entity Ada is named, so its
 * newest facts are candidates, too. "Ada is moving to Oslo", said on 12 April,
 * has two rare words (moving has the stem of move), the name and the day; what
 * was said right after it in the same session gets a share of its score and
 * comes close behind.
 *
 * All weights stand in recall_weights.h. Under the lens applied; deterministic
 * for one state of the memory and one time. */
#ifndef MODEL_RECALL_RECALL_H
#define MODEL_RECALL_RECALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/model/recall/recall_weights.h"

struct question;
struct store;

/* What a score is made of. */
enum recall_part {
	PART_WORDS,
	PART_NEAR,
	PART_SESSION,
	PART_SPEAKER,
	PART_ENTITY,
	PART_DATE,
	PART_TIME,
	PART_RELATION,
	PART_RECENCY,
	PART_USE,
	PART_SALIENCE,
	PART_TIER,
	PART_PIN,
	PART_LENGTH,
	PART_MEANING,
	PART_RULE,
	PART_CONFIRMED,
	PART_USEFUL,
	PART_MAX
};
const char *recall_part_name(enum recall_part p);

struct recall_request {
	const struct recall_weights *weights; /* NULL: the defaults */
	int64_t ns[2];			      /* namespaces; 0: none */
	const char *query;
	size_t query_n;
	int limit;	      /* rows wanted, >= 1 */
	double cut;	      /* rows below this share of the best score are
				   left out */
	const int64_t *types; /* labels; any when types_n is negative */
	int types_n;
	unsigned tiers;	      /* mask of 1 << tier; 0: any */
	const json_t *tags;   /* entities with all of them; NULL: any */
	int64_t since, until; /* ms, inclusive, of a fact's date;
				   INT64_MIN, INT64_MAX: open */
	int64_t valid_at;     /* ms: only facts valid then; FACT_NO_TIME */
	int64_t source;	      /* label: only of this session; 0: any */
	int64_t now;	      /* ms */
	const char *zone;     /* of the client; "": UTC */
	int64_t deadline_ns;  /* monotonic; 0: none */
	bool is_past;	      /* of a state of the past: what became of facts
				 since says nothing about it */
	const struct question *question; /* its vector, when the caller had it
				   made; NULL, or without numbers: none */
};

/* A request for facts that share words with the query, of any type, tier and
 * time; what recall_candidates() needs beside the namespaces. The query must
 * outlive it. */
static inline struct recall_request
recall_by_words(const char *query, size_t query_n)
{
	return (struct recall_request){.limit = 1,
		.types_n = -1,
		.since = INT64_MIN,
		.until = INT64_MAX,
		.valid_at = FACT_NO_TIME,
		.zone = "",
		.query = query,
		.query_n = query_n};
}

/* Other entities named that have the same fact. */
#define RECALL_ALSO 3

struct recall_found {
	int64_t fact, entity;
	int64_t at;    /* its date, ms */
	double fit;    /* 0 to 1: how well it fits the question. Thresholds
			  ask for this */
	double score;  /* the same with its usefulness: the order */
	bool is_dated; /* `at` is when it happened, not when it was
				   written */
	bool is_instruction;
	int alike;		   /* near copies that are not given */
	int64_t also[RECALL_ALSO]; /* entities of them, not its own; 0: none */
	float parts[PART_MAX]; /* their sum is the score before it is brought
				   into 0 to 1 */
};
struct recall_result {
	struct recall_found *rows; /* owned */
	size_t n;
	bool is_relevant;
	bool partial; /* stopped at the deadline */
};
int recall_run(struct store *st, const struct recall_request *request,
	struct recall_result *ret, struct err *e) MUST_CHECK;
/* Leaves out what fits less than `least`. */
void recall_floor(struct recall_result *r, double least);
void recall_result_done(struct recall_result *r);
#define AUTO_RECALL_RESULT __attribute__((cleanup(recall_result_done)))

#endif
