/* find_related when memory is short at any point. */
#include "tests/lib/unit.h"

#include "tests/lib/method_starve.h"

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	mf_open(f);
	f->ctx.session = "s1";
	call(f, "create_entities",
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"t\",\"tags\":"
		"[\"choir\"],\"observations\":[\"plays chess with bob\"]},"
		"{\"name\":\"bob\",\"entityType\":\"t\",\"tags\":[\"choir\"],"
		"\"observations\":[\"plays chess\"]},{\"name\":\"eve\","
		"\"entityType\":\"t\",\"observations\":[\"owns a cat\"]}]}");
	call(f, "create_relations",
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
		"\"relationType\":\"knows\"},{\"from\":\"eve\",\"to\":\"bob\","
		"\"relationType\":\"knows\"}]}");
	*state = f;
	return 0;
}

static void
survive_lack_of_memory(void **state)
{
	struct method_fixture *f = *state;

	survives(f, "find_related", "{\"entity\":\"ada\"}");
	survives(f, "find_related", "{\"text\":\"chess and bob\"}");
	call(f, "find_related", "{\"entity\":\"ada\"}");
	assert_int_equal(json_array_size(json_object_get(f->last, "related")),
		2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(survive_lack_of_memory, setup,
			mf_teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
