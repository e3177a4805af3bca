/* What the files of scripts share. */
#ifndef MODEL_SCRIPT_SCRIPT_INT_H
#define MODEL_SCRIPT_SCRIPT_INT_H

#include "memory-db/model/script/script.h"

/* The view, from the first call on. */
int script_begin(struct script *s, struct err *e) MUST_CHECK;

/* A function of script_own: its code, or 1: it is none of them. */
int script_own_call(struct script *s, const char *name, const json_t *params,
	json_t **ret_result, struct err *e) MUST_CHECK;

/* The context of the caller, with what the call itself says. */
void script_context(const struct context *caller, const json_t *params,
	struct context *ret);

/* --- what it was told (script_seen.c) ------------------------------------- */
/* After a read. */
int script_saw(struct script *s, const struct call *c, struct err *e)
	MUST_CHECK;
/* After a write that is kept: what it touched by more than adding. */
int script_did(struct script *s, const struct call *c, struct err *e)
	MUST_CHECK;
/* A number that stands for what a reply of a write tells; highest: entity ids
 * above are those of the script. 0: replies of this tool are not compared. */
int script_told(const struct tool *t, const json_t *reply, int64_t highest,
	int64_t *ret, struct err *e) MUST_CHECK;
/* Whether a change of the entity by others would be a conflict. */
bool script_is_bound(const struct script *s, int64_t entity);

/* Before a file is written: which content it had, so that the writer can tell
 * whether somebody else wrote it meanwhile. */
int script_note_file(struct script *s, const struct call *c, struct err *e)
	MUST_CHECK;
/* Appends {file, action} for each file written. */
int script_add_files(struct script *s, json_t *changes, struct err *e)
	MUST_CHECK;
/* On the writer: 1 when one has another content now. */
int script_files_changed(struct store *st, const struct context *ctx,
	const json_t *files, struct err *e) MUST_CHECK;

#endif
