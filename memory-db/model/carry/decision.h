/* Whether a text tells of a decision, by its words. Pure. */
#ifndef MODEL_CARRY_DECISION_H
#define MODEL_CARRY_DECISION_H

#include <stdbool.h>
#include <stddef.h>

/* "decided to use pnpm", "we chose Postgres over MySQL", "ruled out Redis",
 * "Decision: no cron jobs". */
bool is_decision(const char *s, size_t n);

#endif
