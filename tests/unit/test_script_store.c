/* A script's private view: sees the state it began with and its own writes,
 * with search, while others write; leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "memory-db/method/handlers.h"
#include "memory-db/store/store.h"

struct fixture {
	char folder[64], path[96];
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
	struct database_options o = {0};

	strcpy(f->folder, "/tmp/test_script_XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/m.db", f->folder);
	o.path = f->path;
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
	static const char *const ends[] = {"", "-wal", "-shm", ".pid"};
	char path[128];

	json_decref(f->last);
	store_close(f->s);
	store_close(f->w);
	database_close(f->db);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->folder), 0);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_view_is_private, setup, teardown),
	};

	return cmocka_run_group_tests_name("script_store", tests, NULL, NULL);
}
