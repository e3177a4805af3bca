/* Two facts side by side: which terms of the one are those of the other.
 *
 *   a   lives   in Rome
 *   b   lives   in Oslo    since 2020
 *       pair    left over  left over
 *
 * Partners are found from the surest to the loosest: the same thing, then
 * opposites, then words of one family ("deploy", "deployment"). What has no
 * partner is what the two differ in, and the decision (fact_compare.c) is
 * about those terms alone. The order is looked at as well: "Ada gave Bob a
 * book" has the same words as "Bob gave Ada a book". */
#include "memory-db/model/order/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "memory-db/model/order/pairing_internal.h"

#define LIGHT 0.34
#define HARD  1.5
/* Words of one family share so many letters of the longer one. */
#define FAMILY 0.72

bool
term_is_number(const struct term *t)
{
	return t->kind == TERM_NUMBER || t->kind == TERM_TIME ||
	       t->kind == TERM_VERSION;
}

bool
term_is_hard(const struct term *t)
{
	return t->kind != TERM_WORD;
}

static double
weight_of(const struct term *t)
{
	if (t->flags & F_LIGHT)
		return LIGHT;
	return term_is_hard(t) ? HARD : 1;
}

/* --- opposites ---------------------------------------------------------------- */
static bool
is_prefixed(const struct term *longer, const struct term *shorter)
{
	static const char *const prefixes[] = {"un", "in", "im", "ir", "il",
		"non", "ab", "dis", "mis", "anti", "a", "de"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t k = strlen(prefixes[i]);

		/* "locked", "unlocked": the first letters of the stem. */
		if (shorter->s_n >= 4 && longer->s_n == shorter->s_n + k &&
			memcmp(longer->s, prefixes[i], k) == 0 &&
			memcmp(longer->s + k, shorter->s, shorter->s_n) == 0)
			return true;
	}
	return false;
}

bool
terms_opposite(const struct term *a, const struct term *b)
{
	if (lexicon_opposite(a->meaning, b->meaning))
		return true;
	if (a->kind == TERM_CODE || b->kind == TERM_CODE || term_is_number(a) ||
		term_is_number(b) || a->words > 1 || b->words > 1)
		return false;
	return is_prefixed(a, b) || is_prefixed(b, a);
}

/* --- partners ------------------------------------------------------------------ */
static bool
is_family(const struct term *a, const struct term *b)
{
	size_t least = a->s_n < b->s_n ? a->s_n : b->s_n;
	size_t most = a->s_n > b->s_n ? a->s_n : b->s_n, k = 0;

	if (a->words > 1 || b->words > 1 || least < 5 || a->kind != b->kind)
		return false;
	while (k < least && a->s[k] == b->s[k])
		k++;
	return (double)k >= FAMILY * (double)most;
}

static bool
pairing_is_same(const struct term *a, const struct term *b, bool loose)
{
	bool x = term_is_number(a) || a->kind == TERM_DATE;
	bool y = term_is_number(b) || b->kind == TERM_DATE;

	if (x || y)
		return x && y && term_same_number(a, b);
	if (a->key == b->key ||
		(a->words == 1 && b->words == 1 && a->stem == b->stem))
		return true;
	return loose &&
	       (is_family(a, b) || lexicon_kin(a->meaning, b->meaning) ||
		       (a->stem == b->stem && a->is_denied == b->is_denied &&
			       (a->words == 1 || b->words == 1)));
}

static void
find_partners(struct pairing *p, bool loose)
{
	for (int i = 0; i < p->a->n; i++) {
		int best = -1, near = 0;

		for (int k = 0; p->a_to[i] == -1 && k < p->b->n; k++) {
			int away = abs(p->a->v[i].word - p->b->v[k].word);

			if (p->b_to[k] != -1 || !pairing_is_same(&p->a->v[i],
							&p->b->v[k], loose))
				continue;
			/* The same preposition is nearer than any place. */
			away += p->a->v[i].before != p->b->v[k].before ? 50 : 0;
			if (best < 0 || away < near) {
				best = k;
				near = away;
			}
		}
		if (best >= 0) {
			p->a_to[i] = best;
			p->b_to[best] = i;
		}
	}
}

static bool
is_opposite_before(const struct term *a, const struct term *b)
{
	return (a->before == BEFORE_EARLIER && b->before == BEFORE_LATER) ||
	       (a->before == BEFORE_LATER && b->before == BEFORE_EARLIER);
}

/* What is told apart before the verb are two things: left knee, right knee. */
bool
pairing_is_before_verb(const struct terms_text *t, int i)
{
	return t->v[i].word < t->verb;
}

static bool
is_being_done(const struct term *t)
{
	return t->s_n > 4 && memcmp(t->s + t->s_n - 3, "ing", 3) == 0;
}

/* What somebody does who is asleep, too. */
static bool
is_done_asleep(const struct term *t)
{
	static const char *const words[] = {"sleeping", "dreaming", "snoring",
		"lying", "resting", "laying", "curling", "breathing", "wearing",
		"being", "having"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == t->s_n &&
			memcmp(words[i], t->s, t->s_n) == 0)
			return true;
	return false;
}

static bool
is_sleep(const struct term *t)
{
	return (t->s_n == 6 && memcmp(t->s, "asleep", 6) == 0) ||
	       (t->s_n == 7 && memcmp(t->s, "napping", 7) == 0) ||
	       (t->s_n == 8 && memcmp(t->s, "sleeping", 8) == 0);
}

/* "Is sleeping", "is running": not for who sleeps at night and runs at noon, or
 * likes to. */
static bool
is_done_otherwise(const struct pairing *p, int i, int k)
{
	const struct term *a = &p->a->v[i], *b = &p->b->v[k];

	if (p->a->copulas == 0 || p->b->copulas == 0)
		return false;
	if ((is_sleep(a) && is_being_done(b) && !is_done_asleep(b)) ||
		(is_sleep(b) && is_being_done(a) && !is_done_asleep(a)))
		return true;
	return is_being_done(a) && is_being_done(b) &&
	       lexicon_excludes_doing(a->meaning, b->meaning);
}

/* "Is painted green", "is painted red": colours, though a test that is red is none
 * that is green. */
static bool
is_value_of_kind(const struct pairing *p, int i, int k)
{
	if (!lexicon_same_kind(p->a->v[i].meaning, p->b->v[k].meaning))
		return false;
	for (int j = 0; j < p->a->n; j++)
		if (p->a_to[j] >= 0 && p->a->v[j].flags & F_SINGLE)
			return true;
	return false;
}

static bool
is_told_apart(const struct pairing *p, int i, int k)
{
	return p->a_to[i] == -1 && p->b_to[k] == -1 &&
	       pairing_is_before_verb(p->a, i) &&
	       pairing_is_before_verb(p->b, k) &&
	       terms_opposite(&p->a->v[i], &p->b->v[k]);
}

/* "Is on the table", "is under the table": of a place, not of a path. */
static bool
is_on_or_under(const struct pairing *p, const struct term *a,
	const struct term *b)
{
	return p->a->copulas > 0 && p->b->copulas > 0 && a->kind != TERM_CODE &&
	       !term_is_number(a) &&
	       ((a->before == BEFORE_PLACE && b->before == BEFORE_UNDER) ||
		       (a->before == BEFORE_UNDER &&
			       b->before == BEFORE_PLACE));
}

/* Is term i said to be out of: "out of tune"? The number of "out"; -1: no. */
static int
out_of(const struct terms_text *t, int i)
{
	const struct term *x = &t->v[i];

	return i > 0 && x[-1].s_n == 3 && memcmp(x[-1].s, "out", 3) == 0 &&
			       x[-1].word + 2 == x->word
		       ? i - 1
		       : -1;
}

/* "In tune", "out of tune": the "out" is a pair with the "in". */
static bool
is_out_of(struct pairing *p, int i, int k)
{
	int a = out_of(p->a, i), b = out_of(p->b, k);

	/* "Works out of Porto" */
	if (p->a->v[i].kind != TERM_WORD)
		return false;
	if (a < 0 && b >= 0 && p->a->v[i].before == BEFORE_IN) {
		p->b_to[b] = -2;
		return true;
	}
	if (b < 0 && a >= 0 && p->b->v[k].before == BEFORE_IN) {
		p->a_to[a] = -2;
		return true;
	}
	return false;
}

static void
find_opposites(struct pairing *p)
{
	for (int i = 0; i < p->a->n; i++) {
		if (p->a_to[i] >= 0) {
			const struct term *t = &p->b->v[p->a_to[i]];

			if (is_out_of(p, i, p->a_to[i])) {
				p->opposites++;
				p->a_opposite = i;
				p->b_opposite = p->a_to[i];
				continue;
			}
			if (is_on_or_under(p, &p->a->v[i], t)) {
				p->opposites++;
				p->a_opposite = i;
				p->b_opposite = p->a_to[i];
				continue;
			}
			if (is_opposite_before(&p->a->v[i], t)) {
				p->is_apart = true;
				p->opposites++;
				p->a_opposite = i;
				p->b_opposite = p->a_to[i];
			}
			continue;
		}
		for (int k = 0; k < p->b->n; k++) {
			if (is_told_apart(p, i, k)) {
				p->is_two = true;
				continue;
			}
			if (p->b_to[k] == -1 && p->a_to[i] == -1 &&
				!is_value_of_kind(p, i, k) &&
				(terms_opposite(&p->a->v[i], &p->b->v[k]) ||
					is_done_otherwise(p, i, k))) {
				p->a_to[i] = p->b_to[k] = -2;
				p->is_doing |= is_done_otherwise(p, i, k);
				/* "Outgoing and talkative", "shy and quiet" */
				p->opposites += !p->a->wide ||
						pairing_is_new_pole(p, i, k);
				p->a_opposite = i;
				p->b_opposite = k;
			}
		}
	}
}

/* Who has no pets has no cat: the general word is the one that is denied. */
static void
find_special(struct pairing *p)
{
	bool a_not = p->a->not_n % 2 != 0;

	if (a_not == (p->b->not_n % 2 != 0))
		return;
	for (int i = 0; i < p->a->n; i++)
		for (int k = 0; p->a_to[i] == -1 && k < p->b->n; k++) {
			int x = p->a->v[i].meaning, y = p->b->v[k].meaning;

			if (p->b_to[k] != -1 || !(a_not ? lexicon_is_a(y, x)
							: lexicon_is_a(x, y)))
				continue;
			p->a_to[i] = k;
			p->b_to[k] = i;
		}
}

/* --- what is left over ---------------------------------------------------------- */
/* "Was moved to Thursday": that it was moved is no part of the value. */
bool
term_is_move(const struct term *x)
{
	return x->s_n > 4 &&
	       (memcmp(x->s, "moved", 5) == 0 || memcmp(x->s, "reloc", 5) == 0);
}

/* "The project uses Redis", "uses Redis": of the same thing. */
static void
drop_self(const struct terms_text *t, struct rest *r, const struct rest *other)
{
	if (r->subject_n != 1 || other->subject_n > 0 ||
		!(t->v[r->subject].flags & F_SELF))
		return;
	r->weight -= weight_of(&t->v[r->subject]);
	r->subject_n = 0;
	r->subject = -1;
}

static struct rest
rest_of(const struct terms_text *t, const int *to)
{
	struct rest r = {.first = -1, .last = -1, .subject = -1, .date = -1};
	bool running = false;

	for (int i = 0; i < t->n; i++) {
		const struct term *x = &t->v[i];

		if (to[i] <= -2)
			continue;
		if (to[i] >= 0) {
			running = running && x->flags & F_LIGHT;
			continue;
		}
		if (x->flags & F_LIGHT || term_is_move(x))
			continue;
		r.weight += weight_of(x);
		r.end = x->word + x->words;
		r.hard_n += term_is_hard(x);
		if (x->flags & F_VERB && x->flags & F_MULTI)
			r.verbs += weight_of(x);
		if (x->kind == TERM_DATE) {
			r.date = r.date < 0 ? i : r.date;
			r.date_n++;
			continue;
		}
		if (pairing_is_before_verb(t, i)) {
			r.subject = r.subject < 0 ? i : r.subject;
			r.subject_n++;
			r.count_n +=
				x->kind == TERM_NUMBER && x->unit == UNIT_NONE;
			continue;
		}
		r.first = r.first < 0 ? i : r.first;
		r.last = i;
		r.value_n++;
		r.runs += !running || x->before != BEFORE_NOTHING;
		running = true;
	}
	return r;
}

static void
pairing_weigh(struct pairing *p)
{
	double core = 0;

	for (int i = 0; i < p->a->n; i++) {
		double w = weight_of(&p->a->v[i]);

		if (p->a_to[i] == -3)
			continue;
		p->all += w;
		if (p->a_to[i] < 0)
			continue;
		p->matched += 2 * w;
		if (!(p->a->v[i].flags & F_LIGHT)) {
			p->partners++;
			p->hard_partners += term_is_hard(&p->a->v[i]);
		}
	}
	for (int i = 0; i < p->b->n; i++)
		p->all += p->b_to[i] == -3 ? 0 : weight_of(&p->b->v[i]);
	core = p->matched;
	for (int i = 0; i < p->a->n; i++)
		if (p->a_to[i] == -1 && i < p->rest_a.first &&
			p->a->v[i].kind != TERM_DATE)
			core += weight_of(&p->a->v[i]);
	for (int i = 0; i < p->b->n; i++)
		if (p->b_to[i] == -1 && i < p->rest_b.first &&
			p->b->v[i].kind != TERM_DATE)
			core += weight_of(&p->b->v[i]);
	p->core = core > 0 ? p->matched / core : 1;
}

void
pairing_make(const struct terms_text *a, const struct terms_text *b,
	struct pairing *ret)
{
	*ret = (struct pairing){.a = a,
		.b = b,
		.a_opposite = -1,
		.b_opposite = -1};
	for (int i = 0; i < TERMS; i++)
		ret->a_to[i] = ret->b_to[i] = -1;
	find_partners(ret, false);
	find_opposites(ret);
	find_partners(ret, true);
	find_special(ret);
	if (a->wide && b->wide)
		pairing_widen(ret);
	pairing_order(ret);
	ret->rest_a = rest_of(a, ret->a_to);
	ret->rest_b = rest_of(b, ret->b_to);
	drop_self(a, &ret->rest_a, &ret->rest_b);
	drop_self(b, &ret->rest_b, &ret->rest_a);
	pairing_weigh(ret);
}
