/* Texts as sequences of hashed words; see repeats_compare.h.
 *
 * A word is what stands between white space, without the punctuation around
 * it: marks that belong to a word (C++, #7, -5, 10%) stay. */
#include "memory-db/model/write/repeats_compare.h"

#include <string.h>

#include "common/err.h"
#include "common/text.h"

/* --- characters ----------------------------------------------------------- */
/* Bytes of white space at s, 0: none. */
static size_t
space_at(const char *s, size_t n)
{
	static const char *const wide[] = {"\xc2\xa0", "\xe2\x80\x89",
		"\xe2\x80\xaf", "\xe2\x80\x8b", "\xe3\x80\x80"};

	if (n > 0 && (*s == ' ' || (*s >= '\t' && *s <= '\r')))
		return 1;
	if (n == 0 || (*s & 0x80) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(wide); i++)
		if (n >= strlen(wide[i]) &&
			memcmp(s, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	return 0;
}

/* Quotes, dashes and the ellipsis of typography: three bytes each. */
static bool
is_typographic(const char *s, size_t n)
{
	static const char *const marks[] = {"\xe2\x80\x90", "\xe2\x80\x93",
		"\xe2\x80\x94", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a",
		"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\xa6"};

	/* All of them begin so. */
	if (n < 3 || *s != '\xe2')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (memcmp(s, marks[i], 3) == 0)
			return true;
	return false;
}

/* Takes the punctuation off both ends. A question mark stays: a question says
 * something else than its answer. */
static void
repeats_compare_trim(const char **s, size_t *n)
{
	while (*n > 0) {
		size_t k = strchr("\"'([{`", **s) != NULL;

		if (is_typographic(*s, *n))
			k = 3;
		if (k == 0)
			break;
		*s += k;
		*n -= k;
	}
	while (*n > 0) {
		char last = (*s)[*n - 1];
		size_t k = strchr("\"')]}`.,;:!", last) != NULL;

		if (*n >= 3 && is_typographic(*s + *n - 3, 3))
			k = 3;
		if (k == 0)
			break;
		*n -= k;
	}
	if (*n == 1 && **s == '-')
		*n = 0;
}

/* --- words ---------------------------------------------------------------- */
static uint64_t
hash(const char *s, size_t n)
{
	uint64_t h =
		0xcbf29ce484222325; /* FNV-1a; nothing hangs on it but time */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return h ^ h >> 29;
}

static bool
is_listed(const char *word, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i][0] == word[0] && strlen(list[i]) == n &&
			memcmp(list[i], word, n) == 0)
			return true;
	return false;
}

/* Words that turn a sentence round, and those of time and number. */
static bool
is_hard(const char *w, size_t n)
{
	static const char *const list[] = {"no", "not", "nor", "never", "none",
		"neither", "nobody", "nothing", "cannot", "without", "except",
		"unless", "until", "before", "after", "above", "below", "under",
		"up", "down", "off", "out", "only", "against", "more", "less",
		"few", "most", "least", "all", "any", "always", "sometimes",
		"zero", "one", "two", "three", "four", "five", "six", "seven",
		"eight", "nine", "ten", "eleven", "twelve", "hundred",
		"thousand", "million", "first", "second", "third", "half",
		"monday", "tuesday", "wednesday", "thursday", "friday",
		"saturday", "sunday", "january", "february", "march", "april",
		"june", "july", "august", "september", "october", "november",
		"december", "today", "tomorrow", "yesterday", "daily", "weekly",
		"monthly", "yearly", "morning", "noon", "evening", "night",
		"spring", "summer", "autumn", "winter"};

	if (n > 3 && memcmp(w + n - 3, "n't", 3) == 0)
		return true;
	return is_listed(w, n, list, ARRAY_LEN(list));
}

struct repeats_compare_shape {
	bool digit, capital, inner_capital, small;
};

static struct repeats_compare_shape
repeats_compare_shape_of(const char *s, size_t n)
{
	struct repeats_compare_shape x = {0};

	for (size_t i = 0; i < n; i++) {
		x.digit |= s[i] >= '0' && s[i] <= '9';
		x.small |= s[i] >= 'a' && s[i] <= 'z';
		if (s[i] >= 'A' && s[i] <= 'Z') {
			x.capital |= i == 0;
			x.inner_capital |= i > 0;
		}
	}
	return x;
}

/* ls -A, /Etc, $HOME: no word of a language. */
static bool
is_written_as_code(const char *s, size_t n)
{
	return n > 1 && memchr("-/$.%@~<\\", s[0], 9) != NULL;
}

/* code: it stands between backticks. */
static int
repeats_compare_read_word(const char *s, size_t n, bool first, bool code,
	struct buf *folded, struct buf *stem, struct repeats_word *ret)
{
	struct repeats_compare_shape x = repeats_compare_shape_of(s, n);

	buf_clear(folded, 4096);
	if (text_fold(s, n, folded) != 0)
		return MDB_E_NOMEM;
	/* don’t is don't. */
	for (size_t i = 0; i + 3 <= folded->len; i++)
		if (memcmp(folded->data + i, "\xe2\x80\x99", 3) == 0) {
			folded->data[i] = '\'';
			memmove(folded->data + i + 1, folded->data + i + 3,
				folded->len - i - 3);
			folded->len -= 2;
		}
	ret->folded = hash(folded->data, folded->len);
	/* fooBar, Abc1: such a word is spelled as it is on purpose. */
	code = code || is_written_as_code(s, n);
	ret->exact = (code && (x.capital || x.inner_capital)) ||
				     (x.inner_capital && x.small) ||
				     (x.digit && (x.small || x.capital ||
							 x.inner_capital))
			     ? hash(s, n) | 1
			     : 0;
	ret->hard = is_hard(folded->data, folded->len) || x.digit ||
		    x.inner_capital || (x.capital && !first);
	ret->maybe_name = first && x.capital &&
			  !is_listed(folded->data, folded->len,
				  (const char *const[]){"user", "the"}, 2);
	ret->stop = !ret->hard && text_is_stop(folded->data, folded->len);
	if (text_stem(folded->data, folded->len, "english", stem) != 0)
		return MDB_E_NOMEM;
	ret->stem = ret->hard ? ret->folded : hash(stem->data, stem->len);
	return 0;
}

/* Whether code goes on behind these letters. */
static bool
code_after(bool code, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		code ^= s[i] == '`';
	return code;
}

/* The next run of characters that are no white space; false at the end. */
static bool
next_run(const char *s, size_t n, size_t *at, const char **ret, size_t *ret_n)
{
	size_t k = 0;

	while (*at < n && (k = space_at(s + *at, n - *at)) > 0)
		*at += k;
	*ret = s + *at;
	while (*at < n && space_at(s + *at, n - *at) == 0)
		++*at;
	*ret_n = (size_t)(s + *at - *ret);
	return *ret_n > 0;
}

bool
repeats_next_word(const char *s, size_t n, size_t *at, const char **ret,
	size_t *ret_n)
{
	while (next_run(s, n, at, ret, ret_n)) {
		repeats_compare_trim(ret, ret_n);
		if (*ret_n > 0)
			return true;
	}
	return false;
}

int
repeats_read(const char *s, size_t n, struct repeats_text *ret)
{
	AUTO_BUF struct buf folded = {0}, stem = {0};
	bool code = false, was_code;
	const char *word;
	size_t at = 0, len;

	ret->n = 0;
	ret->too_long = false;
	while (next_run(s, n, &at, &word, &len)) {
		was_code = code || memchr(word, '`', len) != NULL;
		code = code_after(code, word, len);
		repeats_compare_trim(&word, &len);
		if (len == 0)
			continue;
		if (ret->n == ALIKE_WORDS) {
			ret->too_long = true;
			return 0;
		}
		if (repeats_compare_read_word(word, len, ret->n == 0, was_code,
			    &folded, &stem, &ret->words[ret->n]) != 0)
			return MDB_E_NOMEM;
		ret->n++;
	}
	return 0;
}

/* --- comparing ------------------------------------------------------------ */
void
repeats_sketch(const struct repeats_text *t, struct repeats_sketch *ret)
{
	*ret = (struct repeats_sketch){0};
	for (size_t i = 0; i < t->n; i++) {
		const struct repeats_word *w = &t->words[i];

		ret->same = (ret->same ^ w->folded) * 0x100000001b3;
		if (!w->stop)
			ret->bag |= UINT64_C(1) << (w->stem & 63);
	}
	ret->same |= 1;
}

bool
repeats_maybe(const struct repeats_sketch *a, const struct repeats_sketch *b)
{
	int apart = __builtin_popcountll(a->bag ^ b->bag);
	int all = __builtin_popcountll(a->bag | b->bag);

	return a->same == b->same || 4 * apart <= all + 2;
}

static bool
is_same_word(const struct repeats_word *a, const struct repeats_word *b)
{
	return a->folded == b->folded && a->exact == b->exact;
}

static bool
repeats_compare_is_same(const struct repeats_text *a,
	const struct repeats_text *b)
{
	if (a->n != b->n || a->n == 0)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_same_word(&a->words[i], &b->words[i]))
			return false;
	return true;
}

static size_t
count_content(const struct repeats_text *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += !t->words[i].stop;
	return n;
}

static bool
repeats_compare_matches(const struct repeats_word *a,
	const struct repeats_word *b)
{
	return a->stem == b->stem && (a->exact == b->exact) &&
	       (!a->hard || !b->hard || a->folded == b->folded);
}

/* Every word of `shorter` that says something is in `longer`, in order, and
 * what that has more is neither number nor name, date nor negation. */
static bool
is_within(const struct repeats_text *shorter, const struct repeats_text *longer)
{
	size_t i = 0;

	for (size_t k = 0; k < longer->n; k++) {
		const struct repeats_word *w = &longer->words[k];

		while (i < shorter->n && shorter->words[i].stop)
			i++;
		if (w->stop)
			continue;
		if (i < shorter->n &&
			repeats_compare_matches(&shorter->words[i], w))
			i++;
		else if (w->hard || w->maybe_name)
			return false;
	}
	while (i < shorter->n && shorter->words[i].stop)
		i++;
	return i == shorter->n;
}

enum alike
repeats_compare(const struct repeats_text *a, const struct repeats_text *b)
{
	size_t na, nb;

	if (a->too_long || b->too_long)
		return ALIKE_NOT;
	if (repeats_compare_is_same(a, b))
		return ALIKE_SAME;
	na = count_content(a);
	nb = count_content(b);
	if (na > nb) {
		const struct repeats_text *t = a;
		size_t n = na;

		a = b;
		b = t;
		na = nb;
		nb = n;
	}
	return na >= 2 && 4 * na >= 3 * nb && is_within(a, b) ? ALIKE_NEARLY
							      : ALIKE_NOT;
}

static size_t
count_shared(const struct repeats_text *a, const struct repeats_text *b)
{
	bool used[ALIKE_WORDS] = {0};
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; !a->words[i].stop && k < b->n; k++)
			if (!used[k] && !b->words[k].stop &&
				a->words[i].stem == b->words[k].stem) {
				used[k] = true;
				n++;
				break;
			}
	return n;
}

/* A number, a name or a negation that the other does not have. */
static bool
says_other(const struct repeats_text *wanted, const struct repeats_text *text)
{
	for (size_t i = 0; i < wanted->n; i++) {
		bool found = !wanted->words[i].hard;

		for (size_t k = 0; !found && k < text->n; k++)
			found = wanted->words[i].folded ==
				text->words[k].folded;
		if (!found)
			return true;
	}
	return false;
}

double
repeats_share(const struct repeats_text *wanted,
	const struct repeats_text *text)
{
	size_t na = count_content(wanted), nb = count_content(text);
	size_t few = na < nb ? na : nb, shared = count_shared(wanted, text);
	double dice;

	if (repeats_compare_is_same(wanted, text))
		return 1;
	if (few == 0)
		return 0;
	dice = 2 * (double)shared / (double)(na + nb);
	if (says_other(wanted, text))
		return 0.6 * dice;
	/* A part of it: near, and nearer the more of it that is. */
	return shared == few && few >= 2 ? 0.6 + 0.39 * dice : 0.98 * dice;
}
