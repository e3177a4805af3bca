/* detect_conflicts when the time for it is over, and when memory is short. */
#include "tests/lib/unit.h"

#include "tests/lib/method_starve.h"

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	mf_open(f);
	call(f, "create_entities",
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"lives in Rome\",\"is based in Bonn\"]},"
		"{\"name\":\"notes\",\"entityType\":\"t\",\"observations\":["
		"\"ada lives in Lima\",\"ada lives in Kyoto\"]}]}");
	*state = f;
	return 0;
}

#define ASKS                                                                   \
	"{\"entity_data\":{\"name\":\"ada\",\"entityType\":\"person\","        \
	"\"observations\":[\"lives in Oslo\"]}}"

/* How many are found until this deadline; 0: none. */
static size_t
found(struct method_fixture *f, int64_t deadline_ns, bool *ret_partial)
{
	AUTO_JSON json_t *params = jx_parse(ASKS, strlen(ASKS), NULL);
	AUTO_JSON json_t *reply = NULL;
	struct call c = {.st = f->s.w,
		.ctx = &f->ctx,
		.params = params,
		.tool = tool_find("detect_conflicts"),
		.deadline_ns = deadline_ns};

	sf_ok(&f->s, store_read_begin(c.st, &f->s.e));
	assert_int_equal(method_run(&c, &reply, &f->e), 0);
	store_read_end(c.st);
	*ret_partial = json_is_true(json_object_get(reply, "partial"));
	return json_array_size(json_object_get(reply, "conflicts"));
}

static void
finds_facts_of_the_entity_however_late(void **state)
{
	bool partial;
	size_t late;

	assert_int_equal(found(*state, 0, &partial), 4);
	assert_false(partial);
	/* The two of ada, and one of others at the most. */
	late = found(*state, 1, &partial);
	assert_true(late == 2 || late == 3);
	assert_true(partial);
}

/* A reason names the entity, cut after 80 bytes: between letters. */
static void
cuts_long_names_between_letters(void **state)
{
	struct method_fixture *f = *state;
	char name[32 * 3 + 1] = "", text[1024];

	for (int i = 0; i < 32; i++)
		strcat(name, "\xe6\x9d\xb1");
	snprintf(text, sizeof(text),
		"{\"entities\":[{\"name\":\"%s\",\"entityType\":\"t\","
		"\"observations\":[\"lives in Rome\"]}]}",
		name);
	call(f, "create_entities", text);
	snprintf(text, sizeof(text),
		"{\"entity_data\":{\"name\":\"%s\",\"entityType\":\"t\","
		"\"observations\":[\"lives in Oslo\"]}}",
		name);
	call(f, "detect_conflicts", text);
	assert_int_equal(json_array_size(json_object_get(f->last, "conflicts")),
		1);
}

static void
survives_lack_of_memory(void **state)
{
	survives(*state, "detect_conflicts", ASKS);
}

/* --- many at once ---------------------------------------------------------- */
/* A part of a call, as the writer does it; its group fails, or commits. */
static bool
resolve_part(struct method_fixture *f, struct prepared *progress, size_t part,
	bool fails, json_t **ret)
{
	AUTO_JSON json_t *params = json_pack("{s:s,s:s}", "kind", "duplicate",
		"strategy", "keep_both");
	struct call c = {.st = f->s.w,
		.ctx = &f->ctx,
		.params = params,
		.tool = tool_find("resolve_conflict"),
		.in_parts = true,
		.part = part,
		.progress = progress};
	bool more;

	json_decref(*ret);
	*ret = NULL;
	sf_ok(&f->s, store_group_begin(c.st, &f->s.e));
	sf_ok(&f->s, store_savepoint(c.st, &f->s.e));
	assert_int_equal(method_run(&c, ret, &f->e), 0);
	more = c.has_more;
	call_done(&c);
	sf_ok(&f->s, store_release(c.st, &f->s.e));
	if (fails)
		store_group_abort(c.st);
	else
		sf_ok(&f->s, store_group_commit(c.st, &f->s.e));
	return more;
}

/* Each part is tried in a group that fails first, as when a disk is full. */
static void
does_a_part_again_whose_group_failed(void **state)
{
	struct method_fixture *f = *state;
	struct prepared progress = {.data = NULL};
	AUTO_JSON json_t *reply = NULL;
	char entries[256];
	bool more = true;

	for (int i = 0; i < 80; i++) {
		snprintf(entries, sizeof(entries),
			"{\"on_conflict\":\"queue\",\"entities\":[{\"name\":"
			"\"P%d\",\"entityType\":\"person\",\"observations\""
			":[\"lives in Rome\",\"is living in Rome\"]}]}",
			i);
		call(f, "create_entities", entries);
	}
	for (size_t part = 0; more; part++) {
		(void)resolve_part(f, &progress, part, true, &reply);
		more = resolve_part(f, &progress, part, false, &reply);
	}
	assert_int_equal(json_integer_value(json_object_get(reply, "resolved")),
		80);
	assert_int_equal(json_array_size(json_object_get(reply, "results")),
		80);
	progress.free(progress.data);
	call(f, "list_conflicts", "{}");
	assert_int_equal(json_integer_value(
				 json_object_get(f->last, "conflict_count")),
		0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, mf_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] =
		{T(finds_facts_of_the_entity_however_late),
			T(cuts_long_names_between_letters),
			T(survives_lack_of_memory),
			T(does_a_part_again_whose_group_failed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
