/* A growable byte buffer. Grows by half again, so that a buffer filled piece
 * by piece costs linear time and at most a third of slack. */
#include "common/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"

#define BUF_LEAST 64

int
buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;
	char *data;

	assert(b->len <= b->cap);
	if (__builtin_add_overflow(b->len, n, &need) || need > SIZE_MAX / 2)
		return MDB_E_NOMEM;
	if (need <= b->cap)
		return 0;
	cap = b->cap + b->cap / 2;
	if (cap < need)
		cap = need;
	if (cap < BUF_LEAST)
		cap = BUF_LEAST;
	data = realloc(b->data, cap);
	if (!data)
		return MDB_E_NOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *data, size_t n)
{
	if (n > b->cap - b->len && buf_reserve(b, n) < 0)
		return MDB_E_NOMEM;
	if (n > 0)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	return 0;
}

int
buf_adds(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int
buf_addc(struct buf *b, char c)
{
	if (b->len == b->cap && buf_reserve(b, 1) < 0)
		return MDB_E_NOMEM;
	b->data[b->len++] = c;
	return 0;
}

int
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, again);
	va_end(again);
	if (n < 0)
		return MDB_E_NOMEM;
	if ((size_t)n < sizeof(small))
		return buf_add(b, small, (size_t)n);
	/* vsnprintf writes a NUL behind the text. */
	if (buf_reserve(b, (size_t)n + 1) < 0)
		return MDB_E_NOMEM;
	if (vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap) != n)
		return MDB_E_NOMEM;
	b->len += (size_t)n;
	return 0;
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = buf_vaddf(b, fmt, ap);
	va_end(ap);
	return rc;
}

const char *
buf_str(struct buf *b)
{
	if (buf_reserve(b, 1) < 0)
		return NULL;
	b->data[b->len] = '\0';
	return b->data;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	assert(n <= b->len);
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
}

void
buf_clear(struct buf *b, size_t keep)
{
	b->len = 0;
	if (b->cap > keep)
		buf_done(b);
}

void
buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

char *
buf_steal(struct buf *b)
{
	char *data;

	if (!buf_str(b))
		return NULL;
	data = b->data;
	*b = (struct buf){0};
	return data;
}
