/* Numbers of an entity: attributes, version, times, usage. Versions of an
 * entity count on a branch from where it was forked, so the version under a
 * lens is that of the nearest level that has one. For example `ada` has
 * version 3 on main at the fork, and one change on the branch: version 4
 * there, while main goes on with its own 4. */
#include <string.h>

#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/namespaces.h"

_Static_assert(NAMESPACE_DEFAULT == LENS_USER, "whose main a lens follows");

enum { ATTR, LAST, AT_N, USAGE, CHANGE_AT };

static const struct stmt_def defs[] = {
	[ATTR] = {"SELECT a.value FROM @ATTR WHERE a.entity = ?1 AND "
		  "a.key = ?2 AND @AVIS ORDER BY @LV LIMIT 1",
		2, STMT_LENS},
	[LAST] = {"SELECT n, change FROM version WHERE entity = ?1 AND "
		  "branch = ?2 ORDER BY n DESC LIMIT 1",
		2, 0},
	[AT_N] = {"SELECT n, change FROM version WHERE entity = ?1 AND "
		  "branch = ?2 AND n >= ?3 ORDER BY n LIMIT 1",
		3, 0},
	[USAGE] = {"SELECT hits, last_at FROM usage WHERE entity = ?1", 1, 0},
	[CHANGE_AT] = {"SELECT at FROM change WHERE id = ?1", 1, 0},
};
const struct stmt_module entities_module = {"entities", defs, ARRAY_LEN(defs)};

const struct store_table entities_tables[] = {
	{.name = "entity",
		.kind = TABLE_LOG,
		.forget = FORGET_BLANKS,
		.verified = "digest"},
	{.name = "attr",
		.kind = TABLE_LOG,
		.forget = FORGET_NOTHING,
		.verified = "attribute"},
	{0},
};

int
attr_get(struct store *st, int64_t entity, enum attr_key key,
	int64_t *ret_value, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_ENTITIES, ATTR);
	int rc;

	bind_i(s, 1, entity);
	bind_i(s, 2, (int64_t)key);
	*ret_value = 0;
	rc = stmt_int(st, s, ret_value, e);
	return rc < 0 ? rc : 0;
}

struct version_row {
	int64_t n, change;
};

/* 1 found: the newest, or the first with n >= from. */
static int
version_row(struct store *st, int64_t entity, int64_t branch, int64_t from,
	struct version_row *ret, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_ENTITIES, from > 0 ? AT_N : LAST);
	int rc;

	bind_i(s, 1, entity);
	bind_i(s, 2, branch);
	if (from > 0)
		bind_i(s, 3, from);
	rc = stmt_row(st, s, e);
	if (rc == 1) {
		ret->n = sqlite3_column_int64(s, 0);
		ret->change = sqlite3_column_int64(s, 1);
	}
	return rc;
}

int
entity_lens_namespace(struct store *st, int64_t entity, int64_t *ret_ns,
	struct err *e)
{
	int rc;

	*ret_ns = 0;
	if (!st->lens.is_code)
		return 0;
	rc = entity_first_name(st, entity, ret_ns, NULL, e);
	return rc < 0 ? rc : 0;
}

/* The newest version of a branch with change <= limit: numbers and changes
 * both rise, so a binary search over n. 1 found. */
static int
version_at(struct store *st, int64_t entity, int64_t branch, int64_t limit,
	struct version_row *ret, struct err *e)
{
	struct version_row lo, hi, mid;
	int64_t top;
	int rc = version_row(st, entity, branch, 0, &hi, e);

	if (rc != 1)
		return rc;
	if (hi.change <= limit) {
		*ret = hi;
		return 1;
	}
	rc = version_row(st, entity, branch, 1, &lo, e);
	if (rc != 1 || lo.change > limit)
		return rc < 0 ? rc : 0;
	/* lo.change <= limit, and from number `top` on all are newer. A base
	 * leaves gaps in the numbers (store/log/base.h). */
	for (top = hi.n; top - lo.n > 1;) {
		int64_t middle = lo.n + (top - lo.n) / 2;

		rc = version_row(st, entity, branch, middle, &mid, e);
		if (rc != 1)
			return rc;
		if (mid.change <= limit)
			lo = mid;
		else
			top = middle;
	}
	*ret = lo;
	return 1;
}

static int
change_at(struct store *st, int64_t id, int64_t *ret_at, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_ENTITIES, CHANGE_AT);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_int(st, s, ret_at, e);
	return rc < 0 ? rc : 0;
}

/* 1: the version that the lens sees; 0: it sees none. */
static int
version_seen(struct store *st, int64_t entity, int64_t ns,
	struct version_row *ret, struct err *e)
{
	for (int i = 0; i < st->lens.n; i++) {
		int rc = version_at(st, entity, st->lens.level[i].branch,
			lens_limit(&st->lens, i, ns), ret, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
entity_times(struct store *st, int64_t entity, struct entity_times *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	struct version_row v = {0}, first = {0};
	int64_t ns = 0;
	int rc, i;

	memset(ret, 0, sizeof(*ret));
	rc = entity_lens_namespace(st, entity, &ns, e);
	if (rc != 0)
		return rc;
	rc = version_seen(st, entity, ns, &v, e);
	/* Born on the farthest level that knows it. */
	for (i = st->lens.n - 1; rc == 1 && first.n == 0 && i >= 0; i--) {
		int born = version_row(st, entity, st->lens.level[i].branch, 1,
			&first, e);

		if (born < 0)
			return born;
	}
	ret->version = v.n;
	if (rc == 1)
		rc = change_at(st, v.change, &ret->updated_at, e);
	if (rc != 0)
		return rc;
	if (first.n != 0)
		rc = change_at(st, first.change, &ret->created_at, e);
	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_ENTITIES, USAGE);
	bind_i(s, 1, entity);
	rc = stmt_row(st, s, e);
	if (rc == 1) {
		ret->hits = sqlite3_column_int64(s, 0);
		ret->last_at = sqlite3_column_int64(s, 1);
	}
	return rc < 0 ? rc : 0;
}

int
entity_newest(struct store *st, int64_t entity, int64_t *ret_version,
	struct err *e)
{
	struct version_row v = {0};
	int64_t ns = 0;
	int rc = entity_lens_namespace(st, entity, &ns, e);

	if (rc == 0)
		rc = version_seen(st, entity, ns, &v, e);
	if (rc < 0)
		return rc;
	*ret_version = v.n;
	return 0;
}

int
entity_version(struct store *st, int64_t entity, int64_t n, int64_t *ret_change,
	struct err *e)
{
	int64_t ns = 0;
	int rc = entity_lens_namespace(st, entity, &ns, e);

	if (rc != 0)
		return rc;
	for (int i = 0; i < st->lens.n; i++) {
		struct version_row v;

		rc = version_row(st, entity, st->lens.level[i].branch, n, &v,
			e);
		if (rc < 0)
			return rc;
		if (rc == 1 && v.n == n &&
			v.change <= lens_limit(&st->lens, i, ns)) {
			*ret_change = v.change;
			return 1;
		}
	}
	return 0;
}
