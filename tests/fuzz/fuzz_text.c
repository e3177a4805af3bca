/* The tokeniser and folding, with the properties that search stands on. The
 * first two bytes choose a language and a substring. */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define PIECES_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct pieces {
	struct piece {
		enum text_kind kind;
		size_t at, n; /* in store */
		bool at_start, at_end;
	} p[PIECES_MAX];
	size_t n;
	struct buf store;
};

static int
collect(void *ctx, const struct text_piece *p)
{
	struct pieces *all = ctx;

	if (p->n == 0)
		abort();
	if (all->n == PIECES_MAX)
		return 1;
	all->p[all->n++] = (struct piece){p->kind, all->store.len, p->n,
		p->at_start, p->at_end};
	return buf_add(&all->store, p->s, p->n);
}

static bool
agrees(const struct pieces *q, const struct piece *a, const struct pieces *t,
	const struct piece *b)
{
	const char *part = q->store.data + a->at,
		   *whole = t->store.data + b->at;

	if (a->kind != b->kind || a->n > b->n)
		return false;
	if (a->at_start && a->at_end)
		return memmem(whole, b->n, part, a->n) != NULL;
	if (a->at_start)
		return memcmp(whole + b->n - a->n, part, a->n) == 0;
	return memcmp(whole, part, a->n) == 0 && (a->at_end || a->n == b->n);
}

static bool
stands_in(const struct pieces *q, const struct pieces *t)
{
	for (size_t k = 0; k + q->n <= t->n; k++) {
		size_t i = 0;

		while (i < q->n && agrees(q, &q->p[i], t, &t->p[k + i]))
			i++;
		if (i == q->n)
			return true;
	}
	return q->n == 0;
}

static void
check_substring(const char *s, size_t n, size_t a, size_t b)
{
	static struct pieces t, q;
	struct buf whole = {0}, part = {0};

	if (text_fold(s, n, &whole) < 0 || text_fold(s + a, b - a, &part) < 0)
		abort();
	if (part.len > 0 && !memmem(whole.data, whole.len, part.data, part.len))
		abort();
	buf_done(&whole);
	buf_done(&part);
	t.n = q.n = 0;
	if (text_pieces(s, n, collect, &t) == 0 &&
		text_pieces(s + a, b - a, collect, &q) == 0 &&
		!stands_in(&q, &t))
		abort();
	buf_done(&t.store);
	buf_done(&q.store);
}

static void
check_tokens(const char *s, size_t n, const char *language)
{
	struct buf b = {0};

	if (text_tokens(s, n, language, &b) < 0 || !text_is_utf8(b.data, b.len))
		abort();
	for (size_t i = 0; i < b.len; i++) {
		char c = b.data[i];

		if (!((unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
			    (c >= 'a' && c <= 'z') ||
			    (c == ' ' && i > 0 && i + 1 < b.len &&
				    b.data[i + 1] != ' ')))
			abort();
	}
	buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const languages[] = {"", "english", "german",
		"french", "russian", "turkish", "arabic", "hindi", "greek"};
	struct buf b = {0};
	const char *s;
	size_t from, to;

	if (n < 2 || n > 4096)
		return 0;
	s = (const char *)data + 2;
	n -= 2;
	if (!text_is_utf8(s, n)) {
		/* must not crash all the same */
		if (text_fold(s, n, &b) < 0 || text_tokens(s, n, "english", &b))
			abort();
		buf_done(&b);
		return 0;
	}
	check_tokens(s, n, languages[data[0] % ARRAY_LEN(languages)]);
	from = text_cut(s, n * data[0] / 256);
	to = text_cut(s, from + (n - from) * data[1] / 255);
	if (!text_is_utf8(s, from) || !text_is_utf8(s + from, to - from))
		abort();
	check_substring(s, n, from, to);
	return 0;
}
