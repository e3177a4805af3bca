/* Context for a task: what an agent should have before it, in a budget of
 * tokens (common/tokens.h), as one text between marks that stored text cannot
 * forge, a fact a line, with date and origin.
 *
 *   pinned     facts of pinned entities
 *   relevant   what recall finds for the task
 *   conflicts  open ones: what contradicts what
 *   recent     the newest facts
 *
 * A text of an entity comes once, also when a project and its user both say it.
 * Facts derived from one that is gone are marked as
 * suspect. What finds no room is named, with its id. */
#ifndef MODEL_CONTEXT_CONTEXT_H
#define MODEL_CONTEXT_CONTEXT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

enum context_source {
	CONTEXT_PINNED,
	CONTEXT_RELEVANT,
	CONTEXT_CONFLICTS,
	CONTEXT_RECENT,
	CONTEXT_MAX
};
extern const char *const context_sources[]; /* names, NULL-terminated */

struct context_request {
	const char *task;
	size_t task_n;
	unsigned sources; /* 1 << enum context_source; 0: all */
	size_t max_tokens;
	int64_t now; /* ms */
	const char *zone;
	int64_t deadline_ns;
	const struct question *question; /* vector of the task, or NULL */
};

/* {context, tokens, counts:{pinned, ..}, named (facts without text),
 * left_out, receipt}. tokens <= max_tokens always. */
int context_json(struct store *st, const struct scope *scope,
	const struct context_request *request, json_t **ret, struct err *e)
	MUST_CHECK;

#endif
