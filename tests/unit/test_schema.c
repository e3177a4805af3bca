#include "common/contract/schema.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/contract/tools.h"
#include "tests/lib/unit.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct param inner[] = {{"deep", P_INT, PF_REQUIRED, NULL, 1, 9,
					     NULL, NULL, NULL},
	{"hidden", P_BOOL, PF_SOCKET_ONLY, NULL, 0, 0, NULL, NULL, NULL},
	{NULL, P_STRING, 0, NULL, 0, 0, NULL, NULL, NULL}};
static const struct param text_fields[] = {{"text", P_STRING,
						   PF_REQUIRED | PF_NOT_EMPTY,
						   NULL, 0, 8, NULL, NULL,
						   NULL},
	{"speaker", P_STRING, PF_SOCKET_ONLY, NULL, 0, 0, NULL, NULL, NULL},
	{NULL, P_STRING, 0, NULL, 0, 0, NULL, NULL, NULL}};
static const struct param observation = {"", P_TEXT_OR_OBJECT, PF_NOT_EMPTY,
	NULL, 1, 8, NULL, text_fields, NULL};
static const struct param inner_entry = {"", P_OBJECT, 0, NULL, 0, 0, NULL,
	inner, NULL};
static const struct param table[] = {{"query", P_STRING, PF_REQUIRED,
					     "what to find", 0, 10, NULL, NULL,
					     NULL},
	{"name", P_STRING, PF_NOT_EMPTY, NULL, 1, 1024, NULL, NULL, NULL},
	{"limit", P_INT, 0, NULL, 1, 100, NULL, NULL, NULL},
	{"offset", P_INT, 0, NULL, 0, INT64_MAX, NULL, NULL, NULL},
	{"weight", P_NUMBER, 0, NULL, 0, 1, NULL, NULL, NULL},
	{"pin", P_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL},
	{"colour", P_STRING, 0, NULL, 0, 0, colours, NULL, NULL},
	{"free", P_OBJECT, 0, NULL, 0, 0, NULL, NULL, NULL},
	{"as_of", P_POINT, 0, NULL, 0, 0, NULL, NULL, NULL},
	{"list", P_ARRAY, 0, NULL, 0, 3, NULL, NULL, &inner_entry},
	{"texts", P_ARRAY, PF_NOT_EMPTY, NULL, 0, 3, NULL, NULL, &observation},
	{"secret", P_STRING, PF_SOCKET_ONLY, NULL, 0, 0, NULL, NULL, NULL},
	{NULL, P_STRING, 0, NULL, 0, 0, NULL, NULL, NULL}};
static const struct param extra[] = {{"namespace", P_STRING, 0, NULL, 0, 5,
					     NULL, NULL, NULL},
	{NULL, P_STRING, 0, NULL, 0, 0, NULL, NULL, NULL}};

/* text NULL: passes */
static void
check(const char *doc, const char *text, const char *param)
{
	AUTO_JSON json_t *o = jx_parse(doc, strlen(doc), NULL);
	struct err e = {0};
	int rc;

	assert_non_null(o);
	rc = schema_check(table, extra, o, NULL, &e);
	if (!text) {
		if (rc != 0)
			fail_msg("%s: %s", doc, e.text);
		return;
	}
	assert_int_equal(rc, MDB_E_INVALID);
	assert_string_equal(e.text, text);
	assert_string_equal(e.param, param);
	/* a caller without an err gets the same code */
	assert_int_equal(schema_check(table, extra, o, NULL, NULL),
		MDB_E_INVALID);
}

static void
lets_good_parameters_pass(void **state)
{
	(void)state;
	check("{\"query\":\"\"}", NULL, NULL);
	check("{\"query\":\"0123456789\",\"name\":\"x\",\"limit\":100,"
	      "\"offset\":9223372036854775807,\"weight\":0.5,\"pin\":false,"
	      "\"colour\":\"green\",\"free\":{\"any\":[1]},\"as_of\":7,"
	      "\"list\":[{\"deep\":1},{\"deep\":9,\"hidden\":true}],"
	      "\"texts\":[\"a\",{\"text\":\"b\",\"speaker\":\"\"}],"
	      "\"secret\":\"\",\"namespace\":\"abc\"}",
		NULL, NULL);
	check("{\"query\":\"q\",\"limit\":5.0,\"weight\":1,\"as_of\":\"now\"}",
		NULL, NULL);
	check("{\"query\":\"q\",\"limit\":null,\"list\":[]}", NULL, NULL);
}

static void
names_what_is_wrong(void **state)
{
	(void)state;
	check("{}", "query: is missing; it is required and must be a string",
		"query");
	check("{\"query\":null}",
		"query: is missing; it is required and must be a string",
		"query");
	check("{\"query\":5}", "query: must be a string, is integer", "query");
	check("{\"query\":\"0123456789a\"}",
		"query: must be at most 10 bytes, is 11", "query");
	check("{\"query\":\"\",\"name\":\"\"}",
		"name: must be 1 to 1024 bytes, is 0", "name");
	check("{\"query\":\"\",\"limit\":0}",
		"limit: must be from 1 to 100, is 0", "limit");
	check("{\"query\":\"\",\"limit\":101}",
		"limit: must be from 1 to 100, is 101", "limit");
	check("{\"query\":\"\",\"limit\":\"5\"}",
		"limit: must be an integer, is string", "limit");
	check("{\"query\":\"\",\"limit\":1.5}",
		"limit: must be an integer, is 1.5", "limit");
	check("{\"query\":\"\",\"offset\":-1}",
		"offset: must be at least 0, is -1", "offset");
	check("{\"query\":\"\",\"weight\":1.5}",
		"weight: must be from 0 to 1, is 1.5", "weight");
	check("{\"query\":\"\",\"weight\":true}",
		"weight: must be a number, is boolean", "weight");
	check("{\"query\":\"\",\"pin\":1}",
		"pin: must be a boolean (true or false), is integer", "pin");
	check("{\"query\":\"\",\"colour\":\"gren\"}",
		"colour: must be one of red, green, is 'gren'; did you mean "
		"'green'?",
		"colour");
	check("{\"query\":\"\",\"colour\":\"mauve\"}",
		"colour: must be one of red, green, is 'mauve'", "colour");
	check("{\"query\":\"\",\"free\":[]}",
		"free: must be an object, is array", "free");
	check("{\"query\":\"\",\"as_of\":-1}",
		"as_of: a change id is not negative, is -1", "as_of");
	check("{\"query\":\"\",\"as_of\":{}}",
		"as_of: must be an integer (change id) or a string (time), is "
		"object",
		"as_of");
	check("{\"query\":\"\",\"as_of\":\"\"}",
		"as_of: must be a time like 2026-11-20T08:05:00Z or "
		"'yesterday', or a change id",
		"as_of");
}

/* Behind the check an integer is one, however it was written. */
static void
settles_numbers(void **state)
{
	static const char doc[] =
		"{\"query\":\"\",\"limit\":5.0,\"offset\":"
		"-0.0,\"weight\":-0.0,\"as_of\":1e2,\"free\":{\"a\":[-0.0,"
		"1.0]}}";
	AUTO_JSON json_t *o = jx_parse(doc, sizeof(doc) - 1, NULL);
	struct buf text AUTO_BUF = {0};

	(void)state;
	assert_int_equal(schema_check(table, NULL, o, NULL, NULL), 0);
	assert_int_equal(jx_dump(o, &text), 0);
	assert_string_equal(buf_str(&text),
		"{\"query\":\"\",\"limit\":5,"
		"\"offset\":0,\"weight\":0.0,\"as_of\":100,\"free\":{\"a\":"
		"[-0.0,1.0]}}");
}

static void
names_the_place_inside(void **state)
{
	(void)state;
	check("{\"query\":\"\",\"list\":[{\"deep\":1},{}]}",
		"list[1].deep: is missing; it is required and must be an "
		"integer",
		"list[1].deep");
	check("{\"query\":\"\",\"list\":[{\"deep\":1},7]}",
		"list[1]: must be an object, is integer", "list[1]");
	check("{\"query\":\"\",\"list\":[{\"deep\":1},null]}",
		"list[1]: must be an object, is null", "list[1]");
	check("{\"query\":\"\",\"list\":[1,2,3,4]}",
		"list: must have at most 3 entries, has 4", "list");
	check("{\"query\":\"\",\"texts\":[]}", "texts: must not be empty",
		"texts");
	check("{\"query\":\"\",\"texts\":[\"\"]}",
		"texts[0]: must be 1 to 8 bytes, is 0", "texts[0]");
	check("{\"query\":\"\",\"texts\":[\"a\",{\"text\":\"\"}]}",
		"texts[1].text: must be 1 to 8 bytes, is 0", "texts[1].text");
	check("{\"query\":\"\",\"texts\":[[]]}",
		"texts[0]: must be a string or an object, is array",
		"texts[0]");
}

static void
names_the_nearest_member(void **state)
{
	(void)state;
	check("{\"quary\":\"x\"}",
		"unknown parameter 'quary'; did you mean 'query'?", "quary");
	check("{\"query\":\"\",\"nmespace\":\"x\"}",
		"unknown parameter 'nmespace'; did you mean 'namespace'?",
		"nmespace");
	check("{\"query\":\"\",\"list\":[{\"deap\":1}]}",
		"unknown member 'list[0].deap'; did you mean 'deep'?",
		"list[0].deap");
	check("{\"query\":\"\",\"list\":[{\"zebra\":1}]}",
		"unknown member 'list[0].zebra'; known here: deep (required), "
		"hidden",
		"list[0].zebra");
	/* Who leaves out what is required means that by a strange name. */
	check("{\"nmespace\":\"x\"}",
		"unknown parameter 'nmespace'; known here: query (required), "
		"name, limit, offset, weight, pin, colour, free, as_of, list, "
		"texts, secret",
		"nmespace");
}

static void
collects_what_is_ignored(void **state)
{
	AUTO_JSON json_t *o = NULL, *ignored = NULL, *want = NULL;
	static const char doc[] = "{\"query\":\"x\",\"foo\":1,\"list\":["
				  "{\"deep\":1,\"bar\":{}}]}";
	struct err e;

	(void)state;
	o = jx_parse(doc, sizeof(doc) - 1, NULL);
	assert_int_equal(schema_check(table, NULL, o, &ignored, &e), 0);
	want = json_pack("[ss]", "foo", "list[0].bar");
	assert_true(json_equal(ignored, want));
	/* wrong types are errors all the same, and nothing leaks */
	json_object_set_new(o, "query", json_integer(1));
	assert_int_equal(schema_check(table, NULL, o, &(json_t *){NULL}, &e),
		MDB_E_INVALID);
}

/* What is ignored may be what is missing. */
static void
a_slip_that_is_ignored_is_named(void **state)
{
	AUTO_JSON json_t *o = json_pack("{s:s}", "quary", "x"), *ignored = NULL;
	struct err e;

	(void)state;
	assert_int_equal(schema_check(table, NULL, o, &ignored, &e),
		MDB_E_INVALID);
	assert_string_equal(e.text,
		"query: is missing; 'quary' is not known, write 'query'");
	assert_string_equal(e.param, "query");
	assert_null(ignored);
}

static void
ignored_names_are_bounded(void **state)
{
	AUTO_JSON json_t *o = json_pack("{s:s}", "query", ""), *ignored = NULL;
	char name[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "unknown%d", i);
		json_object_set_new(o, name, json_true());
	}
	assert_int_equal(schema_check(table, NULL, o, &ignored, NULL), 0);
	assert_in_range(json_array_size(ignored), 1, 50);
}

/* Names of any length and bytes give valid, bounded texts. */
static void
long_names_are_cut(void **state)
{
	AUTO_JSON json_t *o = json_object(), *ignored = NULL;
	char name[3001];
	struct err e;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "\xe2\x82\xac", 3);
	name[2997] = '\0';
	json_object_set_new(o, "query", json_string(""));
	json_object_set_new(o, name, json_true());
	assert_int_equal(schema_check(table, extra, o, NULL, &e),
		MDB_E_INVALID);
	assert_null(strchr(e.text, '?'));
	assert_null(strchr(e.param, '?'));
	assert_int_equal(schema_check(table, extra, o, &ignored, &e), 0);
	assert_int_equal(json_array_size(ignored), 1);
}

/* --- JSON Schema ---------------------------------------------------------- */

static void
writes_json_schema(void **state)
{
	AUTO_JSON json_t *s = schema_json(table, PF_SOCKET_ONLY);
	AUTO_JSON json_t *fewer =
		schema_json(table, PF_SOCKET_ONLY | PF_NOT_EMPTY);
	AUTO_BUF struct buf b = {0};

	(void)state;
	assert_int_equal(jx_dump(s, &b), 0);
	assert_string_equal(buf_str(&b),
		"{\"type\":\"object\",\"properties\":{"
		"\"query\":{\"type\":\"string\",\"description\":\"what to "
		"find\"},"
		"\"name\":{\"type\":\"string\"},"
		"\"limit\":{\"type\":\"integer\",\"maximum\":100},"
		"\"offset\":{\"type\":\"integer\"},"
		"\"weight\":{\"type\":\"number\",\"maximum\":1},"
		"\"pin\":{\"type\":\"boolean\"},"
		"\"colour\":{\"type\":\"string\",\"enum\":[\"red\",\"green\"]},"
		"\"free\":{\"type\":\"object\"},"
		"\"as_of\":{\"type\":\"string\"},"
		"\"list\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
		"\"properties\":{\"deep\":{\"type\":\"integer\","
		"\"maximum\":9}},\"required\":[\"deep\"]}},"
		"\"texts\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
		"},\"required\":[\"query\"]}");
	assert_true(json_object_size(json_object_get(fewer, "properties")) <
		    json_object_size(json_object_get(s, "properties")));
}

static void
survives_failing_malloc(void **state)
{
	AUTO_JSON json_t *o = json_pack("{s:s,s:i}", "query", "", "foo", 1);

	(void)state;
	for (size_t n = 1;; n++) {
		json_t *s;

		heap_fail_at(n);
		s = schema_json(table, PF_SOCKET_ONLY);
		if (!heap_disarm()) {
			assert_non_null(s);
			assert_true(n > 30);
			json_decref(s);
			break;
		}
		assert_null(s);
	}
	for (size_t n = 1;; n++) {
		json_t *ignored = NULL;
		int rc;

		heap_fail_at(n);
		rc = schema_check(table, NULL, o, &ignored, NULL);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			json_decref(ignored);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
		assert_null(ignored);
	}
}

/* --- the tool list -------------------------------------------------------- */

static void
check_table(const struct param *t, const char *tool)
{
	size_t n = 0;

	for (; t->name; t++, n++) {
		if (t->type == P_ARRAY && !t->item)
			fail_msg("%s.%s: no type of its entries", tool,
				t->name);
		if (t->type == P_INT && t->max != 0 && t->min > t->max)
			fail_msg("%s.%s: empty range", tool, t->name);
		if (t->item && t->item->sub)
			check_table(t->item->sub, tool);
		if (t->sub)
			check_table(t->sub, tool);
	}
	/* unknown_member looks at so many */
	assert_true(n < 50);
}

static void
tools_are_consistent(void **state)
{
	(void)state;
	for (size_t i = 0; i < tools_n; i++) {
		const struct tool *t = &tools[i];
		unsigned where =
			t->flags & (TF_READ | TF_WRITE | TF_LOOP | TF_SCRIPT);

		assert_ptr_equal(tool_find(t->name), t);
		assert_true(where == TF_READ || where == TF_WRITE ||
			    where == TF_LOOP || where == TF_SCRIPT);
		assert_true(strlen(t->name) < 64 && *t->title && *t->text);
		assert_true(strlen(t->text) < 2048);
		assert_true(!t->profiles || t->order > 0);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(t->name, tools[k].name);
			assert_true(!t->order || t->order != tools[k].order);
		}
		check_table(t->params, t->name);
		for (const struct param *p = t->params; p->name; p++)
			for (const struct param *c = tools_common; c->name; c++)
				/* shown to models, or a filter: same type */
				assert_true(strcmp(p->name, c->name) != 0 ||
					    p->type == c->type);
	}
	assert_null(tool_find("nonsense"));
	assert_null(tool_find(""));
	assert_string_equal(tool_nearest("create_entity"), "create_entities");
	assert_string_equal(tool_nearest("searchNodes"), "search_nodes");
	assert_null(tool_nearest("make_coffee_now_please"));
}

static void
has_param(const struct tool *t, const char *name)
{
	for (const struct param *p = t->params; name && p->name; p++)
		if (strcmp(p->name, name) == 0)
			return;
	if (name)
		fail_msg("%s has no parameter '%s'", t->name, name);
}

/* Members of a record that are names of parameters are that. */
static void
records_name_their_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < tools_n; i++) {
		const struct tool *t = &tools[i];
		const struct tool_arg *const args[] = {t->args, t->compat.args};
		char words[128], *rest, *word;

		has_param(t, t->asks);
		has_param(t, t->script.names);
		has_param(t, t->script.adds);
		has_param(t, t->flags & TF_LEASE ? "lease" : NULL);
		has_param(t, t->script.flags & TS_FILE ? "name" : NULL);
		for (size_t k = 0; k < ARRAY_LEN(args); k++)
			for (const struct tool_arg *a = args[k]; a && a->name;
				a++)
				has_param(t, a->name);
		snprintf(words, sizeof(words), "%s",
			t->script.positional ? t->script.positional : "");
		for (word = strtok_r(words, " ", &rest); word;
			word = strtok_r(NULL, " ", &rest))
			has_param(t, word);
		/* A shape and a description of compat are of the nine. */
		if (t->compat.output)
			assert_true(t->flags & TF_COMPAT);
		if (t->flags & TF_COMPAT)
			assert_true(t->compat.output && t->shape);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_good_parameters_pass),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(settles_numbers),
		cmocka_unit_test(names_the_place_inside),
		cmocka_unit_test(names_the_nearest_member),
		cmocka_unit_test(collects_what_is_ignored),
		cmocka_unit_test(a_slip_that_is_ignored_is_named),
		cmocka_unit_test(ignored_names_are_bounded),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(writes_json_schema),
		cmocka_unit_test(survives_failing_malloc),
		cmocka_unit_test(tools_are_consistent),
		cmocka_unit_test(records_name_their_parameters),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
