/* The text indexes: the queue, checking and rebuilding, random groups. */
#include "tests/lib/index_fixture.h"

#include "common/text.h"
#include "memory-db/store/idle.h"
#include "memory-db/store/index/text_wait.h"

static void
test_opens_and_closes(void **state)
{
	struct store_fixture *f = *state;
	int64_t ada, tea;

	sf_begin(f);
	ada = sf_entity(f, "Ada Lovelace", "person");
	tea = sf_observe(f, ada, "likes running and green TEA");
	sf_commit(f);
	assert_int_equal(rows(f, LIVE("name : lovelac")), 1);
	assert_int_equal(rows(f, LIVE("body : person")), 1);
	assert_int_equal(rows(f, LIVE("tea AND run")), 1);
	assert_int_equal(rows(f, PAST("tea")), 0);
	assert_int_equal(problems(f), 0);

	sf_begin(f);
	sf_ok(f, change_hide(f->c, tea, &f->e));
	sf_commit(f);
	assert_int_equal(rows(f, LIVE("tea")), 0);
	assert_int_equal(rows(f, PAST("tea")), 1);
	assert_int_equal(rows(f, LIVE("lovelac")), 1);
	assert_int_equal(problems(f), 0);
}

static void
test_one_group_opens_and_closes(void **state)
{
	struct store_fixture *f = *state;
	int64_t ada, tea, old;

	sf_begin(f);
	ada = sf_entity(f, "ada", "person");
	old = sf_observe(f, ada, "plays chess");
	sf_commit(f);

	/* Several changes of one group: opened and closed; closed and opened
	 * again. */
	sf_begin(f);
	tea = sf_observe(f, ada, "likes tea");
	sf_ok(f, change_hide(f->c, old, &f->e));
	sf_seal(f);
	sf_begin(f);
	sf_ok(f, change_hide(f->c, tea, &f->e));
	sf_ok(f, change_show(f->c, old, &f->e));
	sf_commit(f);
	assert_int_equal(rows(f, LIVE("tea")), 0);
	assert_int_equal(rows(f, PAST("tea")), 1);
	assert_int_equal(rows(f, LIVE("chess")), 1);
	assert_int_equal(rows(f, PAST("chess")), 1);
	assert_int_equal(problems(f), 0);
}

static void
test_rollback_takes_texts_along(void **state)
{
	struct store_fixture *f = *state;
	int64_t ada;

	sf_begin(f);
	ada = sf_entity(f, "ada", "person");
	sf_seal(f);
	sf_begin(f);
	sf_observe(f, ada, "vanishes");
	change_drop(take_ptr(f->c));
	store_rollback(f->w);
	sf_begin(f);
	sf_observe(f, ada, "stays");
	sf_commit(f);
	assert_int_equal(rows(f, LIVE("vanish")), 0);
	assert_int_equal(rows(f, LIVE("stay")), 1);
	assert_int_equal(problems(f), 0);
}

/* Each kind of damage shows, and a rebuild repairs it. */
static void
test_check_sees_damage(void **state)
{
	static const char *const damage[] = {
		/* a ghost, a missing row, a wrong delete, a lost word */
		"INSERT INTO ft_live(rowid, name, body) VALUES(99, '', 'x')",
		"INSERT INTO ft_live(ft_live, rowid, name, body) SELECT"
		" 'delete', max(id), '', 'second fact' FROM fact",
		"INSERT INTO ft_live(ft_live, rowid, name, body) SELECT"
		" 'delete', max(id), '', 'second wrong' FROM fact",
		"INSERT INTO ft_past(rowid, name, body) SELECT id + 1, '',"
		" 'x' FROM past",
		"DELETE FROM term WHERE text = 'second';"
		"DELETE FROM term_new WHERE words LIKE '%second%'",
	};
	struct store_fixture *f = *state;
	int64_t ada, first;

	sf_begin(f);
	ada = sf_entity(f, "ada", "person");
	first = sf_observe(f, ada, "first fact");
	sf_observe(f, ada, "second fact");
	sf_commit(f);
	sf_begin(f);
	sf_ok(f, change_hide(f->c, first, &f->e));
	sf_commit(f);
	assert_int_equal(problems(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(damage); i++) {
		assert_int_equal(sqlite3_exec(f->w->db, damage[i], NULL, NULL,
					 NULL),
			SQLITE_OK);
		assert_true(problems(f) > 0);
		sf_ok(f, store_group_begin(f->w, &f->e));
		sf_ok(f, fts_rebuild(f->w, &f->e));
		sf_ok(f, store_group_commit(f->w, &f->e));
		assert_int_equal(problems(f), 0);
	}
}

/* Tokens of another version are replaced when the file is opened. */
static void
test_other_tokenizer(void **state)
{
	struct store_fixture *f = *state;

	sf_begin(f);
	sf_observe(f, sf_entity(f, "ada", "person"), "likes tea");
	sf_commit(f);
	assert_int_equal(rows(f, "SELECT value FROM meta"
				 " WHERE key = 'tokenizer'"),
		TEXT_TOKENIZER_VERSION);
	assert_int_equal(
		sqlite3_exec(f->w->db,
			"UPDATE meta SET value = 99 WHERE key = 'tokenizer';"
			"INSERT INTO ft_live(ft_live) VALUES('delete-all');"
			"DELETE FROM term; DELETE FROM term_new",
			NULL, NULL, NULL),
		SQLITE_OK);
	assert_true(problems(f) > 0);
	store_close(f->w);
	sf_ok(f, store_open(f->db, STORE_WRITER, &f->w, &f->e));
	assert_int_equal(problems(f), 0);
	assert_int_equal(rows(f, LIVE("tea")), 1);
	assert_int_equal(rows(f, "SELECT value FROM meta"
				 " WHERE key = 'tokenizer'"),
		TEXT_TOKENIZER_VERSION);
}

struct random_state {
	struct sf_random random;
	int64_t entities[8], facts[400];
	bool open[400];
	int n;
};

static void
random_change(struct store_fixture *f, struct random_state *s)
{
	static const char *const words[] = {"tea", "Größe", "running", "日本語",
		"🙂", "c++", "naïve", "x1y2", "Ελλάς", "สวัสดี"};
	char text[120];

	for (int i = 0; i < 1 + sf_below(&s->random, 4); i++) {
		int k = s->n > 0 ? sf_below(&s->random, s->n) : 0;

		if (s->n < 400 && (s->n < 5 || sf_below(&s->random, 3))) {
			snprintf(text, sizeof(text), "%s %s %d",
				words[sf_below(&s->random, 10)],
				words[sf_below(&s->random, 10)], s->n);
			s->facts[s->n] = sf_observe(f,
				s->entities[sf_below(&s->random, 8)], text);
			s->open[s->n++] = true;
		} else if (s->open[k]) {
			sf_ok(f, change_hide(f->c, s->facts[k], &f->e));
			s->open[k] = false;
		} else {
			sf_ok(f, change_show(f->c, s->facts[k], &f->e));
			s->open[k] = true;
		}
	}
}

/* The smallest slices of what waits. How many there were. */
static int
work(struct store_fixture *f, int slices)
{
	int done = 0;

	while (done < slices && store_index_step(f->w, 0, &f->e) == 1)
		done++;
	return done;
}

static void
random_groups(struct store_fixture *f, uint64_t seed)
{
	struct random_state s = {.random = {seed}}, before;
	char name[40];

	sf_begin(f);
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "e%d of %d", i, (int)seed);
		s.entities[i] = sf_entity(f, name, "thing");
	}
	sf_commit(f);
	for (int group = 0; group < 40; group++) {
		struct random_state start = s;

		(void)work(f, sf_below(&s.random, 6));
		start.random = s.random;

		for (int i = 0; i < 1 + sf_below(&s.random, 4); i++) {
			before = s;
			sf_begin(f);
			random_change(f, &s);
			if (sf_below(&s.random, 5) == 0) {
				uint64_t go_on = s.random.state;

				change_drop(take_ptr(f->c));
				store_rollback(f->w);
				s = before;
				s.random.state = go_on;
			} else {
				sf_seal(f);
			}
		}
		if (sf_below(&s.random, 6) == 0) {
			uint64_t go_on = s.random.state;

			store_group_abort(f->w);
			s = start;
			s.random.state = go_on;
		} else {
			sf_ok(f, store_group_commit(f->w, &f->e));
		}
		while (group % 8 == 0 && text_idle_merge(f->w) == 1)
			;
		if (group % 10 == 9 && problems(f) != 0)
			fail_msg("seed %d, group %d", (int)seed, group);
	}
	while (work(f, 1) > 0)
		;
	if (problems(f) != 0 || rows(f, "SELECT count(*) FROM text_wait") != 0)
		fail_msg("seed %d", (int)seed);
}

static void
test_random_groups(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
		random_groups(*state, seed);
}

/* The same when nothing, or only some of it, is indexed with its group. */
static void
test_random_groups_that_wait(void **state)
{
	struct store_fixture *f = *state;

	for (uint64_t seed = 11; seed <= 18; seed++) {
		f->w->index_now.bytes = seed % 3 == 0 ? 40 : 0;
		random_groups(f, seed);
	}
}

/* --- long texts ----------------------------------------------------------- */

static char *
long_text(struct sf_random *random, size_t n)
{
	char *text = malloc(n + 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = i % 7 == 6 ? ' ' : (char)('a' + sf_below(random, 26));
	text[n] = '\0';
	return text;
}

/* A text of several parts goes in piece by piece; it comes and goes at any of
 * them, and the index is that of the facts at each. */
static void
test_parts(void **state)
{
	struct store_fixture *f = *state;
	struct sf_random random = {5};
	char *text = long_text(&random, 300 * 1000);
	int64_t fact, entity;
	char sql[200];

	sf_begin(f);
	entity = sf_entity(f, "library", "place");
	fact = sf_observe(f, entity, text);
	sf_commit(f);
	assert_int_equal(rows(f, "SELECT count(*) FROM text_wait"), 1);
	for (int i = 0; i < 9; i++) {
		(void)work(f, 40 + 20 * i);
		assert_int_equal(problems(f), 0);
		sf_begin(f);
		sf_ok(f, i % 2 ? change_show(f->c, fact, &f->e)
			       : change_hide(f->c, fact, &f->e));
		sf_commit(f);
		assert_int_equal(problems(f), 0);
	}
	sf_begin(f);
	sf_ok(f, change_show(f->c, fact, &f->e));
	sf_commit(f);
	while (work(f, 1) > 0)
		;
	assert_int_equal(problems(f), 0);
	snprintf(sql, sizeof(sql), LIVE("%.6s"), text + 7 * 20000);
	assert_int_equal(rows(f, sql), 1);
	free(text);
}

/* What waits is in the file: another service goes on with it. */
static void
test_goes_on_after_a_crash(void **state)
{
	struct store_fixture *f = *state;
	struct database_options o = {.path = f->at.path,
		.namespace_facts = INT64_C(1) << 32};
	struct sf_random random = {6};
	char *text = long_text(&random, 200 * 1000);

	sf_begin(f);
	(void)sf_observe(f, sf_entity(f, "library", "place"), text);
	sf_commit(f);
	(void)work(f, 30);
	store_close(f->w);
	database_close(f->db);
	sf_ok(f, database_open(&o, &f->db, &f->e));
	sf_ok(f, store_open(f->db, STORE_WRITER, &f->w, &f->e));
	assert_int_equal(
		rows(f, "SELECT count(*) FROM text_wait WHERE words > 0"), 1);
	assert_int_equal(problems(f), 0);
	while (work(f, 1) > 0)
		;
	assert_int_equal(problems(f), 0);
	free(text);
}

/* Each commit makes a segment of the index, and a search opens all of them. */
static void
test_idle_merge(void **state)
{
	struct store_fixture *f = *state;
	/* Ids of pages begin with that of their segment; 0: none. */
	const char *segments = "SELECT count(DISTINCT id >> 37)"
			       " FROM ft_live_data WHERE id >> 37 > 0";
	const int64_t commits[] = {10, 2};
	int64_t ada;

	sf_begin(f);
	ada = sf_entity(f, "ada", "person");
	sf_commit(f);
	for (size_t i = 0; i < ARRAY_LEN(commits); i++) {
		for (int64_t k = 0; k < commits[i]; k++) {
			sf_begin(f);
			sf_observe(f, ada, "words of a sentence");
			sf_commit(f);
		}
		assert_true(rows(f, segments) > commits[i]);
		while (text_idle_merge(f->w) == 1)
			;
		assert_int_equal(rows(f, segments), 1);
	}
	assert_int_equal(problems(f), 0);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, sf_setup, sf_teardown)
	const struct CMUnitTest tests[] = {
		T(test_opens_and_closes),
		T(test_one_group_opens_and_closes),
		T(test_rollback_takes_texts_along),
		T(test_check_sees_damage),
		T(test_other_tokenizer),
		T(test_idle_merge),
		T(test_random_groups),
		T(test_random_groups_that_wait),
		T(test_parts),
		T(test_goes_on_after_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
