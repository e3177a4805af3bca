/* Reads {"data": [{"index": 0, "embedding": [0.1, ...]}, ...]}; everything else
 * in an answer is passed over. */
#include "memory-db/embed/http_reply.h"

#include <math.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "common/utf8.h"
#include "memory-db/embed/internal.h"

/* --- vectors -------------------------------------------------------------- */

/* A JSON value takes up to 250 bytes of memory: no more of them than an answer
 * of n vectors may have. */
static bool
has_too_many(const char *body, size_t size, size_t n)
{
	size_t most = n * (EMBED_DIMS_MAX + 64) + 1024, seen = 0;

	for (size_t i = 0; i < size; i++)
		seen += body[i] == ',' || body[i] == '[' || body[i] == '{';
	return seen > most;
}

static int
read_vector(const json_t *a, size_t dims, float *to, struct err *e)
{
	for (size_t i = 0; i < dims; i++) {
		const json_t *v = json_array_get(a, i);

		if (!json_is_number(v))
			return err_set(e, MDB_E_INVALID,
				"its embedding has %s among the numbers",
				jx_type_name(v));
		to[i] = (float)json_number_value(v);
		if (!isfinite(to[i]))
			return err_set(e, MDB_E_INVALID,
				"its embedding has %g, which is too large",
				json_number_value(v));
	}
	embed_unit(to, dims);
	return 0;
}

struct vectors {
	float *all; /* n * dims */
	bool has[EMBED_BATCH_MAX];
	size_t n, dims; /* dims 0: not known yet */
};

static int
http_reply_check_dims(struct vectors *v, size_t dims, struct err *e)
{
	if (dims == 0 || dims > EMBED_DIMS_MAX)
		return err_set(e, MDB_E_INVALID,
			"its embedding has %zu dimensions; 1 to %d can be used",
			dims, EMBED_DIMS_MAX);
	if (v->dims != 0)
		return v->dims == dims
			       ? 0
			       : err_set(e, MDB_E_INVALID,
					 "its embeddings have %zu and %zu "
					 "dimensions",
					 v->dims, dims);
	v->dims = dims;
	v->all = calloc(v->n * dims, sizeof(*v->all));
	return v->all ? 0 : err_nomem(e);
}

/* at: its place, which counts when it has no index. */
static int
read_entry(struct vectors *v, const json_t *entry, size_t at, struct err *e)
{
	const json_t *a = json_object_get(entry, "embedding");
	int64_t index = (int64_t)at;
	int rc = jx_int(entry, "index", JX_OPTIONAL, 0, (int64_t)v->n - 1,
		&index, e);

	if (rc < 0)
		return rc;
	if (!json_is_array(a))
		return err_set(e, MDB_E_INVALID,
			"entry %zu of its data has %s as embedding, not an "
			"array of numbers",
			at, a ? jx_type_name(a) : "nothing");
	if (v->has[index])
		return err_set(e, MDB_E_INVALID,
			"its data has index %lld twice", (long long)index);
	rc = http_reply_check_dims(v, json_array_size(a), e);
	if (rc < 0)
		return rc;
	v->has[index] = true;
	return read_vector(a, v->dims, v->all + (size_t)index * v->dims, e);
}

static int
read_entries(struct vectors *v, const json_t *reply, struct err *e)
{
	const json_t *data = json_object_get(reply, "data");

	if (!json_is_array(data))
		return err_set(e, MDB_E_INVALID,
			"its answer has no array 'data': is this the path of "
			"OpenAI-compatible embeddings?");
	if (json_array_size(data) != v->n)
		return err_set(e, MDB_E_INVALID,
			"it was asked for %zu embeddings and answered %zu",
			v->n, json_array_size(data));
	for (size_t i = 0; i < v->n; i++) {
		int rc = read_entry(v, json_array_get(data, i), i, e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int
http_reply_vectors(const char *body, size_t size, size_t n, float **ret,
	size_t *ret_dims, struct err *e)
{
	struct vectors v = {.n = n};
	struct err why = {0};
	AUTO_JSON json_t *reply = NULL;
	int rc;

	if (has_too_many(body, size, n))
		return err_set(e, MDB_E_INVALID,
			"its answer has more values than %zu embeddings", n);
	reply = jx_parse(body, size, &why);
	if (!reply)
		return why.code == MDB_E_NOMEM
			       ? err_nomem(e)
			       : err_set(e, MDB_E_INVALID, "its answer is %s",
					 why.text);
	rc = read_entries(&v, reply, e);
	if (rc < 0) {
		free(v.all);
		return rc;
	}
	*ret = v.all;
	*ret_dims = v.dims;
	return 0;
}

/* --- messages ------------------------------------------------------------- */

/* {"error": {"message": ...}}, {"error": ...}, {"message": ...},
 * {"detail": ...}; or NULL. */
static const char *
message_of(const json_t *o)
{
	static const char *const names[] = {"error", "message", "detail"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const json_t *v = json_object_get(o, names[i]);

		if (json_is_object(v))
			v = json_object_get(v, "message");
		if (json_is_string(v))
			return json_string_value(v);
	}
	return NULL;
}

/* One line of valid UTF-8 that the key does not stand in. */
static int
add_clean(const char *s, size_t n, const char *key, struct buf *out)
{
	size_t key_n = key ? strlen(key) : 0, from = out->len;
	uint32_t cp;
	int rc;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_decode(s + i, n - i, &cp);

		/* Room for one more character and the dots. */
		if (out->len - from > HTTP_MESSAGE_BYTES - 7)
			return buf_adds(out, "...");
		if (key_n > 0 && n - i >= key_n &&
			memcmp(s + i, key, key_n) == 0) {
			if (buf_adds(out, "***") != 0)
				return MDB_E_NOMEM;
			i += key_n;
			continue;
		}
		if (len == 0 || text_is_dangerous(cp))
			rc = buf_addc(out, len == 0 ? '?' : ' ');
		else
			rc = buf_add(out, s + i, len);
		if (rc != 0)
			return rc;
		i += len > 0 ? len : 1;
	}
	return 0;
}

int
http_reply_message(const char *body, size_t size, const char *key,
	struct buf *out)
{
	struct err why = {0};
	AUTO_JSON json_t *o = NULL;
	const char *s = NULL;

	if (size <= HTTP_REST_BYTES && size > 0 && *body == '{')
		o = jx_parse(body, size, &why);
	if (why.code == MDB_E_NOMEM)
		return MDB_E_NOMEM;
	if (o)
		s = message_of(o);
	return s ? add_clean(s, strlen(s), key, out)
		 : add_clean(body, size, key, out);
}
