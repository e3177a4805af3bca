/* libmemory-client: the socket client of Enhanced Memory.
 *
 * A handle is one connection to memory-db, opened at the first call, opened
 * again when it breaks. Strings in, strings out: parameters and replies are
 * JSON texts in UTF-8. A handle is used by one thread at a time; different
 * handles are independent. Nothing here starts memory-db, raises a signal or
 * ends the process; after MEMORY_NO_MEMORY the handle is as good as before.
 * See libmemory-client(3) and PROTOCOL.md. */
#ifndef MEMORY_CLIENT_H
#define MEMORY_CLIENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MEMORY_API __attribute__((visibility("default")))
#else
#define MEMORY_API
#endif

typedef struct memory_client memory_client;

/* Results: 0, or one of these. Their texts: memory_client_error(). */
enum {
	MEMORY_OK = 0,
	MEMORY_REFUSED = 1,	 /* the service answered success:false; the
				   reply is returned all the same */
	MEMORY_UNREACHABLE = -1, /* no service, or the connection broke and
				   retries were used up */
	MEMORY_TIMED_OUT = -2,
	MEMORY_BAD_ARGUMENT = -3,
	MEMORY_NO_MEMORY = -4,
	MEMORY_PROTOCOL = -5, /* the peer does not speak the protocol */
	MEMORY_DENIED = -6    /* the socket belongs to somebody else */
};

/* All members may be NULL / 0: the defaults in brackets. Texts are copied. */
struct memory_options {
	size_t size;	    /* sizeof(struct memory_options) */
	const char *socket; /* [MEMORY_DB_SOCKET, or the search order] */
	const char *
		client; /* name and version for provenance ["libmemory-client"] */
	const char *namespace_; /* [MEMORY_NAMESPACE or "default"] */
	const char *branch;	/* [MEMORY_BRANCH or "main"] */
	const char *session;	/* [none] */
	const char *time_zone; /* IANA name or +hh:mm [TZ, the system's, UTC] */
	const char *expect_database; /* absolute path: refuse another [none] */
	int timeout_ms;		     /* of one call, retries included [30000] */
	int connect_timeout_ms; /* of one attempt to connect, hello included [5000] */
	int retries;		/* of one call, after a failed attempt to
				   connect, a broken connection or `busy` [5];
				   -1: none */
	const char *tools; /* "default,skills": the calls are those of an
				   agent that has these tools [none: of the
				   program itself, without restrictions] */
	int is_bulk;	   /* not 0: many writes at once, as an import has. The
			service counts none of them by the minute, for the user
			it runs as; others are paced as usual [0] */
};

/* Never connects by itself. o may be NULL. NULL: no memory, or options of a
 * size this library does not know. */
MEMORY_API memory_client *memory_client_new(const struct memory_options *o);
MEMORY_API void memory_client_free(memory_client *c);

/* Connects and says hello now. *ret_reply (may be NULL) gets the reply of
 * hello, to be freed with memory_free. MEMORY_REFUSED: the service did not
 * like the hello (code wrong_database, version, ...); any call would get the
 * same answer, except `retire`, which is sent all the same. */
MEMORY_API int memory_client_connect(memory_client *c, char **ret_reply);

/* Calls a method. params_json: an object, or NULL. On MEMORY_OK and
 * MEMORY_REFUSED *ret_reply (may be NULL) is the whole reply object, to be
 * freed with memory_free; else it is NULL. Reads and writes are retried over
 * new connections with back-off; all carry a key, so that a write is not
 * executed twice. A `busy` that would outlast the timeout or the retries is
 * returned as MEMORY_REFUSED. `hello` is not a method here: see the options. */
MEMORY_API int memory_client_call(memory_client *c, const char *method,
	const char *params_json, char **ret_reply);

/* The same with its own timeout (0: the handle's, -1: none) and idempotency
 * key (NULL: the member `key` of the parameters, or else a new random one). */
MEMORY_API int memory_client_call_with(memory_client *c, const char *method,
	const char *params_json, int timeout_ms, const char *key,
	char **ret_reply);

/* --- many calls under way on one connection (for event loops) --------------
 * submit queues a call and returns at once; *ret_ticket names it. receive
 * delivers finished calls in any order: MEMORY_OK / MEMORY_REFUSED with the
 * reply, a negative code for a call that failed for good (its ticket is set),
 * or a negative code with *ret_ticket 0: MEMORY_TIMED_OUT when none finished
 * within timeout_ms (0: look, do not wait; -1: wait for ever), and
 * MEMORY_NO_MEMORY (nothing is lost; call again). Calls under way when the
 * connection breaks are sent again over the next one, by their keys. */
MEMORY_API int memory_client_submit(memory_client *c, const char *method,
	const char *params_json, const char *key, int timeout_ms,
	unsigned long long *ret_ticket);
MEMORY_API int memory_client_receive(memory_client *c, int timeout_ms,
	unsigned long long *ret_ticket, char **ret_reply);
/* Asks the service to drop the call; no reply will be delivered for it (a
 * write already grouped may have committed). MEMORY_BAD_ARGUMENT: no such
 * call is under way. */
MEMORY_API int memory_client_cancel(memory_client *c,
	unsigned long long ticket);
/* For poll(2): the descriptor (-1: not connected), the events wanted, and the
 * milliseconds until receive must be called in any case (-1: none). All work
 * is done in receive (with timeout 0 it never blocks, not even to connect);
 * call it when poll says so and then take what next_event has, also with
 * timeout 0. The descriptor changes when the connection is made anew. */
MEMORY_API int memory_client_poll(const memory_client *c, short *ret_events,
	int *ret_timeout_ms);

/* Waits for an event of `subscribe` (NUL-terminated JSON in *ret_event).
 * MEMORY_TIMED_OUT: none within timeout_ms (-1: wait for ever).
 * MEMORY_BAD_ARGUMENT: there is no subscription. After a reconnect the library
 * subscribes again and then delivers {"event":"lost","change":n}: what came
 * after change n must be read again. */
MEMORY_API int memory_client_next_event(memory_client *c, int timeout_ms,
	char **ret_event);

/* Text of the last error of this handle: what was wrong and what to do.
 * Valid until the next call. Never NULL. */
MEMORY_API const char *memory_client_error(const memory_client *c);
/* The `code` of the last MEMORY_REFUSED ("not_found"), else "". */
MEMORY_API const char *memory_client_error_code(const memory_client *c);

/* The path of the socket in use, or of the one that would be; and the reason
 * for it, a sentence. Valid until the next call. Never NULL. */
MEMORY_API const char *memory_client_socket(const memory_client *c);
MEMORY_API const char *memory_client_socket_reason(const memory_client *c);

MEMORY_API void memory_free(void *p);

/* "0.1.0" */
MEMORY_API const char *memory_client_version(void);

#ifdef __cplusplus
}
#endif
#endif
