/* One MCP client on one pair of streams: requests under way, eras, batches,
 * subscriptions, the end. Single thread; everything happens in the loop. */
#ifndef MCP_SERVER_MCP_SESSION_H
#define MCP_SERVER_MCP_SESSION_H

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "mcp-server/mcp/jsonrpc.h"
#include "mcp-server/mcp/profile.h"
#include "mcp-server/mcp/relay.h"
#include "mcp-server/stdio/stdio_io.h"

struct batch;
struct era;
struct session;
struct subscription;

/* One request of the client, from its line to its only answer. */
struct session_request {
	struct session_request *next;
	struct session *session;
	const struct era *era;
	struct batch *batch; /* NULL: alone in its line */
	json_t *message;     /* owned */
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

struct session_options {
	int in_fd, out_fd;
	struct profile profile;
	int end_ms;    /* from end of input to the last byte */
	bool is_apart; /* see project_map.h: the agent is told */
};

struct session {
	struct session_options o;
	struct stdio_in in;
	struct stdio_out out;
	struct relay *relay;		  /* borrowed */
	struct session_request *requests; /* under way, newest first */
	size_t requests_n, requests_bytes;
	uint64_t requests_all;
	size_t moved_bytes; /* since session_was_heavy said so */
	struct subscription *subscriptions;
	const char *legacy_version; /* negotiated; NULL: no initialize yet */
	char client[264];	    /* clientInfo of initialize */
	int64_t end_at_ns;	    /* 0: input goes on */
	bool backlog;		    /* lines wait for room */
};

/* relay and the strings of o are borrowed and outlive the session. */
void session_init(struct session *s, const struct session_options *o,
	struct relay *relay);
void session_done(struct session *s);

/* Descriptors to wait for: fills at most 2 entries, returns how many. */
size_t session_poll(const struct session *s, struct pollfd *fds);
/* Reads, handles and writes what can be without waiting. */
void session_run(struct session *s, const struct pollfd *fds, size_t n);
/* Writes what has been answered since. */
void session_flush(struct session *s);

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
