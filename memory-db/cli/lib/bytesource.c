/* A zip archive is read from its directory, which lies at its end:
 *
 *   [local header, name, bytes] ... [directory: one entry a file] [end record]
 *
 * The directory says where each local header is, how many bytes follow it and
 * how they are packed: 0 as they are, 8 by deflate. Archives above 4 GB (zip64)
 * have their numbers in an extra field. */
#include "memory-db/cli/lib/bytesource.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/err.h"

#define INPUT_BYTES (64 * 1024)
/* The end record and the comment behind it. */
#define TAIL_BYTES (66 * 1024)
#define NAME_BYTES 1024
#define FILES_MAX  100000
#define STORED	   0
#define DEFLATED   8
#define IS_SECRET  1u /* bit of the flags: encrypted */

struct bytesource {
	int fd;
	int64_t at, left; /* left < 0: up to the end of the file */
	bool is_packed, is_over;
	z_stream z;
	unsigned char in[INPUT_BYTES];
};

struct bytesource *
bytesource_file(int fd)
{
	struct bytesource *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = fd;
	s->left = -1;
	return s;
}

void
bytesource_free(struct bytesource *s)
{
	if (!s)
		return;
	if (s->is_packed)
		inflateEnd(&s->z);
	free(s);
}

static ssize_t
bytesource_raw(struct bytesource *s, void *out, size_t n)
{
	ssize_t got;

	if (s->left >= 0 && (int64_t)n > s->left)
		n = (size_t)s->left;
	do
		got = pread(s->fd, out, n, s->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return MDB_E_STORE;
	s->at += got;
	if (s->left >= 0)
		s->left -= got;
	return got;
}

ssize_t
bytesource_read(struct bytesource *s, char *out, size_t n)
{
	if (!s->is_packed)
		return bytesource_raw(s, out, n);
	s->z.next_out = (unsigned char *)out;
	s->z.avail_out = (unsigned)n;
	while (!s->is_over && s->z.avail_out == n) {
		int rc;

		if (s->z.avail_in == 0) {
			ssize_t got = bytesource_raw(s, s->in, INPUT_BYTES);

			if (got < 0)
				return got;
			if (got == 0)
				break; /* cut off */
			s->z.next_in = s->in;
			s->z.avail_in = (unsigned)got;
		}
		rc = inflate(&s->z, Z_NO_FLUSH);
		if (rc == Z_STREAM_END)
			s->is_over = true;
		else if (rc != Z_OK && rc != Z_BUF_ERROR)
			return MDB_E_STORE;
	}
	return (ssize_t)(n - s->z.avail_out);
}

/* --- zip ------------------------------------------------------------------- */
static uint32_t
zip_u16(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
zip_u32(const unsigned char *p)
{
	return zip_u16(p) | zip_u16(p + 2) << 16;
}

static int64_t
zip_u64(const unsigned char *p)
{
	uint64_t v = (uint64_t)zip_u32(p + 4) << 32 | zip_u32(p);

	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

static bool
zip_read(int fd, void *out, size_t n, int64_t at)
{
	return at >= 0 && pread(fd, out, n, at) == (ssize_t)n;
}

bool
bytesource_is_zip(int fd)
{
	unsigned char head[4];

	return zip_read(fd, head, sizeof(head), 0) && head[0] == 'P' &&
	       head[1] == 'K' && head[2] == 3 && head[3] == 4;
}

struct zip_file {
	char name[NAME_BYTES];
	uint32_t flags, method;
	int64_t packed, at; /* bytes; of its local header */
};

/* Numbers that do not fit into 32 bits, in the order of those that are
 * missing: size, packed size, place. */
static void
zip_extra(const unsigned char *p, size_t n, uint32_t size, uint32_t packed,
	uint32_t at, struct zip_file *f)
{
	while (n >= 4) {
		size_t k = zip_u16(p + 2), x = 4;

		if (k + 4 > n)
			return;
		if (zip_u16(p) == 1) {
			x += size == UINT32_MAX ? 8 : 0;
			if (packed == UINT32_MAX && x + 8 <= k + 4) {
				f->packed = zip_u64(p + x);
				x += 8;
			}
			if (at == UINT32_MAX && x + 8 <= k + 4)
				f->at = zip_u64(p + x);
			return;
		}
		p += k + 4;
		n -= k + 4;
	}
}

/* The entry of the directory at *at, which moves behind it. */
static bool
zip_entry(int fd, int64_t *at, struct zip_file *f)
{
	unsigned char e[46], extra[4096];
	size_t name_n, extra_n;

	if (!zip_read(fd, e, sizeof(e), *at) || zip_u32(e) != 0x02014b50)
		return false;
	name_n = zip_u16(e + 28);
	extra_n = zip_u16(e + 30);
	if (name_n >= NAME_BYTES || !zip_read(fd, f->name, name_n, *at + 46))
		return false;
	f->name[name_n] = '\0';
	f->flags = zip_u16(e + 8);
	f->method = zip_u16(e + 10);
	f->packed = zip_u32(e + 20);
	f->at = zip_u32(e + 42);
	if (extra_n <= sizeof(extra) &&
		zip_read(fd, extra, extra_n, *at + 46 + (int64_t)name_n))
		zip_extra(extra, extra_n, zip_u32(e + 24), zip_u32(e + 20),
			zip_u32(e + 42), f);
	*at += 46 + (int64_t)name_n + (int64_t)extra_n + zip_u16(e + 32);
	return true;
}

/* Where the directory is, and how many files it has; -1: nowhere. */
static int64_t
zip_directory(int fd, int64_t *ret_files)
{
	AUTO_FREE unsigned char *tail = malloc(TAIL_BYTES);
	struct stat st;
	int64_t from, n, at;

	if (!tail || fstat(fd, &st) < 0)
		return -1;
	from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	n = st.st_size - from;
	if (!zip_read(fd, tail, (size_t)n, from))
		return -1;
	for (int64_t i = n - 22; i >= 0; i--) {
		const unsigned char *p = tail + i;
		unsigned char far[56];

		if (zip_u32(p) != 0x06054b50)
			continue;
		*ret_files = zip_u16(p + 10);
		at = zip_u32(p + 16);
		if (*ret_files != UINT16_MAX && at != UINT32_MAX)
			return at;
		/* zip64: a locator of 20 bytes stands before. Without one
		 * there are just as many files as that. */
		if (i < 20 || zip_u32(p - 20) != 0x07064b50)
			return at != UINT32_MAX ? at : -1;
		if (!zip_read(fd, far, sizeof(far), zip_u64(p - 12)) ||
			zip_u32(far) != 0x06064b50)
			return -1;
		*ret_files = zip_u64(far + 32);
		return zip_u64(far + 48);
	}
	return -1;
}

static int
zip_open(int fd, const struct zip_file *f, struct bytesource **ret)
{
	unsigned char local[30];
	struct bytesource *s;

	if (!zip_read(fd, local, sizeof(local), f->at) ||
		zip_u32(local) != 0x04034b50)
		return MDB_E_STORE;
	s = bytesource_file(fd);
	if (!s)
		return MDB_E_NOMEM;
	s->at = f->at + 30 + zip_u16(local + 26) + zip_u16(local + 28);
	s->left = f->packed;
	if (f->method == DEFLATED && inflateInit2(&s->z, -MAX_WBITS) != Z_OK) {
		free(s);
		return MDB_E_NOMEM;
	}
	s->is_packed = f->method == DEFLATED;
	*ret = s;
	return 0;
}

int
bytesource_each_in_zip(int fd, zip_fn fn, void *ctx, int64_t *ret_left_out)
{
	int64_t files = 0, at = zip_directory(fd, &files);

	if (at < 0 || files > FILES_MAX)
		return MDB_E_STORE;
	for (int64_t i = 0; i < files; i++) {
		AUTO_BYTESOURCE struct bytesource *s = NULL;
		struct zip_file f;
		int rc;

		if (!zip_entry(fd, &at, &f))
			return MDB_E_STORE;
		if ((f.flags & IS_SECRET) ||
			(f.method != STORED && f.method != DEFLATED)) {
			++*ret_left_out;
			continue;
		}
		rc = zip_open(fd, &f, &s);
		if (rc == 0)
			rc = fn(ctx, f.name, s);
		if (rc != 0)
			return rc;
	}
	return 0;
}
