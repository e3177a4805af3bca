/* One connection: bytes in, frames out of them, replies back. Never waits for
 * its client: what cannot be written now is kept up to a bound, what must not
 * be read now is left in the kernel. Loop thread only. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/frame.h"
#include "common/limits.h"
#include "common/sock.h"
#include "memory-db/net/rate.h"

struct server;
struct request;

struct conn {
	struct conn *next, *prev;		/* all of the server */
	struct conn *next_dirty, *next_resumed; /* lists of one loop turn */
	struct server *server;
	uint64_t serial;
	int fd;
	ev_io readable, writable;
	struct sock_peer peer;

	/* input: in[0, lexed) belongs to the frame begun, the rest was not
	 * looked at yet because the connection had to wait */
	struct frame_lexer lexer;
	struct buf in;
	size_t lexed;
	size_t in_counted;    /* bytes of `in` in the budget */
	size_t held;	      /* bytes of input that are not answered */
	int64_t last_byte_ns; /* of an unfinished frame */

	/* output: out[sent, len) is to be written */
	struct buf out;
	size_t sent;
	int pass_fd;	/* owned: goes with the byte at pass_at; -1: none */
	size_t pass_at; /* of `out` */

	/* requests under way */
	struct request *requests;
	struct request *ordered, *ordered_last; /* those without id */
	unsigned pending, ordered_writes;

	/* state */
	bool is_dead;	  /* closed; freed at the end of the turn */
	bool is_eof;	  /* the client writes no more */
	bool is_closing;  /* closes when everything is answered */
	bool is_draining; /* we wrote all; input is thrown away */
	bool is_dirty, is_resumed;
	bool is_starved; /* waits for the input budget */
	int64_t drain_until_ns;

	/* what hello said */
	bool is_bulk;	  /* an import of the user that the service runs as */
	json_t *defaults; /* owned; common parameters, or NULL */
	json_t *ignored;  /* owned; of its settings, or NULL */
	char zone[65];	  /* time_zone; "": UTC */
	char version[65];
	bool is_agent;	   /* it serves an agent, which has the tools of */
	unsigned profiles; /* these (enum tool_profile, or-ed) */
	struct rate_bucket rate; /* of writes without a session */

	/* branches that end with the connection (lease.h) */
	int64_t leases[LIMIT_CONN_LEASES];
	unsigned leases_n;

	/* change feed */
	bool is_subscribed, wants_all;
	char feed_namespace[257];
	unsigned feed_behind; /* events since the output was last empty */
	int64_t feed_lost;    /* first change not told; 0: none */
};

/* Whom a connection tells what happens to it: it knows nothing of requests. */
struct conn_events {
	/* A frame came whole; borrowed. */
	void (*frame)(struct conn *c, const char *data, size_t n);
	/* The client has taken all output. */
	void (*drained)(struct conn *c);
	/* It was closed: nobody may wait for it any more. */
	void (*closed)(struct conn *c);
};

/* Takes over an accepted socket. 0; on failure the fd is closed. */
int conn_open(struct server *s, int fd, const struct sock_peer *peer)
	MUST_CHECK;

/* Appends a line to the output; it is written at the end of the loop turn.
 * Closes the connection when there is no memory for it, or when the client
 * has left too much unread. */
void conn_send(struct conn *c, const char *data, size_t n);

/* The same with a descriptor, which goes with the first byte. Takes fd. Closes
 * the connection when it has not read the one before it yet. */
void conn_send_with(struct conn *c, const char *data, size_t n, int fd);

/* Writes what the socket takes now. */
void conn_flush(struct conn *c);

/* Answers everything, writes it, then closes. No more frames are read. */
void conn_finish(struct conn *c);

/* Closes now. The struct lives until the end of the loop turn. */
void conn_close(struct conn *c);
void conn_free(struct conn *c);

/* Whether the connection may be read from has to be looked at again. */
void conn_update(struct conn *c);

/* Goes on with input that had to wait. Returns true when there is still some
 * that could be served now (others get their turn first). */
bool conn_resume(struct conn *c) MUST_CHECK;

/* Once a second: timeouts. */
void conn_tick(struct conn *c, int64_t now_ns);

/* Something was answered: counts it off the input budget. */
void conn_release(struct conn *c, size_t bytes);

/* Bytes of output that the client has not taken yet. */
static inline size_t
conn_unsent(const struct conn *c)
{
	return c->out.len - c->sent;
}

#endif
