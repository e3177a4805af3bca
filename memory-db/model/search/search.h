/* Search: which entities, in which order. What is found:
 *
 *   - every entity of whose name, type or one observation the query is a
 *     substring, under full case folding; and, when mode is not `substring`,
 *   - every entity that has a word of the query in any form, stop words aside
 *     (of a very long query the 32 rarest of those that occur count).
 *
 * Order: best first (search_rank.c) as far as the ranking looks, then newest
 * match first; each entity once. Mode `substring` and only it is in order of
 * creation. An empty query finds everything, newest first.
 *
 * Example: "ada tea" finds the entity Ada, whose observation "likes green tea"
 * has the second word, before the entity Grace, who likes tea and has one word of
 * two. "een" finds Ada alone, by a part of "green".
 *
 * A position (a, b) says where to go on; at the same state of the memory (the
 * lens pins it) the rows that follow are those that followed before. */
#ifndef MODEL_SEARCH_SEARCH_H
#define MODEL_SEARCH_SEARCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* How much a search looks at before it stops ranking. */
struct search_caps {
	int common_bound; /* a word in more facts is common: its matches
				   are not all read for the ranking, and their
				   number is estimated from how densely the
				   newest lie */
	int rare_max;	  /* facts read that have rare words, */
	int mid_max;	  /* ... and that have words not so rare, to tell
				   which of the former have them, */
	int together_max, all_max; /* ... that have the rarest words together
				   (their matches in all, and rows read), */
	int names_max;		   /* ... common words in names, */
	int names_walk; /* (looked for among so many matches; 0: all) */
	int common_max; /* ... common words */
	int verify_max, hits_max; /* texts looked at for substrings, hits */
	int refine_entities;	  /* candidates worked out in full, */
	int refine_facts;	  /* with so many facts in all, */
	int refine_facts_of;	  /* and of one entity */
	int gather_max;		  /* facts looked up for mode substring */
	int terms_bound;	  /* words that may contain a piece of the query
				   for the vocabulary to be of use, */
	int rank_terms;		  /* and for substrings to be ranked */
};
struct search_request {
	const struct search_caps *caps; /* NULL: those of the product */
	int64_t ns[2];			/* namespaces; 0: none */
	const char *query;
	size_t query_n;
	bool substring;
	bool near;	      /* a word that is nowhere: also one spelt
				   almost alike (query_spelling.h) */
	const int64_t *types; /* labels; any when types_n is negative */
	int types_n;
	unsigned tiers;	     /* mask of 1 << tier; 0: any */
	const json_t *tags;  /* entities with all of them; NULL: any */
	int limit;	     /* rows wanted, >= 1 */
	int64_t a, b;	     /* position; 0, 0: from the start */
	int64_t deadline_ns; /* monotonic; 0: none */
};

struct search_found {
	int64_t entity;
	double score; /* 0 to 1; 0: not ranked */
	int64_t a, b; /* position of this row */
};
struct search_result {
	struct search_found *rows; /* owned */
	size_t n;
	bool more;    /* a, b: position behind the last row */
	bool partial; /* stopped at the deadline; more is set */
	int64_t a, b;
	char *lead; /* owned: the words looked for, as the index
				   has them, with spaces between */
};

/* Under the lens applied. */
int search_run(struct store *st, const struct search_request *request,
	struct search_result *ret, struct err *e) MUST_CHECK;
void search_result_done(struct search_result *r);
#define AUTO_SEARCH_RESULT __attribute__((cleanup(search_result_done)))

#endif
