/* Plans when memory is short at any point: an error or the whole thing, and
 * nothing half. */
#include "tests/lib/unit.h"

#include "tests/lib/method_starve.h"

#define SAVED                                                                  \
	"{\"title\":\"p\",\"goal\":\"g\",\"steps\":[\"a\",{\"text\":\"b\","    \
	"\"state\":\"doing\",\"note\":\"n\",\"acceptance\":[\"make\"]}]}"

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	mf_open(f);
	call(f, "save_implementation_plan", SAVED);
	*state = f;
	return 0;
}

static void
survive_lack_of_memory(void **state)
{
	static const char *const calls[][2] = {
		{"save_implementation_plan",
			"{\"title\":\"q\",\"steps\":[\"a\",\"b\"]}"},
		{"save_implementation_plan",
			"{\"title\":\"p\",\"goal\":\"other\",\"steps\":[\"c\","
			"{\"step\":1,\"text\":\"a\",\"state\":\"done\"}]}"},
		{"update_plan_step",
			"{\"name\":\"p\",\"step\":1,\"state\":\"done\","
			"\"evidence\":\"e\"}"},
		{"get_implementation_plan", "{\"name\":\"p\"}"},
		{"get_implementation_plan", "{}"},
	};
	struct method_fixture *f = *state;
	char *before, *after;

	call(f, "get_implementation_plan", "{\"name\":\"p\"}");
	before = json_dumps(f->last, JSON_COMPACT | JSON_SORT_KEYS);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		survives(f, calls[i][0], calls[i][1]);
	call(f, "get_implementation_plan", "{\"name\":\"p\"}");
	after = json_dumps(f->last, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(survive_lack_of_memory, setup,
			mf_teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
