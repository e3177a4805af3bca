/* How pieces are chosen.
 *
 * All sequences of GRAM bytes are counted, in how many texts each stands. The
 * texts are cut into as many stretches as pieces are wanted; of each stretch
 * the window of PIECE bytes is taken whose sequences have the highest counts
 * together. What was taken counts no more, so that the next stretch brings
 * something else. (The idea is that of "COVER": Liao, Petri, Moffat, Wirth,
 * Effective Construction of Relative Lempel-Ziv Dictionaries, 2016.) Sequences
 * of one text only count nothing, and bytes that stand in no other are left
 * out.
 *
 * Counts stand in a table by hash; two sequences that share a place count
 * together, which only costs a byte here and there. */
#include "memory-db/store/engine/train.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"

#define GRAM	    6
#define PIECE	    64
#define WINDOW	    (PIECE - GRAM + 1) /* sequences in it */
#define TABLE_BITS  18
#define PASSES	    6
#define PIECES_MAX  4096
#define LEAST_TEXTS 2

struct piece {
	uint32_t at, n;
	uint64_t score;
};

struct train {
	struct buf texts; /* each with a NUL behind it */
	uint32_t count[1 << TABLE_BITS];
	uint32_t last_text[1 << TABLE_BITS]; /* that counted it */
	uint16_t inside[1 << TABLE_BITS];    /* how often in the window */
	uint32_t texts_n;
	struct piece pieces[PIECES_MAX];
	size_t pieces_n, pieces_bytes;
	size_t at; /* of the next stretch */
	int passes;
	bool has_gained; /* in this pass */
};

int
train_new(struct train **ret)
{
	struct train *t = calloc(1, sizeof(*t));

	if (!t)
		return MDB_E_NOMEM;
	*ret = t;
	return 0;
}

void
train_free(struct train *t)
{
	if (!t)
		return;
	buf_done(&t->texts);
	free(t);
}

static unsigned
gram_at(const char *p)
{
	uint64_t v = 0;

	memcpy(&v, p, GRAM);
	return (unsigned)((v * UINT64_C(0x9e3779b97f4a7c15)) >>
			  (64 - TABLE_BITS));
}

/* A sequence over the end of a text belongs to none. */
static bool
train_is_whole(const char *p)
{
	return memchr(p, '\0', GRAM) == NULL;
}

size_t
train_bytes(const struct train *t)
{
	return t->texts.len;
}

int
train_add(struct train *t, const char *text, size_t n)
{
	size_t from = t->texts.len;

	if (n > LIMIT_TRAIN_TEXT_BYTES)
		n = LIMIT_TRAIN_TEXT_BYTES;
	if (from + n + 1 > LIMIT_TRAIN_BYTES)
		return 1;
	if (buf_add(&t->texts, text, n) != 0 || buf_add(&t->texts, "", 1) != 0)
		return MDB_E_NOMEM;
	t->texts_n++;
	for (size_t i = 0; i + GRAM <= n; i++) {
		unsigned g = gram_at(t->texts.data + from + i);

		if (t->last_text[g] == t->texts_n)
			continue;
		t->last_text[g] = t->texts_n;
		t->count[g]++;
	}
	return 0;
}

static uint64_t
score_at(const struct train *t, size_t at)
{
	const char *p = t->texts.data + at;
	uint32_t n = t->count[gram_at(p)];

	return n >= LEAST_TEXTS && train_is_whole(p) ? n : 0;
}

/* The best window that begins in a stretch; *ret has n 0 when none counts. */
static void
train_best_of(struct train *t, size_t from, size_t end, struct piece *ret)
{
	uint64_t score = 0;
	size_t i;

	*ret = (struct piece){0};
	for (i = from; i < end; i++) {
		unsigned g = gram_at(t->texts.data + i);

		if (t->inside[g]++ == 0)
			score += score_at(t, i);
		if (i >= from + WINDOW) {
			size_t left = i - WINDOW;

			g = gram_at(t->texts.data + left);
			if (--t->inside[g] == 0)
				score -= score_at(t, left);
		}
		if (score > ret->score) {
			size_t first =
				i >= from + WINDOW - 1 ? i - WINDOW + 1 : from;

			*ret = (struct piece){(uint32_t)first,
				(uint32_t)(i - first + GRAM), score};
		}
	}
	for (i = end > from + WINDOW ? end - WINDOW : from; i < end; i++)
		t->inside[gram_at(t->texts.data + i)]--;
}

static void
add_piece(struct train *t, size_t from, size_t end, uint64_t score)
{
	if (t->pieces_n == PIECES_MAX)
		return;
	t->pieces[t->pieces_n++] =
		(struct piece){(uint32_t)from, (uint32_t)(end - from), score};
	t->pieces_bytes += end - from;
	t->has_gained = true;
}

/* The runs of a window whose sequences count, each a piece; they count no more
 * from now on. */
static void
train_take(struct train *t, const struct piece *p)
{
	size_t last = p->at + p->n - GRAM, from = 0, end = 0;
	uint64_t score = 0;

	for (size_t i = p->at; i <= last; i++) {
		uint64_t s = score_at(t, i);

		if (s == 0)
			continue;
		if (i > end && end > 0) {
			add_piece(t, from, end, score);
			end = 0;
		}
		if (end == 0) {
			from = i;
			score = 0;
		}
		end = i + GRAM;
		score += s;
	}
	if (end > 0)
		add_piece(t, from, end, score);
	for (size_t i = p->at; i <= last; i++)
		t->count[gram_at(t->texts.data + i)] = 0;
}

static bool
train_is_done(const struct train *t)
{
	return t->texts.len < GRAM || t->passes == PASSES ||
	       t->pieces_n == PIECES_MAX ||
	       t->pieces_bytes >= LIMIT_DICTIONARY_BYTES;
}

int
train_step(struct train *t, int64_t until_ns)
{
	size_t grams = t->texts.len < GRAM ? 0 : t->texts.len - GRAM + 1;
	size_t stretch = grams / (LIMIT_DICTIONARY_BYTES / PIECE) + 1;

	if (stretch < PIECE)
		stretch = PIECE;
	while (!train_is_done(t)) {
		struct piece p;
		size_t end = t->at + stretch < grams ? t->at + stretch : grams;

		train_best_of(t, t->at, end, &p);
		if (p.n > 0)
			train_take(t, &p);
		t->at = end;
		if (end == grams) {
			t->passes = t->has_gained ? t->passes + 1 : PASSES;
			t->has_gained = false;
			t->at = 0;
		}
		if (clock_mono_ns() >= until_ns)
			return !train_is_done(t);
	}
	return 0;
}

static int
train_compare(const void *va, const void *vb)
{
	const struct piece *a = va, *b = vb;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	if (a->at > b->at)
		return 1;
	if (a->at < b->at)
		return -1;
	return 0;
}

/* The best have the shortest way: they stand at the end. */
int
train_result(const struct train *t, size_t most, struct buf *out)
{
	AUTO_FREE struct piece *p = NULL;
	size_t n = 0, bytes = 0;

	if (t->pieces_n == 0)
		return 0;
	p = malloc(t->pieces_n * sizeof(*p));
	if (!p || buf_reserve(out, most) != 0)
		return MDB_E_NOMEM;
	memcpy(p, t->pieces, t->pieces_n * sizeof(*p));
	qsort(p, t->pieces_n, sizeof(*p), train_compare);
	while (n < t->pieces_n && bytes + p[n].n <= most)
		bytes += p[n++].n;
	while (n-- > 0)
		if (buf_add(out, t->texts.data + p[n].at, p[n].n) != 0)
			return MDB_E_NOMEM;
	return 0;
}
