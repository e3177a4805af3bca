/* What the files of terms.h share. */
#ifndef MODEL_ORDER_TERMS_INTERNAL_H
#define MODEL_ORDER_TERMS_INTERNAL_H

#include "memory-db/model/order/terms.h"

struct text_word {
	const char *s; /* folded */
	size_t n;
	uint64_t stem;
	size_t at, len; /* in the text, of the whole it was a part of */
	bool capital, inner_capital, first, is_part;
	bool is_subject, is_term; /* term: read as a whole */
	bool ends;		  /* the last of its sentence */
	bool is_less;		  /* "queenless": a word that denies itself */
	struct term term;
};
struct reading {
	struct terms_text *t;
	struct text_word w[TERM_WORDS];
	int n;
	size_t at, len; /* of what is cut into pieces */
	bool first;
	enum term_before before;
	bool behind;   /* an entry that ended with a preposition */
	int last_have; /* the last "is" or "has" before */
	bool seen_over;
	bool is_cut; /* the text has more words than there is room for */
};

/* --- words (terms_words.c) ------------------------------------------------- */
/* Cuts the text into words. 0 or MDB_E_NOMEM. */
int terms_take_words(struct reading *r) MUST_CHECK;
/* Marks the words that name what the fact is of. 0 or MDB_E_NOMEM. */
int terms_mark_subject(struct reading *r, const char *subject) MUST_CHECK;
/* Notes which attributes that an operator named the text has. */
void terms_mark_attributes(struct reading *r,
	const struct fact_attributes *known);
bool terms_word_is(const struct reading *r, int i, const char *text);
bool terms_word_in(const struct reading *r, int i, const char *const *list);

/* --- entries of the lexicon (terms_phrases.c) ------------------------------------ */
/* The longest entry of the lexicon from word i on: *ret its meaning. How many
 * words; 0: none. */
int terms_find_phrase(const struct reading *r, int i, int *ret);
/* The meaning of n words as one entry; 0: they are none. */
int terms_find_alone(const struct reading *r, int i, int n);

/* --- how it is meant (terms_said.c) ----------------------------------------------- */
/* Is "may", word i, a permission? */
bool terms_is_permitted(const struct reading *r, int i);
/* "Makes him sick": word i says little. */
bool terms_is_causing(const struct reading *r, int i);
/* Is a denial hidden in the entry of n words? */
bool terms_is_denied_phrase(const struct reading *r, int i, int n);
/* Does word i deny only what is denied already? */
bool terms_is_denied_already(const struct reading *r, int i);

/* --- dates and numbers (terms_dates.c) -------------------------------------- */
/* The term of words from `word` on; NULL: there are too many. */
struct term *terms_new(struct reading *r, int word, int words);
/* A date, or a number with its unit, from word i on: how many words; 0: none. */
int terms_read_date(struct reading *r, int i);
int terms_read_number(struct reading *r, int i);
/* "Half an hour", "an hour and a half": the same. */
int terms_read_part(struct reading *r, int i);
/* Word i as a plain number, without what may be its unit behind it. */
bool terms_read_count(struct reading *r, int i);

#endif
