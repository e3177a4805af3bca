/* Providers of embeddings: texts in, vectors of unit length out. A leaf: knows
 * neither SQLite nor requests nor the model of the memory.
 *
 *   none             the default: there is no embedder
 *   hash             built in: hashed words and character n-grams, 512
 *                    dimensions (feature hashing, Weinberger et al. 2009)
 *   static:FOLDER    a Model2Vec model (github.com/MinishLab/model2vec):
 *                    model.safetensors, tokenizer.json (WordPiece); mapped,
 *                    not read: replace it by renaming, never in place
 *   http:URL         an OpenAI-compatible POST /v1/embeddings; the path may
 *                    be left out, and "http:" before an address, too
 *
 * hash and static are *local*: some microseconds a text on the thread that
 * calls, never fail but for memory. http blocks its caller up to its time
 * limit; only threads that may wait call it. */
#ifndef EMBED_EMBED_H
#define EMBED_EMBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

#define EMBED_DIMS_MAX	4096
#define EMBED_BATCH_MAX 64 /* texts of one call */

struct embedder;

struct embed_options {
	const char *spec;	  /* "none", "hash", "static:...", "http:..." */
	const char *model;	  /* http: the name sent; NULL otherwise */
	const char *key;	  /* http: bearer token; NULL: none */
	int64_t timeout_ms;	  /* http: of a request for stored texts */
	int64_t query_timeout_ms; /* http: of a request for a question */
};

/* new; *ret is NULL for "none". MDB_E_INVALID: a spec or a model that cannot
 * be used, and why; MDB_E_NOMEM. Asks nothing of the network. */
int embed_open(const struct embed_options *o, struct embedder **ret,
	struct err *e) MUST_CHECK;
/* No request is under way. NULL: nothing. */
void embed_close(struct embedder *x);
/* Requests under way end within about a second with MDB_E_CANCELLED, later
 * ones at once. Any thread; NULL: nothing. */
void embed_stop(struct embedder *x);

/* "hash", "static" or "http". */
const char *embed_provider(const struct embedder *x);
/* Names the space of the vectors: two embedders with the same name give
 * vectors that may be compared. Borrowed. For static a digest of the files. */
const char *embed_model(const struct embedder *x);
/* 0: not known before the first answer (http). */
size_t embed_dims(const struct embedder *x);
bool embed_is_local(const struct embedder *x);

struct embed_text {
	const char *s; /* borrowed, UTF-8 */
	size_t n;
};
enum embed_use { EMBED_STORED, EMBED_QUESTION };

/* n <= EMBED_BATCH_MAX vectors, one after the other, new (free). A vector of
 * zeros: the text has nothing to embed. Any thread, several at a time.
 * MDB_E_TIMEOUT; MDB_E_UNREACHABLE (also: refused, busy, a wrong key);
 * MDB_E_INVALID (an answer that is none, or of other dimensions than before; or
 * the endpoint refuses these texts: 400, 413, 422); MDB_E_CANCELLED;
 * MDB_E_NOMEM. */
int embed_texts(struct embedder *x, enum embed_use use,
	const struct embed_text *texts, size_t n, float **ret, size_t *ret_dims,
	struct err *e) MUST_CHECK;

#endif
