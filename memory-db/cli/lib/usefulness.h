/* Was a fact that an agent was shown of use? Judged by the words of its answer,
 * the same every time; no model is asked.
 *
 *   shown     "infra: the build cache lives on host kestrel"
 *   asked     "which host has the build cache?"
 *   answered  "It is on kestrel."            used: kestrel was not in the prompt
 *             "I ran the tests."             ignored
 *             "The build cache is no longer on kestrel."   contradicted */
#ifndef CLI_LIB_USEFULNESS_H
#define CLI_LIB_USEFULNESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

enum usefulness { FACT_USED, FACT_IGNORED, FACT_CONTRADICTED };

/* Pure. asked: the prompt, whose words the answer may just repeat. -1: no
 * memory, or the fact has no words to be known by. */
int usefulness_judge(const char *fact, const char *asked, const char *answer);

/* --- the ledger: what was shown in a namespace, and what became of it ------- */
struct ledger {
	int64_t shown, used, ignored, contradicted; /* of judged facts */
	json_t *facts; /* id -> [used, ignored, contradicted]; owned, may be
			  NULL */
};
/* False: there is none. */
bool ledger_read(const char *namespace_, struct ledger *ret);
/* Adds judgements (id -> enum usefulness). Lost when the disk is full: they are
 * figures. */
void ledger_add(const char *namespace_, const json_t *judged);
/* It was shown often and never used. */
bool ledger_is_idle(const struct ledger *l, int64_t fact);
void ledger_done(struct ledger *l);
#define AUTO_LEDGER __attribute__((cleanup(ledger_done)))

#endif
