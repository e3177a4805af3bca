/* Review of what agents wrote to a protected main: what a staged change would
 * be on main as it is now, and the decision. The idea: README.md beside this
 * file. */
#ifndef MODEL_REVIEW_REVIEW_H
#define MODEL_REVIEW_REVIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/staged.h"

/* --- looking -------------------------------------------------------------- */
struct review_view {
	json_t *row;	   /* added, removed, set, more; owned */
	json_t *conflicts; /* array: what main says otherwise; owned */
	json_t *needs;	   /* array: staged changes that it builds on; owned */
	bool is_dissolved; /* main has all of it already, or it is moot */
};
void review_view_done(struct review_view *v);
#define AUTO_REVIEW_VIEW __attribute__((cleanup(review_view_done)))

/* What s would do to main now: nothing is written. wins: its values take the
 * place of those that main has set since. Changes the lens. */
int review_look(struct store *st, const struct context *ctx,
	const struct staged *s, bool wins, size_t max_bytes,
	struct review_view *ret, struct err *e) MUST_CHECK;

/* --- listing -------------------------------------------------------------- */
struct review_query {
	int64_t ns;
	int64_t session; /* label, or STAGED_ANY */
	int64_t state;	 /* enum staged_state, or STAGED_ANY */
	int64_t change;	 /* this one; 0: all */
	int64_t after;	 /* changes with larger ids */
	int64_t limit;
	size_t max_bytes;
};
/* A new array of rows; *ret_next: `after` of the next page, 0: the last. */
int review_list(struct store *st, const struct context *ctx,
	const struct review_query *q, json_t **ret, int64_t *ret_next,
	struct err *e) MUST_CHECK;

/* --- deciding ------------------------------------------------------------- */
/* Takes s over to main as a change of its own, by its agent. *ret_change: 0
 * when main had all of it. MDB_E_CONFLICT is not returned: look first. */
int review_take(struct call *c, const struct staged *s, bool wins,
	const char *message, int64_t *ret_change, struct err *e) MUST_CHECK;

/* Changes of main were undone: the staged ones that they had been wait again.
 * *ret_n of them. Writer. */
int review_return(struct call *c, int64_t ns, const struct idset *undone,
	int64_t *ret_n, struct err *e) MUST_CHECK;

/* After decisions: what inboxes show that is decided goes out of them. One
 * without anything that waits is discarded; another is made anew from what
 * waits, and its session reads the old one until that is done. At most about
 * `room` facts; *ret_more: something is left. Writer. */
int review_settle(struct call *c, int64_t ns, int64_t room, bool *ret_more,
	struct err *e) MUST_CHECK;

/* An agent takes its own staged changes back: main never had them, so there is
 * nothing to undo. changes: ids, all waiting and of `session` (label). *ret_n:
 * how many; 0: they are not, and nothing was done. With `cascade` those that
 * build on them go, too; else they are in the way (MDB_E_CONFLICT). Writer. */
int review_withdraw(struct call *c, int64_t ns, int64_t session,
	const json_t *changes, bool cascade, int64_t *ret_n, struct err *e)
	MUST_CHECK;

/* What waits for longer than its namespace allows (setting review_expires)
 * goes, unapproved. At most `most`; *ret_n of them. Writer. */
int review_expire(struct store *st, int64_t ns, int64_t now, int64_t most,
	int64_t *ret_n, struct err *e) MUST_CHECK;

#endif
