/* Partners that the classes of words find (classes.def), once those that are the
 * same or opposite by themselves are known:
 *
 *   a   teaches  chess  to children
 *   b   gives    chess  lessons     to kids
 *                pair   a class of words ("teach")
 *
 *   a   is outgoing and talkative
 *   b   is shy      and quiet        one pole, not two
 *
 * Of a pole only the first pair counts; other words at it say it once more. So do
 * words of the class of one that has a partner ("a rescue dog from a shelter"),
 * unless they are listed beside it ("a son and a daughter"). */
#include <string.h>

#include "memory-db/model/order/pairing_internal.h"

/* The shortest root of a word that tells it from others: "decid". */
#define ROOT 5

/* --- roots of words ---------------------------------------------------------- */
/* How many letters are left without an ending that makes another kind of word. */
static size_t
cut_ending(const char *s, size_t n)
{
	static const char *const endings[] = {"ization", "isation", "ation",
		"ition", "ment", "ness", "ical", "ance", "ence", "able", "ible",
		"ally", "ship", "ions", "ion", "ity", "ing", "ist", "ive",
		"ous", "ful", "ery", "ers", "ors", "er", "or", "al", "ic", "ed",
		"es", "ly", "y", "e", "s"};

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t k = strlen(endings[i]);

		if (n >= k + ROOT && memcmp(s + n - k, endings[i], k) == 0)
			return n - k;
	}
	return n;
}

/* "Decide", "decision": their roots are the same but for a last letter. */
static bool
is_one_root(const struct term *a, const struct term *b)
{
	static const char soft[] = "dstcz";
	size_t n = cut_ending(a->s, a->s_n), m = cut_ending(b->s, b->s_n);

	if (a->words > 1 || b->words > 1 || n != m || n < ROOT)
		return false;
	if (memcmp(a->s, b->s, n - 1) != 0)
		return false;
	return a->s[n - 1] == b->s[n - 1] ||
	       (strchr(soft, a->s[n - 1]) && strchr(soft, b->s[n - 1]));
}

/* --- pairs -------------------------------------------------------------------- */
/* A word that stands for itself: no name, no number. */
static bool
is_word(const struct term *t)
{
	return t->kind == TERM_WORD;
}

/* A campfire is a fire; a grandmother is another than a mother. */
static bool
is_compound(const struct term *longer, const struct term *shorter)
{
	static const char *const others[] = {"grand", "step", "god", "great",
		"un", "non", "mis", "dis", "over", "under", "half"};
	size_t front = longer->s_n - shorter->s_n;

	if (longer->s_n <= shorter->s_n + 2 || shorter->s_n < 4 || front > 7 ||
		longer->words > 1 || shorter->words > 1 ||
		memcmp(longer->s + front, shorter->s, shorter->s_n) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (front == strlen(others[i]) &&
			memcmp(longer->s, others[i], front) == 0)
			return false;
	return true;
}

static bool
is_near(const struct term *a, const struct term *b)
{
	if (!is_word(a) || !is_word(b) ||
		lexicon_same_kind(a->meaning, b->meaning))
		return false;
	return lexicon_near(a->meaning, b->meaning) || is_one_root(a, b) ||
	       is_compound(a, b) || is_compound(b, a) ||
	       lexicon_near(a->alone, b->alone);
}

static void
find_near(struct pairing *p)
{
	for (int i = 0; i < p->a->n; i++)
		for (int k = 0; p->a_to[i] == -1 && k < p->b->n; k++) {
			if (p->b_to[k] != -1 ||
				!is_near(&p->a->v[i], &p->b->v[k]))
				continue;
			p->a_to[i] = k;
			p->b_to[k] = i;
			p->near++;
		}
}

static bool
is_at_used_pole(const struct pairing *p, const struct term *t)
{
	for (int i = 0; i < p->poles_n; i++)
		if (lexicon_at_pole(t->meaning, p->poles[i]) ||
			lexicon_at_pole(t->alone, p->poles[i]))
			return true;
	return false;
}

static int
pole_of(const struct term *a, const struct term *b)
{
	int pole = lexicon_pole(a->meaning, b->meaning);

	/* Red and green are colours, whatever lights mean by them. */
	if (lexicon_same_kind(a->meaning, b->meaning))
		return 0;

	return pole != 0 ? pole : lexicon_pole(a->alone, b->alone);
}

bool
pairing_is_new_pole(struct pairing *p, int i, int k)
{
	int pole = pole_of(&p->a->v[i], &p->b->v[k]);
	bool is_new = pole == 0 || !is_at_used_pole(p, &p->a->v[i]);

	if (pole != 0 && is_new && p->poles_n < PAIRING_POLES)
		p->poles[p->poles_n++] = pole;
	return is_new;
}

static void
take_pole(struct pairing *p, int i, int k)
{
	p->a_to[i] = p->b_to[k] = -2;
	if (!pairing_is_new_pole(p, i, k))
		return;
	p->opposites++;
	p->a_opposite = i;
	p->b_opposite = k;
}

static void
find_poles(struct pairing *p)
{
	for (int i = 0; i < p->a->n; i++)
		for (int k = 0; p->a_to[i] == -1 && k < p->b->n; k++) {
			const struct term *x = &p->a->v[i], *y = &p->b->v[k];
			int pole = p->b_to[k] == -1 ? pole_of(x, y) : 0;

			/* What stands before both verbs tells two things
			 * apart. */
			if (pole == 0 || is_near(x, y) ||
				(pairing_is_before_verb(p->a, i) &&
					pairing_is_before_verb(p->b, k)))
				continue;
			take_pole(p, i, k);
		}
}

/* --- what is said once more ------------------------------------------------------ */
/* "A son and a daughter", "tea, coffee": two values, not one in two words. */
static bool
is_listed(const struct terms_text *t, int i, int k)
{
	const struct term *x = &t->v[i < k ? i : k], *y = &t->v[i < k ? k : i];
	const char *from = t->text + x->at, *to = t->text + y->at;

	for (; from < to; from++)
		if (*from == ',' || *from == ';' ||
			strncasecmp(from, " and ", 5) == 0 ||
			strncasecmp(from, " or ", 4) == 0)
			return true;
	return false;
}

static bool
is_said_again(const struct terms_text *t, const int *to, int i)
{
	for (int k = 0; k < t->n; k++)
		if (k != i && to[k] >= 0 && !is_listed(t, i, k) &&
			is_near(&t->v[i], &t->v[k]))
			return true;
	return false;
}

static void
drop_repeated(const struct pairing *p, const struct terms_text *t, int *to)
{
	for (int i = 0; i < t->n; i++)
		if (to[i] == -1 && is_word(&t->v[i]) &&
			(is_at_used_pole(p, &t->v[i]) ||
				is_said_again(t, to, i)))
			to[i] = -3;
}

/* "The login is disabled", "cannot log in": a word that denies counts as a "not". */
static int
take_denials(const struct terms_text *t, int *to)
{
	int n = 0;

	for (int i = 0; i < t->n; i++) {
		if (to[i] != -1 || pairing_is_before_verb(t, i) ||
			!lexicon_is_denial(t->v[i].meaning))
			continue;
		to[i] = -3;
		n++;
	}
	return n;
}

static bool
hides_denial(const struct terms_text *t, const int *to)
{
	for (int i = 0; i < t->n; i++)
		if (t->v[i].is_denied && to[i] == -1)
			return true;
	return false;
}

void
pairing_widen(struct pairing *p)
{
	find_poles(p);
	find_near(p);
	drop_repeated(p, p->a, p->a_to);
	drop_repeated(p, p->b, p->b_to);
	p->denials = take_denials(p->a, p->a_to) + take_denials(p->b, p->b_to);
	p->is_unsure =
		hides_denial(p->a, p->a_to) || hides_denial(p->b, p->b_to);
}
