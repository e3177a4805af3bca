/* Where writes of agents go in a namespace that protects main: to the inbox of
 * their session, a branch of its own.
 *
 * An inbox floats: it has no fork, so a read through it sees main as it is now
 * and the staged changes of one session above it. For example session s1 adds a
 * fact to Ada and the operator renames Ada afterwards: s1 reads the new name
 * and its own fact, all others read the new name alone.
 *
 *   read of              levels of the lens
 *   s1                   (inbox/s1, newest) (main, newest)
 *   s2, the operator     (main, newest)
 *
 * Who is an agent is said by its connection; an operator's program writes to
 * main as ever. */
#ifndef MODEL_SCOPE_INBOX_H
#define MODEL_SCOPE_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/store/engine/store.h"

/* The fork of a branch that has none: all of its parent, now. */
#define INBOX_FORK	(STORE_OPEN_END - 1)
#define INBOX_NAME_SIZE 256

/* The name of the inbox of a session (NULL: of agents without one). Two
 * sessions never share one. */
void inbox_name(const char *session, char ret[INBOX_NAME_SIZE]);
/* Is it the name of an inbox? Such names are the service's alone. */
bool inbox_is_name(const char *branch);
/* Is, or was, the branch one? */
int inbox_is(struct store *st, int64_t branch, bool *ret, struct err *e)
	MUST_CHECK;
/* An error that names the parameter when the branch is one: what waits for
 * review is decided, not merged, discarded or forked from. */
int inbox_refuse(struct store *st, int64_t branch, const char *param,
	struct err *e) MUST_CHECK;

/* Is main of the namespace closed to this caller? Also where an agent of a
 * project that protects main writes to the user's memory. */
int inbox_guards(struct store *st, const struct context *ctx, int64_t ns,
	bool *ret, struct err *e) MUST_CHECK;
/* Does any namespace protect main? */
int inbox_any(struct store *st, bool *ret, struct err *e) MUST_CHECK;

/* The inbox of the caller's session. 1 found, 0: nothing of it is staged. */
int inbox_find(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e) MUST_CHECK;
/* The same, made when there is none. Writer. */
int inbox_open(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e) MUST_CHECK;
/* A new one of that name, as a change by `client`. Writer. */
int inbox_create(struct store *st, int64_t ns, const char *name,
	const char *client, const char *session, int64_t *ret_branch,
	struct err *e) MUST_CHECK;
/* Ends one: its name comes free. Writer. */
int inbox_discard(struct store *st, int64_t ns, int64_t branch,
	const char *client, struct err *e) MUST_CHECK;

/* A branch that the caller named: refused when it is an inbox that is not his
 * to read (writes: no inbox is). */
int inbox_check(const struct context *ctx, const char *branch, bool is_write,
	struct err *e) MUST_CHECK;

#endif
