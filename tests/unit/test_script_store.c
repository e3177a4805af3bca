/* A script's private view: sees the state it began with and its own writes,
 * with search, while others write; leaves nothing. */
#include "tests/lib/script_fixture.h"

static void
test_view_is_private(void **state)
{
	struct script_fixture *f = *state;
	int64_t change;

	for (int round = 0; round < 3; round++) {
		size_t n = entities(f, f->w);
		char name[32];

		snprintf(name, sizeof(name), "base%d", round);
		add(f, f->w, name, "apples and pears");
		OK(store_script_begin(f->s, &change, &f->e));
		assert_int_equal(entities(f, f->s), n + 1);
		add(f, f->s, "mine", "a quince of the script");
		assert_int_equal(found(f, f->s, "quince"), 1);
		assert_int_equal(found(f, f->s, "uinc"), 1);
		assert_int_equal(entities(f, f->s), n + 2);
		/* Others write meanwhile. */
		snprintf(name, sizeof(name), "later%d", round);
		add(f, f->w, name, "plums");
		for (int i = 0; i < 50; i++) {
			snprintf(name, sizeof(name), "bulk%d", i);
			add(f, f->w, name, "melon melon melon");
		}
		while (idle_step(f->w) == 1)
			;
		assert_int_equal(entities(f, f->s), n + 2);
		assert_int_equal(found(f, f->s, "plums"), (size_t)round);
		assert_int_equal(found(f, f->s, "quince"), 1);
		assert_int_equal(found(f, f->w, "quince"), 0);
		store_script_end(f->s);
		assert_int_equal(found(f, f->w, "quince"), 0);
		assert_true(entities(f, f->w) > n + 1);
		if (round == 1)
			OK(store_checkpoint(f->w, &f->e));
	}
}

/* Copies all of the log into the file without beginning it anew. */
static void
checkpoint_passively(struct script_fixture *f)
{
	int frames = 0, done = 0;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->at.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM meta", NULL, NULL,
				 NULL),
		SQLITE_OK); /* it has no log before */
	assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL,
				 SQLITE_CHECKPOINT_PASSIVE, &frames, &done),
		SQLITE_OK);
	assert_true(frames > 0 && frames == done);
	sqlite3_close(db);
}

/* With all of the log in the file, the next write begins it anew, under the
 * eyes of the script. */
static void
test_log_is_begun_anew(void **state)
{
	struct script_fixture *f = *state;
	char name[32];
	int64_t change;

	for (int round = 0; round < 4; round++) {
		size_t n;

		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "a%d-%d", round, i);
			add(f, f->w, name, "before the script");
		}
		checkpoint_passively(f);
		n = entities(f, f->w);
		OK(store_script_begin(f->s, &change, &f->e));
		for (int i = 0; i < 40; i++) {
			snprintf(name, sizeof(name), "b%d-%d", round, i);
			add(f, f->w, name, "while it runs");
			if (round % 2 && i == 20)
				(void)idle_step(f->w);
		}
		assert_int_equal(entities(f, f->s), n);
		assert_int_equal(found(f, f->s, "while"), round > 0 ? 10 : 0);
		add(f, f->s, "mine", "while");
		assert_int_equal(entities(f, f->s), n + 1);
		store_script_end(f->s);
		OK(store_script_begin(f->s, &change, &f->e));
		assert_int_equal(entities(f, f->s), n + 40);
		store_script_end(f->s);
	}
}

/* How many facts a recall finds, and whether they fit. */
static size_t
recalled(struct script_fixture *f, struct store *st, const char *query,
	bool *ret_relevant)
{
	char p[200];

	snprintf(p, sizeof(p), "{\"query\":\"%s\"}", query);
	call(f, st, m_recall, p);
	*ret_relevant = json_is_true(json_object_get(f->last, "relevant"));
	return json_array_size(json_object_get(f->last, "results"));
}

/* What a script wrote has ids that somebody else's facts get later: nothing
 * that was kept of it may be taken for theirs. */
static void
test_ids_are_given_again(void **state)
{
	struct script_fixture *f = *state;
	int64_t change;
	bool relevant;

	add(f, f->w, "base", "apples and pears");
	OK(store_script_begin(f->s, &change, &f->e));
	add(f, f->s, "mine", "violet umbrella behind the door");
	assert_int_equal(recalled(f, f->s, "violet umbrella", &relevant), 1);
	assert_true(relevant);
	store_script_end(f->s);
	add(f, f->w, "mine", "granite table in the kitchen");
	OK(store_script_begin(f->s, &change, &f->e));
	assert_int_equal(recalled(f, f->s, "granite table", &relevant), 1);
	assert_true(relevant);
	recalled(f, f->s, "violet umbrella", &relevant);
	assert_false(relevant);
	store_script_end(f->s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_view_is_private, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_ids_are_given_again, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_log_is_begun_anew, setup,
			teardown),
	};

	return cmocka_run_group_tests_name("script_store", tests, NULL, NULL);
}
