/* recall: questions find the facts that answer them, and what does not fit is said
 * to. test_recall_bounds.c has filters, budgets and weights. */
#include "tests/lib/recall_fixture.h"

static void
questions_find_facts(void **state)
{
	struct method_fixture *f = *state;

	fill(f);
	assert_true(recall(f, "What does Ada drink in the mornings?") >= 1);
	assert_string_equal(text_of(f, 0), "drinks green tea every morning");
	assert_string_equal(name_of(f, 0), "Ada");
	assert_string_equal(json_string_value(
				    json_object_get(row(f, 0), "type")),
		"person");
	assert_string_equal(json_string_value(
				    json_object_get(row(f, 0), "date")),
		"2026-11-20");
	assert_true(is_relevant(f));
	recall(f, "when are invoices sent?");
	assert_string_equal(name_of(f, 0), "billing");
	recall(f, "Is anybody allergic to something?");
	assert_string_equal(name_of(f, 0), "Rob");
	/* an entity by its name alone, or by its type */
	recall(f, "tell me about Rob");
	assert_string_equal(name_of(f, 0), "Rob");
	recall(f, "which procedure is there?");
	assert_string_equal(name_of(f, 0), "deploy");
}

static const char *
date_of(struct method_fixture *f, size_t i)
{
	return json_string_value(json_object_get(row(f, i), "date"));
}

/* A fact without a date of its own has that of the change which shows it: also
 * when it was read before it was removed and shown again, and in the past. */
static void
dates_are_those_of_the_state(void **state)
{
	struct method_fixture *f = *state;
	const int64_t ten_days = 864000000;
	json_t *first = json_integer(1);

	assert_non_null(first);
	remember(f, "Ada", "person", "plays chess");
	assert_int_equal(recall(f, "chess"), 1);
	assert_string_equal(date_of(f, 0), "2026-11-20");
	clock_fake(INT64_C(1795161933120) + ten_days);
	mf_call(f, "delete_observations", "{s:[{s:s, s:[s]}]}", "deletions",
		"entityName", "Ada", "observations", "plays chess");
	mf_call(f, "memory_undo", "{s:i}", "change", 2);
	assert_int_equal(recall(f, "chess"), 1);
	assert_string_equal(date_of(f, 0), "2026-11-30");
	f->ctx.as_of = first;
	assert_int_equal(recall(f, "chess game"), 1);
	assert_string_equal(date_of(f, 0), "2026-11-20");
	f->ctx.as_of = NULL;
	json_decref(first);
	assert_int_equal(recall(f, "chess board"), 1);
	assert_string_equal(date_of(f, 0), "2026-11-30");
}

/* Words that stand together answer; the same words far apart are chance. */
static void
words_together_are_surer(void **state)
{
	static const char *const texts[] = {
		"likes the ceremony of green tea on sundays",
		"the green door of the old house by the river has been "
		"painted again, and someone poured tea at the end of the "
		"long day before the school held its ceremony"};
	struct method_fixture *f = *state;
	double score[2];

	for (int i = 0; i < 2; i++) {
		f->ctx.namespace_ = i == 0 ? "near" : "far";
		remember(f, "x", "note", texts[i]);
		remember(f, "y", "note", "something else entirely");
		assert_true(recall(f, "green tea ceremony in Kyoto") >= 1);
		score[i] =
			json_number_value(json_object_get(row(f, 0), "score"));
	}
	assert_true(score[0] > score[1]);
	/* Few words need no company. */
	assert_true(recall(f, "tea") >= 1);
	assert_true(is_relevant(f));
	recall(f, "tea kettle");
	assert_true(is_relevant(f));
	/* Words that say nothing do not count as missing. */
	fill(f);
	recall(f, "Is anybody allergic to something?");
	assert_true(is_relevant(f));
}

static void
says_when_nothing_fits(void **state)
{
	struct method_fixture *f = *state;

	assert_int_equal(recall(f, "anything at all?"), 0);
	assert_false(is_relevant(f));
	fill(f);
	assert_int_equal(recall(f,
				 "Which submarine crossed the Atlantic first?"),
		0);
	assert_false(is_relevant(f));
	/* one word of many is no answer, but it is returned */
	assert_true(recall(f, "Did the submarine captain in Lisbon ever taste "
			      "tea from Nagasaki harbour?") >= 1);
	assert_false(is_relevant(f));
	assert_int_equal(recall(f, "?!"), 0);
	assert_false(is_relevant(f));
}

static void
neighbours_come_along(void **state)
{
	struct method_fixture *f = *state;

	say(f, "a1", "day 1", "8 May 2023", "Caro", "Hi there, long time!");
	say(f, "a2", "day 1", "8 May 2023", "Mel",
		"Which instrument did you learn at school?");
	say(f, "a3", "day 1", "8 May 2023", "Caro",
		"The cello, and I loved it.");
	say(f, "b1", "day 2", "9 July 2023", "Mel", "We went swimming.");
	assert_true(
		recall(f, "Which instrument did Caro learn at school?") >= 2);
	assert_string_equal(name_of(f, 0), "a2");
	assert_string_equal(name_of(f, 1), "a3");
	/* what was said in another session is no neighbour */
	for (size_t i = 0;
		i < json_array_size(json_object_get(f->last, "results")); i++)
		assert_string_not_equal(name_of(f, i), "b1");
}

/* A reply of a page answers a short message and repeats its words. */
static void
long_replies_stand_behind(void **state)
{
	struct method_fixture *f = *state;
	char reply[4000] = "A budget for the garden is a good idea. ";

	for (int i = 0; i < 40; i++)
		strcat(reply, "Plants, soil and tools are what most people "
			      "spend on, so write down each of them. ");
	say(f, "x1", "s0", "2024-03-01", "user", "How do I bake bread?");
	say(f, "u1", "s1", "2024-03-05", "user",
		"My budget for the garden is 300 euros this year.");
	say(f, "a1", "s1", "2024-03-05", "assistant", reply);
	say(f, "u2", "s1", "2024-03-05", "user", "Thanks, I will do that.");
	assert_true(recall(f, "What is my budget for the garden?") >= 2);
	assert_string_equal(name_of(f, 0), "u1");
}

/* Only the beginning of a text is kept for scoring; the index knows all of it. */
static void
a_word_deep_in_a_text_is_found(void **state)
{
	struct method_fixture *f = *state;
	static char text[60000];
	size_t n = 0;

	for (int i = 0; i < 4000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "word%d ", i);
	snprintf(text + n, sizeof(text) - n, "zeppelin and more");
	say(f, "deep", "s1", "2024-03-05", "user", text);
	say(f, "other", "s2", "2024-03-05", "user", "The ship sails at noon.");
	assert_int_equal(recall(f, "zeppelin"), 1);
	assert_string_equal(name_of(f, 0), "deep");
	assert_true(recall(f, "Where is the zeppelin that sails?") >= 1);
	assert_int_equal(recall(f, "word3999"), 1);
}

static void
dates_and_speakers_count(void **state)
{
	struct method_fixture *f = *state;

	say(f, "m1", "s1", "1:56 pm on 8 May, 2023", "Caro", "I ran a race.");
	say(f, "m2", "s2", "3 June 2023", "Mel", "I ran a race.");
	say(f, "m3", "s3", "9 September 2023", "Caro", "I ran a race.");
	recall(f, "Who ran a race in June 2023?");
	assert_string_equal(name_of(f, 0), "m2");
	recall(f, "Which race was run on 8 May?");
	assert_string_equal(name_of(f, 0), "m1");
	recall(f, "Which race was run on 2023-09-09?");
	assert_string_equal(name_of(f, 0), "m3");
	recall(f, "What race did Mel run?");
	assert_string_equal(name_of(f, 0), "m2");
	assert_string_equal(json_string_value(
				    json_object_get(row(f, 0), "speaker")),
		"Mel");
	assert_string_equal(json_string_value(
				    json_object_get(row(f, 0), "source")),
		"s2");
	assert_string_equal(json_string_value(
				    json_object_get(row(f, 0), "date")),
		"2023-06-03");
}

/* Days that are named bring their facts, whatever the words are. */
static void
days_bring_their_facts(void **state)
{
	static const char *const questions[] =
		{"What did we talk about on 8 May 2023?",
			"what happened on May 8th, 2023",
			"What did we discuss 08.05.2023?",
			"what was said on 2023-05-08?",
			"What did we chat about in May?",
			"tell me about 2023-05"};
	struct method_fixture *f = *state;
	char name[16], date[32];

	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		snprintf(date, sizeof(date), "2023-%02d-08", i + 1);
		say(f, name, date, date, "Ada",
			i == 2	 ? "We had a talk about what we discuss in May"
			: i == 4 ? "The ship has left the harbour"
				 : "We had a chat and a talk");
	}
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		assert_true(recall(f, questions[i]) >= 1);
		assert_string_equal(name_of(f, 0), "d4");
		assert_true(is_relevant(f));
	}
	/* With words beside it both count. */
	recall(f, "Which ship left in May 2023?");
	assert_string_equal(name_of(f, 0), "d4");
	recall(f, "Who had a chat in July 2023?");
	assert_string_equal(name_of(f, 0), "d6");
	/* Nothing is said of a time without facts. */
	assert_int_equal(recall(f, "What did we talk about in May 2019?"), 0);
	assert_false(is_relevant(f));
	/* Filters hold. */
	mf_call(f, "recall", "{s:s, s:s}", "query", questions[0], "until",
		"2023-04-30");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
}

static void
when_wants_a_time(void **state)
{
	struct method_fixture *f = *state;

	remember(f, "p1", "note", "the painting class is fun");
	remember(f, "p2", "note", "the painting class is tomorrow");
	remember(f, "p3", "note", "the painting class is full");
	recall(f, "When is the painting class?");
	assert_string_equal(name_of(f, 0), "p2");
}

static void
relations_lead_on(void **state)
{
	struct method_fixture *f = *state;

	fill(f);
	remember(f, "Zenith", "company", "makes telescopes");
	assert_int_equal(recall(f, "where does Ada work?"), 1);
	mf_call(f, "create_relations", "{s:[{s:s, s:s, s:s}]}", "relations",
		"from", "Ada", "to", "Zenith", "relationType", "works at");
	assert_int_equal(recall(f, "where does Ada work?"), 2);
	assert_string_equal(name_of(f, 0), "Ada");
	assert_string_equal(text_of(f, 1), "makes telescopes");
}

static void
scripts_and_syntax(void **state)
{
	static const char *const texts[] = {"東京タワーは高いです",
		"القهوة في الصباح لذيذة", "the party was 🎉 loud",
		"le café fermé", "Übermäßig große Straße", "ซื้อกาแฟที่ตลาด"};
	static const char *const queries[] = {"東京タワーはどこ？", "القهوة",
		"🎉", "cafe\xcc\x81", "STRASSE", "กาแฟ"};
	static const char *const odd[] = {"\"", "a AND", "NEAR(a b)", "name:x",
		"(((", "* ^ - +", "body : \"x", "OR OR", "'; DROP TABLE fact",
		"{a b}", "\xf0\x9f\x8e\x89\xef\xb8\x8f", "\t\n"};
	struct method_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char name[8];

		snprintf(name, sizeof(name), "t%zu", i);
		remember(f, name, "note", texts[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		assert_true(recall(f, queries[i]) >= 1);
		assert_string_equal(text_of(f, 0), texts[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		(void)recall(f, odd[i]);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(questions_find_facts),
		T(says_when_nothing_fits),
		T(words_together_are_surer),
		T(dates_are_those_of_the_state),
		T(neighbours_come_along),
		T(long_replies_stand_behind),
		T(a_word_deep_in_a_text_is_found),
		T(dates_and_speakers_count),
		T(days_bring_their_facts),
		T(when_wants_a_time),
		T(relations_lead_on),
		T(scripts_and_syntax),
	};

	return cmocka_run_group_tests_name("recall", tests, NULL, NULL);
}
