/* verify: a sound database is clean at every slice; whatever is altered behind
 * the service's back is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "memory-db/store/verify.h"
#include "tests/lib/db_fixture.h"

/* A little of everything: two namespaces, renames, deletions, attributes. */
static void
fill(struct fixture *f)
{
	clock_fake(1760000000000);
	f->ctx.message = "first meeting";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"likes tea and long walks in the evening\","
		"\"plays chess\"],\"speaker\":\"eve\",\"source_session\":"
		"\"s0\"},{\"name\":\"bob\",\"entityType\":\"person\","
		"\"observations\":[\"likes coffee\"],\"tier\":\"semantic\"}]}");
	f->ctx.message = NULL;
	do_write(f, m_create_relations,
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
		"\"relationType\":\"knows\",\"weight\":0.5}]}");
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"tier\":\"episodic\",\"pin\":true,"
		"\"metadata\":{\"k\":\"v\"}}");
	do_write(f, m_delete_observations,
		"{\"deletions\":[{\"entityName\":\"ada\",\"observations\":"
		"[\"plays chess\"]}]}");
	do_write(f, m_rename_entity,
		"{\"name\":\"bob\",\"new_name\":\"robert\"}");
	f->ctx.namespace_ = "p1";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"robot\","
		"\"observations\":[\"beeps\"]}]}");
	do_write(f, m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"robot\","
		"\"observations\":[\"beeps again\"]}]}");
	f->ctx.namespace_ = "default";
}

/* Runs verify to its end; returns the problems (new). */
static json_t *
problems_of(struct fixture *f, const char *head)
{
	json_t *params = json_object(), *problems = json_array(), *next;
	double progress = -1;

	if (head != NULL)
		json_object_set_new(params, "head", json_string(head));
	do {
		double p;

		must(f, fixture_read(f, m_verify, json_deep_copy(params)));
		json_array_extend(problems,
			json_object_get(f->last, "problems"));
		next = json_object_get(f->last, "next");
		if (next != NULL)
			json_object_set(params, "cursor", next);
		p = json_number_value(json_object_get(f->last, "progress"));
		assert_true(p >= progress && p <= 1);
		progress = p;
	} while (next != NULL);
	assert_true(progress == 1);
	json_decref(params);
	return problems;
}

static void
assert_problem(struct fixture *f, const char *sql, const char *what)
{
	json_t *problems = problems_of(f, NULL), *p;
	bool found = false;
	size_t i;

	json_array_foreach(problems, i, p)
		found |= strcmp(json_string_value(json_object_get(p, "what")),
				 what) == 0;
	if (!found) {
		char *t = json_dumps(problems, 0);

		print_error("%s: no problem '%s' in %s\n", sql, what, t);
		free(t);
	}
	assert_true(found);
	json_decref(problems);
}

static void
assert_clean(struct fixture *f)
{
	json_t *problems = problems_of(f, NULL);

	if (json_array_size(problems) > 0) {
		char *t = json_dumps(problems, JSON_INDENT(1));

		print_error("%s\n", t);
		free(t);
	}
	assert_int_equal(json_array_size(problems), 0);
	json_decref(problems);
}

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
			&progress, &done, &f->e), 0);
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

static const struct {
	const char *sql, *what;
} cases[] = {
	{"UPDATE change SET message = 'First meeting' WHERE id = 1", "message"},
	{"UPDATE change SET message_salt = randomblob(8) WHERE id = 1",
		"message"},
	{"UPDATE change SET message_digest = zeroblob(16) WHERE id = 1",
		"chain"},
	{"UPDATE change SET at = at + 1 WHERE id = 2", "chain"},
	{"UPDATE change SET at = at - 100000000 WHERE id = 5", "change"},
	{"UPDATE change SET kind = 2 WHERE id = 3", "chain"},
	{"UPDATE change SET about = 1 WHERE id = 3", "chain"},
	{"UPDATE change SET session = NULL WHERE id = 3", "chain"},
	{"UPDATE change SET client = session WHERE id = 3", "chain"},
	{"UPDATE change SET actor = 1 WHERE id = 3", "chain"},
	{"UPDATE change SET ns = 1 WHERE id = 7", "chain"},
	{"UPDATE change SET chain = zeroblob(32) WHERE id = 4", "chain"},
	{"UPDATE change SET chain = zeroblob(32) WHERE id = 8", "head"},
	{"UPDATE change SET fact_max = fact_max + 1 WHERE id = 4", "change"},
	{"UPDATE change SET past_max = past_max + 1 WHERE id = 4", "change"},
	{"UPDATE change SET id = 80 WHERE id = 8", "chain"},
	{"DELETE FROM change WHERE id = 2", "chain"},
	{"DELETE FROM change WHERE id = 8", "head"},
	{"DELETE FROM change WHERE id = 8", "op"},
	{"UPDATE op SET entity = 2 WHERE change = 1 AND seq = 0", "chain"},
	{"UPDATE op SET what = 2 WHERE change = 1 AND seq = 0", "chain"},
	{"UPDATE op SET fact = fact + 1 WHERE change = 4 AND seq = 0", "chain"},
	{"UPDATE op SET key = 2 WHERE change = 3 AND key = 1", "chain"},
	{"UPDATE op SET value = 3 WHERE change = 3 AND key = 1", "chain"},
	{"UPDATE op SET seq = 9 WHERE change = 1 AND seq = 1", "op"},
	{"DELETE FROM op WHERE change = 1 AND seq = 3", "chain"},
	{"INSERT INTO op SELECT change, 99, what, entity, fact, key, value "
	 "FROM op WHERE change = 1 AND seq = 0", "chain"},
	{"UPDATE label SET text = 'persom' WHERE text = 'person'", "digest"},
	{"UPDATE label SET text = 's2' WHERE text = 's1'", "chain"},
	{"UPDATE label SET text = 'Eve' WHERE text = 'eve'", "digest"},
	{"UPDATE namespace SET head = zeroblob(32) WHERE id = 2", "head"},
	{"UPDATE namespace SET last_change = 3 WHERE id = 1", "head"},
	{"UPDATE namespace SET fact_max = fact_max + 1 WHERE id = 1", "head"},
	{"UPDATE namespace SET past_max = past_max - 1 WHERE id = 1", "head"},
	{"INSERT INTO namespace_alias VALUES('p1', 1)", "name"},
	{"UPDATE entity SET name = 'adq' WHERE id = 1", "digest"},
	{"UPDATE entity SET ns = 2 WHERE id = 2", "version"},
	{"DELETE FROM alias WHERE name = 'robert'", "name"},
	{"UPDATE alias SET name = 'rupert' WHERE name = 'robert'", "name"},
	{"UPDATE alias SET ns = 2 WHERE name = 'robert'", "name"},
	{"UPDATE fact SET entity = 2 WHERE kind = 1 AND entity = 1", "digest"},
	{"UPDATE fact SET kind = 3 WHERE id = (SELECT min(id) FROM fact WHERE "
	 "kind = 1)", "digest"},
	{"UPDATE fact SET peer = 1 WHERE kind = 2", "digest"},
	{"UPDATE fact SET weight = 0.25 WHERE kind = 2", "digest"},
	{"UPDATE fact SET method = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET confidence = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET valid_from = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET valid_to = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET source = NULL WHERE source IS NOT NULL", "digest"},
	{"UPDATE fact SET speaker = NULL WHERE speaker IS NOT NULL", "digest"},
	{"UPDATE fact SET source_at = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET supersedes = 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET same = same + 1 WHERE kind = 1", "fact"},
	{"UPDATE fact SET same = same + 1 WHERE kind = 2", "fact"},
	{"UPDATE fact SET salt = zeroblob(8) WHERE kind = 0", "digest"},
	{"UPDATE fact SET salt = NULL, body = NULL WHERE kind = 1", "digest"},
	{"UPDATE fact SET digest = zeroblob(16) WHERE kind = 1", "digest"},
	{"UPDATE fact SET digest = zeroblob(16) WHERE kind = 1", "chain"},
	{"UPDATE fact SET size = size + 1 WHERE kind = 1", "digest"},
	{"UPDATE fact SET body = NULL WHERE kind = 1", "digest"},
	{"INSERT INTO fact(id, entity, kind, method, salt, digest, size) "
	 "SELECT max(id) + 1, entity, kind, method, salt, digest, size FROM "
	 "fact", "head"},
	{"DELETE FROM fact WHERE kind = 3", "sqlite"},
	{"UPDATE span SET removed = 140737488355327 WHERE removed = 4", "span"},
	{"UPDATE span SET removed = 5 WHERE removed = 4", "span"},
	{"UPDATE span SET removed = 5 WHERE fact = (SELECT min(fact) FROM span)",
		"span"},
	{"UPDATE span SET added = 3 WHERE added = 2", "span"},
	{"UPDATE span SET branch = 2 WHERE added = 2", "span"},
	{"UPDATE span SET entity = 2 WHERE entity = 1", "span"},
	{"DELETE FROM span WHERE added = 2", "span"},
	{"INSERT INTO span SELECT fact, 1, 6, 140737488355327, entity FROM span "
	 "WHERE removed = 4", "span"},
	{"UPDATE attr SET value = 3 WHERE key = 1 AND entity = 1", "attribute"},
	{"UPDATE attr SET added = 2 WHERE key = 1 AND entity = 1", "attribute"},
	{"DELETE FROM attr WHERE key = 2", "attribute"},
	{"UPDATE attr SET removed = 5 WHERE key = 2", "attribute"},
	{"INSERT INTO attr VALUES(4, 1, 2, 140737488355327, 6, 1)",
		"attribute"},
	{"UPDATE version SET n = 9 WHERE entity = 1 AND n = 2", "version"},
	{"UPDATE version SET change = 5 WHERE entity = 1 AND n = 4", "version"},
	{"DELETE FROM version WHERE entity = 1 AND n = 4", "version"},
	{"INSERT INTO version VALUES(1, 1, 5, 6, 10)", "version"},
	{"UPDATE version SET bytes = bytes + 1 WHERE entity = 1 AND n = 1",
		"counter"},
	{"UPDATE past SET added = 2 WHERE removed = 4", "past"},
	{"UPDATE past SET fact = fact + 1 WHERE removed = 4", "past"},
	{"DELETE FROM past WHERE removed = 4", "past"},
	{"UPDATE tally SET n = n + 1 WHERE kind = 1 AND key = 2", "counter"},
	{"DELETE FROM tally WHERE kind = 3", "counter"},
	{"INSERT INTO ft_live(rowid, name, body) VALUES(8589934593, 'x', "
	 "'ghost')", "text index"},
	{"INSERT INTO ft_past(rowid, name, body) VALUES(8589934599, '', "
	 "'ghost')", "text index"},
	{"DELETE FROM ft_live_data WHERE id > 10", "text index"},
};

static void
test_altered_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = fixture_new();

		fill(f);
		assert_clean(f);
		tamper(f, cases[i].sql);
		assert_problem(f, cases[i].sql, cases[i].what);
		if (i % 8 == 0) { /* also in a process that starts anew */
			fixture_close_stores(f);
			fixture_open_stores(f);
			assert_problem(f, cases[i].sql, cases[i].what);
		}
		fixture_free(f);
	}
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
				 &b), SQLITE_OK);
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
	snprintf(first, sizeof(first), "default:%s", json_string_value(
		json_object_get(json_array_get(json_object_get(f->last,
			"namespaces"), 0), "head")));
	snprintf(other, sizeof(other), "p1:%s", first + 8);
	/* A head kept elsewhere is found also when changes followed. */
	do_write(f, m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	problems = problems_of(f, first);
	assert_int_equal(json_array_size(problems), 0);
	json_decref(problems);
	must(f, fixture_read(f, m_verify, json_pack("{s:s}", "head", first)));
	assert_int_equal(json_integer_value(json_object_get(
		json_object_get(f->last, "head"), "change")), 5);
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
		parse("{\"cursor\":\"c1.2.3\"}")), MDB_E_INVALID);
	assert_int_equal(fixture_read(f, m_verify,
		parse("{\"cursor\":\"v1.99.0.0.0.0.0.0.0.0\"}")), MDB_E_INVALID);
}

/* --- bytes of the file ------------------------------------------------------------- */
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
				print_error("byte %zu, bit %d\n", at, bit);
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
		json_pack("{s:[{s:s, s:s, s:o}]}", "entities", "name", "ada",
			"entityType", "person", "observations", list)));
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
		T(test_clean), T(test_slices),
		cmocka_unit_test(test_altered_rows),
		T(test_every_byte_of_a_body), T(test_head),
		T(test_bytes_of_the_file), T(test_many_problems)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
