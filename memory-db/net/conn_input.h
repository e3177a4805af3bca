/* The input half of a connection; see conn.h. */
#ifndef NET_CONN_INPUT_H
#define NET_CONN_INPUT_H

#include "memory-db/net/conn.h"

void conn_on_readable(struct ev_loop *loop, ev_io *w, int events);

/* Throws away what is buffered. */
void conn_drop_input(struct conn *c);

/* Ends a connection whose request stays unfinished. */
void conn_check_timeout(struct conn *c, int64_t now_ns);

/* Whether another frame may be served now (conn.c). */
bool conn_may_serve(const struct conn *c);

#endif
