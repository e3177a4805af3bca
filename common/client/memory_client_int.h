/* Inside libmemory-client: the handle, its calls and its connection.
 *
 * A call is queued, sent, and done; a broken connection or `busy` puts it
 * back to queued. The connection is down, or up and greeted or not. Both
 * advance in mc_pump only, one round of which never blocks:
 *
 *   mc_link   connects, greets, subscribes again, backs off
 *   mc_io     moves bytes, takes frames apart, waits in poll(2)
 *   mc_request builds the line of a request
 *   mc_call   settles calls, keeps deadlines
 *   mc_json   parameters and replies as json_t, for programs of this tree
 *
 * Ids on the wire: a call's ticket (1, 2, ...) or one of MC_ID_*. */
#ifndef COMMON_CLIENT_MEMORY_CLIENT_INT_H
#define COMMON_CLIENT_MEMORY_CLIENT_INT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/frame.h"
#include "common/client/memory_client.h"
#include "common/contract/tool_names.h"
#include "common/sock.h"

#define MC_ID_HELLO	0
#define MC_ID_SUBSCRIBE (-1) /* after a reconnect */
#define MC_ID_IGNORED	(-2) /* cancel: the reply is of no interest */

#define MC_NEVER INT64_MAX

/* The first back-off and the longest, in milliseconds. A restart of memory-db
 * takes some 100 ms; five retries cover 1.5 s. */
#define MC_BACKOFF_MS	  50
#define MC_BACKOFF_MAX_MS 2000
/* Bytes of a reply: far above what memory-db sends, a bound for a broken or
 * hostile peer. */
#define MC_REPLY_BYTES (64u * 1024 * 1024)
/* Events kept for next_event; above, the oldest go and `lost` is told. */
#define MC_EVENTS_MAX 1024
/* Requests are copied to the output while it holds less than this. */
#define MC_OUTPUT_BYTES (64u * 1024)
#define MC_KEY_SIZE	33 /* 128 random bits in hex, NUL */

enum mc_kind {
	MC_METHOD,
	MC_CONNECT, /* no request: done when greeted */
	MC_SUBSCRIBE,
	MC_UNSUBSCRIBE,
	MC_RETIRE /* sent also when hello was refused */
};

/* The parameters of a call, in one form or the other; both NULL: none. */
struct mc_params {
	const char *text; /* of an object */
	const json_t *json;
};

struct mc_call {
	struct mc_call *next;
	enum mc_kind kind;
	unsigned long long ticket;
	bool sent, done;
	bool waited;	       /* by a blocking call: receive leaves it alone */
	struct buf request;    /* owned; the line on the wire */
	size_t params_at;      /* MC_SUBSCRIBE: where params begin in it */
	int64_t deadline_ns;   /* MC_NEVER: none */
	int64_t not_before_ns; /* a pause after `busy`; 0: none */
	int retries_left;
	unsigned busy;	 /* times */
	int result;	 /* when done */
	char *reply;	 /* owned; NULL unless OK or REFUSED */
	bool wants_text; /* see mc_json_submit */
	struct buf body; /* owned; such a reply */
	json_t *json;	 /* the same, of a handle that gives json_t */
	char code[24];
	char text[480];
};

struct mc_event {
	struct mc_event *next;
	int64_t change;
	char *text;   /* owned */
	json_t *json; /* owned; instead of text, of a handle that gives it */
};

enum mc_greeting { MC_SILENT, MC_ASKED, MC_GREETED, MC_UNWELCOME };

struct memory_client {
	/* options, owned */
	char *opt_socket, *opt_client, *opt_namespace, *opt_branch;
	char *opt_session, *opt_zone, *opt_database, *opt_tools;
	int timeout_ms, connect_timeout_ms, retries;
	bool gives_json; /* see mc_json_use */

	/* the connection */
	int fd;
	enum mc_greeting greeting;
	bool plain; /* it does not know `tools`, `settings`, `bulk` yet */
	bool opt_bulk;
	char path[SOCK_PATH_SIZE];
	const char *why;
	int64_t greet_by_ns;   /* while MC_ASKED */
	int64_t connect_at_ns; /* after a failure: not before */
	unsigned failures;     /* since the last good reply */
	char link_text[320];   /* what the last one was */
	uint64_t random;       /* for jitter */
	struct buf in, out;
	struct frame_lexer lexer;
	size_t start, scanned; /* of in: the frame's first byte, and what the
				   lexer has seen */
	size_t frame_end;      /* > 0: in[start, frame_end) is a whole frame
				   not taken yet, for want of memory */
	char *hello_reply;     /* owned; of this connection */

	/* calls */
	unsigned long long last_ticket;
	struct mc_call *calls, **calls_tail; /* queued and sent */
	struct mc_call *done, **done_tail;

	/* events */
	bool subscribed;
	struct buf subscription; /* the params of subscribe */
	bool resubscribe;	 /* to be sent once greeted */
	struct mc_event *events, **events_tail;
	size_t events_n;
	int64_t seen_change;  /* of the last event that came */
	int64_t taken_change; /* of the last one handed out */
	bool lost;	      /* to be told after lost_after more events: */
	int64_t lost_from;    /* nothing is known of changes above this */
	size_t lost_after;

	bool takes_fds; /* mc_take_fd() will be called */
	int passed_fd;	/* owned: came with a reply; valid with takes_fds */

	struct err err; /* what memory_client_error says */
	char code[24];
};

/* --- memory_client.c ------------------------------------------------------ */
/* Sets the handle's error; returns result. */
int mc_fail(memory_client *c, int result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int mc_nomem(memory_client *c);
/* The MEMORY_* result for a failed internal function. */
int mc_result_of(int mdb_code);
/* A call that has ended, or an event, as the public functions of these names
 * wait for them. *ret is still the handle's. */
int mc_receive(memory_client *c, int timeout_ms, struct mc_call **ret)
	MUST_CHECK;
/* An event in the form that the handle gives. */
int mc_next_event(memory_client *c, int timeout_ms, char **ret_text,
	json_t **ret_json) MUST_CHECK;

/* --- memory_client_request.c ---------------------------------------------- */
/* Fills in call->request and kind; call->ticket is set. MEMORY_OK,
 * MEMORY_BAD_ARGUMENT, MEMORY_NO_MEMORY or MEMORY_UNREACHABLE. */
int mc_request_build(memory_client *c, struct mc_call *call, const char *method,
	const struct mc_params *params, const char *key) MUST_CHECK;

/* --- memory_client_call.c ------------------------------------------------- */
/* Makes a call and queues it. MEMORY_OK and the call (owned by the handle),
 * MEMORY_BAD_ARGUMENT or MEMORY_NO_MEMORY. */
int mc_call_new(memory_client *c, const char *method,
	const struct mc_params *params, const char *key, int timeout_ms,
	struct mc_call **ret) MUST_CHECK;
int mc_call_connect(memory_client *c, struct mc_call **ret) MUST_CHECK;
void mc_call_free(struct mc_call *call);
struct mc_call *mc_call_find(const memory_client *c, int64_t ticket);
/* Takes a call out of the queue and frees it, finished or not. */
void mc_call_drop(memory_client *c, struct mc_call *call);
/* Done; text may be NULL. reply: taken, may be NULL. */
void mc_call_finish(memory_client *c, struct mc_call *call, int result,
	const char *text, char *reply);
/* The same with a reply, which is copied or referred to. */
void mc_call_finish_reply(memory_client *c, struct mc_call *call, int result,
	const json_t *msg, const char *line, size_t n);
/* The reply of a call: done, or queued again when it says busy. line is the
 * whole reply. */
void mc_call_reply(memory_client *c, struct mc_call *call, const json_t *msg,
	const char *line, size_t n);
/* The attempt (a connection) failed for all calls: back to queued, or done
 * with result and text when their retries are used up or final is set. With
 * spare_unsent it costs those nothing that had not been sent. */
void mc_call_retry_all(memory_client *c, int result, bool final,
	bool spare_unsent, const char *text);
/* Answers the calls that wait for a greeting with the refusal. */
void mc_call_unwelcome(memory_client *c, const json_t *msg, const char *line,
	size_t n);
/* Ends the calls whose deadline has passed, and the pauses that are over. */
void mc_call_expire(memory_client *c, int64_t now_ns);
/* When the next deadline or the end of a pause is; MC_NEVER. */
int64_t mc_call_next_ns(const memory_client *c);
/* The call that wants this frame as text, and whose success it is; NULL: it is
 * to be parsed. */
struct mc_call *mc_call_of_text(memory_client *c, const char *line, size_t n);
/* Ends it with a copy of the frame. MEMORY_OK or MEMORY_NO_MEMORY. */
int mc_call_text(memory_client *c, struct mc_call *call, const char *line,
	size_t n) MUST_CHECK;
/* Copies the finished call's result to the handle and frees it. Of the two
 * forms of the reply the caller gets the one it asks for. */
int mc_call_take(memory_client *c, struct mc_call *call, char **ret_reply,
	json_t **ret_json);

/* --- memory_client_link.c ------------------------------------------------- */
/* Where the socket is now. 0, or MDB_E_* with the handle's error set. */
int mc_link_path(memory_client *c) MUST_CHECK;
/* One step: connect when it is time, greet, subscribe again. MEMORY_OK or
 * MEMORY_NO_MEMORY. */
int mc_link_step(memory_client *c, int64_t now_ns) MUST_CHECK;
/* When the next step is due; MC_NEVER. */
int64_t mc_link_next_ns(const memory_client *c);
/* Whether a call may be sent now. */
bool mc_link_open_for(const memory_client *c, const struct mc_call *call);
/* The reply of hello, and that of subscribing again. */
void mc_link_greeted(memory_client *c, const json_t *msg, const char *line,
	size_t n);
void mc_link_subscribed(memory_client *c, const json_t *msg);
/* The connection broke: its calls are retried, or, when final, done with
 * result. */
void mc_link_broken(memory_client *c, int result, bool final, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
void mc_link_close(memory_client *c);
/* Milliseconds of the n-th pause (n from 0), with jitter. */
int mc_link_backoff_ms(memory_client *c, unsigned n);

/* --- memory_client_io.c --------------------------------------------------- */
/* One round of everything. MEMORY_OK or MEMORY_NO_MEMORY. */
int mc_pump(memory_client *c) MUST_CHECK;
/* Waits until there is something to do, at most until until_ns. */
void mc_wait(const memory_client *c, int64_t until_ns);
/* When the next thing must be done without any input; MC_NEVER. */
int64_t mc_next_ns(const memory_client *c);
/* Milliseconds from now to then, rounded up; -1 for MC_NEVER. */
int mc_wait_ms(int64_t then_ns);
short mc_poll_events(const memory_client *c);
/* The time timeout_ms from now; MC_NEVER when negative. */
int64_t mc_until(int timeout_ms);

/* A descriptor that comes with a reply is dropped by the kernel, unless the
 * handle was told before to keep it; the newest one is kept. */
void mc_keep_fds(memory_client *c);
/* The one that came; the caller's. -1: none. */
int mc_take_fd(memory_client *c);

/* --- memory_client_event.c ------------------------------------------------ */
/* A subscription begins, or goes on after a gap, at this change. */
void mc_events_from(memory_client *c, const json_t *reply, bool gap);
/* Keeps an event; without memory it counts as lost. */
void mc_event_add(memory_client *c, const json_t *msg, const char *line,
	size_t n);
void mc_events_clear(memory_client *c);

/* --- memory_client_json.c: the inner entry --------------------------------- */
/* The public functions speak text, so that no JSON library is part of their
 * ABI. A program of this tree that has its parameters as json_t and wants to
 * look into the reply would write the text and have it parsed again, on either
 * side. It says mc_json_use once, and then calls these in the place of
 * memory_client_submit, _receive and _next_event: one dump of the parameters,
 * one parse of the reply. */
void mc_json_use(memory_client *c);
/* params: an object, borrowed; NULL: none. wants_text: a reply of success is
 * not parsed, but given as the bytes that came; for what is large and is passed
 * on (common/jx_scan.h). */
int mc_json_submit(memory_client *c, const char *method, const json_t *params,
	const char *key, int timeout_ms, bool wants_text,
	unsigned long long *ret_ticket) MUST_CHECK;
/* *ret_reply: new, or NULL when there is none. It may be shared with other
 * calls: not to be changed. *ret_text: the reply as text, where that was wanted
 * and *ret_reply is NULL; the caller's. */
int mc_json_receive(memory_client *c, int timeout_ms,
	unsigned long long *ret_ticket, json_t **ret_reply,
	struct buf *ret_text);
int mc_json_next_event(memory_client *c, int timeout_ms, json_t **ret_event)
	MUST_CHECK;

#endif
