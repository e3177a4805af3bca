/* Lines of the client become requests, and the end of the input the end of all.
 *
 *   [{"id": 1, ..}, {"id": 2, ..}]   a batch of two requests
 *   {"method": "tools/call", ..}     a request: its era by its form, then the
 *                                    handler of the method in that era
 *   {"method": "notifications/..."}  cancelled: the request is dropped
 *
 * The answers go their own way (session.c). */
#include "mcp-server/mcp/session_int.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/log.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/subscribe.h"

#define MS 1000000LL

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
message(struct session *s, json_t *value_new, struct session_batch *b,
	size_t bytes)
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
		session_answer_error(s, b, e.id, e.code, e.text);
		json_decref(e.id);
		return;
	case JSONRPC_REQUEST:
		break;
	}
	if (b && strcmp(m.method, "initialize") == 0) {
		session_answer_error(s, b, m.id, JSONRPC_INVALID,
			"invalid request: initialize cannot be part of a "
			"batch");
		return;
	}
	r = session_request_new(s, json_incref(value), &m, b, bytes);
	if (!r) {
		session_answer_error(s, b, m.id, JSONRPC_INTERNAL,
			"out of memory; nothing is broken, try again");
		return;
	}
	r->era = era_of(s, &m);
	session_dispatch(r);
}

static void
batch(struct session *s, json_t *array, size_t bytes)
{
	struct session_batch *b;
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
		session_answer_error(s, NULL, NULL,
			why ? JSONRPC_INVALID : JSONRPC_INTERNAL,
			why ? why : "out of memory");
		return;
	}
	b->pending = 1;
	json_array_foreach(array, i, entry)
		message(s, json_incref(entry), b, bytes / n);
	session_batch_release(s, b);
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
		session_answer_error(s, NULL, e.id, e.code, e.text);
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
	session_answer_error(s, NULL, (json_t *)(uintptr_t)id, JSONRPC_INVALID,
		text);
}

/* --- the end --------------------------------------------------------------- */
void
session_end(struct session *s)
{
	if (s->end_at_ns)
		return;
	s->end_at_ns = clock_mono_ns() + s->o.end_ms * MS;
	subscribe_end_all(s);
	relay_hurry(s->relay);
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
