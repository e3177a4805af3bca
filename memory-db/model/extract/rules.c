/* The rules as tables, made from english.def and verbs.def at the first use.
 *
 * A verb is known by any of its forms. Forms that follow the rule are made
 * ("plan": plans, planned, planning), the others stand in the file ("go":
 * went, gone). One hash table leads from a form to its verb and says which
 * form it is; another list has the rules of a verb, each with the particles
 * that must stand behind it.
 *
 *   verb "work"    rules  "at|for" -> a job     "on" -> what one works on
 *   "worked at"    the verb "work", FORM_PAST, the rule of "at"
 *
 * The tables have fixed sizes, so that reading needs no memory; asserts at
 * their ends tell whoever adds too many words. */
#include "memory-db/model/extract/rules.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

/* Forms are kept in a table of this size (a power of two), half full at most. */
#define FORMS	   16384
#define FORM_MOST  20 /* bytes of one */
#define VERB_MOST  2048
#define VERB_RULES 1024

struct form {
	char low[FORM_MOST];
	short verb;
	unsigned char forms;
};
struct verb {
	char base[FORM_MOST], third[FORM_MOST], past[FORM_MOST];
	short first;	       /* of its rules; 0: none */
	unsigned char general; /* 1: of verbs.def; 2: as often a noun */
};
struct verb_rule {
	struct rule rule;
	short next;
};

static struct form forms[FORMS];
static struct verb verbs[VERB_MOST];
static struct verb_rule verb_rules[VERB_RULES];
static int forms_n, verbs_n, verb_rules_n;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct rule states[] = {
#define IRREGULAR(...)
#define VERB(...)
#define NOUN(...)
#define STATE(kind, words, flags, sure) {EXTRACT_##kind, words, flags, sure},
#include "memory-db/model/extract/english.def"
#undef STATE
#undef NOUN
};
static const struct rule nouns[] = {
#define STATE(...)
#define NOUN(kind, words, flags, sure) {EXTRACT_##kind, words, flags, sure},
#include "memory-db/model/extract/english.def"
#undef IRREGULAR
#undef VERB
#undef NOUN
#undef STATE
};

/* --- forms of verbs --------------------------------------------------------- */
static size_t
rules_slot_of(const char *low)
{
	uint32_t h = 2166136261u;
	size_t at;

	for (const char *p = low; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (at = h % FORMS;
		forms[at].low[0] != '\0' && strcmp(forms[at].low, low) != 0;
		at = (at + 1) % FORMS)
		;
	return at;
}

/* The first verb that has a form keeps it. */
static void
put_form(const char *low, int verb, unsigned form)
{
	struct form *f = &forms[rules_slot_of(low)];

	if (f->low[0] == '\0') {
		forms_n++;
		assert(forms_n < FORMS / 2);
		snprintf(f->low, sizeof(f->low), "%s", low);
		f->verb = (short)verb;
	}
	if (f->verb == verb)
		f->forms = (unsigned char)(f->forms | form);
}

static bool
is_vowel(char c)
{
	return c != '\0' && strchr("aeiou", c) != NULL;
}

static bool
ends(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

static void
third_of(const char *base, char *room, size_t size)
{
	size_t n = strlen(base);

	if (n > 1 && base[n - 1] == 'y' && !is_vowel(base[n - 2]))
		snprintf(room, size, "%.*sies", (int)(n - 1), base);
	else if (ends(base, "s") || ends(base, "x") || ends(base, "z") ||
		 ends(base, "ch") || ends(base, "sh") || ends(base, "o"))
		snprintf(room, size, "%ses", base);
	else
		snprintf(room, size, "%ss", base);
}

/* "plan": planned, but "open": opened. */
static bool
is_doubled(const char *base)
{
	size_t n = strlen(base), vowels = 0;

	for (size_t i = 0; i < n; i++)
		vowels += is_vowel(base[i]);
	return n > 2 && vowels == 1 && is_vowel(base[n - 2]) &&
	       !is_vowel(base[n - 1]) && strchr("wxy", base[n - 1]) == NULL;
}

/* "planned" and "planed" are both taken: nobody writes the other. */
static void
regular_forms(const char *base, int verb)
{
	size_t n = strlen(base);
	char room[FORM_MOST + 8];
	bool has_e = base[n - 1] == 'e';
	int stem = (int)n - (has_e ? 1 : 0);

	snprintf(room, sizeof(room), "%.*sed", stem, base);
	if (base[n - 1] == 'y' && !is_vowel(base[n - 2]))
		snprintf(room, sizeof(room), "%.*sied", (int)n - 1, base);
	if (is_doubled(base))
		snprintf(verbs[verb].past, FORM_MOST, "%.*s%ced", FORM_MOST - 4,
			base, base[n - 1]);
	else
		snprintf(verbs[verb].past, FORM_MOST, "%.*s", FORM_MOST - 1,
			room);
	put_form(room, verb, FORM_PAST | FORM_PART);
	snprintf(room, sizeof(room), "%.*sing", stem, base);
	put_form(room, verb, FORM_ING);
	if (has_e || is_vowel(base[n - 1]))
		return;
	snprintf(room, sizeof(room), "%s%ced", base, base[n - 1]);
	put_form(room, verb, FORM_PAST | FORM_PART);
	snprintf(room, sizeof(room), "%s%cing", base, base[n - 1]);
	put_form(room, verb, FORM_ING);
}

static int
verb_number(const char *base)
{
	struct form *f = &forms[rules_slot_of(base)];

	return f->low[0] != '\0' && f->forms & FORM_BASE &&
			       strcmp(verbs[f->verb].base, base) == 0
		       ? f->verb
		       : 0;
}

static int
new_verb(const char *base, const char *third)
{
	int verb = ++verbs_n;

	assert(verb < VERB_MOST);
	snprintf(verbs[verb].base, FORM_MOST, "%s", base);
	snprintf(verbs[verb].third, FORM_MOST, "%s", third);
	put_form(base, verb, FORM_BASE);
	put_form(third, verb, FORM_THIRD);
	return verb;
}

static void
irregular(const char *base, const char *third, const char *past,
	const char *part, const char *ing)
{
	int verb = new_verb(base, third);

	snprintf(verbs[verb].past, FORM_MOST, "%s", past);
	put_form(past, verb, FORM_PAST);
	put_form(part, verb, FORM_PART);
	put_form(ing, verb, FORM_ING);
}

static void
add_rule(const char *base, const struct rule *r)
{
	int verb = verb_number(base);
	char third[FORM_MOST + 4];

	if (verb == 0) {
		third_of(base, third, sizeof(third));
		verb = new_verb(base, third);
		regular_forms(base, verb);
	}
	verb_rules_n++;
	assert(verb_rules_n < VERB_RULES);
	verb_rules[verb_rules_n].rule = *r;
	verb_rules[verb_rules_n].next = verbs[verb].first;
	verbs[verb].first = (short)verb_rules_n;
}

static void
verb_rule(enum extract_kind kind, const char *list, const char *particles,
	unsigned flags, int sureness)
{
	struct rule r = {kind, particles, flags, sureness};

	while (*list != '\0') {
		size_t k = strcspn(list, "|");
		char base[FORM_MOST];

		/* A verb of two words ("eat out") has its rule by the first. */
		snprintf(base, sizeof(base), "%.*s", (int)k, list);
		if (strchr(base, ' ') == NULL)
			add_rule(base, &r);
		list += k + (list[k] == '|');
	}
}

/* Verbs without a rule (verbs.def). A verb that has one keeps it. */
static void
general_verbs(const char *list, unsigned char general)
{
	char base[FORM_MOST], third[FORM_MOST + 4];
	size_t k;

	for (; *list != '\0'; list += k + (list[k] == '|')) {
		int verb;

		k = strcspn(list, "|");
		snprintf(base, sizeof(base), "%.*s", (int)k, list);
		if (forms[rules_slot_of(base)].low[0] != '\0')
			continue;
		third_of(base, third, sizeof(third));
		verb = new_verb(base, third);
		verbs[verb].general = general;
		regular_forms(base, verb);
	}
}

static void
general_irregular(const char *base, const char *third, const char *past,
	const char *part, const char *ing)
{
	int verb = verb_number(base);

	/* "tear" has a rule, which knows it as a regular verb. */
	if (verb != 0 && verbs[verb].general == 0) {
		snprintf(verbs[verb].past, FORM_MOST, "%s", past);
		put_form(past, verb, FORM_PAST);
		put_form(part, verb, FORM_PART);
		put_form(ing, verb, FORM_ING);
	}
	if (forms[rules_slot_of(base)].low[0] != '\0')
		return;
	irregular(base, third, past, part, ing);
	verbs[verbs_n].general = 1;
}

static void
rules_build(void)
{
	irregular("will", "will", "would", "would", "willing");
#define IRREGULAR(...) irregular(__VA_ARGS__);
#define VERB(...)
#define STATE(...)
#define NOUN(...)
#include "memory-db/model/extract/english.def"
#undef IRREGULAR
#undef VERB
#define IRREGULAR(...)
#define VERB(kind, list, particles, flags, sure)                               \
	verb_rule(EXTRACT_##kind, list, particles, flags, sure);
#include "memory-db/model/extract/english.def"
#undef IRREGULAR
#undef VERB
#undef STATE
#undef NOUN
#define IRREGULAR(...)	general_irregular(__VA_ARGS__);
#define VERBS(list)	general_verbs(list, 1);
#define VERBS_TOO(list) general_verbs(list, 2);
#include "memory-db/model/extract/verbs.def"
#undef IRREGULAR
#undef VERBS
#undef VERBS_TOO
}

int
rules_verb(const char *low, unsigned *ret)
{
	const struct form *f;

	(void)pthread_once(&once, rules_build);
	if (low[0] == '\0' || strlen(low) >= FORM_MOST)
		return 0;
	f = &forms[rules_slot_of(low)];
	*ret = f->forms;
	return f->low[0] != '\0' ? f->verb : 0;
}

int
rules_general(int verb)
{
	return verbs[verb].general;
}

const char *
rules_base(int verb)
{
	return verbs[verb].base;
}

const char *
rules_past(int verb)
{
	return verbs[verb].past;
}

const char *
rules_third(int verb, const char *low, char room[WORD_BYTES + 4])
{
	if (verb != 0)
		return verbs[verb].third;
	third_of(low, room, WORD_BYTES + 4);
	return room;
}

/* --- rules ------------------------------------------------------------------ */
int
rules_of_verb(const struct extract_words *w, int verb, int i,
	struct rule_fit ret[RULES_FIT])
{
	int n = 0;

	for (int r = verbs[verb].first; r != 0 && n < RULES_FIT;
		r = verb_rules[r].next) {
		const struct rule *rule = &verb_rules[r].rule;
		int words = extract_match(w, i, rule->words), k = n;

		if (words == 0 && rule->words[0] != '\0')
			continue;
		for (; k > 0 && ret[k - 1].n < words; k--)
			ret[k] = ret[k - 1];
		ret[k] = (struct rule_fit){rule, words};
		n++;
	}
	return n;
}

const struct rule *
rules_state(const struct extract_words *w, int i, int *ret_n)
{
	const struct rule *best = NULL;

	*ret_n = 0;
	for (size_t r = 0; r < ARRAY_LEN(states); r++) {
		int n = extract_match(w, i, states[r].words);

		if (n > *ret_n) {
			*ret_n = n;
			best = &states[r];
		}
	}
	return best;
}

const struct rule *
rules_noun(const struct extract_words *w, int first, int end, bool its,
	int *ret_at)
{
	for (int at = first; at < end; at++)
		for (size_t r = 0; r < ARRAY_LEN(nouns); r++)
			if (((nouns[r].flags & R_ITS) != 0) == its &&
				at + extract_match(w, at, nouns[r].words) ==
					end) {
				*ret_at = at;
				return &nouns[r];
			}
	return NULL;
}
