/* Takes the specification apart and hands on to the provider that it names. */
#include "memory-db/embed/embed.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "memory-db/embed/internal.h"

#define FORMS "none, hash, static:FOLDER, http:URL"

static const struct {
	const char *name;
	bool has_arg;
	int (*open)(const struct embed_options *o, const char *arg,
		struct embedder **ret, struct err *e);
} providers[] = {
	{"none", false, NULL},
	{"hash", false, embed_hash_open},
	{"static", true, embed_static_open},
	{"http", true, embed_http_open},
};

int
embed_open(const struct embed_options *o, struct embedder **ret, struct err *e)
{
	const char *spec = o->spec;
	size_t n = strcspn(spec, ":");

	/* An address by itself says as much. */
	if (strncmp(spec, "http://", 7) == 0 ||
		strncmp(spec, "https://", 8) == 0)
		return embed_http_open(o, spec, ret, e);
	for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
		const char *name = providers[i].name;

		if (strlen(name) != n || memcmp(spec, name, n) != 0)
			continue;
		if (providers[i].has_arg != (spec[n] == ':'))
			break;
		if (providers[i].open)
			return providers[i].open(o, spec[n] ? spec + n + 1 : "",
				ret, e);
		*ret = NULL;
		return 0;
	}
	return err_set(e, MDB_E_INVALID,
		"embeddings: '%s' is no provider; right would be one of " FORMS,
		spec);
}

void
embed_stop(struct embedder *x)
{
	if (x && x->ops->stop)
		x->ops->stop(x);
}

void
embed_close(struct embedder *x)
{
	if (!x)
		return;
	free(x->model);
	x->ops->close(x);
}

const char *
embed_provider(const struct embedder *x)
{
	return x->ops->provider;
}

const char *
embed_model(const struct embedder *x)
{
	return x->model;
}

size_t
embed_dims(const struct embedder *x)
{
	return x->ops->dims(x);
}

bool
embed_is_local(const struct embedder *x)
{
	return x->ops->is_local;
}

int
embed_texts(struct embedder *x, enum embed_use use,
	const struct embed_text *texts, size_t n, float **ret, size_t *ret_dims,
	struct err *e)
{
	AUTO_FREE float *all = NULL;
	size_t dims = embed_dims(x);

	assert(n > 0 && n <= EMBED_BATCH_MAX);
	if (!x->ops->is_local)
		return x->ops->remote(x, use, texts, n, ret, ret_dims, e);
	all = calloc(n * dims, sizeof(*all));
	if (!all)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		int rc = x->ops->local(x, &texts[i], all + i * dims, e);

		if (rc < 0)
			return rc;
	}
	*ret = take_ptr(all);
	*ret_dims = dims;
	return 0;
}

bool
embed_unit(float *v, size_t n)
{
	double sum = 0, scale;

	for (size_t i = 0; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	if (!isfinite(sum) || sum <= 0) {
		memset(v, 0, n * sizeof(*v));
		return false;
	}
	scale = 1 / sqrt(sum);
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(v[i] * scale);
	return true;
}
