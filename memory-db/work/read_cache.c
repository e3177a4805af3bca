/* Replies by their requests; read_cache.h has the idea. There are few, so they
 * are looked through one by one.
 *
 * A reply may be kept only if the same request of the same state gives the
 * same reply. A point in time said in words ("an hour ago"), validity and
 * counters of use depend on more than the state: those requests are never
 * kept. */
#include "memory-db/work/read_cache.h"

#include <string.h>

#include "common/jx.h"

void
read_cache_clear(struct read_cache *c)
{
	for (size_t i = 0; i < c->n; i++) {
		buf_done(&c->v[i].key);
		buf_done(&c->v[i].members);
	}
	*c = (struct read_cache){0};
}

/* A text with its end; absent and empty ones differ. */
static int
read_cache_put(struct buf *key, const char *text)
{
	return text ? buf_addc(key, '=') || buf_add(key, text, strlen(text) + 1)
		    : buf_addc(key, '-');
}

/* Points in time that are said in words, validity and counters depend on more
 * than the state of the file. */
static bool
read_cache_is_pure(const struct job *j)
{
	const json_t *as_of = j->ctx.as_of;

	return j->tool->shape == SHAPE_GRAPH && !(j->tool->flags & TF_SEARCH) &&
	       (!as_of || json_is_null(as_of) || json_is_integer(as_of)) &&
	       (!j->ctx.valid_at || json_is_null(j->ctx.valid_at)) &&
	       !json_object_get(j->params, "fields");
}

/* All parameters but the key of the request, which is another one each time. */
static int
read_cache_put_params(struct buf *key, json_t *params)
{
	for (void *it = json_object_iter(params); it;
		it = json_object_iter_next(params, it)) {
		const char *name = json_object_iter_key(it);

		if (strcmp(name, "key") != 0 &&
			(read_cache_put(key, name) ||
				jx_dump(json_object_iter_value(it), key)))
			return MDB_E_NOMEM;
	}
	return 0;
}

bool
read_cache_key(const struct job *j, struct buf *key)
{
	const struct context *c = &j->ctx;
	const char *const texts[] = {j->tool->name, c->namespace_, c->branch,
		c->session, c->client, c->actor, c->zone};

	if (!read_cache_is_pure(j))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (read_cache_put(key, texts[i]))
			return false;
	return buf_addf(key, "%d%d%d%d%d%d,%u,%u,", c->user_scope, c->own_scope,
		       c->is_agent, c->is_service, c->is_confirmed,
		       (int)c->secrets, c->uid, c->profiles) == 0 &&
	       (!c->as_of || jx_dump(c->as_of, key) == 0) &&
	       read_cache_put_params(key, j->params) == 0;
}

bool
read_cache_find(struct read_cache *c, uint32_t state, const struct buf *key,
	struct buf *out)
{
	if (c->state != state) {
		read_cache_clear(c);
		c->state = state;
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct read_cache_entry *x = &c->v[i];

		if (x->key.len == key->len &&
			memcmp(x->key.data, key->data, key->len) == 0)
			return buf_add(out, x->members.data, x->members.len) ==
			       0;
	}
	return false;
}

/* The members of the result behind those that were written. */
static int
read_cache_members(const struct buf *text, const json_t *result,
	struct buf *out)
{
	size_t at;

	if (buf_add(out, text->data, text->len))
		return MDB_E_NOMEM;
	at = out->len;
	if (json_object_size(result) == 0)
		return 0;
	if (jx_dump(result, out))
		return MDB_E_NOMEM;
	out->data[at] = ','; /* in the place of its opening brace */
	out->len--;	     /* and without the closing one */
	return 0;
}

void
read_cache_keep(struct read_cache *c, struct buf *key, const struct buf *text,
	const json_t *result)
{
	struct read_cache_entry x = {0};

	if (c->n == READ_CACHE_ENTRIES || text->len == 0 ||
		c->bytes + text->len > READ_CACHE_BYTES)
		return;
	if (read_cache_members(text, result, &x.members)) {
		buf_done(&x.members);
		return;
	}
	x.key = *key;
	*key = (struct buf){0};
	c->bytes += x.key.len + x.members.len;
	c->v[c->n++] = x;
}
