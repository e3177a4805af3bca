/* The public functions of libmemory-client; see memory_client_int.h for how
 * the parts work together. */
#include "common/client/memory_client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/client/memory_client_int.h"

#define DEFAULT_TIMEOUT_MS	   30000
#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_RETRIES		   5

int
mc_fail(memory_client *c, int result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->err.text, sizeof(c->err.text), fmt, ap);
	va_end(ap);
	c->code[0] = '\0';
	return result;
}

int
mc_nomem(memory_client *c)
{
	return mc_fail(c, MEMORY_NO_MEMORY,
		"out of memory; nothing was lost, "
		"the call may be repeated");
}

int
mc_result_of(int mdb_code)
{
	switch (mdb_code) {
	case MDB_E_NOMEM:
		return MEMORY_NO_MEMORY;
	case MDB_E_DENIED:
		return MEMORY_DENIED;
	case MDB_E_INVALID:
	case MDB_E_LIMIT:
		return MEMORY_BAD_ARGUMENT;
	case MDB_E_PROTOCOL:
		return MEMORY_PROTOCOL;
	default:
		return MEMORY_UNREACHABLE;
	}
}

/* --- options -------------------------------------------------------------- */

/* Copies text, or the environment variable when there is none; neither: NULL.
 * False: no memory. */
static bool
copy_option(char **ret, const char *text, const char *env)
{
	if (text == NULL && env != NULL)
		text = getenv(env);
	if (text == NULL || text[0] == '\0')
		return true;
	*ret = strdup(text);
	return *ret != NULL;
}

/* TZ when it names a zone (not a POSIX rule), else what /etc/localtime links
 * to. NULL leaves the choice to the service. */
static const char *
system_zone(char *space, size_t size)
{
	const char *tz = getenv("TZ");
	int minutes;

	if (tz != NULL && tz[0] != '\0') {
		if (tz[0] == ':')
			tz++;
		return clock_zone_minutes(tz, 0, &minutes) == 0 ? tz : NULL;
	}
	ssize_t n = readlink("/etc/localtime", space, size - 1);
	if (n <= 0)
		return NULL;
	space[n] = '\0';
	char *zone = strstr(space, "/zoneinfo/");
	if (zone == NULL)
		return NULL;
	zone += strlen("/zoneinfo/");
	return clock_zone_minutes(zone, 0, &minutes) == 0 ? zone : NULL;
}

static bool
copy_options(memory_client *c, const struct memory_options *o)
{
	char link[256];
	const char *zone = o->time_zone;

	if (zone == NULL)
		zone = system_zone(link, sizeof(link));
	c->timeout_ms = o->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : o->timeout_ms;
	c->connect_timeout_ms = o->connect_timeout_ms <= 0
					? DEFAULT_CONNECT_TIMEOUT_MS
					: o->connect_timeout_ms;
	c->opt_bulk = o->is_bulk != 0;
	if (o->retries == 0)
		c->retries = DEFAULT_RETRIES;
	else if (o->retries < 0)
		c->retries = 0;
	else
		c->retries = o->retries;
	return copy_option(&c->opt_socket, o->socket, NULL) &&
	       copy_option(&c->opt_client,
		       o->client ? o->client
				 : "libmemory-client/" MEMORY_VERSION,
		       NULL) &&
	       copy_option(&c->opt_namespace, o->namespace_,
		       "MEMORY_NAMESPACE") &&
	       copy_option(&c->opt_branch, o->branch, "MEMORY_BRANCH") &&
	       copy_option(&c->opt_session, o->session, NULL) &&
	       copy_option(&c->opt_zone, zone, NULL) &&
	       copy_option(&c->opt_database, o->expect_database, NULL) &&
	       copy_option(&c->opt_tools, o->tools, NULL);
}

memory_client *
memory_client_new(const struct memory_options *o)
{
	struct memory_options all = {0};

	/* Members are only ever added at the end: a smaller struct is one of
	 * an older header. */
	if (o != NULL) {
		if (o->size < sizeof(o->size) || o->size > sizeof(all))
			return NULL;
		memcpy(&all, o, o->size);
	}
	memory_client *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->fd = -1;
	c->calls_tail = &c->calls;
	c->done_tail = &c->done;
	c->events_tail = &c->events;
	if (getrandom(&c->random, sizeof(c->random), GRND_NONBLOCK) < 0)
		c->random = (uint64_t)clock_mono_ns();
	if (!copy_options(c, &all)) {
		memory_client_free(c);
		return NULL;
	}
	if (mc_link_path(c) == 0)
		c->err.text[0] = '\0';
	return c;
}

static void
free_calls(struct mc_call *call)
{
	while (call != NULL) {
		struct mc_call *next = call->next;

		mc_call_free(call);
		call = next;
	}
}

void
memory_client_free(memory_client *c)
{
	if (c == NULL)
		return;
	mc_link_close(c);
	free_calls(c->calls);
	free_calls(c->done);
	mc_events_clear(c);
	if (c->takes_fds && c->passed_fd >= 0)
		close(c->passed_fd);
	buf_done(&c->in);
	buf_done(&c->out);
	buf_done(&c->subscription);
	free(c->opt_socket);
	free(c->opt_client);
	free(c->opt_namespace);
	free(c->opt_branch);
	free(c->opt_session);
	free(c->opt_zone);
	free(c->opt_database);
	free(c->opt_tools);
	free(c);
}

/* --- calls ---------------------------------------------------------------- */

/* Drives the connection until this call is done. */
static int
finish_call(memory_client *c, struct mc_call *call, char **ret_reply)
{
	call->waited = true;
	for (;;) {
		if (mc_pump(c) != MEMORY_OK) {
			mc_call_drop(c, call);
			return mc_nomem(c);
		}
		if (call->done)
			return mc_call_take(c, call, ret_reply, NULL);
		mc_wait(c, MC_NEVER);
	}
}

int
memory_client_connect(memory_client *c, char **ret_reply)
{
	struct mc_call *call;

	if (ret_reply != NULL)
		*ret_reply = NULL;
	int r = mc_call_connect(c, &call);
	return r == MEMORY_OK ? finish_call(c, call, ret_reply) : r;
}

int
memory_client_call_with(memory_client *c, const char *method,
	const char *params_json, int timeout_ms, const char *key,
	char **ret_reply)
{
	const struct mc_params params = {.text = params_json};
	struct mc_call *call;

	if (ret_reply != NULL)
		*ret_reply = NULL;
	int r = mc_call_new(c, method, &params, key, timeout_ms, &call);
	return r == MEMORY_OK ? finish_call(c, call, ret_reply) : r;
}

int
memory_client_call(memory_client *c, const char *method,
	const char *params_json, char **ret_reply)
{
	return memory_client_call_with(c, method, params_json, 0, NULL,
		ret_reply);
}

int
memory_client_submit(memory_client *c, const char *method,
	const char *params_json, const char *key, int timeout_ms,
	unsigned long long *ret_ticket)
{
	const struct mc_params params = {.text = params_json};
	struct mc_call *call;

	if (ret_ticket == NULL)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"ret_ticket is NULL: "
			"without the ticket no reply can be told apart");
	int r = mc_call_new(c, method, &params, key, timeout_ms, &call);
	if (r == MEMORY_OK)
		*ret_ticket = call->ticket;
	return r;
}

static struct mc_call *
first_done(const memory_client *c)
{
	struct mc_call *call = c->done;

	while (call != NULL && call->waited)
		call = call->next;
	return call;
}

int
mc_receive(memory_client *c, int timeout_ms, struct mc_call **ret)
{
	int64_t until = mc_until(timeout_ms);

	for (;;) {
		int r = mc_pump(c);
		struct mc_call *call = first_done(c);

		if (call != NULL) {
			*ret = call;
			return MEMORY_OK;
		}
		if (r != MEMORY_OK)
			return mc_nomem(c);
		if (c->calls == NULL && !c->subscribed)
			return mc_fail(c, MEMORY_TIMED_OUT,
				"no call is under way");
		if (clock_mono_ns() >= until)
			return mc_fail(c, MEMORY_TIMED_OUT,
				"no call finished within %d ms", timeout_ms);
		mc_wait(c, until);
	}
}

int
memory_client_receive(memory_client *c, int timeout_ms,
	unsigned long long *ret_ticket, char **ret_reply)
{
	struct mc_call *call;
	int r = mc_receive(c, timeout_ms, &call);

	*ret_ticket = 0;
	if (ret_reply != NULL)
		*ret_reply = NULL;
	if (r != MEMORY_OK)
		return r;
	*ret_ticket = call->ticket;
	return mc_call_take(c, call, ret_reply, NULL);
}

int
memory_client_cancel(memory_client *c, unsigned long long ticket)
{
	struct mc_call *call =
		ticket > INT64_MAX ? NULL : mc_call_find(c, (int64_t)ticket);

	if (call == NULL || call->waited)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"no call with ticket %llu is under way", ticket);
	mc_call_drop(c, call);
	return MEMORY_OK;
}

int
memory_client_poll(const memory_client *c, short *ret_events,
	int *ret_timeout_ms)
{
	int64_t next = mc_next_ns(c);

	if (first_done(c) != NULL || c->events != NULL || c->lost)
		next = 0;
	if (ret_events != NULL)
		*ret_events = mc_poll_events(c);
	if (ret_timeout_ms != NULL)
		*ret_timeout_ms = mc_wait_ms(next);
	return c->fd;
}

/* --- words ---------------------------------------------------------------- */

const char *
memory_client_error(const memory_client *c)
{
	return c->err.text;
}

const char *
memory_client_error_code(const memory_client *c)
{
	return c->code;
}

const char *
memory_client_socket(const memory_client *c)
{
	return c->path;
}

const char *
memory_client_socket_reason(const memory_client *c)
{
	return c->why != NULL ? c->why : "";
}

void
memory_free(void *p)
{
	free(p);
}

const char *
memory_client_version(void)
{
	return MEMORY_VERSION;
}
