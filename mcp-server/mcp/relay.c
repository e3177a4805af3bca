/* A call waits until the service is known to run, is sent, and ends; what a
 * broken connection interrupts goes back to waiting and is sent again under
 * the same key.
 *
 *   service:  UNKNOWN -> CHECKING -> READY -> (unreachable) UNKNOWN
 *   call:     waiting -> sent -> done      \-> waiting, for give_up_ms
 */
#include "mcp-server/mcp/relay.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/client/project.h"
#include "common/clock.h"
#include "common/contract/tool_names.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/log.h"
#include "mcp-server/mcp/relay_int.h"

/* How long a call may find nobody before its agent is told. */
#define GIVE_UP_MS 6000
/* How long a call may be told `busy`. */
#define BUSY_MS 10000
/* Pause before the next attempt: a service that starts takes some 50 ms. */
#define RETRY_MS 100

struct relay *
relay_new(const struct relay_options *o)
{
	struct relay *r = calloc(1, sizeof(*r));
	struct memory_options m = {
		.size = sizeof(m),
		.socket = o->socket,
		.client = "memory-mcp/" MEMORY_VERSION,
		.namespace_ = o->namespace_,
		.branch = o->branch,
		.session = o->session,
		.expect_database = o->database,
		.tools = o->tools,
		.timeout_ms = o->call_ms,
		/* The rest is ours: a service may have to be started. */
		.retries = 1,
	};
	uint64_t random[1] = {0};

	if (!r)
		return NULL;
	r->o = *o;
	r->tail = &r->calls;
	r->give_up_ms = GIVE_UP_MS;
	r->client = memory_client_new(&m);
	if (!r->client) {
		free(r);
		return NULL;
	}
	mc_json_use(r->client);
	if (getrandom(random, sizeof(random), 0) < 0)
		random[0] = (uint64_t)clock_mono_ns();
	snprintf(r->key_prefix, sizeof(r->key_prefix), "%016llx",
		(unsigned long long)random[0]);
	r->service = o->spawn ? SERVICE_UNKNOWN : SERVICE_READY;
	return r;
}

static void
call_free(struct relay_call *c)
{
	json_decref(c->params);
	free(c);
}

void
relay_free(struct relay *r)
{
	if (!r)
		return;
	while (r->calls) {
		struct relay_call *next = r->calls->next;

		call_free(r->calls);
		r->calls = next;
	}
	service_check_drop(&r->check);
	memory_client_free(r->client);
	free(r);
}

static void
unlink_call(struct relay *r, struct relay_call *c)
{
	struct relay_call **p = &r->calls;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	if (r->tail == &c->next)
		r->tail = p;
}

/* Delivers the end of a call. The callback may submit and cancel others. */
static void
end_call(struct relay *r, struct relay_call *c, int rc, json_t *reply,
	struct buf *text, const struct err *e)
{
	unlink_call(r, c);
	if (c->text_fn)
		c->text_fn(c->ctx, rc, text, e);
	else
		c->fn(c->ctx, rc, reply, e);
	call_free(c);
}

/* Adds the branch of the code to a call that names none. */
static json_t *
relay_follow(const struct relay *r, const char *method, json_t *params_new)
{
	AUTO_BUF struct buf branch = {0};

	/* Its `branch` is the one that is merged. */
	if (!r->o.follows || !params_new ||
		json_object_get(params_new, "branch") ||
		strcmp(method, TOOL_NAME(memory_merge)) == 0)
		return params_new;
	if (project_branch(r->o.follows, &branch) == 0 && buf_str(&branch) &&
		jx_set(params_new, "branch", json_string(branch.data)) == 0)
		return params_new;
	json_decref(params_new);
	return NULL;
}

struct relay_call *
relay_call(struct relay *r, const char *method, json_t *params_new,
	bool is_write, relay_done_fn fn, void *ctx)
{
	struct relay_call *c;

	params_new = relay_follow(r, method, params_new);
	c = params_new ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		json_decref(params_new);
		return NULL;
	}
	c->params = params_new;
	c->relay = r;
	c->method = method;
	c->fn = fn;
	c->ctx = ctx;
	c->deadline_ns = clock_mono_ns() + r->o.call_ms * MS;
	if (is_write)
		snprintf(c->key, sizeof(c->key), "%s-%llu", r->key_prefix,
			(unsigned long long)++r->key_n);
	*r->tail = c;
	r->tail = &c->next;
	return c;
}

struct relay_call *
relay_call_text(struct relay *r, const char *method, json_t *params_new,
	relay_text_fn fn, void *ctx)
{
	struct relay_call *c =
		relay_call(r, method, params_new, false, NULL, ctx);

	if (c)
		c->text_fn = fn;
	return c;
}

void
relay_cancel(struct relay_call *c)
{
	struct relay *r = c->relay;

	if (c->sent && memory_client_cancel(r->client, c->ticket))
		log_event(LOG_DEBUG, "cancel came late", c->ticket,
			LOG_S("method", c->method));
	unlink_call(r, c);
	call_free(c);
}

void
relay_hurry(struct relay *r)
{
	r->give_up_ms = 0;
}

void
relay_abort(struct relay *r)
{
	struct err e = {0};

	err_set(&e, MDB_E_CANCELLED,
		"memory-mcp was told to end before "
		"memory-db had answered. A write may have happened all the "
		"same: look before you repeat it.");
	while (r->calls)
		end_call(r, r->calls, e.code, NULL, NULL, &e);
}

/* --- sending -------------------------------------------------------------- */

static void
start_check(struct relay *r)
{
	struct service_options o = {r->o.socket, r->o.database};
	struct err e = {0};

	if (service_check_start(&r->check, &o, &e)) {
		/* Perhaps somebody listens all the same. */
		log_event(LOG_WARN, "no check of the service", 0,
			LOG_S("error", e.text));
		r->service = SERVICE_READY;
		return;
	}
	r->service = SERVICE_CHECKING;
}

static int
code_of(int result)
{
	switch (result) {
	case MEMORY_TIMED_OUT:
		return MDB_E_TIMEOUT;
	case MEMORY_BAD_ARGUMENT:
		return MDB_E_INVALID;
	case MEMORY_NO_MEMORY:
		return MDB_E_NOMEM;
	case MEMORY_PROTOCOL:
		return MDB_E_PROTOCOL;
	case MEMORY_DENIED:
		return MDB_E_DENIED;
	default:
		return MDB_E_UNREACHABLE;
	}
}

/* Ends a call that the library, or the check, gave up. */
static void
fail_call(struct relay *r, struct relay_call *c, int code, const char *text)
{
	struct err e = {0};

	if (code == MDB_E_TIMEOUT)
		err_set(&e, code,
			"memory-db did not answer within %d s (%s). "
			"A write may have happened all the same: look before "
			"you repeat it. `memoryctl doctor` checks the service.",
			r->o.call_ms / 1000, text);
	else if (code == MDB_E_INVALID || code == MDB_E_NOMEM)
		err_set(&e, code, "%s", text);
	else
		err_set(&e, code,
			"The memory service cannot be used: %s. Run "
			"`memoryctl doctor`: it names the cause and what to "
			"do. Then repeat the call; what was stored already is "
			"not stored twice.",
			text);
	log_event(LOG_WARN, "call failed", c->ticket,
		LOG_S("method", c->method), LOG_S("error", text));
	end_call(r, c, code, NULL, NULL, &e);
}

/* MEMORY_OK, or why it could not be sent. */
static int
submit_call(struct relay *r, struct relay_call *c, int64_t now)
{
	int64_t left_ms = (c->deadline_ns - now) / MS;
	int rc = mc_json_submit(r->client, c->method, c->params,
		c->key[0] ? c->key : NULL, left_ms > 1 ? (int)left_ms : 1,
		c->text_fn != NULL, &c->ticket);

	c->sent = rc == MEMORY_OK;
	return rc;
}

static void
send_call(struct relay *r, struct relay_call *c, int64_t now)
{
	int rc = submit_call(r, c, now);

	if (!c->sent)
		fail_call(r, c, code_of(rc), memory_client_error(r->client));
}

/* Sends what waits. fail_call may change the list: begin again then. */
static void
send_waiting(struct relay *r)
{
	int64_t now = clock_mono_ns();
	struct relay_call *c = r->calls;

	while (c) {
		struct relay_call *next = c->next;

		if (!c->sent && c->retry_ns <= now) {
			if (r->service == SERVICE_UNKNOWN)
				start_check(r);
			if (r->service != SERVICE_READY)
				return;
			send_call(r, c, now);
			next = r->calls;
		}
		c = next;
	}
}

void
relay_send_now(struct relay_call *c)
{
	struct relay *r = c->relay;
	int64_t now = clock_mono_ns();

	/* What cannot be sent waits for its turn, and fails there. */
	if (!c->sent && c->retry_ns <= now && r->service == SERVICE_READY &&
		submit_call(r, c, now) != MEMORY_OK)
		log_event(LOG_DEBUG, "a call waits for its turn", 0,
			LOG_S("method", c->method));
}

/* --- receiving ------------------------------------------------------------ */

static struct relay_call *
find_ticket(struct relay *r, unsigned long long ticket)
{
	struct relay_call *c = r->calls;

	while (c && !(c->sent && c->ticket == ticket))
		c = c->next;
	return c;
}

/* success:false -> *e. */
static void
read_refusal(json_t *reply, struct err *e)
{
	const char *text = "no reason given", *code = "internal", *param = "";
	int64_t retry_ms = 0;

	if (jx_string(reply, "error", JX_OPTIONAL, &text, NULL, NULL) < 0 ||
		jx_string(reply, "code", JX_OPTIONAL, &code, NULL, NULL) < 0 ||
		jx_string(reply, "param", JX_OPTIONAL, &param, NULL, NULL) <
			0 ||
		jx_int(reply, "retry_after_ms", JX_OPTIONAL, 0, 3600000,
			&retry_ms, NULL) < 0) {
		err_set(e, MDB_E_PROTOCOL,
			"memory-db sent a refusal that "
			"cannot be read");
		return;
	}
	err_param(e, err_code_of(code), param, "%s", text);
	e->retry_after_ms = (int)retry_ms;
}

/* Puts a call back; it is sent again after pause_ms. */
static void
wait_again(struct relay_call *c, int64_t now, int64_t pause_ms)
{
	c->sent = false;
	c->retry_ns = now + pause_ms * MS;
}

/* Waits out a `busy` that will not last; false: it is the agent's to know. */
static bool
retry_busy(struct relay *r, struct relay_call *c, const struct err *e)
{
	int64_t now = clock_mono_ns();
	int64_t pause_ms = e->retry_after_ms > 0 ? e->retry_after_ms : RETRY_MS;

	/* An unknown outcome is known when the call comes again with its key. */
	if ((e->code != MDB_E_BUSY && e->code != MDB_E_UNKNOWN_OUTCOME) ||
		r->give_up_ms == 0)
		return false;
	if (c->busy_until_ns == 0)
		c->busy_until_ns = now + BUSY_MS * MS;
	if (now + pause_ms * MS > c->busy_until_ns)
		return false;
	wait_again(c, now, pause_ms);
	return true;
}

static void
relay_settle(struct relay *r, struct relay_call *c, int rc, json_t *reply,
	struct buf *text)
{
	struct err e = {0};

	if (rc == MEMORY_OK) {
		end_call(r, c, 0, reply, text, NULL);
		return;
	}
	read_refusal(reply, &e);
	if (!retry_busy(r, c, &e))
		end_call(r, c, e.code, NULL, NULL, &e);
}

/* Nobody there, or gone in the middle: again after a look at the service. */
static void
retry_call(struct relay *r, struct relay_call *c)
{
	int64_t now = clock_mono_ns();

	if (c->unreachable_ns == 0)
		c->unreachable_ns = now;
	if (now - c->unreachable_ns >= r->give_up_ms * MS ||
		now > c->deadline_ns) {
		fail_call(r, c, MDB_E_UNREACHABLE,
			memory_client_error(r->client));
		return;
	}
	wait_again(c, now, RETRY_MS);
	if (r->o.spawn && r->service == SERVICE_READY)
		r->service = SERVICE_UNKNOWN;
}

/* One finished call; false: none. */
static bool
receive_one(struct relay *r)
{
	unsigned long long ticket = 0;
	AUTO_JSON json_t *reply = NULL;
	AUTO_BUF struct buf text = {0};
	struct relay_call *c;
	int rc = mc_json_receive(r->client, 0, &ticket, &reply, &text);

	if (ticket == 0)
		return false;
	c = find_ticket(r, ticket);
	if (c) {
		if (reply || text.len > 0)
			relay_settle(r, c, rc, reply, &text);
		else if (rc == MEMORY_UNREACHABLE)
			retry_call(r, c);
		else
			fail_call(r, c, code_of(rc),
				memory_client_error(r->client));
	}
	return true;
}

static void
finish_check(struct relay *r)
{
	struct pollfd p = {r->check.fd, POLLIN, 0};
	struct err e = {0};
	struct relay_call *c;

	if (r->service != SERVICE_CHECKING || poll(&p, 1, 0) != 1)
		return;
	if (service_check_finish(&r->check, &e) == 0) {
		r->service = SERVICE_READY;
		return;
	}
	r->service = SERVICE_UNKNOWN;
	/* Only those that were waiting for this answer. */
	for (c = r->calls; c;) {
		if (c->sent) {
			c = c->next;
			continue;
		}
		fail_call(r, c, e.code, e.text);
		c = r->calls;
	}
}

/* --- the loop ------------------------------------------------------------- */

void
relay_run(struct relay *r)
{
	relay_keep_subscription(r);
	finish_check(r);
	send_waiting(r);
	while (receive_one(r))
		;
	relay_deliver_events(r);
	send_waiting(r);
}
