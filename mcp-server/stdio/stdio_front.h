/* A session on a pair of descriptors: it owns the two ends of the stream and
 * says what poll(2) is to wait for. */
#ifndef MCP_SERVER_STDIO_STDIO_FRONT_H
#define MCP_SERVER_STDIO_STDIO_FRONT_H

#include <poll.h>
#include <stdbool.h>

#include "mcp-server/mcp/session.h"
#include "mcp-server/stdio/stdio_io.h"

struct stdio_front {
	struct stdio_in in;
	struct stdio_out out;
	struct session session;
	bool backlog; /* lines have come that the session has no room for */
};

/* The descriptors stay the caller's; relay and the strings of o are borrowed
 * and outlive the front. */
void stdio_front_init(struct stdio_front *f, int in_fd, int out_fd,
	const struct session_options *o, struct relay *relay);
void stdio_front_done(struct stdio_front *f);

/* Descriptors to wait for: fills at most STDIO_FRONT_FDS entries, returns how
 * many. */
#define STDIO_FRONT_FDS 2
size_t stdio_front_poll(const struct stdio_front *f, struct pollfd *fds);
/* Milliseconds until stdio_front_run has something to do without any input;
 * -1: never. */
int stdio_front_timeout(const struct stdio_front *f);
/* Reads, handles and writes what can be without waiting. */
void stdio_front_run(struct stdio_front *f, const struct pollfd *fds, size_t n);
/* Writes what has been answered since. */
void stdio_front_flush(struct stdio_front *f);

#endif
