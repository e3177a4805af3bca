/* systemd: sockets it passed, and what it wants to hear. Without libsystemd:
 * both protocols are a few environment variables and datagrams. */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

/* The listening socket passed by socket activation (LISTEN_PID, LISTEN_FDS),
 * made CLOEXEC and non-blocking. 1 with *ret_fd, 0 when none was passed, or
 * MDB_E_INVALID: more than one, or no listening Unix stream socket. */
int notify_socket(int *ret_fd, struct err *e) MUST_CHECK;

/* Sends "READY=1" and the like to NOTIFY_SOCKET; does nothing without it. */
void notify_send(const char *state);

/* Milliseconds within which the watchdog wants a ping; 0: no watchdog. */
int64_t notify_watchdog_ms(void);

#endif
