/* Accepting connections, and the socket in the file system. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "memory-db/net/server.h"

/* Room for all connections: descriptors and the tables of libev, which ends
 * the process when it cannot grow one later. Returns the number of
 * connections there is room for. */
int64_t listen_prepare(struct server *s);

void listen_start(struct server *s);
void listen_stop(struct server *s);

/* Closes the listening socket and removes its name, if it is still ours. */
void listen_close(struct server *s);

/* True when somebody removed or replaced the name of our socket. */
bool listen_vanished(const struct server *s);

#endif
