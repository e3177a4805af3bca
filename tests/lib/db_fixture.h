/* A database in a folder of its own with a writer and a reader, and handlers
 * called as the service calls them. For unit tests: include after cmocka.h. */
#ifndef TESTS_LIB_DB_FIXTURE_H
#define TESTS_LIB_DB_FIXTURE_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "memory-db/method/handlers.h"
#include "memory-db/store/engine/store.h"
#include "tests/lib/db_folder.h"

struct fixture {
	struct db_folder at;
	const char *path; /* of the database */
	struct database *db;
	struct store *w, *r;
	struct err e;
	struct context ctx;
	json_t *last;		 /* result of the last call */
	struct change_note note; /* of the last write, without names */
};

static inline void
fixture_open_stores(struct fixture *f)
{
	struct database_options o = {.path = f->path};

	assert_int_equal(database_open(&o, &f->db, &f->e), 0);
	assert_int_equal(store_open(f->db, STORE_WRITER, &f->w, &f->e), 0);
	assert_int_equal(store_open(f->db, STORE_READER, &f->r, &f->e), 0);
}

static inline void
fixture_close_stores(struct fixture *f)
{
	store_close(f->r);
	store_close(f->w);
	database_close(f->db);
	f->r = f->w = NULL;
	f->db = NULL;
}

static inline struct fixture *
fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	db_folder_make(&f->at);
	f->path = f->at.path;
	fixture_open_stores(f);
	f->ctx = (struct context){.namespace_ = "default",
		.branch = "main",
		.session = "s1",
		.client = "test 1"};
	return f;
}

static inline void
fixture_free(struct fixture *f)
{
	json_decref(f->last);
	fixture_close_stores(f);
	assert_int_equal(db_folder_remove(&f->at), 0);
	free(f);
}

static inline int
fixture_setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static inline int
fixture_teardown(void **state)
{
	fixture_free(*state);
	clock_fake(0);
	return 0;
}

/* Takes params. The result is in f->last. A dry run is rolled back. */
static inline int
fixture_write(struct fixture *f, method_fn fn, json_t *params)
{
	struct call c = {.st = f->w, .ctx = &f->ctx, .params = params};
	json_t *result = NULL;
	int r;

	assert_non_null(params);
	json_decref(f->last);
	f->last = NULL;
	memset(&f->e, 0, sizeof(f->e));
	assert_int_equal(store_group_begin(f->w, &f->e), 0);
	assert_int_equal(store_savepoint(f->w, &f->e), 0);
	r = fn(&c, &result, &f->e);
	if (r == 0 && !c.dry_run)
		assert_int_equal(store_release(f->w, &f->e), 0);
	else
		store_rollback(f->w);
	assert_int_equal(store_group_commit(f->w, r == 0 ? &f->e : NULL), 0);
	f->last = result;
	call_done(&c);
	f->note = c.note;
	json_decref(params);
	return r;
}

static inline int
fixture_read(struct fixture *f, method_fn fn, json_t *params)
{
	struct call c = {.st = f->r, .ctx = &f->ctx, .params = params};
	json_t *result = NULL;
	int r;

	assert_non_null(params);
	json_decref(f->last);
	f->last = NULL;
	memset(&f->e, 0, sizeof(f->e));
	assert_int_equal(store_read_begin(f->r, &f->e), 0);
	r = fn(&c, &result, &f->e);
	store_read_end(f->r);
	f->last = result;
	json_decref(params);
	return r;
}

static inline void
must(struct fixture *f, int r)
{
	if (r != 0)
		print_error("%s (%s)\n", f->e.text, err_name(r));
	assert_int_equal(r, 0);
}

static inline json_t *
parse(const char *text)
{
	json_error_t je;
	json_t *j = json_loads(text, 0, &je);

	if (j == NULL)
		print_error("%s: %s\n", text, je.text);
	assert_non_null(j);
	return j;
}

/* Writes or reads with parameters as text; fails the test on an error. */
static inline void
do_write(struct fixture *f, method_fn fn, const char *params)
{
	must(f, fixture_write(f, fn, parse(params)));
}

static inline void
do_read(struct fixture *f, method_fn fn, const char *params)
{
	must(f, fixture_read(f, fn, parse(params)));
}

/* The result equals the JSON text. */
static inline void
expect(const struct fixture *f, const char *want)
{
	json_t *w = parse(want);

	if (!json_equal(w, f->last)) {
		char *got = json_dumps(f->last, JSON_COMPACT);

		print_error("got  %s\nwant %s\n", got, want);
		free(got);
		fail();
	}
	json_decref(w);
}

/* Runs SQL on a connection of its own, as somebody with the sqlite3 command
 * line would. */
static inline void
tamper(const struct fixture *f, const char *sql)
{
	sqlite3 *db;
	char *text = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		print_error("%s: %s\n", sql, text);
	assert_null(text);
	assert_true(sqlite3_changes(db) > 0);
	sqlite3_close(db);
}

#endif
