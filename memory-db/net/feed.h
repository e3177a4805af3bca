/* Change events to the connections that subscribed. */
#ifndef NET_FEED_H
#define NET_FEED_H

#include "memory-db/net/conn.h"
#include "memory-db/net/server.h"
#include "memory-db/work/job.h"

void feed_subscribe(struct conn *c, const char *namespace_, bool all);
void feed_unsubscribe(struct conn *c);

/* Tells the subscribers of a committed write. */
void feed_publish(struct server *s, const struct job *j,
	const struct change_note *n);

/* The output of c is empty: a reader that was too slow hears what it lost. */
void feed_drained(struct conn *c);

/* Tells what the service did by itself (work_tell), and ends the job. */
void feed_own(struct server *s, struct job *j);

#endif
