/* A script's private view: sees the state it began with and its own writes,
 * with search, while others write; leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/method/handlers.h"
#include "memory-db/model/script.h"
#include "memory-db/store/store.h"
#include "tests/lib/db_folder.h"

struct fixture {
	struct db_folder at;
	struct database *db;
	struct store *w, *s;
	struct err e;
	struct context ctx;
	json_t *last;
};

#define OK(x)                                                                  \
	do {                                                                   \
		int ok_ = (x);                                                 \
		if (ok_ < 0)                                                   \
			print_error("%s\n", f->e.text);                        \
		assert_true(ok_ >= 0);                                         \
	} while (0)

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct database_options o = {.path = f->at.path};

	db_folder_make(&f->at);
	OK(database_open(&o, &f->db, &f->e));
	OK(store_open(f->db, STORE_WRITER, &f->w, &f->e));
	OK(store_open(f->db, STORE_SCRIPT, &f->s, &f->e));
	f->ctx = (struct context){.namespace_ = "default", .branch = "main"};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	json_decref(f->last);
	store_close(f->s);
	store_close(f->w);
	database_close(f->db);
	assert_int_equal(db_folder_remove(&f->at), 0);
	free(f);
	return 0;
}

static void
call(struct fixture *f, struct store *st, method_fn fn, const char *params)
{
	struct call c = {.st = st, .ctx = &f->ctx};
	json_t *result = NULL;

	c.params = json_loads(params, 0, NULL);
	assert_non_null(c.params);
	json_decref(f->last);
	f->last = NULL;
	if (st == f->w)
		OK(store_group_begin(st, &f->e));
	OK(store_savepoint(st, &f->e));
	OK(fn(&c, &result, &f->e));
	OK(store_release(st, &f->e));
	if (st == f->w)
		OK(store_group_commit(st, &f->e));
	else
		OK(store_script_flush(st, &f->e));
	f->last = result;
	json_decref(c.note.entities);
	json_decref(c.params);
}

static void
add(struct fixture *f, struct store *st, const char *name, const char *text)
{
	char p[400];

	snprintf(p, sizeof(p),
		"{\"entities\":[{\"name\":\"%s\",\"entityType\":\"t\","
		"\"observations\":[\"%s\"]}]}",
		name, text);
	call(f, st, m_create_entities, p);
}

static size_t
found(struct fixture *f, struct store *st, const char *query)
{
	char p[200];

	snprintf(p, sizeof(p), "{\"query\":\"%s\"}", query);
	call(f, st, m_search_nodes, p);
	return json_array_size(json_object_get(f->last, "results"));
}

static size_t
entities(struct fixture *f, struct store *st)
{
	call(f, st, m_read_graph, "{}");
	return json_array_size(json_object_get(f->last, "entities"));
}

static void
test_view_is_private(void **state)
{
	struct fixture *f = *state;
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
		while (store_idle_step(f->w) == 1)
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
checkpoint_passively(struct fixture *f)
{
	int frames = 0, done = 0;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->at.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM meta", NULL, NULL,
		NULL), SQLITE_OK); /* it has no log before */
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
	struct fixture *f = *state;
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
				(void)store_idle_step(f->w);
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

static int
run(struct fixture *f, struct script *s, const char *method, const char *params)
{
	json_t *p = json_loads(params, 0, NULL);
	int r;

	assert_non_null(p);
	json_decref(f->last);
	r = script_call(s, method, p, 5000, &f->last, &f->e);
	json_decref(p);
	return r;
}

/* Commits as the writer does. */
static bool
commit(struct fixture *f, struct script *s, int64_t *ret_change)
{
	struct call c = {.st = f->w, .ctx = &f->ctx};
	json_t *pack = NULL;
	bool conflict;

	OK(script_pack(s, &pack, &f->e));
	OK(store_group_begin(f->w, &f->e));
	OK(store_savepoint(f->w, &f->e));
	OK(script_commit(&c, pack, method_find, ret_change, &conflict, &f->e));
	if (conflict)
		store_rollback(f->w);
	else
		OK(store_release(f->w, &f->e));
	OK(store_group_commit(f->w, &f->e));
	json_decref(c.note.entities);
	json_decref(pack);
	return conflict;
}

#define BOB                                                                    \
	"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"t\","                 \
	"\"observations\":[\"b\"]}]}"
#define RELATE                                                                 \
	"{\"relations\":[{\"from\":\"bob\",\"to\":\"ada\","                      \
	"\"relationType\":\"knows\"}]}"

static void
test_writes_become_one_change(void **state)
{
	struct fixture *f = *state;
	struct script s = {.st = f->s, .ctx = &f->ctx, .find = method_find};
	json_t *changes = NULL;
	int64_t change;

	add(f, f->w, "ada", "a");
	assert_int_equal(run(f, &s, "create_entities", BOB), 0);
	assert_int_equal(run(f, &s, "create_relations", RELATE), 0);
	assert_int_equal(run(f, &s, "create_relations",
				 "{\"relations\":[{\"from\":\"bob\",\"to\":"
				 "\"zoe\",\"relationType\":\"knows\"}]}"),
		MDB_E_NOT_FOUND);
	assert_int_equal(run(f, &s, "delete_observations",
				 "{\"deletions\":[{\"entityName\":\"ada\","
				 "\"observations\":[\"a\"]}]}"),
		0);
	assert_int_equal(run(f, &s, "forget", "{}"), MDB_E_UNKNOWN_METHOD);
	OK(script_changes(&s, &changes, &f->e));
	assert_int_equal(json_array_size(changes), 2);
	json_decref(changes);
	assert_false(commit(f, &s, &change));
	assert_int_equal(change, 2);
	script_done(&s);
	assert_int_equal(entities(f, f->w), 2);
	assert_int_equal(
		json_array_size(json_object_get(f->last, "relations")), 1);
	assert_int_equal(found(f, f->w, "a"), 1); /* ada's name, not her text */
}

static void
test_conflicts_change_nothing(void **state)
{
	struct fixture *f = *state;
	struct script s = {.st = f->s, .ctx = &f->ctx, .find = method_find};
	int64_t change;

	add(f, f->w, "ada", "a");
	assert_int_equal(run(f, &s, "create_entities", BOB), 0);
	assert_int_equal(run(f, &s, "create_relations", RELATE), 0);
	add(f, f->w, "zoe", "z"); /* nothing of the script's */
	add(f, f->w, "bob", "by another");
	assert_true(commit(f, &s, &change));
	assert_non_null(strstr(f->e.text, "created by somebody else"));
	script_done(&s);

	s = (struct script){.st = f->s, .ctx = &f->ctx, .find = method_find};
	assert_int_equal(run(f, &s, "add_observations",
				 "{\"observations\":[{\"entityName\":\"bob\","
				 "\"contents\":[\"x\"]}]}"),
		0);
	add(f, f->w, "zoe", "more");
	assert_false(commit(f, &s, &change)); /* others do not matter */
	script_done(&s);

	s = (struct script){.st = f->s, .ctx = &f->ctx, .find = method_find};
	assert_int_equal(run(f, &s, "add_observations",
				 "{\"observations\":[{\"entityName\":\"bob\","
				 "\"contents\":[\"qqq\"]}]}"),
		0);
	add(f, f->w, "bob", "late");
	assert_true(commit(f, &s, &change));
	script_done(&s);
	assert_int_equal(found(f, f->w, "qqq"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_view_is_private, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_log_is_begun_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_writes_become_one_change, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_conflicts_change_nothing, setup, teardown),
	};

	return cmocka_run_group_tests_name("script_store", tests, NULL, NULL);
}
