/* What the files of recall share. */
#ifndef MODEL_RECALL_RECALL_INTERNAL_H
#define MODEL_RECALL_RECALL_INTERNAL_H

#include "common/buf.h"
#include "memory-db/model/recall/near_copies.h"
#include "memory-db/model/scope/idmap.h"
#include "memory-db/model/recall/vectors_memory.h"
#include "memory-db/model/search/query.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/recall/recall.h"
#include "memory-db/model/recall/recall_dates.h"
#include "memory-db/store/index/recall.h"

/* --- a fact as recall sees it (recall_fact.c) ----------------------------- */

#define RECALL_FACT_TOKENS                                                     \
	1024 /* of a text; a word behind them counts once,
				   when the index has found it */
struct recall_fact {
	struct recall_fact *next; /* of its bucket */
	int64_t id, entity, source, at, valid_from, valid_to;
	double salience;
	uint32_t state; /* of the memory when `at` was read */
	bool is_observation;
	bool is_dated; /* `at` was given with it */
	bool has_time; /* a word of time: "yesterday", "2023" */
	bool is_question;
	bool is_instruction; /* of the user to the agent, by its words */
	uint16_t words, speaker_words;
	token_t mins[COPY_MINS];
	token_t tokens[]; /* the text's, then the speaker's */
};

/* Of what text_tokens() gives. */
token_t recall_token(const char *s, size_t n);
/* Tokens of a text, appended to an array that grows. */
struct tokens {
	token_t *v;
	size_t n, cap;
};
int tokens_add(struct tokens *t, const char *text, size_t n, const char *stem,
	struct buf *tmp, size_t max) MUST_CHECK;

/* The fact, from the cache of this connection or read; valid until the next
 * recall begins. 1, 0 when it is not there, or negative. */
int recall_fact(struct store *st, int64_t id, const char *stem,
	const struct recall_fact **ret, struct err *e) MUST_CHECK;
/* Before the first recall_fact of a request: makes room. */
int recall_facts_begin(struct store *st, struct err *e) MUST_CHECK;

/* What is kept of an entity, for one state of the memory. */
#define RECALL_NAME_TOKENS 16
struct recall_kept_name {
	int64_t entity; /* 0: none */
	struct recall_entity e;
	uint32_t state;
	int tokens_n;
	token_t tokens[RECALL_NAME_TOKENS];
};
/* Its place; when it is not there, an empty one to be filled. */
struct recall_kept_name *recall_kept_name(struct store *st, int64_t entity,
	bool *ret_is_it);

/* --- the question (recall_query.c) ---------------------------------------- */

#define QUESTION_NAMES 8
struct recall_question {
	bool asks_when;
	struct recall_dates dates;
	int topics; /* words that tell more than "list all instructions" */
	int others; /* words that tell more than "what happened" and
				   a date */
	token_t names[QUESTION_NAMES]; /* words with a capital, not the first */
	int names_n;
};
/* words: gets the question without dates in numbers; nothing when it has nothing
 * but a date. */
int recall_question(const char *s, size_t n, int64_t today, bool us,
	struct recall_question *ret, struct buf *words) MUST_CHECK;
/* Stems are those of a namespace, so this comes later. */
int recall_question_names(const char *s, size_t n, const char *stem,
	struct recall_question *ret) MUST_CHECK;

/* --- the work ------------------------------------------------------------- */

struct recall_name { /* an entity of candidates */
	int64_t id;
	struct recall_entity e;
	token_t tokens[RECALL_NAME_TOKENS];
	int tokens_n;
	double named; /* how much of its name the query has */
	double score; /* of its best fact */
};
struct recall_candidate {
	int64_t fact;
	int which;    /* namespace */
	double guess; /* weight of the words the index found */
	const struct recall_fact *f;
	int name;		/* of names */
	uint32_t found, around; /* words of the query in it, in neighbours */
	uint32_t in_index;	/* those that the index found in its text */
	double base;		/* words, scaled to 1 */
	double nearness;	/* of meaning: cosine; 0 when not known */
	bool has_nearness;
	int64_t confirmed_at; /* by itself, beside its entity; 0: never */
	double total;
	double rank; /* with its usefulness (recall_useful.c); 0 to 1 */
	float parts[PART_MAX];
};

struct recalling {
	struct store *st;
	const struct recall_request *request;
	struct recall_weights w;
	struct recall_result *ret;
	struct err *e;
	struct query query;
	struct search_range range[2];
	struct query_terms terms[2];
	bool has_terms[2];
	token_t hashes[2][SEARCH_WORDS]; /* of terms */
	struct recall_question question;
	struct buf words; /* what is looked for, of the question */
	int minutes;	  /* of the client's zone, east of UTC */
	struct recall_candidate *c;
	size_t n, cap;
	struct idmap index; /* fact -> candidate */
	struct recall_name *names;
	size_t names_n, names_cap;
	struct idmap names_index; /* entity -> name */
	struct idmap passed;	  /* entity -> does it pass the filters */
	struct expiry expiry;
	int64_t named[16]; /* entities whose name or type matches */
	double named_guess[16];
	int named_n;
	struct recall_few {	/* all that pass; NULL: they may be many */
		int64_t *facts; /* owned */
		size_t n;
	} few[2];
	struct tag_sets *tagged; /* what has the tags asked for, of the
				    namespace under way; NULL: ask each */
	struct vectors_memory
		*meaning;	/* NULL: no vectors, or none of the question */
	struct question vector; /* of the question; owned when is_own */
	bool is_own;
	double nearest; /* highest cosine */
	int sentences;	/* of the whole question; of many, less is
				   looked at for each (recall_share) */
	double sure;	/* of several sentences: of the surest */
	unsigned ticks;
	bool late;
	struct buf tmp, text;
};
void recalling_done(struct recalling *r);

int recall_gather(struct recalling *r) MUST_CHECK;
/* Adds a fact that is not there yet, when it passes the filters. *ret may be
 * NULL. 1 added or there, 0 it does not pass. */
int recall_add(struct recalling *r, int which, int64_t fact, double guess,
	struct recall_candidate **ret) MUST_CHECK;
bool recall_is_late(struct recalling *r);
/* What one sentence may look at, of what a whole question may. */
static inline int
recall_share(const struct recalling *r, int whole)
{
	if (r->sentences <= 2)
		return whole;
	return r->sentences <= 6 ? whole / 2 : whole / 4;
}
/* Words of the question among tokens. */
uint32_t recall_words_in(const struct recalling *r, int which, const token_t *v,
	size_t n);
/* The local day of a time. */
int64_t recall_day(const struct recalling *r, int64_t ms);
/* recall_gather_dates.c: facts of the days that the question names. */
int recall_gather_dates(struct recalling *r, int which) MUST_CHECK;
/* recall_gather_rules.c: does it ask for all instructions, and these. */
bool recall_lists_rules(const struct recalling *r);
int recall_gather_rules(struct recalling *r, int which) MUST_CHECK;

/* --- filters (recall_filter.c) -------------------------------------------- */
bool recall_filters(const struct recall_request *q);
/* Filters on the fact itself, and those on its entity: 1, 0 or negative;
 * RECALL_ASK_FACT: a fact of it passes that has the tags it has not. */
#define RECALL_ASK_FACT 2
bool recall_fact_passes(const struct recall_request *q,
	const struct recall_fact *f);
int recall_entity_passes(struct recalling *r, int64_t entity) MUST_CHECK;
/* The same, of a fact of it whose own end may have come. */
int recall_fact_of_passes(struct recalling *r, int64_t entity, int64_t fact)
	MUST_CHECK;
/* Where so many facts are to be asked for their tags, sets tell it (r->tagged). */
int recall_tag_sets(struct recalling *r, int which, int64_t facts) MUST_CHECK;
/* Has the fact the tags that its entity has not? */
int recall_tags_pass(struct recalling *r, int64_t entity, int64_t fact)
	MUST_CHECK;
/* Tags alone are asked for, and their sets tell without the entity. */
bool recall_filters_by_sets(const struct recalling *r);
/* Both, of a match. */
int recall_match_passes(struct recalling *r, const struct search_row *row)
	MUST_CHECK;
/* Both, of an observation whose row was read. */
int recall_row_passes(struct recalling *r, const struct recall_row *x)
	MUST_CHECK;
/* When an index tells that few facts pass, they are the candidates, and in
 * r->few. 1: so it is; 0: matches must be read. */
int recall_gather_filtered(struct recalling *r, int which) MUST_CHECK;

/* --- nearness of meaning (recall_vectors.c) ------------------------------- */
/* The nearest facts that pass become candidates. */
int recall_vectors_nearest(struct recalling *r) MUST_CHECK;
/* The nearness of all candidates that do not have it yet. */
int recall_vectors_scores(struct recalling *r) MUST_CHECK;
/* Its part of the score. */
void recall_vectors_features(struct recalling *r);
void recall_vectors_done(struct recalling *r);

int recall_score(struct recalling *r) MUST_CHECK;
/* The entities of candidates that came later. */
int recall_name_all(struct recalling *r) MUST_CHECK;
int recall_spread(struct recalling *r) MUST_CHECK;
/* When each candidate was confirmed by itself (recall_confirmed.c). */
int recall_confirmed(struct recalling *r) MUST_CHECK;
void recall_features(struct recalling *r);
double recall_covered(const struct recalling *r, int which, uint32_t found);
/* Weight of the words that stand close to another of the question. */
double recall_pairs(const struct recalling *r,
	const struct recall_candidate *c);
/* recall_useful.c: the place of each candidate by how well it fits and of what use
 * it was; confidence and most (the highest total) bring totals into 0 to 1. */
int recall_useful(struct recalling *r, double confidence, double most)
	MUST_CHECK;
/* recall_fold.c: puts the best into the result, near copies once. */
int recall_fold(struct recalling *r, double confidence) MUST_CHECK;
/* recall_pool.c: what several sentences found. Adds the best of r, one of them,
 * which has an answer so surely; each fact keeps its best score. */
int recall_pool(struct recalling *pool, const struct recalling *r,
	double confidence, int sentence) MUST_CHECK;
/* A fact as what it is compared by; its entity has no name there. */
struct copy_text recall_fact_copy_text(const struct recall_fact *f);
/* A candidate as what it is compared by. */
struct copy_text recall_copy_text(const struct recalling *r,
	const struct recall_candidate *c);
/* recall_relevance.c: how sure it is that there is an answer, 0 to 1. */
double recall_confidence(const struct recalling *r);
/* How much of a sentence was found, 0 to 1: where its facts stand among those of
 * the others. Not how sure that is: a short one is sure of little. */
double recall_evidence(const struct recalling *r);

#endif
