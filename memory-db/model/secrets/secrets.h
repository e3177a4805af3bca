/* Does a text hold a secret: a private key, a token, a password in a
 * connection string or an assignment? By its shape alone, pure and without a
 * memory of its own.
 *
 *   "deploys with ghp_<36 letters>"  github-token, those 40 bytes
 *   "DB_PASSWORD=<value>"            password-assignment, the value alone
 *
 * A memory is harmed by a fact that is refused for nothing as well as by a
 * secret that is kept. So a placeholder (`sk-...`, `<your token>`, `****`), a
 * reference to a variable and a hash are none, and a pass phrase in plain
 * words is not found. */
#ifndef MODEL_SECRETS_SECRETS_H
#define MODEL_SECRETS_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* What a service does with a text that holds one. */
enum secret_policy {
	SECRETS_REFUSE, /* an error that says which rule */
	SECRETS_MARK,	/* the marker is stored in its place */
	SECRETS_ALLOW
};

struct secret {
	const char *rule; /* "github-token"; static */
	size_t at, n;	  /* the bytes of the secret */
};

/* The first secret of text[0..n) that begins at `from` or behind. Time is
 * linear in n. To find the next one, go on at ret->at + ret->n. */
bool secret_find(const char *text, size_t n, size_t from, struct secret *ret);

/* Is value[0..n) a secret by the name it is kept under: {"password": ..}? */
bool secret_named(const char *name, const char *value, size_t n,
	struct secret *ret);

/* Appends the text with each secret replaced by its marker,
 * "[secret:github-token]". *ret_marked: how many there were; may be NULL.
 * 0 or MDB_E_NOMEM. */
int secret_mark(const char *text, size_t n, struct buf *out, size_t *ret_marked)
	MUST_CHECK;

#endif
