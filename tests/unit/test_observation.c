/* Observations that were not said as JSON: the typed way in, by a writer inside
 * the service. */
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "memory-db/model/write/write_entity.h"
#include "tests/lib/method_fixture.h"
#include "tests/lib/secret_samples.h"

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	*state = f;
	mf_open(f);
	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s]}]}", "entities",
		"name", "ada", "entityType", "person", "observations",
		"drinks green tea");
	return 0;
}

/* As an extractor would: one change with one observation of ada. */
static int
observe(struct method_fixture *f, const struct observation_in *o,
	int64_t *ret_fact)
{
	struct call c = {.st = f->s.w, .ctx = &f->ctx};
	struct write w AUTO_WRITE = {0};
	int64_t entity;
	int rc, end;

	memset(&f->e, 0, sizeof(f->e));
	sf_ok(&f->s, store_group_begin(c.st, &f->s.e));
	sf_ok(&f->s, store_savepoint(c.st, &f->s.e));
	rc = write_begin(&w, &c, CHANGE_ADD, &f->e);
	if (rc == 0)
		rc = write_need_entity(&w, "ada", "entity", &entity, &f->e);
	if (rc == 0)
		rc = write_observation(&w, entity, o, ret_fact, &f->e);
	end = rc < 0 ? rc : write_end(&w, &f->e);
	if (end == 0)
		sf_ok(&f->s, store_release(c.st, &f->s.e));
	else
		store_rollback(c.st);
	sf_ok(&f->s, store_group_commit(c.st, &f->s.e));
	call_done(&c);
	return end < 0 ? end : rc;
}

static struct observation_in
said(const char *text)
{
	return observation_in(text, strlen(text), METHOD_AUTO);
}

/* The fact of ada with this text, as a reader sees it. */
static json_t *
read_fact(struct method_fixture *f, const char *text)
{
	json_t *fact, *entity;
	size_t i;

	mf_call(f, "open_nodes", "{s:[s], s:[s]}", "names", "ada", "fields",
		"facts");
	entity = json_array_get(json_object_get(f->last, "entities"), 0);
	json_array_foreach(json_object_get(entity, "facts"), i, fact)
		if (strcmp(json_string_value(json_object_get(fact, "text")),
			    text) == 0)
			return fact;
	return NULL;
}

static void
all_members(void **state)
{
	static const char *const tags[] = {"home", "moved"};
	struct method_fixture *f = *state;
	struct observation_in o = said("lives in Lyon");
	json_t *fact, *list;
	int64_t id = 0;

	o.confidence = 0.75;
	o.source = "stand-up";
	o.speaker = "bob";
	o.valid_from = 1764547200000; /* 2025-12-01 */
	o.tags = tags;
	o.tags_n = ARRAY_LEN(tags);
	assert_int_equal(observe(f, &o, &id), 1);
	fact = read_fact(f, "lives in Lyon");
	assert_non_null(fact);
	assert_int_equal(json_integer_value(json_object_get(fact, "id")), id);
	assert_string_equal(json_string_value(json_object_get(fact, "speaker")),
		"bob");
	assert_string_equal(json_string_value(
				    json_object_get(fact, "source_session")),
		"stand-up");
	assert_true(
		json_real_value(json_object_get(fact, "confidence")) > 0.74);
	assert_memory_equal(json_string_value(
				    json_object_get(fact, "valid_from")),
		"2025-12-01", 10);
	assert_null(json_object_get(fact, "valid_to"));
	list = json_object_get(fact, "tags");
	assert_int_equal(json_array_size(list), 2);
}

/* Nothing is stored twice; tags that it lacks come to what stands there. */
static void
the_same_again(void **state)
{
	static const char *const tags[] = {"food"};
	struct method_fixture *f = *state;
	struct observation_in o = said("drinks green tea");
	int64_t first = 0, again = 0;

	assert_int_equal(observe(f, &o, &first), 0);
	o.tags = tags;
	o.tags_n = 1;
	assert_int_equal(observe(f, &o, &again), 0);
	assert_int_equal(again, first);
	assert_int_equal(json_array_size(
				 json_object_get(read_fact(f,
							 "drinks green tea"),
					 "tags")),
		1);
}

static size_t
suspects(struct method_fixture *f)
{
	json_t *entity;

	mf_call(f, "open_nodes", "{s:[s]}", "names", "ada");
	entity = json_array_get(json_object_get(f->last, "entities"), 0);
	return json_array_size(json_object_get(entity, "suspect"));
}

/* What it follows from goes: the fact is suspect then. */
static void
derived(void **state)
{
	struct method_fixture *f = *state;
	struct observation_in o = said("drinks green tea");
	struct observation_source from = {0};
	int64_t tea = 0, id = 0;

	assert_int_equal(observe(f, &o, &tea), 0);
	from.fact = tea;
	o = said("likes hot drinks");
	o.derived_from = &from;
	o.derived_n = 1;
	assert_int_equal(observe(f, &o, &id), 1);
	assert_int_equal(suspects(f), 0);
	mf_call(f, "delete_observations", "{s:[{s:s, s:[s]}]}", "deletions",
		"entityName", "ada", "observations", "drinks green tea");
	assert_int_equal(suspects(f), 1);
}

/* A marker takes the place of a secret, unless the context allows it. */
static void
secrets_are_marked(void **state)
{
	struct method_fixture *f = *state;
	struct draw d = {81};
	char token[64], text[100];
	struct observation_in o;
	int64_t id = 0;

	sample_draw(&d, "ghp_{N36}", token, sizeof(token));
	snprintf(text, sizeof(text), "pushes with %s", token);
	o = said(text);
	assert_int_equal(observe(f, &o, &id), 1);
	assert_non_null(read_fact(f, "pushes with [secret:github-token]"));
	assert_null(read_fact(f, text));
	assert_int_equal(observe(f, &o, &id), 0);
	f->ctx.secrets = SECRETS_ALLOW;
	assert_int_equal(observe(f, &o, &id), 1);
	assert_non_null(read_fact(f, text));
}

static void
refusals(void **state)
{
	static const char *const empty_tag[] = {""};
	struct method_fixture *f = *state;
	struct observation_source nobody = {.entity = "nobody"};
	struct observation_in o = said("");
	int64_t id = -5;

	assert_int_equal(observe(f, &o, &id), MDB_E_LIMIT);
	o = said("broken \xff text");
	assert_int_equal(observe(f, &o, &id), MDB_E_INVALID);
	o = said("too sure");
	o.confidence = 1.5;
	assert_int_equal(observe(f, &o, &id), MDB_E_INVALID);
	o = said("an empty tag");
	o.tags = empty_tag;
	o.tags_n = 1;
	assert_int_equal(observe(f, &o, &id), MDB_E_LIMIT);
	o = said("from nowhere");
	o.derived_from = &nobody;
	o.derived_n = 1;
	assert_int_equal(observe(f, &o, &id), MDB_E_NOT_FOUND);
	assert_non_null(strstr(f->e.text, "nobody"));
	assert_int_equal(id, -5);
	assert_null(read_fact(f, "from nowhere"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, mf_teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_members),
		TEST(the_same_again),
		TEST(derived),
		TEST(secrets_are_marked),
		TEST(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
