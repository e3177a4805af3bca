/* A filled database and what verify says of it. For unit tests: include after
 * cmocka.h. */
#ifndef TESTS_LIB_VERIFY_FIXTURE_H
#define TESTS_LIB_VERIFY_FIXTURE_H

#include "tests/lib/db_fixture.h"

/* A little of everything: two namespaces, renames, deletions, attributes. */
static inline void
fill(struct fixture *f)
{
	clock_fake(1760000000000);
	f->ctx.message = "first meeting";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"likes tea and long walks in the evening\","
		"\"plays chess\"],\"speaker\":\"eve\",\"source_session\":"
		"\"s0\"},{\"name\":\"bob\",\"entityType\":\"person\","
		"\"observations\":[\"likes coffee\"],\"tier\":\"semantic\"}]}");
	f->ctx.message = NULL;
	do_write(f, m_create_relations,
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
		"\"relationType\":\"knows\",\"weight\":0.5}]}");
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"tier\":\"episodic\",\"pin\":true,"
		"\"metadata\":{\"k\":\"v\"}}");
	do_write(f, m_delete_observations,
		"{\"deletions\":[{\"entityName\":\"ada\",\"observations\":"
		"[\"plays chess\"]}]}");
	do_write(f, m_rename_entity,
		"{\"name\":\"bob\",\"new_name\":\"robert\"}");
	f->ctx.namespace_ = "p1";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"robot\","
		"\"observations\":[\"beeps\"]}]}");
	do_write(f, m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"robot\","
		"\"observations\":[\"beeps again\"]}]}");
	f->ctx.namespace_ = "default";
}

/* Runs verify to its end; returns the problems (new). */
static inline json_t *
problems_of(struct fixture *f, const char *head)
{
	json_t *params = json_object(), *problems = json_array(), *next;
	double progress = -1;

	if (head != NULL)
		json_object_set_new(params, "head", json_string(head));
	do {
		double p;

		must(f, fixture_read(f, m_verify, json_deep_copy(params)));
		json_array_extend(problems,
			json_object_get(f->last, "problems"));
		next = json_object_get(f->last, "next");
		if (next != NULL)
			json_object_set(params, "cursor", next);
		p = json_number_value(json_object_get(f->last, "progress"));
		assert_true(p >= progress && p <= 1);
		progress = p;
	} while (next != NULL);
	assert_true(progress == 1);
	json_decref(params);
	return problems;
}

static inline void
assert_problem(struct fixture *f, const char *sql, const char *what)
{
	json_t *problems = problems_of(f, NULL), *p;
	bool found = false;
	size_t i;

	json_array_foreach(problems, i, p)
		found |= strcmp(json_string_value(json_object_get(p, "what")),
				 what) == 0;
	if (!found) {
		char *t = json_dumps(problems, 0);

		print_error("%s: no problem '%s' in %s\n", sql, what, t);
		free(t);
	}
	assert_true(found);
	json_decref(problems);
}

static inline void
assert_clean(struct fixture *f)
{
	json_t *problems = problems_of(f, NULL);

	if (json_array_size(problems) > 0) {
		char *t = json_dumps(problems, JSON_INDENT(1));

		print_error("%s\n", t);
		free(t);
	}
	assert_int_equal(json_array_size(problems), 0);
	json_decref(problems);
}

#endif
