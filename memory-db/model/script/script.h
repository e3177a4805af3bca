/* A script's calls into the memory, and what becomes of its writes.
 *
 * While it runs, a script reads and writes a private view (STORE_SCRIPT). The
 * calls that wrote are kept. At a good end the writer executes them again, as
 * one change, unless somebody changed meanwhile what the script changed, or
 * one of them answers otherwise: then nothing happens and the outcome is
 * `conflict`. What the script only added to, without reading it, may have
 * changed (script_seen.c). */
#ifndef MODEL_SCRIPT_SCRIPT_H
#define MODEL_SCRIPT_SCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/contract/tools.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/idset.h"

/* The type of handlers, and of method_run (method/method.h). */
typedef int (
	*script_handler)(struct call *c, json_t **ret_result, struct err *e);

/* A skill that a script runs or ran. */
struct script_skill {
	int64_t entity, start_ns, us;
	bool has_ended, ok;
};

struct script {
	struct store *st; /* STORE_SCRIPT */
	const struct context *ctx;
	script_handler run; /* calls the handler of call.tool */
	bool began;	    /* at the first call */
	int64_t base;	    /* the change it sees */
	int64_t highest;    /* entity id then */
	json_t *calls;	    /* those that wrote: [{method, params, told}] */
	size_t bytes;	    /* of calls */
	int64_t facts;	    /* shown and hidden by them */
	struct idset bound; /* entities it read, or not only added to */
	bool saw_all;	    /* it read many, by a search or a list */
	json_t *message;    /* what memory.commit said; owned, or NULL */
	json_t *files;	    /* written: [{name, user, id before}]; owned */
	struct script_skill *skills; /* that it ran; owned */
	size_t skills_n;
	json_t *skill; /* the first of them: {name, namespace, version,
			    saved_by}; owned, or NULL */
};

/* The tool behind a name that scripts know ("history" is memory_history), or
 * NULL when scripts may not call it. */
const struct tool *script_tool(const char *name);

/* Whether the scripts of this caller have it: those of an agent have what its
 * profiles have. script_check: 0, or MDB_E_DENIED and who has it. */
bool script_has(const struct context *ctx, const struct tool *t);
int script_check(const struct context *ctx, const struct tool *t, struct err *e)
	MUST_CHECK;

/* Functions that scripts have and clients do not; NULL ends the list. */
extern const struct script_own {
	const char *name, *positional, *doc; /* doc "": for the helpers only */
} script_own[];

/* Runs one call, giving up after left_ms. Errors leave the view as it was
 * before the call. */
int script_call(struct script *s, const char *name, json_t *params,
	int64_t left_ms, json_t **ret_result, struct err *e) MUST_CHECK;

bool script_wrote(const struct script *s);

/* What it would change or changed: rows of diff_all. New array. */
int script_changes(struct script *s, json_t **ret, struct err *e) MUST_CHECK;

/* What the writer needs (see script_commit). New object. */
int script_pack(struct script *s, json_t **ret, struct err *e) MUST_CHECK;

/* Counts the skills it ran; those that did not come to an end failed. */
void script_count_skills(const struct script *s);

/* Ends the view. */
void script_done(struct script *s);

/* On the writer. pack: of script_pack. Executes the calls as one change.
 * *ret_conflict: it did not fit; nothing is done then, e says why. */
int script_commit(struct call *c, const json_t *pack, script_handler run,
	int64_t *ret_change, bool *ret_conflict, struct err *e) MUST_CHECK;

#endif
