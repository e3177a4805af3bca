/* Words for what became of a script. */
#ifndef SANDBOX_OUTCOME_H
#define SANDBOX_OUTCOME_H

#include "sandbox/sandbox.h"
#include "sandbox/talk.h"

/* What the parent knows at the end. */
struct outcome_facts {
	const struct talk *talk;
	bool is_cancelled;
	bool is_over;	 /* time was over and the jail was told so */
	bool is_cpu;	 /* it was the CPU time */
	bool is_lost;	 /* the descriptor failed */
	bool has_status; /* status is that of wait(2) */
	int status;
};

/* Decides and words it: result, message, hint, limit, line of *o, whose usage
 * and limits are filled in already. */
void outcome_decide(const struct outcome_facts *f, struct sandbox_outcome *o);

/* Fills in the hint that belongs to the result, if there is none yet. */
void outcome_hint(struct sandbox_outcome *o);

#endif
