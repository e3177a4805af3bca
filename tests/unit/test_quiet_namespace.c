/* A quiet namespace beside a busy one that uses the same words: everything in
 * it is found, for the price that it has alone, or that of looking at each of
 * its texts: what the others have does not count. */
#include "tests/lib/unit.h"

#include "memory-db/store/engine/store_internal.h"
#include "tests/lib/idle.h"
#include "tests/lib/method_fixture.h"

#define QUIET 50
#define BUSY  10000
/* Steps of a look at a text; each entity has two facts. */
#define LOOK 50

static int64_t
steps(struct method_fixture *f)
{
	int64_t n = 0;

	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(f->s.w->db, s));)
		n += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
	return n;
}

static void
fill(struct method_fixture *f, int64_t ns, int from, int n)
{
	char name[32], text[80];

	f->s.ns = ns;
	for (int i = from; i < from + n; i++) {
		sf_begin(&f->s);
		snprintf(name, sizeof(name), "thing %d", i);
		snprintf(text, sizeof(text),
			"a common word, kind%d of it, number %d", i % 10, i);
		(void)sf_observe(&f->s, sf_entity(&f->s, name, "thing"), text);
		if (i % 500 == 499 || i == from + n - 1)
			sf_commit(&f->s);
		else
			sf_seal(&f->s);
	}
}

/* What is asked, how many rows come of the quiet namespace. */
static const struct {
	const char *method, *query;
	size_t rows;
} cases[] = {
	{"recall", "the common word", QUIET},
	{"recall", "which kind7 is common?", QUIET},
	{"recall", "kind7", QUIET / 10},
	{"recall", "number 33", QUIET},
	{"recall", "a common word of number 49 and of kind3 or thing 12 there",
		QUIET},
	{"search_nodes", "common word", QUIET},
	{"search_nodes", "kind7", QUIET / 10},
	{"search_nodes", "ind", QUIET},
	{"search_nodes", "ommo", QUIET},
	{"search_nodes", "", QUIET},
};

static void
ask_all(struct method_fixture *f, int64_t cost[])
{
	while (idle_step(f->s.w) == 1)
		;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *rows, *row;
		size_t k;

		(void)steps(f);
		mf_call(f, cases[i].method, "{s:s, s:i}", "query",
			cases[i].query, "limit", 200);
		cost[i] = steps(f);
		rows = json_object_get(f->last, "results");
		if (json_array_size(rows) != cases[i].rows)
			fail_msg("%s '%s': %zu rows", cases[i].method,
				cases[i].query, json_array_size(rows));
		json_array_foreach(rows, k, row)
			assert_memory_equal(json_string_value(
						    json_object_get(row,
							    "name")),
				"thing ", 6);
	}
}

static bool
recalls(size_t i)
{
	return strcmp(cases[i].method, "recall") == 0;
}

static void
finds_all_at_the_same_price(void **state)
{
	struct method_fixture *f = *state;
	int64_t alone[ARRAY_LEN(cases)], beside[ARRAY_LEN(cases)];
	int64_t quiet, before, behind;

	/* The busy ones lie on both sides of the quiet one. */
	sf_begin(&f->s);
	sf_ok(&f->s, namespace_intern(f->s.w, "before", &before, &f->e));
	sf_ok(&f->s, namespace_intern(f->s.w, "quiet", &quiet, &f->e));
	sf_ok(&f->s, namespace_intern(f->s.w, "behind", &behind, &f->e));
	sf_commit(&f->s);
	fill(f, quiet, 0, QUIET);
	ask_all(f, alone);
	fill(f, before, 0, BUSY / 2);
	fill(f, behind, 0, BUSY / 2);
	ask_all(f, beside);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s '%s': %lld steps alone, %lld beside\n",
			cases[i].method, cases[i].query, (long long)alone[i],
			(long long)beside[i]);
		if ((double)beside[i] >
			1.2 * (double)alone[i] +
				2 * QUIET * (recalls(i) ? 0 : LOOK))
			fail_msg("%s '%s'", cases[i].method, cases[i].query);
	}
}

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	mf_open(f);
	f->ctx.namespace_ = "quiet";
	*state = f;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_all_at_the_same_price),
	};

	return cmocka_run_group_tests(tests, setup, mf_teardown);
}
