/* When recall says that there is an answer: how much of a question must be
 * found, by its length and by the number of its sentences. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/method_fixture.h"
#include "tests/lib/unit.h"

#define FACTS 60

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	clock_fake(INT64_C(1795000000000));
	mf_open(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	mf_close(*state);
	free(*state);
	clock_fake(0);
	return 0;
}

/* A memory of a household: each word of it is in several facts. */
static void
fill(struct method_fixture *f)
{
	static const char *const who[] = {"Ada", "Rob", "Eve", "Zoe", "Tom"};
	static const char *const did[] = {"started", "finished", "talked about",
		"learned", "enjoyed"};
	static const char *const what[] = {"a new painting class",
		"work at the bakery", "a long trip to the lake",
		"the piano lessons", "an old family recipe", "a time of rest",
		"the garden project"};

	for (int i = 0; i < FACTS; i++) {
		char name[32], text[160];

		snprintf(name, sizeof(name), "fact-%d", i);
		snprintf(text, sizeof(text), "%s %s %s in week %d", who[i % 5],
			did[i % 4], what[i % 7], i);
		mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s]}]}",
			"entities", "name", name, "entityType", "note",
			"observations", text);
	}
}

static bool
is_relevant(struct method_fixture *f, const char *query)
{
	mf_call(f, "recall", "{s:s}", "query", query);
	return json_is_true(json_object_get(f->last, "relevant"));
}

/* Of a long sentence a few common words stand together somewhere by chance. */
static void
long_sentences_need_more(void **state)
{
	struct method_fixture *f = *state;

	fill(f);
	assert_true(is_relevant(f, "Who finished work at the bakery?"));
	assert_true(is_relevant(f,
		"The person who runs the bakery told us that "
		"Rob finished work there in the week of the big storm."));
	assert_false(is_relevant(f,
		"The compiler started to reject the old "
		"header because a new macro expands twice and shadows the "
		"allocator of the parser."));
	assert_false(is_relevant(f,
		"A long running query of the project keeps "
		"an exclusive lock on the ledger, and the scheduler retries it "
		"with exponential delay."));
}

/* Among many sentences one has a few words of some fact by chance. */
static void
many_sentences_need_more(void **state)
{
	static const char other[] =
		"The linker complains about duplicate symbols. "
		"Rebase onto upstream before pushing anything. "
		"Warnings are treated as errors there. "
		"Coverage dropped below ninety percent. "
		"Reviewers asked for smaller commits. "
		"Telemetry shows spikes around midnight. "
		"Certificates expire next quarter. ";
	struct method_fixture *f = *state;
	char many[1024];

	fill(f);
	assert_false(is_relevant(f, other));
	assert_true(is_relevant(f, "recipe compiler"));
	snprintf(many, sizeof(many), "%srecipe compiler", other);
	assert_false(is_relevant(f, many));
	/* What is found for sure stays found. */
	snprintf(many, sizeof(many), "%sWho learned the piano lessons?", other);
	assert_true(is_relevant(f, many));
	/* A word alone says something as a question, nothing as a greeting. */
	assert_true(is_relevant(f, "Bakery"));
	snprintf(many, sizeof(many), "%sBakery!", other);
	assert_false(is_relevant(f, many));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(long_sentences_need_more, setup,
			teardown),
		cmocka_unit_test_setup_teardown(many_sentences_need_more, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
