/* The words of a text by which curation says that two are alike: stems, without
 * numbers and words such as "the". Two texts are alike when half of all their
 * words are in both.
 *
 *   "deployed build 12 of the api"     deploy build api     1.0
 *   "deployed build 19 of the api"     deploy build api */
#ifndef MODEL_CURATE_WORDS_H
#define MODEL_CURATE_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define WORDS_MOST  256	 /* that are compared */
#define WORDS_BYTES 2000 /* of a text that are read */
#define WORDS_ALIKE 0.5

struct word_set {
	uint32_t v[WORDS_MOST];
	int n;
};

/* Adds the words of a text. 0 or MDB_E_NOMEM. */
int words_add(struct word_set *set, const char *s, size_t n) MUST_CHECK;
/* 0 to 1. */
double words_likeness(const struct word_set *a, const struct word_set *b);

#endif
