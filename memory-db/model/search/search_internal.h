/* What the files of the search share. */
#ifndef MODEL_SEARCH_SEARCH_INTERNAL_H
#define MODEL_SEARCH_SEARCH_INTERNAL_H

#include "memory-db/model/read/expiry.h"
#include "memory-db/model/scope/idmap.h"
#include "memory-db/model/search/query.h"
#include "memory-db/model/search/search.h"
#include "memory-db/store/facts/facts.h"

struct candidate {
	int64_t entity;
	int64_t newest;	     /* newest fact that was found */
	uint32_t name, body; /* words found, all its facts together */
	double best;	     /* weight of the words in its best fact */
	double score;
	unsigned flags; /* enum found_flag */
	int which;	/* namespace */
};
enum found_flag {
	FOUND_NAME_IS = 1,  /* the query is the name */
	FOUND_NAME_HAS = 2, /* the query is a part of the name */
	FOUND_FACT_HAS = 4  /* ... of the type or of an observation */
};

struct searching {
	struct store *st;
	const struct search_request *request;
	const struct search_caps *caps;
	struct search_result *ret;
	struct err *e;
	struct query query;
	struct search_range range[2];
	struct query_terms terms[2];
	bool has_terms[2];
	int64_t deadline_ns; /* 0: none */
	unsigned ticks;
	int asked_tags; /* entities whose tags were asked for */
	struct buf tmp;
	struct idmap filtered; /* entity -> does it pass the filters */
	struct expiry expiry;
	/* The ranked part. */
	struct candidate *candidates;
	size_t n, cap;
	struct idmap index; /* entity -> candidate, before sorting */
	bool cut;	    /* there is more than the candidates */
	bool is_few[2];	    /* all that passes the filters was looked at */
	bool waits[2];	    /* facts waited to be indexed at the first page:
				   the tail alone has the substrings, as the
				   ranked part would change with what waits */
};

/* Position: rows of the ranked part by number; then b = fact, exclusive. The
 * upper bits say how the first page looked up the vocabulary, as later writes
 * must not change it. */
#define POSITION_ROWS	      0xffffff
#define POSITION_TAIL	      (INT64_C(1) << 24)
#define POSITION_MATCH(which) (INT64_C(1) << (25 + (which)))
#define POSITION_FEW(which)   (INT64_C(1) << (27 + (which)))
#define POSITION_WAITS(which) (INT64_C(1) << (29 + (which)))

/* 1 when the entity passes the filters of the request, 0, or negative. */
int searching_passes(struct searching *s, int64_t entity) MUST_CHECK;
/* Is the deadline near? Cheap: looks at the clock now and then. */
bool searching_late(struct searching *s);
/* Adds a row of the reply. 1: no more rows are wanted. */
int searching_give(struct searching *s, int64_t entity, double score, int64_t a,
	int64_t b) MUST_CHECK;
/* The reply ends here, before the end was reached. Returns 1. */
int searching_stop(struct searching *s, int64_t a, int64_t b);
/* Flags of a fact's texts: enum found_flag, or negative. */
int searching_verify(struct searching *s, int64_t fact) MUST_CHECK;
int searching_verify_fact(struct searching *s, const struct fact *f) MUST_CHECK;
/* Upper bits of the position for the present query. */
int64_t searching_how(const struct searching *s);

/* search_rank.c: fills candidates, best first. */
int search_rank(struct searching *s) MUST_CHECK;
/* A fact that is found. */
int searching_found(struct searching *s, int which,
	const struct search_row *row, unsigned flags) MUST_CHECK;
/* search_filtered.c: 1: what passes the filters are few entities, and what is found
 * of them are the candidates; 0: matches must be read. */
int search_filtered(struct searching *s, int which) MUST_CHECK;
/* search_tail.c: rows behind the ranked part, from fact id b on (0: all). */
int search_tail(struct searching *s, int64_t b) MUST_CHECK;
/* search_everything.c: everything that passes the filters, newest first. */
int search_everything(struct searching *s) MUST_CHECK;
/* search_listing.c: by creation. */
int search_substrings(struct searching *s) MUST_CHECK;

#endif
