/* The members of an entity other than its facts. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/contract/tools.h"
#include "memory-db/model/read/encode_internal.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"

/* What the loops fill: a list, or the entity itself. */
struct members {
	struct store *st;
	json_t *list;
	struct err *e;
};

static int
each_relation(void *ctx, const struct fact *f)
{
	struct members *p = ctx;
	json_t *j = NULL;
	int r = encode_relation(p->st, f, &j, p->e);

	if (r == 1)
		r = jx_add(p->list, j) != 0 ? err_nomem(p->e) : 0;
	return r;
}

static int
set_relations(struct store *st, int64_t entity, json_t *j, struct err *e)
{
	struct members p = {.st = st, .e = e, .list = json_array()};
	int r;

	if (jx_set(j, "relations", p.list) != 0)
		return err_nomem(e);
	r = fact_each(st, entity, 1u << FACT_RELATION, each_relation, &p, e);
	if (r == 0)
		r = fact_each_incoming(st, entity, each_relation, &p, e);
	return r;
}

static int
encode_members_set_metadata(void *ctx, const struct fact *f)
{
	struct members *s = ctx;
	json_t *m = f->erased ? NULL : jx_parse(f->text, f->text_n, s->e);

	if (f->erased)
		return 0;
	if (m == NULL || jx_set(s->list, "metadata", m) != 0)
		return err_nomem(s->e);
	return 0;
}

static int
encode_members_add_alias(void *ctx, const char *name, size_t n)
{
	return jx_add(ctx, json_stringn(name, n));
}

/* Names other than the present one. */
static int
encode_members_set_aliases(struct store *st, int64_t entity, json_t *j,
	struct err *e)
{
	json_t *list = json_array();
	int r;

	if (jx_set(j, "aliases", list) != 0)
		return err_nomem(e);
	r = entity_aliases(st, entity, encode_members_add_alias, list, e);
	return r == MDB_E_NOMEM ? err_nomem(e) : r;
}

static int
encode_members_set_numbers(struct store *st, int64_t entity, unsigned m,
	json_t *j, struct err *e)
{
	int64_t tier = 0, pin = 0, asked = 0;
	int r = 0, bad = 0;

	if (m & MEMBER_TIER)
		r = attr_get(st, entity, ATTR_TIER, &tier, e);
	if (r == 0 && (m & MEMBER_PIN))
		r = attr_get(st, entity, ATTR_PIN, &pin, e);
	if (r == 0 && pin != 0)
		r = attr_get(st, entity, ATTR_PIN_ASKED, &asked, e);
	if (r != 0)
		return r;
	if (m & MEMBER_TIER)
		bad |= jx_set(j, "tier", json_string(tool_tiers[tier & 3]));
	if (m & MEMBER_PIN)
		bad |= jx_set(j, "pin", json_boolean(pin != 0));
	if ((m & MEMBER_PIN) && pin != 0 && asked != 0)
		bad |= jx_set(j, "pin_unconfirmed", json_true());
	return bad ? err_nomem(e) : 0;
}

static int
set_times(struct store *st, int64_t entity, unsigned m, json_t *j,
	struct err *e)
{
	struct entity_times t;
	int r = entity_times(st, entity, &t, e), bad = 0;

	if (r != 0)
		return r;
	if (m & MEMBER_VERSION)
		bad |= jx_set(j, "version", json_integer(t.version));
	if (m & MEMBER_ACCESS_COUNT)
		bad |= jx_set(j, "access_count", json_integer(t.hits));
	if (bad)
		return err_nomem(e);
	if (m & MEMBER_CREATED_AT)
		r = encode_set_time(j, "created_at", t.created_at, e);
	if (r == 0 && (m & MEMBER_UPDATED_AT))
		r = encode_set_time(j, "updated_at", t.updated_at, e);
	return r;
}

static int
encode_members_set_branch(struct store *st, json_t *j, struct err *e)
{
	struct buf name AUTO_BUF = {0};
	int r = lens_branch_name(st, lens_of(st)->level[0].branch, &name, e);

	if (r == 1 &&
		jx_set(j, "branch", json_stringn(name.data, name.len)) != 0)
		r = err_nomem(e);
	return r < 0 ? r : 0;
}

static int
encode_members_set_namespace(struct store *st, int64_t ns, json_t *j,
	struct err *e)
{
	struct buf name AUTO_BUF = {0};
	int r = namespace_name(st, ns, &name, e);

	if (r == 1 &&
		jx_set(j, "namespace", json_stringn(name.data, name.len)) != 0)
		r = err_nomem(e);
	return r < 0 ? r : 0;
}

#define TIMES                                                                  \
	(MEMBER_VERSION | MEMBER_ACCESS_COUNT | MEMBER_CREATED_AT |            \
		MEMBER_UPDATED_AT)

int
encode_set_members(struct store *st, int64_t entity, int64_t ns,
	const struct encode_options *o, json_t *j, struct err *e)
{
	struct members source = {st, j, e};
	unsigned m = o->members;
	int r = encode_members_set_numbers(st, entity, m, j, e);

	if (r == 0 && (m & TIMES))
		r = set_times(st, entity, m, j, e);
	if (r == 0 && (m & MEMBER_BRANCH))
		r = encode_members_set_branch(st, j, e);
	if (r == 0 && ((m & MEMBER_NAMESPACE) || ns != o->home_ns))
		r = encode_members_set_namespace(st, ns, j, e);
	if (r == 0 && (m & MEMBER_METADATA))
		r = fact_each(st, entity, 1u << FACT_METADATA,
			encode_members_set_metadata, &source, e);
	if (r == 0 && (m & MEMBER_ALIASES))
		r = encode_members_set_aliases(st, entity, j, e);
	if (r == 0 && (m & MEMBER_RELATIONS))
		r = set_relations(st, entity, j, e);
	return r;
}
