/* What a stretch of the log touched, for who keeps something that was read
 * before it (model/read/graph_keep.h). */
#include "memory-db/store/log/log.h"

#include "memory-db/store/engine/store_internal.h"

enum { TOUCHED };

static const struct stmt_def defs[] = {
	/* The column fact of an attribute is no fact. */
	[TOUCHED] = {"SELECT o.what, o.entity, o.key, f.kind, f.peer"
		     " FROM change c CROSS JOIN op o ON o.change = c.id"
		     " LEFT JOIN fact f ON f.id = o.fact AND o.what IN (1, 2)"
		     " WHERE c.id > ?1 AND c.id <= ?2 AND c.branch = 1",
		2, 0},
};
const struct stmt_module log_touched_module = {"touched", defs,
	ARRAY_LEN(defs)};

int
log_touched(struct store *st, int64_t after, int64_t upto, log_touch_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG_TOUCHED, TOUCHED);
	int rc;

	bind_i(s, 1, after);
	bind_i(s, 2, upto);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct log_touch x = {
			.what = (enum op_what)sqlite3_column_int(s, 0),
			.entity = sqlite3_column_int64(s, 1),
			.key = sqlite3_column_int64(s, 2),
			.kind = sqlite3_column_type(s, 3) == SQLITE_NULL
					? -1
					: sqlite3_column_int64(s, 3),
			.peer = sqlite3_column_int64(s, 4),
		};

		rc = fn(ctx, &x);
		if (rc != 0)
			return rc;
	}
	return rc;
}
