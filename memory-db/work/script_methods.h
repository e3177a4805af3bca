/* What scripts can call, for the jail's `memory` table and memory.help(). */
#ifndef WORK_SCRIPT_METHODS_H
#define WORK_SCRIPT_METHODS_H

#include "sandbox/sandbox.h"

/* From the same table as the MCP tools, with shorter names beside the long
 * ones. Lives for ever; made at the first call, which is in one thread. */
const struct sandbox_method *script_methods(void);

#endif
