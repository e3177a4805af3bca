/* The SQL function search_mask(words, counted) of a match: which words of the
 * expression a row has. Bit i says that it has word i, bit 32 + i that the name
 * has it. FTS5's bm25() would read the length of every match as well. */
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/search.h"

static void
search_mask(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *ctx,
	int argc, sqlite3_value **argv)
{
	int words = argc > 0 ? sqlite3_value_int(argv[0]) : 0;
	int counted = argc > 1 ? sqlite3_value_int(argv[1]) : 0;
	int phrases = api->xPhraseCount(fts);
	/* ft_branch has the column `scope` in front. */
	int name_column = api->xColumnCount(fts) - 2;
	uint64_t mask = 0;

	if (words < 1 || words > SEARCH_WORDS) {
		sqlite3_result_int64(ctx, 0);
		return;
	}
	for (int i = 0; i < phrases && i < counted; i++) {
		Fts5PhraseIter it;
		int column;
		int rc = api->xPhraseFirstColumn(fts, i, &it, &column);

		if (rc != SQLITE_OK) {
			sqlite3_result_error_code(ctx, rc);
			return;
		}
		for (; column >= 0; api->xPhraseNextColumn(fts, &it, &column))
			mask |= UINT64_C(1)
				<< (i % words +
					   (column == name_column ? 32 : 0));
	}
	sqlite3_result_int64(ctx, (sqlite3_int64)mask);
}

static int
search_mask_connect(struct store *st, struct err *e)
{
	fts5_api *api = NULL;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, "SELECT fts5(?1)", -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_pointer(s, 1, &api, "fts5_api_ptr", NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
		rc = SQLITE_OK;
	sqlite3_finalize(s);
	if (rc == SQLITE_OK && !api)
		rc = SQLITE_ERROR;
	if (rc == SQLITE_OK)
		rc = api->xCreateFunction(api, "search_mask", NULL, search_mask,
			NULL);
	return rc == SQLITE_OK ? 0 : stmt_error(st, rc, "search_mask", e);
}

const struct participant search_mask_participant = {
	.name = "search_mask",
	.connect = search_mask_connect,
};
