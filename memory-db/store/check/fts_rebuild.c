/* Writing the text indexes anew: for repair, and at the first start of a
 * program whose tokens differ from those in the file (meta key `tokenizer`).
 * An index with tokens of an older program would silently find less, so the
 * service does not start with it: it writes the index anew first, some 30 us a
 * fact. */
#include "memory-db/store/index/text_index.h"

#include "common/log.h"
#include "common/text.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/terms_wait.h"
#include "memory-db/store/index/text_sql.h"
#include "memory-db/store/index/text_wait.h"

/* Facts queued at a time: bounds the memory, and each flush is in order. */
#define REBUILD_SLICE 1000
/* So many segments of a level of an index become one in idle time, the least
 * that FTS5 takes instead of its 4. A search opens all segments for each word:
 * with eleven of them a question of 12 words takes half as long again as with
 * one. While writers are busy 4 are merged at a time, as before. */
#define SEGMENTS_MERGED 2

/* row: of the index that `what` walks through. */
static int
queue_row(struct store *st, enum text_statement what, int64_t row,
	int64_t branch, int64_t fact, struct text_indexed *x, struct err *e)
{
	int rc = text_indexed_of(st, fact, x, e);

	if (rc != 0)
		return rc;
	if (what == TEXT_BRANCH_FACTS)
		return text_queue_branch(st, row, branch, fact, x, e);
	rc = text_opens(st, fact, x->name.data, x->name.len, x->body.data,
		x->body.len, e);
	if (rc != 0 || what != TEXT_PAST_FACTS)
		return rc;
	/* Opened and closed: no row of ft_live, but its words. */
	return text_closes(st, fact, row, x->name.data, x->name.len,
		x->body.data, x->body.len, e);
}

static int
queue_slice(struct store *st, enum text_statement what, int64_t *after,
	int *ret_n, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT, (int)what);
	AUTO_INDEXED struct text_indexed x = {0};
	int rc = 0;

	*ret_n = 0;
	bind_i(s, 1, *after);
	while (*ret_n < REBUILD_SLICE && (rc = stmt_row(st, s, e)) == 1) {
		bool is_past = what == TEXT_PAST_FACTS;
		bool is_branch = what == TEXT_BRANCH_FACTS;
		int64_t fact =
			sqlite3_column_int64(s, is_past || is_branch ? 1 : 0);

		*after = sqlite3_column_int64(s, 0);
		rc = queue_row(st, what, *after,
			is_branch ? sqlite3_column_int64(s, 2) : 0, fact, &x,
			e);
		if (rc < 0)
			return rc;
		++*ret_n;
	}
	return rc < 0 ? rc : 0;
}

static int
rebuild_from(struct store *st, enum text_statement what, struct err *e)
{
	int64_t after = 0;
	int n, rc;

	do {
		rc = queue_slice(st, what, &after, &n, e);
		if (rc != 0)
			return rc;
		rc = text_queue_flush_all(st, e);
		if (rc != 0)
			return rc;
	} while (n == REBUILD_SLICE);
	return 0;
}

int
fts_rebuild(struct store *st, struct err *e)
{
	static const enum text_statement empty[] = {TEXT_LIVE_EMPTY,
		TEXT_PAST_EMPTY, TEXT_BRANCH_EMPTY, TEXT_TERM_EMPTY,
		TEXT_TERM_DELETE};
	int rc;

	text_terms_clear(st);
	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		rc = stmt_run(st, stmt_use(st, MOD_TEXT, (int)empty[i]), e);
		if (rc != 0)
			return rc;
	}
	rc = text_wait_clear(st, e);
	if (rc != 0)
		return rc;
	rc = terms_wait_clear(st, e);
	if (rc != 0)
		return rc;
	rc = rebuild_from(st, TEXT_OPEN_FACTS, e);
	if (rc != 0)
		return rc;
	rc = rebuild_from(st, TEXT_PAST_FACTS, e);
	if (rc != 0)
		return rc;
	return rebuild_from(st, TEXT_BRANCH_FACTS, e);
}

/* 0 when the file does not say. */
static int
version_of(struct store *st, int64_t *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT, TEXT_VERSION);
	int rc = stmt_row(st, s, e);

	*ret = rc == 1 ? sqlite3_column_int64(s, 0) : 0;
	return rc < 0 ? rc : 0;
}

static int
upgrade(struct store *st, int64_t from, struct err *e)
{
	sqlite3_stmt *s;
	int rc = from > 0 && from != TEXT_TOKENIZER_VERSION ? fts_rebuild(st, e)
							    : 0;

	if (rc != 0)
		return rc;
	for (int i = 0; i < TEXT_INDEXES; i++) {
		rc = text_command(st, i, "usermerge", SEGMENTS_MERGED, e);
		if (rc != 0)
			return rc;
	}
	s = stmt_use(st, MOD_TEXT, TEXT_SET_VERSION);
	bind_i(s, 1, TEXT_TOKENIZER_VERSION);
	return stmt_run(st, s, e);
}

/* Does the file say how many segments idle time merges? 1, 0. */
static int
has_usermerge(struct store *st, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT, TEXT_USERMERGE);

	bind_i(s, 1, SEGMENTS_MERGED);
	return stmt_row(st, s, e);
}

static int
upgrade_in_group(struct store *st, int64_t version, struct err *e)
{
	int rc = store_group_begin(st, e);

	if (rc != 0)
		return rc;
	rc = upgrade(st, version, e);
	if (rc != 0)
		return rc;
	return store_group_commit(st, e);
}

static int
fts_rebuild_open(struct store *st, struct err *e)
{
	int64_t version;
	int rc = version_of(st, &version, e);

	if (rc != 0)
		return rc;
	if (version == TEXT_TOKENIZER_VERSION)
		rc = st->base->read_only ? 1 : has_usermerge(st, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (version > 0 && version != TEXT_TOKENIZER_VERSION)
		log_event(LOG_INFO, "the text index is written anew", 0,
			LOG_I("tokenizer", TEXT_TOKENIZER_VERSION));
	rc = upgrade_in_group(st, version, e);
	if (rc < 0)
		store_group_abort(st);
	return rc;
}

/* When the tokens in the file are of another version of text_tokens() than this
 * program's, the indexes are written anew at open (some 30 us a fact). */
const struct participant fts_rebuild_participant = {
	.name = "fts_rebuild",
	.open = fts_rebuild_open,
};
