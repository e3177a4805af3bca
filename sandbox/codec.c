/* Values between the parent and the jail as bytes; wire.h has the format.
 *
 * For example {"a":[1,true]} is: a map of 1, the text "a", an array of 2, the
 * number 1, true. Each item says its type and length first, so a reader never
 * looks for an end, and a count that is larger than the bytes that are left is
 * refused before anything is reserved for it. */
#include "sandbox/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/text.h"

/* --- making frames -------------------------------------------------------- */
static void
put_u32(uint8_t *out, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

int
codec_begin(struct buf *b, enum wire_frame type, size_t *ret_at)
{
	uint8_t header[WIRE_HEADER] = {0, 0, 0, 0, (uint8_t)type};
	size_t at = b->len;

	if (buf_add(b, header, sizeof(header)))
		return MDB_E_NOMEM;
	*ret_at = at;
	return 0;
}

int
codec_end(struct buf *b, size_t at)
{
	size_t n = b->len - at - WIRE_HEADER;

	if (n > WIRE_FRAME_BYTES)
		return MDB_E_LIMIT;
	put_u32((uint8_t *)b->data + at, (uint32_t)n + 1);
	return 0;
}

static int
codec_put_tag(struct buf *b, enum wire_tag tag)
{
	return buf_addc(b, (char)tag);
}

int
codec_count(struct buf *b, enum wire_tag tag, size_t n)
{
	uint8_t out[5] = {(uint8_t)tag};

	if (n > WIRE_FRAME_BYTES)
		return MDB_E_LIMIT;
	put_u32(out + 1, (uint32_t)n);
	return buf_add(b, out, sizeof(out));
}

static int
put_u64(struct buf *b, enum wire_tag tag, uint64_t v)
{
	uint8_t out[9] = {(uint8_t)tag};

	put_u32(out + 1, (uint32_t)v);
	put_u32(out + 5, (uint32_t)(v >> 32));
	return buf_add(b, out, sizeof(out));
}

int
codec_int(struct buf *b, int64_t v)
{
	return put_u64(b, WIRE_INT, (uint64_t)v);
}

int
codec_string(struct buf *b, const char *s, size_t n)
{
	int rc = codec_count(b, WIRE_STRING, n);

	return rc ? rc : buf_add(b, s, n);
}

static int
put_key(struct buf *b, const char *s, size_t n)
{
	uint8_t len[4];

	if (n > WIRE_FRAME_BYTES)
		return MDB_E_LIMIT;
	put_u32(len, (uint32_t)n);
	return buf_add(b, len, sizeof(len)) ? MDB_E_NOMEM : buf_add(b, s, n);
}

static int put_json(struct buf *b, const json_t *v, int depth);

static int
put_object(struct buf *b, const json_t *v, int depth)
{
	/* iterating needs a non-const object and changes nothing */
	json_t *o = (json_t *)(uintptr_t)v, *member;
	const char *key;
	size_t n;
	int rc = codec_count(b, WIRE_MAP, json_object_size(o));

	json_object_keylen_foreach(o, key, n, member)
	{
		if (rc != 0)
			return rc;
		rc = put_key(b, key, n);
		if (rc != 0)
			return rc;
		rc = put_json(b, member, depth + 1);
		if (rc)
			return rc;
	}
	return rc;
}

static int
put_json(struct buf *b, const json_t *v, int depth)
{
	double d;
	uint64_t bits;
	int rc;

	if (depth > WIRE_DEPTH || b->len > 2 * (size_t)WIRE_FRAME_BYTES)
		return MDB_E_LIMIT;
	switch (json_typeof(v)) {
	case JSON_NULL:
		return codec_put_tag(b, WIRE_NIL);
	case JSON_FALSE:
		return codec_put_tag(b, WIRE_FALSE);
	case JSON_TRUE:
		return codec_put_tag(b, WIRE_TRUE);
	case JSON_INTEGER:
		return codec_int(b, json_integer_value(v));
	case JSON_REAL:
		d = json_real_value(v);
		memcpy(&bits, &d, sizeof(bits));
		return put_u64(b, WIRE_FLOAT, bits);
	case JSON_STRING:
		return codec_string(b, json_string_value(v),
			json_string_length(v));
	case JSON_ARRAY:
		rc = codec_count(b, WIRE_ARRAY, json_array_size(v));
		if (rc != 0)
			return rc;
		for (size_t i = 0; i < json_array_size(v); i++) {
			rc = put_json(b, json_array_get(v, i), depth + 1);
			if (rc != 0)
				return rc;
		}
		return 0;
	case JSON_OBJECT:
		return put_object(b, v, depth);
	}
	return MDB_E_INTERNAL;
}

int
codec_json(struct buf *b, const json_t *v)
{
	return put_json(b, v, 0);
}

/* --- taking frames apart -------------------------------------------------- */
struct codec_in
codec_open(const uint8_t *body, size_t n)
{
	return (struct codec_in){body, body + n, CODEC_NODES};
}

bool
codec_at_end(const struct codec_in *in)
{
	return in->at == in->end;
}

static size_t
codec_left(const struct codec_in *in)
{
	return (size_t)(in->end - in->at);
}

static int
get_u32(struct codec_in *in, uint32_t *ret)
{
	if (codec_left(in) < 4)
		return MDB_E_PROTOCOL;
	*ret = (uint32_t)in->at[0] | (uint32_t)in->at[1] << 8 |
	       (uint32_t)in->at[2] << 16 | (uint32_t)in->at[3] << 24;
	in->at += 4;
	return 0;
}

static int
get_u64(struct codec_in *in, uint64_t *ret)
{
	uint32_t lo, hi;

	if (get_u32(in, &lo) || get_u32(in, &hi))
		return MDB_E_PROTOCOL;
	*ret = (uint64_t)hi << 32 | lo;
	return 0;
}

static int
get_tag(struct codec_in *in, enum wire_tag *ret)
{
	if (codec_left(in) < 1 || *in->at > WIRE_MAP || in->nodes == 0)
		return MDB_E_PROTOCOL;
	in->nodes--;
	*ret = (enum wire_tag) * in->at++;
	return 0;
}

/* A count of things that take at least `each` bytes. */
static int
get_count(struct codec_in *in, size_t each, size_t *ret)
{
	uint32_t n;

	if (get_u32(in, &n) || n > codec_left(in) / each || n > in->nodes)
		return MDB_E_PROTOCOL;
	*ret = n;
	return 0;
}

static int
codec_get_text(struct codec_in *in, const char **ret, size_t *ret_n)
{
	const char *s;
	uint32_t n;

	if (get_u32(in, &n) || n > codec_left(in))
		return MDB_E_PROTOCOL;
	s = (const char *)in->at;
	if (!text_is_utf8(s, n))
		return MDB_E_PROTOCOL;
	in->at += n;
	*ret = s;
	*ret_n = n;
	return 0;
}

int
codec_get_array(struct codec_in *in, size_t *ret_n)
{
	enum wire_tag tag;

	if (get_tag(in, &tag) || tag != WIRE_ARRAY)
		return MDB_E_PROTOCOL;
	return get_count(in, 1, ret_n);
}

int
codec_get_int(struct codec_in *in, int64_t *ret)
{
	enum wire_tag tag;
	uint64_t v;

	if (get_tag(in, &tag) || tag != WIRE_INT || get_u64(in, &v))
		return MDB_E_PROTOCOL;
	*ret = (int64_t)v;
	return 0;
}

int
codec_get_string(struct codec_in *in, const char **ret, size_t *ret_n)
{
	enum wire_tag tag;

	if (get_tag(in, &tag) || tag != WIRE_STRING)
		return MDB_E_PROTOCOL;
	return codec_get_text(in, ret, ret_n);
}

static int get_json(struct codec_in *in, int depth, json_t **ret);

static int
get_json_array(struct codec_in *in, int depth, json_t **ret)
{
	AUTO_JSON json_t *a = NULL;
	size_t n;

	if (get_count(in, 1, &n))
		return MDB_E_PROTOCOL;
	a = json_array();
	if (!a)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		json_t *v;
		int rc = get_json(in, depth + 1, &v);

		if (rc)
			return rc;
		if (json_array_append_new(a, v))
			return MDB_E_NOMEM;
	}
	*ret = take_ptr(a);
	return 0;
}

struct codec_member {
	const char *key;
	size_t n;
	json_t *value; /* owned */
};

static int
codec_compare(const void *va, const void *vb)
{
	const struct codec_member *a = va, *b = vb;
	int c = memcmp(a->key, b->key, a->n < b->n ? a->n : b->n);

	return c ? c : (a->n > b->n) - (a->n < b->n);
}

static int
get_members(struct codec_in *in, int depth, struct codec_member *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (codec_get_text(in, &m[i].key, &m[i].n))
			return MDB_E_PROTOCOL;
		int rc = get_json(in, depth + 1, &m[i].value);
		if (rc)
			return rc;
	}
	return 0;
}

/* The order of a Lua table is that of its hashes: by name it is always the
 * same. The values stay those of m. */
static json_t *
object_of(struct codec_member *m, size_t n)
{
	AUTO_JSON json_t *o = json_object();

	qsort(m, n, sizeof(*m), codec_compare);
	for (size_t i = 0; i < n; i++)
		if (!o || json_object_setn_nocheck(o, m[i].key, m[i].n,
				  m[i].value))
			return NULL;
	return take_ptr(o);
}

static int
get_json_object(struct codec_in *in, int depth, json_t **ret)
{
	json_t *o = NULL;
	struct codec_member *m;
	size_t n;
	int rc;

	if (get_count(in, 5, &n))
		return MDB_E_PROTOCOL;
	m = calloc(n ? n : 1, sizeof(*m));
	if (!m)
		return MDB_E_NOMEM;
	rc = get_members(in, depth, m, n);
	o = rc == 0 ? object_of(m, n) : NULL;
	for (size_t i = 0; i < n; i++)
		json_decref(m[i].value);
	free(m);
	if (rc)
		return rc;
	if (!o)
		return MDB_E_NOMEM;
	*ret = o;
	return 0;
}

static int
get_json_scalar(struct codec_in *in, enum wire_tag tag, json_t **ret)
{
	json_t *v = NULL;
	const char *s;
	uint64_t bits;
	double d;
	size_t n;

	if (tag == WIRE_STRING) {
		if (codec_get_text(in, &s, &n))
			return MDB_E_PROTOCOL;
		v = json_stringn_nocheck(s, n);
	} else if (tag == WIRE_INT || tag == WIRE_FLOAT) {
		if (get_u64(in, &bits))
			return MDB_E_PROTOCOL;
		memcpy(&d, &bits, sizeof(d));
		if (tag == WIRE_FLOAT && !isfinite(d))
			return MDB_E_PROTOCOL;
		v = tag == WIRE_INT ? json_integer((json_int_t)bits)
				    : json_real(d);
	} else {
		v = tag == WIRE_NIL ? json_null()
				    : json_boolean(tag == WIRE_TRUE);
	}
	if (!v)
		return MDB_E_NOMEM;
	*ret = v;
	return 0;
}

static int
get_json(struct codec_in *in, int depth, json_t **ret)
{
	enum wire_tag tag;

	if (depth > WIRE_DEPTH || get_tag(in, &tag))
		return MDB_E_PROTOCOL;
	if (tag == WIRE_ARRAY)
		return get_json_array(in, depth, ret);
	if (tag == WIRE_MAP)
		return get_json_object(in, depth, ret);
	return get_json_scalar(in, tag, ret);
}

int
codec_get_json(struct codec_in *in, json_t **ret)
{
	return get_json(in, 0, ret);
}
