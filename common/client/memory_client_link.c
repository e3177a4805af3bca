/* The connection of libmemory-client: connecting, hello, pauses between
 * attempts, subscribing again.
 *
 * A connection that had answered something is made again at once when it
 * breaks (the service was restarted); every further failure before the next
 * good reply doubles the pause. Each failure costs every unfinished call one
 * of its retries, but the end of an idle connection costs nothing. A
 * subscription alone is kept up for ever. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/client/memory_client_int.h"
#include "common/contract/rpc.h"
#include "common/client/settings.h"

#define NS_PER_MS 1000000LL

int
mc_link_path(memory_client *c)
{
	struct err e = {0};
	int r = sock_path(c->opt_socket, c->path, &c->why, &e);

	if (r != 0)
		mc_fail(c, mc_result_of(r), "%s", e.text);
	return r;
}

/* xorshift64: only to keep clients from coming back all at once. */
static uint64_t
next_random(memory_client *c)
{
	uint64_t x = c->random | 1;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return c->random = x;
}

int
mc_link_backoff_ms(memory_client *c, unsigned n)
{
	int full = n >= 6 ? MC_BACKOFF_MAX_MS : MC_BACKOFF_MS << n;

	if (full > MC_BACKOFF_MAX_MS)
		full = MC_BACKOFF_MAX_MS;
	return full / 2 + (int)(next_random(c) % (uint64_t)(full / 2));
}

void
mc_link_close(memory_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->greeting = MC_SILENT;
	c->plain = false;
	c->start = c->scanned = c->frame_end = 0;
	buf_clear(&c->in, 1 << 16);
	buf_clear(&c->out, 1 << 16);
	free(c->hello_reply);
	c->hello_reply = NULL;
}

void
mc_link_broken(memory_client *c, int result, bool final, const char *fmt, ...)
{
	bool at_once = c->greeting == MC_GREETED && c->failures == 0;
	int64_t pause_ms = at_once ? 0 : mc_link_backoff_ms(c, c->failures);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->link_text, sizeof(c->link_text), fmt, ap);
	va_end(ap);
	mc_link_close(c);
	c->failures++;
	int64_t at = clock_mono_ns() + pause_ms * NS_PER_MS;
	if (at > c->connect_at_ns)
		c->connect_at_ns = at;
	c->resubscribe = c->subscribed;
	mc_call_retry_all(c, result, final, at_once, c->link_text);
}

/* --- what needs a connection ---------------------------------------------- */

/* Something needs a connection. */
static bool
memory_client_link_is_wanted(const memory_client *c)
{
	if (c->subscribed)
		return true;
	for (const struct mc_call *p = c->calls; p != NULL; p = p->next)
		if (p->not_before_ns == 0)
			return true;
	return false;
}

bool
mc_link_open_for(const memory_client *c, const struct mc_call *call)
{
	if (call->sent || call->not_before_ns != 0)
		return false;
	return c->greeting == MC_GREETED ||
	       (c->greeting == MC_UNWELCOME && call->kind == MC_RETIRE);
}

/* Whether hello must be said (again). */
static bool
greeting_wanted(const memory_client *c, int64_t now_ns)
{
	if (c->greeting == MC_ASKED || c->greeting == MC_GREETED)
		return false;
	if (c->resubscribe && c->connect_at_ns <= now_ns)
		return true;
	for (const struct mc_call *p = c->calls; p != NULL; p = p->next)
		if (!p->sent && p->not_before_ns == 0 &&
			(c->greeting == MC_SILENT || p->kind != MC_RETIRE))
			return true;
	return false;
}

/* --- connecting ----------------------------------------------------------- */

static int
connect_now(memory_client *c)
{
	struct err e = {0};
	int r = mc_link_path(c);

	if (r != 0) {
		mc_link_broken(c, mc_result_of(r), true, "%s", c->err.text);
		return MEMORY_OK;
	}
	r = sock_connect(c->path, 0, &c->fd, &e);
	if (r == 0) {
		frame_init(&c->lexer, MC_REPLY_BYTES, MC_REPLY_BYTES);
		return MEMORY_OK;
	}
	c->fd = -1;
	if (r == MDB_E_NOMEM)
		return MEMORY_NO_MEMORY;
	if (r == MDB_E_DENIED)
		mc_link_broken(c, MEMORY_DENIED, true, "%s", e.text);
	else
		mc_link_broken(c, MEMORY_UNREACHABLE, false,
			"%s; start it with `memoryctl status`, or run "
			"memory-db",
			e.text);
	return MEMORY_OK;
}

static int
memory_client_link_add_member(struct buf *out, const char *name,
	const char *value)
{
	if (value == NULL)
		return 0;
	int r = buf_addf(out, ",\"%s\":", name);

	return r != 0 ? r : jx_quote(value, strlen(value), out);
}

/* What the environment holds that is meant for the service, which says what of
 * it does not count. Left out when there is nothing. */
static int
add_settings(struct buf *out)
{
	AUTO_JSON json_t *given = settings_given();

	if (given == NULL)
		return MDB_E_NOMEM;
	if (json_object_size(given) == 0)
		return 0;
	return buf_adds(out, ",\"settings\":") != 0 || jx_dump(given, out) != 0
		       ? MDB_E_NOMEM
		       : 0;
}

static int
say_hello(memory_client *c, int64_t now_ns)
{
	AUTO_BUF struct buf line = {0};

	if (buf_addf(&line,
		    "{\"id\":%d,\"method\":\"hello\",\"params\":{"
		    "\"protocol\":%d",
		    MC_ID_HELLO, RPC_PROTOCOL) != 0 ||
		memory_client_link_add_member(&line, "version",
			MEMORY_VERSION) != 0 ||
		memory_client_link_add_member(&line, "client", c->opt_client) !=
			0 ||
		memory_client_link_add_member(&line, "namespace",
			c->opt_namespace) != 0 ||
		memory_client_link_add_member(&line, "branch", c->opt_branch) !=
			0 ||
		memory_client_link_add_member(&line, "session",
			c->opt_session) != 0 ||
		memory_client_link_add_member(&line, "time_zone",
			c->opt_zone) != 0 ||
		memory_client_link_add_member(&line, "expect_database",
			c->opt_database) != 0 ||
		memory_client_link_add_member(&line, "tools",
			c->plain ? NULL : c->opt_tools) != 0 ||
		(!c->plain && c->opt_bulk &&
			buf_adds(&line, ",\"bulk\":true") != 0) ||
		(!c->plain && add_settings(&line) != 0) ||
		buf_adds(&line, "}}\n") != 0 ||
		buf_add(&c->out, line.data, line.len) != 0)
		return MEMORY_NO_MEMORY;
	c->greeting = MC_ASKED;
	c->greet_by_ns = now_ns + c->connect_timeout_ms * NS_PER_MS;
	return MEMORY_OK;
}

static int
subscribe_again(memory_client *c)
{
	AUTO_BUF struct buf line = {0};

	if (buf_addf(&line, "{\"id\":%d,\"method\":\"subscribe\",\"params\":",
		    MC_ID_SUBSCRIBE) != 0 ||
		buf_add(&line, c->subscription.data, c->subscription.len) !=
			0 ||
		buf_adds(&line, "}\n") != 0 ||
		buf_add(&c->out, line.data, line.len) != 0)
		return MEMORY_NO_MEMORY;
	c->resubscribe = false;
	return MEMORY_OK;
}

/* Settles the calls of memory_client_connect. */
static void
finish_connects(memory_client *c)
{
	struct mc_call *next;

	for (struct mc_call *p = c->calls; p != NULL; p = next) {
		next = p->next;
		if (p->kind != MC_CONNECT)
			continue;
		char *reply = strdup(c->hello_reply);
		mc_call_finish(c, p, reply ? MEMORY_OK : MEMORY_NO_MEMORY,
			reply ? NULL
			      : "connected, but there is no memory "
				"for the reply",
			reply);
	}
}

int
mc_link_step(memory_client *c, int64_t now_ns)
{
	int r = MEMORY_OK;

	if (c->greeting == MC_ASKED && c->greet_by_ns <= now_ns)
		mc_link_broken(c, MEMORY_UNREACHABLE, false,
			"memory-db at %s "
			"took the connection but did not answer hello within "
			"%d ms",
			c->path, c->connect_timeout_ms);
	if (c->fd < 0 && memory_client_link_is_wanted(c) &&
		c->connect_at_ns <= now_ns)
		r = connect_now(c);
	if (r == MEMORY_OK && c->fd >= 0 && greeting_wanted(c, now_ns))
		r = say_hello(c, now_ns);
	if (r == MEMORY_OK && c->greeting == MC_GREETED) {
		finish_connects(c);
		if (c->resubscribe)
			r = subscribe_again(c);
	}
	return r;
}

int64_t
mc_link_next_ns(const memory_client *c)
{
	if (c->greeting == MC_ASKED)
		return c->greet_by_ns;
	if (c->fd < 0)
		return memory_client_link_is_wanted(c) ? c->connect_at_ns
						       : MC_NEVER;
	if (greeting_wanted(c, clock_mono_ns()))
		return 0;
	if (c->greeting == MC_UNWELCOME && c->resubscribe)
		return c->connect_at_ns;
	return MC_NEVER;
}

/* --- replies to the library itself ---------------------------------------- */

/* A service from before `tools`, `settings` or `bulk` refuses hello because of it, and
 * only that one does; it has nothing that the former would restrict. */
static bool
is_older(const memory_client *c, const json_t *msg)
{
	const char *param = json_string_value(json_object_get(msg, "param"));

	return !c->plain && param &&
	       ((c->opt_tools && strcmp(param, "tools") == 0) ||
		       (c->opt_bulk && strcmp(param, "bulk") == 0) ||
		       strcmp(param, "settings") == 0);
}

void
mc_link_greeted(memory_client *c, const json_t *msg, const char *line, size_t n)
{
	if (!json_is_true(json_object_get(msg, "success"))) {
		if (is_older(c, msg)) {
			c->plain = true;
			c->greeting = MC_SILENT;
			return;
		}
		c->greeting = MC_UNWELCOME;
		c->connect_at_ns =
			clock_mono_ns() +
			mc_link_backoff_ms(c, c->failures++) * NS_PER_MS;
		mc_call_unwelcome(c, msg, line, n);
		return;
	}
	int64_t protocol = 0;

	(void)jx_integral(json_object_get(msg, "protocol"), &protocol);
	if (protocol > RPC_PROTOCOL + 1 || protocol < RPC_PROTOCOL - 1) {
		mc_link_broken(c, MEMORY_PROTOCOL, true,
			"memory-db at %s "
			"speaks protocol %lld, this library %d: install the "
			"same version of both",
			c->path, (long long)protocol, RPC_PROTOCOL);
		return;
	}
	c->hello_reply = strndup(line, n);
	if (c->hello_reply == NULL)
		mc_link_broken(c, MEMORY_NO_MEMORY, false,
			"no memory for the reply of hello");
	else
		c->greeting = MC_GREETED;
}

void
mc_link_subscribed(memory_client *c, const json_t *msg)
{
	if (json_is_true(json_object_get(msg, "success"))) {
		mc_events_from(c, msg, true);
		return;
	}
	/* refused, most likely busy: the next connection tries again */
	mc_link_broken(c, MEMORY_UNREACHABLE, false,
		"memory-db did not renew the subscription");
}
