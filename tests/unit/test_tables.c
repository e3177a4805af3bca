/* Of each table of the schema a module says what it is to those who erase,
 * verify, export and merge namespaces (store/engine/table.h). */
#include "tests/lib/unit.h"

#include <sqlite3.h>

#include "memory-db/store/check/tables.h"
#include "memory-db/store/check/verify_int.h"
#include "tests/lib/store_fixture.h"

static struct store_fixture fixture;

static int
is_it(void *ctx, const struct store_table *t)
{
	return strcmp(t->name, ctx) == 0;
}

/* Tables that FTS5 makes for an index: "ft_live_data" of "ft_live". */
static int
is_its_shadow(void *ctx, const struct store_table *t)
{
	const char *name = ctx;
	size_t n = strlen(t->name);

	return strncmp(t->name, "ft_", 3) == 0 &&
	       strncmp(name, t->name, n) == 0 && name[n] == '_';
}

static int
check_name(void *ctx, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	if (tables_each(fixture.w, is_its_shadow, values[0]) != 0)
		return 0;
	++*(size_t *)ctx;
	if (tables_each(fixture.w, is_it, values[0]) == 0)
		fail_msg("no module says what table '%s' is: a list that "
			 "store/modules.def names (store/engine/table.h)",
			values[0]);
	return 0;
}

static int
count(void *ctx, const struct store_table *t)
{
	(void)t;
	++*(size_t *)ctx;
	return 0;
}

static void
test_each_table_has_an_owner(void **state)
{
	sqlite3 *db;
	size_t n = 0, said = 0;

	(void)state;
	assert_int_equal(sqlite3_open(fixture.at.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "SELECT name FROM sqlite_schema WHERE "
				 "type = 'table' AND name NOT LIKE 'sqlite_%'",
				 check_name, &n, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	/* And what is said is said of a table, once. */
	assert_int_equal(tables_each(fixture.w, count, &said), 0);
	assert_int_equal(n, said);
}

static int
says_what_it_must(void *ctx, const struct store_table *t)
{
	(void)ctx;
	/* What forgets rows of its own drops them. */
	if (t->forget_entity)
		assert_int_equal(t->forget, FORGET_DROPS);
	if (t->verified)
		assert_true(verify_has_step(t->verified));
	/* The log and what is made from it can be checked. */
	if (t->kind == TABLE_DERIVED)
		assert_non_null(t->verified);
	return 0;
}

static void
test_tables_say_what_they_must(void **state)
{
	(void)state;
	assert_int_equal(tables_each(fixture.w, says_what_it_must, NULL), 0);
}

static int
setup(void **state)
{
	(void)state;
	sf_open(&fixture);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	sf_close(&fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_table_has_an_owner),
		cmocka_unit_test(test_tables_say_what_they_must),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
