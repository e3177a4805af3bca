/* One MCP client: requests under way, eras, batches, subscriptions, the end.
 * Single thread; everything happens in the loop.
 *
 * The session knows no descriptor. A transport (stdio/) hands in one line after
 * the other while session_accepts says so, and takes messages through the
 * functions of struct session_transport:
 *
 *   session_line("{..., "id": 1, ...}") -> ... -> write("{..., "id": 1, ...}")
 */
#ifndef MCP_SERVER_MCP_SESSION_H
#define MCP_SERVER_MCP_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "mcp-server/mcp/code_marks.h"
#include "mcp-server/mcp/jsonrpc.h"
#include "mcp-server/mcp/profile.h"
#include "mcp-server/mcp/relay.h"

struct session_batch;
struct era;
struct session;
struct subscription;

/* One request of the client, from its line to its only answer. */
struct session_request {
	struct session_request *next;
	struct session *session;
	const struct era *era;
	struct session_batch *batch; /* NULL: alone in its line */
	json_t *message;	     /* owned */
	json_t *id, *params; /* borrowed from message; params may be NULL */
	const char *method;  /* borrowed from message */
	const struct method *entry;
	size_t bytes;	 /* of its line, counted against the session */
	uint64_t number; /* of the process, for the log */
	int64_t began_ns;
	char client[264]; /* "name/version" of the sender, "" unknown */
	/* What a handler under way holds; released with the request. */
	void *state;
	void (*state_free)(void *state);
};

struct session_transport {
	/* Takes one message, the bytes of *line without an end of line: they
   * may be taken out of it or copied. 0, or MDB_E_NOMEM and nothing was
   * taken. */
	int (*write)(void *ctx, struct buf *line);
	/* Bytes taken that the client has not read yet. */
	size_t (*pending)(const void *ctx);
	void *ctx;
};

struct session_options {
	struct profile profile;
	int end_ms;    /* from end of input to the last byte */
	bool is_apart; /* see project_map.h: the agent is told */
	struct code_marks code;
};

struct session {
	struct session_options o;
	struct session_transport transport;
	struct buf line;		  /* the message being written */
	struct relay *relay;		  /* borrowed */
	struct session_request *requests; /* under way, newest first */
	size_t requests_n, requests_bytes;
	uint64_t requests_all;
	size_t moved_bytes; /* in and out, since session_was_heavy said so */
	struct subscription *subscriptions;
	const char *legacy_version; /* negotiated; NULL: no initialize yet */
	char client[264];	    /* clientInfo of initialize */
	int64_t end_at_ns;	    /* 0: input goes on */
	bool is_mute;		    /* nobody is told anything any more */
};

/* relay, what t points to and the strings of o are borrowed and outlive the
 * session. */
void session_init(struct session *s, const struct session_options *o,
	const struct session_transport *t, struct relay *relay);
void session_done(struct session *s);

/* Whether there is room for another line: at a cap the transport stops reading,
 * and nothing is dropped. */
bool session_accepts(const struct session *s);
/* One line of the client, of at most LIMIT_MCP_LINE_BYTES, without its end.
 * Borrowed. */
void session_line(struct session *s, const char *text, size_t n);
/* A line that was longer; id: what the transport could read of it, or NULL. */
void session_line_too_long(struct session *s, const json_t *id);

/* No more input (end of file, a signal): what was accepted is finished. */
void session_end(struct session *s);
/* True when nothing is left to do or the time for it is over. */
bool session_finished(const struct session *s);
/* True when nothing is under way after much was: a moment to give memory back
 * to the system. Once for each time. */
bool session_was_heavy(struct session *s);
/* Milliseconds until session_finished may change by itself; -1: never. */
int session_timeout(const struct session *s);

/* Queues a message that answers nothing. Takes m_new. */
void session_send(struct session *s, json_t *m_new);

/* --- for handlers: every request is answered or dropped exactly once ------ */
/* Takes the result (NULL: no memory) and frees r. */
void request_reply(struct session_request *r, json_t *result_new);
/* The same for a result that is written as text, so that what is in it twice
 * need not be built and dumped twice. request_write gives the buffer to append
 * the members of the result object to (at least one, without the braces), or
 * NULL: no memory; nothing else may be sent in between. request_written sends
 * it, when rc is 0, and frees r in any case. */
struct buf *request_write(struct session_request *r) MUST_CHECK;
void request_written(struct session_request *r, int rc);
/* Takes data_new (may be NULL) and frees r. */
void session_fail(struct session_request *r, int code, json_t *data_new,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Frees r without an answer: the client cancelled it. */
void request_drop(struct session_request *r);
/* Gives r something to hold. */
void request_hold(struct session_request *r, void *state,
	void (*state_free)(void *));
/* A string parameter: NULL after an -32602 answer (r is gone then). */
const char *request_string(struct session_request *r, const char *key);

#endif
