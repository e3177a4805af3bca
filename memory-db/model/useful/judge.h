/* Was a fact that somebody was shown of use? Judged by the words of what was said
 * next: the same every time, no model is asked. Pure.
 *
 *   shown     infra: "the build cache lives on host kestrel"
 *   asked     "which host has the build cache?"
 *   answered  "It is on kestrel."            used: kestrel was not asked with
 *             "I ran the tests."             ignored
 *             "The build cache is no longer on kestrel."   contradicted
 *             "The build cache lives on host falcon."      contradicted
 *
 * An answer that says the same in other words counts as ignored, and one that
 * has half of a fact's words by chance as used: this is a measure, no proof. */
#ifndef MODEL_USEFUL_JUDGE_H
#define MODEL_USEFUL_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/beside/outcomes.h"

/* What was asked and answered, taken apart once for all facts. */
struct judge;

/* asked: the prompt, whose words the answer may just repeat. Copies both. */
int judge_new(const char *asked, size_t asked_n, const char *answer,
	size_t answer_n, struct judge **ret, struct err *e) MUST_CHECK;
void judge_free(struct judge *j);

/* The words that the facts judged next were asked for with, in the place of the
 * last ones: an agent that recalls by words of its own has said these already. */
int judge_asked_with(struct judge *j, const char *query, size_t n,
	struct err *e) MUST_CHECK;

/* A fact as it was shown. name: of its entity. */
struct judged_fact {
	const char *name, *text;
	size_t name_n, text_n;
};
/* What became of it: 1 with *ret, or 0 when it has no words to be known by. */
int judge_fact(const struct judge *j, const struct judged_fact *f,
	enum outcome *ret, struct err *e) MUST_CHECK;
/* Does the prompt deny what was shown before it? 1 yes, 0 no. */
int judge_denied(const struct judge *j, const struct judged_fact *f,
	struct err *e) MUST_CHECK;

#endif
