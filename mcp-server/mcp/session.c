/* Lines become requests, requests become exactly one answer each. A batch
 * collects the answers of its requests and is sent when the last has come. */
#include "mcp-server/mcp/session.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/subscribe.h"

#define MS 1000000LL
/* Bytes in and out after which freed memory is worth giving back. */
#define HEAVY_BYTES (256 * 1024)
#define KEEP_BYTES  (128 * 1024) /* of a buffer between two messages */

struct batch {
	json_t *answers; /* owned */
	size_t pending;	 /* requests, and one while it is being read */
};

void
session_init(struct session *s, const struct session_options *o,
	const struct session_transport *t, struct relay *relay)
{
	memset(s, 0, sizeof(*s));
	s->o = *o;
	s->transport = *t;
	s->relay = relay;
}

static size_t
session_pending(const struct session *s)
{
	return s->transport.pending(s->transport.ctx);
}

static void
log_dropped(void)
{
	log_event(LOG_ERROR, "message dropped", 0,
		LOG_S("error", "out of memory"));
}

/* Hands s->line to the transport. 0 or MDB_E_NOMEM: nothing of it was sent. */
static int MUST_CHECK
session_write_line(struct session *s)
{
	size_t n = s->line.len;

	if (s->is_mute)
		return 0;
	if (s->transport.write(s->transport.ctx, &s->line))
		return MDB_E_NOMEM;
	s->moved_bytes += n;
	return 0;
}

/* Hands a message to the transport. Takes m_new (NULL: no memory). 0 or
 * MDB_E_NOMEM: nothing of it was sent. */
static int MUST_CHECK
session_write(struct session *s, json_t *m_new)
{
	AUTO_JSON json_t *m = m_new;

	if (!m)
		return MDB_E_NOMEM;
	buf_clear(&s->line, KEEP_BYTES);
	return jx_dump(m, &s->line) ? MDB_E_NOMEM : session_write_line(s);
}

void
session_send(struct session *s, json_t *m_new)
{
	if (session_write(s, m_new))
		log_dropped();
}

/* --- batches -------------------------------------------------------------- */

/* One request of the batch less; the last one sends the answers. */
static void
batch_release(struct session *s, struct batch *b)
{
	assert(b->pending > 0); /* else it is answered and freed twice */
	if (--b->pending > 0)
		return;
	if (json_array_size(b->answers) > 0)
		session_send(s, json_incref(b->answers));
	json_decref(b->answers);
	free(b);
}

/* Sends an answer, or puts it into its batch. Takes m_new (NULL: no memory).
 * 0 or MDB_E_NOMEM. */
static int MUST_CHECK
session_answer(struct session *s, struct batch *b, json_t *m_new)
{
	return b ? jx_add(b->answers, m_new) : session_write(s, m_new);
}

static void
answer_error(struct session *s, struct batch *b, json_t *id, int code,
	const char *text)
{
	if (session_answer(s, b, jsonrpc_error(id, code, text, NULL)))
		log_dropped();
}

/* --- requests ------------------------------------------------------------- */

static void
session_request_free(struct session_request *r)
{
	struct session *s = r->session;
	struct session_request **p = &s->requests;

	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	assert(s->requests_n > 0 && s->requests_bytes >= r->bytes);
	s->requests_n--;
	s->requests_bytes -= r->bytes;
	log_event(LOG_DEBUG, "request", r->number, LOG_S("method", r->method),
		LOG_I("us", (clock_mono_ns() - r->began_ns) / 1000));
	if (r->state_free)
		r->state_free(r->state);
	if (r->batch)
		batch_release(s, r->batch);
	json_decref(r->message);
	free(r);
}

/* Takes value_new also on failure (NULL: no memory). */
static struct session_request *
session_request_new(struct session *s, json_t *value_new,
	const struct jsonrpc_msg *m, struct batch *b, size_t bytes)
{
	struct session_request *r = calloc(1, sizeof(*r));

	if (!r) {
		json_decref(value_new);
		return NULL;
	}
	r->session = s;
	r->message = value_new;
	r->id = m->id;
	r->method = m->method;
	r->params = m->params;
	r->batch = b;
	if (b)
		b->pending++;
	r->number = ++s->requests_all;
	r->began_ns = clock_mono_ns();
	r->bytes = bytes;
	s->requests_bytes += bytes;
	s->requests_n++;
	r->next = s->requests;
	s->requests = r;
	return r;
}

void
request_reply(struct session_request *r, json_t *result_new)
{
	json_t *result = result_new ? r->era->finish(r, result_new) : NULL;
	json_t *m = result ? jsonrpc_result(r->id, result) : NULL;

	if (session_answer(r->session, r->batch, m))
		session_fail(r, JSONRPC_INTERNAL, NULL,
			"out of memory; nothing is broken, try again");
	else
		session_request_free(r);
}

struct buf *
request_write(struct session_request *r)
{
	struct buf *line = &r->session->line;

	buf_clear(line, KEEP_BYTES);
	return buf_adds(line, "{\"jsonrpc\":\"2.0\",\"id\":") ||
			       jx_dump(r->id, line) ||
			       buf_adds(line, ",\"result\":{")
		       ? NULL
		       : line;
}

/* Closes the result: what the era puts into it comes last. */
static int MUST_CHECK
session_close_result(struct session_request *r, struct buf *line)
{
	json_t *none = json_object();
	AUTO_JSON json_t *of_era = none ? r->era->finish(r, none) : NULL;
	size_t at = line->len;

	if (!of_era)
		return MDB_E_NOMEM;
	if (json_object_size(of_era) == 0)
		return buf_adds(line, "}}");
	if (jx_dump(of_era, line))
		return MDB_E_NOMEM;
	line->data[at] = ','; /* in the place of its opening brace */
	return buf_addc(line, '}');
}

/* Ends the line of an answer and hands it on. */
static int
request_hand_on(struct session_request *r)
{
	struct session *s = r->session;
	struct buf *line = &s->line;
	int rc = session_close_result(r, line);

	if (rc != 0)
		return rc;
	/* An answer in a batch waits for the others. */
	if (r->batch)
		return jx_add(r->batch->answers,
			jx_parse(line->data, line->len, NULL));
	return session_write_line(s);
}

void
request_written(struct session_request *r, int rc)
{
	if (rc != 0 || request_hand_on(r) != 0)
		session_fail(r, JSONRPC_INTERNAL, NULL,
			"out of memory; nothing is broken, try again");
	else
		session_request_free(r);
}

void
session_fail(struct session_request *r, int code, json_t *data_new,
	const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[text_cut(text, strlen(text))] = '\0';
	if (session_answer(r->session, r->batch,
		    jsonrpc_error(r->id, code, text, data_new)))
		answer_error(r->session, r->batch, r->id, code, text);
	session_request_free(r);
}

void
request_drop(struct session_request *r)
{
	session_request_free(r);
}

void
request_hold(struct session_request *r, void *state, void (*state_free)(void *))
{
	r->state = state;
	r->state_free = state_free;
}

const char *
request_string(struct session_request *r, const char *key)
{
	const char *s = NULL;
	struct err e = {0};

	if (jx_string(r->params, key, JX_REQUIRED, &s, NULL, &e)) {
		session_fail(r, JSONRPC_PARAMS, NULL,
			"invalid params of %s: %s", r->method, e.text);
		return NULL;
	}
	return s;
}

/* --- messages ------------------------------------------------------------- */

static void
cancel(struct session *s, json_t *params)
{
	json_t *id;

	if (jx_settle_integer(params, "requestId"))
		return; /* not cancelled, for want of memory */
	id = json_object_get(params, "requestId");
	if (!id || subscribe_cancel(s, id))
		return;
	for (struct session_request *r = s->requests; r; r = r->next) {
		if (json_equal(r->id, id)) {
			request_drop(r);
			return;
		}
	}
}

static void
session_dispatch(struct session_request *r)
{
	const struct method *m = r->era->methods;

	if (!r->era->accept(r))
		return;
	while (m->name && strcmp(m->name, r->method) != 0)
		m++;
	if (!m->name) {
		session_fail(r, JSONRPC_METHOD, NULL,
			"method not found: %.100s", r->method);
		return;
	}
	r->entry = m;
	m->handle(r);
}

/* Handles one message; takes value_new. */
static void
message(struct session *s, json_t *value_new, struct batch *b, size_t bytes)
{
	AUTO_JSON json_t *value = value_new;
	struct jsonrpc_error e = {0};
	struct jsonrpc_msg m;
	struct session_request *r;

	switch (jsonrpc_read(value, &m, &e)) {
	case JSONRPC_RESPONSE:
		return;
	case JSONRPC_NOTIFICATION:
		if (strcmp(m.method, "notifications/cancelled") == 0)
			cancel(s, m.params);
		return;
	case JSONRPC_BAD:
		answer_error(s, b, e.id, e.code, e.text);
		json_decref(e.id);
		return;
	case JSONRPC_REQUEST:
		break;
	}
	if (b && strcmp(m.method, "initialize") == 0) {
		answer_error(s, b, m.id, JSONRPC_INVALID,
			"invalid request: initialize cannot be part of a "
			"batch");
		return;
	}
	r = session_request_new(s, json_incref(value), &m, b, bytes);
	if (!r) {
		answer_error(s, b, m.id, JSONRPC_INTERNAL,
			"out of memory; nothing is broken, try again");
		return;
	}
	r->era = era_of(s, &m);
	session_dispatch(r);
}

static void
batch(struct session *s, json_t *array, size_t bytes)
{
	struct batch *b;
	json_t *entry;
	size_t i, n = json_array_size(array);
	const char *why = NULL;

	if (n == 0)
		why = "invalid request: the batch is empty";
	else if (!era_takes_batches(s))
		why = "invalid request: batches are only part of protocol "
		      "version 2025-03-26; send one message in a line";
	else if (n > LIMIT_MCP_CALLS)
		why = "invalid request: a batch may hold 256 messages";
	b = why ? NULL : calloc(1, sizeof(*b));
	if (b)
		b->answers = json_array();
	if (!b || !b->answers) {
		free(b);
		answer_error(s, NULL, NULL,
			why ? JSONRPC_INVALID : JSONRPC_INTERNAL,
			why ? why : "out of memory");
		return;
	}
	b->pending = 1;
	json_array_foreach(array, i, entry)
		message(s, json_incref(entry), b, bytes / n);
	batch_release(s, b);
}

/* Some clients end a message with an empty line. */
static bool
session_is_blank(const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t' ||
				text[n - 1] == '\r'))
		n--;
	return n == 0;
}

void
session_line(struct session *s, const char *text, size_t n)
{
	struct jsonrpc_error e = {0};
	AUTO_JSON json_t *value = NULL;

	s->moved_bytes += n;
	if (session_is_blank(text, n))
		return;
	value = jsonrpc_parse(text, n, &e);
	if (!value) {
		answer_error(s, NULL, e.id, e.code, e.text);
		json_decref(e.id);
	} else if (json_is_array(value)) {
		batch(s, value, n);
	} else {
		message(s, json_incref(value), NULL, n);
	}
}

void
session_line_too_long(struct session *s, const json_t *id)
{
	char text[160];

	snprintf(text, sizeof(text),
		"request refused: a message may have %d "
		"bytes; split it into several calls",
		LIMIT_MCP_LINE_BYTES);
	answer_error(s, NULL, (json_t *)(uintptr_t)id, JSONRPC_INVALID, text);
}

/* --- from line to end ----------------------------------------------------- */

bool
session_accepts(const struct session *s)
{
	return s->end_at_ns == 0 && s->requests_n < LIMIT_MCP_CALLS &&
	       s->requests_bytes < LIMIT_MCP_INPUT_BYTES &&
	       session_pending(s) < LIMIT_MCP_OUTPUT_BYTES;
}

bool
session_was_heavy(struct session *s)
{
	if (s->moved_bytes < HEAVY_BYTES || s->requests_n > 0 ||
		session_pending(s) > 0)
		return false;
	s->moved_bytes = 0;
	return true;
}

void
session_end(struct session *s)
{
	if (s->end_at_ns)
		return;
	s->end_at_ns = clock_mono_ns() + s->o.end_ms * MS;
	subscribe_end_all(s);
	relay_hurry(s->relay);
}

bool
session_finished(const struct session *s)
{
	if (!s->end_at_ns)
		return false;
	if (s->requests_n == 0 && session_pending(s) == 0)
		return true;
	return clock_mono_ns() >= s->end_at_ns;
}

int
session_timeout(const struct session *s)
{
	int64_t left;

	if (!s->end_at_ns)
		return -1;
	left = (s->end_at_ns - clock_mono_ns()) / MS + 1;
	return left < 0 ? 0 : (int)left;
}

void
session_done(struct session *s)
{
	if (s->requests_n > 0)
		log_event(LOG_WARN, "ended with calls under way", 0,
			LOG_I("calls", s->requests_n));
	s->is_mute = true; /* what is dropped now is not announced */
	while (s->requests)
		request_drop(s->requests);
	subscribe_free_all(s);
	buf_done(&s->line);
}
