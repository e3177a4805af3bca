/* A text cut into words, folded, with what their form says (a capital, a path,
 * a name of a file). The words that name what the fact is about are marked,
 * because they say nothing in a comparison: in the fact "ada lives in Rome" of
 * the entity ada the first word is as good as not there. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/text.h"
#include "memory-db/model/order/terms_internal.h"
#include "memory-db/model/write/repeats_compare.h"

static uint64_t
terms_hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (h ^ h >> 29) | 1;
}

/* Keeps a folded word. NULL: there is no room. */
static struct text_word *
new_word(struct reading *r, const char *s, size_t n)
{
	struct terms_text *t = r->t;
	struct text_word *w = &r->w[r->n];

	if (r->n == TERM_WORDS || n > sizeof(t->folded) - t->folded_n) {
		t->too_long = true;
		return NULL;
	}
	memcpy(t->folded + t->folded_n, s, n);
	*w = (struct text_word){.s = t->folded + t->folded_n,
		.n = n,
		.at = r->at,
		.len = r->len,
		.first = r->first};
	t->folded_n += n;
	r->n++;
	return w;
}

/* "queenless" is "no queen": how many letters of the word are the noun. 0: it is
 * no such word, or one whose meaning has grown away from its noun. */
static size_t
noun_of_less(const char *s, size_t n)
{
	static const char *const others[] = {"unless", "bless", "regardless",
		"nonetheless", "nevertheless", "doubtless", "wireless",
		"seamless", "timeless", "priceless", "serverless", "headless",
		"contactless", "countless", "ruthless", "reckless"};

	if (n < 7 || memcmp(s + n - 4, "less", 4) != 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strlen(others[i]) == n && memcmp(s, others[i], n) == 0)
			return 0;
	return n - 4;
}

/* The word's stem; of "queenless", which nobody lists, that of "queen". 0 or
 * MDB_E_NOMEM. */
static int
stem_word(struct text_word *w)
{
	size_t noun = noun_of_less(w->s, w->n);
	int rc = lexicon_stem(w->s, w->n, &w->stem);

	if (rc < 0 || noun == 0 || lexicon_find(&w->stem, 1, false) != 0)
		return rc;
	w->is_less = true;
	w->n = noun;
	return lexicon_stem(w->s, w->n, &w->stem);
}

static int
take_word_piece(void *ctx, const struct text_piece *p)
{
	struct reading *r = ctx;
	struct text_word *w;
	const char *s = r->t->text + r->at;

	if (p->kind == TEXT_SIGN && p->n == 2)
		return 0; /* the degree sign and its like */
	w = new_word(r, p->s, p->n);
	if (!w)
		return 1;
	w->is_part = r->len != p->n;
	w->capital = (*s >= 'A' && *s <= 'Z') ||
		     ((unsigned char)*s >= 0xc3 && p->n >= 2 &&
			     memcmp(s, p->s, 2) != 0 && p->s[0] == *s);
	for (size_t i = 1; i < r->len; i++)
		w->inner_capital |= s[i] >= 'A' && s[i] <= 'Z';
	r->first = false;
	return stem_word(w);
}

/* Paths, addresses, identifiers, names of files. */
static bool
terms_words_is_code(const char *s, size_t n)
{
	bool letter = false, digit = false, hyphen = false;

	/* "eu-west-1" */
	for (size_t i = 0; i < n; i++) {
		digit |= s[i] >= '0' && s[i] <= '9';
		letter |= (s[i] | 32) >= 'a' && (s[i] | 32) <= 'z';
		hyphen |= s[i] == '-' && i > 0 && i + 1 < n;
	}
	if (digit && letter && hyphen && s[n - 1] >= '0' && s[n - 1] <= '9')
		return true;
	letter = false;
	for (size_t i = 0; i < n; i++) {
		bool inside = i > 0 && i + 1 < n;

		letter |= (s[i] | 32) >= 'a' && (s[i] | 32) <= 'z';
		if (strchr("_@\\#", s[i]) && n > 1)
			return true;
		if (s[i] == '/' || (s[i] == '+' && i + 1 == n && n > 1))
			return n > 1;
		if (inside && letter &&
			(s[i] == ':' || s[i] == '=' || s[i] == '('))
			return true;
		if (inside && letter && s[i] == '.' && i + 2 <= n &&
			s[i + 1] != '.')
			return true;
	}
	return n > 1 && (*s == '-' || *s == '~' || *s == '$');
}

/* "30-day", "42-year-old": how many bytes the number in front has; 0: none. */
static size_t
number_in_front(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && ((s[k] >= '0' && s[k] <= '9') || s[k] == '.'))
		k++;
	if (k == 0 || k + 2 >= n || s[k] != '-')
		return 0;
	for (size_t i = k + 1; i < n; i++)
		if ((s[i] | 32) < 'a' || (s[i] | 32) > 'z')
			if (s[i] != '-')
				return 0;
	return k;
}

/* One word of the text between spaces. 1: no more room. */
static int
terms_words_take_whole(struct reading *r, const char *s, size_t n)
{
	AUTO_BUF struct buf low = {0};
	struct text_word *w;
	struct term x = {0};
	size_t front = number_in_front(s, n);

	if (front > 0) {
		int rc = terms_words_take_whole(r, s, front);

		if (rc != 0)
			return rc;
		s += front + 1;
		n -= front + 1;
	}
	r->at = (size_t)(s - r->t->text);
	r->len = n;
	if (term_number(s, n, &x)) {
		x.key = terms_hash(s + (x.kind == TERM_VERSION && *s == 'v'),
			n - (x.kind == TERM_VERSION && *s == 'v'));
	} else if (terms_words_is_code(s, n)) {
		x.kind = TERM_CODE;
	} else {
		return text_pieces(s, n, take_word_piece, r);
	}
	if (text_fold(s, n, &low) < 0)
		return MDB_E_NOMEM;
	w = new_word(r, low.data, low.len);
	if (!w)
		return 1;
	w->is_term = true;
	if (x.kind == TERM_CODE) {
		while (low.len > 2 && strchr("()/", low.data[low.len - 1]))
			low.len--;
		x.key = terms_hash(low.data, low.len);
	}
	w->term = x;
	w->stem = terms_hash(low.data, low.len);
	r->first = false;
	return 0;
}

int
terms_take_words(struct reading *r)
{
	const char *s = r->t->text, *word;
	size_t n = strlen(s), at = 0, len;
	r->first = true;
	while (repeats_next_word(s, n, &at, &word, &len)) {
		int before = r->n, rc;

		r->t->is_question |= word[len - 1] == '?';
		if (word[len - 1] == '?' && len > 1)
			len--;
		rc = terms_words_take_whole(r, word, len);
		if (strchr(".!?;:", word[len]) && word[len] && r->n > before) {
			r->first = true;
			r->w[r->n - 1].ends = true;
		}
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

/* The words that name what the fact is of are left out. */
int
terms_mark_subject(struct reading *r, const char *subject)
{
	AUTO_FREE struct terms_text *name = calloc(1, sizeof(*name));
	AUTO_FREE struct reading *x = calloc(1, sizeof(*x));
	int rc;

	if (!name || !x)
		return MDB_E_NOMEM;
	x->t = name;
	name->text = subject;
	rc = terms_take_words(x);
	if (rc != 0)
		return rc;
	for (int i = 0; x->n > 0 && i + x->n <= r->n; i++) {
		int k = 0;

		while (k < x->n && r->w[i + k].stem == x->w[k].stem)
			k++;
		for (int j = 0; k == x->n && j < k; j++)
			r->w[i + j].is_subject = true;
	}
	/* "The user" stands for whomever the memory belongs to. */
	for (int i = 0; i < r->n && i < 2; i++)
		if (r->w[i].n == 4 && memcmp(r->w[i].s, "user", 4) == 0)
			r->w[i].is_subject = true;
	return 0;
}

/* The words of a phrase stand one behind the other somewhere. */
static bool
has_phrase(const struct reading *r, const struct attribute_phrase *p)
{
	for (int i = 0; i + p->n <= r->n; i++) {
		int k = 0;

		while (k < p->n && r->w[i + k].stem == p->stems[k])
			k++;
		if (k == p->n)
			return true;
	}
	return false;
}

void
terms_mark_attributes(struct reading *r, const struct fact_attributes *known)
{
	struct terms_text *t = r->t;

	_Static_assert(LIMIT_ATTRIBUTES <= 64, "bits of terms_text.attributes");
	for (size_t i = 0; i < known->n; i++) {
		const struct fact_attribute *x = &known->v[i];

		if (!has_phrase(r, &x->phrase))
			continue;
		t->attributes |= UINT64_C(1) << i;
		for (size_t k = 0; k < x->values; k++)
			if (has_phrase(r, &known->value[x->first + k]))
				t->attribute_value[i] = (uint16_t)(k + 1);
	}
}

bool
terms_word_is(const struct reading *r, int i, const char *text)
{
	return i >= 0 && i < r->n && strlen(text) == r->w[i].n &&
	       memcmp(text, r->w[i].s, r->w[i].n) == 0;
}

bool
terms_word_in(const struct reading *r, int i, const char *const *list)
{
	for (; *list; list++)
		if (terms_word_is(r, i, *list))
			return true;
	return false;
}
