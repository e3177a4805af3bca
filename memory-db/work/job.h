/* A job: one request on its way through a worker thread, and the line that
 * answers it. Knows no connection; net/request.h wraps one.
 *
 * The loop makes a job, a queue hands it to a worker, the worker answers it
 * exactly once and hands it back. Whoever has it owns it; only `cancelled`
 * may be touched by another thread. */
#ifndef WORK_JOB_H
#define WORK_JOB_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/contract/tools.h"
#include "memory-db/method/method.h"
#include "memory-db/model/recall/vectors_memory.h"

enum job_kind {
	JOB_PARSE, /* a long frame: parse and check it, then route it */
	JOB_CALL,  /* run the method */
	JOB_OWN	   /* of the service itself, for the writer */
};

struct job;
struct fair_account;

/* Accounts that a script is on (fair.h). */
#define FAIR_KINDS 3

/* Work of the service itself that the writer does between that of clients. */
struct own_work {
	/* In a savepoint of a group; again, when the group failed. */
	int (*run)(void *ctx, struct store *st, struct err *e);
	/* After the COMMIT, in the writer's thread; job->code is what became
	 * of it. Takes the job. Must not block. */
	void (*done)(void *ctx, struct job *j);
	void *ctx;
};

struct job {
	struct job *next; /* of the queue it is in */
	enum job_kind kind;
	uint64_t serial;     /* request id of the log */
	size_t bytes;	     /* of the frame: bounds groups and input */
	uint64_t source;     /* who asks: lines of the queues */
	uint64_t turn;	     /* in the queue of the readers */
	struct buf frame;    /* JOB_PARSE: owned */
	struct own_work own; /* JOB_OWN */
	/* what was asked; set by job_read */
	const struct tool *tool;
	json_t *id;	    /* owned, or NULL */
	json_t *params;	    /* owned */
	json_t *ignored;    /* owned: unknown parameters, or NULL */
	struct context ctx; /* strings borrowed from params and defaults */
	json_t *defaults;   /* owned: what hello of the connection said */
	bool is_agent;	    /* the same of whom it serves; kept here, as a
				   request may outlive its connection */
	bool is_bulk;	    /* of an import: it gives way (write_queue.h) */
	unsigned profiles;
	struct question question; /* owned: its vector, made before a reader
				   has it; none: that is the reader's */
	struct prepared prepared; /* owned: what was worked out of it before
				      the writer has it */
	/* a write in parts (parts.h) */
	struct prepared progress; /* owned: what its handler keeps */
	size_t part;		  /* how many are committed */
	bool has_more;		  /* this one is not the last */
	/* the answer */
	bool is_answered;
	bool is_unread;		/* no memory to learn its id */
	int code;		/* MDB_OK or the code answered */
	struct buf text;	/* of a read: members written already */
	struct buf reply;	/* one line */
	int fd;			/* owned: goes with the reply; -1: none */
	struct effects effects; /* of a write: carried out after its COMMIT */
	int write_refusal;	/* code with which what a script wrote is
				   refused; 0: it may write */
	struct fair_account *accounts[FAIR_KINDS]; /* of a script; or NULL */
	int64_t queued_ns;     /* when it entered its queue */
	atomic_bool cancelled; /* nobody waits for it */
};

void job_init(struct job *j, uint64_t serial);

/* Frees what it holds, not the struct. */
void job_done(struct job *j);

/* Parses a frame into tool, id, params and ignored, and checks the params.
 * 0; MDB_E_PROTOCOL (no JSON object or no method: the connection closes),
 * MDB_E_UNKNOWN_METHOD, MDB_E_INVALID, MDB_E_NOMEM. id is set whenever it
 * could be read. */
int job_read(struct job *j, const char *data, size_t n, struct err *e)
	MUST_CHECK;

/* Answers with a result (takes it; may be NULL: {}) or an error. Asserts that
 * the job has no answer yet. An answer that does not fit into memory becomes
 * the error MDB_E_NOMEM; job_answer returns it then. */
int job_answer(struct job *j, json_t *result_new, struct err *e) MUST_CHECK;
void job_fail(struct job *j, const struct err *e);

/* Takes the answer back: its commit group failed and it runs again. */
void job_retract(struct job *j);

#endif
