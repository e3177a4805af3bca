/* What reading through time costs, in steps of SQLite's machine: the same on
 * every run and every machine. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "tests/lib/idle.h"
#include "tests/lib/db_fixture.h"

#define VERSIONS 10000

static int64_t
steps(sqlite3 *db)
{
	int64_t n = 0;

	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(db, s));)
		n += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
	return n;
}

/* In its idle time the service merges the segments of the text index; how many
 * there are just before that is chance. */
static int64_t
read_cost(struct fixture *f, method_fn fn, const char *params)
{
	while (idle_step(f->w) == 1)
		;
	(void)steps(f->r->db);
	do_read(f, fn, params);
	return steps(f->r->db);
}

static int64_t
write_cost(struct fixture *f, method_fn fn, const char *params)
{
	(void)steps(f->w->db);
	do_write(f, fn, params);
	return steps(f->w->db);
}

/* One call of many, in a group that the caller commits. */
static void
in_group(struct fixture *f, method_fn fn, json_t *params)
{
	struct call c = {.st = f->w, .ctx = &f->ctx, .params = params};
	json_t *result = NULL;

	assert_non_null(params);
	must(f, store_savepoint(f->w, &f->e));
	must(f, fn(&c, &result, &f->e));
	must(f, store_release(f->w, &f->e));
	json_decref(result);
	json_decref(params);
	call_done(&c);
}

/* Each change replaces the one observation of an entity. */
static void
replace(struct fixture *f, const char *name, int times)
{
	char text[40];

	must(f, store_group_begin(f->w, &f->e));
	for (int i = 0; i < times; i++) {
		snprintf(text, sizeof(text), "reading %d of %s", i, name);
		in_group(f, m_create_entities,
			json_pack("{s:s,s:[{s:s,s:s,s:[s]}]}", "mode",
				"replace", "entities", "name", name,
				"entityType", "meter", "observations", text));
		if (i % 500 == 499) {
			must(f, store_group_commit(f->w, &f->e));
			must(f, store_group_begin(f->w, &f->e));
		}
	}
	must(f, store_group_commit(f->w, &f->e));
}

static void
fill(struct fixture *f, int n)
{
	char name[32], text[80];

	must(f, store_group_begin(f->w, &f->e));
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "thing %d", i);
		snprintf(text, sizeof(text), "common words, number %d, kind%d",
			i, i % 50);
		in_group(f, m_create_entities,
			json_pack("{s:[{s:s,s:s,s:[s]}]}", "entities", "name",
				name, "entityType", "thing", "observations",
				text));
	}
	must(f, store_group_commit(f->w, &f->e));
}

static void
at_most(const char *what, int64_t cost, int64_t base, double times)
{
	if ((double)cost > (double)base * times)
		fail_msg("%s: %lld steps, more than %.1f times %lld", what,
			(long long)cost, times, (long long)base);
}

static void
test_versions(void **state)
{
	struct fixture *f = *state;
	int64_t open_one, open_many, find_one, find_many;

	fill(f, 200);
	replace(f, "alpha", 1);
	replace(f, "omega", 1);
	open_one = read_cost(f, m_open_nodes, "{\"names\":[\"alpha\"]}");
	find_one = read_cost(f, m_search_nodes, "{\"query\":\"alpha\"}");
	replace(f, "omega", VERSIONS - 1);
	open_many = read_cost(f, m_open_nodes, "{\"names\":[\"omega\"]}");
	find_many = read_cost(f, m_search_nodes, "{\"query\":\"omega\"}");
	at_most("opening 10,000 versions", open_many, open_one, 1.2);
	at_most("finding 10,000 versions", find_many, find_one, 1.2);
	/* Appending and looking at the newest page of its history too. */
	at_most("appending to 10,000 versions",
		write_cost(f, m_add_observations,
			"{\"observations\":[{\"entityName\":\"omega\","
			"\"contents\":[\"one more\"]}]}"),
		write_cost(f, m_add_observations,
			"{\"observations\":[{\"entityName\":\"alpha\","
			"\"contents\":[\"one more\"]}]}"),
		1.2);
	at_most("the newest page of history",
		read_cost(f, m_memory_history,
			"{\"name\":\"omega\",\"limit\":2}"),
		read_cost(f, m_memory_history,
			"{\"name\":\"alpha\",\"limit\":2}"),
		1.5);
}

/* Facts in entities of 500: filled faster. */
static void
fill_facts(struct fixture *f, int n)
{
	char name[32], text[48];

	for (int i = 0; i < n; i += 500) {
		json_t *texts = json_array();

		snprintf(name, sizeof(name), "large %d", i);
		for (int k = 0; k < 500; k++) {
			snprintf(text, sizeof(text), "fact %d", i + k);
			assert_int_equal(json_array_append_new(texts,
						 json_string(text)),
				0);
		}
		must(f, store_group_begin(f->w, &f->e));
		in_group(f, m_create_entities,
			json_pack("{s:[{s:s,s:s,s:o}]}", "entities", "name",
				name, "entityType", "thing", "observations",
				texts));
		must(f, store_group_commit(f->w, &f->e));
	}
}

static int64_t
fork_cost(struct fixture *f, int i)
{
	char p[80];

	snprintf(p, sizeof(p), "{\"action\":\"create\",\"name\":\"b%d\"}", i);
	return write_cost(f, m_memory_branch, p);
}

static void
test_fork_is_constant(void **state)
{
	struct fixture *f = *state;
	int64_t small, large;

	fill(f, 100);
	(void)fork_cost(f, 0); /* the labels of it are new */
	small = fork_cost(f, 1);
	fill_facts(f, 100000);
	large = fork_cost(f, 2);
	at_most("a branch of 100,000 facts", large, small, 1.05);
}

/* --- bytes of a version --------------------------------------------------- */
#define SAMPLE 3000

static int64_t
number(struct fixture *f, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(f->r->db, sql, -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

struct size {
	int64_t all, plain; /* bytes; without the SQL and text indexes */
};

static struct size
size_of(struct fixture *f)
{
	struct size s;

	while (idle_step(f->w) == 1)
		;
	s.all = number(f, "SELECT sum(pgsize) FROM dbstat");
	s.plain = number(f,
		"SELECT sum(pgsize) FROM dbstat WHERE name NOT IN (SELECT name "
		"FROM sqlite_schema WHERE type = 'index') AND name NOT LIKE "
		"'ft%' AND name NOT LIKE 'term%'");
	return s;
}

/* Versions that add a fact of 100 bytes, of words that recur. */
static void
test_bytes_of_a_version(void **state)
{
	static const char *const words[] = {"quarterly", "report", "reviewed",
		"customer", "deadline", "budget", "meeting", "postponed",
		"invoice", "approved", "migration", "rollback", "colleague",
		"preferred", "morning", "release"};
	struct fixture *f = *state;
	struct size before, after;
	int64_t all, plain;

	fill(f, 500);
	before = size_of(f);
	must(f, store_group_begin(f->w, &f->e));
	for (int i = 0; i < SAMPLE; i++) {
		char text[160], name[32];
		uint32_t dice = (uint32_t)i * 2654435761u;

		snprintf(name, sizeof(name), "thing %d", i % 500);
		snprintf(text, sizeof(text), "on day %d the", i);
		for (int k = 0; strlen(text) < 90; k++, dice = dice * 69069 + 1)
			snprintf(text + strlen(text),
				sizeof(text) - strlen(text), " %s",
				words[(dice >> 20) % ARRAY_LEN(words)]);
		text[100] = '\0';
		in_group(f, m_add_observations,
			json_pack("{s:[{s:s,s:[s]}]}", "observations",
				"entityName", name, "contents", text));
		if (i % 100 == 99) {
			must(f, store_group_commit(f->w, &f->e));
			must(f, store_group_begin(f->w, &f->e));
		}
	}
	must(f, store_group_commit(f->w, &f->e));
	after = size_of(f);
	all = (after.all - before.all) / SAMPLE;
	plain = (after.plain - before.plain) / SAMPLE;
	print_message("bytes of a version: %lld, %lld without indexes\n",
		(long long)all, (long long)plain);
	assert_in_range(all, 100, 600);
	assert_in_range(plain, 100, 300);
}

static void
test_past(void **state)
{
	static const char *const queries[] = {"number", "kind7", "\"1234\""};
	struct fixture *f = *state;
	char params[80];

	fill(f, 4000);
	replace(f, "omega", 2000);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		int64_t now;

		snprintf(params, sizeof(params), "{\"query\":\"%s\"}",
			queries[i][0] == '"' ? "1234" : queries[i]);
		now = read_cost(f, m_search_nodes, params);
		f->ctx.as_of = json_integer(4000);
		at_most(params, read_cost(f, m_search_nodes, params), now, 3);
		json_decref((json_t *)(uintptr_t)f->ctx.as_of);
		f->ctx.as_of = NULL;
	}
}

int
main(void)
{
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {T(test_versions),
		T(test_fork_is_constant), T(test_past),
		T(test_bytes_of_a_version)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
