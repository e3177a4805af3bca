/* The judgement. A text becomes a set of the words that tell something: stemmed,
 * without "the" and "is". Three questions are asked of a fact, in this order:
 *
 *   contradicted  is there a sentence with half of its words that denies, where
 *                 the fact does not, or that gives the same thing another value
 *                 (order/fact_compare.h)? A question denies nothing.
 *   used          of the words that neither the prompt nor the recall had,
 *                 does the answer have half?
 *   ignored       everything else
 *
 * Example: the fact has cache, build, live, host, kestrel; the prompt had cache,
 * build, host. Left are live and kestrel, and "It is on kestrel." has one of the
 * two. Where the prompt had all of its words, the name of its entity is what the
 * fact told: "who has the build cache?" and an entity `kestrel`. */
#include "memory-db/model/useful/judge.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/text.h"
#include "common/vec.h"
#include "memory-db/model/order/fact_compare.h"

/* Of a fact: enough to know it by. */
#define FACT_BYTES 2000
/* Of its words, those that an answer has that used it, and a sentence that
 * speaks of it. */
#define USED_SHARE   0.5
#define SPEAKS_SHARE 0.5
/* Of a sentence that gives it another value: all but that, about. */
#define VALUE_SHARE 0.7
/* Sentences that are compared with a fact: more speak of it in no answer. */
#define COMPARED 8
/* Of an answer; what comes behind them is looked at as a whole only. Each is
 * compared with each fact while the writer waits. */
#define SENTENCES 2000
/* How sure a comparison has to be: that of detect_conflicts. */
#define SURE 0.85
/* Words this short tell nothing, but for numbers. */
#define SHORT 3

struct words {
	uint64_t *v; /* owned; sorted, each once */
	size_t n, cap;
};

struct sentence_said {
	const char *s; /* of its text */
	size_t n;
	struct words words;
	bool denies, asks;
};

struct said {
	char *text; /* owned */
	size_t n;
	struct words words;
	struct sentence_said *v; /* owned */
	size_t v_n, cap;
};

struct judge {
	struct said asked, answer;
	struct words query; /* of the recall at hand */
};

/* --- words ---------------------------------------------------------------- */
static void
words_done(struct words *w)
{
	free(w->v);
	*w = (struct words){0};
}
#define AUTO_WORDS __attribute__((cleanup(words_done)))

static uint64_t
hash_of(const char *s, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
	return h;
}

static int
words_compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
is_telling(const char *word, size_t n)
{
	return (n >= SHORT || isdigit((unsigned char)word[0])) &&
	       !text_is_stop(word, n);
}

/* The telling words of a text. */
static int
words_of(const char *s, size_t n, struct words *ret)
{
	AUTO_BUF struct buf tokens = {0};
	size_t out = 0;

	if (text_tokens(s, n, "english", &tokens) < 0)
		return MDB_E_NOMEM;
	for (size_t at = 0; at < tokens.len;) {
		const char *word = tokens.data + at;
		const char *end = memchr(word, ' ', tokens.len - at);
		size_t len = end ? (size_t)(end - word) : tokens.len - at;

		at += len + 1;
		if (len == 0 || !is_telling(word, len))
			continue;
		if (vec_room(ret->v, ret->n, ret->cap) != 0)
			return MDB_E_NOMEM;
		ret->v[ret->n++] = hash_of(word, len);
	}
	if (ret->n == 0)
		return 0;
	qsort(ret->v, ret->n, sizeof(*ret->v), words_compare);
	for (size_t i = 0; i < ret->n; i++)
		if (out == 0 || ret->v[out - 1] != ret->v[i])
			ret->v[out++] = ret->v[i];
	ret->n = out;
	return 0;
}

static bool
words_have(const struct words *w, uint64_t x)
{
	return w->n > 0 &&
	       bsearch(&x, w->v, w->n, sizeof(x), words_compare) != NULL;
}

static double
share_in(const struct words *of, const struct words *in)
{
	size_t hits = 0;

	for (size_t i = 0; i < of->n; i++)
		hits += words_have(in, of->v[i]);
	return of->n == 0 ? 0 : (double)hits / (double)of->n;
}

/* The share of those that neither prompt nor recall had which the answer has; -1:
 * they had all. */
static double
share_of_new(const struct judge *j, const struct words *of)
{
	size_t n = 0, hits = 0;

	for (size_t i = 0; i < of->n; i++) {
		if (words_have(&j->asked.words, of->v[i]) ||
			words_have(&j->query, of->v[i]))
			continue;
		n++;
		hits += words_have(&j->answer.words, of->v[i]);
	}
	return n == 0 ? -1 : (double)hits / (double)n;
}

/* --- sentences ------------------------------------------------------------ */
static bool
is_of_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Words that deny, in the languages that instructions are known in. They are
 * looked for as they are written: stems of them say less. */
static bool
denies(const char *s, size_t n)
{
	static const char *const cues[] = {"not", "isn", "aren", "wasn", "don",
		"doesn", "didn", "won", "no", "never", "instead", "outdated",
		"wrong", "incorrect", "longer", "contrary", "nicht", "kein",
		"keine", "nie", "falsch", "non", "ne", "pas", "jamais", "nunca",
		"ya"};

	for (size_t at = 0; at < n;) {
		char word[16];
		size_t len = 0, k = 0;

		while (at < n && !is_of_word(s[at]))
			at++;
		for (; at + len < n && is_of_word(s[at + len]); len++)
			if (k + 1 < sizeof(word))
				word[k++] = (char)tolower(
					(unsigned char)s[at + len]);
		word[k] = '\0';
		at += len;
		for (size_t i = 0; len > 0 && i < ARRAY_LEN(cues); i++)
			if (len == k && strcmp(word, cues[i]) == 0)
				return true;
	}
	return false;
}

/* Bytes of the sentence at s. "v1.2" and "a.b" end none. */
static size_t
sentence_length(const char *s, size_t n)
{
	size_t i = 0;

	for (; i < n; i++) {
		if (s[i] == '\n' || s[i] == '!' || s[i] == '?')
			break;
		if (s[i] == '.' && (i + 1 == n || !is_of_word(s[i + 1])))
			break;
	}
	return i;
}

static int
said_read(const char *text, size_t n, struct said *ret)
{
	ret->text = strndup(text, n);
	if (!ret->text)
		return MDB_E_NOMEM;
	ret->n = strlen(ret->text);
	if (words_of(ret->text, ret->n, &ret->words) != 0)
		return MDB_E_NOMEM;
	for (size_t at = 0; at < ret->n;) {
		const char *s = ret->text + at;
		size_t len = sentence_length(s, ret->n - at);
		struct sentence_said *x;

		at += len + 1;
		if (len == 0)
			continue;
		if (ret->v_n == SENTENCES)
			break;
		if (vec_room(ret->v, ret->v_n, ret->cap) != 0)
			return MDB_E_NOMEM;
		x = &ret->v[ret->v_n++];
		*x = (struct sentence_said){.s = s,
			.n = len,
			.denies = denies(s, len),
			.asks = s[len] == '?'};
		if (words_of(s, len, &x->words) != 0)
			return MDB_E_NOMEM;
		/* A sentence that says nothing speaks of no fact. */
		if (x->words.n == 0)
			ret->v_n--;
	}
	return 0;
}

static void
said_done(struct said *x)
{
	for (size_t i = 0; i < x->v_n; i++)
		words_done(&x->v[i].words);
	free(x->v);
	words_done(&x->words);
	free(x->text);
}

int
judge_new(const char *asked, size_t asked_n, const char *answer,
	size_t answer_n, struct judge **ret, struct err *e)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return err_nomem(e);
	if (said_read(asked, asked_n, &j->asked) != 0 ||
		said_read(answer, answer_n, &j->answer) != 0) {
		judge_free(j);
		return err_nomem(e);
	}
	*ret = j;
	return 0;
}

void
judge_free(struct judge *j)
{
	if (!j)
		return;
	said_done(&j->asked);
	said_done(&j->answer);
	words_done(&j->query);
	free(j);
}

int
judge_asked_with(struct judge *j, const char *query, size_t n, struct err *e)
{
	words_done(&j->query);
	return words_of(query, n, &j->query) != 0 ? err_nomem(e) : 0;
}

/* --- one fact ------------------------------------------------------------- */

/* Does the sentence give what the fact is about another value? */
static int
has_other_value(const struct judged_fact *f, const char *text,
	const struct sentence_said *x, struct err *e)
{
	AUTO_FREE char *name = strndup(f->name, f->name_n);
	AUTO_FREE char *said = strndup(x->s, x->n);
	struct fact_said a = {name, text, INT64_MIN, INT64_MAX};
	struct fact_said b = {name, said, INT64_MIN, INT64_MAX};
	struct fact_verdict v = {0};
	int rc;

	if (!name || !said)
		return err_nomem(e);
	rc = fact_compare(&a, &b, &v);
	buf_done(&v.reason);
	if (rc != 0)
		return err_nomem(e);
	return v.confidence >= SURE &&
	       (v.kind == FACTS_CONTRADICTION || v.kind == FACTS_UPDATE);
}

/* 1: a sentence speaks of the fact and says something else. */
static int
contradicts(const struct said *said, const struct judged_fact *f,
	const char *text, const struct words *words, struct err *e)
{
	bool is_denial = denies(text, strlen(text));
	int compared = 0;

	for (size_t i = 0; i < said->v_n; i++) {
		const struct sentence_said *x = &said->v[i];
		double share = share_in(words, &x->words);
		int rc;

		if (x->asks || share < SPEAKS_SHARE)
			continue;
		if (x->denies && !is_denial)
			return 1;
		if (share < VALUE_SHARE || compared++ >= COMPARED)
			continue;
		rc = has_other_value(f, text, x, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The begin of the fact's text; its words. */
static int
begin_fact(const struct judged_fact *f, char **ret_text, struct words *ret,
	struct err *e)
{
	size_t n = f->text_n > FACT_BYTES ? text_cut(f->text, FACT_BYTES)
					  : f->text_n;

	*ret_text = strndup(f->text, n);
	if (!*ret_text || words_of(*ret_text, strlen(*ret_text), ret) != 0)
		return err_nomem(e);
	return 0;
}

int
judge_fact(const struct judge *j, const struct judged_fact *f,
	enum outcome *ret, struct err *e)
{
	AUTO_WORDS struct words words = {0}, name = {0};
	AUTO_FREE char *text = NULL;
	double share;
	int rc = begin_fact(f, &text, &words, e);

	if (rc != 0 || words.n == 0)
		return rc;
	*ret = OUTCOME_CONTRADICTED;
	rc = contradicts(&j->answer, f, text, &words, e);
	if (rc != 0)
		return rc;
	rc = contradicts(&j->asked, f, text, &words, e);
	if (rc != 0)
		return rc;
	share = share_of_new(j, &words);
	if (share < 0) {
		if (words_of(f->name, f->name_n, &name) != 0)
			return err_nomem(e);
		share = share_of_new(j, &name);
	}
	*ret = share >= USED_SHARE ? OUTCOME_USED : OUTCOME_IGNORED;
	return 1;
}

int
judge_denied(const struct judge *j, const struct judged_fact *f, struct err *e)
{
	AUTO_WORDS struct words words = {0};
	AUTO_FREE char *text = NULL;
	int rc = begin_fact(f, &text, &words, e);

	if (rc != 0 || words.n == 0)
		return rc;
	return contradicts(&j->asked, f, text, &words, e);
}
