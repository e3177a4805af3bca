/* A fact as a list of terms: the words that say something, numbers, dates and
 * names, each in a form in which equal things are equal ("two" is 2, "4 May 1990"
 * is "1990-05-04", "1 hour" is "60 minutes"). Pure.
 *
 * Example: "In 2019 Ada lived in Rome", subject "Ada":
 *
 *   term      kind    meaning     before the verb   behind which preposition
 *   2019      date                yes               in
 *   lived in  word    lives in    (the verb)
 *   Rome      name                                  in
 *
 * Ada is the subject, which is left out, and the fact is marked as past. */
#ifndef MODEL_ORDER_TERMS_H
#define MODEL_ORDER_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "memory-db/model/order/fact_attributes.h"
#include "memory-db/model/order/lexicon.h"

#define TERMS	   48  /* a longer text is compared word by word only */
#define TERM_WORDS 120 /* of a text, those that say nothing too */

enum term_kind {
	TERM_WORD,
	TERM_NAME, /* with a capital, not the first word */
	TERM_CODE, /* a path, an address, an identifier */
	TERM_NUMBER,
	TERM_VERSION,
	TERM_TIME, /* of the day, minutes */
	TERM_DATE
};
enum term_before { /* the preposition before it, as far as it says something */
	BEFORE_NOTHING,
	BEFORE_OTHER, /* on, at, by, with, for, of, ... */
	BEFORE_IN,
	BEFORE_FROM,
	BEFORE_TO,
	BEFORE_OVER, /* prefers A over B, to B, more than B */
	BEFORE_SINCE,
	BEFORE_UNTIL,
	BEFORE_EARLIER, /* before */
	BEFORE_LATER,	/* after */
	BEFORE_WHEN,	/* when, while */
	BEFORE_BY,
	BEFORE_PLACE, /* at, on, near */
	BEFORE_UNDER  /* who is under the table is not on it */
};
struct term {
	enum term_kind kind;
	enum term_before before;
	uint64_t key;  /* equal for what is the same */
	uint64_t stem; /* of its first word */
	int meaning;   /* of the lexicon; 0: not known */
	int alone;     /* ... without the preposition at its end: "stored in" */
	unsigned flags;
	int word, words; /* the first of the text, and how many */
	size_t at, n;	 /* where it stands in the text */
	const char *s;	 /* folded, of one word; in terms_text.folded */
	size_t s_n;
	bool maybe_name; /* the first of a sentence */
	bool is_denied;	 /* an entry with a "no" in it: "no internet" */
	bool is_behind; /* of an entry that ends with a preposition: "runs on" */
	double value;	/* of the base unit */
	enum lexicon_unit unit;
	int year, month, day, weekday; /* 0: not said; weekday 1 to 7 */
};
/* How a text is read: with the words that are known surely, with those of classes.def,
 * or with the phrases of classes.def, too, which hide words: "no internet". */
enum terms_reading { READ_PLAIN, READ_WORDS, READ_PHRASES };

struct terms_text {
	const char *text;
	struct term v[TERMS];
	int n;
	int verb;    /* the word that is the first verb; -1: none found */
	int subject; /* the word that first names the subject; -1 */
	int not_n;   /* how often it is turned round */
	int without; /* the word "without", which denies only what follows it;
			   -1 */
	unsigned marks; /* F_WAS, F_NOW, F_MAYBE, F_PLAN, F_IF, ... of all
			   terms, those left out too */
	int not_at;	/* the word that turned it round last; -1 */
	bool is_question, is_past, too_long;
	bool wide;	 /* read with the words of classes.def, */
	bool phrases;	 /* ... and with its phrases; */
	bool has_phrase; /* one was found */
	bool nobody;	 /* "nobody is ..", "no one has .." */
	int copulas;
	/* Of the attributes that an operator named: which ones the text has
	 * (bits), and which value of their list (from 1 on). */
	uint64_t attributes;
	uint16_t attribute_value[LIMIT_ATTRIBUTES];
	char folded[TERM_WORDS * 16];
	size_t folded_n;
};

/* subject: the name of the entity it is said of, "": not known. known: attributes
 * to look for, NULL: none. ret is large: not for the stack of many. 0 or
 * MDB_E_NOMEM. */
int terms_read(const char *subject, const char *text,
	const struct fact_attributes *known, enum terms_reading reading,
	struct terms_text *ret) MUST_CHECK;

/* The same in two steps, for a text that is read more than once: its words, then the
 * terms of a reading. *ret_new: freed by free(), borrows ret and text. */
struct reading;
int terms_open(const char *subject, const char *text,
	const struct fact_attributes *known, struct terms_text *ret,
	struct reading **ret_new) MUST_CHECK;
void terms_make(struct reading *r, enum terms_reading reading);

/* Does the text name the subject? 0 or MDB_E_NOMEM. */
int terms_name_subject(const char *subject, const char *text, bool *ret)
	MUST_CHECK;

/* --- numbers (terms_number.c) -------------------------------------------- */
/* A word that is a number, time, date or version as a whole: s is not folded.
 * True: term's kind, value and parts are set. */
bool term_number(const char *s, size_t n, struct term *ret);
/* "two", "second", "noon": folded. */
bool term_number_word(const char *s, size_t n, struct term *ret);

/* Whether two numbers, times, dates or versions say the same. */
bool term_same_number(const struct term *a, const struct term *b);
/* Dates: do they fit, as "June" and "15 June 2024"? */
bool term_dates_fit(const struct term *a, const struct term *b);

#endif
