/* The facts of conversations: how many of them are right, and how many of those a
 * careful person would keep are found, on the labelled conversations of
 * tests/data/dialogues.txt. One half is for development; nobody looks at the
 * failures of the other ("held"). Beside it the rule of keywords ("prefer", "like",
 * "use", ..) that keeps whole lines.
 *
 * An extracted fact is a labelled one when
 *   - it is about the same subject, and denied if that is;
 *   - it has the words of the attribute (one of its ways to be said);
 *   - it has three quarters of the words of the value, and all of its names and
 *     numbers;
 *   - it has not more than twice as many words and four: a whole sentence is no
 *     fact.
 * Words are compared by their stems, without those that say nothing ("the"). "uses
 * Python and poetry" may find two labels. EXTRACT_SHOW=dev shows what is missed
 * and what is wrong; EXTRACT_FILE=path measures the conversations of another file of
 * this format, of any half. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/text.h"
#include "memory-db/model/extract/extract.h"
#include "tests/lib/unit.h"

__asm__(".pushsection .rodata\n"
	"dialogues_begin: .incbin \"tests/data/dialogues.txt\"\n"
	"dialogues_end: .byte 0\n"
	".popsection\n");
extern const char dialogues_begin[], dialogues_end[];

#define WORDS  64
#define LABELS 64

/* --- words ------------------------------------------------------------------- */
struct stems {
	char v[WORDS][32];
	bool hard[WORDS]; /* a name, a number */
	int n;
};

static void
read_stems(const char *s, size_t n, struct stems *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < n && ret->n < WORDS;) {
		AUTO_BUF struct buf stem = {0};
		char low[32];
		size_t k = 0, m = 0;

		while (i + k < n && !isspace((unsigned char)s[i + k]) &&
			strchr(",;:!?()\"'", s[i + k]) == NULL)
			k++;
		while (k > 0 && s[i + k - 1] == '.')
			k--;
		for (; m < k && m + 1 < sizeof(low); m++)
			low[m] = (char)tolower((unsigned char)s[i + m]);
		low[m] = '\0';
		if (m > 0 && !text_is_stop(low, m)) {
			assert_int_equal(text_stem(low, m, "english", &stem),
				0);
			snprintf(ret->v[ret->n], 32, "%.*s", (int)stem.len,
				stem.data);
			ret->hard[ret->n] = isupper((unsigned char)s[i]) ||
					    strpbrk(low, "0123456789");
			ret->n++;
		}
		i += k > 0 ? k : 1;
	}
}

static bool
has_stem(const struct stems *w, const char *stem)
{
	for (int i = 0; i < w->n; i++)
		if (strcmp(w->v[i], stem) == 0)
			return true;
	return false;
}

/* --- labels ------------------------------------------------------------------- */
struct label {
	char subject[80], attribute[120], value[160];
	bool is_denied, is_taste, is_found;
	char line[400];
};

/* One of the ways, parted by bars. */
static const char *
next_way(const char *s, char *ret, size_t size)
{
	size_t k = strcspn(s, "/");

	snprintf(ret, size, "%.*s", (int)k, s);
	return s[k] ? s + k + 1 : NULL;
}

static bool
is_subject(const struct label *l, const char *subject)
{
	char way[80];

	for (const char *s = l->subject; s;) {
		s = next_way(s, way, sizeof(way));
		if (strcmp(way, subject) == 0)
			return true;
	}
	return false;
}

/* The words of the shortest way that is in the text; -1: none is. */
static int
attribute_words(const struct label *l, const struct stems *text)
{
	char way[120];
	int best = -1;

	for (const char *s = l->attribute; s;) {
		struct stems w;
		bool all = true;

		s = next_way(s, way, sizeof(way));
		read_stems(way, strlen(way), &w);
		for (int i = 0; i < w.n; i++)
			all = all && has_stem(text, w.v[i]);
		if (all && (best < 0 || w.n < best))
			best = w.n;
	}
	return best;
}

static bool
has_value(const struct label *l, const struct stems *text, int *ret_words)
{
	struct stems w;
	int found = 0;

	read_stems(l->value, strlen(l->value), &w);
	for (int i = 0; i < w.n; i++) {
		bool is = has_stem(text, w.v[i]);

		found += is;
		if (w.hard[i] && !is)
			return false;
	}
	*ret_words = w.n;
	return found * 4 >= w.n * 3;
}

static bool
is_fact(const struct label *l, const struct extracted *x)
{
	struct stems text;
	int attribute, value;

	read_stems(x->text, strlen(x->text), &text);
	attribute = attribute_words(l, &text);
	return is_subject(l, x->subject) && l->is_denied == x->is_denied &&
	       attribute >= 0 && has_value(l, &text, &value) &&
	       text.n <= 2 * (attribute + value) + 4;
}

/* The rule of keywords: the line has all words; of whom it is nobody asks. */
static bool
is_line(const struct label *l, const char *line, size_t n)
{
	struct stems text;
	int value;

	read_stems(line, n, &text);
	return attribute_words(l, &text) >= 0 && has_value(l, &text, &value);
}

/* --- conversations ---------------------------------------------------------------- */
struct dialogue {
	char name[64], half[8], date[16];
	const char *text;
	size_t n;
	struct label labels[LABELS];
	int labels_n;
};

static void
read_field(const char **s, const char *end, char *ret, size_t size)
{
	const char *bar = *s;
	size_t n;

	while (bar < end && memcmp(bar, " | ", 3) != 0)
		bar++;
	n = (size_t)(bar - *s);
	assert_true(n < size);
	memcpy(ret, *s, n);
	ret[n] = '\0';
	*s = bar < end ? bar + 3 : end;
}

static void
read_label(const char *s, const char *end, struct label *l)
{
	*l = (struct label){.is_found = false};
	snprintf(l->line, sizeof(l->line), "%.*s", (int)(end - s), s);
	for (; *s == '~' || *s == '!'; s++) {
		l->is_taste = l->is_taste || *s == '~';
		l->is_denied = l->is_denied || *s == '!';
	}
	read_field(&s, end, l->subject, sizeof(l->subject));
	read_field(&s, end, l->attribute, sizeof(l->attribute));
	read_field(&s, end, l->value, sizeof(l->value));
	assert_true(l->value[0] != '\0');
}

/* The next one from *at on. */
static bool
next_dialogue(const char **at, struct dialogue *ret)
{
	const char *s = strstr(*at, "\n== "), *end;

	*ret = (struct dialogue){.labels_n = 0};
	if (!s)
		return false;
	assert_int_equal(sscanf(s + 4, "%63s %7s %15s", ret->name, ret->half,
				 ret->date),
		3);
	ret->text = strchr(s + 1, '\n') + 1;
	end = strstr(ret->text, "\n--\n");
	assert_non_null(end);
	ret->n = (size_t)(end - ret->text);
	for (s = end + 4; *s != '\n' && *s != '\0';) {
		const char *stop = strchr(s, '\n');

		assert_true(ret->labels_n < LABELS);
		read_label(s, stop, &ret->labels[ret->labels_n++]);
		s = stop + 1;
	}
	*at = s - 1;
	return true;
}

struct score {
	int dialogues, labels, given, right, found;
};

static void
print_score(const char *who, const struct score *s, double *ret_precision,
	double *ret_recall)
{
	*ret_precision = s->given > 0 ? (double)s->right / s->given : 0;
	*ret_recall = s->labels > 0 ? (double)s->found / s->labels : 0;
	printf("#   %-9s %3d given  precision %.3f  recall %.3f\n", who,
		s->given, *ret_precision, *ret_recall);
}

static void
count_labels(struct dialogue *d, struct score *s, bool show)
{
	for (int i = 0; i < d->labels_n; i++) {
		const struct label *l = &d->labels[i];

		s->labels += !l->is_taste;
		s->found += l->is_found && !l->is_taste;
		if (show && !l->is_found && !l->is_taste)
			printf("# %s misses: %s\n", d->name, l->line);
	}
}

static void
score_rules(struct dialogue *d, struct score *s, bool show)
{
	struct extract_request q = {.text = d->text,
		.n = d->n,
		.user = "user",
		.project = "project",
		.most = 1000};
	struct extraction x;
	struct err e;

	assert_int_equal(clock_parse(d->date, 0, 0, false, &q.at, &e), 0);
	assert_int_equal(extract_facts(&q, &x, &e), 0);
	for (size_t i = 0; i < x.n; i++) {
		bool is = false, taste = false;

		for (int k = 0; k < d->labels_n; k++)
			if (is_fact(&d->labels[k], &x.v[i])) {
				d->labels[k].is_found = true;
				taste = taste || d->labels[k].is_taste;
				is = is || !d->labels[k].is_taste;
			}
		s->given += is || !taste;
		s->right += is;
		if (show && !is && !taste)
			printf("# %s has: %s%s | %s | %s\n", d->name,
				x.v[i].is_denied ? "!" : "", x.v[i].subject,
				x.v[i].attribute, x.v[i].value);
	}
	extract_done(&x);
	count_labels(d, s, show);
	s->dialogues++;
}

static void
score_keywords(struct dialogue *d, struct score *s)
{
	static const char *const keywords[] = {"prefer", "like", "use", "need",
		"want", "always", "never"};
	const char *line = d->text, *end = d->text + d->n;

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((stop ? stop : end) - line);
		bool is = false, right = false, taste = false;
		char low[2000];

		for (size_t i = 0; i < n && i + 1 < sizeof(low); i++)
			low[i] = (char)tolower((unsigned char)line[i]);
		low[n < sizeof(low) - 1 ? n : sizeof(low) - 1] = '\0';
		for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
			is = is || strstr(low, keywords[i]);
		for (int k = 0; is && k < d->labels_n; k++)
			if (is_line(&d->labels[k], line, n)) {
				d->labels[k].is_found = true;
				right = right || !d->labels[k].is_taste;
				taste = taste || d->labels[k].is_taste;
			}
		s->given += is && (right || !taste);
		s->right += right;
		line += n + 1;
	}
	count_labels(d, s, false);
}

/* Of the conversations of one half; NULL: of all. */
static void
measure(const char *at, const char *half, double *ret_precision,
	double *ret_recall)
{
	const char *wanted = getenv("EXTRACT_SHOW");
	bool show = wanted && strcmp(wanted, half ? half : "file") == 0;
	struct score rules = {0}, keywords = {0};
	struct dialogue d, again;
	double p, r;

	while (next_dialogue(&at, &d)) {
		if (half && strcmp(d.half, half) != 0)
			continue;
		again = d;
		score_rules(&d, &rules, show);
		score_keywords(&again, &keywords);
	}
	printf("# %s: %d conversations, %d facts\n", half ? half : "file",
		rules.dialogues, rules.labels);
	print_score("rules", &rules, ret_precision, ret_recall);
	print_score("keywords", &keywords, &p, &r);
	assert_true(!half || rules.dialogues >= 12);
}

static void
is_right_often_enough(const char *half)
{
	double precision, recall;

	measure(dialogues_begin, half, &precision, &recall);
	assert_true(precision >= 0.85);
	assert_true(recall >= 0.70);
}

static void
is_right_on_development(void **state)
{
	(void)state;
	is_right_often_enough("dev");
}

static void
is_right_on_what_nobody_looked_at(void **state)
{
	(void)state;
	is_right_often_enough("held");
}

/* Short, sloppy, of many at once, in another's English: written by people who write
 * to nobody's rules. The floors stand below those of the rest, and are to rise. */
static void
is_right_on_what_is_written_anyhow(void **state)
{
	double precision, recall;

	(void)state;
	measure(dialogues_begin, "vdev", &precision, &recall);
	assert_true(precision >= 0.85);
	assert_true(recall >= 0.70);
	measure(dialogues_begin, "vheld", &precision, &recall);
	assert_true(precision >= 0.80);
	assert_true(recall >= 0.55);
}

/* No floors: whoever has conversations of another hand looks at the figures. */
static void
measures_a_file_of_others(void **state)
{
	const char *path = getenv("EXTRACT_FILE");
	AUTO_BUF struct buf text = {0};
	FILE *f = path ? fopen(path, "re") : NULL;
	double precision, recall;
	char line[4096];

	(void)state;
	if (!path)
		skip();
	assert_non_null(f);
	assert_int_equal(buf_addc(&text, '\n'), 0);
	while (fgets(line, sizeof(line), f))
		assert_int_equal(buf_adds(&text, line), 0);
	fclose(f);
	measure(buf_str(&text), NULL, &precision, &recall);
}

/* --- single cases ----------------------------------------------------------------- */
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

/* Nothing rather than junk; what is English of a mixed text is kept. */
static void
leaves_other_languages(void **state)
{
	struct extraction x;

	(void)state;
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
		"because if "};

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
		cmocka_unit_test(is_right_on_development),
		cmocka_unit_test(is_right_on_what_nobody_looked_at),
		cmocka_unit_test(is_right_on_what_is_written_anyhow),
		cmocka_unit_test(measures_a_file_of_others),
		cmocka_unit_test(says_it_of_a_third_person),
		cmocka_unit_test(keeps_what_names_something),
		cmocka_unit_test(keeps_what_friends_tell),
		cmocka_unit_test(keeps_answers_and_fragments),
		cmocka_unit_test(knows_who_is_meant),
		cmocka_unit_test(reads_notes),
		cmocka_unit_test(leaves_other_languages),
		cmocka_unit_test(knows_when),
		cmocka_unit_test(takes_corrections),
		cmocka_unit_test(takes_what_is_agreed),
		cmocka_unit_test(takes_anything),
		cmocka_unit_test(stops_at_its_bounds),
		cmocka_unit_test(fails_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
