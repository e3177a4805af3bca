/* What the files of lexicon.h share. */
#ifndef MODEL_ORDER_LEXICON_INTERNAL_H
#define MODEL_ORDER_LEXICON_INTERNAL_H

#include "memory-db/model/order/lexicon.h"

#define LEXICON_MEANINGS 14336

/* --- lexicon.c ----------------------------------------------------------------- */
/* The next member of a list with bars; false at its end. */
bool lexicon_next_member(const char **list, const char **ret, size_t *ret_n);
/* The meaning of a word or phrase, a new one when it has none; wide: one that
 * only the second reading of a text finds. Negative: no memory. */
int lexicon_meaning_of(const char *word, size_t n, bool wide);

/* --- lexicon_classes.c ----------------------------------------------------------- */
/* Reads classes.def, once all other tables are filled. 0 or MDB_E_NOMEM. */
int lexicon_classes_fill(void) MUST_CHECK;

#endif
