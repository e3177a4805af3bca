/* A database in a folder of its own, and writing to it in few words. */
#ifndef TESTS_LIB_STORE_FIXTURE_H
#define TESTS_LIB_STORE_FIXTURE_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/store.h"
#include "tests/lib/db_folder.h"

struct store_fixture {
	struct db_folder at;
	struct database *db;
	struct store *w;
	struct change *c;   /* between sf_begin and sf_commit */
	int64_t ns, branch; /* written to */
	struct err e;
};

/* Any negative result ends the test with its text. */
static inline int
sf_ok(struct store_fixture *f, int r)
{
	if (r < 0) {
		fprintf(stderr, "error %s: %s\n", err_name(r), f->e.text);
		abort();
	}
	return r;
}

/* keep: a database that stays; NULL: one in a folder of its own. */
static inline void
sf_open_at(struct store_fixture *f, const char *keep)
{
	struct database_options o = {.path = keep ? keep : f->at.path,
		.namespace_facts = INT64_C(1) << 32};

	*f = (struct store_fixture){.ns = NAMESPACE_DEFAULT,
		.branch = STORE_MAIN};
	db_folder_make(&f->at);
	sf_ok(f, database_open(&o, &f->db, &f->e));
	sf_ok(f, store_open(f->db, STORE_WRITER, &f->w, &f->e));
}

static inline void
sf_open(struct store_fixture *f)
{
	sf_open_at(f, NULL);
}

static inline void
sf_close(struct store_fixture *f)
{
	store_close(f->w);
	database_close(f->db);
	(void)db_folder_remove(&f->at);
}

static inline void
sf_begin(struct store_fixture *f)
{
	struct change_info info = {.ns = f->ns,
		.branch = f->branch,
		.kind = CHANGE_CREATE};
	struct lens now;

	if (!store_in_group(f->w))
		sf_ok(f, store_group_begin(f->w, &f->e));
	sf_ok(f, lens_make(f->w, f->branch, STORE_OPEN_END, &now, &f->e));
	sf_ok(f, lens_apply(f->w, &now, &f->e));
	sf_ok(f, store_savepoint(f->w, &f->e));
	sf_ok(f, change_begin(f->w, &info, &f->c, &f->e));
}

/* Ends the change; the group goes on. */
static inline int64_t
sf_seal(struct store_fixture *f)
{
	int64_t id, at;

	sf_ok(f, change_seal(take_ptr(f->c), &id, &at, &f->e));
	sf_ok(f, store_release(f->w, &f->e));
	return id;
}

static inline int64_t
sf_commit(struct store_fixture *f)
{
	int64_t id = sf_seal(f);

	sf_ok(f, store_group_commit(f->w, &f->e));
	return id;
}

static inline struct fact
sf_fact(int64_t entity, enum fact_kind kind, const char *text)
{
	return (struct fact){.entity = entity,
		.kind = kind,
		.weight = -1,
		.confidence = -1,
		.valid_from = FACT_NO_TIME,
		.valid_to = FACT_NO_TIME,
		.source_at = FACT_NO_TIME,
		.text = text,
		.text_n = strlen(text)};
}

/* The existence fact of an entity (found by its first name or made). */
static inline int64_t
sf_entity(struct store_fixture *f, const char *name, const char *type)
{
	struct fact x = sf_fact(0, FACT_EXISTENCE, name);

	if (sf_ok(f, entity_find(f->w, f->ns, name, strlen(name), &x.entity,
			     &f->e)) == 0)
		sf_ok(f, entity_create(f->w, f->ns, name, strlen(name),
				 &x.entity, &f->e));
	sf_ok(f, label_intern(f->w, type, &x.label, &f->e));
	sf_ok(f, change_add_fact(f->c, &x, NULL, &f->e));
	return x.entity;
}

static inline int64_t
sf_observe(struct store_fixture *f, int64_t entity, const char *text)
{
	struct fact x = sf_fact(entity, FACT_OBSERVATION, text);
	int64_t id;

	sf_ok(f, change_add_fact(f->c, &x, &id, &f->e));
	return id;
}

/* --- deterministic numbers ------------------------------------------------ */

struct sf_random {
	uint64_t state;
};

static inline uint64_t
sf_next(struct sf_random *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline int
sf_below(struct sf_random *r, int n)
{
	return (int)(sf_next(r) % (uint64_t)n);
}

/* For cmocka: a fixture as *state, with nothing in it. */
static inline int
sf_setup(void **state)
{
	struct store_fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	sf_open(f);
	*state = f;
	return 0;
}

static inline int
sf_teardown(void **state)
{
	sf_close(*state);
	free(*state);
	return 0;
}

#endif
