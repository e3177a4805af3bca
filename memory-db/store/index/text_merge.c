/* Idle time: FTS5 merges segments of the text indexes, a few pages a step. */
#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/index/text_sql.h"

/* Pages of one idle merge step: 16 pages take some 2 ms. */
#define MERGE_PAGES 16

int
text_command(struct store *st, int index, const char *what, int n,
	struct err *e)
{
	static const enum text_statement commands[TEXT_INDEXES] =
		{TEXT_COMMAND_LIVE, TEXT_COMMAND_PAST, TEXT_COMMAND_TERM,
			TEXT_COMMAND_BRANCH};
	sqlite3_stmt *s = stmt_use(st, MOD_TEXT, (int)commands[index]);

	bind_t(s, 1, what, strlen(what));
	bind_i(s, 2, n);
	return stmt_run(st, s, e);
}

int
text_idle_merge(struct store *st)
{
	int before = sqlite3_total_changes(st->db);

	/* Less than 2 changes: nothing was merged (documented by FTS5). An
	 * error shows at the next write; merging is no duty. */
	if (text_command(st, st->idle_merge, "merge", MERGE_PAGES, NULL) == 0 &&
		sqlite3_total_changes(st->db) - before >= 2)
		return 1;
	if (++st->idle_merge < TEXT_INDEXES)
		return 1;
	st->idle_merge = 0;
	return 0;
}
