/* Receipts that were judged, with what was said of each fact: none counts twice,
 * and the next prompt may deny what the one before seemed to use. */
#include <string.h>

#include "memory-db/store/beside/outcomes.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

enum { JUDGED_GET, JUDGED_PUT, JUDGED_TRIM };

static const struct stmt_def defs[] = {
	[JUDGED_GET] = {"SELECT outcomes FROM judged WHERE receipt = ?1", 1, 0},
	[JUDGED_PUT] = {"INSERT OR REPLACE INTO judged(receipt, outcomes)"
			" VALUES(?1, ?2)",
		2, STMT_WRITER},
	[JUDGED_TRIM] = {"DELETE FROM judged WHERE id <="
			 " (SELECT max(id) FROM judged) - ?1",
		1, STMT_WRITER},
};
const struct stmt_module judged_module = {"judged", defs, ARRAY_LEN(defs)};

const struct store_table judged_tables[] = {
	{.name = "judged", .kind = TABLE_LOCAL, .forget = FORGET_NOTHING},
	{0},
};

int
judged_get(struct store *st, const char *receipt, struct buf *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_JUDGED, JUDGED_GET);
	int rc;

	bind_t(s, 1, receipt, strlen(receipt));
	rc = stmt_row(st, s, e);
	return rc == 1 ? stmt_append_text(s, 0, ret, e) : rc;
}

int
judged_put(struct store *st, const char *receipt, const char *outcomes,
	size_t n, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_JUDGED, JUDGED_PUT);
	int rc;

	bind_t(s, 1, receipt, strlen(receipt));
	bind_t(s, 2, outcomes, n);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_JUDGED, JUDGED_TRIM);
	bind_i(s, 1, JUDGED_KEPT);
	return stmt_run(st, s, e);
}
