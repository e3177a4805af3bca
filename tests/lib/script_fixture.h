/* A writer and a script's private view of one database. */
#ifndef TESTS_LIB_SCRIPT_FIXTURE_H
#define TESTS_LIB_SCRIPT_FIXTURE_H

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/method/handlers.h"
#include "memory-db/model/script/script.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/index/text_index.h"
#include "tests/lib/idle.h"
#include "tests/lib/db_folder.h"

#include "tests/lib/unit.h"

struct script_fixture {
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

static inline int
setup(void **state)
{
	struct script_fixture *f = calloc(1, sizeof(*f));
	struct database_options o = {.path = f->at.path};

	db_folder_make(&f->at);
	OK(database_open(&o, &f->db, &f->e));
	OK(store_open(f->db, STORE_WRITER, &f->w, &f->e));
	OK(store_open(f->db, STORE_SCRIPT, &f->s, &f->e));
	f->ctx = (struct context){.namespace_ = "default", .branch = "main"};
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct script_fixture *f = *state;

	json_decref(f->last);
	store_close(f->s);
	store_close(f->w);
	database_close(f->db);
	assert_int_equal(db_folder_remove(&f->at), 0);
	free(f);
	return 0;
}

static inline void
call(struct script_fixture *f, struct store *st, method_fn fn,
	const char *params)
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
		OK(text_queue_flush(st, &f->e));
	f->last = result;
	call_done(&c);
	json_decref(c.params);
}

static inline void
add(struct script_fixture *f, struct store *st, const char *name,
	const char *text)
{
	char p[400];

	snprintf(p, sizeof(p),
		"{\"entities\":[{\"name\":\"%s\",\"entityType\":\"t\","
		"\"observations\":[\"%s\"]}]}",
		name, text);
	call(f, st, m_create_entities, p);
}

static inline size_t
found(struct script_fixture *f, struct store *st, const char *query)
{
	char p[200];

	snprintf(p, sizeof(p), "{\"query\":\"%s\"}", query);
	call(f, st, m_search_nodes, p);
	return json_array_size(json_object_get(f->last, "results"));
}

static inline size_t
entities(struct script_fixture *f, struct store *st)
{
	call(f, st, m_read_graph, "{}");
	return json_array_size(json_object_get(f->last, "entities"));
}

#endif
