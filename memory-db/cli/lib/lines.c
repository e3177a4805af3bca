#include "memory-db/cli/lib/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

void
lines_init(struct lines *l, int fd, size_t max_bytes)
{
	*l = (struct lines){.fd = fd, .max_bytes = max_bytes};
}

/* One read. 0 also at the end, which sets at_end. */
static int
lines_fill(struct lines *l, struct err *e)
{
	ssize_t got;

	buf_consume(&l->buf, l->start);
	l->scanned -= l->start;
	l->start = 0;
	if (buf_reserve(&l->buf, CHUNK) != 0)
		return err_nomem(e);
	do
		got = read(l->fd, l->buf.data + l->buf.len, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(e, MDB_E_STORE, "reading failed: %s",
			strerrordesc_np(errno));
	l->at_end = got == 0;
	l->buf.len += (size_t)got;
	l->bytes += got;
	return 0;
}

/* Position of the next newline in the buffer, or its length. */
static size_t
lines_find_end(struct lines *l)
{
	const char *from, *hit;

	if (l->scanned == l->buf.len)
		return l->buf.len;
	from = l->buf.data + l->scanned;
	hit = memchr(from, '\n', l->buf.len - l->scanned);
	l->scanned = hit ? (size_t)(hit - l->buf.data) : l->buf.len;
	return l->scanned;
}

int
lines_next(struct lines *l, const char **ret, size_t *ret_n, struct err *e)
{
	bool is_long = false;
	size_t end;
	int rc;

	while ((end = lines_find_end(l)) == l->buf.len && !l->at_end) {
		if (end - l->start > l->max_bytes) {
			is_long = true;
			l->start = end;
		}
		if ((rc = lines_fill(l, e)) != 0)
			return rc;
	}
	if (end == l->buf.len && end == l->start && !is_long)
		return 0;
	is_long = is_long || end - l->start > l->max_bytes;
	*ret = l->buf.data + l->start;
	*ret_n = end - l->start;
	l->start = end < l->buf.len ? end + 1 : end;
	l->scanned = l->start;
	l->number++;
	if (is_long)
		return err_set(e, MDB_E_LIMIT, "longer than %zu bytes",
			l->max_bytes);
	return 1;
}

void
lines_done(struct lines *l)
{
	buf_done(&l->buf);
}

const char *
lines_end_of(const struct buf *text)
{
	const char *nl =
		text->len > 0 ? memchr(text->data, '\n', text->len) : NULL;

	return nl && nl > text->data && nl[-1] == '\r' ? "\r\n" : "\n";
}
