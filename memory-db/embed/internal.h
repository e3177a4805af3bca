/* What a provider is to embed.c: a row of functions, and the head of its
 * struct. */
#ifndef EMBED_INTERNAL_H
#define EMBED_INTERNAL_H

#include "memory-db/embed/embed.h"

struct embed_ops {
	const char *provider; /* its name: "hash" */
	bool is_local;
	void (*close)(struct embedder *x);
	size_t (*dims)(const struct embedder *x);
	void (*stop)(struct embedder *x); /* may be NULL */
	/* n vectors into out, which is zeroed, of the dims above. Local
	 * providers only. 0, MDB_E_NOMEM. */
	int (*local)(struct embedder *x, const struct embed_text *t, float *out,
		struct err *e);
	/* As embed_texts. The others. */
	int (*remote)(struct embedder *x, enum embed_use use,
		const struct embed_text *texts, size_t n, float **ret,
		size_t *ret_dims, struct err *e);
};

/* First member of each provider's struct. */
struct embedder {
	const struct embed_ops *ops;
	char *model; /* owned */
};

/* Constructors. arg: what stands behind the provider's name and colon. */
int embed_hash_open(const struct embed_options *o, const char *arg,
	struct embedder **ret, struct err *e) MUST_CHECK;

int embed_static_open(const struct embed_options *o, const char *arg,
	struct embedder **ret, struct err *e) MUST_CHECK;

int embed_http_open(const struct embed_options *o, const char *arg,
	struct embedder **ret, struct err *e) MUST_CHECK;

/* Scales v to length 1. A vector of zeros, or one that is not finite, becomes
 * zeros; false then. */
bool embed_unit(float *v, size_t n);

#endif
