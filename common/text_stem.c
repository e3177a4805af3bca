/* Stems by Snowball. A stemmer is not thread-safe and costs 2 us to make, so
 * each thread keeps a few, and with them the stems of words that it met last:
 * most words of a text are the same few hundred, and a stem costs 0.3 us. */
#include "common/text.h"

#include <libstemmer.h>
#include <pthread.h>
#include <string.h>
#include <utf8proc.h>

#include "common/err.h"
#include "common/utf8.h"

#define STEMMERS      4 /* languages a thread keeps at a time */
#define LANGUAGE_SIZE 24
#define MET_WORDS     2048 /* a power of 2 */
#define MET_BYTES     23   /* of a word and of its stem; longer ones are rare */

struct met_word {
	const struct sb_stemmer *stemmer; /* NULL: free */
	uint8_t n, stem_n;
	char word[MET_BYTES], stem[MET_BYTES];
};

struct stemmers {
	struct met_word met[MET_WORDS]; /* by the hash of the word */
	struct {
		char language[LANGUAGE_SIZE];
		struct sb_stemmer *stemmer;
	} of[STEMMERS];
	unsigned next; /* replaced when all are taken */
};

static pthread_key_t key;
static bool has_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
stemmers_free(void *p)
{
	struct stemmers *s = p;

	for (size_t i = 0; s && i < STEMMERS; i++)
		sb_stemmer_delete(s->of[i].stemmer);
	free(s);
}

static void
text_stem_make_key(void)
{
	has_key = pthread_key_create(&key, stemmers_free) == 0;
}

bool
text_stem_known(const char *stem)
{
	if (*stem == '\0')
		return true;
	for (const char **l = sb_stemmer_list(); *l; l++)
		if (strcmp(*l, stem) == 0)
			return strlen(stem) < LANGUAGE_SIZE;
	return false;
}

static struct stemmers *
stemmers_of_thread(void)
{
	struct stemmers *s;

	pthread_once(&once, text_stem_make_key);
	if (!has_key)
		return NULL;
	s = pthread_getspecific(key);
	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (s && pthread_setspecific(key, s) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

/* 0 and the stemmer, borrowed (NULL: unknown language), or MDB_E_NOMEM. */
static int
stemmer_of(struct stemmers *s, const char *language, struct sb_stemmer **ret)
{
	struct sb_stemmer *made;

	*ret = NULL;
	for (size_t i = 0; i < STEMMERS; i++) {
		if (strcmp(s->of[i].language, language) == 0) {
			*ret = s->of[i].stemmer;
			return 0;
		}
	}
	if (!text_stem_known(language))
		return 0;
	made = sb_stemmer_new(language, "UTF_8");
	if (!made)
		return MDB_E_NOMEM;
	sb_stemmer_delete(s->of[s->next].stemmer);
	memset(s->met, 0,
		sizeof(s->met)); /* its stems are not known any more */
	s->of[s->next].stemmer = made;
	memcpy(s->of[s->next].language, language, strlen(language) + 1);
	s->next = (s->next + 1) % STEMMERS;
	*ret = made;
	return 0;
}

static bool
text_stem_is_letter(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

	return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
	       c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC;
}

static bool
is_stemmable(const char *word, size_t n)
{
	uint32_t cp;

	if (n > TEXT_WORD_MAX)
		return false;
	for (size_t i = 0; i < n;) {
		size_t len;

		if (word[i] >= 'a' && word[i] <= 'z') {
			i++;
			continue;
		}
		len = utf8_decode(word + i, n - i, &cp);
		if (len < 2 || !text_stem_is_letter(cp))
			return false;
		i += len;
	}
	return true;
}

/* Where a word is kept; NULL: it is too long. */
static struct met_word *
met_slot(struct stemmers *s, const char *word, size_t n)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	if (n == 0 || n > MET_BYTES)
		return NULL;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)word[i]) * 16777619u;
	return &s->met[(h ^ h >> 15) % MET_WORDS];
}

static void
met_keep(struct met_word *met, const struct sb_stemmer *st, const char *word,
	size_t n, const struct buf *stem)
{
	if (!met || stem->len > MET_BYTES)
		return;
	met->stemmer = st;
	met->n = (uint8_t)n;
	met->stem_n = (uint8_t)stem->len;
	memcpy(met->word, word, n);
	memcpy(met->stem, stem->data, stem->len);
}

int
text_stem(const char *word, size_t n, const char *stem, struct buf *out)
{
	static _Thread_local struct stemmers *mine;
	struct sb_stemmer *st = NULL;
	const sb_symbol *result;
	struct met_word *met;
	int r;

	out->len = 0;
	if (*stem == '\0' || !is_stemmable(word, n))
		return buf_add(out, word, n);
	if (!mine && !(mine = stemmers_of_thread()))
		return MDB_E_NOMEM;
	if (stemmer_of(mine, stem, &st) < 0)
		return MDB_E_NOMEM;
	if (!st)
		return buf_add(out, word, n);
	met = met_slot(mine, word, n);
	if (met && met->stemmer == st && met->n == n &&
		memcmp(met->word, word, n) == 0)
		return buf_add(out, met->stem, met->stem_n);
	result = sb_stemmer_stem(st, (const sb_symbol *)word, (int)n);
	if (!result)
		return MDB_E_NOMEM;
	/* Some words are all suffix (Greek "αμε"); a word must leave a token. */
	r = sb_stemmer_length(st) <= 0
		    ? buf_add(out, word, n)
		    : buf_add(out, result, (size_t)sb_stemmer_length(st));
	if (r == 0)
		met_keep(met, st, word, n, out);
	return r;
}
