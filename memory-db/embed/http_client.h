/* Requests to an endpoint of a provider, by libcurl. */
#ifndef EMBED_HTTP_CLIENT_H
#define EMBED_HTTP_CLIENT_H

#include <stdbool.h>

#include "common/buf.h"
#include "memory-db/embed/embed.h"

struct http_client;

struct http_place {
	const char *what; /* "embeddings", as errors begin */
	const char *url;
	const char *place; /* as errors name it */
	bool is_loopback;  /* no proxy between */
};

/* new; borrows what p points to until it is freed. Key and times of o.
 * MDB_E_INVALID: no libcurl; MDB_E_NOMEM. */
int http_client_new(const struct http_place *p, const struct embed_options *o,
	struct http_client **ret, struct err *e) MUST_CHECK;
/* No request is under way. */
void http_client_free(struct http_client *x);
/* Ends requests under way and those to come. Any thread. */
void http_client_stop(struct http_client *x);

struct http_answer {
	struct buf body; /* the caller's to free, also after an error */
	size_t most;	 /* set before: bytes that are read of it */
	bool is_too_long, is_nomem;
	long status;
};

static inline void
http_answer_done(struct http_answer *a)
{
	buf_done(&a->body);
}
#define AUTO_ANSWER __attribute__((cleanup(http_answer_done)))
/* Any thread. Any status is an answer. MDB_E_TIMEOUT, MDB_E_UNREACHABLE,
 * MDB_E_CANCELLED, MDB_E_INVALID (more than most), MDB_E_NOMEM. */
int http_client_post(struct http_client *x, enum embed_use use,
	const struct buf *body, struct http_answer *a, struct err *e)
	MUST_CHECK;

#endif
