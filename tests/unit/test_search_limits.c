/* Search at its limits: out of time, out of memory, out of the ordinary. */
#include "tests/lib/unit.h"

#include <sqlite3.h>

#include "memory-db/model/search/search.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/text_index.h"
#include "tests/lib/store_fixture.h"

static void
fill(struct store_fixture *f, int n)
{
	char name[40], text[120];

	sf_begin(f);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "entity %d", i);
		snprintf(text, sizeof(text), "some text %d of x%dy%s", i, i,
			i % 1000 == 7 ? " (((" : "");
		sf_observe(f, sf_entity(f, name, "thing"), text);
	}
	sf_commit(f);
}

static struct search_request
request(const char *query, int limit)
{
	return (struct search_request){.ns = {NAMESPACE_DEFAULT, 0},
		.query = query,
		.query_n = strlen(query),
		.types_n = -1,
		.limit = limit};
}

/* The deadline has passed already: each page says how far it came, and going
 * on reaches the end with everything found once. */
static void
all_in_parts(struct store_fixture *f, struct search_request q, int wanted)
{
	struct search_result r;
	int found = 0, parts = 0;
	int64_t seen[64];

	q.deadline_ns = 1;
	do {
		sf_ok(f, search_run(f->w, &q, &r, &f->e));
		for (size_t i = 0; i < r.n; i++) {
			for (int k = 0; k < found; k++)
				assert_true(seen[k] != r.rows[i].entity);
			assert_true(found < 64);
			seen[found++] = r.rows[i].entity;
		}
		assert_false(r.partial && !r.more);
		parts += r.partial;
		q.a = r.a;
		q.b = r.b;
		search_result_done(&r);
		assert_true(parts < 10000);
	} while (q.a != 0 || q.b != 0);
	assert_int_equal(found, wanted);
	assert_true(parts > 1);
}

static void
test_deadline(void **state)
{
	struct store_fixture *f = *state;
	struct search_request q;

	fill(f, 4000);
	all_in_parts(f, request("(((", 10), 4);
	q = request("(((", 10);
	q.substring = true;
	all_in_parts(f, q, 4);
}

static int
ignore(void *ctx, const char *index, const char *detail)
{
	(void)ctx;
	fail_msg("%s: %s", index, detail);
	return 0;
}

/* Each allocation of a search fails once: an error, and the next search works
 * as if nothing had been. */
static void
test_no_memory(void **state)
{
	static const char *const queries[] = {"some text", "ext", "x1", "(((",
		"", "entity 3"};
	struct store_fixture *f = *state;
	struct search_result r;
	size_t n_before;

	fill(f, 60);
	for (size_t k = 0; k < 2 * ARRAY_LEN(queries); k++) {
		struct search_request q = request(queries[k / 2], 5);

		q.substring = k % 2;
		sf_ok(f, search_run(f->w, &q, &r, &f->e));
		n_before = r.n;
		search_result_done(&r);
		for (size_t n = 1;; n++) {
			int rc;

			sqlite3_db_release_memory(f->w->db);
			heap_fail_at(n);
			rc = search_run(f->w, &q, &r, &f->e);
			if (!heap_disarm()) {
				sf_ok(f, rc);
				assert_int_equal(r.n, n_before);
				search_result_done(&r);
				break;
			}
			/* Where a cache could not grow it worked all the
			 * same. */
			if (rc == 0) {
				assert_int_equal(r.n, n_before);
				search_result_done(&r);
			} else {
				assert_int_equal(rc, MDB_E_NOMEM);
			}
		}
	}
}

/* The same for writing: what the index holds stays what the facts say. */
static int
write_one(struct store_fixture *f, int i)
{
	struct change_info info = {.ns = f->ns,
		.branch = STORE_MAIN,
		.kind = CHANGE_CREATE};
	struct fact x = sf_fact(0, FACT_EXISTENCE, "");
	struct change *c = NULL;
	int64_t id, at;
	char name[32];
	int r = store_group_begin(f->w, &f->e);

	snprintf(name, sizeof(name), "new word%d", i);
	x.text = name;
	x.text_n = strlen(name);
	if (r == 0)
		r = store_savepoint(f->w, &f->e);
	if (r == 0)
		r = change_begin(f->w, &info, &c, &f->e);
	if (r == 0)
		r = entity_create(f->w, f->ns, name, x.text_n, &x.entity,
			&f->e);
	if (r == 0)
		r = label_intern(f->w, "thing", &x.label, &f->e);
	if (r == 0)
		r = change_add_fact(c, &x, NULL, &f->e);
	if (r == 0)
		r = change_seal(take_ptr(c), &id, &at, &f->e);
	if (r == 0)
		r = store_release(f->w, &f->e);
	if (r == 0)
		r = store_group_commit(f->w, &f->e);
	change_drop(c);
	if (r < 0)
		store_group_abort(f->w);
	return r;
}

static void
test_no_memory_writing(void **state)
{
	struct store_fixture *f = *state;
	struct text_checked checked;

	fill(f, 20);
	for (size_t n = 1;; n++) {
		int rc;

		heap_fail_at(n);
		rc = write_one(f, (int)n);
		if (!heap_disarm()) {
			sf_ok(f, rc);
			break;
		}
		sf_ok(f, fts_check(f->w, ignore, NULL, &checked, &f->e));
		/* Known words are in the vocabulary, whatever failed. */
		sf_ok(f, write_one(f, (int)(100000 + n)));
	}
	sf_ok(f, fts_check(f->w, ignore, NULL, &checked, &f->e));
}

/* Queries as long as may be, of every kind. */
static void
test_long_queries(void **state)
{
	struct store_fixture *f = *state;
	struct search_result r;
	struct sf_random random = {5};
	char query[4097];

	fill(f, 50);
	for (int kind = 0; kind < 6; kind++) {
		for (size_t i = 0; i < 4096; i++) {
			static const char *const sets[] = {"a", "ab ", "(\"*",
				"a1 b2c", "e :-^", "\xf0\x9f\x99\x82"};
			const char *set = sets[kind];

			query[i] = kind == 5 ? set[i % 4]
					     : set[sf_below(&random,
						       (int)strlen(set))];
		}
		query[4096] = '\0';
		for (int mode = 0; mode < 2; mode++) {
			struct search_request q = request(query, 10);

			q.substring = mode;
			sf_ok(f, search_run(f->w, &q, &r, &f->e));
			search_result_done(&r);
		}
	}
}

/* The plan of each statement begins with the index that it is meant for. */
static void
test_no_statement_scans(void **state)
{
	struct store_fixture *f = *state;

	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(f->w->db, s));) {
		const char *sql = sqlite3_sql(s);
		sqlite3_stmt *plan = NULL;
		char *explain;

		if (!strstr(sql, "search_mask") && !strstr(sql, "INDEXED BY"))
			continue;
		explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
		assert_int_equal(sqlite3_prepare_v2(f->w->db, explain, -1,
					 &plan, NULL),
			SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *line =
				(const char *)sqlite3_column_text(plan, 3);

			if (strstr(line, "TEMP B-TREE") ||
				(strstr(line, "SCAN") &&
					!strstr(line, "VIRTUAL TABLE") &&
					!strstr(line, "SCAN l") &&
					/* holds pinned ones only */
					!strstr(line, "INDEX attr_pin") &&
					/* what inboxes show: a bounded queue */
					!strstr(line, "staged_shown") &&
					/* one a namespace */
					!strstr(line, "SCAN n")))
				fail_msg("%s\n%s", sql, line);
		}
		sqlite3_finalize(plan);
		sqlite3_free(explain);
	}
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, sf_setup, sf_teardown)
	const struct CMUnitTest tests[] = {T(test_deadline), T(test_no_memory),
		T(test_no_memory_writing), T(test_long_queries),
		T(test_no_statement_scans)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
