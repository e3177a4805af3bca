/* What scripts can call, for the jail's `memory` table and memory.help(). */
#ifndef WORK_SCRIPT_METHODS_H
#define WORK_SCRIPT_METHODS_H

#include "memory-db/model/scope/call.h"
#include "sandbox/sandbox.h"

/* Bound of the list, its end included. */
#define SCRIPT_METHODS_MAX 96

/* From the same table as the MCP tools, with shorter names beside the long
 * ones. Lives for ever; made at the first call, which is in one thread. */
const struct sandbox_method *script_methods(void);

/* Names of those that scripts of this caller lack, NULL behind the last. */
void script_methods_without(const struct context *ctx,
	const char *out[SCRIPT_METHODS_MAX]);

#endif
