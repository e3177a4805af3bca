/* Requests to an endpoint. Each has a handle of its own, and handles keep their
 * connection; so there is a short list of idle ones for stored texts and
 * another for questions, which must not wait behind a batch. */
#include "memory-db/embed/http_client.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "memory-db/embed/curl_api.h"

#define IDLE_MAX       4 /* handles kept for each use */
#define CONNECT_MAX_MS 10000

struct http_client_pool {
	void *idle[IDLE_MAX];
	size_t n;
};

struct http_client {
	const struct curl_api *api;
	const char *url, *place, *what;
	struct curl_slist *headers;
	int64_t timeout_ms[2]; /* by enum embed_use */
	bool is_loopback;
	atomic_bool is_stopped;
	pthread_mutex_t lock;
	struct http_client_pool pools[2]; /* by enum embed_use; locked */
};

/* --- handles -------------------------------------------------------------- */

static CURL *
take_handle(struct http_client *x, enum embed_use use)
{
	CURL *h = NULL;

	pthread_mutex_lock(&x->lock);
	if (x->pools[use].n > 0)
		h = x->pools[use].idle[--x->pools[use].n];
	pthread_mutex_unlock(&x->lock);
	return h ? h : x->api->easy_init();
}

static void
give_handle(struct http_client *x, enum embed_use use, CURL *h)
{
	struct http_client_pool *p = &x->pools[use];

	pthread_mutex_lock(&x->lock);
	if (p->n < IDLE_MAX) {
		p->idle[p->n++] = h;
		h = NULL;
	}
	pthread_mutex_unlock(&x->lock);
	if (h)
		x->api->easy_cleanup(h);
}

/* --- one request ---------------------------------------------------------- */

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_answer *a = ctx;

	n *= size;
	if (n > a->most - a->body.len) {
		a->is_too_long = true;
		return 0;
	}
	if (buf_add(&a->body, data, n) < 0) {
		a->is_nomem = true;
		return 0;
	}
	return n;
}

/* Asked about once a second while a request waits. */
static int
http_client_on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c,
	curl_off_t d)
{
	const struct http_client *x = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&x->is_stopped);
}

/* Every option each time: a kept handle has those of its last request. */
static CURLcode
http_client_set_up(struct http_client *x, CURL *h, enum embed_use use,
	const struct buf *body, struct http_answer *a)
{
	int64_t ms = x->timeout_ms[use];
	CURLcode rc = CURLE_OK;

#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = x->api->easy_setopt(h, (option), (value));        \
	} while (0)
	SET(CURLOPT_URL, x->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTPHEADER, x->headers);
	SET(CURLOPT_TIMEOUT_MS, (long)ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
		(long)(ms < CONNECT_MAX_MS ? ms : CONNECT_MAX_MS));
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	SET(CURLOPT_POSTFIELDS, body->data);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, (void *)a);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, http_client_on_progress);
	SET(CURLOPT_XFERINFODATA, (void *)x);
	/* A proxy of the environment cannot reach this machine. */
	if (x->is_loopback)
		SET(CURLOPT_PROXY, "");
#undef SET
	return rc;
}

static int
no_answer(const struct http_client *x, enum embed_use use, CURLcode code,
	const struct http_answer *a, struct err *e)
{
	if (a->is_nomem || code == CURLE_OUT_OF_MEMORY)
		return err_nomem(e);
	if (a->is_too_long)
		return err_set(e, MDB_E_INVALID,
			"%s: the answer of %s has more than %zu bytes", x->what,
			x->place, a->most);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return err_set(e, MDB_E_CANCELLED, "%s: the service stops",
			x->what);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, MDB_E_TIMEOUT,
			"%s: %s did not answer within %lld ms", x->what,
			x->place, (long long)x->timeout_ms[use]);
	return err_set(e, MDB_E_UNREACHABLE, "%s: %s cannot be asked: %s",
		x->what, x->place, x->api->easy_strerror(code));
}

int
http_client_post(struct http_client *x, enum embed_use use,
	const struct buf *body, struct http_answer *a, struct err *e)
{
	CURL *h = take_handle(x, use);
	CURLcode code;

	if (!h)
		return err_nomem(e);
	code = http_client_set_up(x, h, use, body, a);
	if (code == CURLE_OK)
		code = x->api->easy_perform(h);
	if (code == CURLE_OK)
		code = x->api->easy_getinfo(h, CURLINFO_RESPONSE_CODE,
			&a->status);
	give_handle(x, use, h);
	return code == CURLE_OK ? 0 : no_answer(x, use, code, a, e);
}

/* --- the client ----------------------------------------------------------- */

static int
add_header(struct http_client *x, const char *line)
{
	struct curl_slist *l = x->api->slist_append(x->headers, line);

	if (!l)
		return MDB_E_NOMEM;
	x->headers = l;
	return 0;
}

static int
make_headers(struct http_client *x, const char *key)
{
	AUTO_FREE char *bearer = NULL;
	int rc = 0;

	/* Without Expect: no wait for "100 Continue" before long bodies. */
	if (add_header(x, "Content-Type: application/json") < 0 ||
		add_header(x, "Accept: application/json") < 0 ||
		add_header(x, "Expect:") < 0)
		return MDB_E_NOMEM;
	if (!key)
		return 0;
	if (asprintf(&bearer, "Authorization: Bearer %s", key) < 0) {
		bearer = NULL;
		return MDB_E_NOMEM;
	}
	rc = add_header(x, bearer);
	sodium_memzero(bearer, strlen(bearer));
	return rc;
}

int
http_client_new(const struct http_place *p, const struct embed_options *o,
	struct http_client **ret, struct err *e)
{
	const struct curl_api *api = NULL;
	struct http_client *x;
	int rc = curl_api_get(&api, e);

	if (rc < 0)
		return rc;
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_nomem(e);
	x->api = api;
	x->url = p->url;
	x->place = p->place;
	x->what = p->what;
	x->is_loopback = p->is_loopback;
	x->timeout_ms[EMBED_STORED] = o->timeout_ms;
	x->timeout_ms[EMBED_QUESTION] = o->query_timeout_ms;
	pthread_mutex_init(&x->lock, NULL);
	if (make_headers(x, o->key) < 0) {
		http_client_free(x);
		return err_nomem(e);
	}
	*ret = x;
	return 0;
}

void
http_client_stop(struct http_client *x)
{
	atomic_store(&x->is_stopped, true);
}

void
http_client_free(struct http_client *x)
{
	if (!x)
		return;
	for (size_t use = 0; use < ARRAY_LEN(x->pools); use++)
		while (x->pools[use].n > 0)
			x->api->easy_cleanup(
				x->pools[use].idle[--x->pools[use].n]);
	/* The key stands in one of them. */
	for (struct curl_slist *l = x->headers; l; l = l->next)
		sodium_memzero(l->data, strlen(l->data));
	if (x->headers)
		x->api->slist_free_all(x->headers);
	pthread_mutex_destroy(&x->lock);
	free(x);
}
