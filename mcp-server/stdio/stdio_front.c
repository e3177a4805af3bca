/* Lines are handed to the session as long as it accepts them; at a cap the rest
 * stays in the buffer, and then in the pipe. */
#include "mcp-server/stdio/stdio_front.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/log.h"

static int
stdio_front_write(void *ctx, struct buf *line)
{
	struct stdio_front *f = ctx;

	return stdio_out_add(&f->out, line);
}

static size_t
stdio_front_pending(const void *ctx)
{
	const struct stdio_front *f = ctx;

	return stdio_out_pending(&f->out);
}

void
stdio_front_init(struct stdio_front *f, int in_fd, int out_fd,
	const struct session_options *o, struct relay *relay)
{
	const struct session_transport t = {stdio_front_write,
		stdio_front_pending, f};

	memset(f, 0, sizeof(*f));
	stdio_in_init(&f->in, in_fd, LIMIT_MCP_LINE_BYTES);
	stdio_out_init(&f->out, out_fd);
	session_init(&f->session, o, &t, relay);
}

void
stdio_front_done(struct stdio_front *f)
{
	session_done(&f->session);
	stdio_in_done(&f->in);
	stdio_out_done(&f->out);
}

size_t
stdio_front_poll(const struct stdio_front *f, struct pollfd *fds)
{
	size_t n = 0;

	if (session_accepts(&f->session) && !f->in.eof)
		fds[n++] = (struct pollfd){f->in.fd, POLLIN, 0};
	if (stdio_out_pending(&f->out) > 0)
		fds[n++] = (struct pollfd){f->out.fd, POLLOUT, 0};
	return n;
}

int
stdio_front_timeout(const struct stdio_front *f)
{
	return f->backlog && session_accepts(&f->session)
		       ? 0
		       : session_timeout(&f->session);
}

static void
stdio_front_too_long(struct stdio_front *f)
{
	AUTO_JSON json_t *id = jsonrpc_scan_id(&f->in.scan);

	session_line_too_long(&f->session, id);
}

/* Hands in the lines that have come, as far as there is room for them. */
static void
stdio_front_take_lines(struct stdio_front *f)
{
	const char *text;
	size_t n;

	f->backlog = true;
	while (session_accepts(&f->session)) {
		switch (stdio_in_line(&f->in, &text, &n)) {
		case STDIO_LINE:
			session_line(&f->session, text, n);
			break;
		case STDIO_TOO_LONG:
			stdio_front_too_long(f);
			break;
		case STDIO_NONE:
			f->backlog = false;
			if (f->in.eof)
				session_end(&f->session);
			return;
		}
	}
}

void
stdio_front_run(struct stdio_front *f, const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].fd == f->in.fd && fds[i].events == POLLIN &&
			fds[i].revents && stdio_in_read(&f->in))
			log_event(LOG_ERROR, "cannot read", 0,
				LOG_S("error", "out of memory"));
	stdio_front_take_lines(f);
	stdio_out_flush(&f->out);
	if (f->out.closed)
		session_end(&f->session);
}

void
stdio_front_flush(struct stdio_front *f)
{
	stdio_out_flush(&f->out);
}
