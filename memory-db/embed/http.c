/* An OpenAI-compatible endpoint: POST {"model", "input": [...],
 * "encoding_format": "float"}. Nothing is tried again here: the caller knows when.
 * Redirects are not followed: they would carry texts to where nobody sent
 * them. */
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/embed/http_address.h"
#include "memory-db/embed/http_client.h"
#include "memory-db/embed/http_reply.h"
#include "memory-db/embed/internal.h"

/* Bytes of a text that are sent: a token has at least one, and endpoints that
 * refuse long texts refuse those above 8,191 tokens. */
#define TEXT_MAX 8000

struct http {
	struct embedder head;
	struct http_client *client;
	char *url, *model, *key; /* key NULL: none */
	const char *place;	 /* part of head.model: what errors name */
	atomic_size_t dims;
};

/* --- texts ---------------------------------------------------------------- */

static bool
http_is_blank(const struct embed_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strchr(" \t\r\n", t->s[i]))
			return false;
	return true;
}

/* Endpoints refuse empty texts; such a one is sent as a dot, and its vector
 * made zero. */
static int
http_make_body(const struct http *x, const struct embed_text *texts, size_t n,
	struct buf *out)
{
	if (buf_adds(out, "{\"model\":") < 0 ||
		jx_quote(x->model, strlen(x->model), out) < 0 ||
		buf_adds(out, ",\"encoding_format\":\"float\",\"input\":[") < 0)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct embed_text *t = &texts[i];
		bool blank = http_is_blank(t);
		size_t cut = t->n > TEXT_MAX ? text_cut(t->s, TEXT_MAX) : t->n;

		if ((i > 0 && buf_addc(out, ',') < 0) ||
			jx_quote(blank ? "." : t->s, blank ? 1 : cut, out) < 0)
			return MDB_E_NOMEM;
	}
	return buf_adds(out, "]}");
}

/* Any status but 200. Those that speak of the texts are another matter than
 * those that speak of the endpoint: asking again does not help. */
static const char *
hint_of(long status)
{
	if (status >= 300 && status < 400)
		return " (redirects are not followed: give the address that it "
		       "names)";
	if (status == 401 || status == 403)
		return " (is the key right?)";
	return status == 404 ? " (are path and model right?)" : "";
}

static int
http_refused(const struct http *x, const struct http_answer *a, struct err *e)
{
	AUTO_BUF struct buf says = {0};
	const char *s;
	bool of_texts =
		a->status == 400 || a->status == 413 || a->status == 422;

	if (http_reply_message(a->body.data, a->body.len, x->key, &says) < 0 ||
		!(s = buf_str(&says)))
		return err_nomem(e);
	return err_set(e, of_texts ? MDB_E_INVALID : MDB_E_UNREACHABLE,
		"embeddings: %s answered %ld%s%s%s", x->place, a->status,
		hint_of(a->status), *s ? ": " : "", s);
}

/* The first answer says how many dimensions all have. */
static int
http_check_dims(struct http *x, size_t dims, struct err *e)
{
	size_t before = 0;

	if (atomic_compare_exchange_strong(&x->dims, &before, dims) ||
		before == dims)
		return 0;
	return err_set(e, MDB_E_INVALID,
		"embeddings: %s gave vectors of %zu dimensions before and now "
		"of %zu: the model behind it was changed; start again with "
		"another name of the model",
		x->place, before, dims);
}

static int
http_read_answer(struct http *x, const struct http_answer *a, size_t n,
	float **ret, size_t *ret_dims, struct err *e)
{
	AUTO_FREE float *v = NULL;
	size_t dims = 0;
	int rc;

	if (a->status != 200)
		return http_refused(x, a, e);
	rc = http_reply_vectors(a->body.data ? a->body.data : "", a->body.len,
		n, &v, &dims, e);
	if (rc < 0) {
		if (rc != MDB_E_NOMEM)
			err_prefix(e, "embeddings: %s", x->place);
		return rc;
	}
	rc = http_check_dims(x, dims, e);
	if (rc < 0)
		return rc;
	*ret = take_ptr(v);
	*ret_dims = dims;
	return 0;
}

static int
http_texts(struct embedder *embedder, enum embed_use use,
	const struct embed_text *texts, size_t n, float **ret, size_t *ret_dims,
	struct err *e)
{
	struct http *x = (struct http *)embedder;
	AUTO_BUF struct buf body = {0};
	AUTO_ANSWER struct http_answer a = {
		.most = n * EMBED_DIMS_MAX * HTTP_NUMBER_BYTES +
			HTTP_REST_BYTES};
	int rc = http_make_body(x, texts, n, &body);

	if (rc < 0)
		return err_nomem(e);
	rc = http_client_post(x->client, use, &body, &a, e);
	if (rc != 0)
		return rc;
	rc = http_read_answer(x, &a, n, ret, ret_dims, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (http_is_blank(&texts[i]))
			memset(*ret + i * *ret_dims, 0,
				*ret_dims * sizeof(**ret));
	return 0;
}

/* --- the provider --------------------------------------------------------- */

static size_t
http_dims(const struct embedder *x)
{
	return atomic_load(&((const struct http *)x)->dims);
}

static void
http_stop(struct embedder *x)
{
	http_client_stop(((struct http *)x)->client);
}

static void
http_close(struct embedder *embedder)
{
	struct http *x = (struct http *)embedder;

	http_client_free(x->client);
	if (x->key)
		sodium_memzero(x->key, strlen(x->key));
	free(x->url);
	free(x->model);
	free(x->key);
	free(x);
}

static const struct embed_ops http_ops = {.provider = "http",
	.close = http_close,
	.dims = http_dims,
	.stop = http_stop,
	.remote = http_texts};

/* The name of the space: what stands behind ? may be secret. */
static int
name_space(struct http *x, size_t host_at)
{
	const char *place = x->url + host_at;

	if (asprintf(&x->head.model, "http:%s@%.*s", x->model,
		    (int)strcspn(place, "?#"), place) < 0) {
		x->head.model = NULL;
		return MDB_E_NOMEM;
	}
	x->place = x->head.model + strlen("http:") + strlen(x->model) + 1;
	return 0;
}

static int
http_fill_in(struct http *x, const struct embed_options *o, const char *url,
	struct err *e)
{
	struct http_asked asked = {.what = "embeddings",
		.path = "/v1/embeddings",
		.model = o->model,
		.key = o->key,
		.model_by = "--embed-model, MEMORY_EMBED_MODEL",
		.key_by = "--embed-key-file (memoryctl embed --key-file)"};
	struct http_address address = {0};
	struct http_place place = {.what = "embeddings"};
	int rc = http_address_read(&asked, url, &address, e);

	if (rc < 0)
		return rc;
	x->url = address.url;
	x->model = strdup(o->model);
	x->key = o->key ? strdup(o->key) : NULL;
	if (!x->model || (o->key && !x->key) ||
		name_space(x, address.host_at) < 0)
		return err_nomem(e);
	place.url = x->url;
	place.place = x->place;
	place.is_loopback = address.is_loopback;
	return http_client_new(&place, o, &x->client, e);
}

int
embed_http_open(const struct embed_options *o, const char *url,
	struct embedder **ret, struct err *e)
{
	struct http *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_nomem(e);
	x->head.ops = &http_ops;
	rc = http_fill_in(x, o, url, e);
	if (rc < 0) {
		embed_close(&x->head);
		return rc;
	}
	*ret = &x->head;
	return 0;
}
