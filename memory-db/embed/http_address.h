/* Addresses of endpoints that are asked over HTTP: what may stand in one, and what
 * a key may be sent to. Pure. */
#ifndef EMBED_HTTP_ADDRESS_H
#define EMBED_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"

struct http_asked {
	const char *what;     /* "embeddings", as errors begin */
	const char *path;     /* "/v1/embeddings", where the address has none */
	const char *model;    /* to be asked for */
	const char *key;      /* NULL: none */
	const char *model_by; /* options, as errors name them */
	const char *key_by;
};

struct http_address {
	char *url;	  /* owned, complete */
	size_t host_at;	  /* in it */
	bool is_loopback; /* no proxy between */
};

/* MDB_E_INVALID: no address, a password or a key in it, a key that would go over
 * plain http to another machine, a model without a name. *ret->url is new. */
int http_address_read(const struct http_asked *asked, const char *url,
	struct http_address *ret, struct err *e) MUST_CHECK;

#endif
