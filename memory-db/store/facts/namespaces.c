/* Namespaces as rows. Rules of renaming and merging stand in model/namespace.
 * The facts of namespace N have the ids from N * 2^33 on, so a fact tells its
 * namespace without a look at any table, and all facts of a namespace lie side
 * by side. */
#include "memory-db/store/facts/namespaces.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"
#include "memory-db/store/facts/heads.h"

enum { FIND, ADD, NAME, STEM, EACH, ALIASES, RENAME, ALIAS, UNALIAS, CREATE };

#define TOTAL(key)                                                             \
	"coalesce((SELECT t.n FROM tally t WHERE t.ns = n.id AND t.kind = 1"   \
	" AND t.key = " key "), 0)"

static const struct stmt_def defs[] = {
	[FIND] = {"SELECT id FROM namespace WHERE name = ?1 UNION ALL "
		  "SELECT ns FROM namespace_alias WHERE name = ?1 LIMIT 1",
		1, 0},
	/* Ids of its facts begin at id << 33. */
	[ADD] = {"INSERT INTO namespace(id, name, head, fact_max, past_max) "
		 "SELECT n, ?1, zeroblob(32), n << 33, n << 33 FROM "
		 "(SELECT coalesce(max(id), 0) + 1 AS n FROM namespace) "
		 "RETURNING id",
		1, STMT_WRITER},
	[NAME] = {"SELECT name FROM namespace WHERE id = ?1", 1, 0},
	[STEM] = {"SELECT stem FROM namespace WHERE id = ?1", 1, 0},
	[EACH] =
		{"SELECT n.id, n.name, n.stem, n.head, n.last_change, " TOTAL(
			 "1") ", " TOTAL("2") ", " TOTAL("5") " FROM namespace n WHERE ?1 = 0 OR n.id = ?1"
							      " ORDER BY n.id",
			1, 0},
	[ALIASES] = {"SELECT name FROM namespace_alias WHERE ns = ?1"
		     " ORDER BY name",
		1, 0},
	[RENAME] = {"UPDATE namespace SET name = ?2 WHERE id = ?1", 2,
		STMT_WRITER},
	[ALIAS] = {"INSERT INTO namespace_alias(name, ns) VALUES(?2, ?1)", 2,
		STMT_WRITER},
	[UNALIAS] = {"DELETE FROM namespace_alias WHERE name = ?1", 1,
		STMT_WRITER},
	[CREATE] = {"INSERT INTO namespace(id, name, stem, head, fact_max,"
		    " past_max) VALUES(?1, ?2, ?3, zeroblob(32), ?1 << 33,"
		    " ?1 << 33)",
		3, STMT_WRITER},
};
const struct stmt_module namespaces_module = {"namespaces", defs,
	ARRAY_LEN(defs)};

const struct store_table namespaces_tables[] = {
	{.name = "namespace",
		.kind = TABLE_LINE,
		.forget = FORGET_NOTHING,
		.verified = "namespace"},
	{.name = "namespace_alias",
		.kind = TABLE_LINE,
		.forget = FORGET_NOTHING},
	{0},
};

static void
namespaces_bind(sqlite3_stmt *s, int i, const char *text)
{
	bind_t(s, i, text, strlen(text));
}

static int
namespaces_find_id(struct store *st, sqlite3_stmt *s, int64_t *ret_id,
	struct err *e)
{
	int rc = stmt_row(st, s, e);

	if (rc == 1)
		*ret_id = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc;
}

int
namespace_find(struct store *st, const char *name, int64_t *ret_id,
	struct err *e)
{
	sqlite3_stmt *s;

	if (strcmp(name, "default") == 0) {
		*ret_id = NAMESPACE_DEFAULT;
		return 1;
	}
	s = stmt_use(st, MOD_NAMESPACES, FIND);
	bind_t(s, 1, name, strlen(name));
	return namespaces_find_id(st, s, ret_id, e);
}

int
namespace_intern(struct store *st, const char *name, int64_t *ret_id,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc = namespace_find(st, name, ret_id, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	s = stmt_use(st, MOD_NAMESPACES, ADD);
	bind_t(s, 1, name, strlen(name));
	rc = stmt_row(st, s, e);
	if (rc == 1)
		*ret_id = sqlite3_column_int64(s, 0);
	if (rc == 1)
		rc = stmt_row(st, s, e); /* RETURNING: step to the end */
	return rc < 0 ? rc : 0;
}

int
namespace_name(struct store *st, int64_t id, struct buf *out, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMESPACES, NAME);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	return rc == 1 ? stmt_append_text(s, 0, out, e) : rc;
}

int
namespace_stem(struct store *st, int64_t id, char ret[NAMESPACE_STEM_SIZE],
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMESPACES, STEM);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	ret[0] = '\0';
	if (rc == 1)
		snprintf(ret, NAMESPACE_STEM_SIZE, "%s",
			(const char *)sqlite3_column_text(s, 0));
	return rc < 0 ? rc : 0;
}

/* --- namespaces ----------------------------------------------------------- */
int
namespace_each(struct store *st, int64_t only, namespace_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc = heads_settle(st, e);

	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_NAMESPACES, EACH);
	bind_i(s, 1, only);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct namespace_row row = {.id = sqlite3_column_int64(s, 0),
			.name = (const char *)sqlite3_column_text(s, 1),
			.stem = (const char *)sqlite3_column_text(s, 2),
			.head = sqlite3_column_blob(s, 3),
			.last_change = sqlite3_column_int64(s, 4),
			.entities = sqlite3_column_int64(s, 5),
			.observations = sqlite3_column_int64(s, 6),
			.changes = sqlite3_column_int64(s, 7)};

		if (sqlite3_column_bytes(s, 3) != 32)
			return err_set(e, MDB_E_CORRUPT,
				"the head of namespace '%.100s' has not 32 "
				"bytes",
				row.name);
		rc = fn(ctx, &row);
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* Gives column 0 of each row of s to fn. */
static int
namespaces_each_text(struct store *st, sqlite3_stmt *s, name_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, (const char *)sqlite3_column_text(s, 0),
			(size_t)sqlite3_column_bytes(s, 0));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
namespace_each_alias(struct store *st, int64_t ns, name_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_NAMESPACES, ALIASES);

	bind_i(s, 1, ns);
	return namespaces_each_text(st, s, fn, ctx, e);
}

int
namespace_rename(struct store *st, int64_t ns, const char *name, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_NAMESPACES, RENAME);

	bind_i(s, 1, ns);
	namespaces_bind(s, 2, name);
	return stmt_run(st, s, e);
}

int
namespace_alias(struct store *st, int64_t ns, const char *alias, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_NAMESPACES, ALIAS);

	bind_i(s, 1, ns);
	namespaces_bind(s, 2, alias);
	return stmt_run(st, s, e);
}

int
namespace_unalias(struct store *st, const char *alias, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_NAMESPACES, UNALIAS);

	namespaces_bind(s, 1, alias);
	return stmt_run(st, s, e);
}

int
namespace_create(struct store *st, int64_t ns, const char *name,
	const char *stem, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_NAMESPACES, CREATE);

	bind_i(s, 1, ns);
	namespaces_bind(s, 2, name);
	namespaces_bind(s, 3, stem);
	return stmt_run(st, s, e);
}
