/* Export and import: a replayed log gives the same state and chains; an
 * export of today's state can be imported; imports are resumed and repeated
 * without harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/db_fixture.h"

/* --- random work ---------------------------------------------------------------- */
static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int
pick(uint64_t *seed, int n)
{
	return (int)(next_random(seed) % (uint64_t)n);
}

/* Names and texts come from small pools, so that things meet again. */
static json_t *
name_of(uint64_t *seed)
{
	return json_sprintf("name %d", pick(seed, 8));
}

static json_t *
text_of(uint64_t *seed)
{
	static const char *const pool[] = {"likes tea", "plays \"chess\"",
		"lebt in Wien \xc3\xb6\xc3\xa4", "\xe7\x8c\xab\xe3\x81\x8c",
		"a\tb\nc", "x"};

	if (pick(seed, 4) == 0)
		return json_sprintf("%0*d", 1 + pick(seed, 700), pick(seed, 9));
	return json_string(pool[pick(seed, (int)ARRAY_LEN(pool))]);
}

static json_t *
observations_of(uint64_t *seed)
{
	json_t *list = json_array();

	for (int n = pick(seed, 4); n > 0; n--) {
		json_t *text = text_of(seed);

		if (pick(seed, 3) == 0)
			text = json_pack("{s:o, s:s, s:s, s:f}", "text", text,
				"speaker", "eve", "source_timestamp",
				"2026-01-02T03:04:05Z", "confidence", 0.1);
		json_array_append_new(list, text);
	}
	return list;
}

static method_fn
random_write(uint64_t *seed, json_t **ret)
{
	static const char *const tiers[] = {
		"working", "episodic", "semantic", "procedural"};
	static const char *const modes[] = {"merge", "replace", "skip"};

	switch (pick(seed, 9)) {
	case 0:
		*ret = json_pack("{s:[{s:o, s:o}]}", "observations",
			"entityName", name_of(seed), "contents",
			observations_of(seed));
		return m_add_observations;
	case 1:
		*ret = json_pack("{s:[{s:o, s:o, s:s, s:f}]}", "relations",
			"from", name_of(seed), "to", name_of(seed),
			"relationType", pick(seed, 2) ? "knows" : "uses",
			"weight", pick(seed, 10) / 10.0);
		return m_create_relations;
	case 2:
		*ret = json_pack("{s:[o]}", "entityNames", name_of(seed));
		return m_delete_entities;
	case 3:
		*ret = json_pack("{s:[{s:o, s:[o]}]}", "deletions",
			"entityName", name_of(seed), "observations",
			text_of(seed));
		return m_delete_observations;
	case 4:
		*ret = json_pack("{s:o, s:s, s:b, s:s, s:{s:i}}", "name",
			name_of(seed), "tier", tiers[pick(seed, 4)], "pin",
			pick(seed, 2), "entityType",
			pick(seed, 2) ? "person" : "robot", "metadata", "n",
			pick(seed, 3));
		return m_update_entity;
	case 5:
		*ret = json_pack("{s:o, s:o}", "name", name_of(seed),
			"new_name", name_of(seed));
		return m_rename_entity;
	default:
		*ret = json_pack("{s:[{s:o, s:s, s:o}], s:s}", "entities",
			"name", name_of(seed), "entityType",
			pick(seed, 2) ? "person" : "place", "observations",
			observations_of(seed), "mode", modes[pick(seed, 3)]);
		return m_create_entities;
	}
}

static void
random_work(struct fixture *f, uint64_t seed, int writes)
{
	static const char *const spaces[] = {"default", "p1", "p2"};
	static const char *const sessions[] = {"s1", "s2", NULL};
	json_t *params;
	int done = 0;

	while (done < writes) {
		method_fn fn;

		f->ctx.namespace_ = spaces[pick(&seed, 3)];
		f->ctx.session = sessions[pick(&seed, 3)];
		f->ctx.message = pick(&seed, 3) == 0 ? "because" : NULL;
		clock_fake(1760000000000 + done * 1000);
		fn = random_write(&seed, &params);
		/* Some do not fit what is there; that is part of it. */
		done += fixture_write(f, fn, params) == 0;
	}
	f->ctx = (struct context){.namespace_ = "default", .branch = "main"};
}

/* --- comparing databases ------------------------------------------------------------ */
static const char *const state_queries[] = {
	"SELECT id, name, stem, hex(head), last_change, fact_max, past_max "
	"FROM namespace ORDER BY id",
	"SELECT name, ns FROM namespace_alias ORDER BY name",
	"SELECT c.id, ns, at, branch, kind, a.text, b.text, s.text, message, "
	"hex(message_salt), hex(message_digest), about, fact_max, past_max, "
	"hex(chain) FROM change c LEFT JOIN label a ON a.id = actor LEFT JOIN "
	"label b ON b.id = client LEFT JOIN label s ON s.id = session "
	"ORDER BY c.id",
	"SELECT * FROM op ORDER BY change, seq",
	"SELECT * FROM entity ORDER BY id",
	"SELECT * FROM alias ORDER BY ns, name",
	"SELECT f.id, entity, kind, peer, l.text, weight, method, confidence, "
	"valid_from, valid_to, s.text, k.text, source_at, supersedes, flags, "
	"hex(salt), hex(digest), size, hex(body) FROM fact f LEFT JOIN label l "
	"ON l.id = label LEFT JOIN label s ON s.id = source LEFT JOIN label k "
	"ON k.id = speaker ORDER BY f.id",
	"SELECT * FROM span ORDER BY fact, branch, added",
	"SELECT * FROM attr ORDER BY entity, branch, key, removed",
	"SELECT * FROM version ORDER BY entity, branch, n",
	"SELECT * FROM past ORDER BY id",
	"SELECT ns, kind, CASE kind WHEN 2 THEN (SELECT text FROM label WHERE "
	"id = key) ELSE key END AS k, n FROM tally WHERE n <> 0 "
	"ORDER BY ns, kind, k",
};

static json_t *
rows_of(sqlite3 *db, const char *sql)
{
	json_t *rows = json_array();
	sqlite3_stmt *s;

	assert_int_equal(
		sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		json_t *row = json_array();

		for (int i = 0; i < sqlite3_column_count(s); i++) {
			const void *t = sqlite3_column_text(s, i);

			json_array_append_new(row,
				t == NULL ? json_null() : json_string(t));
		}
		json_array_append_new(rows, row);
	}
	sqlite3_finalize(s);
	return rows;
}

static json_t *
state_of(const struct fixture *f)
{
	json_t *all = json_array();
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_LEN(state_queries); i++)
		json_array_append_new(all, rows_of(db, state_queries[i]));
	sqlite3_close(db);
	return all;
}

static void
assert_same_state(const struct fixture *a, const struct fixture *b)
{
	json_t *x = state_of(a), *y = state_of(b);

	for (size_t i = 0; i < ARRAY_LEN(state_queries); i++)
		if (!json_equal(json_array_get(x, i), json_array_get(y, i))) {
			char *t = json_dumps(json_array_get(x, i), 0);
			char *u = json_dumps(json_array_get(y, i), 0);

			print_error("%s\n%.3000s\n%.3000s\n", state_queries[i],
				t, u);
			free(t);
			free(u);
			fail();
		}
	json_decref(x);
	json_decref(y);
}

/* --- whole exports and imports ---------------------------------------------------------- */
/* All lines, read page by page. Takes params. */
static json_t *
export_all(struct fixture *f, json_t *params)
{
	json_t *lines = json_array(), *next;
	size_t pages = 0;

	do {
		must(f, fixture_read(f, m_export_log, json_deep_copy(params)));
		json_array_extend(lines, json_object_get(f->last, "lines"));
		next = json_object_get(f->last, "next");
		if (next != NULL)
			json_object_set(params, "cursor", next);
		assert_true(++pages < 5000);
	} while (next != NULL);
	json_decref(params);
	return lines;
}

static json_t *
slice_of(const json_t *lines, size_t at, size_t n)
{
	json_t *records = json_array();

	for (size_t i = at; i < at + n && i < json_array_size(lines); i++) {
		/* Through text, as over the socket. */
		char *text = json_dumps(json_array_get(lines, i), 0);

		json_array_append_new(records, parse(text));
		free(text);
	}
	return records;
}

/* Sends lines from `at` on in slices; at most `slices` of them. */
static size_t
import_some(struct fixture *f, const char *source, const json_t *lines,
	size_t at, size_t step, size_t slices, int64_t *added, int64_t *errors)
{
	size_t n = json_array_size(lines);

	while (at < n && slices-- > 0) {
		must(f, fixture_write(f, m_import_records,
			json_pack("{s:s, s:I, s:o, s:b}", "source", source,
				"offset", (json_int_t)at, "records",
				slice_of(lines, at, step), "done",
				at + step >= n)));
		*added += json_integer_value(json_object_get(f->last, "added"));
		*errors += (int64_t)json_array_size(
			json_object_get(f->last, "errors"));
		at = (size_t)json_integer_value(
			json_object_get(f->last, "next_offset"));
	}
	return at;
}

static int64_t
import_all(struct fixture *f, const json_t *lines, size_t step)
{
	int64_t added = 0, errors = 0;

	import_some(f, "file", lines, 0, step, 1000000, &added, &errors);
	if (errors != 0) {
		char *t = json_dumps(f->last, 0);

		print_error("%s\n", t);
		free(t);
	}
	assert_int_equal(errors, 0);
	return added;
}

static void
assert_clean(struct fixture *f)
{
	json_t *params = json_object(), *next;

	do {
		must(f, fixture_read(f, m_verify, json_deep_copy(params)));
		if (json_array_size(json_object_get(f->last, "problems")) > 0) {
			char *t = json_dumps(f->last, JSON_INDENT(1));

			print_error("%s\n", t);
			free(t);
			fail();
		}
		next = json_object_get(f->last, "next");
		if (next != NULL)
			json_object_set(params, "cursor", next);
	} while (next != NULL);
	json_decref(params);
}

/* --- the log ------------------------------------------------------------------------------ */
static void
replay_seed(uint64_t seed)
{
	struct fixture *a = fixture_new(), *b = fixture_new();
	json_t *lines, *again;

	random_work(a, seed * 7919 + 1, 120);
	assert_clean(a);
	lines = export_all(a, json_pack("{s:b, s:i}", "all", 1, "max_bytes",
		256 + (int)(seed * 997 % 9000)));
	import_all(b, lines, 1 + (size_t)(seed * 31 % 60));
	assert_same_state(a, b);
	assert_clean(b);
	/* The same lines again, but for the id of the database. */
	again = export_all(b, json_pack("{s:b}", "all", 1));
	json_object_del(json_array_get(lines, 0), "database");
	json_object_del(json_array_get(again, 0), "database");
	assert_true(json_equal(lines, again));
	/* And what is there already is passed over. */
	assert_int_equal(import_all(b, lines, 50), 0);
	assert_same_state(a, b);
	json_decref(lines);
	json_decref(again);
	fixture_free(a);
	fixture_free(b);
}

static void
test_replay_gives_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 15; seed++)
		replay_seed(seed);
}

static void
test_same_bytes(void **state)
{
	struct fixture *f = *state;
	json_t *a, *b;
	char *x, *y;

	random_work(f, 5, 60);
	a = export_all(f, json_pack("{s:b, s:i}", "all", 1, "max_bytes", 300));
	b = export_all(f, json_pack("{s:b, s:i}", "all", 1, "max_bytes", 99999));
	x = json_dumps(a, 0);
	y = json_dumps(b, 0);
	assert_string_equal(x, y);
	free(x);
	free(y);
	json_decref(a);
	json_decref(b);
}

static void
test_replay_goes_on(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *lines;
	int64_t added;

	random_work(f, 11, 40);
	lines = export_all(f, json_pack("{s:b}", "all", 1));
	import_all(b, lines, 100);
	json_decref(lines);
	random_work(f, 12, 40);
	lines = export_all(f, json_pack("{s:b}", "all", 1));
	added = import_all(b, lines, 100);
	assert_true(added > 0);
	assert_same_state(f, b);
	json_decref(lines);
	fixture_free(b);
}

static void
test_replay_one_namespace(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *lines, *again;

	random_work(f, 21, 80);
	f->ctx.namespace_ = "p1";
	lines = export_all(f, json_object());
	import_all(b, lines, 7);
	assert_clean(b);
	b->ctx.namespace_ = "p1";
	again = export_all(b, json_object());
	json_object_del(json_array_get(lines, 0), "database");
	json_object_del(json_array_get(again, 0), "database");
	assert_true(json_equal(lines, again));
	json_decref(lines);
	json_decref(again);
	fixture_free(b);
}

static int
refused(struct fixture *f, const json_t *lines)
{
	return fixture_write(f, m_import_records,
		json_pack("{s:s, s:i, s:o}", "source", "bad", "offset", 0,
			"records", slice_of(lines, 0, 1000)));
}

static void
test_replay_refuses(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *lines, *op;
	size_t i;

	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"likes tea\"]}]}");
	lines = export_all(f, json_object());
	/* Another database: its first change is another one. */
	do_write(b, m_create_entities,
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"person\","
		"\"observations\":[]}]}");
	assert_int_equal(refused(b, lines), MDB_E_CONFLICT);
	assert_non_null(strstr(b->e.text, "--current"));
	fixture_free(b);
	/* A log that was altered. */
	b = fixture_new();
	json_array_foreach(lines, i, op) {
		json_t *fact = json_object_get(op, "new");

		if (json_object_get(fact, "text") != NULL)
			json_object_set_new(fact, "text", json_string("x"));
	}
	assert_int_equal(refused(b, lines), MDB_E_CORRUPT);
	assert_clean(b);
	/* One whose lines are missing. */
	json_array_remove(lines, 2);
	assert_int_equal(refused(b, lines), MDB_E_INVALID);
	json_decref(lines);
	fixture_free(b);
}

/* A change of many ops, resumed in the middle by another process. */
static void
test_replay_resumes(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *list = json_array(), *lines;
	int64_t added = 0, errors = 0;
	size_t at;

	for (int i = 0; i < 900; i++)
		json_array_append_new(list, json_sprintf("fact %d", i));
	must(f, fixture_write(f, m_create_entities,
		json_pack("{s:[{s:s, s:s, s:o}]}", "entities", "name", "ada",
			"entityType", "person", "observations", list)));
	lines = export_all(f, json_object());
	at = import_some(b, "file", lines, 0, 250, 2, &added, &errors);
	assert_int_equal(at, 500);
	assert_int_equal(added, 0); /* the change has not ended yet */
	fixture_close_stores(b);
	fixture_open_stores(b);
	must(b, fixture_write(b, m_import_records,
		json_pack("{s:s, s:i}", "source", "file", "offset", 0)));
	assert_int_equal(json_integer_value(
		json_object_get(b->last, "next_offset")), 500);
	import_some(b, "file", lines, at, 250, 100, &added, &errors);
	assert_int_equal(added, 901);
	assert_same_state(f, b);
	/* Cut short: said at the end. */
	fixture_free(b);
	b = fixture_new();
	assert_int_equal(fixture_write(b, m_import_records,
		json_pack("{s:s, s:i, s:o, s:b}", "source", "cut", "offset", 0,
			"records", slice_of(lines, 0, 100), "done", 1)),
		MDB_E_INVALID);
	json_decref(lines);
	fixture_free(b);
}

/* --- today's state ------------------------------------------------------------------------ */
static json_t *
graph_of(struct fixture *f)
{
	json_t *graph, *list, *v, *out = json_array();
	static const char *const keys[] = {"entities", "relations"};
	size_t i;

	do_read(f, m_read_graph, "{\"limit\":1000,\"fields\":[\"name\",\"type\","
		"\"observations\",\"tier\",\"pin\",\"metadata\"]}");
	assert_null(json_object_get(f->last, "next"));
	graph = f->last;
	for (size_t k = 0; k < 2; k++) {
		list = json_object_get(graph, keys[k]);
		json_array_foreach(list, i, v) {
			json_object_del(v, "id");
			json_array_append(out, v);
		}
	}
	return out;
}

/* Equal as sets: relations are told in another order. */
static void
assert_same_set(const json_t *a, const json_t *b)
{
	size_t i, k;
	json_t *x, *y;

	assert_int_equal(json_array_size(a), json_array_size(b));
	json_array_foreach(a, i, x) {
		bool found = false;

		json_array_foreach(b, k, y)
			found |= json_equal(x, y);
		if (!found) {
			char *t = json_dumps(x, 0);

			print_error("missing: %s\n", t);
			free(t);
			fail();
		}
	}
}

static void
test_current(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct fixture *f = fixture_new(), *b = fixture_new();
		json_t *lines, *x, *y;

		random_work(f, seed + 100, 80);
		lines = export_all(f, json_pack("{s:b, s:i}", "current", 1,
			"max_bytes", 256 + (int)(seed * 431)));
		import_all(b, lines, 9);
		x = graph_of(f);
		y = graph_of(b);
		assert_same_set(x, y);
		assert_clean(b);
		/* A second time adds nothing. */
		assert_int_equal(import_all(b, lines, 13), 0);
		json_decref(x);
		json_decref(y);
		json_decref(lines);
		fixture_free(f);
		fixture_free(b);
	}
}

static void
test_current_keeps_provenance(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *lines;

	clock_fake(1760000000000);
	f->ctx.session = "s9";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"a\",{\"text\":\"b\",\"speaker\":\"eve\","
		"\"source_session\":\"s0\",\"confidence\":0.5,"
		"\"source_timestamp\":\"2024-01-02T03:04:05Z\"}],"
		"\"tier\":\"semantic\",\"pin\":true,\"metadata\":{\"k\":1}}]}");
	do_write(f, m_rename_entity,
		"{\"name\":\"ada\",\"new_name\":\"lovelace\"}");
	lines = export_all(f, json_pack("{s:b}", "current", 1));
	assert_int_equal(json_array_size(lines), 2);
	clock_fake(1770000000000);
	import_all(b, lines, 10);
	do_read(b, m_open_nodes, "{\"names\":[\"ada\"],\"fields\":[\"name\","
		"\"tier\",\"pin\",\"metadata\",\"facts\"]}");
	lines = (json_decref(lines),
		json_array_get(json_object_get(b->last, "entities"), 0));
	assert_string_equal(
		json_string_value(json_object_get(lines, "name")), "lovelace");
	assert_string_equal(
		json_string_value(json_object_get(lines, "tier")), "semantic");
	assert_true(json_is_true(json_object_get(lines, "pin")));
	lines = json_object_get(lines, "facts");
	for (int i = 0; i < 2; i++) {
		static const char *const want[2][2] = {
			{"s9", "2025-10-09T08:53:20.000Z"},
			{"s0", "2024-01-02T03:04:05.000Z"}};
		const json_t *o = json_array_get(lines, (size_t)i);

		assert_string_equal(json_string_value(json_object_get(o,
			"source_session")), want[i][0]);
		assert_string_equal(json_string_value(json_object_get(o,
			"source_timestamp")), want[i][1]);
		assert_string_equal(json_string_value(
			json_object_get(o, "method")), "import");
	}
	assert_string_equal(json_string_value(json_object_get(
		json_array_get(lines, 1), "speaker")), "eve");
	fixture_free(b);
}

/* --- lines of the reference server ---------------------------------------------------------- */
static void
import_text(struct fixture *f, const char *records, const char *want)
{
	must(f, fixture_write(f, m_import_records,
		json_pack("{s:s, s:i, s:o, s:b}", "source", "t", "offset", 0,
			"records", parse(records), "done", 1)));
	json_object_del(f->last, "change");
	expect(f, want);
}

static void
test_reference_lines(void **state)
{
	struct fixture *f = *state;
	static const char lines[] =
		"[{\"type\":\"entity\",\"name\":\"a\",\"entityType\":\"t\","
		"\"observations\":[\"x\",\"y\",\"x\"]},"
		"{\"type\":\"entity\",\"name\":\"b\",\"entityType\":\"\","
		"\"observations\":[]},{},"
		"{\"type\":\"relation\",\"from\":\"a\",\"to\":\"b\","
		"\"relationType\":\"r\"},"
		"{\"type\":\"relation\",\"from\":\"a\",\"to\":\"zed\","
		"\"relationType\":\"r\"},"
		"{\"type\":\"entity\",\"entityType\":\"t\"},"
		"{\"type\":\"entity\",\"name\":\"c\",\"entityType\":\"t\","
		"\"observations\":[\"fine\",7]},"
		"{\"type\":\"thing\"}]";

	import_text(f, lines,
		"{\"added\":5,\"skipped\":4,\"next_offset\":8,\"errors\":["
		"{\"line\":5,\"error\":\"relation to 'zed': no entity of that "
		"name in the lines before\"},"
		"{\"line\":6,\"error\":\"name must be a text of 1 to 1024 "
		"bytes\"},"
		"{\"line\":7,\"error\":\"an observation is no text\"},"
		"{\"line\":8,\"error\":\"type is 'thing'; 'entity' or "
		"'relation' is known\"}]}");
	do_read(f, m_memory_history, "{}");
	assert_string_equal(json_string_value(json_object_get(
		json_array_get(json_object_get(f->last, "changes"), 0),
		"kind")), "import");
	do_read(f, m_open_nodes, "{\"names\":[\"c\"]}");
	assert_int_equal(json_array_size(json_object_get(f->last, "entities")),
		0); /* a bad line is skipped in whole */
	assert_clean(f);
}

static void
test_slices_and_state(void **state)
{
	struct fixture *f = *state;
	json_t *lines = json_array();
	int64_t added = 0, errors = 0;

	for (int i = 0; i < 40; i++) {
		json_t *o = json_pack("{s:s, s:o, s:s, s:[]}", "type", "entity",
			"name", json_sprintf("e%d", i), "entityType", "t",
			"observations");

		for (int k = 0; k < 20; k++)
			json_array_append_new(
				json_object_get(o, "observations"),
				json_sprintf("fact %d of %d", k, i));
		json_array_append_new(lines, o);
	}
	/* One call with 840 facts becomes changes of at most 250. */
	assert_int_equal(
		import_some(f, "s", lines, 0, 20, 1, &added, &errors), 20);
	assert_int_equal(added, 420);
	do_read(f, m_memory_history, "{}");
	assert_int_equal(
		json_array_size(json_object_get(f->last, "changes")), 2);
	/* Sent again after a lost reply: not done again. */
	import_some(f, "s", lines, 0, 20, 1, &added, &errors);
	assert_int_equal(added, 420);
	/* A gap is an error that says where to go on. */
	assert_int_equal(fixture_write(f, m_import_records,
		json_pack("{s:s, s:i, s:[]}", "source", "s", "offset", 30,
			"records")), MDB_E_INVALID);
	assert_non_null(strstr(f->e.text, "go on at offset 20"));
	/* Overlapping the rest. */
	import_some(f, "s", lines, 10, 30, 1, &added, &errors);
	assert_int_equal(added, 840);
	/* Done: the state is gone, a second run adds nothing. */
	do_write(f, m_import_records, "{\"source\":\"s\",\"offset\":0}");
	expect(f, "{\"next_offset\":0,\"added\":0,\"skipped\":0,"
		  "\"errors\":[]}");
	import_some(f, "s", lines, 0, 250, 9, &added, &errors);
	assert_int_equal(added, 840);
	assert_int_equal(errors, 0);
	json_decref(lines);
}

static void
test_large_entity(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *list = json_array(), *lines, *v;
	size_t i, n = 0;

	for (i = 0; i < 6000; i++)
		json_array_append_new(list, json_sprintf("fact number %zu", i));
	must(f, fixture_write(f, m_create_entities,
		json_pack("{s:[{s:s, s:s, s:o}]}", "entities", "name", "ada",
			"entityType", "person", "observations", list)));
	lines = export_all(f, json_pack("{s:b}", "current", 1));
	json_array_foreach(lines, i, v)
		n += json_array_size(json_object_get(v, "observations"));
	assert_int_equal(n, 6000);
	assert_true(json_array_size(lines) > 2);
	assert_int_equal(import_all(b, lines, 1), 6001);
	json_decref(lines);
	/* More than a call may write in one line. */
	list = json_array();
	for (i = 0; i < 10001; i++)
		json_array_append_new(list, json_sprintf("%zu", i));
	must(b, fixture_write(b, m_import_records,
		json_pack("{s:s, s:i, s:[{s:s, s:s, s:s, s:o}]}", "source",
			"big", "offset", 0, "records", "type", "entity", "name",
			"bob", "entityType", "t", "observations", list)));
	assert_int_equal(
		json_array_size(json_object_get(b->last, "errors")), 1);
	fixture_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		cmocka_unit_test(test_replay_gives_the_same),
		T(test_same_bytes), T(test_replay_goes_on),
		T(test_replay_one_namespace), T(test_replay_refuses),
		T(test_replay_resumes), cmocka_unit_test(test_current),
		T(test_current_keeps_provenance), T(test_reference_lines),
		T(test_slices_and_state), T(test_large_entity)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
