/* Two facts side by side: which terms of the one are those of the other, and what
 * is left over. Pure. */
#ifndef MODEL_ORDER_PAIRING_H
#define MODEL_ORDER_PAIRING_H

#include "memory-db/model/order/terms.h"

/* What is left over of one text: terms without a partner that say something. */
struct rest {
	int subject_n, value_n; /* before the verb, behind it */
	int date_n;		/* dates; they count in neither of the two */
	int count_n;		/* numbers before the verb: "two dogs" */
	int hard_n;		/* names, numbers, code among all these */
	int first, last;	/* of the values; terms; -1: none */
	int subject;		/* the first before the verb; -1: none */
	int date;		/* the first date; -1: none */
	int end;		/* behind the last word of all of it */
	int runs;		/* of values without a partnered term between */
	double weight;
	double verbs; /* the share of words like "love", "eat" in it */
};
#define PAIRING_POLES 8

struct pairing {
	const struct terms_text *a, *b;
	int a_to[TERMS], b_to[TERMS]; /* the partner; -1: none; -2: an opposite;
				       -3: says once more what another says */
	int denials; /* words like "disabled" that the other has not */
	int near;    /* partners by a class of words */
	int poles[PAIRING_POLES], poles_n; /* that both texts are at */
	int opposites;			   /* pairs of them, */
	int a_opposite, b_opposite;	   /* the last one; -1 */
	bool is_swapped;		   /* A over B, B over A */
	bool is_same_subject; /* a pair that says something is before both verbs
			       */
	bool is_turned;	      /* the two ends of a verb are swapped */
	bool is_one_way;      /* both have one that is never true both ways */
	bool is_apart;	      /* one says before what the other says after */
	bool is_two;	      /* what they are about is told apart: the minimum,
				 the maximum */
	bool is_unsure; /* a denial is hidden in an entry that has no partner */
	bool is_doing;	/* the opposites are what nobody does at once */
	double all, matched; /* weights of both texts */
	double core;	     /* share of what is no value, date, or
					 opposite that has a partner */
	struct rest rest_a, rest_b;
	int partners, hard_partners; /* pairs that say something */
};

void pairing_make(const struct terms_text *a, const struct terms_text *b,
	struct pairing *ret);
bool term_is_hard(const struct term *t);
bool term_is_number(const struct term *t);
/* "Moved to". */
bool term_is_move(const struct term *t);
/* Opposites: by the lexicon, or one is the other with "un", "non" and the like. */
bool terms_opposite(const struct term *a, const struct term *b);

#endif
