/* From a text to terms: words, then what several of them mean together, from
 * left to right, the longest entry of the lexicon first.
 *
 *   "is based in Rome"    the entry "is based in" (to live), then the name Rome
 *   "based on Rome"       no such entry: two words that stand for themselves
 *
 * An entry may be verb, preposition and all; the term keeps what stood before
 * it, because "in 2019" and "until 2019" are different things. terms.h has the
 * kinds of terms and an example. */
#include "memory-db/model/order/terms_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/text.h"

static enum term_before
before_of(const struct reading *r, int i)
{
	static const struct {
		const char *word;
		enum term_before before;
	} table[] = {{"in", BEFORE_IN}, {"from", BEFORE_FROM},
		{"to", BEFORE_TO}, {"into", BEFORE_TO}, {"than", BEFORE_OVER},
		{"since", BEFORE_SINCE}, {"until", BEFORE_UNTIL},
		{"till", BEFORE_UNTIL}, {"before", BEFORE_EARLIER},
		{"after", BEFORE_LATER}, {"on", BEFORE_PLACE},
		{"at", BEFORE_PLACE}, {"by", BEFORE_BY}, {"with", BEFORE_OTHER},
		{"for", BEFORE_OTHER}, {"of", BEFORE_OTHER},
		{"as", BEFORE_OTHER}, {"during", BEFORE_IN},
		{"within", BEFORE_IN}, {"instead", BEFORE_OVER},
		{"when", BEFORE_WHEN}, {"while", BEFORE_WHEN},
		{"whenever", BEFORE_WHEN}, {"where", BEFORE_WHEN},
		{"under", BEFORE_UNDER}, {"behind", BEFORE_PLACE},
		{"near", BEFORE_PLACE}, {"inside", BEFORE_PLACE},
		{"beside", BEFORE_PLACE}};

	if (r->seen_over && terms_word_is(r, i, "over"))
		return BEFORE_OVER;
	if (terms_word_is(r, i, "of") && terms_word_is(r, i - 1, "as"))
		return BEFORE_SINCE;
	for (size_t k = 0; k < ARRAY_LEN(table); k++)
		if (terms_word_is(r, i, table[k].word))
			return table[k].before;
	return BEFORE_NOTHING;
}

/* The last word of a sentence is no preposition: "it is on". */
static bool
is_last(const struct reading *r, int i)
{
	return i + 1 == r->n || r->w[i].ends;
}

/* What begins goes on. */
static bool
is_change(const struct reading *r, int i)
{
	static const char *const words[] = {"moved", "relocated", "joined",
		"switched", "migrated", "settled", "became", "started",
		"changed", "upgraded", "renamed", "replaced", "got", "bought",
		"turned", "transitioned", "raised", "lowered", "increased",
		"reduced", "bumped", "extended", "shortened", "doubled",
		"halved", "moved", "adopted", "introduced", "promoted", NULL};

	return terms_word_in(r, i, words);
}

static void
note_verb(struct reading *r, int i, int words, unsigned flags)
{
	struct terms_text *t = r->t;
	const struct text_word *w = &r->w[i];
	bool aux = (flags & (F_COPULA | F_HAVE)) != 0;
	/* "Won't" is no "won". */
	bool past = lexicon_is_past(w->s, w->n) && !is_change(r, i) &&
		    !(flags & F_MOVE) &&
		    !(i + 1 < r->n && w[1].is_part && w[1].at == w->at);

	if (t->verb < 0 && flags & F_VERB)
		t->verb = i;
	/* "Was moved to": it is there now. */
	if ((is_change(r, i) || flags & F_MOVE) && r->last_have >= 0 &&
		r->last_have + 2 >= i)
		t->is_past = false;
	/* "is written", "has lived": of now. */
	if (past && flags & (F_VERB | F_STATE | F_EVENT) &&
		(aux || r->last_have < 0 || r->last_have + 3 < i))
		t->is_past = true;
	if (aux)
		r->last_have = i + words - 1;
	if (flags & F_COPULA)
		t->copulas++;
}

static void
settle_name(const struct reading *r, struct term *x, int i)
{
	const struct text_word *w = &r->w[i];

	if (w->inner_capital || (w->capital && !w->first))
		x->kind = TERM_NAME;
	else
		x->maybe_name = w->capital;
}

/* "With the window closed": as it is held, not what was done. */
static bool
is_held_so(const struct reading *r, int i)
{
	return is_last(r, i) && (terms_word_is(r, i - 2, "with") ||
					terms_word_is(r, i - 3, "with"));
}

/* "declined": a verb by its form. */
static void
note_past(struct reading *r, int i, unsigned flags)
{
	const struct text_word *w = &r->w[i];

	if (r->t->verb < 0 && !(flags & F_VERB) && !w->capital &&
		lexicon_is_past(w->s, w->n) && !is_held_so(r, i))
		note_verb(r, i, 1, F_VERB | F_EVENT);
}

/* An entry of n words. */
static void
take_meaning(struct reading *r, int i, int n, int meaning)
{
	unsigned flags = lexicon_flags(meaning);
	struct term *x;

	r->t->marks |=
		flags & (F_WAS | F_NOW | F_MAYBE | F_PLAN | F_IF | F_SWITCH |
				F_ENDED | F_NEVER | F_ONLY | F_FORBID);
	r->seen_over |= (flags & F_OVER) != 0;
	note_verb(r, i, n, flags);
	if (flags & F_NOT) {
		static const char *const nobody[] = {"nobody", "none", NULL};
		static const char *const plain[] = {"not", "never", "hardly",
			"no", "non", "cannot", NULL};

		/* "No children are in the pool" */
		r->t->nobody |=
			terms_word_in(r, i, nobody) ||
			(i == 0 && n == 1 && terms_word_is(r, 0, "no")) ||
			(n > 1 && terms_word_is(r, i + 1, "one"));
		if (terms_word_is(r, i, "without"))
			r->t->without = i;
		if (terms_word_in(r, i, plain))
			r->t->not_at = i;
		r->t->not_n += !terms_is_denied_already(r, i);
		return;
	}
	/* "There are forty cows": what follows is no subject. */
	if (n == 2 && terms_word_is(r, i, "there") && r->t->verb < 0)
		r->t->verb = i + 1;
	if (r->t->wide && meaning == lexicon_known(WORD_MUST))
		flags = (flags & ~(unsigned)F_DROP) | F_LIGHT;
	if (flags & F_DROP)
		return;
	note_past(r, i, flags);
	x = terms_new(r, i, n);
	if (!x)
		return;
	x->meaning = meaning;
	x->flags = flags;
	if (r->t->wide &&
		(lexicon_is_slight(meaning) || terms_is_causing(r, i)))
		x->flags |= F_LIGHT;
	/* "at night" */
	if (n > 1 && x->before == BEFORE_NOTHING)
		x->before = before_of(r, i);
	x->key = (uint64_t)meaning * 0x9e3779b97f4a7c15 | 1;
	settle_name(r, x, i);
	x->is_denied = terms_is_denied_phrase(r, i, n);
	r->behind = n > 1 && before_of(r, i + n - 1) != BEFORE_NOTHING;
	x->alone = r->behind && r->t->wide ? terms_find_alone(r, i, n - 1)
					   : meaning;
	/* "moved from Kyoto": the preposition is a part of the entry. */
	if (n > 1 && flags & (F_SWITCH | F_OVER))
		r->before = before_of(r, i + n - 1);
}

static void
take_unknown(struct reading *r, int i)
{
	const struct text_word *w = &r->w[i];
	struct term *x = terms_new(r, i, 1);

	if (!x)
		return;
	settle_name(r, x, i);
	if (!w->capital && lexicon_is_past(w->s, w->n) && r->t->verb < 0 &&
		!is_held_so(r, i)) {
		x->flags = F_VERB;
		note_verb(r, i, 1, F_VERB | F_EVENT);
	}
}

/* Denials that are no words of their own: "queenless" (its noun is read on as a
 * term), the "free" of "dairy-free", "nobody may", "may not". True: the word is
 * done with. */
static bool
take_denial(struct reading *r, int i)
{
	static const char *const stop[] = {"stop", "stops", "stopped", "quit",
		"quits", "ceased", NULL};
	const struct text_word *w = &r->w[i];
	int meaning;

	r->t->not_n += w->is_less;
	/* "Stopped eating meat" */
	if (terms_word_in(r, i, stop) && i + 1 < r->n && r->w[i + 1].n > 4 &&
		memcmp(r->w[i + 1].s + r->w[i + 1].n - 3, "ing", 3) == 0 &&
		!r->w[i].is_part && terms_find_phrase(r, i, &meaning) < 2) {
		r->t->marks |= F_ENDED;
		r->t->not_at = i;
		r->t->not_n++;
		return true;
	}
	if (w->is_part && i > 0 && r->w[i - 1].at == w->at &&
		terms_word_is(r, i, "free")) {
		r->t->not_n++;
		return true;
	}
	if (terms_word_is(r, i, "may") &&
		(r->t->nobody || terms_word_is(r, i + 1, "not") ||
			terms_is_permitted(r, i))) {
		r->t->marks |= F_FORBID;
		return true;
	}
	return false;
}

/* "Is 42 years old", "turned 42": of age. How many words; 0: it is no age. */
static int
take_age(struct reading *r, int i)
{
	static const char *const turn[] = {"turned", "turns", "turning", "turn",
		NULL};
	static const char *const years[] = {"years", "year", "yr", NULL};
	static const char *const months[] = {"months", "month", "weeks", "week",
		"days", "day", NULL};
	const struct text_word *next = i + 1 < r->n ? &r->w[i + 1] : NULL;
	bool is_old;

	if (next && terms_word_in(r, i, turn) && next->is_term &&
		next->term.kind == TERM_NUMBER &&
		next->term.unit == UNIT_NONE && next->term.value < 130) {
		take_meaning(r, i, 1, lexicon_known(WORD_AGE));
		return 1;
	}
	is_old = terms_word_is(r, i + 2, "old") ||
		 (terms_word_is(r, i + 2, "of") &&
			 terms_word_is(r, i + 3, "age"));
	if (!next || !is_old || terms_word_in(r, i + 1, months) ||
		!terms_word_in(r, i + 1, years) || !terms_read_count(r, i))
		return 0;
	take_meaning(r, i + 1, terms_word_is(r, i + 2, "old") ? 2 : 3,
		lexicon_known(WORD_AGE));
	return terms_word_is(r, i + 2, "old") ? 3 : 4;
}

static int
take_at(struct reading *r, int i)
{
	static const char *const go[] = {"go", "goes", "went", NULL};
	const struct text_word *w = &r->w[i];
	int meaning = 0, n, k;
	enum term_before before;

	/* It says something where the time before it is told from the one
	 * after. */
	if (w->is_subject && r->before != BEFORE_EARLIER &&
		r->before != BEFORE_LATER)
		return 1;
	/* "No, ...": a correction. */
	if (w->first && terms_word_is(r, i, "no") &&
		r->t->text[w->at + w->len] == ',')
		return 1;
	if (w->is_part && w->n == 1 && *w->s == 't') {
		r->t->not_at = i;
		r->t->not_n++;
		return 1;
	}
	if (w->is_part && (w->n <= 2) && i > 0 && text_is_stop(w->s, w->n) &&
		r->w[i - 1].at == w->at && !is_last(r, i))
		return 1;
	/* "Goes to PagerDuty" is no plan, as "going to" is. */
	if (terms_word_in(r, i, go) && terms_word_is(r, i + 1, "to")) {
		note_verb(r, i, 1, F_VERB | F_EVENT);
		if (terms_word_is(r, i, "went"))
			take_meaning(r, i, 1, lexicon_known(WORD_VISIT));
		return 1;
	}
	/* "Goes swimming": swims. */
	if (terms_word_in(r, i, go) && i + 1 < r->n && r->w[i + 1].n > 4 &&
		memcmp(r->w[i + 1].s + r->w[i + 1].n - 3, "ing", 3) == 0)
		return 1;
	if (take_denial(r, i))
		return 1;
	/* "An hour" is said of how often, "an hour and a half" is not. */
	if ((k = terms_read_part(r, i)) > 0)
		return k;
	n = terms_find_phrase(r, i, &meaning);
	/* The language, not the verb. */
	if (n < 2 && w->capital && !w->first && terms_word_is(r, i, "go")) {
		take_meaning(r, i, 1, lexicon_known(WORD_GOLANG));
		return 1;
	}
	if (n < 2 && (k = terms_read_date(r, i)) > 0)
		return k;
	if (n < 2 && (k = take_age(r, i)) > 0)
		return k;
	if (n < 2 && (k = terms_read_number(r, i)) > 0)
		return k;
	before = is_last(r, i) ? BEFORE_NOTHING : before_of(r, i);
	if (n < 2 && before != BEFORE_NOTHING) {
		r->before = before;
		return 1;
	}
	if (n > 0) {
		take_meaning(r, i, n, meaning);
		return n;
	}
	if (w->is_term) {
		struct term *x = terms_new(r, i, 1);

		if (x) {
			x->kind = w->term.kind;
			x->key = w->term.key;
		}
		return 1;
	}
	if (!text_is_stop(w->s, w->n) || is_last(r, i))
		take_unknown(r, i);
	return 1;
}

/* No verb that is known: a word in -s behind the first term may be one. */
static void
guess_verb(struct reading *r)
{
	struct terms_text *t = r->t;

	for (int i = 1; i < r->n && t->verb < 0; i++) {
		const struct text_word *w = &r->w[i];

		if (w->n > 3 && w->s[w->n - 1] == 's' &&
			w->s[w->n - 2] != 's' && !w->capital && !w->is_part &&
			!text_is_stop(w->s, w->n))
			t->verb = i;
	}
}

int
terms_open(const char *subject, const char *text,
	const struct fact_attributes *known, struct terms_text *ret,
	struct reading **ret_new)
{
	AUTO_FREE struct reading *r = calloc(1, sizeof(*r));
	int rc = lexicon_ready();

	if (!r || rc < 0)
		return MDB_E_NOMEM;
	*ret = (struct terms_text){.text = text, .subject = -1};
	r->t = ret;
	rc = terms_take_words(r);
	if (rc != 0)
		return rc;
	rc = terms_mark_subject(r, subject);
	if (rc != 0)
		return rc;
	for (int i = r->n; i-- > 0;)
		if (r->w[i].is_subject)
			ret->subject = i;
	if (known)
		terms_mark_attributes(r, known);
	r->is_cut = ret->too_long;
	*ret_new = take_ptr(r);
	return 0;
}

void
terms_make(struct reading *r, enum terms_reading reading)
{
	struct terms_text *t = r->t;

	t->n = t->not_n = t->copulas = 0;
	t->verb = t->without = t->not_at = -1;
	t->marks = 0;
	t->is_past = t->nobody = t->has_phrase = false;
	t->too_long = r->is_cut;
	t->wide = reading != READ_PLAIN;
	t->phrases = reading == READ_PHRASES;
	r->before = BEFORE_NOTHING;
	r->behind = r->seen_over = false;
	r->last_have = -1;
	for (int i = 0; i < r->n && !t->too_long;)
		i += take_at(r, i);
	guess_verb(r);
}

int
terms_read(const char *subject, const char *text,
	const struct fact_attributes *known, enum terms_reading reading,
	struct terms_text *ret)
{
	AUTO_FREE struct reading *r = NULL;
	int rc = terms_open(subject, text, known, ret, &r);

	if (rc == 0)
		terms_make(r, reading);
	return rc;
}

/* False when the text has not even the first letters of it. */
static bool
may_name(const char *subject, const char *text)
{
	char first[4];
	int n = 0;

	for (; n < 3; n++) {
		char c = subject[n];

		if ((c | 0x20) < 'a' || (c | 0x20) > 'z')
			return true;
		first[n] = c;
	}
	first[n] = '\0';
	return strcasestr(text, first) != NULL;
}

int
terms_name_subject(const char *subject, const char *text, bool *ret)
{
	AUTO_FREE struct terms_text *t = NULL;
	AUTO_FREE struct reading *r = NULL;
	int rc = lexicon_ready();

	*ret = false;
	if (rc < 0 || !may_name(subject, text))
		return rc;
	t = calloc(1, sizeof(*t));
	r = calloc(1, sizeof(*r));
	if (!t || !r)
		return MDB_E_NOMEM;
	t->text = text;
	r->t = t;
	rc = terms_take_words(r);
	if (rc != 0)
		return rc;
	rc = terms_mark_subject(r, subject);
	for (int i = 0; i < r->n; i++)
		*ret = *ret || (r->w[i].is_subject &&
				       (strcasecmp(subject, "user") == 0 ||
					       !terms_word_is(r, i, "user")));
	return rc;
}
