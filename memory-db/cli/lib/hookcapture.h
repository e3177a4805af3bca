/* What was said since the last event: into the memory, and held against what was
 * shown.
 *
 *   Stop           the transcript from the cursor on: its turns go through
 *                  extraction, its answers judge what hooks and calls showed
 *   SubagentStop   the transcript of the sub-agent: its answer judges what it
 *                  asked for; nothing of it is kept */
#ifndef CLI_LIB_HOOKCAPTURE_H
#define CLI_LIB_HOOKCAPTURE_H

#include "memory-db/cli/lib/hookwork.h"

void hookcapture(struct hookwork *w);
void hookcapture_agent(struct hookwork *w);

#endif
