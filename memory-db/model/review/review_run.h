/* A decision about many staged changes: a run in slices, which one undo takes
 * back.
 *
 * For example all:true with 900 changes that wait is three calls. Each takes
 * some of them to main, in the order in which they were written, and keeps how
 * far it came; the same call again goes on, also after a crash. What was staged
 * after the first call is not decided: nobody has looked at it. */
#ifndef MODEL_REVIEW_REVIEW_RUN_H
#define MODEL_REVIEW_REVIEW_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

struct review_selection {
	const json_t *changes; /* these; NULL: of the session, or all */
	int64_t session;       /* label, or STAGED_ANY */
	int64_t upto;	       /* not those after it; 0: all that wait */
	bool approve, wins;    /* wins: over what main has set since */
	const char *note, *by; /* borrowed; note may be NULL */
};

/* One slice of it, and its reply (PROTOCOL.md, review_staged). */
int review_run(struct call *c, int64_t ns, const struct review_selection *s,
	json_t **ret, struct err *e) MUST_CHECK;
/* The reply to a retry: how far it is. */
int review_run_again(struct call *c, int64_t ns,
	const struct review_selection *s, json_t **ret, struct err *e)
	MUST_CHECK;

#endif
