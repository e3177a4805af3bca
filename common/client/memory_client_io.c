/* Bytes and frames of libmemory-client. A round (mc_pump) reads what is there,
 * takes whole frames out of it, and writes what may be written. Nothing here
 * blocks but mc_wait. Reading comes first, so that the end of an idle
 * connection is seen before a request is wasted on it. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/client/memory_client_int.h"

#define NS_PER_MS  1000000LL
#define READ_BYTES (64u * 1024)
/* Reads of one round: a fast sender does not keep the caller's loop. */
#define READS_A_ROUND 16
/* Pause before a frame is tried again that found no memory. */
#define NO_MEMORY_PAUSE_MS 10

/* --- frames --------------------------------------------------------------- */

/* An answer without id: about the connection or about bytes that were no
 * request. */
static void
complaint(memory_client *c, const json_t *msg)
{
	const char *text = json_string_value(json_object_get(msg, "error"));
	const char *code = json_string_value(json_object_get(msg, "code"));
	int which = err_code_of(code != NULL ? code : "");
	int64_t after = 0;

	(void)jx_integral(json_object_get(msg, "retry_after_ms"), &after);

	if (text == NULL)
		text = "it sent a message without id";
	if (which == MDB_E_BUSY) {
		mc_link_broken(c, MEMORY_UNREACHABLE, false,
			"memory-db is busy: %s", text);
		if (after > 0 && after < INT32_MAX)
			c->connect_at_ns += after * NS_PER_MS;
	} else if (which == MDB_E_DENIED) {
		mc_link_broken(c, MEMORY_DENIED, true,
			"memory-db at %s refuses this user: %s", c->path, text);
	} else {
		mc_link_broken(c, MEMORY_PROTOCOL, false,
			"memory-db closed the connection: %s", text);
	}
}

static void
memory_client_io_reply(memory_client *c, int64_t id, const json_t *msg,
	const char *line, size_t n)
{
	if (id == MC_ID_HELLO && c->greeting == MC_ASKED) {
		mc_link_greeted(c, msg, line, n);
		return;
	}
	c->failures = 0;
	if (id == MC_ID_SUBSCRIBE) {
		mc_link_subscribed(c, msg);
		return;
	}
	struct mc_call *call = mc_call_find(c, id);
	if (call != NULL && call->sent && !call->done)
		mc_call_reply(c, call, msg, line, n);
	/* else: cancelled or timed out meanwhile */
}

/* One object from the service. MEMORY_OK or MEMORY_NO_MEMORY. */
static int
take_frame(memory_client *c, const char *line, size_t n)
{
	struct err e = {0};
	struct mc_call *wants_text = mc_call_of_text(c, line, n);
	AUTO_JSON json_t *msg = NULL;
	int64_t number;

	if (wants_text) {
		c->failures = 0;
		return mc_call_text(c, wants_text, line, n);
	}
	msg = jx_parse(line, n, &e);

	if (msg == NULL && e.code == MDB_E_NOMEM)
		return MEMORY_NO_MEMORY;
	if (msg == NULL) {
		mc_link_broken(c, MEMORY_PROTOCOL, true,
			"what listens at %s "
			"does not speak the protocol: %s",
			c->path, e.text);
		return MEMORY_OK;
	}
	const json_t *id = json_object_get(msg, "id");
	if (json_is_string(json_object_get(msg, "event")))
		mc_event_add(c, msg, line, n);
	else if (!json_is_boolean(json_object_get(msg, "success")))
		mc_link_broken(c, MEMORY_PROTOCOL, true,
			"what listens at %s "
			"does not speak the protocol: a reply without "
			"`success`",
			c->path);
	else if (id == NULL || json_is_null(id))
		complaint(c, msg);
	else if (jx_integral(id, &number))
		memory_client_io_reply(c, number, msg, line, n);
	return MEMORY_OK;
}

/* Takes the frame in[start, end). */
static int
memory_client_io_take_next(memory_client *c, size_t end)
{
	c->frame_end = end;
	if (take_frame(c, c->in.data + c->start, end - c->start) != MEMORY_OK)
		return MEMORY_NO_MEMORY;
	if (c->fd >= 0) {
		c->frame_end = 0;
		c->start = c->scanned = end;
	}
	return MEMORY_OK;
}

/* Takes all whole frames of the input. */
static int
take_frames(memory_client *c)
{
	if (c->frame_end > 0 &&
		memory_client_io_take_next(c, c->frame_end) != MEMORY_OK)
		return MEMORY_NO_MEMORY;
	while (c->fd >= 0 && c->scanned < c->in.len) {
		bool begun = frame_begun(&c->lexer);
		size_t skip = 0, used = 0;
		enum frame_status s =
			frame_feed(&c->lexer, c->in.data + c->scanned,
				c->in.len - c->scanned, &skip, &used);

		if (!begun)
			c->start = c->scanned + skip;
		if (s == FRAME_MORE) {
			c->scanned = c->in.len;
			break;
		}
		if (s != FRAME_DONE) {
			mc_link_broken(c, MEMORY_PROTOCOL, true,
				"what listens "
				"at %s does not speak the protocol: %s",
				c->path, frame_status_text(s));
			break;
		}
		if (memory_client_io_take_next(c, c->scanned + used) !=
			MEMORY_OK)
			return MEMORY_NO_MEMORY;
	}
	if (c->fd < 0)
		return MEMORY_OK;
	buf_consume(&c->in, c->start);
	c->scanned -= c->start;
	c->start = 0;
	return MEMORY_OK;
}

/* --- bytes ---------------------------------------------------------------- */

void
mc_keep_fds(memory_client *c)
{
	if (c->takes_fds)
		return;
	c->takes_fds = true;
	c->passed_fd = -1;
}

int
mc_take_fd(memory_client *c)
{
	return c->takes_fds ? take_fd(&c->passed_fd) : -1;
}

static void
keep_fd(memory_client *c, struct msghdr *m)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(m);

	if (!head || head->cmsg_level != SOL_SOCKET ||
		head->cmsg_type != SCM_RIGHTS ||
		head->cmsg_len != CMSG_LEN(sizeof(int)))
		return;
	if (c->passed_fd >= 0)
		close(c->passed_fd);
	memcpy(&c->passed_fd, CMSG_DATA(head), sizeof(int));
}

static ssize_t
receive(memory_client *c, void *data, size_t n)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = {data, n};
	struct msghdr m = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t got;

	if (!c->takes_fds)
		return recv(c->fd, data, n, MSG_DONTWAIT);
	got = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got > 0)
		keep_fd(c, &m);
	return got;
}

static int
read_input(memory_client *c)
{
	for (int i = 0; i < READS_A_ROUND && c->fd >= 0; i++) {
		if (c->frame_end > 0 && take_frames(c) != MEMORY_OK)
			return MEMORY_NO_MEMORY;
		if (c->fd < 0)
			break;
		if (buf_reserve(&c->in, READ_BYTES) != 0)
			return MEMORY_NO_MEMORY;
		ssize_t n = receive(c, c->in.data + c->in.len, READ_BYTES);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			mc_link_broken(c, MEMORY_UNREACHABLE, false,
				"memory-db at %s closed the connection%s%s",
				c->path, n < 0 ? ": " : "",
				n < 0 ? strerrordesc_np(errno) : "");
			break;
		}
		c->in.len += (size_t)n;
		if (take_frames(c) != MEMORY_OK)
			return MEMORY_NO_MEMORY;
		/* What comes with a descriptor is cut off behind it. */
		if ((size_t)n < READ_BYTES && !c->takes_fds)
			break;
	}
	return MEMORY_OK;
}

static int
write_output(memory_client *c)
{
	size_t sent = 0;

	while (c->fd >= 0 && sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + sent, c->out.len - sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN)
			break;
		/* The service may have said why before it closed. */
		int why = errno;
		if (read_input(c) != MEMORY_OK)
			return MEMORY_NO_MEMORY;
		if (c->fd >= 0)
			mc_link_broken(c, MEMORY_UNREACHABLE, false,
				"memory-db at %s closed the connection: %s",
				c->path, strerrordesc_np(why));
		return MEMORY_OK;
	}
	if (c->fd >= 0)
		buf_consume(&c->out, sent);
	return MEMORY_OK;
}

/* Moves requests that may go to the output. */
static int
queue_output(memory_client *c)
{
	for (struct mc_call *p = c->calls; p != NULL; p = p->next) {
		if (c->out.len >= MC_OUTPUT_BYTES)
			break;
		if (!mc_link_open_for(c, p))
			continue;
		if (buf_add(&c->out, p->request.data, p->request.len) != 0)
			return MEMORY_NO_MEMORY;
		p->sent = true;
	}
	return MEMORY_OK;
}

/* --- rounds --------------------------------------------------------------- */

int
mc_pump(memory_client *c)
{
	int r = MEMORY_OK;

	/* Reading comes first: the end of an idle connection is seen before a
	 * request is wasted on it. */
	if (c->fd >= 0)
		r = read_input(c);
	int64_t now = clock_mono_ns();
	mc_call_expire(c, now);
	if (r == MEMORY_OK)
		r = mc_link_step(c, now);
	if (r == MEMORY_OK && c->fd >= 0)
		r = queue_output(c);
	if (r == MEMORY_OK && c->fd >= 0)
		r = write_output(c);
	return r;
}

int64_t
mc_next_ns(const memory_client *c)
{
	int64_t next = mc_link_next_ns(c), calls = mc_call_next_ns(c);

	if (calls < next)
		next = calls;
	for (const struct mc_call *p = c->calls; p != NULL; p = p->next)
		if (mc_link_open_for(c, p) && c->out.len < MC_OUTPUT_BYTES)
			return 0;
	if (c->frame_end > 0) {
		int64_t soon = clock_mono_ns() + NO_MEMORY_PAUSE_MS * NS_PER_MS;

		next = soon < next ? soon : next;
	}
	return next;
}

int
mc_wait_ms(int64_t then_ns)
{
	if (then_ns == MC_NEVER)
		return -1;
	int64_t left = then_ns - clock_mono_ns();

	if (left <= 0)
		return 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

int64_t
mc_until(int timeout_ms)
{
	return timeout_ms < 0 ? MC_NEVER
			      : clock_mono_ns() + timeout_ms * NS_PER_MS;
}

short
mc_poll_events(const memory_client *c)
{
	if (c->fd < 0)
		return 0;
	return c->out.len > 0 ? POLLIN | POLLOUT : POLLIN;
}

void
mc_wait(const memory_client *c, int64_t until_ns)
{
	int64_t next = mc_next_ns(c);
	struct pollfd p = {c->fd, mc_poll_events(c), 0};

	/* An interrupted wait is a short one: the caller looks again. */
	(void)poll(&p, c->fd >= 0,
		mc_wait_ms(next < until_ns ? next : until_ns));
}
