/* The statements of the text indexes. */
#include "memory-db/store/index/text_sql.h"

#include "common/text.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/table.h"

#define INSERT_INTO(table)                                                     \
	"INSERT INTO " table "(rowid, name, body)"                             \
	" VALUES(?1, ?2, ?3)"
#define COMMAND(table)                                                         \
	"INSERT INTO " table "(" table ", rank)"                               \
	" VALUES(?1, ?2)"
#define EMPTY(table) "INSERT INTO " table "(" table ") VALUES('delete-all')"

static const struct stmt_def defs[] = {
	[TEXT_LIVE_DELETE] = {"INSERT INTO ft_live(ft_live, rowid, name, body)"
			      " VALUES('delete', ?1, ?2, ?3)",
		3, STMT_WRITER},
	[TEXT_LIVE_INSERT] = {INSERT_INTO("ft_live"), 3, STMT_WRITER},
	[TEXT_PAST_INSERT] = {INSERT_INTO("ft_past"), 3, STMT_WRITER},
	[TEXT_PAST_DELETE] = {"INSERT INTO ft_past(ft_past, rowid, name, body)"
			      " VALUES('delete', ?1, ?2, ?3)",
		3, STMT_WRITER},
	[TEXT_BRANCH_ROW] =
		{"INSERT INTO branch_text(fact, branch)"
		 " VALUES(?1, ?2) ON CONFLICT DO NOTHING RETURNING id",
			2, STMT_WRITER},
	[TEXT_BRANCH_INSERT] =
		{"INSERT INTO ft_branch(rowid, name, body, scope)"
		 " VALUES(?1, ?2, ?3, ?4)",
			4, STMT_WRITER},
	[TEXT_BRANCH_DELETE] =
		{"INSERT INTO ft_branch(ft_branch, rowid, name,"
		 " body, scope) VALUES('delete', ?1, ?2, ?3, ?4)",
			4, STMT_WRITER},
	[TEXT_COMMAND_LIVE] = {COMMAND("ft_live"), 2, STMT_WRITER},
	[TEXT_COMMAND_PAST] = {COMMAND("ft_past"), 2, STMT_WRITER},
	[TEXT_COMMAND_BRANCH] = {COMMAND("ft_branch"), 2, STMT_WRITER},
	[TEXT_COMMAND_TERM] = {COMMAND("ft_term"), 2, STMT_WRITER},
	/* Readers verify, so these two are prepared everywhere. Visible on
	 * main now is what ft_live must hold, whatever the lens is. */
	[TEXT_OPEN_FACTS] = {"SELECT f.id FROM fact f CROSS JOIN span s"
			     " ON s.fact = f.id AND s.branch = 1"
			     " AND s.removed = " SQL_OPEN_END
			     " WHERE f.kind IN " SQL_INDEXED
			     " AND f.id > ?1 ORDER BY f.id",
		1, 0},
	[TEXT_PAST_FACTS] =
		{"SELECT p.id, p.fact FROM past p"
		 " CROSS JOIN fact f ON f.id = p.fact AND f.kind IN " SQL_INDEXED
		 " WHERE p.id > ?1 ORDER BY p.id",
			1, 0},
	[TEXT_BRANCH_FACTS] =
		{"SELECT b.id, b.fact, b.branch"
		 " FROM branch_text b WHERE b.id > ?1 ORDER BY b.id",
			1, 0},
	[TEXT_BRANCH_EMPTY] = {EMPTY("ft_branch"), 0, STMT_WRITER},
	[TEXT_LIVE_EMPTY] = {EMPTY("ft_live"), 0, STMT_WRITER},
	[TEXT_PAST_EMPTY] = {EMPTY("ft_past"), 0, STMT_WRITER},
	[TEXT_TERM_EMPTY] = {EMPTY("ft_term"), 0, STMT_WRITER},
	[TEXT_TERM_DELETE] = {"DELETE FROM term", 0, STMT_WRITER},
	[TEXT_VERSION] = {"SELECT value FROM meta WHERE key = 'tokenizer'", 0,
		0},
	[TEXT_SET_VERSION] = {"INSERT OR REPLACE INTO meta(key, value)"
			      " VALUES('tokenizer', ?1)",
		1, STMT_WRITER},
	[TEXT_USERMERGE] = {"SELECT 1 FROM ft_live_config"
			    " WHERE k = 'usermerge' AND v = ?1",
		1, 0},
	[TEXT_TERM_KNOWN] = {"SELECT id FROM term WHERE text = ?1", 1, 0},
};
const struct stmt_module text_module = {"text", defs, ARRAY_LEN(defs)};

const struct store_table text_tables[] = {
	{.name = "past",
		.kind = TABLE_DERIVED,
		.forget = FORGET_NOTHING,
		.verified = "past"},
	{.name = "branch_text",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{.name = "ft_live",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{.name = "ft_past",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{.name = "ft_branch",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{.name = "term",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{.name = "ft_term",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{0},
};
