/* A request of a connection: a job, whose it is, and when it may be answered.
 *
 *   request_new -> dispatch -> (worker) -> request_finish: reply, freed
 *
 * A request outlives its connection: work that was begun is brought to its
 * end, the reply is dropped. Belongs to the loop thread, except its job while
 * a worker has it. */
#ifndef NET_REQUEST_H
#define NET_REQUEST_H

#include <stdbool.h>

#include "memory-db/work/job.h"

struct conn;
struct server;

struct request {
	struct job job; /* first: request_of() */
	struct server *server;
	struct conn *conn;	     /* NULL: its connection is gone */
	struct request *next, *prev; /* of the connection */
	struct request *later;	     /* without id: the next such request */
	bool is_ordered;	     /* without id: replies keep their order */
	bool is_write;
	bool is_parked;	  /* waits for earlier writes without id */
	bool is_unread;	  /* long: a reader is parsing it, it may have an
				   id that is not known yet */
	bool is_queued;	  /* a worker has it, or has just given it back */
	bool is_finished; /* answered, and in the hands of the loop */
	bool is_silent;	  /* cancelled: no reply */
};

static inline struct request *
request_of(struct job *j)
{
	return (struct request *)(void *)j;
}

/* A request of c whose frame had this many bytes. NULL: no memory. */
struct request *request_new(struct conn *c, size_t bytes) MUST_CHECK;

/* One of the service itself: nobody waits for its reply. Takes params_new, also
 * on failure; the caller sets the context and queues it. NULL: no memory. */
struct request *request_new_internal(struct server *s, const struct tool *tool,
	json_t *params_new) MUST_CHECK;

/* Takes its place among those without id. A long frame does so before anyone
 * has looked whether it has one. */
void request_order(struct request *r);
/* It has an id after all. */
void request_unorder(struct request *r);

/* Whether reads without id that come later have to wait for it. */
void request_set_write(struct request *r, bool is_write);

/* Answers an error that came up before a worker had it, and finishes. */
void request_fail(struct request *r, const struct err *e);

/* The job has come to its end: sends its reply, or keeps it until earlier
 * requests without id are answered; counts, and frees the request. A job that
 * nobody answered is answered with code internal. */
void request_finish(struct request *r);

/* The connection is gone: nobody waits for its requests any more. Reads and
 * scripts are stopped, writes go on. */
void request_orphan_all(struct conn *c);

/* Whether r, which reads, must wait: for writes without id of the same
 * connection that came before it, when it has no id either. Parks it then. */
bool request_park(struct request *r);

/* The request of c with this integer id, or NULL. One that is still being
 * parsed is not found. */
struct request *request_find(struct conn *c, int64_t id);

#endif
