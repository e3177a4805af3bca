/* Frame by frame:
 *
 *   open:  PRINT -> open   CALL -> reply queued, open
 *          RESULT, ERROR, EXCESS, TRACE, VIOLATION -> ended
 *   ended: anything more is ignored, as nobody reads it
 *
 * One call is under way at a time: bytes behind a CALL break the protocol. */
#include "sandbox/talk.h"

#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/text.h"

/* --- what we say ---------------------------------------------------------- */
static int
talk_put_text(struct buf *b, const char *s)
{
	return codec_string(b, s ? s : "", s ? strlen(s) : 0);
}

int
talk_setup(struct buf *out, const struct sandbox_method *methods)
{
	size_t n = 0, at;
	int rc;

	while (methods && methods[n].name)
		n++;
	rc = codec_begin(out, WIRE_SETUP, &at);
	if (rc != 0)
		return rc;
	rc = codec_count(out, WIRE_ARRAY, n);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		const struct sandbox_method *m = &methods[i];

		rc = codec_count(out, WIRE_ARRAY, 4);
		if (rc != 0)
			return rc;
		rc = talk_put_text(out, m->name);
		if (rc != 0)
			return rc;
		rc = talk_put_text(out, m->doc);
		if (rc != 0)
			return rc;
		rc = talk_put_text(out, m->positional);
		if (rc != 0)
			return rc;
		rc = codec_int(out, m->is_global);
		if (rc != 0)
			return rc;
	}
	return codec_end(out, at);
}

static int
put_limits(struct buf *b, const struct sandbox_limits *l)
{
	const int64_t limits[WIRE_L_MAX] = {
		[WIRE_L_MEMORY] = l->memory_bytes,
		[WIRE_L_OUTPUT] = l->output_bytes,
		[WIRE_L_RESULT_BYTES] = l->result_bytes,
		[WIRE_L_RESULT_NODES] = l->result_nodes,
		[WIRE_L_RESULT_DEPTH] = l->result_depth,
		[WIRE_L_API_CALLS] = l->api_calls,
		[WIRE_L_API_BYTES] = l->api_bytes,
	};
	int rc = codec_count(b, WIRE_ARRAY, WIRE_L_MAX);

	if (rc != 0)
		return rc;
	for (int i = 0; i < WIRE_L_MAX; i++) {
		rc = codec_int(b, limits[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
put_names(struct buf *b, const char *const *names)
{
	size_t n = 0;
	int rc;

	while (names && names[n])
		n++;
	rc = codec_count(b, WIRE_ARRAY, n);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		rc = talk_put_text(b, names[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
talk_begin(struct talk *t)
{
	size_t at;
	int rc = codec_begin(&t->out, WIRE_RUN, &at);

	if (rc != 0)
		return rc;
	rc = codec_count(&t->out, WIRE_ARRAY, 4);
	if (rc != 0)
		return rc;
	rc = codec_string(&t->out, t->job->source, t->job->source_len);
	if (rc != 0)
		return rc;
	rc = t->job->args ? codec_json(&t->out, t->job->args)
			  : codec_count(&t->out, WIRE_MAP, 0);
	if (rc != 0)
		return rc;
	rc = put_limits(&t->out, &t->limits);
	if (rc != 0)
		return rc;
	rc = put_names(&t->out, t->job->without);
	if (rc != 0)
		return rc;
	return codec_end(&t->out, at);
}

static int
put_fail(struct talk *t, const struct err *e)
{
	size_t at;
	int rc = codec_begin(&t->out, WIRE_FAIL, &at);

	if (rc != 0)
		return rc;
	rc = codec_count(&t->out, WIRE_ARRAY, 3);
	if (rc != 0)
		return rc;
	rc = talk_put_text(&t->out, err_name(e->code));
	if (rc != 0)
		return rc;
	rc = talk_put_text(&t->out, e->text);
	if (rc != 0)
		return rc;
	rc = talk_put_text(&t->out, e->param);
	if (rc != 0)
		return rc;
	return codec_end(&t->out, at);
}

static int
put_reply(struct talk *t, const json_t *result)
{
	size_t at;
	int rc = codec_begin(&t->out, WIRE_REPLY, &at);

	if (rc != 0)
		return rc;
	rc = codec_json(&t->out, result);
	if (rc != 0)
		return rc;
	return codec_end(&t->out, at);
}

/* --- calls ---------------------------------------------------------------- */
static const struct sandbox_method *
method_of(const struct talk *t, const char *name, size_t n)
{
	const struct sandbox_method *m = t->methods;

	for (; m && m->name; m++)
		if (strlen(m->name) == n && memcmp(m->name, name, n) == 0)
			return m;
	return NULL;
}

/* Makes the call and queues its reply. */
static int
talk_answer(struct talk *t, const struct sandbox_method *m, json_t *params)
{
	AUTO_JSON json_t *result = NULL;
	struct err e = {0};
	size_t from = t->out.len;
	int rc;

	rc = t->job->call(t->job->call_ctx, m->name, params,
		t->left_ms ? t->left_ms(t->left_ctx) : t->limits.wall_ms,
		&result, &e);
	if (rc == 0 && !result) {
		rc = err_set(&e, MDB_E_INTERNAL, "%s gave no result", m->name);
	} else if (rc == 0) {
		rc = put_reply(t, result);
		if (rc == MDB_E_LIMIT) {
			t->out.len = from;
			err_set(&e, rc,
				"the reply is larger than 1 MiB or "
				"nested too deep; ask for less (limit, "
				"fields) and use the cursor");
		}
	} else if (e.code == 0) {
		err_set(&e, rc, "%s failed", m->name);
	}
	if (rc == MDB_E_NOMEM && e.code == 0)
		return rc;
	if (rc)
		rc = put_fail(t, &e);
	t->bytes += (int64_t)(t->out.len - from);
	return rc;
}

static enum talk_end
talk_on_call(struct talk *t, struct codec_in *in)
{
	AUTO_JSON json_t *params = NULL;
	const struct sandbox_method *m;
	const char *name;
	size_t n;
	int rc;

	if (codec_get_array(in, &n) || n != 2 ||
		codec_get_string(in, &name, &n))
		return TALK_BROKEN;
	rc = codec_get_json(in, &params);
	if (rc == MDB_E_NOMEM)
		return TALK_NOMEM;
	if (rc || !codec_at_end(in))
		return TALK_BROKEN;
	m = method_of(t, name, n);
	if (!m || !json_is_object(params) || !t->job->call)
		return TALK_BROKEN;
	if (++t->calls > t->limits.api_calls || t->bytes > t->limits.api_bytes)
		return TALK_API_LIMIT;
	if (m->is_write)
		t->writes++;
	else
		t->reads++;
	return talk_answer(t, m, params) ? TALK_NOMEM : TALK_OPEN;
}

/* --- endings -------------------------------------------------------------- */
static void
talk_keep(char *out, size_t size, const char *s, size_t n)
{
	if (n >= size)
		n = text_cut(s, size - 1);
	memcpy(out, s, n);
	out[n] = '\0';
}

/* An array of texts. */
static int
get_texts(struct codec_in *in, json_t **ret)
{
	int rc = codec_get_json(in, ret);

	if (rc)
		return rc;
	for (size_t i = 0; i < json_array_size(*ret); i++)
		if (!json_is_string(json_array_get(*ret, i)))
			return MDB_E_PROTOCOL;
	return json_is_array(*ret) ? 0 : MDB_E_PROTOCOL;
}

static int
get_message(struct talk *t, struct codec_in *in)
{
	const char *s;
	size_t n;

	if (codec_get_string(in, &s, &n))
		return MDB_E_PROTOCOL;
	talk_keep(t->message, sizeof(t->message), s, n);
	return 0;
}

static int
on_result(struct talk *t, struct codec_in *in)
{
	size_t n;
	int rc;

	if (codec_get_array(in, &n) || n != 3)
		return MDB_E_PROTOCOL;
	rc = codec_get_json(in, &t->value);
	if (rc != 0)
		return rc;
	rc = get_texts(in, &t->warnings);
	if (rc != 0)
		return rc;
	return codec_get_int(in, &t->peak_bytes);
}

static int
talk_on_error(struct talk *t, struct codec_in *in)
{
	size_t n;
	int rc;

	if (codec_get_array(in, &n) || n != 4 || get_message(t, in) ||
		codec_get_int(in, &t->line))
		return MDB_E_PROTOCOL;
	rc = get_texts(in, &t->traceback);
	return rc ? rc : codec_get_int(in, &t->peak_bytes);
}

static int
on_excess(struct talk *t, struct codec_in *in)
{
	const char *s;
	size_t n;

	if (codec_get_array(in, &n) || n != 3 || get_message(t, in) ||
		codec_get_string(in, &s, &n))
		return MDB_E_PROTOCOL;
	talk_keep(t->limit, sizeof(t->limit), s, n);
	return codec_get_int(in, &t->peak_bytes);
}

static int
talk_on_violation(struct talk *t, struct codec_in *in)
{
	int64_t arch, at;
	size_t n;

	if (codec_get_array(in, &n) || n != 3)
		return MDB_E_PROTOCOL;
	if (codec_get_int(in, &t->violation) || codec_get_int(in, &arch))
		return MDB_E_PROTOCOL;
	return codec_get_int(in, &at);
}

static enum talk_end
talk_finish(struct talk *t, struct codec_in *in,
	int (*read)(struct talk *t, struct codec_in *in), enum talk_end end)
{
	int rc = read(t, in);

	if (rc == MDB_E_NOMEM)
		return TALK_NOMEM;
	return rc || !codec_at_end(in) ? TALK_BROKEN : end;
}

/* --- frames --------------------------------------------------------------- */
static enum talk_end
on_print(struct talk *t, const char *s, size_t n)
{
	size_t room = (size_t)t->limits.output_bytes - t->printed.len;

	/* an honest jail sends one byte too many, and then no more */
	if (t->printed_cut || n > room + 1)
		return TALK_BROKEN;
	if (n > room) {
		t->printed_cut = true;
		n = room;
	}
	return buf_add(&t->printed, s, n) ? TALK_NOMEM : TALK_OPEN;
}

static enum talk_end
on_frame(struct talk *t, uint8_t type, const uint8_t *body, size_t n)
{
	struct codec_in in = codec_open(body, n);

	switch (type) {
	case WIRE_PRINT:
		return on_print(t, (const char *)body, n);
	case WIRE_CALL:
		t->bytes += (int64_t)n;
		return talk_on_call(t, &in);
	case WIRE_RESULT:
		return talk_finish(t, &in, on_result, TALK_RESULT);
	case WIRE_ERROR:
		return talk_finish(t, &in, talk_on_error, TALK_ERROR);
	case WIRE_EXCESS:
		return talk_finish(t, &in, on_excess, TALK_EXCESS);
	case WIRE_TRACE:
		return talk_finish(t, &in, talk_on_error, TALK_TRACE);
	case WIRE_VIOLATION:
		return talk_finish(t, &in, talk_on_violation, TALK_VIOLATION);
	default:
		return TALK_BROKEN;
	}
}

static size_t
length_at(const uint8_t *p)
{
	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 |
	       (size_t)p[3] << 24;
}

void
talk_feed(struct talk *t, const void *data, size_t n)
{
	size_t used = 0;

	if (t->end != TALK_OPEN)
		return;
	if (buf_add(&t->in, data, n)) {
		t->end = TALK_NOMEM;
		return;
	}
	while (t->end == TALK_OPEN && t->in.len - used >= WIRE_HEADER) {
		const uint8_t *p = (const uint8_t *)t->in.data + used;
		size_t len = length_at(p);

		if (len < 1 || len > WIRE_FRAME_BYTES + 1) {
			t->end = TALK_BROKEN;
			break;
		}
		if (t->in.len - used < WIRE_HEADER - 1 + len)
			break;
		used += WIRE_HEADER - 1 + len;
		if (p[4] == WIRE_CALL && used < t->in.len)
			t->end = TALK_BROKEN;
		else
			t->end = on_frame(t, p[4], p + WIRE_HEADER, len - 1);
	}
	buf_consume(&t->in, used);
}

ssize_t
talk_ready(const uint8_t *data, size_t n, uint32_t *ret_in_place,
	uint32_t *ret_refused)
{
	int64_t version, in_place, refused;
	struct codec_in in;
	size_t len, count;

	if (n < WIRE_HEADER)
		return 0;
	len = length_at(data);
	if (data[4] != WIRE_READY || len < 1 || len > 256)
		return MDB_E_PROTOCOL;
	if (n < WIRE_HEADER - 1 + len)
		return 0;
	in = codec_open(data + WIRE_HEADER, len - 1);
	if (codec_get_array(&in, &count) || count != 3 ||
		codec_get_int(&in, &version) || codec_get_int(&in, &in_place) ||
		codec_get_int(&in, &refused) || !codec_at_end(&in) ||
		version != WIRE_VERSION)
		return MDB_E_PROTOCOL;
	*ret_in_place = (uint32_t)in_place;
	*ret_refused = (uint32_t)refused;
	return (ssize_t)(WIRE_HEADER - 1 + len);
}

void
talk_done(struct talk *t)
{
	buf_done(&t->in);
	buf_done(&t->out);
	buf_done(&t->printed);
	json_decref(t->value);
	json_decref(t->warnings);
	json_decref(t->traceback);
	t->value = t->warnings = t->traceback = NULL;
}
