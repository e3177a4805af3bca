/* Tags and metadata of facts, and weights of namespaces, when memory is short
 * at any point: an error or the whole thing, and nothing half. */
#include "tests/lib/unit.h"

#include "common/jx.h"
#include "tests/lib/method_starve.h"

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	mf_open(f);
	call(f, "create_entities",
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"tags\":[\"family\"],\"observations\":[{\"text\":\"green "
		"tea\",\"tags\":[\"habit\",\"food\"],\"metadata\":{\"n\":1}},"
		"{\"text\":\"the dog\",\"tags\":[\"habit\"]}]}]}");
	*state = f;
	return 0;
}

/* The two facts with their marks, as compact JSON. */
static char *
state_of(struct method_fixture *f)
{
	call(f, "open_nodes", "{\"names\":[\"ada\"],\"fields\":[\"facts\"]}");
	return json_dumps(f->last, JSON_COMPACT | JSON_SORT_KEYS);
}

static void
survive_lack_of_memory(void **state)
{
	static const char *const calls[][2] = {
		{"add_observations",
			"{\"observations\":[{\"entityName\":"
			"\"ada\",\"contents\":[{\"text\":\"green tea\","
			"\"tags\":[\"new\",\"food\"],\"metadata\":{\"n\":2}},"
			"{\"text\":\"figs\",\"tags\":[\"food\"]}]}]}"},
		{"update_entity",
			"{\"name\":\"ada\",\"observation\":\"green "
			"tea\",\"tags\":[\"food\",\"hot\"],\"metadata\":{}}"},
		{"update_entity", "{\"name\":\"ada\",\"tags\":[\"work\"]}"},
		{"delete_observations",
			"{\"deletions\":[{\"entityName\":"
			"\"ada\",\"observations\":[\"green tea\"]}]}"},
		{"forget", "{\"name\":\"ada\",\"observation\":\"green tea\","
			   "\"confirm\":true}"},
		{"open_nodes", "{\"names\":[\"ada\"],\"fields\":[\"facts\"]}"},
		{"recall", "{\"query\":\"green tea\",\"tags\":[\"habit\","
			   "\"family\"]}"},
		{"search_nodes", "{\"query\":\"tea\",\"tags\":[\"habit\"]}"},
		{"memory_diff", "{\"text\":true}"},
		{"memory_history", "{}"},
		{"export_log", "{\"current\":true}"},
		{"set_recall_weights", "{\"weights\":{\"hop\":0.3,"
				       "\"date\":null}}"},
		{"recall_weights", "{}"},
		{"memory_undo", "{\"change\":1}"},
	};
	struct method_fixture *f = *state;
	char *before = state_of(f), *after;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		survives(f, calls[i][0], calls[i][1]);
	after = state_of(f);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void
merge_survives_lack_of_memory(void **state)
{
	struct method_fixture *f = *state;

	call(f, "memory_branch", "{\"action\":\"create\",\"name\":\"b\"}");
	f->ctx.branch = "b";
	call(f, "update_entity",
		"{\"name\":\"ada\",\"observation\":\"green "
		"tea\",\"tags\":[\"food\",\"hot\"],\"metadata\":{\"n\":7}}");
	call(f, "add_observations",
		"{\"observations\":[{\"entityName\":"
		"\"ada\",\"contents\":[{\"text\":\"figs\",\"tags\":[\"x\"],"
		"\"metadata\":{\"m\":1}}]}]}");
	call(f, "update_entity",
		"{\"name\":\"ada\",\"observation\":\"the "
		"dog\",\"tags\":[\"lost\"]}");
	f->ctx.branch = "main";
	call(f, "add_observations",
		"{\"observations\":[{\"entityName\":"
		"\"ada\",\"contents\":[\"figs\"]}]}");
	call(f, "delete_observations",
		"{\"deletions\":[{\"entityName\":"
		"\"ada\",\"observations\":[\"the dog\"]}]}");
	survives(f, "memory_merge", "{\"branch\":\"b\"}");
	call(f, "memory_merge", "{\"branch\":\"b\"}");
	assert_int_equal(json_array_size(json_object_get(f->last, "conflicts")),
		1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, mf_teardown)
	const struct CMUnitTest tests[] = {
		T(survive_lack_of_memory),
		T(merge_survives_lack_of_memory),
	};

	return cmocka_run_group_tests_name("fact tags", tests, NULL, NULL);
}
