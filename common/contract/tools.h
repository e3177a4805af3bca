/* The one list of methods and tools: dispatch, validation, MCP tool list,
 * help and documentation come from it. A new one is an entry in tools.def, a
 * parameter table in tools.c and a handler. */
#ifndef COMMON_CONTRACT_TOOLS_H
#define COMMON_CONTRACT_TOOLS_H

#include <jansson.h>

#include "common/contract/schema.h"

enum tool_flag {
	TF_READ = 1,  /* runs on a reader */
	TF_WRITE = 2, /* runs on the writer, in a commit group */
	TF_LOOP = 4,  /* answered in the loop, never queued */
	TF_ADMIN = 8, /* not for agents */
	TF_DESTRUCTIVE = 16,
	TF_IDEMPOTENT = 32,
	TF_COMPAT = 64,	 /* one of the nine: unknown fields are ignored
				   and reported under `ignored` */
	TF_SLOW = 128,	 /* scans much: only one reader may run it */
	TF_LARGE = 2048, /* a write that may touch much however short its
				   request is: a commit group of its own */
	TF_SCRIPT = 256	 /* runs on a script thread; its writes go to
				   the writer at the end */
};

enum tool_profile { /* which MCP profiles list it; 0: socket only */
	TP_DEFAULT = 1,
	TP_COMPAT = 2,
	TP_HISTORY = 4,
	TP_ADMIN = 8,
	TP_SKILLS = 16
};

struct tool {
	const char *name;
	const char *title;
	const char *text; /* MCP description; cut nowhere (< 2,048) */
	unsigned flags;
	unsigned profiles;
	unsigned order; /* position in the MCP list */
	const struct param *params;
	const struct param *result; /* MCP structuredContent; NULL: free */
};

extern const struct tool tools[];
extern const size_t tools_n;
/* Parameters every method takes (namespace, branch, as_of, ...). */
extern const struct param tools_common[];

/* NULL when unknown. */
const struct tool *tool_find(const char *name);

/* The nearest known name for an error text, or NULL. */
const char *tool_nearest(const char *name);

/* Tiers in order of promotion, NULL-terminated; the index is what is stored. */
extern const char *const tool_tiers[];

#endif
