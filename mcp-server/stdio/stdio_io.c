/* stdin is only read after poll(2), so it can stay in blocking mode; stdout
 * is buffered without a bound here, since the session stops reading requests
 * while much is unwritten. */
#include "mcp-server/stdio/stdio_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

#define READ_BYTES (64 * 1024)	/* the size of a Linux pipe */
#define KEEP_BYTES (128 * 1024) /* buffers above this are given back */

void
stdio_in_init(struct stdio_in *in, int fd, size_t max_bytes)
{
	memset(in, 0, sizeof(*in));
	in->fd = fd;
	in->max_bytes = max_bytes;
}

void
stdio_in_done(struct stdio_in *in)
{
	buf_done(&in->buf);
}

/* Drops the lines handed out. */
static void
compact(struct stdio_in *in)
{
	if (in->start == 0)
		return;
	in->scanned -= in->start;
	if (in->start == in->buf.len)
		buf_clear(&in->buf, KEEP_BYTES);
	else
		buf_consume(&in->buf, in->start);
	in->start = 0;
}

int
stdio_in_read(struct stdio_in *in)
{
	ssize_t n;

	compact(in);
	if (buf_reserve(&in->buf, READ_BYTES))
		return MDB_E_NOMEM;
	do {
		n = read(in->fd, in->buf.data + in->buf.len, READ_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		in->eof = true;
	else
		in->buf.len += (size_t)n;
	return 0;
}

/* Swallows what has come of a line that is too long. */
static void
stdio_io_discard(struct stdio_in *in, size_t end)
{
	jsonrpc_scan_feed(&in->scan, in->buf.data + in->start, end - in->start);
	in->start = in->scanned = end;
}

/* End of the line at in->start, or buf.len with *ret_found false. */
static size_t
stdio_io_line_end(struct stdio_in *in, bool *ret_found)
{
	const char *nl = NULL;

	if (in->scanned < in->buf.len)
		nl = memchr(in->buf.data + in->scanned, '\n',
			in->buf.len - in->scanned);
	*ret_found = nl != NULL;
	return nl ? (size_t)(nl - in->buf.data) : in->buf.len;
}

enum stdio_line
stdio_in_line(struct stdio_in *in, const char **ret, size_t *ret_n)
{
	bool found;
	size_t end;

	for (;;) {
		end = stdio_io_line_end(in, &found);
		if (!in->discarding && end - in->start > in->max_bytes) {
			in->discarding = true;
			jsonrpc_scan_init(&in->scan);
		}
		if (in->discarding)
			stdio_io_discard(in, end);
		else
			in->scanned = end;
		if (!found && !in->eof)
			return STDIO_NONE;
		if (in->discarding) {
			in->discarding = false;
			in->start = in->scanned = end + found;
			return STDIO_TOO_LONG;
		}
		if (!found && end == in->start)
			return STDIO_NONE;
		*ret = in->buf.data + in->start;
		*ret_n = end - in->start;
		in->start = in->scanned = end + found;
		if (*ret_n > 0 && !(*ret_n == 1 && **ret == '\r'))
			return STDIO_LINE;
	}
}

static int
open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

void
stdio_out_init(struct stdio_out *out, int fd)
{
	struct stat st;
	int own;

	memset(out, 0, sizeof(*out));
	out->fd = fd;
	if (fstat(fd, &st) < 0)
		return;
	out->is_socket = S_ISSOCK(st.st_mode);
	out->is_file = S_ISREG(st.st_mode);
	if (out->is_socket || out->is_file)
		return;
	own = open_again(fd);
	if (own >= 0) {
		out->fd = own;
		out->owned = true;
	} else {
		int flags = fcntl(fd, F_GETFL);

		if (flags >= 0)
			(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	}
}

void
stdio_out_done(struct stdio_out *out)
{
	buf_done(&out->buf);
	if (out->owned)
		close(out->fd);
	out->owned = false;
}

int
stdio_out_add(struct stdio_out *out, struct buf *line)
{
	if (out->closed)
		return 0;
	if (out->buf.len == 0) {
		struct buf empty = out->buf;

		if (buf_addc(line, '\n'))
			return MDB_E_NOMEM;
		out->buf = *line;
		*line = empty;
		return 0;
	}
	if (buf_reserve(&out->buf, line->len + 1) ||
		buf_add(&out->buf, line->data, line->len))
		return MDB_E_NOMEM;
	return buf_addc(&out->buf, '\n');
}

void
stdio_out_flush(struct stdio_out *out)
{
	while (stdio_out_pending(out) > 0) {
		const char *p = out->buf.data + out->sent;
		size_t n = out->buf.len - out->sent;
		ssize_t w = out->is_socket
				    ? send(out->fd, p, n,
					      MSG_DONTWAIT | MSG_NOSIGNAL)
				    : write(out->fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (w < 0) {
			out->closed = true;
			buf_done(&out->buf);
			out->sent = 0;
			return;
		}
		out->sent += (size_t)w;
	}
	if (out->sent == out->buf.len) {
		buf_clear(&out->buf, KEEP_BYTES);
		out->sent = 0;
	} else if (out->sent > KEEP_BYTES && out->sent > out->buf.len / 2) {
		buf_consume(&out->buf, out->sent);
		out->sent = 0;
	}
}

size_t
stdio_out_pending(const struct stdio_out *out)
{
	return out->closed ? 0 : out->buf.len - out->sent;
}
