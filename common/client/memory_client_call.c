/* Calls of libmemory-client: the request on the wire, the reply, retries and
 * deadlines. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/client/memory_client_int.h"

#define NS_PER_MS 1000000LL

/* --- requests ------------------------------------------------------------- */

static enum mc_kind
memory_client_call_kind_of(const char *method)
{
	static const struct {
		const char *method;
		enum mc_kind kind;
	} kinds[] = {{"subscribe", MC_SUBSCRIBE},
		{"unsubscribe", MC_UNSUBSCRIBE}, {"retire", MC_RETIRE}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(method, kinds[i].method) == 0)
			return kinds[i].kind;
	return MC_METHOD;
}

/* 128 random bits: unique without asking anybody. */
static int
random_key(memory_client *c, char out[MC_KEY_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bits[16];

	if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return mc_fail(c, MEMORY_UNREACHABLE,
			"the kernel gives no random bytes for the key");
	for (size_t i = 0; i < sizeof(bits); i++) {
		out[2 * i] = hex[bits[i] >> 4];
		out[2 * i + 1] = hex[bits[i] & 15];
	}
	out[MC_KEY_SIZE - 1] = '\0';
	return MEMORY_OK;
}

/* Whether the text is an object, and what the caller put into it. */
static int
check_params(memory_client *c, const char *params, const char *key,
	bool *ret_empty, bool *ret_has_key)
{
	struct err e = {0};
	AUTO_JSON json_t *o = jx_parse(params, strlen(params), &e);

	if (o == NULL && e.code == MDB_E_NOMEM)
		return mc_nomem(c);
	if (o == NULL)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"the parameters are not a JSON object: %s", e.text);
	*ret_empty = json_object_size(o) == 0;
	*ret_has_key = json_object_get(o, "key") != NULL;
	if (*ret_has_key && key != NULL)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"the key is given "
			"twice: as argument and in the parameters");
	return MEMORY_OK;
}

/* Appends the parameters with the key as their first member. The caller's
 * own text goes out: no number loses a digit. */
static int
add_params(struct buf *out, const char *params, bool empty, const char *key)
{
	const char *rest = strchr(params, '{') + 1;
	int r;

	if (key == NULL)
		return buf_adds(out, params);
	if ((r = buf_adds(out, "{\"key\":")) != 0 ||
		(r = jx_quote(key, strlen(key), out)) != 0 ||
		(!empty && (r = buf_addc(out, ',')) != 0))
		return r;
	return buf_adds(out, rest);
}

static int
build_request(memory_client *c, struct mc_call *call, const char *method,
	const char *params, const char *key)
{
	bool empty = true, has_key = false;
	char made[MC_KEY_SIZE];
	struct buf *out = &call->request;
	int r = check_params(c, params, key, &empty, &has_key);

	if (r != MEMORY_OK)
		return r;
	if (key == NULL && !has_key && call->kind == MC_METHOD) {
		if ((r = random_key(c, made)) != MEMORY_OK)
			return r;
		key = made;
	}
	if (buf_addf(out, "{\"id\":%llu,\"method\":", call->ticket) != 0 ||
		jx_quote(method, strlen(method), out) != 0 ||
		buf_adds(out, ",\"params\":") != 0)
		return mc_nomem(c);
	call->params_at = out->len;
	if (add_params(out, params, empty, key) != 0 ||
		buf_adds(out, "}\n") != 0)
		return mc_nomem(c);
	if (out->len > LIMIT_REQUEST_BYTES)
		return mc_fail(c, MEMORY_BAD_ARGUMENT,
			"the request has %zu "
			"bytes, at most %d are allowed: send it in parts",
			out->len, LIMIT_REQUEST_BYTES);
	return MEMORY_OK;
}

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
mc_call_new(memory_client *c, const char *method, const char *params,
	const char *key, int timeout_ms, struct mc_call **ret)
{
	if (method == NULL || method[0] == '\0')
		return mc_fail(c, MEMORY_BAD_ARGUMENT, "the method is empty");
	if (strcmp(method, "hello") == 0)
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
	call->kind = memory_client_call_kind_of(method);
	call->ticket = ++c->last_ticket;
	int r = build_request(c, call, method, params ? params : "{}", key);
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
mc_call_take(memory_client *c, struct mc_call *call, char **ret_reply)
{
	int result = call->result;

	mc_fail(c, result, "%s", call->text);
	snprintf(c->code, sizeof(c->code), "%s", call->code);
	if (ret_reply != NULL)
		*ret_reply = take_ptr(call->reply);
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

	char *reply = strndup(line, n);
	if (reply == NULL) {
		mc_call_finish(c, call, MEMORY_NO_MEMORY,
			"the service has "
			"answered, but there is no memory for the reply; a "
			"write has been executed",
			NULL);
		return;
	}
	if (!success)
		snprintf(call->code, sizeof(call->code), "%s", code);
	mc_call_finish(c, call, success ? MEMORY_OK : MEMORY_REFUSED,
		success ? NULL
			: memory_client_call_member_text(msg, "error",
				  "no reason given"),
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
