/* The operating methods without memory: whichever allocation fails, the answer
 * is "nomem", nothing is lost or leaked, and the next call works. */
#include "tests/lib/unit.h"

#include "tests/lib/db_fixture.h"

/* A few entities that have every kind of fact and op. */
static void
fill(struct fixture *f)
{
	f->ctx.message = "why";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"likes tea and long walks in the evening\","
		"\"plays chess\"],\"speaker\":\"eve\",\"source_session\":"
		"\"s0\"},{\"name\":\"bob\",\"entityType\":\"person\","
		"\"observations\":[\"likes coffee\"],\"tier\":\"semantic\"}]}");
	do_write(f, m_create_relations,
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
		"\"relationType\":\"knows\",\"weight\":0.5}]}");
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"pin\":true,\"entityType\":\"x\","
		"\"metadata\":{\"k\":\"v\"}}");
	do_write(f, m_rename_entity,
		"{\"name\":\"bob\",\"new_name\":\"robert\"}");
	f->ctx.message = NULL;
	f->ctx.namespace_ = "p1";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"robot\","
		"\"observations\":[\"beeps\"]}]}");
	do_write(f, m_alias_namespace, "{\"alias\":\"a\",\"of\":\"p1\"}");
	f->ctx.namespace_ = "default";
}

static const struct {
	method_fn fn;
	const char *params;
} reads[] = {
	{m_memory_history, "{}"},
	{m_memory_history, "{\"name\":\"robert\",\"since\":1}"},
	{m_export_log, "{\"all\":true}"},
	{m_export_log, "{\"all\":true,\"current\":true}"},
	{m_list_sessions, "{}"},
	{m_list_namespaces, "{}"},
	{m_verify, "{}"},
};

/* As fixture_read, with the n-th allocation of the method failing. */
static int
read_failing(struct fixture *f, method_fn fn, const char *params, size_t n,
	bool *ret_failed)
{
	struct call c = {.st = f->r, .ctx = &f->ctx, .params = parse(params)};
	int r;

	json_decref(f->last);
	f->last = NULL;
	memset(&f->e, 0, sizeof(f->e));
	assert_int_equal(store_read_begin(f->r, &f->e), 0);
	heap_fail_at(n);
	r = fn(&c, &f->last, &f->e);
	*ret_failed = heap_disarm();
	store_read_end(f->r);
	json_decref(c.params);
	return r;
}

/* Calls until no allocation fails. Large steps once the loop is long: what is
 * allocated for each row is alike. */
static void
read_without_memory(struct fixture *f, method_fn fn, const char *params)
{
	json_t *want;
	bool failed = true;

	do_read(f, fn, params);
	want = json_incref(f->last);
	for (size_t n = 1; failed; n += 1 + n / 100) {
		int r = read_failing(f, fn, params, n, &failed);

		/* SQLite may do without: what it needs is asked twice. */
		if (failed && r != 0) {
			if (r != MDB_E_NOMEM)
				print_error("%zu: %d %s\n", n, r, f->e.text);
			assert_int_equal(r, MDB_E_NOMEM);
			assert_string_not_equal(f->e.text, "");
		} else {
			must(f, r);
			/* Its slices end when time is over. */
			if (fn == m_verify)
				assert_int_equal(
					json_array_size(json_object_get(f->last,
						"problems")),
					0);
			else if (!json_equal(want, f->last)) {
				char *got = json_dumps(f->last, 0);

				print_error("%zu %s: %s\n", n, params, got);
				free(got);
				fail();
			}
		}
	}
	json_decref(want);
}

static void
test_reads(void **state)
{
	struct fixture *f = *state;

	clock_fake(1760000000000);
	fill(f);
	for (size_t i = 0; i < ARRAY_LEN(reads); i++)
		read_without_memory(f, reads[i].fn, reads[i].params);
}

/* As fixture_write, with the n-th allocation of the method failing. */
static int
write_failing(struct fixture *f, method_fn fn, const char *params, size_t n,
	bool *ret_failed)
{
	struct call c = {.st = f->w, .ctx = &f->ctx, .params = parse(params)};
	json_t *result = NULL;
	int r;

	assert_int_equal(store_group_begin(f->w, &f->e), 0);
	assert_int_equal(store_savepoint(f->w, &f->e), 0);
	memset(&f->e, 0, sizeof(f->e));
	heap_fail_at(n);
	r = fn(&c, &result, &f->e);
	*ret_failed = heap_disarm();
	store_group_abort(f->w);
	json_decref(result);
	json_decref(c.params);
	call_done(&c);
	return r;
}

static void
write_without_memory(struct fixture *f, method_fn fn, const char *params)
{
	bool failed = true;

	for (size_t n = 1; failed; n += 1 + n / 100) {
		int r = write_failing(f, fn, params, n, &failed);

		if (failed && r != 0) {
			if (r != MDB_E_NOMEM)
				print_error("%zu: %d %s\n", n, r, f->e.text);
			assert_int_equal(r, MDB_E_NOMEM);
			assert_string_not_equal(f->e.text, "");
		} else {
			must(f, r);
		}
	}
}

#define LINES                                                                  \
	"{\"source\":\"s\",\"offset\":0,\"done\":true,\"records\":["           \
	"{\"type\":\"entity\",\"name\":\"new\",\"entityType\":\"t\","          \
	"\"observations\":[\"a\",\"b\"],\"metadata\":{\"k\":1},"               \
	"\"aliases\":[\"other\"],\"tier\":\"semantic\",\"pin\":true,"          \
	"\"provenance\":[{\"session\":\"s7\",\"speaker\":\"x\"}]},"            \
	"{\"type\":\"relation\",\"from\":\"new\",\"to\":\"other\","            \
	"\"relationType\":\"r\"},{\"type\":\"what\"}]}"

static void
test_writes(void **state)
{
	struct fixture *f = *state;

	clock_fake(1760000000000);
	fill(f);
	write_without_memory(f, m_import_records, LINES);
	write_without_memory(f, m_merge_namespaces,
		"{\"from\":\"default\",\"to\":\"p1\"}");
	write_without_memory(f, m_rename_namespace,
		"{\"from\":\"p1\",\"to\":\"p2\"}");
	write_without_memory(f, m_alias_namespace,
		"{\"alias\":\"b\",\"of\":\"p1\"}");
}

static void
test_replay(void **state)
{
	struct fixture *f = *state, *b;
	json_t *params;
	char *text;

	clock_fake(1760000000000);
	fill(f);
	do_read(f, m_export_log, "{\"all\":true}");
	params = json_pack("{s:s, s:i, s:O}", "source", "s", "offset", 0,
		"records", json_object_get(f->last, "lines"));
	text = json_dumps(params, 0);
	b = fixture_new();
	write_without_memory(b, m_import_records, text);
	fixture_free(b);
	free(text);
	json_decref(params);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(test_reads), T(test_writes), T(test_replay)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
