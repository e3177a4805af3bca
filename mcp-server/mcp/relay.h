/* Calls to memory-db: one connection, many calls under way, each with a
 * deadline. Makes sure that a service runs (see service.h), sends again by
 * key what a restart interrupted, delivers events. */
#ifndef MCP_SERVER_MCP_RELAY_H
#define MCP_SERVER_MCP_RELAY_H

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct relay;
struct relay_call;

struct relay_options {
	const char *socket;   /* NULL: the search order */
	const char *database; /* absolute; NULL: whichever is served */
	const char *namespace_;
	const char *branch;  /* NULL: main */
	const char *follows; /* a folder: calls go to the branch of its code as
				it is then (project.h); NULL: none */
	const char *session;
	const char *tools; /* profiles that the agent has */
	bool spawn;	   /* start a service when nobody listens */
	int call_ms;	   /* deadline of a call */
};

/* Ends a call. rc 0: reply is the whole reply object, borrowed. Negative
 * (enum mdb_error): *e says what was wrong and what to do. */
typedef void (
	*relay_done_fn)(void *ctx, int rc, json_t *reply, const struct err *e);

/* The same of a call whose reply comes as text (common/jx_scan.h): the whole
 * reply object, which the callee may take. */
typedef void (*relay_text_fn)(void *ctx, int rc, struct buf *text,
	const struct err *e);

/* {"event":"change"|"lost",...}, borrowed; NULL after the last of those that
 * have come together. */
typedef void (*relay_event_fn)(void *ctx, json_t *event);

/* Strings of o are borrowed and outlive the relay. Connects to nobody yet.
 * NULL: no memory. */
struct relay *relay_new(const struct relay_options *o) MUST_CHECK;
void relay_free(struct relay *r);

/* Submits a call. Takes params_new, which nobody changes from here on: it is
 * written when the call is sent, and again when it is sent again. Writes get a key. fn is called from
 * relay_run, never from here, and not at all after relay_cancel. NULL: no
 * memory. */
struct relay_call *relay_call(struct relay *r, const char *method,
	json_t *params_new, bool is_write, relay_done_fn fn, void *ctx)
	MUST_CHECK;
/* A read whose reply is large and goes on as text. */
struct relay_call *relay_call_text(struct relay *r, const char *method,
	json_t *params_new, relay_text_fn fn, void *ctx) MUST_CHECK;
/* Sends a call at once, where that can be done, instead of in the next turn of
 * the loop: memory-db works on it while the caller goes on. No callback comes
 * meanwhile. */
void relay_send_now(struct relay_call *c);
/* No callback any more; memory-db is asked to drop the call. */
void relay_cancel(struct relay_call *c);

/* Wants events from now on, over reconnects, until `wanted` is false. */
void relay_events(struct relay *r, bool wanted, relay_event_fn fn, void *ctx);

/* The session ends: calls that find nobody give up soon. */
void relay_hurry(struct relay *r);

/* Its time is over: what is still under way ends with an error. */
void relay_abort(struct relay *r);

/* At most RELAY_FDS entries are filled; *io_timeout_ms is lowered (-1 is
 * endless). */
#define RELAY_FDS 2
size_t relay_poll(const struct relay *r, struct pollfd *fds,
	int *io_timeout_ms);
void relay_run(struct relay *r);

#endif
