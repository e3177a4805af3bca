/* verify: a sound database is clean at every slice; whatever is altered behind
 * the service's back is told. */
#include "tests/lib/unit.h"

#include "memory-db/store/check/verify.h"
#include "tests/lib/verify_fixture.h"

static void
test_clean(void **state)
{
	struct fixture *f = *state;

	assert_clean(f); /* empty */
	fill(f);
	assert_clean(f);
	assert_int_equal(json_array_size(json_object_get(f->last, "heads")), 2);
}

/* Slices of no time at all: each row is a slice of its own. */
static void
test_slices(void **state)
{
	struct fixture *f = *state;
	struct verify_mark mark = {0};
	bool done = false;
	int slices = 0;

	fill(f);
	mark.change = 8;
	while (!done) {
		double progress;

		assert_int_equal(store_read_begin(f->r, &f->e), 0);
		assert_int_equal(verify_slice(f->r, &mark, 1, NULL, NULL,
					 &progress, &done, &f->e),
			0);
		store_read_end(f->r);
		slices++;
		/* Writing goes on meanwhile. */
		if (slices == 40)
			do_write(f, m_delete_entities,
				"{\"entityNames\":[\"robert\"]}");
		if (slices == 45)
			do_write(f, m_create_entities,
				"{\"entities\":[{\"name\":\"eve\","
				"\"entityType\":\"t\",\"observations\":[]}]}");
	}
	assert_true(slices > 60);
	assert_int_equal(mark.changes, 8);
	assert_int_equal(mark.problems, 0);
}

static int64_t
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* Flips one bit of a blob or text in place. */
static void
flip(sqlite3 *db, const char *column, int64_t row, int at)
{
	sqlite3_blob *b;
	unsigned char c;

	assert_int_equal(sqlite3_blob_open(db, "main", "fact", column, row, 1,
				 &b),
		SQLITE_OK);
	assert_int_equal(sqlite3_blob_read(b, &c, 1, at), SQLITE_OK);
	c ^= (unsigned char)(1 << (at % 8));
	assert_int_equal(sqlite3_blob_write(b, &c, 1, at), SQLITE_OK);
	sqlite3_blob_close(b);
}

static void
test_every_byte_of_a_body(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db;
	int64_t row, n;

	fill(f);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	row = number(db, "SELECT id FROM fact ORDER BY length(body) DESC");
	n = number(db, "SELECT max(length(body)) FROM fact");
	assert_true(n > 10);
	for (int at = 0; at < n; at++) {
		flip(db, "body", row, at);
		assert_problem(f, "body", "digest");
		flip(db, "body", row, at);
	}
	assert_clean(f);
	for (int at = 0; at < 16; at++) {
		flip(db, "digest", row, at);
		assert_problem(f, "digest", "digest");
		flip(db, "digest", row, at);
	}
	sqlite3_close(db);
}

static void
test_head(void **state)
{
	struct fixture *f = *state;
	char first[100], other[100];
	json_t *problems;

	fill(f);
	do_read(f, m_list_namespaces, "{}");
	snprintf(first, sizeof(first), "default:%s",
		json_string_value(
			json_object_get(json_array_get(json_object_get(f->last,
							       "namespaces"),
						0),
				"head")));
	snprintf(other, sizeof(other), "p1:%s", first + 8);
	/* A head kept elsewhere is found also when changes followed. */
	do_write(f, m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	problems = problems_of(f, first);
	assert_int_equal(json_array_size(problems), 0);
	json_decref(problems);
	must(f, fixture_read(f, m_verify, json_pack("{s:s}", "head", first)));
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(f->last,
							 "head"),
					 "change")),
		5);
	problems = problems_of(f, other);
	assert_int_equal(json_array_size(problems), 1);
	json_decref(problems);
	problems = problems_of(f, "nosuch:0000000000000000000000000000000000000"
				  "000000000000000000000000000");
	assert_int_equal(json_array_size(problems), 1);
	json_decref(problems);
	assert_int_equal(fixture_read(f, m_verify, parse("{\"head\":\"x\"}")),
		MDB_E_INVALID);
	assert_int_equal(fixture_read(f, m_verify,
				 parse("{\"cursor\":\"c1.2.3\"}")),
		MDB_E_INVALID);
	assert_int_equal(
		fixture_read(f, m_verify,
			parse("{\"cursor\":\"v1.99.0.0.0.0.0.0.0.0\"}")),
		MDB_E_INVALID);
}

/* --- bytes of the file ---------------------------------------------------- */
static json_t *
log_of(struct fixture *f)
{
	json_t *lines, *line, *out = json_array();
	size_t i;

	if (fixture_read(f, m_export_log, parse("{\"all\":true}")) != 0) {
		json_decref(out);
		return NULL;
	}
	/* A namespace's name may change: only its id is in the chain. */
	lines = json_object_get(f->last, "lines");
	json_array_foreach(lines, i, line) {
		const char *type =
			json_string_value(json_object_get(line, "type"));

		if (strcmp(type, "change") == 0 || strcmp(type, "op") == 0)
			json_array_append(out, line);
	}
	return out;
}

static unsigned char *
file_bytes(const struct fixture *f, size_t *ret_n)
{
	FILE *file = fopen(f->path, "rb");
	unsigned char *data = malloc(1 << 20);

	assert_non_null(file);
	*ret_n = fread(data, 1, 1 << 20, file);
	fclose(file);
	return data;
}

static void
put_file(const struct fixture *f, const unsigned char *data, size_t n)
{
	static const char *const ends[] = {"-wal", "-shm"};
	char path[128];
	FILE *file;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	file = fopen(f->path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, n, file), n);
	fclose(file);
}

/* 1 the damage was told, 0 all is well. */
static int
opens_with_problems(struct fixture *f)
{
	struct database_options o = {.path = f->path};
	json_t *problems;
	int told = 1;

	if (database_open(&o, &f->db, &f->e) != 0)
		return 1;
	f->w = f->r = NULL;
	if (store_open(f->db, STORE_WRITER, &f->w, &f->e) == 0 &&
		store_open(f->db, STORE_READER, &f->r, &f->e) == 0) {
		problems = problems_of(f, NULL);
		told = json_array_size(problems) > 0;
		json_decref(problems);
	}
	return told;
}

/* Any flipped byte is told, or changes nothing of what was recorded. */
static void
test_bytes_of_the_file(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 88172645463325252u;
	unsigned char *data;
	json_t *want;
	size_t n, told = 0;

	fill(f);
	want = log_of(f);
	fixture_close_stores(f);
	data = file_bytes(f, &n);
	for (int i = 0; i < 300; i++) {
		unsigned char bit;
		size_t at;

		/* Most of a page is empty: choose bytes that hold something. */
		do {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			at = (size_t)(seed % n);
		} while (data[at] == 0 && seed >> 60 != 0);
		bit = (unsigned char)(1 << (seed >> 40) % 8);
		data[at] ^= bit;
		put_file(f, data, n);
		data[at] ^= bit;
		if (opens_with_problems(f))
			told++;
		else {
			json_t *got = log_of(f);

			if (!json_equal(got, want))
				print_error("byte %zu, bit %d: %s\n", at, bit,
					f->e.text);
			assert_true(json_equal(got, want));
			json_decref(got);
		}
		if (f->db != NULL)
			fixture_close_stores(f);
	}
	print_message("%zu of 300 told\n", told);
	assert_true(told > 100);
	put_file(f, data, n);
	free(data);
	json_decref(want);
	fixture_open_stores(f);
}

/* Beyond telling: the run ends by itself. */
static void
test_many_problems(void **state)
{
	struct fixture *f = *state;
	json_t *list = json_array(), *problems;

	for (int i = 0; i < 1500; i++)
		json_array_append_new(list, json_sprintf("fact %d", i));
	must(f, fixture_write(f, m_create_entities,
			json_pack("{s:[{s:s, s:s, s:o}]}", "entities", "name",
				"ada", "entityType", "person", "observations",
				list)));
	tamper(f, "UPDATE fact SET salt = zeroblob(8)");
	problems = problems_of(f, NULL);
	assert_int_equal(json_array_size(problems), VERIFY_PROBLEMS_MAX);
	json_decref(problems);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(test_clean), T(test_slices), T(test_every_byte_of_a_body),
		T(test_head), T(test_bytes_of_the_file), T(test_many_problems)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
