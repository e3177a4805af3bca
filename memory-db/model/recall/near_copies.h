/* Facts that say the same in almost the same words. A reader is served once by
 * the best of them; their number tells how many there are, and nobody hides a
 * fact by writing a hundred near copies of another.
 *
 * Two are alike when more than 0.9 of their words are the same in the same
 * order, none is a negation that the other has not, they have the same words
 * of the question, are not said to have happened on different days, and belong
 * to one entity or to such as are numbered (note-1, note-2); of different ones
 * only when the text is long enough to be no coincidence. */
#ifndef MODEL_RECALL_NEAR_COPIES_H
#define MODEL_RECALL_NEAR_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "memory-db/model/scope/idset.h"

/* Hashes of words. Those with a digit in them have the highest bit set. */
typedef uint32_t token_t;
#define TOKEN_HAS_DIGIT UINT32_C(0x80000000)

/* Each is the least of all words under another hash: two texts with most words
 * in common have at least one of them in common. */
#define COPY_MINS 4

struct copy_text {
	const token_t *v, *name; /* text, name of the entity */
	size_t n, name_n;
	const token_t *mins; /* COPY_MINS, of the text */
	int64_t entity, day; /* day: when it happened; 0: not known */
	uint32_t found;	     /* words of the question */
};

/* The least hashes of the words of a text, by COPY_MINS ways to hash: texts
 * that share most of their words have most of these in common. */
void near_copy_mins(const token_t *v, size_t n, token_t mins[COPY_MINS]);
enum copy_how {
	COPY_NOT,
	COPY_ALMOST,  /* a word differs */
	COPY_NUMBERS, /* nothing but numbers differ */
	COPY_SAME     /* nothing does, or words such as "the" and "also" */
};
enum copy_how near_copy_compare(const struct copy_text *a,
	const struct copy_text *b);

/* The same entity, or the same name but for numbers in it. */
bool near_copy_names(const struct copy_text *a, const struct copy_text *b);

/* Texts, each unlike all before it. Safe on a zeroed struct. */
struct near_copy_set {
	struct copy_entry *v;
	size_t n, cap;
	struct idset heads;
};
void near_copy_set_done(struct near_copy_set *s);
/* The number of the text it is alike to, or its own, when it is added: then
 * *ret_how is COPY_NOT. */
int near_copy_set_put(struct near_copy_set *s, const struct copy_text *t,
	size_t *ret, enum copy_how *ret_how) MUST_CHECK;

#endif
