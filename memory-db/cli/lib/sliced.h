/* Calls that are done in several changes: repeated until the service says that
 * nothing is left. */
#ifndef CLI_LIB_SLICED_H
#define CLI_LIB_SLICED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

struct cli;

/* As cli_call with `sliced` in the parameters, again and again, with a progress
 * bar; without is_sliced just that. The last reply, whose numbers are those of
 * all, with the conflicts of all. Interrupted, the same command goes on. A dry
 * run is one call: what the next slice would do. */
int sliced_call(struct cli *c, const char *method, json_t *params_new,
	bool is_sliced, const char *label, json_t **ret_reply) MUST_CHECK;

/* Merges a branch into main, in slices; adds to *ret_conflicts how many there
 * were. */
int sliced_merge(struct cli *c, const char *branch, int64_t *ret_conflicts)
	MUST_CHECK;

#endif
