#include "memory-db/method/guard.h"

#include "common/jx.h"
#include "memory-db/model/secrets/secret_json.h"

static int
refuse(const struct secret_place *at, struct err *e)
{
	return err_param(e, MDB_E_DENIED, at->path,
		"%s holds a secret (rule %s) and was not stored: whoever reads "
		"this memory would read it. Store where the secret is kept "
		"('the token is in the vault, item deploy'), not the secret. "
		"If it is none, pass allow_secret: true",
		at->path, at->rule);
}

/* Marks what the first look found and whatever else there is. */
static int
mark_params(struct guard *g, const char *const *keys, struct err *e)
{
	int64_t marked = 0;

	g->own = jx_copy(g->given);
	g->marked = json_array();
	if (!g->own || !g->marked)
		return err_nomem(e);
	g->c->params = g->own;
	for (; *keys != NULL; keys++) {
		int rc = secret_mark_member(g->own, *keys, "", g->marked,
			&marked, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
guard_params(struct guard *g, struct call *c, const char *const *keys,
	struct err *e)
{
	struct secret_place at;

	*g = (struct guard){.c = c, .given = c->params};
	if (c->ctx->secrets == SECRETS_ALLOW)
		return 0;
	for (size_t i = 0; keys[i] != NULL; i++)
		if (secret_in_member(c->params, keys[i], "", &at))
			return c->ctx->secrets == SECRETS_REFUSE
				       ? refuse(&at, e)
				       : mark_params(g, keys, e);
	return 0;
}

void
guard_done(struct guard *g)
{
	if (g->own)
		g->c->params = g->given;
	json_decref(g->own);
	json_decref(g->marked);
	g->own = g->marked = NULL;
}

int
guard_entry(const struct context *ctx, const json_t *list, size_t i,
	const char *path, struct err *e)
{
	struct secret_place at;

	return ctx->secrets == SECRETS_REFUSE &&
			       secret_in_value(json_array_get(list, i), path,
				       &at)
		       ? refuse(&at, e)
		       : 0;
}

int
guard_reply(int rc, const struct guard *g, json_t **result, struct err *e)
{
	if (rc != 0 || !g->marked ||
		json_object_set(*result, "marked", g->marked) == 0)
		return rc;
	json_decref(*result);
	*result = NULL;
	return err_nomem(e);
}
