/* A request becomes exactly one answer. A batch collects the answers of its
 * requests and is sent when the last has come. What a line of the client means
 * stands above this, in session_lines.c. */
#include "mcp-server/mcp/session_int.h"

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

#define MS 1000000LL
/* Bytes in and out after which freed memory is worth giving back. */
#define HEAVY_BYTES (256 * 1024)
#define KEEP_BYTES  (128 * 1024) /* of a buffer between two messages */

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

void
session_batch_release(struct session *s, struct session_batch *b)
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
session_answer(struct session *s, struct session_batch *b, json_t *m_new)
{
	return b ? jx_add(b->answers, m_new) : session_write(s, m_new);
}

void
session_answer_error(struct session *s, struct session_batch *b, json_t *id,
	int code, const char *text)
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
		session_batch_release(s, r->batch);
	json_decref(r->message);
	free(r);
}

struct session_request *
session_request_new(struct session *s, json_t *value_new,
	const struct jsonrpc_msg *m, struct session_batch *b, size_t bytes)
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
		session_answer_error(r->session, r->batch, r->id, code, text);
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

/* --- how far it is --------------------------------------------------------- */

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
