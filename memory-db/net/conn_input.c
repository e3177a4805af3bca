/* Bytes to frames. A read goes into one buffer of the server; only what does
 * not make a whole frame is copied to the connection. So a silent connection
 * costs no memory, and a usual request is not copied.
 *
 *   read   {..}\n{..}\n{"id":3,   two frames are served where they lie; the
 *                                 rest waits in the buffer of the connection
 *   read   ...}\n                 is put behind it: the third frame
 *
 * A client that sends without end gets FRAMES_A_TURN frames served, then
 * others have their turn. */
#include "memory-db/net/conn_input.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/contract/rpc.h"
#include "memory-db/net/server.h"

/* Frames of one connection served before others get their turn. */
#define FRAMES_A_TURN 64

/* Keeps the budget in step with the buffer. */
static void
count_input(struct conn *c)
{
	struct server *s = c->server;

	if (c->is_dead)
		return;
	s->input_bytes = s->input_bytes - c->in_counted + c->in.len;
	c->in_counted = c->in.len;
	if (s->privileged == c && c->in.len == 0) {
		s->privileged = NULL;
		s->has_room = true;
	}
}

void
conn_drop_input(struct conn *c)
{
	buf_clear(&c->in, 0);
	c->lexed = 0;
	frame_init(&c->lexer, (size_t)c->server->config->request_bytes,
		LIMIT_REQUEST_VALUES);
	count_input(c);
}

/* Tells the client why, and closes after what is under way. */
static void
conn_input_refuse(struct conn *c, int code, const char *text)
{
	struct err e = {0};
	AUTO_BUF struct buf line = {0};

	err_set(&e, code, "%s", text);
	log_event(LOG_INFO, "connection refused to go on", 0,
		LOG_I("conn", c->serial), LOG_I("pid", c->peer.pid),
		LOG_S("code", err_name(code)), LOG_S("error", text));
	c->server->outcomes[-code]++;
	if (rpc_error(&line, NULL, &e) == 0)
		conn_send(c, line.data, line.len);
	conn_finish(c);
}

static void
refuse_frame(struct conn *c, enum frame_status st)
{
	char text[256];

	if (st == FRAME_TOO_LONG)
		snprintf(text, sizeof text,
			"a request is at most %lld bytes; send large texts in "
			"several requests",
			(long long)c->server->config->request_bytes);
	else
		snprintf(text, sizeof text,
			"%s; a request is one JSON object, for example "
			"{\"id\":1,\"method\":\"ping\"}",
			frame_status_text(st));
	conn_input_refuse(c, MDB_E_PROTOCOL, text);
}

/* Serves the frames in data[0, n), of which the first c->lexed bytes were
 * looked at before. Returns how many bytes are done with. */
static size_t
serve_frames(struct conn *c, const char *data, size_t n)
{
	size_t start = 0, skip, used, from;
	enum frame_status st;

	for (int i = 0;
		i < FRAMES_A_TURN && start + c->lexed < n && conn_may_serve(c);
		i++) {
		from = start + c->lexed;
		skip = used = 0;
		st = frame_feed(&c->lexer, data + from, n - from, &skip, &used);
		if (c->lexed == 0)
			start += skip;
		if (st == FRAME_MORE) {
			c->lexed = n - start;
			return start;
		}
		if (st != FRAME_DONE) {
			refuse_frame(c, st);
			return n;
		}
		from += used;
		c->lexed = 0;
		c->server->conn_events->frame(c, data + start, from - start);
		start = from;
	}
	return start;
}

/* Serves what the buffer of the connection holds. */
static void
serve_buffer(struct conn *c)
{
	size_t used = serve_frames(c, c->in.data, c->in.len);

	if (c->is_dead || c->is_closing)
		return;
	if (used == c->in.len)
		buf_clear(&c->in, 0);
	else
		buf_consume(&c->in, used);
	count_input(c);
}

/* Serves fresh bytes; the rest goes to the buffer. */
static void
serve_fresh(struct conn *c, const char *data, size_t n)
{
	size_t used = 0;

	if (c->in.len == 0)
		used = serve_frames(c, data, n);
	if (c->is_dead || c->is_closing || used == n)
		return;
	if (buf_add(&c->in, data + used, n - used) != 0) {
		conn_input_refuse(c, MDB_E_NOMEM,
			"memory-db is out of memory; try again "
			"later");
		return;
	}
	count_input(c);
	if (used == 0 && c->in.len > n)
		serve_buffer(c);
}

static void
end_of_input(struct conn *c)
{
	c->is_eof = true;
	ev_io_stop(c->server->loop, &c->readable);
	if (frame_begun(&c->lexer) && c->in.len == c->lexed)
		conn_input_refuse(c, MDB_E_PROTOCOL,
			"the connection ended in the middle of a request");
	conn_update(c);
}

void
conn_on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct conn *c = w->data;
	struct server *s = c->server;
	ssize_t n;

	(void)loop;
	(void)events;
	n = recv(c->fd, s->scratch, SERVER_READ_BYTES, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOMEM))
		return;
	if (n < 0 || (n == 0 && c->is_draining)) {
		conn_close(c);
		return;
	}
	if (c->is_draining)
		return;
	if (n == 0) {
		end_of_input(c);
		return;
	}
	c->last_byte_ns = clock_mono_ns();
	serve_fresh(c, s->scratch, (size_t)n);
	conn_update(c);
}

bool
conn_resume(struct conn *c)
{
	if (c->is_dead || c->in.len == c->lexed || !conn_may_serve(c))
		return false;
	serve_buffer(c);
	if (c->is_dead)
		return false;
	if (c->is_eof && frame_begun(&c->lexer) && c->in.len == c->lexed &&
		!c->is_closing)
		end_of_input(c);
	else
		conn_update(c);
	return !c->is_dead && c->in.len > c->lexed && conn_may_serve(c);
}

void
conn_check_timeout(struct conn *c, int64_t now_ns)
{
	char text[160];

	if (!frame_begun(&c->lexer) || !ev_is_active(&c->readable) ||
		now_ns - c->last_byte_ns < LIMIT_REQUEST_IDLE_MS * 1000000LL)
		return;
	snprintf(text, sizeof text,
		"no byte for %d s in the middle of a request; a request ends "
		"at the closing brace of its object",
		LIMIT_REQUEST_IDLE_MS / 1000);
	conn_input_refuse(c, MDB_E_TIMEOUT, text);
}
