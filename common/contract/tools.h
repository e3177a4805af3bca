/* One record a method: all that is known of it. Dispatch, the check of
 * parameters, the rights, the list of MCP tools, the functions of scripts, help
 * and documentation come from the records (common/contract/tools/). No other
 * place knows a method by its name, so what is special about one is a member
 * or a flag here:
 *
 *   TOOL(open_nodes,
 *           .title = "Open entities",
 *           .text = "Read entities by exact name, with their relations.",
 *           .flags = TF_READ | TF_COMPAT | TF_IDEMPOTENT,
 *           .profiles = TP_DEFAULT | TP_COMPAT, .order = 30,
 *           .params = PARAMS(LIST("names", PF_REQUIRED, "exact names", ..)),
 *           .result = GIVES(..),
 *           ...)
 *
 * Its handler is m_open_nodes in memory-db/method/, found by the linker. */
#ifndef COMMON_CONTRACT_TOOLS_H
#define COMMON_CONTRACT_TOOLS_H

#include <jansson.h>

#include "common/contract/schema.h"
#include "common/contract/tool_names.h"

enum tool_flag {
	/* Where it runs; exactly one. This is also the right it asks for:
	 * reading or writing. */
	TF_READ = 1 << 0,   /* on a reader */
	TF_WRITE = 1 << 1,  /* on the writer, in a commit group */
	TF_LOOP = 1 << 2,   /* in the loop, never queued */
	TF_SCRIPT = 1 << 3, /* on a script thread; its writes go to the writer
			       at the end */

	/* Whose it is. */
	TF_ADMIN = 1 << 4,  /* the operator's, not for agents */
	TF_COMPAT = 1 << 5, /* one of the nine of the reference memory server:
			       unknown fields are ignored and reported under
			       `ignored` */

	/* What it does. */
	TF_DESTRUCTIVE = 1 << 6,
	TF_IDEMPOTENT = 1 << 7,
	TF_HIDES = 1 << 8,  /* may hide many facts at once: MCP shows
			      `confirm` */
	TF_MERGES = 1 << 9, /* brings a branch into its parent; a run of it
			       stays listed when the branch is gone */

	/* What it costs. */
	TF_SLOW = 1 << 10,   /* scans much: only one reader may run it */
	TF_LARGE = 1 << 11,  /* a write that may touch much however short its
				request is: a commit group of its own */
	TF_SEARCH = 1 << 12, /* its time is a search's in the status */

	TF_PREPARE = 1 << 19, /* a write that is worked out on a thread of its
				 own before the writer has it */

	TF_SNAPSHOT = 1 << 18, /* copies the whole database: on a thread of its
				  own. A descriptor goes with its reply */

	/* What it is allowed, or kept from. */
	TF_LEASE = 1 << 13,  /* takes `lease`: what it makes may end with the
			       connection */
	TF_IMPORT = 1 << 14, /* takes pages of an import: no limit of the rate
				counts them, and damage in them is not damage
				of the database */
	TF_EVERYWHERE = 1 << 20, /* reaches facts of every namespace, by their
				    ids */
	TF_MENDS = 1 << 15,	 /* runs on a damaged database, to mend it */

	/* Of which namespace a kept answer may hold texts, when a key comes
	 * again (work/once.c). Without a flag: of that which is written. */
	TF_NO_TEXTS = 1 << 16,
	TF_BOTH_TEXTS = 1 << 17 /* from a project also the user's memory */
};

enum tool_profile { /* which MCP profiles list it; 0: socket only */
	TP_DEFAULT = 1,
	TP_COMPAT = 2,
	TP_HISTORY = 4,
	TP_ADMIN = 8,
	TP_SKILLS = 16,
	TP_ORDER = 32
};

/* --- scripts (memory-db/model/script) -------------------------------------- */
enum tool_script_flag {
	/* Not for scripts although agents have it: it writes more than one
	 * change, or another branch. */
	TS_NOT = 1 << 0,
	/* A read that tells nothing of entities. */
	TS_BLIND = 1 << 1,
	/* A write that may mean another thing when somebody else wrote
	 * meanwhile: its reply must be the same when it is done again. */
	TS_TOLD = 1 << 2,
	TS_FILE = 1 << 3,      /* writes the file `name` of the workspace */
	TS_UNDO = 1 << 4,      /* takes back changes, but none of the script */
	TS_RELATIONS = 1 << 5, /* gives relations unless told otherwise */
	TS_COUNTS = 1 << 6     /* answered with the counts alone, by the script
				  thread */
};

struct tool_script {
	const char *positional; /* parameters by position: "query limit" */
	const char *alias;	/* a second, shorter name */
	unsigned flags;		/* enum tool_script_flag */
	/* Beside those of the tool: a read that tells nothing their own reads do
	 * not tell, but whose description would cost every agent tokens. */
	unsigned profiles;
	/* A read by name: the parameter that has the name or a list of names.
	 * With it the script saw those entities only; NULL: it saw all. */
	const char *names;
	/* A write that may only add: its list of entries, and the list of
	 * texts in an entry (NULL: none). Any other binds what it touches. */
	const char *adds, *texts;
};

/* --- MCP (mcp-server/mcp) --------------------------------------------------- */
/* What becomes of a reply before an agent sees it. */
enum tool_shape {
	SHAPE_PLAIN, /* as it is, without the envelope */
	SHAPE_GRAPH,
	SHAPE_CREATED_ENTITIES,
	SHAPE_CREATED_RELATIONS,
	SHAPE_ADDED_OBSERVATIONS,
	SHAPE_DELETED_ENTITIES,
	SHAPE_DELETED_OBSERVATIONS,
	SHAPE_DELETED_RELATIONS,
	SHAPE_RECALL,
	SHAPE_SCRIPT,
	SHAPE_MAX
};

/* How the profile compat reads a whole graph (mcp-server/mcp/graph_read.c). */
enum tool_whole { WHOLE_PAGES, WHOLE_NAMES, WHOLE_SEARCH };

struct tool_arg {
	const char *name; /* NULL ends a list */
	enum { ARG_TEXT, ARG_TRUE, ARG_INT, ARG_REAL } is;
	const char *text;
	double number;
	bool may_stay; /* what the agent said counts */
};

/* Of one of the nine, in the profile compat: as the reference server has it. */
struct tool_compat {
	const char *text;	     /* NULL: that of the tool */
	const struct param *output;  /* outputSchema, closed */
	const char *shows;	     /* member that is the text; NULL: all */
	const struct tool_arg *args; /* added to the arguments; NULL: none */
	enum tool_whole whole;	     /* of reads */
};

struct tool {
	const char *name;
	const char *title;
	const char *text; /* MCP description; cut nowhere (< 2,048) */
	unsigned flags;
	unsigned profiles;
	unsigned order; /* position in the MCP list; no two have the same */
	const struct param *params;
	const struct param *result; /* reply on the socket, see GIVES */
	const char *example;	    /* parameters, as JSON, that a test sends */
	const char *asks;    /* parameter that is a question in plain words: its
				vector is asked for before the call runs */
	const char *command; /* what a person writes instead: "memoryctl log"
				takes the place of the name in error texts of
				memoryctl; NULL: the name stays */

	struct tool_script script;

	enum tool_shape shape;
	const struct param *output;  /* outputSchema of MCP; NULL: none. What a
					write tells is short, and read by the
					model as it comes */
	const struct tool_arg *args; /* added to the arguments; NULL: none */
	struct tool_compat compat;
};

extern const struct tool tools[];
extern const size_t tools_n;
/* Parameters every method takes (namespace, branch, as_of, ...). */
extern const struct param tools_common[];
/* Members any reply may have. */
extern const struct param tools_any_reply[];

/* The record of a method that code knows: TOOL_OF(open_nodes). */
#define TOOL_OF(name) (&tools[TOOL_##name])

/* NULL when unknown. */
const struct tool *tool_find(const char *name);

/* The nearest known name for an error text, or NULL. */
const char *tool_nearest(const char *name);

/* Whether a reply, without its envelope, is as the record says. For tests and
 * test builds. 0, or MDB_E_INTERNAL naming the member; MDB_E_NOMEM. */
int tool_check_reply(const struct tool *t, const json_t *reply, struct err *e)
	MUST_CHECK;

/* Tiers in order of promotion, NULL-terminated; the index is what is stored. */
extern const char *const tool_tiers[];
/* Ways in which entities are related, NULL-terminated. */
extern const char *const tool_related_kinds[];
/* States of a step of a plan, NULL-terminated; those that are open first. */
extern const char *const tool_plan_states[];

#endif
