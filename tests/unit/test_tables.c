/* Each table of the schema has its row in store/check/tables.c: who erases,
 * verifies, exports and merges namespaces knows them from there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "memory-db/store/check/tables.h"
#include "memory-db/store/check/verify_int.h"
#include "tests/lib/store_fixture.h"

static bool
is_listed(const char *name)
{
	for (size_t i = 0; i < store_tables_n; i++)
		if (strcmp(store_tables[i].name, name) == 0)
			return true;
	return false;
}

/* Tables that FTS5 makes for an index: "ft_live_data" of "ft_live". */
static bool
is_shadow(const char *name)
{
	for (size_t i = 0; i < store_tables_n; i++) {
		size_t n = strlen(store_tables[i].name);

		if (strncmp(store_tables[i].name, "ft_", 3) == 0 &&
			strncmp(name, store_tables[i].name, n) == 0 &&
			name[n] == '_')
			return true;
	}
	return false;
}

static int
check_name(void *ctx, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	++*(size_t *)ctx;
	if (is_shadow(values[0]))
		--*(size_t *)ctx;
	else if (!is_listed(values[0]))
		fail_msg("table '%s' has no row in store/check/tables.c",
			values[0]);
	return 0;
}

static void
test_each_table_has_a_row(void **state)
{
	struct store_fixture f;
	sqlite3 *db;
	size_t n = 0;

	(void)state;
	sf_open(&f);
	assert_int_equal(sqlite3_open(f.at.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "SELECT name FROM sqlite_schema WHERE "
				 "type = 'table' AND name NOT LIKE 'sqlite_%'",
				 check_name, &n, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	/* And each row a table. */
	assert_int_equal(n, store_tables_n);
	sf_close(&f);
}

static void
test_rows_say_what_they_must(void **state)
{
	(void)state;
	for (size_t i = 0; i < store_tables_n; i++) {
		const struct store_table *t = &store_tables[i];

		/* What forgets rows of its own drops them. */
		if (t->forget_entity)
			assert_int_equal(t->forget, FORGET_DROPS);
		if (t->verified)
			assert_true(verify_has_step(t->verified));
		/* The log and what is made from it can be checked. */
		if (t->kind == TABLE_DERIVED)
			assert_non_null(t->verified);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_table_has_a_row),
		cmocka_unit_test(test_rows_say_what_they_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
