/* From a frame to the right thread: checks, context, limits, routing. */
#ifndef NET_DISPATCH_H
#define NET_DISPATCH_H

#include <stddef.h>

#include "memory-db/net/conn.h"
#include "memory-db/net/request.h"
#include "memory-db/net/server.h"

/* Serves a whole frame of c. Long ones go to a reader first. */
void dispatch_frame(struct conn *c, const char *data, size_t n);

/* A job came back from a worker. */
void dispatch_done(struct job *j);

/* A parked request may run now. */
void dispatch_unparked(struct request *r);

/* Hands what was gathered in this loop turn to the workers. */
void dispatch_flush(struct server *s);

#endif
