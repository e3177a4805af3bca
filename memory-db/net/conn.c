/* Connections: life, output, and when they may be read from. conn_input.c
 * has the other half, bytes to frames.
 *
 *   open --(end of stream)--> eof ---------+
 *     |                                    | everything answered
 *     +--(protocol error)--> closing --> draining --> dead
 *
 * Draining: we have written all and closed our direction; input is thrown
 * away for a moment, so that a client that is still sending reads our error
 * instead of getting a broken pipe. */
#include "memory-db/net/conn.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "memory-db/net/conn_input.h"
#include "memory-db/net/server.h"

#define DRAIN_NS (2 * 1000000000LL)
/* Output memory an idle connection keeps. */
#define KEEP_OUTPUT_BYTES 4096
/* Written bytes are dropped from the front of the buffer in such pieces. */
#define COMPACT_BYTES (256 * 1024)

static void
on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	(void)events;
	conn_flush(w->data);
}

int
conn_open(struct server *s, int fd, const struct sock_peer *peer)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c) {
		close(fd);
		return MDB_E_NOMEM;
	}
	c->server = s;
	c->serial = ++s->next_conn;
	c->fd = fd;
	c->pass_fd = -1;
	c->peer = *peer;
	frame_init(&c->lexer, (size_t)s->config->request_bytes,
		LIMIT_REQUEST_VALUES);
	ev_io_init(&c->readable, conn_on_readable, fd, EV_READ);
	ev_io_init(&c->writable, on_writable, fd, EV_WRITE);
	c->readable.data = c->writable.data = c;
	c->next = s->conns;
	if (s->conns)
		s->conns->prev = c;
	s->conns = c;
	s->conns_n++;
	s->conns_total++;
	ev_io_start(s->loop, &c->readable);
	log_event(LOG_DEBUG, "connected", 0, LOG_I("conn", c->serial),
		LOG_I("uid", peer->uid), LOG_I("pid", peer->pid));
	return 0;
}

void
conn_close(struct conn *c)
{
	struct server *s = c->server;

	if (c->is_dead)
		return;
	c->is_dead = true;
	ev_io_stop(s->loop, &c->readable);
	ev_io_stop(s->loop, &c->writable);
	close(c->fd);
	c->fd = -1;
	s->conn_events->closed(c);
	s->input_bytes -= c->in_counted;
	c->in_counted = 0;
	if (c->is_starved)
		s->starved_n--;
	if (s->privileged == c)
		s->privileged = NULL;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->prev = NULL;
	c->next = s->dead;
	s->dead = c;
	assert(c->pending == 0 && s->conns_n > 0);
	s->conns_n--;
	s->idle_since_ns = clock_mono_ns();
	s->has_room = true;
	log_event(LOG_DEBUG, "disconnected", 0, LOG_I("conn", c->serial));
}

void
conn_free(struct conn *c)
{
	buf_done(&c->in);
	buf_done(&c->out);
	if (c->pass_fd >= 0)
		close(c->pass_fd);
	json_decref(c->defaults);
	json_decref(c->ignored);
	free(c);
}

/* --- output --------------------------------------------------------------- */
void
conn_send(struct conn *c, const char *data, size_t n)
{
	if (c->is_dead || c->is_draining)
		return;
	if (conn_unsent(c) + n > 2 * (size_t)LIMIT_CONN_OUTPUT_BYTES) {
		log_event(LOG_WARN, "client reads nothing: closed", 0,
			LOG_I("conn", c->serial), LOG_I("pid", c->peer.pid),
			LOG_I("unread_bytes", conn_unsent(c)));
		conn_close(c);
		return;
	}
	if (buf_add(&c->out, data, n) != 0) {
		/* A reply that is lost without a word would leave its client
		 * waiting; a closed connection does not. */
		log_event(LOG_WARN, "no memory for a reply: closed", 0,
			LOG_I("conn", c->serial));
		conn_close(c);
		return;
	}
	server_mark_dirty(c->server, c);
}

void
conn_send_with(struct conn *c, const char *data, size_t n, int fd)
{
	if (c->is_dead || c->is_draining || c->pass_fd >= 0) {
		close(fd);
		conn_close(c);
		return;
	}
	c->pass_fd = fd;
	c->pass_at = c->out.len;
	conn_send(c, data, n);
}

/* What goes out next: a descriptor goes with the first byte of its reply, which
 * is sent by itself. */
static ssize_t
conn_send_some(struct conn *c)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {c->out.data + c->sent, conn_unsent(c)};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *head;
	ssize_t n;

	if (c->pass_fd >= 0 && c->sent < c->pass_at) {
		part.iov_len = c->pass_at - c->sent;
	} else if (c->pass_fd >= 0) {
		part.iov_len = 1;
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		head = CMSG_FIRSTHDR(&m);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &c->pass_fd, sizeof(int));
	}
	n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && m.msg_control) {
		close(c->pass_fd);
		c->pass_fd = -1;
	}
	return n;
}

void
conn_flush(struct conn *c)
{
	ssize_t n;

	while (!c->is_dead && conn_unsent(c) > 0) {
		n = conn_send_some(c);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS ||
				     errno == ENOMEM))
			break;
		if (n < 0) {
			conn_close(c);
			return;
		}
		c->sent += (size_t)n;
		assert(c->sent <= c->out.len);
	}
	if (c->is_dead)
		return;
	if (conn_unsent(c) == 0) {
		buf_clear(&c->out, KEEP_OUTPUT_BYTES);
		c->sent = 0;
		ev_io_stop(c->server->loop, &c->writable);
		c->server->conn_events->drained(c);
	} else {
		if (c->sent >= COMPACT_BYTES) {
			/* A descriptor that waits has its byte still to go. */
			assert(c->pass_fd < 0 || c->pass_at >= c->sent);
			buf_consume(&c->out, c->sent);
			c->pass_at -= c->pass_fd >= 0 ? c->sent : 0;
			c->sent = 0;
		}
		ev_io_start(c->server->loop, &c->writable);
	}
	conn_update(c);
}

/* --- the end -------------------------------------------------------------- */
void
conn_finish(struct conn *c)
{
	if (c->is_dead || c->is_closing)
		return;
	c->is_closing = true;
	conn_drop_input(c);
	conn_update(c);
}

/* True when the client closed both directions: nobody will read. */
static bool
peer_is_gone(const struct conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = 0};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

static void
start_draining(struct conn *c)
{
	c->is_draining = true;
	c->drain_until_ns = clock_mono_ns() + DRAIN_NS;
	(void)shutdown(c->fd, SHUT_WR);
	ev_io_start(c->server->loop, &c->readable);
}

/* Closes when there is nothing left to wait for. True when it did. */
static bool
close_if_finished(struct conn *c)
{
	if (c->pending > 0 || conn_unsent(c) > 0)
		return false;
	if (c->is_eof && (c->is_closing || (c->in.len == 0 &&
						   (!c->is_subscribed ||
							   peer_is_gone(c))))) {
		conn_close(c);
		return true;
	}
	if (c->is_closing && !c->is_draining)
		start_draining(c);
	return false;
}

void
conn_tick(struct conn *c, int64_t now_ns)
{
	if (c->is_draining) {
		if (now_ns > c->drain_until_ns)
			conn_close(c);
		return;
	}
	if (c->is_eof && peer_is_gone(c)) {
		conn_close(c);
		return;
	}
	conn_check_timeout(c, now_ns);
}

/* --- when to read --------------------------------------------------------- */
/* Small requests always pass. What is larger needs room in the budget of all
 * clients; one unfinished frame at a time may exceed it, so that there is
 * always one that can finish. */
static bool
has_budget(struct conn *c)
{
	struct server *s = c->server;

	if (s->input_bytes < LIMIT_INPUT_BYTES ||
		c->held + c->in.len < LIMIT_LOOP_PARSE_BYTES ||
		s->privileged == c)
		return true;
	/* Without an unfinished frame its own replies will make room. */
	if (s->privileged || c->in.len == 0)
		return false;
	s->privileged = c;
	return true;
}

static void
set_starved(struct conn *c, bool is_starved)
{
	if (c->is_starved == is_starved)
		return;
	c->is_starved = is_starved;
	if (is_starved)
		c->server->starved_n++;
	else
		c->server->starved_n--;
}

bool
conn_may_serve(const struct conn *c)
{
	return !c->is_dead && !c->is_closing &&
	       c->server->phase == SERVER_SERVING &&
	       c->pending < LIMIT_CONN_PENDING &&
	       conn_unsent(c) < LIMIT_CONN_OUTPUT_BYTES;
}

void
conn_update(struct conn *c)
{
	struct server *s = c->server;
	bool may_read;

	if (c->is_dead || close_if_finished(c) || c->is_draining)
		return;
	may_read = !c->is_eof && conn_may_serve(c) && c->in.len == c->lexed;
	if (may_read) {
		bool has_room = has_budget(c);

		set_starved(c, !has_room);
		may_read = has_room;
	}
	if (!may_read) {
		ev_io_stop(s->loop, &c->readable);
	} else if (!ev_is_active(&c->readable)) {
		/* The pause was ours: its time does not count. */
		c->last_byte_ns = clock_mono_ns();
		ev_io_start(s->loop, &c->readable);
	}
	if (c->in.len > c->lexed && conn_may_serve(c))
		server_mark_resumed(s, c);
}

void
conn_release(struct conn *c, size_t bytes)
{
	c->server->has_room = true;
	if (c->is_dead)
		return;
	c->held -= bytes;
	conn_update(c);
}
