/* Idle time: FTS5 merges segments of the text indexes, a few pages a step. */
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/index/text_sql.h"

/* Pages of one idle merge step: 16 pages take some 2 ms. */
#define MERGE_PAGES 16

int
text_idle_merge(struct store *st)
{
	static const enum text_statement merges[] = {TEXT_MERGE_LIVE,
		TEXT_MERGE_PAST, TEXT_MERGE_TERM, TEXT_MERGE_BRANCH};
	int before = sqlite3_total_changes(st->db);
	sqlite3_stmt *s;

	s = stmt_use(st, MOD_TEXT, (int)merges[st->idle_merge]);
	bind_i(s, 1, MERGE_PAGES);
	/* Less than 2 changes: nothing was merged (documented by FTS5). An
	 * error shows at the next write; merging is no duty. */
	if (stmt_run(st, s, NULL) == 0 &&
		sqlite3_total_changes(st->db) - before >= 2)
		return 1;
	st->idle_merge++;
	if ((size_t)st->idle_merge < ARRAY_LEN(merges))
		return 1;
	st->idle_merge = 0;
	return 0;
}
