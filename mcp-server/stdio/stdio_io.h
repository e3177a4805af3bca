/* The two ends of the stdio transport: lines in, bytes out. Neither ever
 * blocks the loop. */
#ifndef MCP_SERVER_STDIO_STDIO_IO_H
#define MCP_SERVER_STDIO_STDIO_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "mcp-server/mcp/jsonrpc.h"

/* --- in ------------------------------------------------------------------- */
struct stdio_in {
	int fd;
	size_t max_bytes; /* of a line */
	struct buf buf;
	size_t start, scanned; /* first byte of the line; looked at so far */
	bool eof;
	bool discarding;	  /* inside a line longer than max_bytes */
	struct jsonrpc_scan scan; /* of that line */
};

enum stdio_line {
	STDIO_NONE, /* no full line yet */
	STDIO_LINE,
	STDIO_TOO_LONG /* in->scan has looked at all of it */
};

void stdio_in_init(struct stdio_in *in, int fd, size_t max_bytes);
void stdio_in_done(struct stdio_in *in);

/* One read(2); call it when poll(2) says readable. Sets in->eof at the end of
 * the stream and on errors. 0 or MDB_E_NOMEM. */
int stdio_in_read(struct stdio_in *in) MUST_CHECK;

/* The next line, without its newline, borrowed until the next call. At the end
 * of the stream an unfinished last line counts. Empty lines are skipped. */
enum stdio_line stdio_in_line(struct stdio_in *in, const char **ret,
	size_t *ret_n);

/* --- out ------------------------------------------------------------------ */
struct stdio_out {
	int fd;
	bool owned; /* fd is a description of our own */
	bool is_socket, is_file;
	bool closed; /* nobody reads any more */
	struct buf buf;
	size_t sent;
};

/* Takes what fd is into account: a pipe is opened again (O_NONBLOCK belongs
 * to the description, which others share), a socket is written to with
 * MSG_DONTWAIT. */
void stdio_out_init(struct stdio_out *out, int fd);
void stdio_out_done(struct stdio_out *out);

/* Queues the bytes of *line and a newline: takes them out of it when nothing
 * else is queued, so that a large message is not copied, and copies them
 * otherwise. MDB_E_NOMEM: nothing was queued. */
int stdio_out_add(struct stdio_out *out, struct buf *line) MUST_CHECK;

/* Writes what the reader takes now. */
void stdio_out_flush(struct stdio_out *out);

/* Bytes still to be written; 0 once closed. */
size_t stdio_out_pending(const struct stdio_out *out);

#endif
