/* What is known of words: which mean the same, which are opposites, which are
 * values of one kind, and which name an attribute that has one value at a time or
 * many. The words stand in words.def, kin.def, opposites.def, kinds.def,
 * classes.def and word_forms.def.
 *
 * Example: "is based in" and "lives in" have one meaning, whose flags say that it
 * has a single value (F_SINGLE) and describes a state (F_STATE): somebody who
 * lives in Oslo does not live in Rome. "likes" has F_MULTI: tea and coffee. */
#ifndef MODEL_ORDER_LEXICON_H
#define MODEL_ORDER_LEXICON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

/* Words of one entry at most. */
#define LEXICON_WORDS 6

enum lexicon_flag {
	F_LIGHT = 1 << 0,  /* says little: counts a third */
	F_DROP = 1 << 1,   /* says nothing: counts not at all */
	F_NOT = 1 << 2,	   /* turns the sentence round */
	F_VERB = 1 << 3,   /* what stands before it is what the fact is about */
	F_SINGLE = 1 << 4, /* has one value at a time */
	F_MULTI = 1 << 5,  /* has many */
	F_KIND = 1 << 6,   /* has one of each kind: a database, an editor */
	F_STATE = 1 << 7,  /* goes on until something else is so */
	F_EVENT = 1 << 8,  /* happens, and may happen again */
	F_ROLE = 1 << 9,   /* "Maria leads it": the value may come first */
	F_IDENT = 1 << 10, /* the number behind it is a name: issue 12 */
	F_COPULA = 1 << 11, /* is */
	F_OVER = 1 << 12,   /* prefers A over B: their order says something */
	F_ORDER = F_OVER,
	F_WAS = 1 << 13,    /* it was so, and is not any more */
	F_NOW = 1 << 14,    /* it is so now */
	F_MAYBE = 1 << 15,  /* not said to be so */
	F_PLAN = 1 << 16,   /* will be so */
	F_IF = 1 << 17,	    /* on a condition */
	F_SWITCH = 1 << 18, /* names the old value and the new one */
	F_HAVE = 1 << 19,   /* has */
	F_NAMED = 1 << 20,  /* its value is a name or a number */
	F_ENDED = 1 << 21,  /* no longer */
	F_NEVER = 1 << 22,  /* not at any time */
	F_SELF = 1 << 23, /* may stand for what the memory is about: the project
			     */
	F_THING =
		1 << 24,  /* its value is one thing, whether a name or a word */
	F_MOVE = 1 << 25, /* comes to have another value: "was moved to" */
	F_ONLY = 1 << 26, /* nothing else than what follows */
	F_FORBID = 1 << 27, /* "may not": says so, and is no guess */
	F_ONE_WAY = 1 << 28 /* who manages Bob is not managed by Bob */
};

enum lexicon_unit {
	UNIT_NONE,
	UNIT_TIME,
	UNIT_MONTHS,
	UNIT_BYTES,
	UNIT_WEIGHT,
	UNIT_LENGTH,
	UNIT_VOLUME,
	UNIT_SHARE,
	UNIT_DOLLAR,
	UNIT_EURO,
	UNIT_POUND,
	UNIT_DEGREE,
	UNIT_FAHRENHEIT,
	UNIT_TIMES,
	UNIT_ORDINAL
};

/* Words that the code asks for by themselves. */
enum lexicon_word {
	WORD_WEEKLY,
	WORD_GOLANG,
	WORD_VISIT,
	WORD_AGE,
	WORD_WORK_AS,
	WORD_MUST,
	WORD_MAX
};

/* Fills the tables; once, and again after it failed. 0 or MDB_E_NOMEM. */
int lexicon_ready(void) MUST_CHECK;

/* The hash of a word's stem, from its folded form. 0 or MDB_E_NOMEM. */
int lexicon_stem(const char *word, size_t n, uint64_t *ret) MUST_CHECK;

/* The number of the meaning of n stems in a row, 0: not known. wide: with the words
 * that only classes.def has. */
int lexicon_find(const uint64_t *stems, int n, bool wide);
/* How many words the longest entry with this first stem has. */
unsigned lexicon_flags(int meaning);
/* The first word of the entry. */
const char *lexicon_name(int meaning, size_t *ret_n);
/* The meaning of a word that the code itself asks for. */
int lexicon_known(enum lexicon_word word);
/* What the meaning counts as a value of; 0: nothing known. */
bool lexicon_same_kind(int a, int b);
/* Who says one denies the other. */
bool lexicon_opposite(int a, int b);
/* Nobody does both at a time: sleeping, running. */
bool lexicon_excludes_doing(int a, int b);
/* They may say the same of the same thing: stored in, lives in. */
bool lexicon_kin(int a, int b);
/* Words of one class: a teacher gives lessons. */
bool lexicon_near(int a, int b);
/* The pole that a and b are at the two ends of, healthy and ill; 0: none. */
int lexicon_pole(int a, int b);
/* Is the meaning at either end of the pole? */
bool lexicon_at_pole(int meaning, int pole);
/* Says little beside other words: "suffers from", "a kind of". */
bool lexicon_is_slight(int meaning);
/* Denies what it is said of: "the login is disabled". */
bool lexicon_is_denial(int meaning);
/* A cat is a pet. */
bool lexicon_is_a(int special, int general);
/* A form of a verb that tells of the past; stem: of exact spelling. */
bool lexicon_is_past(const char *word, size_t n);
/* The unit of a word, UNIT_NONE: it is none; *ret: of the base unit. */
enum lexicon_unit lexicon_unit(const char *word, size_t n, double *ret);

#endif
