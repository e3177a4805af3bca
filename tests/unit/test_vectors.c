/* Vectors in the file: what goes in comes out, in both forms; what cannot be
 * embedded or is forgotten has none; models beside each other; schema steps. */
#include "tests/lib/unit.h"

#include <sqlite3.h>

#include "common/limits.h"
#include "memory-db/store/check/erase.h"
#include "memory-db/store/engine/migrate.h"
#include "memory-db/store/index/vectors.h"
#include "tests/lib/store_fixture.h"

#define DIMS 20

/* n observations of one entity; the first one's id. */
static int64_t
observe(struct store_fixture *f, int n)
{
	int64_t entity, first = 0;

	sf_begin(f);
	entity = sf_entity(f, "ada", "person");
	for (int i = 0; i < n; i++) {
		char text[32];
		int64_t id;

		snprintf(text, sizeof(text), "fact %d", i);
		id = sf_observe(f, entity, text);
		first = first ? first : id;
	}
	sf_commit(f);
	return first;
}

static int64_t
model(struct store_fixture *f, const char *name, size_t dims)
{
	int64_t id = 0;

	sf_ok(f, vector_model_make(f->w, name, dims, &id, &f->e));
	return id;
}

static void
put(struct store_fixture *f, int64_t m, int64_t fact, const float *v)
{
	sf_ok(f, vector_put(f->w, m, fact, v, DIMS, &f->e));
}

static int64_t
bytes(struct store_fixture *f)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n;

	assert_int_equal(sqlite3_open(f->at.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT coalesce(sum("
				 "length(data)), 0) FROM vector",
				 -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static void
both_forms_are_exact(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = observe(f, DIMS + 2), m;
	float v[DIMS], back[DIMS];

	sf_ok(f, store_group_begin(f->w, &f->e));
	m = model(f, "test", DIMS);
	/* 0 to 20 numbers that are not 0 */
	for (int n = 0; n <= DIMS; n++) {
		for (int i = 0; i < DIMS; i++)
			v[i] = (i * 7) % DIMS < n ? (float)(i + 1) / -3 : 0;
		put(f, m, first + n, v);
	}
	put(f, m, first + DIMS + 1, NULL);
	sf_ok(f, store_group_commit(f->w, &f->e));
	for (int n = 0; n <= DIMS; n++) {
		for (int i = 0; i < DIMS; i++)
			v[i] = (i * 7) % DIMS < n ? (float)(i + 1) / -3 : 0;
		assert_int_equal(vector_get(f->w, m, first + n, back, DIMS,
					 &f->e),
			1);
		assert_memory_equal(v, back, sizeof(v));
	}
	assert_int_equal(vector_get(f->w, m, first + DIMS + 1, back, DIMS,
				 &f->e),
		0);
	/* Half of them are shorter so: 3 bytes of bits. */
	assert_true(bytes(f) < 20 * 80 * 7 / 10);
	assert_int_equal(vector_put(f->w, m, first, v, LIMIT_VECTOR_DIMS + 1,
				 &f->e),
		MDB_E_LIMIT);
}

struct seen {
	int64_t facts[64];
	int n;
};

static int
note(void *ctx, int64_t fact, const float *v)
{
	struct seen *s = ctx;

	assert_true(v[0] > 0);
	s->facts[s->n++] = fact;
	return 0;
}

static void
each_and_highest(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = observe(f, 5), highest;
	struct vector_model m = {.dims = DIMS}, found;
	const float v[DIMS] = {1};
	struct seen s = {0};

	sf_ok(f, store_group_begin(f->w, &f->e));
	m.id = model(f, "test", DIMS);
	sf_ok(f, vector_highest(f->w, m.id, f->ns, &highest, &f->e));
	assert_int_equal(highest, f->ns << STORE_NS_SHIFT);
	put(f, m.id, first + 3, v);
	put(f, m.id, first, v);
	put(f, m.id, first + 4, NULL); /* counts as looked at */
	sf_ok(f, vector_highest(f->w, m.id, f->ns, &highest, &f->e));
	assert_int_equal(highest, first + 4);
	sf_ok(f, vectors_each(f->w, &m, 0, note, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.facts[0], first);
	assert_int_equal(s.facts[1], first + 3);
	/* Of the same name the newest, and each dims its own. */
	assert_int_not_equal(model(f, "test", 8), m.id);
	assert_int_equal(model(f, "test", DIMS), m.id);
	assert_int_equal(vector_model_find(f->w, "test", &found, &f->e), 1);
	assert_int_equal(found.dims, 8);
	assert_int_equal(vector_model_find(f->w, "tes", &found, &f->e), 0);
	sf_ok(f, store_group_commit(f->w, &f->e));
}

static void
facts_that_have_no_text_get_none(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = observe(f, 2), m;
	float v[DIMS] = {1};

	sf_ok(f, store_group_begin(f->w, &f->e));
	m = model(f, "test", DIMS);
	put(f, m, first - 1, v);  /* existence */
	put(f, m, first + 99, v); /* no such fact */
	put(f, m, first, v);
	assert_int_equal(vector_get(f->w, m, first - 1, v, DIMS, &f->e), 0);
	assert_int_equal(vector_get(f->w, m, first + 99, v, DIMS, &f->e), 0);
	assert_int_equal(vector_get(f->w, m, first, v, DIMS, &f->e), 1);
	sf_ok(f, store_group_commit(f->w, &f->e));
}

struct told {
	int64_t facts[8];
	size_t n;
	int calls;
};

static void
on_told(void *ctx, const int64_t *erased, size_t n, bool lost)
{
	struct told *t = ctx;

	assert_false(lost);
	t->calls++;
	for (size_t i = 0; i < n; i++)
		t->facts[t->n++] = erased[i];
}

static void
the_watcher_is_told_after_commit(void **state)
{
	struct store_fixture *f = *state;
	struct told t = {0};
	int64_t first, m;
	float v[DIMS] = {1};

	vectors_watch(f->db, on_told, &t);
	first = observe(f, 2);
	assert_int_equal(t.calls, 1);
	sf_ok(f, store_group_begin(f->w, &f->e));
	m = model(f, "test", DIMS);
	put(f, m, first, v);
	put(f, model(f, "other", DIMS), first, v);
	sf_ok(f, store_group_commit(f->w, &f->e));
	assert_int_equal(t.calls, 1); /* no new facts */

	sf_ok(f, store_group_begin(f->w, &f->e));
	sf_ok(f, vector_erase(f->w, first, &f->e));
	store_group_abort(f->w);
	assert_int_equal(t.calls, 1);
	assert_int_equal(vector_get(f->w, m, first, v, DIMS, &f->e), 1);

	sf_ok(f, store_group_begin(f->w, &f->e));
	sf_ok(f, vector_erase(f->w, first, &f->e));
	assert_int_equal(t.n, 0);
	sf_ok(f, store_group_commit(f->w, &f->e));
	assert_int_equal(t.n, 1);
	assert_int_equal(t.facts[0], first);
	assert_int_equal(bytes(f), 0); /* of both models */
	vectors_watch(f->db, NULL, NULL);
}

static void
models_go_in_slices(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = observe(f, 10), old, new, other, highest;
	float v[DIMS] = {1};

	sf_ok(f, store_group_begin(f->w, &f->e));
	old = model(f, "old", DIMS);
	new = model(f, "new", DIMS);
	for (int i = 0; i < 10; i++) {
		put(f, old, first + i, v);
		put(f, new, first + i, v);
	}
	for (int left = 10; left > 0; left -= 4) {
		assert_int_equal(vector_model_other(f->w, new, &other, &f->e),
			1);
		assert_int_equal(other, old);
		sf_ok(f, vectors_drop(f->w, old, 4, &f->e));
		/* Should it be used again: nothing below is missing. */
		sf_ok(f, vector_highest(f->w, old, fact_namespace(first),
				 &highest, &f->e));
		for (int64_t i = first; i <= highest; i++)
			assert_int_equal(vector_get(f->w, old, i, v, DIMS,
						 &f->e),
				1);
		assert_int_equal(highest >= first, left > 4);
	}
	assert_int_equal(vector_model_other(f->w, new, &other, &f->e), 0);
	assert_int_equal(vector_get(f->w, old, first, v, DIMS, &f->e), 0);
	assert_int_equal(vector_get(f->w, new, first, v, DIMS, &f->e), 1);
	sf_ok(f, store_group_commit(f->w, &f->e));
}

/* --- texts to fill with --------------------------------------------------- */
struct texts {
	int n, max;
	int64_t last;
};

static int
take_text(void *ctx, int64_t fact, const char *text, size_t n)
{
	struct texts *t = ctx;
	char expected[32];

	if (t->n == t->max)
		return 1;
	snprintf(expected, sizeof(expected), "fact %d", t->n);
	assert_int_equal(n, strlen(expected));
	assert_memory_equal(text, expected, n);
	t->n++;
	t->last = fact;
	return 0;
}

static void
texts_come_by_id(void **state)
{
	struct store_fixture *f = *state;
	struct texts t = {.max = 4};
	int64_t first = observe(f, 10);

	assert_int_equal(vector_texts(f->w, f->ns, f->ns << STORE_NS_SHIFT,
				 take_text, &t, &f->e),
		1);
	assert_int_equal(t.last, first + 3);
	t.max = 100;
	assert_int_equal(vector_texts(f->w, f->ns, t.last, take_text, &t,
				 &f->e),
		0);
	assert_int_equal(t.n, 10);
	assert_int_equal(vector_texts(f->w, f->ns + 1,
				 (f->ns + 1) << STORE_NS_SHIFT, take_text, &t,
				 &f->e),
		0);
	assert_int_equal(t.n, 10);
}

static void
survives_lack_of_memory(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = observe(f, 3), m;
	float v[DIMS] = {1, 0, 2}, back[DIMS];
	int r;

	sf_ok(f, store_group_begin(f->w, &f->e));
	m = model(f, "test", DIMS);
	sf_ok(f, store_group_commit(f->w, &f->e));
	for (size_t n = 1;; n++) {
		/* SQLite may roll back what it has no memory for. */
		sf_ok(f, store_group_begin(f->w, &f->e));
		heap_fail_at(n);
		r = vector_put(f->w, m, first, v, DIMS, &f->e);
		if (r == 0)
			r = vector_get(f->w, m, first, back, DIMS, &f->e);
		if (!heap_disarm())
			break;
		assert_true(r == MDB_E_NOMEM || r == 1);
		store_group_abort(f->w);
	}
	assert_int_equal(r, 1);
	assert_memory_equal(v, back, sizeof(v));
	sf_ok(f, store_group_commit(f->w, &f->e));
}

/* --- schema steps --------------------------------------------------------- */
static void
exec(sqlite3 *db, const char *sql)
{
	char *text = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s", text);
}

/* A file as the program of that schema made it. */
static void
make_old(const char *path, int version)
{
	sqlite3 *db;
	char text[200];

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < migrate_steps_n; i++)
		if (migrate_steps[i].version <= version)
			exec(db, migrate_steps[i].sql);
	snprintf(text, sizeof(text),
		"PRAGMA user_version = %d; "
		"PRAGMA application_id = %d",
		version, DATABASE_APPLICATION_ID);
	exec(db, text);
	sqlite3_close(db);
}

/* All of its schema as one text, new. */
static char *
schema_of(const char *path)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	char *r;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
			"SELECT group_concat(sql, ';')"
			" FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
			" ORDER BY name)",
			-1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	r = strdup((const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return r;
}

static void
older_files_are_migrated(void **state)
{
	struct store_fixture *fresh = *state;
	char *wanted = schema_of(fresh->at.path);

	for (int version = 1; version < STORE_SCHEMA_VERSION; version++) {
		struct store_fixture f = {.ns = NAMESPACE_DEFAULT,
			.branch = STORE_MAIN};
		struct database_options o = {0};
		float v[DIMS] = {1};
		char copy[128], *got;
		int64_t first, m;

		db_folder_make(&f.at);
		make_old(f.at.path, version);
		o.path = f.at.path;
		sf_ok(&f, database_open(&o, &f.db, &f.e));
		assert_true(database_needs_migration(f.db));
		sf_ok(&f, database_migrate(f.db, NULL, NULL, &f.e));
		sf_ok(&f, store_open(f.db, STORE_WRITER, &f.w, &f.e));
		first = observe(&f, 2);
		sf_ok(&f, store_group_begin(f.w, &f.e));
		m = model(&f, "test", DIMS);
		put(&f, m, first, v);
		sf_ok(&f, store_group_commit(f.w, &f.e));
		assert_int_equal(vector_get(f.w, m, first, v, DIMS, &f.e), 1);
		got = schema_of(f.at.path);
		assert_string_equal(got, wanted);
		free(got);
		snprintf(copy, sizeof(copy), "%s.schema-%d", f.at.path,
			version);
		assert_int_equal(unlink(copy), 0);
		sf_close(&f);
	}
	free(wanted);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sf_setup, sf_teardown)
	const struct CMUnitTest tests[] = {
		T(both_forms_are_exact),
		T(each_and_highest),
		T(facts_that_have_no_text_get_none),
		T(the_watcher_is_told_after_commit),
		T(models_go_in_slices),
		T(texts_come_by_id),
		T(survives_lack_of_memory),
		T(older_files_are_migrated),
	};

	return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
