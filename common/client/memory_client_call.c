/* Calls of libmemory-client. A call is on one of two lists: to be sent, or
 * waiting for its reply. A reply `busy` puts it back on the first one, for the
 * pause that the service asked for; a connection that breaks puts all of the
 * second one back. A write has a key from its birth, so that sending it again
 * does it once. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/jx_scan.h"
#include "common/limits.h"
#include "common/client/memory_client_int.h"

#define NS_PER_MS 1000000LL

/* --- calls ---------------------------------------------------------------- */

static void
memory_client_call_append(struct mc_call ***tail, struct mc_call *call)
{
	call->next = NULL;
	**tail = call;
	*tail = &call->next;
}

static void
queue(memory_client *c, struct mc_call *call, int timeout_ms)
{
	call->retries_left = c->retries;
	call->deadline_ns =
		mc_until(timeout_ms == 0 ? c->timeout_ms : timeout_ms);
	memory_client_call_append(&c->calls_tail, call);
}

int
mc_call_new(memory_client *c, const char *method,
	const struct mc_params *params, const char *key, int timeout_ms,
	struct mc_call **ret)
{
	if (method == NULL || method[0] == '\0')
		return mc_fail(c, MEMORY_BAD_ARGUMENT, "the method is empty");
	if (strcmp(method, TOOL_NAME(hello)) == 0)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"hello is said by the "
			"library: set namespace, branch, session and time_zone "
			"in struct memory_options");
	if (key != NULL && (key[0] == '\0' || strlen(key) > LIMIT_KEY_BYTES))
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"a key has 1 to %d bytes, this one has %zu",
			LIMIT_KEY_BYTES, strlen(key));

	struct mc_call *call = calloc(1, sizeof(*call));
	if (call == NULL)
		return mc_nomem(c);
	call->ticket = ++c->last_ticket;
	int r = mc_request_build(c, call, method, params, key);
	if (r != MEMORY_OK) {
		mc_call_free(call);
		return r;
	}
	queue(c, call, timeout_ms);
	*ret = call;
	return MEMORY_OK;
}

int
mc_call_connect(memory_client *c, struct mc_call **ret)
{
	struct mc_call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return mc_nomem(c);
	call->kind = MC_CONNECT;
	call->ticket = ++c->last_ticket;
	queue(c, call, 0);
	*ret = call;
	return MEMORY_OK;
}

void
mc_call_free(struct mc_call *call)
{
	if (call == NULL)
		return;
	buf_done(&call->request);
	free(call->reply);
	json_decref(call->json);
	buf_done(&call->body);
	free(call);
}

/* --- the two lists -------------------------------------------------------- */

static bool
unlink_from(struct mc_call **head, struct mc_call ***tail,
	const struct mc_call *call)
{
	for (struct mc_call **p = head; *p != NULL; p = &(*p)->next) {
		if (*p != call)
			continue;
		*p = call->next;
		if (*p == NULL)
			*tail = p;
		return true;
	}
	return false;
}

struct mc_call *
mc_call_find(const memory_client *c, int64_t ticket)
{
	for (struct mc_call *p = c->calls; p != NULL; p = p->next)
		if ((int64_t)p->ticket == ticket)
			return p;
	for (struct mc_call *p = c->done; p != NULL; p = p->next)
		if ((int64_t)p->ticket == ticket)
			return p;
	return NULL;
}

/* Tells the service that nobody waits for the reply any more: a kindness, so
 * a want of memory is no error. */
static void
withdraw(memory_client *c, const struct mc_call *call)
{
	if (call->sent && c->greeting == MC_GREETED &&
		call->kind == MC_METHOD &&
		buf_addf(&c->out,
			"{\"id\":%d,\"method\":\"cancel\","
			"\"params\":{\"id\":%llu}}\n",
			MC_ID_IGNORED, call->ticket) != 0)
		return;
}

void
mc_call_drop(memory_client *c, struct mc_call *call)
{
	if (unlink_from(&c->calls, &c->calls_tail, call))
		withdraw(c, call);
	else
		unlink_from(&c->done, &c->done_tail, call);
	mc_call_free(call);
}

void
mc_call_finish(memory_client *c, struct mc_call *call, int result,
	const char *text, char *reply)
{
	unlink_from(&c->calls, &c->calls_tail, call);
	call->done = true;
	call->result = result;
	call->reply = reply;
	if (text != NULL)
		snprintf(call->text, sizeof(call->text), "%s", text);
	buf_done(&call->request);
	memory_client_call_append(&c->done_tail, call);
}

int
mc_call_take(memory_client *c, struct mc_call *call, char **ret_reply,
	json_t **ret_json)
{
	int result = call->result;

	mc_fail(c, result, "%s", call->text);
	snprintf(c->code, sizeof(c->code), "%s", call->code);
	if (ret_reply != NULL)
		*ret_reply = take_ptr(call->reply);
	if (ret_json != NULL)
		*ret_json = take_ptr(call->json);
	unlink_from(&c->done, &c->done_tail, call);
	mc_call_free(call);
	return result;
}

/* --- replies -------------------------------------------------------------- */

static const char *
memory_client_call_member_text(const json_t *msg, const char *name,
	const char *otherwise)
{
	const char *s = json_string_value(json_object_get(msg, name));

	return s != NULL ? s : otherwise;
}

/* Puts a call that was told `busy` back, to be sent after the pause the
 * service asked for. False: no retry is left, or it would come too late. */
static bool
pause_call(memory_client *c, struct mc_call *call, const json_t *msg)
{
	int64_t asked = 0;
	int64_t pause_ms = mc_link_backoff_ms(c, call->busy);

	(void)jx_integral(json_object_get(msg, "retry_after_ms"), &asked);
	if (asked > 0 && asked < INT32_MAX)
		pause_ms += asked;
	int64_t at = clock_mono_ns() + pause_ms * NS_PER_MS;
	if (call->retries_left <= 0 || at >= call->deadline_ns)
		return false;
	call->retries_left--;
	call->busy++;
	call->sent = false;
	call->not_before_ns = at;
	return true;
}

/* What a successful reply means for the handle itself. */
static void
take_note(memory_client *c, struct mc_call *call, const json_t *msg)
{
	if (call->kind == MC_SUBSCRIBE) {
		buf_done(&c->subscription);
		c->subscription = call->request;
		call->request = (struct buf){0};
		/* what remains are the params: without `}` and newline */
		c->subscription.len -= 2;
		buf_consume(&c->subscription, call->params_at);
		c->subscribed = true;
		c->resubscribe = false;
		mc_events_from(c, msg, false);
	} else if (call->kind == MC_UNSUBSCRIBE) {
		c->subscribed = false;
		c->resubscribe = false;
		mc_events_clear(c);
	}
}

/* `busy` passes. A write whose outcome nobody knows is asked for again under
 * its key: then it is known, or done. */
static bool
is_to_repeat(const struct mc_call *call, const char *code)
{
	return strcmp(code, err_name(MDB_E_BUSY)) == 0 ||
	       (call->kind == MC_METHOD &&
		       strcmp(code, err_name(MDB_E_UNKNOWN_OUTCOME)) == 0);
}

void
mc_call_reply(memory_client *c, struct mc_call *call, const json_t *msg,
	const char *line, size_t n)
{
	bool success = json_is_true(json_object_get(msg, "success"));
	const char *code =
		memory_client_call_member_text(msg, "code", "internal");

	if (!success && is_to_repeat(call, code) && pause_call(c, call, msg))
		return;
	if (success)
		take_note(c, call, msg);
	mc_call_finish_reply(c, call, success ? MEMORY_OK : MEMORY_REFUSED, msg,
		line, n);
}

struct mc_call *
mc_call_of_text(memory_client *c, const char *line, size_t n)
{
	struct mc_call *call = c->calls;
	bool has_id = false, success = false, first = true;
	struct jx_slice name, value = {NULL, 0};
	struct jx_scan s;
	int64_t id = 0;

	while (call && !(call->wants_text && call->sent))
		call = call->next;
	if (!call)
		return NULL;
	jx_scan_init(&s, line, n);
	if (!jx_scan_enter(&s, '{'))
		return NULL;
	/* memory-db says both first. */
	while (!(has_id && success) && jx_scan_member(&s, &first, &name)) {
		if (jx_slice_is(name, "id"))
			has_id = jx_scan_int(&s, &id);
		else if (!jx_scan_skip(&s, &value))
			return NULL;
		else if (jx_slice_is(name, "success"))
			success = value.n == strlen("true");
	}
	call = has_id && success ? mc_call_find(c, id) : NULL;
	return call && call->wants_text && call->sent && !call->done ? call
								     : NULL;
}

int
mc_call_text(memory_client *c, struct mc_call *call, const char *line, size_t n)
{
	if (buf_add(&call->body, line, n) != 0)
		return MEMORY_NO_MEMORY;
	mc_call_finish(c, call, MEMORY_OK, NULL, NULL);
	return MEMORY_OK;
}

void
mc_call_finish_reply(memory_client *c, struct mc_call *call, int result,
	const json_t *msg, const char *line, size_t n)
{
	char *reply = c->gives_json ? NULL : strndup(line, n);

	if (reply == NULL && !c->gives_json) {
		mc_call_finish(c, call, MEMORY_NO_MEMORY,
			"the service has "
			"answered, but there is no memory for the reply; a "
			"write has been executed",
			NULL);
		return;
	}
	if (result != MEMORY_OK)
		snprintf(call->code, sizeof(call->code), "%s",
			memory_client_call_member_text(msg, "code",
				"internal"));
	if (c->gives_json)
		call->json = json_incref((json_t *)(uintptr_t)msg);
	mc_call_finish(c, call, result,
		result == MEMORY_OK ? NULL
				    : memory_client_call_member_text(msg,
					      "error", "no reason given"),
		reply);
}

void
mc_call_unwelcome(memory_client *c, const json_t *msg, const char *line,
	size_t n)
{
	struct mc_call *next;

	for (struct mc_call *p = c->calls; p != NULL; p = next) {
		next = p->next;
		if (!p->sent && p->kind != MC_RETIRE && p->not_before_ns == 0)
			mc_call_reply(c, p, msg, line, n);
	}
}

void
mc_call_retry_all(memory_client *c, int result, bool final, bool spare_unsent,
	const char *text)
{
	struct mc_call *next;

	for (struct mc_call *p = c->calls; p != NULL; p = next) {
		next = p->next;
		if (!final && spare_unsent && !p->sent)
			continue;
		p->sent = false;
		if (final || p->retries_left <= 0)
			mc_call_finish(c, p, result, text, NULL);
		else
			p->retries_left--;
	}
}

/* --- time ----------------------------------------------------------------- */

static void
expire(memory_client *c, struct mc_call *call)
{
	if (c->fd < 0 || c->greeting == MC_SILENT || c->greeting == MC_ASKED) {
		char text[sizeof(call->text)];

		snprintf(text, sizeof(text),
			"no connection to memory-db at %s "
			"in time%s%.300s",
			c->path, c->link_text[0] != '\0' ? ": " : "",
			c->link_text);
		mc_call_finish(c, call,
			c->fd < 0 ? MEMORY_UNREACHABLE : MEMORY_TIMED_OUT, text,
			NULL);
		return;
	}
	withdraw(c, call);
	mc_call_finish(c, call, MEMORY_TIMED_OUT,
		"memory-db did not answer in "
		"time; a write may have been executed or not: repeat it with "
		"the same key, or read",
		NULL);
}

void
mc_call_expire(memory_client *c, int64_t now_ns)
{
	struct mc_call *next;

	for (struct mc_call *p = c->calls; p != NULL; p = next) {
		next = p->next;
		if (p->not_before_ns <= now_ns)
			p->not_before_ns = 0;
		if (p->deadline_ns <= now_ns)
			expire(c, p);
	}
}

int64_t
mc_call_next_ns(const memory_client *c)
{
	int64_t next = MC_NEVER;

	for (const struct mc_call *p = c->calls; p != NULL; p = p->next) {
		if (p->deadline_ns < next)
			next = p->deadline_ns;
		if (!p->sent && p->not_before_ns > 0 && p->not_before_ns < next)
			next = p->not_before_ns;
	}
	return next;
}
