/* What a change does to the attributes of an entity: its tier, whether it is
 * pinned, and what else enum attr_key names.
 *
 * An attribute gets a new value from this change on, and the old value ends
 * with it. The op tells both, so that an undo can give the old value back:
 *
 *	change 5   tier of "ada" 1 -> 2    row (tier, 2, added 5, open)
 *	change 9   tier of "ada" 2 -> 3    row (tier, 2, added 5, removed 9)
 *	                                   row (tier, 3, added 9, open)
 */
#include "memory-db/store/log/change_internal.h"
#include "memory-db/store/facts/counters.h"

enum { END_ATTR, ADD_ATTR, IS_COUNTED };

static const struct stmt_def defs[] = {
	/* Set twice in one change: the first value never held, and what held
	 * before the change keeps its end. */
	[END_ATTR] = {"UPDATE attr SET removed = ?4 WHERE entity = ?1 AND "
		      "branch = ?2 AND key = ?3 AND "
		      "removed = " SQL_OPEN_END " AND added < ?4",
		4, STMT_WRITER},
	[ADD_ATTR] = {"INSERT INTO attr(entity, branch, key, removed, added, "
		      "value) VALUES(?1, ?2, ?3, " SQL_OPEN_END ", ?4, ?5) "
		      "ON CONFLICT(entity, branch, key, removed) DO UPDATE "
		      "SET value = excluded.value",
		5, STMT_WRITER},
	/* Also one that was forgotten later: a log is replayed without it. */
	[IS_COUNTED] = {"SELECT 1 FROM span s CROSS JOIN fact f ON "
			"f.id = s.fact WHERE s.entity = ?1 AND s.branch = 1 "
			"AND s.removed = " SQL_OPEN_END
			" AND f.kind = " SQL_EXISTENCE,
		1, STMT_WRITER},
};
const struct stmt_module attrs_module = {"attrs", defs, ARRAY_LEN(defs)};

/* The counters of main: the entity is counted in another tier. Entities that
 * nobody sees are counted in none. */
static int
count_in_tier(struct change *c, int64_t entity, int64_t from, int64_t to,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(c->st, MOD_ATTRS, IS_COUNTED);
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_row(c->st, s, e);
	if (rc != 1)
		return rc;
	rc = counters_add(c->st, c->info.ns, TALLY_TIER, from, -1, e);
	if (rc != 0)
		return rc;
	return counters_add(c->st, c->info.ns, TALLY_TIER, to, 1, e);
}

/* told: what the op says of the value before. */
static int
set_attr(struct change *c, int64_t entity, enum attr_key key, int64_t told,
	int64_t value, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	c->has_attrs = true;
	s = stmt_use(c->st, MOD_ATTRS, END_ATTR);
	bind_i(s, 1, entity);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, (int64_t)key);
	bind_i(s, 4, c->id);
	rc = stmt_run(c->st, s, e);
	if (rc != 0)
		return rc;
	s = stmt_use(c->st, MOD_ATTRS, ADD_ATTR);
	bind_i(s, 1, entity);
	bind_i(s, 2, c->info.branch);
	bind_i(s, 3, (int64_t)key);
	bind_i(s, 4, c->id);
	bind_i(s, 5, value);
	rc = stmt_run(c->st, s, e);
	if (rc != 0)
		return rc;
	rc = change_op(c, OP_ATTR, entity, told, (int64_t)key, value, NULL, e);
	if (rc != 0)
		return rc;
	return change_touch(c, entity, 0, e);
}

int
change_attr(struct change *c, int64_t entity, enum attr_key key, int64_t value,
	struct err *e)
{
	int64_t before;
	int rc = attr_get(c->st, entity, key, &before, e);

	if (rc != 0 || before == value)
		return rc;
	if (key == ATTR_TIER && change_on_main(c))
		rc = count_in_tier(c, entity, before, value, e);
	if (rc != 0)
		return rc;
	return set_attr(c, entity, key, before + 1, value, e);
}

int
change_attr_as(struct change *c, int64_t entity, enum attr_key key,
	int64_t told, int64_t value, struct err *e)
{
	int64_t before;
	int rc = attr_get(c->st, entity, key, &before, e);

	if (rc != 0)
		return rc;
	if (key == ATTR_TIER && change_on_main(c) && before != value)
		rc = count_in_tier(c, entity, before, value, e);
	if (rc != 0)
		return rc;
	return set_attr(c, entity, key, told, value, e);
}
