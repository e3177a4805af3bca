/* What script.c and script_own.c share. */
#ifndef MODEL_SCRIPT_INT_H
#define MODEL_SCRIPT_INT_H

#include "memory-db/model/script.h"

/* The view, from the first call on. */
int script_begin(struct script *s, struct err *e) MUST_CHECK;

/* A function of script_own: its code, or 1: it is none of them. */
int script_own_call(struct script *s, const char *name, const json_t *params,
	json_t **ret_result, struct err *e) MUST_CHECK;

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
