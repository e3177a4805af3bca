/* recall: questions find the facts that answer them, filters are exact, budgets
 * are kept, what does not fit is said to. */
#include "tests/lib/unit.h"

#include "memory-db/model/read/encode.h"
#include "memory-db/model/recall/recall.h"
#include "memory-db/store/facts/answer_cache.h"
#include "tests/lib/method_fixture.h"

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	clock_fake(INT64_C(1795161933120)); /* 2026-11-20 */
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

static void
remember(struct method_fixture *f, const char *name, const char *type,
	const char *text)
{
	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s]}]}", "entities",
		"name", name, "entityType", type, "observations", text);
}

static void
say(struct method_fixture *f, const char *name, const char *session,
	const char *at, const char *speaker, const char *text)
{
	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s], s:s, s:s, s:s}]}",
		"entities", "name", name, "entityType", "memory",
		"observations", text, "source_session", session,
		"source_timestamp", at, "speaker", speaker);
}

static json_t *
row(struct method_fixture *f, size_t i)
{
	return json_array_get(json_object_get(f->last, "results"), i);
}

static const char *
text_of(struct method_fixture *f, size_t i)
{
	const char *s = json_string_value(json_object_get(row(f, i), "text"));

	return s ? s : "(none)";
}

static const char *
name_of(struct method_fixture *f, size_t i)
{
	const char *s = json_string_value(json_object_get(row(f, i), "name"));

	return s ? s : "(none)";
}

static size_t
recall(struct method_fixture *f, const char *query)
{
	mf_call(f, "recall", "{s:s}", "query", query);
	return json_array_size(json_object_get(f->last, "results"));
}

static bool
is_relevant(struct method_fixture *f)
{
	return json_is_true(json_object_get(f->last, "relevant"));
}

/* --- questions ------------------------------------------------------------ */

static void
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

/* --- filters and budgets -------------------------------------------------- */

static void
filters_are_exact(void **state)
{
	static const char *const types[] = {"red", "blue", "green"};
	static const char *const tiers[] = {"working", "semantic"};
	struct method_fixture *f = *state;
	int wanted = 0;

	for (int i = 0; i < 120; i++) {
		char name[16], at[32];

		snprintf(name, sizeof(name), "e%d", i);
		snprintf(at, sizeof(at), "2025-%02d-%02d", i % 12 + 1,
			i % 28 + 1);
		mf_call(f, "create_entities",
			"{s:[{s:s, s:s, s:[s], s:s, s:s, s:s}]}", "entities",
			"name", name, "entityType", types[i % 3],
			"observations", "a common word of everyone",
			"source_timestamp", at, "tier", tiers[i % 2],
			"source_session", i % 5 == 0 ? "five" : "other");
		wanted += i % 3 == 1 && i % 2 == 1 && i % 12 + 1 >= 4 &&
			  i % 12 + 1 <= 10;
	}
	assert_true(wanted > 0);
	mf_call(f, "recall", "{s:s, s:i, s:[s, s], s:[s], s:s, s:s}", "query",
		"the common word", "limit", 1000, "types", "blue", "nosuch",
		"tiers", "semantic", "since", "2025-04-01", "until",
		"31 October 2025");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		wanted);
	for (size_t i = 0; i < (size_t)wanted; i++) {
		const char *date =
			json_string_value(json_object_get(row(f, i), "date"));

		assert_string_equal(json_string_value(
					    json_object_get(row(f, i), "type")),
			"blue");
		assert_true(strcmp(date, "2025-04-01") >= 0 &&
			    strcmp(date, "2025-10-31") <= 0);
	}
	mf_call(f, "recall", "{s:s, s:i, s:s}", "query", "the common word",
		"limit", 1000, "session", "five");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		24);
	mf_call(f, "recall", "{s:s, s:s}", "query", "the common word",
		"session", "nobody knows it");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
}

static void
tags_and_salience(void **state)
{
	struct method_fixture *f = *state;

	for (int i = 0; i < 12; i++) {
		char name[8];

		snprintf(name, sizeof(name), "e%d", i);
		mf_call(f, "create_entities",
			"{s:[{s:s, s:s, s:[{s:s, s:f}], s:[s, s]}]}",
			"entities", "name", name, "entityType", "note",
			"observations", "text", "a common word", "salience",
			i == 5 ? 1.0 : 0.1, "tags", i % 2 ? "odd" : "even",
			i % 3 ? "other" : "third");
	}
	recall(f, "the common word");
	assert_string_equal(name_of(f, 0), "e5");
	mf_call(f, "recall", "{s:s, s:i, s:[s, s]}", "query", "common word",
		"limit", 50, "tags", "odd", "third");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		2);
	mf_call(f, "search_nodes", "{s:s, s:i, s:[s]}", "query", "common",
		"limit", 50, "tags", "even");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		6);
	mf_call(f, "search_nodes", "{s:s, s:[s]}", "query", "common", "tags",
		"nosuch");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
	/* tags come together, and other metadata stays */
	mf_call(f, "update_entity", "{s:s, s:{s:s, s:[s]}}", "name", "e1",
		"metadata", "owner", "Ada", "tags", "odd");
	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[], s:[s, s]}]}",
		"entities", "name", "e1", "entityType", "note", "observations",
		"tags", "odd", "new");
	mf_call(f, "open_nodes", "{s:[s], s:[s]}", "names", "e1", "fields",
		"metadata");
	assert_int_equal(
		json_array_size(json_object_get(
			json_object_get(json_array_get(json_object_get(f->last,
							       "entities"),
						0),
				"metadata"),
			"tags")),
		2);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(json_array_get(json_object_get(f->last,
							       "entities"),
						0),
				"metadata"),
			"owner")),
		"Ada");
	/* the past has the tags of then */
	f->ctx.as_of = json_integer(12);
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "common word", "tags",
		"new");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
	json_decref((json_t *)(uintptr_t)f->ctx.as_of);
	f->ctx.as_of = NULL;
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "common word", "tags",
		"new");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		1);
}

static void
budgets_are_kept(void **state)
{
	struct method_fixture *f = *state;
	struct sf_random random = {7};

	for (int i = 0; i < 60; i++) {
		char name[16], text[600] = "shared";
		int words = 1 + sf_below(&random, 40);

		snprintf(name, sizeof(name), "e%d", i);
		while (words-- > 0)
			strcat(text,
				sf_below(&random, 2) ? " lorem" : " \"ü\"");
		remember(f, name, "note", text);
	}
	for (int i = 0; i < 200; i++) {
		int tokens = 50 + sf_below(&random, 3000);
		size_t n, size;

		mf_call(f, "recall", "{s:s, s:i, s:i, s:b}", "query",
			"the shared one", "limit", 60, "max_tokens", tokens,
			"explain", sf_below(&random, 2));
		n = json_array_size(json_object_get(f->last, "results"));
		size = encode_size(f->last);
		assert_true(n >= 1);
		assert_true(n == 1 || size <= (size_t)tokens * 4);
		assert_int_equal(n + (size_t)json_integer_value(
					     json_object_get(f->last,
						     "omitted")),
			60);
	}
}

static void
explains_its_scores(void **state)
{
	struct method_fixture *f = *state;
	double before = 2;

	fill(f);
	say(f, "q1", "s1", "2026-11-19", "Ada", "I had tea with Rob yesterday");
	mf_call(f, "recall", "{s:s, s:b, s:f}", "query",
		"When did Ada have tea?", "explain", 1, "min_score", 0.01);
	assert_string_equal(name_of(f, 0), "q1");
	assert_true(json_object_get(json_object_get(row(f, 0), "parts"),
			    "speaker") != NULL);
	assert_true(json_object_get(json_object_get(row(f, 0), "parts"),
			    "time") != NULL);
	for (size_t i = 0; row(f, i); i++) {
		double score =
			json_real_value(json_object_get(row(f, i), "score"));

		assert_true(score <= before && score >= 0.01 && score <= 1);
		before = score;
	}
	mf_call(f, "recall", "{s:s, s:f}", "query", "When did Ada have tea?",
		"min_score", 0.999);
	assert_null(row(f, 1));
}

static void
weights_are_checked(void **state)
{
	struct method_fixture *f = *state;
	struct recall_weight row;
	int n = 0;

	fill(f);
	mf_call(f, "recall", "{s:s, s:{s:f}}", "query", "tea", "weights",
		"relevant", 1.0);
	assert_int_equal(mf_run(f, "recall",
				 json_pack("{s:s, s:{s:f}}", "query", "tea",
					 "weights", "sesion", 1.0)),
		MDB_E_INVALID);
	assert_non_null(strstr(f->e.text, "'session'"));
	assert_int_equal(mf_run(f, "recall",
				 json_pack("{s:s, s:{s:f}}", "query", "tea",
					 "weights", "session", -1.0)),
		MDB_E_INVALID);
	while (recall_weights_row(&recall_weights_default, n, &row)) {
		struct recall_weights w = recall_weights_default;

		assert_int_equal(recall_weights_set(&w, row.name, row.value,
					 NULL),
			0);
		assert_memory_equal(&w, &recall_weights_default, sizeof(w));
		assert_int_equal(recall_weights_set(&w, row.name,
					 row.most * 1.01, NULL),
			MDB_E_INVALID);
		n++;
	}
	assert_true(n > 20);
}

static void
sees_past_and_namespaces(void **state)
{
	struct method_fixture *f = *state;

	fill(f);
	mf_call(f, "delete_observations", "{s:[{s:s, s:[s]}]}", "deletions",
		"entityName", "Ada", "observations",
		"drinks green tea every morning");
	remember(f, "Ada", "person", "drinks coffee now");
	recall(f, "what does Ada drink?");
	assert_string_equal(text_of(f, 0), "drinks coffee now");
	assert_null(row(f, 1));
	f->ctx.as_of = json_integer(5);
	recall(f, "what does Ada drink?");
	json_decref((json_t *)(uintptr_t)f->ctx.as_of);
	f->ctx.as_of = NULL;
	assert_string_equal(text_of(f, 0), "drinks green tea every morning");
	/* another namespace also sees the user's memory, not the reverse */
	f->ctx.namespace_ = "project";
	remember(f, "Eve", "person", "drinks water");
	recall(f, "what does Ada drink?");
	assert_string_equal(text_of(f, 0), "drinks coffee now");
	assert_string_equal(json_string_value(
				    json_object_get(row(f, 0), "namespace")),
		"default");
	f->ctx.namespace_ = "default";
	recall(f, "what does Eve drink?");
	for (size_t i = 0; row(f, i); i++)
		assert_string_not_equal(name_of(f, i), "Eve");
}

static void
answers_are_kept_until_a_write(void **state)
{
	static const char *const queries[] = {"what does Ada drink?",
		"who is allergic?", "nothing of that kind", "invoices"};
	struct method_fixture *f = *state;
	struct answer_cache_stats a, b;

	fill(f);
	for (int round = 0; round < 3; round++) {
		json_t *first[ARRAY_LEN(queries)];

		answer_cache_stats(f->s.db, &a);
		for (size_t i = 0; i < 2 * ARRAY_LEN(queries); i++) {
			size_t k = i % ARRAY_LEN(queries);

			recall(f, queries[k]);
			json_object_del(f->last, "receipt");
			if (i < ARRAY_LEN(queries)) {
				first[k] = json_incref(f->last);
				continue;
			}
			assert_true(json_equal(first[k], f->last));
			json_decref(first[k]);
		}
		answer_cache_stats(f->s.db, &b);
		assert_int_equal(b.misses - a.misses, ARRAY_LEN(queries));
		assert_int_equal(b.hits - a.hits, ARRAY_LEN(queries));
		remember(f, "Ada", "person",
			round ? "drinks cocoa, too" : "drinks beer");
	}
	/* what else is asked makes another key */
	recall(f, "what does Ada drink?");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		3);
	mf_call(f, "recall", "{s:s, s:i}", "query", "what does Ada drink?",
		"limit", 1);
	assert_null(row(f, 1));
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "what does Ada drink?",
		"types", "service");
	assert_null(row(f, 0));
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "what does Ada drink?",
		"tags", "none");
	assert_null(row(f, 0));
	/* the bound */
	for (int i = 0; i < 3000; i++) {
		char key[32];
		static const char data[4000];

		snprintf(key, sizeof(key), "key %d", i);
		answer_cache_keep(f->s.w, key, strlen(key), data, sizeof(data));
		answer_cache_stats(f->s.db, &a);
		assert_true(a.bytes <= ANSWERS_BYTES);
	}
	assert_true(a.bytes > ANSWERS_BYTES / 2);
}

static void
survives_lack_of_memory(void **state)
{
	struct method_fixture *f = *state;

	fill(f);
	say(f, "q1", "s1", "2026-11-19", "Ada", "I had tea with Rob yesterday");
	recall(f, "When did Ada have tea?");
	for (size_t n = 1;; n++) {
		json_t *params = json_pack("{s:s, s:b}", "query",
			"When did Ada have tea in May?", "explain", 1);
		int r;

		heap_fail_at(n);
		r = mf_run(f, "recall", params);
		if (!heap_disarm())
			break;
		if (r != 0)
			assert_int_equal(r, MDB_E_NOMEM);
	}
	assert_string_equal(name_of(f, 0), "q1");
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
		T(filters_are_exact),
		T(tags_and_salience),
		T(budgets_are_kept),
		T(explains_its_scores),
		T(weights_are_checked),
		T(sees_past_and_namespaces),
		T(answers_are_kept_until_a_write),
		T(survives_lack_of_memory),
	};

	return cmocka_run_group_tests_name("recall", tests, NULL, NULL);
}
