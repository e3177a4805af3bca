/* Facts of single sentences, each a kind of saying something: what is kept, what is
 * left, of whom it is said, when. How many of the facts of whole conversations
 * are found is measured by test_extract_dialogues.c. */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/err.h"
#include "memory-db/model/extract/extract.h"
#include "tests/lib/unit.h"

static struct extraction
extract(const char *text, size_t n)
{
	struct extract_request q = {.text = text,
		.n = n,
		.user = "user",
		.project = "project",
		.most = 500};
	struct extraction x;
	struct err e;

	assert_int_equal(clock_parse("2026-05-10", 0, 0, false, &q.at, &e), 0);
	assert_int_equal(extract_facts(&q, &x, &e), 0);
	return x;
}

/* The facts of a text, as "subject: text; ..". */
static void
gives(const char *text, const char *wanted)
{
	struct extraction x = extract(text, strlen(text));
	AUTO_BUF struct buf out = {0};

	for (size_t i = 0; i < x.n; i++)
		assert_int_equal(buf_addf(&out, "%s%s: %s", i > 0 ? "; " : "",
					 x.v[i].subject, x.v[i].text),
			0);
	extract_done(&x);
	assert_string_equal(out.len > 0 ? buf_str(&out) : "", wanted);
}

static void
says_it_of_a_third_person(void **state)
{
	(void)state;
	gives("Ada: I live in Rome.", "ada: lives in Rome");
	gives("I don't like tea, but I love my dog.",
		"user: does not like tea; user: loves their dog");
	gives("I never said I like tea.", "");
	gives("If I moved to Rome I would buy a Vespa.", "");
	gives("Do you like jazz?", "");
	gives("My boss said \"I live in Rome\".", "");
	gives("```\nI live in Rome\n```\n> I like tea\n", "");
	gives("We use Kafka because we need replay.",
		"project: uses Kafka because they need replay");
	gives("assistant: I love Rome.\nuser: Same.", "");
}

/* What no rule of its own is for, but names something. */
static void
keeps_what_names_something(void **state)
{
	(void)state;
	gives("Ada: We finally closed on the cabin in Ghent.",
		"ada: closed on the cabin in Ghent");
	gives("Ada: I looked at the cabin in Ghent.", "");
	gives("I added the file to Git.", "");
	gives("Our cluster holds three nodes.",
		"project: cluster holds three nodes");
	gives("- Bob: finished the login page, will start on billing tomorrow",
		"bob: finished the login page; "
		"bob: will start on billing on 2026-05-11");
	gives("I travel with my husband Tom.",
		"user: travels with their husband Tom; "
		"user: husband is Tom");
	gives("Customer: I live in Rome.\nAgent: I live in Oslo.",
		"customer: lives in Rome");
	gives("The retro moves to every second Thursday.",
		"project: retro moves to every second Thursday");
}

/* Friends tell of themselves in more words than any rule has. */
static void
keeps_what_friends_tell(void **state)
{
	(void)state;
	gives("Ada: I restored my grandfather's bike. It was so much fun!\n"
	      "Bob: That made a huge difference to me.",
		"ada: restored their grandfather's bike");
	gives("Ada: My sister applied there. She's moving to Ghent.",
		"ada: sister is moving to Ghent");
	gives("Speaker 1: I raise alpacas.\nSpeaker 2: I teach math.",
		"speaker 1: raises alpacas; speaker 2: teaches math");
	gives("Ada: I think tea is better than coffee because it is calm.",
		"ada: thinks tea is better than coffee because it is calm");
	gives("Ada: Never give up!\nBob: Thanks, let's keep smiling!\n"
	      "Ada: Yes!",
		"");
	gives("Ada: I painted that lake sunrise. I'm hosting a dinner on oct 1.",
		"ada: painted that lake sunrise; "
		"ada: is hosting a dinner on 2026-10-01");
	gives("Our club meets on the first Thursday of each month.",
		"user: club meets on the first Thursday of each month");
	gives("From: Ingrid Sol <i@example.org>\nTo: all\n\nI moved to "
	      "Lyon.",
		"ingrid sol: moved to Lyon");
}

/* What says something only with the question before it, or has no verb. */
static void
keeps_answers_and_fragments(void **state)
{
	(void)state;
	gives("Bob: When is your exam?\nAda: On 3 June.",
		"ada: exam is on 2026-06-03");
	gives("Bob: When is your exam?\nAda: No idea.", "");
	gives("assistant: Which library should I use?\nuser: httpx, please.",
		"project: uses httpx");
	gives("assistant: What is the error?\nuser: A segfault in 3.c", "");
	gives("Timeouts of 10 seconds everywhere. Node 20.",
		"project: Timeouts of 10 seconds; project: uses Node 20");
	gives("Ada: My mom had the same. She lives with us.",
		"ada: mom lives with them");
	gives("Ada: My sister Eva drives me because I don't have a car.",
		"ada: does not have a car; ada: sister is Eva");
	gives("Our API keys rotate every 90 days. Max upload size is 25 MB.\n"
	      "Feature flags are managed in Unleash.",
		"project: API keys rotate every 90 days; "
		"project: Max upload size is 25 MB; "
		"project: Feature flags are managed in Unleash");
	gives("Sync 2026-03-02\n- Amir to draft the policy by 20 March",
		"amir: will draft the policy by 2026-03-20");
	gives("My parents live in Hull, dad had a stroke in 2022.",
		"user: parents live in Hull; user: dad had a stroke in 2022");
	gives("Ada: Our rent is 950. Ours is called Miso.", "ada: rent is 950");
	gives("The page loads in 3 seconds. I grepped for Foo.\n"
	      "The build took 12 minutes today.",
		"");
}

/* Whom "he", "we" and "yes" speak of, and names without capitals. */
static void
knows_who_is_meant(void **state)
{
	(void)state;
	gives("Stan: have you heard from Ravi?\nWendy: he works at Lidl now",
		"ravi: works at Lidl");
	gives("Pete: Remember Lily is vegan, and Max is from Oslo.\n"
	      "Pete: She works at Lidl.",
		"lily: is vegan; max: is from Oslo; lily: works at Lidl");
	gives("jess: dan is allergic to cats", "dan: is allergic to cats");
	gives("Ada: We have two rabbits.", "ada: has two rabbits");
	gives("Liam: are you still living in Cork?\nNoor: yep",
		"noor: is living in Cork");
	gives("Liam: Do you eat meat?\nNoor: No, never.",
		"noor: does not eat meat");
	gives("Liam: Do you like jazz or rock?\nNoor: yes", "");
	gives("Ada: Bob's birthday is on 3 June.",
		"bob: birthday is on 3 June");
	gives("Ada: my mum is vegan, could you do a cake?",
		"ada: mum is vegan");
}

static void
reads_notes(void **state)
{
	(void)state;
	gives("Action: Hugo - shard the tests by 4 September",
		"hugo: will shard the tests by 2026-09-04");
	gives("- [ ] Replace Moment.js with date-fns (Aisha)\n"
	      "- [x] Upgrade Postgres to 16 (Chen)",
		"aisha: will Replace Moment.js with date-fns; "
		"chen: did: Upgrade Postgres to 16");
	gives("Owner of the mobile app: Fatima",
		"project: Owner of the mobile app is Fatima");
	gives("user: some rules for you:\n- answer in German\n- no emojis",
		"user: wants the assistant to follow: answer in German; "
		"user: wants the assistant to follow: no emojis");
	gives("Invoices must be sent as PDF to bob@acme.example.",
		"project: Invoices must be sent as PDF to bob@acme.example");
	gives("The shop in Lille was opened in March 2024.",
		"project: shop in Lille was opened in March 2024");
}

/* What is to be done later, or each time. */
static void
keeps_what_is_for_later(void **state)
{
	(void)state;
	gives("user: Remind me to buy fondant on 2026-05-16.",
		"user: wants to remember to buy fondant on 2026-05-16");
	gives("user: When I ask for summaries, keep them below 150 words and "
	      "use bullet points.",
		"user: wants the assistant to follow: when they ask for "
		"summaries, keep them below 150 words; user: wants the "
		"assistant to use bullet points");
	gives("user: named exports only",
		"user: wants the assistant to follow: named exports only");
	gives("user: Always use tabs.",
		"user: wants the assistant to always use tabs");
}

/* No word of a fact may need the line it comes from. */
static void
reads_well_by_itself(void **state)
{
	(void)state;
	gives("Ada: I have a call with Bob on Friday at 10 AM.",
		"ada: has a call with Bob on 2026-05-15 at 10 AM");
	gives("Petra: Jonas takes over from me in June.",
		"jonas: takes over from Petra in June 2026");
	gives("Ada: I haven't been to Edinburgh yet.",
		"ada: has not been to Edinburgh");
	gives("Ada: My favorite game is !\nBob: No problem, Ada.", "");
	gives("Ada: I visited the Aula on Thursday. It costs 1,800 euros a day.",
		"ada: visited the Aula on 2026-05-07; ada: aula costs 1,800 "
		"euros a day");
	gives("Ada: I adopted a dog. His name is Biscuit.",
		"ada: adopted a dog; ada: dog's name is Biscuit");
	gives("Ada: My roses are turning yellow. I like holding them.",
		"ada: roses are turning yellow");
	gives("user: I use Capture One for performance issues in my photos.",
		"user: uses Capture One for performance issues in their photos");
}

/* Nothing rather than junk; what is English of a mixed text is kept. */
static void
leaves_other_languages(void **state)
{
	struct extraction x;

	(void)state;
	gives("user: Ich bin Jonas.\nuser: Mein Editor ist Vim.\n"
	      "user: Anna will in Berlin arbeiten.",
		"");
	gives("user: Mijn zus Anna is 34. We hebben besloten om Postgres te "
	      "gebruiken.",
		"");
	gives("Ich wohne in Berlin und arbeite bei Siemens.", "");
	gives("Mein Name ist Klaus. Deadline ist Freitag.", "");
	gives("J'habite \xc3\xa0 Lyon et je pr\xc3\xa9"
	      "f\xc3\xa8re le th\xc3\xa9.",
		"");
	gives("Vivo en Madrid y trabajo en Telef\xc3\xb3nica.", "");
	gives("\xe6\x88\x91\xe4\xbd\x8f\xe5\x9c\xa8\xe5\x8c\x97"
	      "\xe4\xba\xac",
		"");
	gives("\xd0\xaf \xd0\xb6\xd0\xb8\xd0\xb2\xd1\x83 "
	      "\xd0\xb2 \xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2"
	      "\xd0\xb5.",
		"");
	gives("int main(void) { return 0; }", "");
	x = extract("Das ist nicht mein Haus.\nI work at Siemens.\n", 44);
	assert_int_equal(x.n, 1);
	assert_int_equal(x.foreign, 1);
	extract_done(&x);
}

/* The general path: no rule knows these verbs and states. */
static void
keeps_what_no_rule_knows(void **state)
{
	(void)state;
	gives("Ada: My dress is already at the seamstress.",
		"ada: dress is at the seamstress");
	gives("Ada: The bank approved the mortgage for the house in Ghent.",
		"ada: bank approved the mortgage for the house in Ghent");
	gives("Ada: They moved me over to pensions in January.",
		"ada: was moved over to pensions in January 2026");
	gives("Ada: I was so tired today.", "");
	gives("Ada: I looked at it again.", "");
	gives("Ada: The doctor is wonderful!", "");
	gives("Ada: It can be a great way to stay positive.", "");
	gives("Ada: Finding a community where they are loved is great.", "");
}

/* What stands in no clause: the subject, or the verb, is left out. */
static void
keeps_pieces(void **state)
{
	(void)state;
	gives("Ada: moved to Oslo last week.",
		"ada: moved to Oslo in the week of 2026-04-27");
	gives("Ada: bought a bike, moving to Ghent next month",
		"ada: bought a bike; ada: is moving to Ghent in June 2026");
	gives("Ada: allergic to nuts btw", "ada: is allergic to nuts");
	gives("Ada: can't eat gluten", "ada: cannot eat gluten");
	gives("Ada: physio twice a week", "ada: physio twice a week");
	gives("Ada: My sister Ana has a dog named Rex who is allergic to "
	      "chicken.",
		"ana: has a dog named Rex; rex: is allergic to chicken; "
		"ada: sister is Ana");
	gives("Ada: Nice weather today!", "");
	gives("Bob: So nice!\nAda: focused and resilient, always", "");
	gives("Ada: don't forget the milk", "");
	gives("user: no emojis!\nassistant: Sure.", "user: wants no emojis");
}

/* A question says what its answer is about. */
static void
keeps_what_was_asked(void **state)
{
	(void)state;
	gives("Bob: Where do you rehearse?\nAda: Church hall in Altona.",
		"ada: rehearses Church hall in Altona");
	gives("Bob: How long did you live there?\nAda: Four years, in "
	      "Wroclaw.",
		"ada: lived there Four years, in Wroclaw");
	gives("Bob: Which pool?\nAda: Hallenbad Oerlikon",
		"ada: pool is "
		"Hallenbad Oerlikon");
	gives("Bob: Any allergies?\nAda: Shellfish.",
		"ada: allergies is Shellfish");
	gives("Bob: How have you been?\nAda: Badly.", "");
	gives("Bob: Which app?\nAda: No app.", "");
}

static void
knows_when(void **state)
{
	struct extraction x;
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	/* 2026-05-10 is a Sunday. */
	gives("I flew to Oslo yesterday.", "user: flew to Oslo on 2026-05-09");
	gives("I'm flying to Oslo next Friday.",
		"user: is flying to Oslo on 2026-05-15");
	gives("I moved to Oslo last year.", "user: moved to Oslo in 2025");
	gives("The deadline is in two weeks.",
		"project: deadline is 2026-05-24");
	gives("Standup 2026-03-02\nBob will send the report by Friday.",
		"bob: will send the report by 2026-03-06");
	x = extract("I moved to Oslo in March.", 25);
	assert_int_equal(x.n, 1);
	clock_format(x.v[0].from == EXTRACT_NO_TIME ? x.v[0].time : x.v[0].from,
		text);
	assert_memory_equal(text, "2026-03-01", 10);
	assert_string_equal(x.v[0].line, "I moved to Oslo in March.");
	assert_string_equal(x.v[0].name, "user");
	extract_done(&x);
}

static void
takes_corrections(void **state)
{
	(void)state;
	gives("The deadline is 4 May. No, actually 5 May.",
		"project: deadline is 2026-05-05");
	gives("Our port is 5432.\nI meant 5433, not 5432.",
		"project: port is 5433");
	gives("Ada: I'm the king of France.\nAda: Just kidding!", "");
}

static void
takes_what_is_agreed(void **state)
{
	(void)state;
	gives("Ada: Let's use Postgres 16.\nBob: Sounds good!",
		"project: decided to use Postgres 16");
	gives("Ada: Let's use Postgres 16.\nBob: No, too slow.", "");
	gives("assistant: I recommend Redis here.\nuser: I'm not sure.", "");
}

/* Of a text many times as long it takes many times as long, not more; and what is
 * no text harms nobody. */
static void
takes_anything(void **state)
{
	const size_t large = 5 * 1024 * 1024;
	char *s = malloc(large + 1);
	struct extraction x;
	static const char *const fills[] = {"a", "I like tea and ", "[",
		"{\"a\":", "\xff\xfe\x80", "my ", "\"", "Ada: ", "not ", "```",
		"\n", ". ", "I live in Rome. ", "\xe2\x80\x99", "I'm ",
		"because if ", ",", "a, ", "on Friday, ", ". a", "who ",
		"no x, ", "Where do you live? "};

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
		size_t k = strlen(fills[i]);
		int64_t start = clock_mono_ns();
		size_t n = i < 2 ? large : large / 20;

		for (size_t at = 0; at < n; at++)
			s[at] = fills[i][at % k];
		s[n] = '\0';
		x = extract(s, n);
		assert_true(x.n <= 500);
		extract_done(&x);
		/* Seconds, not minutes, under every sanitizer. */
		assert_true(clock_mono_ns() - start < 60 * 1000000000LL);
	}
	free(s);
	gives("", "");
	gives("\n\n \t", "");
	gives("I live in \xff\xfe.", "");
	gives("[{\"role\": \"user\", \"content\": 7}, 3, null, []]", "");
	gives("[{\"role\": \"user\", \"content\": [[], {\"type\": \"text\"}]}]",
		"");
}

static void
stops_at_its_bounds(void **state)
{
	AUTO_BUF struct buf text = {0};
	struct extract_request q = {.user = "user", .project = "p", .most = 7};
	struct extraction x;
	struct err e;

	(void)state;
	for (int i = 0; i < 2000; i++) /* "Aaab", "Aaac", .. */
		assert_int_equal(buf_addf(&text, "I like A%c%c%c tea.\n",
					 'a' + i / 676, 'a' + i / 26 % 26,
					 'a' + i % 26),
			0);
	q.text = text.data;
	q.n = text.len;
	assert_int_equal(extract_facts(&q, &x, &e), 0);
	assert_int_equal(x.n, 7);
	assert_true(x.partial);
	extract_done(&x);
	q.most = 500;
	q.deadline_ns = 1;
	assert_int_equal(extract_facts(&q, &x, &e), 0);
	assert_true(x.partial);
	extract_done(&x);
}

/* Whatever allocation fails, it says so and leaks nothing. */
static void
fails_without_memory(void **state)
{
	static const char text[] =
		"Ada: I live in Rome. No, actually Oslo.\n"
		"Bob: Let's use Kafka.\nAda: yes\nAda: My sister Eva is a vet.\n";
	bool done = false;

	(void)state;
	for (size_t n = 1; n < 20000 && !done; n++) {
		struct extract_request q = {.text = text,
			.n = sizeof(text) - 1,
			.user = "user",
			.project = "p",
			.most = 50};
		struct extraction x;
		struct err e;
		int rc;

		heap_fail_at(n);
		rc = extract_facts(&q, &x, &e);
		done = !heap_disarm();
		assert_true(rc == 0 || rc == MDB_E_NOMEM);
		extract_done(&x);
	}
	assert_true(done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_it_of_a_third_person),
		cmocka_unit_test(keeps_what_names_something),
		cmocka_unit_test(keeps_what_friends_tell),
		cmocka_unit_test(keeps_answers_and_fragments),
		cmocka_unit_test(knows_who_is_meant),
		cmocka_unit_test(reads_notes),
		cmocka_unit_test(keeps_what_is_for_later),
		cmocka_unit_test(reads_well_by_itself),
		cmocka_unit_test(leaves_other_languages),
		cmocka_unit_test(keeps_what_no_rule_knows),
		cmocka_unit_test(keeps_pieces),
		cmocka_unit_test(keeps_what_was_asked),
		cmocka_unit_test(knows_when),
		cmocka_unit_test(takes_corrections),
		cmocka_unit_test(takes_what_is_agreed),
		cmocka_unit_test(takes_anything),
		cmocka_unit_test(stops_at_its_bounds),
		cmocka_unit_test(fails_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
