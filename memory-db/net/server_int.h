/* Shared by server.c (the loop) and server_end.c. */
#ifndef NET_SERVER_INT_H
#define NET_SERVER_INT_H

#include "memory-db/net/server.h"

/* After server_stop: ends the loop when there is nothing left to wait for. */
void server_end_advance(struct server *s);

#endif
