/* A text taken apart into sentences. Pure. */
#ifndef MODEL_RECALL_SENTENCES_H
#define MODEL_RECALL_SENTENCES_H

#include <stddef.h>

/* Sentences of a query that are looked at one by one; of more, neighbours are
 * taken together. */
#define SENTENCES_MAX 32

struct sentence {
	const char *s; /* in the text */
	size_t n;
};
/* A sentence ends at a line end, at . ! ? (some in a row, perhaps a quote or a
 * bracket behind) before a space, and at their forms in other scripts. What has
 * no letter, digit or sign is none. Returns how many, SENTENCES_MAX at most;
 * together they hold every word of the text. */
int sentences_of(const char *s, size_t n, struct sentence ret[SENTENCES_MAX]);

/* Where the sentence that begins at s ends, by the same marks: for who goes
 * through a long text one by one. A line end is not part of it. */
size_t sentences_end(const char *s, size_t n);

#endif
