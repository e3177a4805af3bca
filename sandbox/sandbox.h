/* Runs Lua scripts in jails: the parent's half, linked into memory-db.
 *
 * A jail is a process of its own (the program memory-sandbox) that can read
 * and write one socket and nothing else, runs one script and ends. A few wait
 * ready. What a script says about itself decides nothing: the outcome follows
 * from the exit status, the clock and the counters of this side. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"

struct sandbox;

/* What of the service a script can call. The tables live as long as the
 * sandbox; strings are UTF-8. */
struct sandbox_method {
	const char *name;	/* search_nodes: memory.search_nodes; NULL
				   ends the table */
	const char *doc;	/* for memory.help(): a few lines */
	const char *positional; /* names for arguments by position, "query
				   limit"; NULL or "": only memory.f{...}. A
				   single table without an array part is always
				   the whole of the parameters */
	bool is_global;		/* also a global of the same name */
	bool is_write;		/* counts as a write in the usage */
};

struct sandbox_options {
	const char *program; /* NULL: MEMORY_SANDBOX_PROGRAM, else
				   memory-sandbox beside the running program,
				   else on PATH */
	const struct sandbox_method *methods;
	int pool;	     /* waiting jails, 1 to 4; 0: 2 */
	uid_t uid;	     /* of jails when this process is root; 0: 65534 */
	int64_t wall_max_ms; /* no script runs longer; 0: the greatest */
	const char *off;     /* not NULL: nothing is run, and this is why */
};

/* Opens the program once (later changes of the file do not matter) and starts
 * a thread that tries every layer and keeps the pool. Does not wait for it.
 * Returns 0 also when no jail can be had: sandbox_run then answers
 * SANDBOX_UNAVAILABLE and says why. MDB_E_NOMEM, MDB_E_INTERNAL (no thread).
 * The process must not reap children that it did not start
 * (waitpid(-1), SIGCHLD ignored). */
int sandbox_open(const struct sandbox_options *o, struct sandbox **ret,
	struct err *e) MUST_CHECK;

/* Ends all waiting jails. No sandbox_run may be under way. NULL is fine. */
void sandbox_close(struct sandbox *s);

/* What a script may use. 0 in a member: the default (LIMIT_SCRIPT_* of
 * limits.h); more than the greatest possible: that. */
struct sandbox_limits {
	int64_t wall_ms;
	int64_t cpu_ms; /* 0: as wall_ms */
	int64_t memory_bytes;
	int64_t source_bytes;
	int64_t output_bytes; /* print: the rest is cut, the script goes on */
	int64_t result_bytes;
	int64_t result_nodes; /* values in the result */
	int64_t result_depth;
	int64_t api_calls;
	int64_t api_bytes; /* of all calls and replies, as sent */
};
/* Fills in defaults and cuts to what is possible. */
void sandbox_limits_settle(struct sandbox_limits *l);

/* One call of a script, in the thread of sandbox_run. params: an object,
 * borrowed. left_ms: until the script's time is over; the call should give up
 * by then. Returns 0 with *ret_result (any JSON value, taken by the sandbox),
 * or a negative code with *e set: the script sees a Lua error that it can
 * catch. Once the time is over or the script is cancelled, it ends whatever
 * the call returned. */
typedef int (*sandbox_call)(void *ctx, const char *method, json_t *params,
	int64_t left_ms, json_t **ret_result, struct err *e);

struct sandbox_job {
	const char *source;
	size_t source_len;
	json_t *args; /* borrowed; the global `args`; NULL: {} */
	struct sandbox_limits limits;
	/* Names of methods that this script lacks: it does not see them, and
	 * to call one by its name is a call all the same, which `call`
	 * refuses. NULL ends the list; may be NULL. */
	const char *const *without;
	sandbox_call call;
	void *call_ctx;
	const atomic_bool *cancel; /* looked at every 20 ms; may be NULL */
};

enum sandbox_result {
	SANDBOX_OK,
	SANDBOX_ERROR,	 /* an error of the script */
	SANDBOX_TIMEOUT, /* wall or CPU */
	SANDBOX_MEMORY,
	SANDBOX_OUTPUT,	     /* the result is too large or too deep */
	SANDBOX_API_LIMIT,   /* too many calls, too many bytes */
	SANDBOX_DENIED,	     /* a system call that the policy refuses */
	SANDBOX_KILLED,	     /* cancelled, or killed by somebody else */
	SANDBOX_CRASHED,     /* the interpreter died or broke the protocol */
	SANDBOX_CONFLICT,    /* given by the caller: the writes did not fit */
	SANDBOX_BUSY,	     /* given by the caller, or no jail in time */
	SANDBOX_UNAVAILABLE, /* a layer is missing; nothing was run */
	SANDBOX_RESULT_MAX
};

struct sandbox_usage {
	int64_t wall_us, cpu_us;
	int64_t memory_peak_kib;
	int64_t api_calls, api_bytes;
	int64_t reads, writes; /* calls by is_write of the method */
};

/* All members may be changed by the caller before sandbox_outcome_json. */
struct sandbox_outcome {
	enum sandbox_result result;
	char message[1024]; /* "" with SANDBOX_OK */
	char hint[256];
	char limit[24];	   /* "wall_ms": the limit that was hit, or "" */
	int64_t line;	   /* of the script, 0: unknown */
	json_t *value;	   /* owned: what the script returned, or NULL */
	json_t *traceback; /* owned: array of strings, or NULL */
	json_t *warnings;  /* owned: array of strings, or NULL */
	char *output;	   /* owned: what print wrote, valid UTF-8 with a
				   NUL behind, or NULL */
	size_t output_len;
	bool output_cut;
	struct sandbox_usage usage;
	struct sandbox_limits limits; /* those in force */
};

/* Runs one script to its end and fills *ret (free with sandbox_outcome_done).
 * Always returns in about limits.wall_ms + 1 s plus the time of its last
 * call. 0, or MDB_E_NOMEM (*ret is empty then). Any thread, several at a
 * time. */
int sandbox_run(struct sandbox *s, const struct sandbox_job *job,
	struct sandbox_outcome *ret, struct err *e) MUST_CHECK;
void sandbox_outcome_done(struct sandbox_outcome *o);

/* "ok", "error", "timeout", ... */
const char *sandbox_result_name(enum sandbox_result r);

/* The reply for the agent, the same members whatever the outcome: outcome,
 * message, result, stdout, line, traceback, limits, limit, usage, warnings,
 * hint. Borrows o. Returns new, or NULL: no memory. */
json_t *sandbox_outcome_json(const struct sandbox_outcome *o) MUST_CHECK;

/* For get_memory_status: available, reason, layers {name: "ok"|"missing"|
 * "refused"}, jails {waiting, running}, runs {outcome: count}, violations.
 * Does not block. Returns new, or NULL: no memory. */
json_t *sandbox_status(struct sandbox *s) MUST_CHECK;

#endif
