/* WordPiece. A word is cut from its begin into the longest tokens of the
 * vocabulary; one that cannot be, or is too long, is unknown as a whole.
 *
 * Of a tokenizer.json are read: `normalizer` (BertNormalizer), `pre_tokenizer`
 * (BertPreTokenizer) and `model` (WordPiece). Special tokens such as "[SEP]"
 * are not looked for in texts: nobody means them. */
#include "memory-db/embed/wordpiece.h"

#include <string.h>

#include "common/jx.h"

#define TOKEN_MAX   255 /* bytes; longer ones no word can have */
#define MEDIAN_MOST 64

/* --- tokenizer.json ------------------------------------------------------- */

/* o[key] with "type" as it must be. */
static int
wordpiece_read_part(const json_t *o, const char *key, const char *type,
	json_t **ret, struct err *e)
{
	const char *is = NULL;
	int rc = jx_object(o, key, JX_REQUIRED, ret, e);

	if (rc != 0)
		return rc;
	rc = jx_string(*ret, "type", JX_REQUIRED, &is, NULL, e);
	if (rc != 0)
		return rc;
	if (strcmp(is, type) != 0)
		rc = err_set(e, MDB_E_INVALID,
			"the %s is of type %s; only %s is understood: take a "
			"model with a WordPiece tokenizer, such as those made "
			"from uncased BERT",
			key, is, type);
	return rc;
}

static int
read_rules(const json_t *o, struct bert_rules *r, struct err *e)
{
	int rc;

	*r = (struct bert_rules){true, true, true, true};
	if ((rc = jx_bool(o, "clean_text", JX_OPTIONAL, &r->clean_text, e)) <
			0 ||
		(rc = jx_bool(o, "handle_chinese_chars", JX_OPTIONAL,
			 &r->handle_chinese_chars, e)) < 0 ||
		(rc = jx_bool(o, "lowercase", JX_OPTIONAL, &r->lowercase, e)) <
			0)
		return rc;
	/* null: as lowercase */
	r->strip_accents = r->lowercase;
	rc = jx_bool(o, "strip_accents", JX_OPTIONAL, &r->strip_accents, e);
	return rc < 0 ? rc : 0;
}

struct filling {
	struct wordpiece *w;
	const char *prefix;
	size_t prefix_n;
	size_t lengths[MEDIAN_MOST + 1]; /* tokens of so many characters */
};

static size_t
wordpiece_characters(const char *s, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += ((unsigned char)s[i] & 0xc0) != 0x80;
	return k;
}

static int
wordpiece_add_token(struct filling *f, const char *s, size_t n, uint32_t id)
{
	size_t chars = wordpiece_characters(s, n);
	bool continues =
		n >= f->prefix_n && memcmp(s, f->prefix, f->prefix_n) == 0;

	f->lengths[chars < MEDIAN_MOST ? chars : MEDIAN_MOST]++;
	f->w->tokens++;
	if (id > f->w->highest)
		f->w->highest = id;
	if (n > 0 && n <= TOKEN_MAX && (!continues || f->prefix_n == 0) &&
		vocabulary_add(f->w->whole, s, n, id) < 0)
		return MDB_E_NOMEM;
	if (n > f->prefix_n && n - f->prefix_n <= TOKEN_MAX && continues &&
		vocabulary_add(f->w->rest, s + f->prefix_n, n - f->prefix_n,
			id) < 0)
		return MDB_E_NOMEM;
	return 0;
}

static size_t
median(const struct filling *f)
{
	size_t below = 0, chars = 0;

	while (chars < MEDIAN_MOST &&
		(below += f->lengths[chars]) * 2 <= f->w->tokens)
		chars++;
	return chars;
}

static int
read_vocabulary(struct filling *f, json_t *vocab, struct err *e)
{
	const char *text;
	json_t *v;

	if (json_object_size(vocab) == 0)
		return err_set(e, MDB_E_INVALID, "the vocabulary is empty");
	f->w->whole = vocabulary_new();
	f->w->rest = vocabulary_new();
	if (!f->w->whole || !f->w->rest)
		return err_nomem(e);
	json_object_foreach(vocab, text, v) {
		int64_t id = 0;

		if (!jx_integral(v, &id) || id < 0 || id > WORDPIECE_ID_MAX)
			return err_set(e, MDB_E_INVALID,
				"the number of token '%s' must be an integer "
				"from 0 to %d",
				text, WORDPIECE_ID_MAX);
		if (wordpiece_add_token(f, text, strlen(text), (uint32_t)id) <
			0)
			return err_nomem(e);
	}
	f->w->median_chars = median(f);
	return 0;
}

static int
read_model(const json_t *model, struct wordpiece *w, struct err *e)
{
	struct filling f = {.w = w, .prefix = "##"};
	const char *unknown = "[UNK]";
	int64_t chars = 100, id = -1;
	json_t *vocab = NULL;
	int rc;

	if ((rc = jx_string(model, "continuing_subword_prefix", JX_OPTIONAL,
		     &f.prefix, NULL, e)) < 0 ||
		(rc = jx_string(model, "unk_token", JX_OPTIONAL, &unknown, NULL,
			 e)) < 0 ||
		(rc = jx_int(model, "max_input_chars_per_word", JX_OPTIONAL, 1,
			 INT64_MAX, &chars, e)) < 0 ||
		(rc = jx_object(model, "vocab", JX_REQUIRED, &vocab, e)) < 0)
		return rc;
	f.prefix_n = strlen(f.prefix);
	w->word_chars =
		chars < BERT_WORD_CHARS ? (size_t)chars : BERT_WORD_CHARS;
	rc = read_vocabulary(&f, vocab, e);
	if (rc < 0)
		return rc;
	jx_integral(json_object_get(vocab, unknown), &id);
	w->unknown = id;
	return 0;
}

static int
wordpiece_read_all(const json_t *o, struct wordpiece *w, struct err *e)
{
	json_t *model = NULL, *normalizer = NULL, *words = NULL;
	int rc;

	/* The model first: its type is what tells most. */
	if ((rc = wordpiece_read_part(o, "model", "WordPiece", &model, e)) <
			0 ||
		(rc = wordpiece_read_part(o, "normalizer", "BertNormalizer",
			 &normalizer, e)) < 0 ||
		(rc = wordpiece_read_part(o, "pre_tokenizer",
			 "BertPreTokenizer", &words, e)) < 0 ||
		(rc = read_rules(normalizer, &w->rules, e)) < 0)
		return rc;
	return read_model(model, w, e);
}

int
wordpiece_open(const char *json, size_t n, struct wordpiece *ret, struct err *e)
{
	struct wordpiece w = {.unknown = -1};
	struct err why = {0};
	AUTO_JSON json_t *o = jx_parse(json, n, &why);
	int rc;

	if (!o)
		return why.code == MDB_E_NOMEM
			       ? err_nomem(e)
			       : err_set(e, MDB_E_INVALID, "%s", why.text);
	rc = wordpiece_read_all(o, &w, e);
	if (rc < 0) {
		wordpiece_done(&w);
		return rc;
	}
	*ret = w;
	return 0;
}

void
wordpiece_done(struct wordpiece *w)
{
	vocabulary_free(w->whole);
	vocabulary_free(w->rest);
	w->whole = w->rest = NULL;
}

/* --- texts ---------------------------------------------------------------- */

struct cutting {
	const struct wordpiece *w;
	uint32_t *ids;
	size_t n, max;
};

static void
wordpiece_put(struct cutting *c, size_t *n, uint32_t id)
{
	if (id != c->w->unknown && *n < c->max)
		c->ids[(*n)++] = id;
}

/* Tokens count when all of the word is cut. */
static int
cut_word(void *ctx, const struct bert_word *word)
{
	struct cutting *c = ctx;
	const struct vocabulary *v = c->w->whole;
	size_t n = c->n, len;

	if (word->chars > c->w->word_chars)
		return 0;
	for (size_t i = 0; i < word->n; i += len) {
		uint32_t id = 0;

		len = vocabulary_longest(v, word->s + i, word->n - i, &id);
		if (len == 0)
			return 0;
		wordpiece_put(c, &n, id);
		v = c->w->rest;
	}
	c->n = n;
	return c->n == c->max;
}

size_t
wordpiece_ids(const struct wordpiece *w, const char *s, size_t n, uint32_t *ids,
	size_t max)
{
	struct cutting c = {.w = w, .ids = ids, .max = max};
	int full = max > 0 ? bert_words(&w->rules, s, n, cut_word, &c) : 0;

	(void)full;
	return c.n;
}
