/* Of two words with k letters changed, one of k + 1 pieces is whole in both: so
 * the vocabulary is asked for words that begin with the first piece and words
 * with one of the others in them. Each list is cut at a bound: a piece that
 * stands in many words is none to go by. */
#include "memory-db/model/search/query_spelling.h"

#include <ctype.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"

/* Letters from which one may be wrong, and two. Shorter words have too many
 * neighbours: house, horse. */
#define ONE_FROM 7
#define TWO_FROM 10
/* Words of the vocabulary looked at for each piece. */
#define LOOKED 512
/* A piece of less is in too many words. */
#define PIECE_LEAST 3

struct query_spelling_looking {
	char word[TEXT_WORD_MAX + 1], best[TEXT_WORD_MAX + 1];
	size_t n;
	unsigned most, distance; /* of the best */
};

/* Two neighbours that changed places are one slip. */
static bool
is_swapped(const char *a, const char *b)
{
	size_t i = 0, n = strlen(a);

	while (i < n && a[i] == b[i])
		i++;
	return strlen(b) == n && i + 1 < n && a[i] == b[i + 1] &&
	       a[i + 1] == b[i] && strcmp(a + i + 2, b + i + 2) == 0;
}

static int
query_spelling_look_at(void *ctx, const char *term, size_t n)
{
	struct query_spelling_looking *l = ctx;
	char text[TEXT_WORD_MAX + 1];
	unsigned distance;

	/* The first letter is seldom wrong. */
	if (n > TEXT_WORD_MAX || n + l->most < l->n || n > l->n + l->most ||
		term[0] != l->word[0])
		return 0;
	memcpy(text, term, n);
	text[n] = '\0';
	distance = is_swapped(l->word, text)
			   ? 1
			   : text_distance(l->word, text, l->most);
	/* Of several the first by spelling, so that it is always the same. */
	if (distance > 0 && distance <= l->most &&
		(distance < l->distance ||
			(distance == l->distance &&
				strcmp(text, l->best) < 0))) {
		l->distance = distance;
		memcpy(l->best, text, n + 1);
	}
	return 0;
}

static bool
query_spelling_fits(const char *word, size_t n)
{
	if (n < ONE_FROM || n > TEXT_WORD_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (isdigit((unsigned char)word[i]))
			return false;
	return true;
}

static int
query_spelling_look(struct query_spelling_looking *l, struct store *st,
	struct err *e)
{
	size_t pieces = l->most + 1, at = 0;
	for (size_t i = 0; i < pieces; i++) {
		size_t end = i + 1 == pieces ? l->n
					     : text_cut(l->word,
						       l->n * (i + 1) / pieces);

		int rc = 0;

		if (end - at >= PIECE_LEAST)
			rc = search_terms(st,
				i == 0 ? SEARCH_PREFIX : SEARCH_INFIX,
				l->word + at, end - at, LOOKED,
				query_spelling_look_at, l, e);
		if (rc < 0)
			return rc;
		at = end;
	}
	return 0;
}

int
query_spelling(struct query_terms *t, struct store *st, const char *word,
	size_t n, struct query_word *ret, struct err *e)
{
	struct query_spelling_looking l = {.n = n};
	size_t at = t->tokens.len;
	int rc;

	if (!query_spelling_fits(word, n))
		return QUERY_NEAR_NOT;
	memcpy(l.word, word, n);
	l.most = n >= TWO_FROM ? 2 : 1;
	l.distance = l.most + 1;
	rc = query_spelling_look(&l, st, e);
	if (rc < 0 || l.distance > l.most)
		return rc;
	if (text_tokens(l.best, strlen(l.best), t->stem, &t->tokens) < 0)
		return err_nomem(e);
	ret->at = at;
	ret->n = t->tokens.len - at;
	ret->is_near = true;
	return buf_addc(&t->tokens, ' ') < 0 ? err_nomem(e) : 1;
}
