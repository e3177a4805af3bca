/* Changes of agents that wait for review, as rows: which change, of which
 * session, on which inbox, and what was decided. Rules: model/review. A row of
 * its own, no part of the chain; export and replay carry it as a line. */
#ifndef STORE_LOG_STAGED_H
#define STORE_LOG_STAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

enum staged_state {
	STAGED_WAITING,
	STAGED_APPROVED,
	STAGED_REJECTED,
	STAGED_EXPIRED,
	STAGED_WITHDRAWN, /* taken back by its agent */
	STAGED_STATES
};
const char *staged_state_name(int state); /* "waiting", ...; static */

/* Of a note that a script gives as its reason: more is cut. */
#define STAGED_NOTE_BYTES 900

struct staged {
	int64_t change, ns;
	int64_t session;       /* label; 0: none */
	int64_t branch, shown; /* as the columns of the table */
	int64_t at, facts, bytes;
	enum staged_state state;
	int64_t decided; /* ms; 0: not yet */
	int64_t applied; /* change of main; 0: none */
	bool told;
	const char *by, *note; /* borrowed, or NULL */
};
/* Non-zero stops and is returned. */
typedef int (*staged_fn)(void *ctx, const struct staged *s);

/* Writes the row, over one of its change (replay of a log). */
int staged_put(struct store *st, const struct staged *s, struct err *e)
	MUST_CHECK;
/* The decision: state, decided, applied, by, note and `told` of *s. */
int staged_decide(struct store *st, const struct staged *s, struct err *e)
	MUST_CHECK;
/* Which inbox shows it from now on; 0: none. */
int staged_set_shown(struct store *st, int64_t change, int64_t branch,
	struct err *e) MUST_CHECK;
/* An inbox shows none of them any more. */
int staged_release(struct store *st, int64_t branch, struct err *e) MUST_CHECK;
/* The session was told of all that was decided so far. */
int staged_set_told(struct store *st, int64_t ns, int64_t session,
	struct err *e) MUST_CHECK;

/* 1 found. */
int staged_get(struct store *st, int64_t change, staged_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
#define STAGED_ANY (-1)
/* Rows of a namespace with change > after, by change: of a state, of a session
 * (each may be STAGED_ANY). */
int staged_each(struct store *st, int64_t ns, int64_t state, int64_t session,
	int64_t after, staged_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Rows that an inbox shows, by change. */
int staged_each_shown(struct store *st, int64_t branch, staged_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Decided rows of a session that it was not told of. */
int staged_each_untold(struct store *st, int64_t ns, int64_t session,
	staged_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Whatever their state, of namespace ns (0: all): change > after, up to `upto`.
 * By change. */
int staged_each_at(struct store *st, int64_t ns, int64_t upto, int64_t after,
	staged_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Approved ones of a session that main has taken after a change. */
int staged_each_applied(struct store *st, int64_t ns, int64_t session,
	int64_t after, staged_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* The inbox that shows the newest waiting change of a session. 1 found, 0:
 * nothing of it waits. */
int staged_inbox(struct store *st, int64_t ns, int64_t session,
	int64_t *ret_branch, struct err *e) MUST_CHECK;

/* Namespaces in which something waits, or an inbox shows something. */
int staged_each_namespace(struct store *st, int (*fn)(void *ctx, int64_t ns),
	void *ctx, struct err *e) MUST_CHECK;
/* Does an inbox still show something that is decided? */
int staged_unsettled(struct store *st, bool *ret, struct err *e) MUST_CHECK;

/* What waits in a namespace (0: in all): of one session, or STAGED_ANY. */
struct staged_sum {
	int64_t changes, bytes, sessions;
	int64_t oldest; /* ms; 0: nothing waits */
};
int staged_sum(struct store *st, int64_t ns, int64_t session,
	struct staged_sum *ret, struct err *e) MUST_CHECK;

#endif
