/* An export of today's state can be imported; imports are resumed and repeated
 * without harm. */
#include "tests/lib/unit.h"

#include "tests/lib/export_fixture.h"

/* --- today's state -------------------------------------------------------- */
static json_t *
graph_of(struct fixture *f)
{
	json_t *graph, *list, *v, *out = json_array();
	static const char *const keys[] = {"entities", "relations"};
	size_t i;

	do_read(f, m_read_graph,
		"{\"limit\":1000,\"fields\":[\"name\",\"type\","
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
		lines = export_all(f,
			json_pack("{s:b, s:i}", "current", 1, "max_bytes",
				256 + (int)(seed * 431)));
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
		"\"valid_from\":\"2024-01-02T00:00:00Z\","
		"\"source_timestamp\":\"2024-01-02T03:04:05Z\"}],"
		"\"tier\":\"semantic\",\"pin\":true,\"metadata\":{\"k\":1}}]}");
	do_write(f, m_rename_entity,
		"{\"name\":\"ada\",\"new_name\":\"lovelace\"}");
	lines = export_all(f, json_pack("{s:b}", "current", 1));
	assert_int_equal(json_array_size(lines), 2);
	clock_fake(1770000000000);
	import_all(b, lines, 10);
	do_read(b, m_open_nodes,
		"{\"names\":[\"ada\"],\"fields\":[\"name\","
		"\"tier\",\"pin\",\"metadata\",\"facts\"]}");
	lines = (json_decref(lines),
		json_array_get(json_object_get(b->last, "entities"), 0));
	assert_string_equal(json_string_value(json_object_get(lines, "name")),
		"lovelace");
	assert_string_equal(json_string_value(json_object_get(lines, "tier")),
		"semantic");
	assert_true(json_is_true(json_object_get(lines, "pin")));
	lines = json_object_get(lines, "facts");
	for (int i = 0; i < 2; i++) {
		static const char *const want[2][2] =
			{{"s9", "2025-10-09T08:53:20.000Z"},
				{"s0", "2024-01-02T03:04:05.000Z"}};
		const json_t *o = json_array_get(lines, (size_t)i);

		assert_string_equal(json_string_value(json_object_get(o,
					    "source_session")),
			want[i][0]);
		assert_string_equal(json_string_value(json_object_get(o,
					    "source_timestamp")),
			want[i][1]);
		assert_string_equal(json_string_value(
					    json_object_get(o, "method")),
			"import");
	}
	assert_string_equal(json_string_value(
				    json_object_get(json_array_get(lines, 1),
					    "speaker")),
		"eve");
	assert_string_equal(json_string_value(
				    json_object_get(json_array_get(lines, 1),
					    "valid_from")),
		"2024-01-02T00:00:00.000Z");
	fixture_free(b);
}

/* --- lines of the reference server ---------------------------------------- */
static void
import_text(struct fixture *f, const char *records, const char *want)
{
	must(f, fixture_write(f, m_import_records,
			json_pack("{s:s, s:i, s:o, s:b}", "source", "t",
				"offset", 0, "records", parse(records), "done",
				1)));
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
		"{\"line\":8,\"error\":\"type is 'thing'; 'entity', "
		"'relation' or 'file' is known\"}]}");
	do_read(f, m_memory_history, "{}");
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(f->last,
							   "changes"),
					    0),
				    "kind")),
		"import");
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
			json_array_append_new(json_object_get(o,
						      "observations"),
				json_sprintf("fact %d of %d", k, i));
		json_array_append_new(lines, o);
	}
	/* One call with 840 facts becomes changes of at most 250. */
	assert_int_equal(import_some(f, "s", lines, 0, 20, 1, &added, &errors),
		20);
	assert_int_equal(added, 420);
	do_read(f, m_memory_history, "{}");
	assert_int_equal(json_array_size(json_object_get(f->last, "changes")),
		2);
	/* Sent again after a lost reply: not done again. */
	import_some(f, "s", lines, 0, 20, 1, &added, &errors);
	assert_int_equal(added, 420);
	/* A gap is an error that says where to go on. */
	assert_int_equal(fixture_write(f, m_import_records,
				 json_pack("{s:s, s:i, s:[]}", "source", "s",
					 "offset", 30, "records")),
		MDB_E_INVALID);
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
			json_pack("{s:[{s:s, s:s, s:o}]}", "entities", "name",
				"ada", "entityType", "person", "observations",
				list)));
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
			json_pack("{s:s, s:i, s:[{s:s, s:s, s:s, s:o}]}",
				"source", "big", "offset", 0, "records", "type",
				"entity", "name", "bob", "entityType", "t",
				"observations", list)));
	assert_int_equal(json_array_size(json_object_get(b->last, "errors")),
		1);
	fixture_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		cmocka_unit_test(test_current),
		T(test_current_keeps_provenance), T(test_reference_lines),
		T(test_slices_and_state), T(test_large_entity)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
