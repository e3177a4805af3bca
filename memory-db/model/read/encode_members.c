/* The members of an entity other than its facts: relations, metadata, other
 * names, version, times, tags, namespace. A caller says which it wants
 * (MEMBER_*), and each is written only where it has something to say, so that
 * a small entity stays a small answer. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/contract/tools.h"
#include "memory-db/model/read/encode_internal.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"

static const char *const names[] = {"id", "name", "type", "observations",
	"relations", "tier", "pin", "version", "branch", "created_at",
	"updated_at", "namespace", "metadata", "aliases", "facts",
	"access_count", "confirmed_at", "expires_at"};

unsigned
encode_members(const json_t *fields)
{
	unsigned mask = 0;
	json_t *field;
	size_t i;

	json_array_foreach(fields, i, field)
		for (size_t m = 0; m < ARRAY_LEN(names); m++)
			if (strcmp(json_string_value(field), names[m]) == 0)
				mask |= 1u << m;
	return mask != 0 ? mask : MEMBERS_DEFAULT;
}

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
	int rc = encode_relation(p->st, f, &j, p->e);

	if (rc == 1)
		rc = jx_add(p->list, j) != 0 ? err_nomem(p->e) : 0;
	return rc;
}

static int
set_relations(struct store *st, int64_t entity, json_t *j, struct err *e)
{
	struct members p = {.st = st, .e = e, .list = json_array()};
	int rc;

	if (jx_set(j, "relations", p.list) != 0)
		return err_nomem(e);
	rc = fact_each(st, entity, 1u << FACT_RELATION, each_relation, &p, e);
	if (rc != 0)
		return rc;
	return fact_each_incoming(st, entity, each_relation, &p, e);
}

static int
encode_members_set_metadata(void *ctx, const struct fact *f)
{
	struct members *s = ctx;
	json_t *m = f->erased ? NULL : jx_parse(f->text, f->text_n, s->e);

	if (f->erased)
		return 0;
	if (!m || jx_set(s->list, "metadata", m) != 0)
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
	int rc;

	if (jx_set(j, "aliases", list) != 0)
		return err_nomem(e);
	rc = entity_aliases(st, entity, encode_members_add_alias, list, e);
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}

static int
encode_members_set_numbers(struct store *st, int64_t entity, unsigned m,
	json_t *j, struct err *e)
{
	int64_t tier = 0, pin = 0, asked = 0, confirmed = 0, expires = 0;
	int rc = 0, bad = 0;

	if (m & MEMBER_TIER)
		rc = attr_get(st, entity, ATTR_TIER, &tier, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_PIN)
		rc = attr_get(st, entity, ATTR_PIN, &pin, e);
	if (rc != 0)
		return rc;
	if (pin != 0)
		rc = attr_get(st, entity, ATTR_PIN_ASKED, &asked, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_CONFIRMED_AT)
		rc = attr_get(st, entity, ATTR_CONFIRMED, &confirmed, e);
	if (rc != 0)
		return rc;
	if (confirmed != 0)
		rc = encode_set_time(j, "confirmed_at", confirmed, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_EXPIRES_AT)
		rc = attr_get(st, entity, ATTR_EXPIRES, &expires, e);
	if (rc != 0)
		return rc;
	if (expires != 0)
		rc = encode_set_time(j, "expires_at", expires, e);
	if (rc != 0)
		return rc;
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
	int rc = entity_times(st, entity, &t, e), bad = 0;

	if (rc != 0)
		return rc;
	if (m & MEMBER_VERSION)
		bad |= jx_set(j, "version", json_integer(t.version));
	if (m & MEMBER_ACCESS_COUNT)
		bad |= jx_set(j, "access_count", json_integer(t.hits));
	if (bad)
		return err_nomem(e);
	if (m & MEMBER_CREATED_AT)
		rc = encode_set_time(j, "created_at", t.created_at, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_UPDATED_AT)
		rc = encode_set_time(j, "updated_at", t.updated_at, e);
	return rc;
}

static int
encode_members_set_branch(struct store *st, json_t *j, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int rc = lens_branch_name(st, lens_of(st)->level[0].branch, &name, e);

	if (rc == 1 &&
		jx_set(j, "branch", json_stringn(name.data, name.len)) != 0)
		rc = err_nomem(e);
	return rc < 0 ? rc : 0;
}

static int
encode_members_set_namespace(struct store *st, int64_t ns, json_t *j,
	struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int rc = namespace_name(st, ns, &name, e);

	if (rc == 1 &&
		jx_set(j, "namespace", json_stringn(name.data, name.len)) != 0)
		rc = err_nomem(e);
	return rc < 0 ? rc : 0;
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
	int rc = encode_members_set_numbers(st, entity, m, j, e);

	if (rc != 0)
		return rc;
	if (m & TIMES)
		rc = set_times(st, entity, m, j, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_BRANCH)
		rc = encode_members_set_branch(st, j, e);
	if (rc != 0)
		return rc;
	if ((m & MEMBER_NAMESPACE) || ns != o->home_ns)
		rc = encode_members_set_namespace(st, ns, j, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_METADATA)
		rc = fact_each(st, entity, 1u << FACT_METADATA,
			encode_members_set_metadata, &source, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_ALIASES)
		rc = encode_members_set_aliases(st, entity, j, e);
	if (rc != 0)
		return rc;
	if (m & MEMBER_RELATIONS)
		return set_relations(st, entity, j, e);
	return 0;
}
