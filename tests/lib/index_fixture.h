/* What the text indexes of a store hold, and what is wrong with them. */
#ifndef TESTS_LIB_INDEX_FIXTURE_H
#define TESTS_LIB_INDEX_FIXTURE_H

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/text_index.h"
#include "tests/lib/store_fixture.h"
#include "tests/lib/unit.h"

static inline int
print_problem(void *ctx, const char *index, const char *detail)
{
	++*(int *)ctx;
	if (getenv("VERBOSE"))
		fprintf(stderr, "%s: %s\n", index, detail);
	return 0;
}

static inline int
problems(struct store_fixture *f)
{
	struct text_checked checked;
	int n = 0;

	sf_ok(f, fts_check(f->w, print_problem, &n, &checked, &f->e));
	return n;
}

static inline int64_t
rows(struct store_fixture *f, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(f->w->db, sql, -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}
#define LIVE(word) "SELECT count(*) FROM ft_live WHERE ft_live MATCH '" word "'"
#define PAST(word) "SELECT count(*) FROM ft_past WHERE ft_past MATCH '" word "'"

#endif
