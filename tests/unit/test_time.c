/* Branches, merge, undo, revert, diff over a real store. */
#include "tests/lib/unit.h"

#include "tests/lib/db_fixture.h"

static int
call(struct fixture *f, const char *branch, method_fn fn, const char *params)
{
	f->ctx.branch = branch;
	return fixture_write(f, fn, parse(params));
}

static void
ok(struct fixture *f, const char *branch, method_fn fn, const char *params)
{
	must(f, call(f, branch, fn, params));
}

/* {"entities":[{"name":NAME,...,"observations":[TEXT]}]} */
static void
add(struct fixture *f, const char *branch, const char *name, const char *text)
{
	char p[400];

	snprintf(p, sizeof(p),
		"{\"entities\":[{\"name\":\"%s\",\"entityType\":\"t\","
		"\"observations\":[\"%s\"]}]}",
		name, text);
	ok(f, branch, m_create_entities, p);
}

static void
drop(struct fixture *f, const char *branch, const char *name, const char *text)
{
	char p[400];

	snprintf(p, sizeof(p),
		"{\"deletions\":[{\"entityName\":\"%s\",\"observations\":["
		"\"%s\"]}]}",
		name, text);
	ok(f, branch, m_delete_observations, p);
}

/* "name:type[a,b] name:..." of a whole branch, facts sorted by text. */
static const char *
state(struct fixture *f, const char *branch)
{
	static char out[4096];
	json_t *e, *o;
	size_t i, k;

	ok(f, branch, m_read_graph, "{}");
	out[0] = '\0';
	json_array_foreach(json_object_get(f->last, "entities"), i, e) {
		const char *texts[64];
		size_t n = 0;

		json_array_foreach(json_object_get(e, "observations"), k, o) {
			size_t at = n++;

			for (; at > 0 &&
				strcmp(texts[at - 1], json_string_value(o)) > 0;
				at--)
				texts[at] = texts[at - 1];
			texts[at] = json_string_value(o);
		}
		snprintf(out + strlen(out), sizeof(out) - strlen(out),
			"%s%s:%s[", i > 0 ? " " : "",
			json_string_value(json_object_get(e, "name")),
			json_string_value(json_object_get(e, "type")));
		for (k = 0; k < n; k++)
			snprintf(out + strlen(out), sizeof(out) - strlen(out),
				"%s%s", k > 0 ? "," : "", texts[k]);
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "]");
	}
	return out;
}

static int64_t
got(struct fixture *f, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(f->last, key));
}

#define FORK(n)	 "{\"action\":\"create\",\"name\":\"" n "\"}"
#define MERGE(n) "{\"branch\":\"" n "\"}"

static void
test_branch_sees_parent_as_of_the_fork(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "ada", "a");
	ok(f, "main", m_memory_branch, FORK("try"));
	add(f, "main", "ada", "later");
	add(f, "try", "ada", "b");
	drop(f, "try", "ada", "a");
	add(f, "try", "bob", "new");
	assert_string_equal(state(f, "try"), "ada:t[b] bob:t[new]");
	assert_string_equal(state(f, "main"), "ada:t[a,later]");
	ok(f, "main", m_memory_branch, FORK("ff"));
	add(f, "ff", "ada", "fast");
	ok(f, "main", m_memory_merge, MERGE("ff"));
	assert_true(json_is_true(json_object_get(f->last, "fast_forward")));
	assert_string_equal(state(f, "main"), "ada:t[a,fast,later]");
	add(f, "try", "ada", "a"); /* back again */
	assert_string_equal(state(f, "try"), "ada:t[a,b] bob:t[new]");
	assert_int_equal(call(f, "main", m_memory_branch, FORK("try")),
		MDB_E_EXISTS);
	assert_int_equal(call(f, "nowhere", m_read_graph, "{}"),
		MDB_E_NOT_FOUND);
}

static void
test_merge_brings_both_sides(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "ada", "a");
	add(f, "main", "ada", "gone");
	ok(f, "main", m_memory_branch, FORK("try"));
	add(f, "main", "ada", "later");
	add(f, "try", "ada", "b");
	add(f, "try", "ada", "later"); /* both added the same */
	drop(f, "try", "ada", "gone");
	add(f, "try", "bob", "new");
	ok(f, "main", m_memory_merge, "{\"branch\":\"try\",\"dry_run\":true}");
	assert_int_equal(got(f, "removed"), 1);
	assert_string_equal(state(f, "main"), "ada:t[a,gone,later]");
	ok(f, "main", m_memory_merge, MERGE("try"));
	assert_int_equal(json_array_size(json_object_get(f->last, "conflicts")),
		0);
	assert_string_equal(state(f, "main"), "ada:t[a,b,later] bob:t[new]");
	ok(f, "main", m_memory_merge, MERGE("try")); /* nothing more */
	assert_null(json_object_get(f->last, "change"));
	/* On goes the branch; only the new comes. */
	add(f, "try", "bob", "more");
	drop(f, "main", "ada", "b");
	ok(f, "main", m_memory_merge, MERGE("try"));
	assert_string_equal(state(f, "main"), "ada:t[a,later] bob:t[more,new]");
}

static void
test_merge_conflicts_keep_the_target(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "ada", "a");
	add(f, "main", "bob", "b");
	add(f, "main", "cy", "c");
	ok(f, "main", m_memory_branch, FORK("try"));
	ok(f, "main", m_update_entity,
		"{\"name\":\"ada\",\"entityType\":\"here\",\"tier\":"
		"\"semantic\"}");
	ok(f, "try", m_update_entity,
		"{\"name\":\"ada\",\"entityType\":\"there\",\"tier\":"
		"\"episodic\",\"pin\":true}");
	ok(f, "main", m_delete_entities, "{\"entityNames\":[\"bob\"]}");
	add(f, "try", "bob", "changed");
	ok(f, "try", m_delete_entities, "{\"entityNames\":[\"cy\"]}");
	add(f, "main", "cy", "changed");
	ok(f, "main", m_memory_merge, MERGE("try"));
	assert_int_equal(json_array_size(json_object_get(f->last, "conflicts")),
		4);
	assert_string_equal(state(f, "main"), "cy:t[c,changed] ada:here[a]");
	ok(f, "main", m_open_nodes,
		"{\"names\":[\"ada\"],\"fields\":[\"tier\",\"pin\"]}");
	{
		json_t *ada =
			json_array_get(json_object_get(f->last, "entities"), 0);

		assert_string_equal(json_string_value(
					    json_object_get(ada, "tier")),
			"semantic");
		assert_true(json_is_true(json_object_get(ada, "pin")));
	}
	ok(f, "main", m_memory_merge, MERGE("try"));
	assert_int_equal(json_array_size(json_object_get(f->last, "conflicts")),
		0);
}

static void
test_merge_names_the_weights_that_differ(void **st)
{
	static const char *const weights[] = {"0.25", "0.75"};
	static const char *const branches[] = {"main", "try"};
	struct fixture *f = *st;
	json_t *c;

	add(f, "main", "ada", "a");
	add(f, "main", "bob", "b");
	ok(f, "main", m_memory_branch, FORK("try"));
	for (size_t i = 0; i < 2; i++) {
		char p[200];

		snprintf(p, sizeof(p),
			"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
			"\"relationType\":\"knows\",\"weight\":%s}]}",
			weights[i]);
		ok(f, branches[i], m_create_relations, p);
	}
	ok(f, "main", m_memory_merge, MERGE("try"));
	c = json_array_get(json_object_get(f->last, "conflicts"), 0);
	assert_string_equal(json_string_value(json_object_get(c, "ours")),
		"0.25");
	assert_string_equal(json_string_value(json_object_get(c, "theirs")),
		"0.75");
}

static void
test_undo_of_undo_is_nothing(void **st)
{
	struct fixture *f = *st;
	int64_t change;
	char p[64];

	add(f, "main", "ada", "a");
	add(f, "main", "ada", "b");
	ok(f, "main", m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	change = got(f, "change");
	snprintf(p, sizeof(p), "{\"change\":%d}", (int)change);
	ok(f, "main", m_memory_undo, p);
	assert_string_equal(state(f, "main"), "ada:t[a,b]");
	ok(f, "main", m_memory_undo, "{\"change\":4}");
	assert_string_equal(state(f, "main"), "");
	ok(f, "main", m_memory_undo, "{\"change\":5}");
	assert_string_equal(state(f, "main"), "ada:t[a,b]");
}

static void
test_undo_refuses_skips_and_cascades(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "ada", "a");  /* 1 */
	add(f, "main", "ada", "b");  /* 2: builds on 1 */
	add(f, "main", "bob", "x");  /* 3 */
	drop(f, "main", "bob", "x"); /* 4: builds on 3 */
	assert_int_equal(call(f, "main", m_memory_undo, "{\"change\":1}"),
		MDB_E_CONFLICT);
	assert_non_null(strstr(f->e.text, "build on it: 2."));
	ok(f, "main", m_memory_undo,
		"{\"change\":1,\"on_conflict\":\"cascade\",\"dry_run\":true}");
	assert_int_equal(got(f, "undone"), 2);
	assert_string_equal(state(f, "main"), "ada:t[a,b] bob:t[]");
	ok(f, "main", m_memory_undo,
		"{\"changes\":[1,3,4],\"on_conflict\":\"skip\"}");
	assert_string_equal(state(f, "main"), "ada:t[a,b]");
	ok(f, "main", m_memory_undo,
		"{\"change\":1,\"on_conflict\":\"cascade\"}");
	assert_string_equal(state(f, "main"), "");
}

static void
test_undo_of_a_session(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "ada", "a");
	f->ctx.session = "night";
	add(f, "main", "ada", "nonsense");
	drop(f, "main", "ada", "a");
	add(f, "main", "zoe", "z");
	f->ctx.session = "s1";
	ok(f, "main", m_memory_undo, "{\"session\":\"night\"}");
	assert_int_equal(got(f, "undone"), 3);
	assert_string_equal(state(f, "main"), "ada:t[a]");
}

static void
test_undo_of_a_branch_is_told(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "ada", "a");
	ok(f, "main", m_memory_branch, FORK("try"));
	assert_int_equal(call(f, "main", m_memory_undo, "{\"change\":2}"),
		MDB_E_NOT_FOUND);
	assert_non_null(strstr(f->e.text, "memory_branch discards"));
	ok(f, "main", m_memory_undo, "{\"session\":\"s1\"}");
	assert_int_equal(got(f, "undone"), 1);
}

static void
test_revert_and_diff(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "ada", "a");
	add(f, "main", "ada", "b");
	drop(f, "main", "ada", "a");
	ok(f, "main", m_update_entity,
		"{\"name\":\"ada\",\"tier\":\"semantic\"}");
	ok(f, "main", m_memory_diff,
		"{\"name\":\"ada\",\"from_version\":1,\"to_version\":4,"
		"\"text\":true}");
	assert_string_equal(json_string_value(json_object_get(f->last, "text")),
		"ada (t)\n  - a\n  + b\n  ~ tier: working -> semantic\n");
	ok(f, "main", m_memory_revert, "{\"name\":\"ada\",\"version\":2}");
	assert_int_equal(got(f, "version"), 5);
	assert_string_equal(state(f, "main"), "ada:t[a,b]");
	ok(f, "main", m_memory_diff, "{\"from\":2,\"text\":true}");
	assert_string_equal(json_string_value(json_object_get(f->last, "text")),
		"");
	assert_int_equal(call(f, "main", m_memory_revert,
				 "{\"name\":\"ada\",\"version\":9}"),
		MDB_E_NOT_FOUND);
	ok(f, "main", m_memory_branch, FORK("try"));
	add(f, "try", "bob", "x");
	ok(f, "main", m_memory_diff,
		"{\"from_branch\":\"main\",\"to_branch\":\"try\",\"text\":"
		"true}");
	assert_string_equal(json_string_value(json_object_get(f->last, "text")),
		"bob (t), created\n  + x\n");
}

static size_t
suspects(struct fixture *f, const char *name)
{
	char p[200];

	snprintf(p, sizeof(p), "{\"names\":[\"%s\"]}", name);
	ok(f, "main", m_open_nodes, p);
	return json_array_size(
		json_object_get(json_array_get(json_object_get(f->last,
						       "entities"),
					0),
			"suspect"));
}

static void
test_what_is_derived_becomes_suspect(void **st)
{
	struct fixture *f = *st;

	add(f, "main", "report", "the budget is 5k");
	ok(f, "main", m_create_entities,
		"{\"entities\":[{\"name\":\"plan\",\"entityType\":\"t\","
		"\"observations\":[{\"text\":\"buy three\",\"derived_from\":"
		"[\"report\"]},\"plain\"]}]}");
	add(f, "main", "offer", "three for 4k");
	ok(f, "main", m_create_relations,
		"{\"relations\":[{\"from\":\"offer\",\"to\":\"plan\","
		"\"relationType\":\"derived_from\"}]}");
	assert_int_equal(suspects(f, "plan"), 0);
	assert_int_equal(suspects(f, "offer"), 0);
	drop(f, "main", "report", "the budget is 5k");
	assert_int_equal(suspects(f, "plan"), 1);
	assert_int_equal(suspects(f, "offer"), 1);
	ok(f, "main", m_memory_undo, "{\"change\":5}");
	assert_int_equal(suspects(f, "plan"), 0);
	assert_int_equal(suspects(f, "offer"), 0);
	drop(f, "main", "plan", "plain"); /* the relation is to the whole */
	assert_int_equal(suspects(f, "offer"), 1);
	assert_int_equal(call(f, "main", m_add_observations,
				 "{\"observations\":[{\"entityName\":\"plan\","
				 "\"contents\":[{\"text\":\"x\","
				 "\"derived_from\":[99]}]}]}"),
		MDB_E_NOT_FOUND);
}

static void
test_valid_time(void **st)
{
	struct fixture *f = *st;
	json_t *at = json_string("2024-06-01");

	ok(f, "main", m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"t\","
		"\"observations\":[{\"text\":\"lives in Rome\",\"valid_to\":"
		"\"2024-01-01\"},{\"text\":\"lives in Oslo\",\"valid_from\":"
		"\"2024-01-01\"},\"likes tea\"]}]}");
	f->ctx.valid_at = at;
	assert_string_equal(state(f, "main"), "ada:t[likes tea,lives in Oslo]");
	f->ctx.valid_at = NULL;
	json_decref(at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(test_branch_sees_parent_as_of_the_fork),
		T(test_merge_brings_both_sides),
		T(test_merge_conflicts_keep_the_target),
		T(test_merge_names_the_weights_that_differ),
		T(test_undo_of_undo_is_nothing),
		T(test_undo_refuses_skips_and_cascades),
		T(test_undo_of_a_session),
		T(test_undo_of_a_branch_is_told),
		T(test_revert_and_diff),
		T(test_what_is_derived_becomes_suspect),
		T(test_valid_time),
	};

	return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
