/* A chat model behind an OpenAI-compatible endpoint; chat.h has the rules of
 * its budget. A call is counted in the file beside the database before it is
 * sent: a service that is killed in between has counted too much, never too
 * little. */
#include "memory-db/embed/chat.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/embed/http_address.h"
#include "memory-db/embed/http_client.h"
#include "memory-db/embed/http_reply.h"

#define DAY_MS 86400000LL
/* Bytes of an answer that are read, and tokens that are asked for. */
#define ANSWER_BYTES  (256 * 1024)
#define ANSWER_TOKENS 2000
/* More than any day has; the sum of two is far from an overflow. An endpoint may
 * say any number. */
#define TOKENS_MOST (INT64_C(1) << 40)
/* Bytes of a token, at least: what a text may cost. */
#define TOKEN_BYTES  3
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000

struct chat {
	struct http_client *client;
	char *url, *model, *key, *place, *budget_path; /* owned */
	int64_t calls_per_day, tokens_per_day;
	pthread_mutex_t lock; /* guards all below */
	int64_t day, calls, tokens;
	int64_t pause_ms, not_before_ns;
	char last_error[256];
};

/* --- the budget ------------------------------------------------------------- */
/* "20421 3 1200": day, calls, tokens. A file that says anything else counts as if
 * nothing had been spent. */
static void
budget_load(struct chat *x)
{
	char text[96] = "";
	int fd = x->budget_path ? open(x->budget_path,
					  O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
				: -1;
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0 ||
		sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &x->day,
			&x->calls, &x->tokens) != 3 ||
		x->calls < 0 || x->tokens < 0)
		x->day = x->calls = x->tokens = 0;
	x->tokens = x->tokens < TOKENS_MOST ? x->tokens : TOKENS_MOST;
}

/* By a new file that takes the place of the old one. What cannot be kept is
 * counted in memory alone. */
static void
budget_keep(const struct chat *x)
{
	AUTO_FREE char *fresh = NULL;
	char text[96];
	int fd, n;
	bool ok;

	if (!x->budget_path || asprintf(&fresh, "%s.new", x->budget_path) < 0)
		return;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		0600);
	if (fd < 0)
		return;
	n = snprintf(text, sizeof(text),
		"%" PRId64 " %" PRId64 " %" PRId64 "\n", x->day, x->calls,
		x->tokens);
	ok = write(fd, text, (size_t)n) == n;
	close(fd);
	if (ok)
		(void)rename(fresh, x->budget_path);
	else
		(void)unlink(fresh);
}

static void
budget_today(struct chat *x)
{
	int64_t day = clock_now_ms() / DAY_MS;

	if (day != x->day)
		x->calls = x->tokens = 0;
	x->day = day;
}

/* Is there something against one more call? */
static int
budget_check(const struct chat *x, int64_t tokens, struct err *e)
{
	if (clock_mono_ns() < x->not_before_ns)
		return err_set(e, MDB_E_UNREACHABLE,
			"chat model: %s failed a moment ago and is left alone "
			"for now: %.160s",
			x->place, x->last_error);
	if (x->calls >= x->calls_per_day ||
		x->tokens + tokens > x->tokens_per_day)
		return err_set(e, MDB_E_LIMIT,
			"chat model: the budget of the day is used up (%" PRId64
			" of %" PRId64 " calls, %" PRId64 " of %" PRId64
			" tokens, and this call may need %" PRId64
			"); tomorrow, by UTC, there is a new one",
			x->calls, x->calls_per_day, x->tokens,
			x->tokens_per_day, tokens);
	return 0;
}

/* With the lock held. */
static int
budget_take_today(struct chat *x, int64_t tokens, struct err *e)
{
	int rc;

	budget_today(x);
	rc = budget_check(x, tokens, e);
	if (rc != 0)
		return rc;
	x->calls++;
	x->tokens += tokens;
	budget_keep(x);
	return 0;
}

/* Before a call: takes it, and the tokens that it may cost. */
static int
budget_take(struct chat *x, int64_t tokens, struct err *e)
{
	int rc;

	pthread_mutex_lock(&x->lock);
	rc = budget_take_today(x, tokens, e);
	pthread_mutex_unlock(&x->lock);
	return rc;
}

/* After it: what it cost, or how it failed. */
static void
budget_settle(struct chat *x, int64_t taken, int64_t used, int rc,
	const struct err *e)
{
	size_t n;

	pthread_mutex_lock(&x->lock);
	if (used >= 0) {
		x->tokens += used - taken;
		x->tokens = x->tokens < 0 ? 0 : x->tokens;
		x->tokens = x->tokens < TOKENS_MOST ? x->tokens : TOKENS_MOST;
		budget_keep(x);
	}
	if (rc == 0) {
		x->pause_ms = 0;
		x->last_error[0] = '\0';
	} else if (rc != MDB_E_CANCELLED && rc != MDB_E_NOMEM) {
		x->pause_ms = x->pause_ms ? x->pause_ms * 2 : PAUSE_MIN_MS;
		x->pause_ms =
			x->pause_ms < PAUSE_MAX_MS ? x->pause_ms : PAUSE_MAX_MS;
		x->not_before_ns = clock_mono_ns() + x->pause_ms * 1000000;
		n = strlen(e->text);
		n = text_cut(e->text, n < sizeof(x->last_error)
					      ? n
					      : sizeof(x->last_error) - 1);
		memcpy(x->last_error, e->text, n);
		x->last_error[n] = '\0';
	}
	pthread_mutex_unlock(&x->lock);
}

/* --- one request ------------------------------------------------------------- */
static int
chat_make_body(const struct chat *x, const char *orders, const char *text,
	size_t n, struct buf *out)
{
	if (buf_adds(out, "{\"model\":") < 0 ||
		jx_quote(x->model, strlen(x->model), out) < 0 ||
		buf_addf(out,
			",\"temperature\":0,\"max_tokens\":%d,"
			"\"response_format\":{\"type\":\"json_object\"},"
			"\"messages\":[{\"role\":\"system\",\"content\":",
			ANSWER_TOKENS) < 0 ||
		jx_quote(orders, strlen(orders), out) < 0 ||
		buf_adds(out, "},{\"role\":\"user\",\"content\":") < 0 ||
		jx_quote(text, n, out) < 0)
		return MDB_E_NOMEM;
	return buf_adds(out, "}]}");
}

static int
chat_refused(const struct chat *x, const struct http_answer *a, struct err *e)
{
	AUTO_BUF struct buf says = {0};
	const char *s;

	if (http_reply_message(a->body.data ? a->body.data : "", a->body.len,
		    x->key, &says) < 0 ||
		!(s = buf_str(&says)))
		return err_nomem(e);
	return err_set(e, MDB_E_UNREACHABLE, "chat model: %s answered %ld%s%s",
		x->place, a->status, *s ? ": " : "", s);
}

/* choices[0].message.content, and what it cost. */
static int
chat_read_answer(const struct chat *x, const struct http_answer *a,
	struct buf *out, int64_t *ret_used, struct err *e)
{
	struct err why = {0};
	AUTO_JSON json_t *root = NULL;
	const json_t *choice, *content, *used;

	if (a->status != 200)
		return chat_refused(x, a, e);
	root = jx_parse(a->body.data ? a->body.data : "", a->body.len, &why);
	if (!root)
		return why.code == MDB_E_NOMEM
			       ? err_nomem(e)
			       : err_set(e, MDB_E_INVALID,
					 "chat model: %s answered no JSON",
					 x->place);
	used = json_object_get(json_object_get(root, "usage"), "total_tokens");
	if (json_is_integer(used) && json_integer_value(used) >= 0)
		*ret_used = json_integer_value(used) < TOKENS_MOST
				    ? json_integer_value(used)
				    : TOKENS_MOST;
	choice = json_array_get(json_object_get(root, "choices"), 0);
	content =
		json_object_get(json_object_get(choice, "message"), "content");
	if (!json_is_string(content))
		return err_set(e, MDB_E_INVALID,
			"chat model: %s answered without "
			"choices[0].message.content",
			x->place);
	return buf_add(out, json_string_value(content),
		       json_string_length(content)) != 0
		       ? err_nomem(e)
		       : 0;
}

static int
post(struct chat *x, const struct buf *body, struct buf *out, int64_t *ret_used,
	struct err *e)
{
	AUTO_ANSWER struct http_answer a = {.most = ANSWER_BYTES};
	int rc = http_client_post(x->client, EMBED_STORED, body, &a, e);

	if (rc != 0)
		return rc;
	return chat_read_answer(x, &a, out, ret_used, e);
}

int
chat_ask(struct chat *x, const char *orders, const char *text, size_t n,
	struct buf *out, struct err *e)
{
	int64_t tokens =
		(int64_t)(n + strlen(orders)) / TOKEN_BYTES + ANSWER_TOKENS;
	AUTO_BUF struct buf body = {0};
	int64_t used = -1;
	int rc = budget_take(x, tokens, e);

	if (rc != 0)
		return rc;
	if (chat_make_body(x, orders, text, n, &body) != 0)
		return err_nomem(e);
	rc = post(x, &body, out, &used, e);
	budget_settle(x, tokens, used, rc, e);
	return rc;
}

/* --- the provider ------------------------------------------------------------- */
static int
chat_fill_in(struct chat *x, const struct chat_options *o, struct err *e)
{
	struct http_asked asked = {.what = "chat model",
		.path = "/v1/chat/completions",
		.model = o->model,
		.key = o->key,
		.model_by = "--chat-model, MEMORY_CHAT_MODEL",
		.key_by = "--chat-key-file"};
	struct embed_options client = {.key = o->key,
		.timeout_ms = o->timeout_ms,
		.query_timeout_ms = o->timeout_ms};
	struct http_address address = {0};
	struct http_place place = {.what = "chat model"};
	int rc = http_address_read(&asked, o->url, &address, e);

	if (rc < 0)
		return rc;
	x->url = address.url;
	x->model = strdup(o->model);
	x->key = o->key ? strdup(o->key) : NULL;
	x->budget_path = o->budget_path ? strdup(o->budget_path) : NULL;
	/* What stands behind ? may be secret. */
	x->place = strndup(x->url + address.host_at,
		strcspn(x->url + address.host_at, "?#"));
	if (!x->model || (o->key && !x->key) || !x->place ||
		(o->budget_path && !x->budget_path))
		return err_nomem(e);
	place.url = x->url;
	place.place = x->place;
	place.is_loopback = address.is_loopback;
	x->calls_per_day = o->calls_per_day;
	x->tokens_per_day = o->tokens_per_day;
	return http_client_new(&place, &client, &x->client, e);
}

int
chat_open(const struct chat_options *o, struct chat **ret, struct err *e)
{
	struct chat *x;
	int rc;

	*ret = NULL;
	if (!o->url || !*o->url || strcmp(o->url, "none") == 0)
		return 0;
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_nomem(e);
	pthread_mutex_init(&x->lock, NULL);
	rc = chat_fill_in(x, o, e);
	if (rc < 0) {
		chat_close(x);
		return rc;
	}
	budget_load(x);
	*ret = x;
	return 0;
}

void
chat_stop(struct chat *x)
{
	if (x)
		http_client_stop(x->client);
}

void
chat_close(struct chat *x)
{
	if (!x)
		return;
	http_client_free(x->client);
	if (x->key)
		sodium_memzero(x->key, strlen(x->key));
	free(x->url);
	free(x->model);
	free(x->key);
	free(x->place);
	free(x->budget_path);
	pthread_mutex_destroy(&x->lock);
	free(x);
}

const char *
chat_model(const struct chat *x)
{
	return x->model;
}

void
chat_status(struct chat *x, struct chat_status *ret)
{
	pthread_mutex_lock(&x->lock);
	budget_today(x);
	*ret = (struct chat_status){.calls = x->calls,
		.tokens = x->tokens,
		.calls_per_day = x->calls_per_day,
		.tokens_per_day = x->tokens_per_day};
	snprintf(ret->last_error, sizeof(ret->last_error), "%s", x->last_error);
	pthread_mutex_unlock(&x->lock);
}
