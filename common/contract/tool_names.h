/* The names of the methods, for code that calls one. TOOL_NAME(open_nodes) is
 * the text "open_nodes", and does not compile when no record has this name:
 * what is misspelt or renamed is found by the compiler. */
#ifndef COMMON_CONTRACT_TOOL_NAMES_H
#define COMMON_CONTRACT_TOOL_NAMES_H

/* TOOL_open_nodes is the place of open_nodes in tools[]. */
enum tool_id {
#define TOOL(name, ...)	     TOOL_##name,
#define LOOP_TOOL(name, ...) TOOL_##name,
#include "common/contract/tools/all.def"
#undef TOOL
#undef LOOP_TOOL
	TOOL_MAX
};

#define TOOL_NAME(name) (&#name[0 * TOOL_##name])

#endif
