/* One conversation with a jail, seen from memory-db: bytes in, bytes out, what
 * came of it. No descriptor, no clock; the jail may send anything. */
#ifndef SANDBOX_TALK_H
#define SANDBOX_TALK_H

#include "common/buf.h"
#include "sandbox/codec.h"
#include "sandbox/sandbox.h"

enum talk_end {
	TALK_OPEN, /* goes on */
	TALK_RESULT,
	TALK_ERROR,
	TALK_EXCESS,
	TALK_TRACE, /* it stops itself; the exit code says why */
	TALK_VIOLATION,
	TALK_API_LIMIT, /* more calls or bytes than allowed: to be killed */
	TALK_BROKEN,	/* not our protocol: to be killed */
	TALK_NOMEM
};

struct talk {
	/* set before */
	const struct sandbox_method *methods;
	const struct sandbox_job *job; /* limits settled by the caller below */
	struct sandbox_limits limits;
	int64_t (*left_ms)(void *ctx); /* for the calls */
	void *left_ctx;

	/* kept by talk_* */
	struct buf in, out; /* out: to be sent, then emptied, by the caller */
	enum talk_end end;
	struct buf printed;
	bool printed_cut;
	json_t *value;	    /* TALK_RESULT */
	json_t *warnings;   /* TALK_RESULT */
	json_t *traceback;  /* TALK_ERROR, TALK_TRACE */
	char message[1024]; /* TALK_ERROR, TALK_EXCESS; TRACE: inside what */
	char limit[24];	    /* TALK_EXCESS */
	int64_t line;
	int64_t peak_bytes;
	int64_t violation; /* number of the system call */
	int64_t calls, bytes, reads, writes;
};

/* The SETUP frame, appended to out. 0, MDB_E_NOMEM or MDB_E_LIMIT. */
int talk_setup(struct buf *out, const struct sandbox_method *methods)
	MUST_CHECK;

/* The READY frame at the start of data: bytes used, 0: more is needed,
 * MDB_E_PROTOCOL. */
ssize_t talk_ready(const uint8_t *data, size_t n, uint32_t *ret_in_place,
	uint32_t *ret_refused) MUST_CHECK;

/* The RUN frame, appended to t->out. 0, MDB_E_NOMEM or MDB_E_LIMIT. */
int talk_begin(struct talk *t) MUST_CHECK;

/* What the jail sent. Calls of the API are made from here. Look at t->end and
 * t->out afterwards. */
void talk_feed(struct talk *t, const void *data, size_t n);

void talk_done(struct talk *t);

#endif
