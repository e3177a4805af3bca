/* What the files of fact_compare.h share. */
#ifndef MODEL_ORDER_FACT_COMPARE_INTERNAL_H
#define MODEL_ORDER_FACT_COMPARE_INTERNAL_H

#include "memory-db/model/order/fact_compare.h"
#include "memory-db/model/order/pairing.h"

struct comparing {
	const struct fact_said *a, *b;
	struct fact_verdict *ret;
	struct pairing p;
	int value_a, value_b; /* terms that stand in the same place; -1 */
	int attribute;	      /* the term of a that says what of; -1 */
	bool switched;	      /* one names the old value of the other */
	int rule;	      /* enum attribute_rule that the namespace has for
				 what both are about; -1: none */
	size_t which;	      /* ... and which of its attributes */
};

/* --- texts as they are (fact_readings.c) --------------------------------------- */
/* fact_compare_known without a look at the parts of a text. 0 or MDB_E_NOMEM. */
int fact_compare_whole(const struct fact_said *a, const struct fact_said *b,
	const struct fact_attributes *known, struct fact_verdict *ret)
	MUST_CHECK;

/* --- the decision (fact_compare.c) ------------------------------------------------ */
void fact_compare_decide(struct comparing *c, enum verdict_kind kind,
	double confidence);
/* What the pairs of c->p make of the two. */
void fact_compare_settle(struct comparing *c);
/* "switched from MySQL to PostgreSQL": the old value is the other text's. */
bool fact_names_old_value(const struct terms_text *t, const int *to);

/* --- the decision of the second reading (fact_wide.c) ------------------------------- */
/* "The login is disabled", "can log in": all that one says more is a denial. */
bool fact_is_denied_by_word(const struct pairing *p);
/* Both say the same in other words (fact_wide_same.c). */
bool fact_is_in_other_words(const struct comparing *c);
/* A verb, by what is known of it, by its place or by its ending. */
bool fact_is_verbal(const struct terms_text *t, int i);
/* For two that the rules of the first reading call different. */
void fact_wide_decide(struct comparing *c);

/* Not, an opposite, and the two sides of a comparison changed: "taller than Bob",
 * "Bob is shorter". Two of them are none. */
bool fact_is_turned_round(const struct pairing *p);

/* --- values (fact_values.c) ------------------------------------------------ */
/* Do both say who has a role that one has at a time, and name two? */
bool fact_is_other_holder(const struct pairing *p);
/* "Hale runs the club", "Ortiz runs the club": one of a kind is run by one. */
bool fact_is_run(const struct comparing *c);
/* What the words that both have say of how many values there may be: the flags
 * of the nearest one before the value, else of any. */
unsigned fact_attribute(struct comparing *c);
/* Two values in one place: how sure it is that only one can be right; 0: both
 * may be. */
double fact_one_value(struct comparing *c);
/* Which attribute of the namespace both texts are about. */
void fact_find_rule(struct comparing *c, const struct fact_attributes *known);
/* Do both facts have a value of the attribute's list, and different ones? */
bool fact_excludes(const struct comparing *c);
bool fact_is_numbers(const struct term *x, const struct term *y);
/* "issue 41": the number is a name. */
bool fact_is_identifier(const struct terms_text *t, int i);
/* Each has its own time: two are no conflict. */
bool fact_is_event(const struct comparing *c);
/* "In 2019", "until May": when it was so, not what is said. */
bool fact_is_validity(const struct term *t);

/* --- times (fact_times.c) --------------------------------------------------- */
bool fact_is_one_after_other(const struct comparing *c);
/* What is not said to be so contradicts nothing. */
bool fact_is_said_otherwise(const struct pairing *p);
bool fact_is_only_planned(const struct comparing *c);

/* --- words (fact_reason.c) -------------------------------------------------- */
/* What to do about it. */
const char *fact_action(const struct comparing *c);
/* What an update is of, as a word or two. */
void fact_name_attribute(const struct comparing *c);
/* The sentence for what was decided. 0 or MDB_E_NOMEM. */
int fact_reason(const struct comparing *c, struct buf *out) MUST_CHECK;

#endif
