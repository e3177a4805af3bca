/* A sentence as words; words.h says what a word knows.
 *
 * Everything behind this file asks for words by their lower case ("is",
 * "not"), so that each short form must have become its two words here:
 *
 *   "I'm"       i, am            "can't"    can, not
 *   "Bob's a"   bob, is, a       "Bob's car"   bob, 's, car
 *
 * "'s" is the hard one: it stands for "is" or "has" only where the words
 * around it allow nothing else (read_s). Marks between words are kept as flags
 * of the word behind them, because a comma may end a clause. */
#include "memory-db/model/extract/words.h"

#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"

/* Signs that people write in more than one way. */
static const struct {
	const char *from, *to;
} signs[] = {
	{"\xe2\x80\x99", "'"},
	{"\xe2\x80\x98", "'"},
	{"\xe2\x80\x9c", "\""},
	{"\xe2\x80\x9d", "\""},
	{"\xe2\x80\x93", " - "},
	{"\xe2\x80\x94", " - "},
	{"\xe2\x80\xa6", "..."},
	{"\xc2\xa0", " "},
	{"\xe2\x86\x92", " to "},
};

/* Into ret->text: with plain signs, without marks of emphasis. */
static bool
plain(const char *s, size_t n, struct extract_words *ret)
{
	size_t k = 0;

	for (size_t i = 0; i < n;) {
		const char *to = NULL;
		size_t used = 1;

		/* No letter of ASCII begins one of them. */
		for (size_t x = (s[i] & 0x80) ? 0 : ARRAY_LEN(signs);
			x < ARRAY_LEN(signs) && !to; x++) {
			size_t m = strlen(signs[x].from);

			if (n - i >= m && memcmp(s + i, signs[x].from, m) == 0)
				to = signs[x].to, used = m;
		}
		if (!to && (s[i] == '`' || (s[i] == '*' && n - i > 1 &&
						   s[i + 1] == '*')))
			to = "", used = s[i] == '`' ? 1 : 2;
		if (k + 4 > SENTENCE_BYTES)
			return false;
		for (; to && *to; to++)
			ret->text[k++] = *to;
		if (!to)
			ret->text[k++] = s[i] == '\t' ? ' ' : s[i];
		i += used;
	}
	ret->text[k] = '\0';
	ret->n = k;
	return true;
}

static bool
is_word_byte(const char *s, size_t i, size_t n)
{
	unsigned char c = (unsigned char)s[i];

	if (isalnum(c) || c >= 0x80 || c == '_' || c == '@' || c == '#' ||
		c == '$' || c == '%' || c == '~' || c == '=' || c == '<' ||
		c == '>')
		return true;
	/* "-D", "--fix" */
	if (c == '-' && i + 1 < n &&
		(i == 0 || s[i - 1] == ' ' || s[i - 1] == '-') &&
		(isalpha((unsigned char)s[i + 1]) ||
			(s[i + 1] == '-' && i + 2 < n &&
				isalpha((unsigned char)s[i + 2]))))
		return true;
	/* Within a word: it's, 3.11, node-gyp, a/b, 10:30, C++. */
	if (strchr("'.-/:+&,*", c) == NULL)
		return false;
	if (c == '+' && i > 0 &&
		(isalnum((unsigned char)s[i - 1]) || s[i - 1] == '+'))
		return true;
	if (c == '/' && i > 0 && s[i - 1] == ':') /* https:// */
		return i + 1 < n && s[i + 1] == '/';
	if (c == '/' || c == '.') /* /etc, .env */
		return i + 1 < n &&
		       (isalnum((unsigned char)s[i + 1]) || s[i + 1] == '_');
	if (c == ',')
		return i > 0 && isdigit((unsigned char)s[i - 1]) && i + 1 < n &&
		       isdigit((unsigned char)s[i + 1]);
	return i > 0 && i + 1 < n && isalnum((unsigned char)s[i - 1]) &&
	       (isalnum((unsigned char)s[i + 1]) || s[i + 1] == '/');
}

static struct extract_word *
words_add_word(struct extract_words *w, const char *s, size_t n, unsigned flags)
{
	struct extract_word *x;

	if (w->words == SENTENCE_WORDS)
		return NULL;
	x = &w->v[w->words++];
	*x = (struct extract_word){.s = s, .n = n, .flags = flags};
	if (n < WORD_BYTES)
		for (size_t i = 0; i < n; i++)
			x->low[i] = (char)tolower((unsigned char)s[i]);
	if (isupper((unsigned char)s[0]) || (unsigned char)s[0] == 0xc3)
		x->flags |= W_CAPITAL;
	for (size_t i = 0; i < n; i++)
		if (isdigit((unsigned char)s[i]))
			x->flags |= W_NUMBER;
	return x;
}

static void
set_low(struct extract_word *x, const char *low)
{
	memcpy(x->low, low, strlen(low) + 1);
}

/* Second halves of short forms, and what they stand for. */
static const struct {
	const char *end, *is;
} halves[] = {
	{"'m", "am"},
	{"'re", "are"},
	{"'ve", "have"},
	{"'ll", "will"},
	{"'d", "would"},
	{"n't", "not"},
	{"'s", "'s"},
};

/* "cant", "im": as many write. */
static const struct {
	const char *low, *first, *second;
} sloppy[] = {
	{"im", "i", "am"},
	{"ive", "i", "have"},
	{"dont", "do", "not"},
	{"doesnt", "does", "not"},
	{"didnt", "did", "not"},
	{"cant", "can", "not"},
	{"cannot", "can", "not"},
	{"isnt", "is", "not"},
	{"wont", "will", "not"},
	{"wasnt", "was", "not"},
	{"gonna", "going", "to"},
	{"wanna", "want", "to"},
	{"gotta", "have", "to"},
	{"havent", "have", "not"},
	{"hasnt", "has", "not"},
};

/* One word, written for another. */
static const struct {
	const char *low, *is;
} hasty[] = {
	{"u", "you"},
	{"ur", "your"},
	{"pls", "please"},
	{"plz", "please"},
	{"w/o", "without"},
	{"tmrw", "tomorrow"},
	{"tmr", "tomorrow"},
	{"bc", "because"},
	{"coz", "because"},
	{"ppl", "people"},
};

/* "can't" is can, "won't" will. */
static void
mend_first(struct extract_word *x, const char *half)
{
	if (strcmp(half, "n't") != 0)
		return;
	if (strcmp(x->low, "ca") == 0)
		set_low(x, "can");
	else if (strcmp(x->low, "wo") == 0)
		set_low(x, "will");
	else if (strcmp(x->low, "sha") == 0)
		set_low(x, "shall");
	else if (strcmp(x->low, "ai") == 0)
		set_low(x, "is");
}

static bool
add_split(struct extract_words *w, const char *s, size_t n, unsigned flags)
{
	struct extract_word *x;

	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		size_t k = strlen(halves[i].end);

		if (n <= k || strncasecmp(s + n - k, halves[i].end, k) != 0)
			continue;
		x = words_add_word(w, s, n - k, flags);
		if (x)
			mend_first(x, halves[i].end);
		x = x ? words_add_word(w, s + n - k, k, flags & W_QUOTED)
		      : NULL;
		if (!x)
			return false;
		set_low(x, halves[i].is);
		x->flags = (x->flags & ~(unsigned)W_CAPITAL) | W_PART;
		return true;
	}
	x = words_add_word(w, s, n, flags);
	for (size_t i = 0; x && i < ARRAY_LEN(sloppy); i++)
		if (strcmp(x->low, sloppy[i].low) == 0) {
			set_low(x, sloppy[i].first);
			x = words_add_word(w, s + n, 0, W_PART);
			if (x)
				set_low(x, sloppy[i].second);
			break;
		}
	for (size_t i = 0; x && i < ARRAY_LEN(hasty); i++)
		if (!(x->flags & W_CAPITAL) &&
			strcmp(x->low, hasty[i].low) == 0) {
			set_low(x, hasty[i].is);
			break;
		}
	return x != NULL;
}

/* "'s" is has or is behind words that own nothing, and before what is said of
 * somebody: "Bob's a nurse". */
static void
read_s(struct extract_words *w)
{
	static const char *const heads =
		"it|he|she|that|what|there|here|who|this|where|everything|how";
	static const char *const tails = "a|an|the|not|been|in|from|at|on|our|"
					 "my|really|now|currently|going|got";
	/* The same behind a name: "Mert's vegetarian". */
	static const char *const states = "vegetarian|vegan|allergic|pregnant|"
					  "married|engaged|divorced|retired|"
					  "sick|away|back|out|diabetic|also|"
					  "still|just|always|never|afraid|"
					  "scared|obsessed|turning|very|so|"
					  "super|pretty|only|about|into|off|"
					  "great|good|better|worse|too|all";

	for (int i = 1; i < w->words; i++) {
		const char *next = extract_low(w, i + 1);
		size_t n = strlen(next);

		if (strcmp(w->v[i].low, "'s") != 0)
			continue;
		if (extract_in(next, "been|got|had"))
			set_low(&w->v[i], "has");
		else if (extract_in(w->v[i - 1].low, heads) ||
			 extract_in(next, tails) ||
			 (n > 5 && strcmp(next + n - 3, "ing") == 0 &&
				 !extract_in(next, "meeting|wedding|training|"
						   "building|engineering|"
						   "onboarding|morning")))
			set_low(&w->v[i], "is");
		else if (w->v[i - 1].flags & W_CAPITAL &&
			 extract_in(next, states))
			set_low(&w->v[i], "is");
		/* "Kiwi's 17", "the key's with Mrs Hahn", "the tour's
		 * confirmed", "my daughter's called Noor" */
		else if (
			extract_in(next,
				"with|under|behind|until|already|called|named") ||
			(n > 4 && strcmp(next + n - 2, "ed") == 0 &&
				(i + 2 >= w->words ||
					w->v[i + 2].flags &
						(W_COMMA | W_BREAK) ||
					extract_in(extract_low(w, i + 2),
						"btw|for|in|on|at|by|to|from|"
						"with|until|and|again|now"))) ||
			(strcmp(next, "number") == 0 && i + 2 < w->words &&
				w->v[i + 2].flags & W_NUMBER) ||
			(next[0] >= '0' && next[0] <= '9' && n <= 2 &&
				(i + 2 >= w->words ||
					w->v[i + 2].flags &
						(W_COMMA | W_BREAK) ||
					extract_in(extract_low(w, i + 2),
						"and|now|years"))))
			set_low(&w->v[i], "is");
		else if (strcmp(w->v[i - 1].low, "let") == 0)
			set_low(&w->v[i], "us");
	}
}

bool
extract_words_read(const char *s, size_t n, struct extract_words *ret)
{
	unsigned before = 0;
	bool quoted = false;

	ret->words = 0;
	ret->is_question = ret->is_loud = false;
	if (n > SENTENCE_BYTES || !plain(s, n, ret))
		return false;
	s = ret->text;
	for (size_t i = 0; i < ret->n;) {
		size_t k = i;

		while (k < ret->n && is_word_byte(s, k, ret->n))
			k++;
		/* A time or a label ends with its colon. */
		while (k > i + 1 && strchr("'.:,-/", s[k - 1]) != NULL)
			k--;
		if (k > i) {
			if (!add_split(ret, s + i, k - i,
				    before | (quoted ? W_QUOTED : 0u)))
				return false;
			before = 0;
			i = k;
			continue;
		}
		if (s[i] == ',')
			before |= W_COMMA;
		else if (strchr(";:()[]|", s[i]) != NULL ||
			 (s[i] == '-' && (before & W_BREAK) == 0))
			before |= W_BREAK;
		else if (s[i] == '&' || s[i] == '+')
			before |= W_PLUS;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (s[i] == '?')
			ret->is_question = true;
		else if (s[i] == '!')
			ret->is_loud = true;
		i++;
	}
	read_s(ret);
	for (int i = 0; i < ret->words; i++)
		ret->v[i].hash =
			extract_hash(ret->v[i].low, strlen(ret->v[i].low));
	return ret->words > 0;
}

/* --- what words are ------------------------------------------------------- */

const char *
extract_low(const struct extract_words *w, int i)
{
	return i >= 0 && i < w->words ? w->v[i].low : "";
}

bool
extract_is(const struct extract_words *w, int i, const char *low)
{
	return strcmp(extract_low(w, i), low) == 0;
}
