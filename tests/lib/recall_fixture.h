/* A memory that is asked: remembering, recalling, and what a reply says. */
#ifndef TESTS_LIB_RECALL_FIXTURE_H
#define TESTS_LIB_RECALL_FIXTURE_H

#include "common/clock.h"
#include "tests/lib/method_fixture.h"
#include "tests/lib/unit.h"

static inline int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	clock_fake(INT64_C(1795161933120)); /* 2026-11-20 */
	mf_open(f);
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	mf_close(*state);
	free(*state);
	clock_fake(0);
	return 0;
}

static inline void
remember(struct method_fixture *f, const char *name, const char *type,
	const char *text)
{
	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s]}]}", "entities",
		"name", name, "entityType", type, "observations", text);
}

static inline void
say(struct method_fixture *f, const char *name, const char *session,
	const char *at, const char *speaker, const char *text)
{
	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s], s:s, s:s, s:s}]}",
		"entities", "name", name, "entityType", "memory",
		"observations", text, "source_session", session,
		"source_timestamp", at, "speaker", speaker);
}

static inline json_t *
row(struct method_fixture *f, size_t i)
{
	return json_array_get(json_object_get(f->last, "results"), i);
}

static inline const char *
text_of(struct method_fixture *f, size_t i)
{
	const char *s = json_string_value(json_object_get(row(f, i), "text"));

	return s ? s : "(none)";
}

static inline const char *
name_of(struct method_fixture *f, size_t i)
{
	const char *s = json_string_value(json_object_get(row(f, i), "name"));

	return s ? s : "(none)";
}

static inline size_t
recall(struct method_fixture *f, const char *query)
{
	mf_call(f, "recall", "{s:s}", "query", query);
	return json_array_size(json_object_get(f->last, "results"));
}

static inline bool
is_relevant(struct method_fixture *f)
{
	return json_is_true(json_object_get(f->last, "relevant"));
}

static inline void
fill(struct method_fixture *f)
{
	remember(f, "Ada", "person", "drinks green tea every morning");
	remember(f, "Rob", "person", "is allergic to peanuts");
	remember(f, "deploy", "procedure",
		"releases go out on Thursdays after the smoke tests pass");
	remember(f, "billing", "service",
		"invoices are sent by a cron job at 03:00 UTC");
	remember(f, "garden", "place", "the roses need pruning in March");
}

#endif
