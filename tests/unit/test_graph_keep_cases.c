/* What is kept of the graph, case by case: ends that come without a write, old
 * snapshots, what was forgotten, many readers, lack of memory. */
#include "tests/lib/keep_fixture.h"

/* More than 64 entities, the first pages of which have all come to an end. */
static void
what_has_ended_is_passed_over(void **state)
{
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 1);
	for (int i = 0; i < 150; i++) {
		char name[32];

		snprintf(name, sizeof(name), "e%d", i);
		assert_int_equal(write_of(&f, "create_entities",
					 json_pack("{s:[{s:s,s:s,s:[s],s:i}]}",
						 "entities", "name", name,
						 "entityType", "t",
						 "observations", "x",
						 "ttl_days", i < 140 ? 1 : 9)),
			0);
	}
	compare(&f, 0, 0, 1, 0);
	f.now += 2 * DAY_MS;
	clock_fake(f.now);
	compare(&f, 0, 0, 1, 1);
	compare(&f, 4, 0, 10, 2);
	keep_close(&f);
}

/* Of two facts with ends the second one's comes without a write. */
static void
facts_end_one_by_one(void **state)
{
	static const int64_t days[] = {0, 1, 1, 2};
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 5);
	assert_int_equal(
		write_of(&f, "create_entities",
			json_pack("{s:[{s:s,s:s,s:[{s:s,s:i},{s:s,s:i},s]}]}",
				"entities", "name", "ada", "entityType", "t",
				"observations", "text", "first", "ttl_days", 1,
				"text", "second", "ttl_days", 2, "third")),
		0);
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		AUTO_BUF struct buf text = {0};
		AUTO_JSON json_t *params = json_object();
		char next[CURSOR_SIZE];

		f.now = START_MS + days[i] * DAY_MS + DAY_MS / 2;
		clock_fake(f.now);
		compare(&f, 0, 0, 1, (int)i);
		(void)page_of(&f, f.keep, params, &text, next);
		assert_int_equal(count(&text, "first"), days[i] < 1);
		assert_int_equal(count(&text, "second"), days[i] < 2);
		assert_int_equal(count(&text, "third"), 1);
	}
	keep_close(&f);
}

/* A read whose snapshot is older than a clearing keeps nothing. */
static void
an_older_snapshot_keeps_nothing(void **state)
{
	struct keep_fixture f;
	struct call c = {0};
	json_t *result = NULL;

	(void)state;
	keep_open(&f, 6);
	create(&f);
	c = (struct call){.st = f.m.s.w,
		.ctx = &f.m.ctx,
		.tool = tool_find("read_graph"),
		.keep = f.keep,
		.keep_seen = graph_keep_seen(f.keep)};
	c.params = json_object();
	graph_keep_clear(f.keep);
	sf_ok(&f.m.s, store_read_begin(c.st, &f.m.s.e));
	sf_ok(&f.m.s, method_run(&c, &result, &f.m.s.e));
	store_read_end(c.st);
	assert_false(c.is_kept);
	json_decref(c.params);
	json_decref(result);
	call_done(&c);
	keep_close(&f);
}

/* The texts of a forgotten fact are in no reply, whether or not the service was
 * told to drop what it keeps. */
static void
nothing_forgotten_is_given(void **state)
{
	struct keep_fixture f;
	char next[CURSOR_SIZE];

	(void)state;
	keep_open(&f, 2);
	(void)write_of(&f, "create_entities",
		json_pack("{s:[{s:s,s:s,s:[s,s]}]}", "entities", "name", "ada",
			"entityType", "t", "observations", "the code is 4711",
			"likes tea"));
	for (int i = 0; i < 2; i++) {
		AUTO_BUF struct buf text = {0};
		AUTO_JSON json_t *params = json_object();

		(void)page_of(&f, f.keep, params, &text, next);
		assert_int_equal(count(&text, "4711"), i == 0);
		assert_int_equal(count(&text, "likes tea"), 1);
		if (i == 0)
			assert_int_equal(write_of(&f, "forget",
						 json_pack("{s:s,s:s,s:b}",
							 "name", "ada",
							 "observation",
							 "the code is 4711",
							 "confirm", 1)),
				0);
	}
	keep_close(&f);
}

/* Graphs of more readers than have room push each other out. */
static void
many_readers(void **state)
{
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 3);
	for (int i = 0; i < 60; i++) {
		char session[16];

		be_somebody(&f);
		create(&f);
		f.m.ctx.user_scope = false;
		snprintf(session, sizeof(session), "r%d", below(&f, 9));
		f.m.ctx.session = session;
		compare(&f, 0, 0, 1, i);
		f.m.ctx.session = NULL;
	}
	assert_false(graph_keep_rest(f.keep, 0));
	compare(&f, 0, 0, 1, 60);
	assert_true(graph_keep_rest(f.keep, INT64_MAX));
	keep_close(&f);
}

static void
every_allocation_may_fail(void **state)
{
	struct keep_fixture f;

	(void)state;
	keep_open(&f, 4);
	for (int i = 0; i < 3; i++)
		create(&f);
	compare(&f, 0, 0, 1, 0);
	for (size_t n = 1;; n += 1 + n / 16) {
		struct call c = {.st = f.m.s.w,
			.ctx = &f.m.ctx,
			.tool = tool_find("read_graph"),
			.keep = f.keep};
		json_t *result = NULL;
		struct err e = {0};
		bool failed;
		int rc;

		relate(&f); /* something to follow */
		add(&f);
		c.keep_seen = graph_keep_seen(f.keep);
		c.params = json_object();
		sf_ok(&f.m.s, store_read_begin(c.st, &f.m.s.e));
		heap_fail_at(n);
		rc = method_run(&c, &result, &e);
		failed = heap_disarm();
		store_read_end(c.st);
		json_decref(c.params);
		json_decref(result);
		call_done(&c);
		assert_true(rc == 0 || rc == MDB_E_NOMEM);
		compare(&f, 0, 0, 1, (int)n);
		if (!failed)
			break;
	}
	keep_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_ended_is_passed_over),
		cmocka_unit_test(facts_end_one_by_one),
		cmocka_unit_test(an_older_snapshot_keeps_nothing),
		cmocka_unit_test(nothing_forgotten_is_given),
		cmocka_unit_test(many_readers),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
