/* A line is hashed without the white space at its end, so that line ends and
 * editors do not matter. The hash of some lines is a polynomial of the hashes of
 * its lines: it can be moved down a file line by line, which finds lines that
 * stand elsewhere now in one pass. It is no proof against somebody who makes
 * code to match: who can do that can write the code. */
#include "common/client/codelines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/err.h"
#include "common/text.h"
#include "common/vec.h"

#define HASH_PREFIX "l1:" /* how it is made; others are not known here */
#define PRIME	    ((UINT64_C(1) << 61) - 1)
#define BASE	    UINT64_C(0x1d3f5a7b9c2e4861)

/* --- hashes --------------------------------------------------------------- */
static uint64_t
times(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide p = (wide)a * b;
	uint64_t r = (uint64_t)(p & PRIME) + (uint64_t)(p >> 61);

	return r >= PRIME ? r - PRIME : r;
}

static uint64_t
plus(uint64_t a, uint64_t b)
{
	uint64_t r = a + b;

	return r >= PRIME ? r - PRIME : r;
}

static uint64_t
hash_line(const char *s, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	while (n > 0 &&
		(s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 32;
	return h % PRIME;
}

uint64_t
codelines_hash(const uint64_t *v, size_t n)
{
	uint64_t h = 1; /* so that empty lines at the front count */

	for (size_t i = 0; i < n; i++)
		h = plus(times(h, BASE), v[i]);
	return h;
}

void
codelines_format(uint64_t h, char out[LIMIT_CODE_HASH_BYTES + 1])
{
	snprintf(out, LIMIT_CODE_HASH_BYTES + 1, HASH_PREFIX "%016llx",
		(unsigned long long)h);
}

bool
codelines_parse(const char *s, uint64_t *ret)
{
	size_t n = strlen(HASH_PREFIX);
	uint64_t h = 0;

	if (strncmp(s, HASH_PREFIX, n) != 0 || strlen(s) != n + 16)
		return false;
	for (s += n; *s; s++) {
		int digit = text_hex_digit(*s);

		if (digit < 0)
			return false;
		h = h << 4 | (uint64_t)digit;
	}
	*ret = h;
	return true;
}

bool
codelines_find(const struct codelines *f, size_t n, uint64_t hash, size_t near,
	size_t *ret_at)
{
	uint64_t top = 1, h;
	size_t best = SIZE_MAX;

	if (n == 0 || n > f->n)
		return false;
	for (size_t i = 0; i < n; i++)
		top = times(top, BASE);
	h = codelines_hash(f->v, n);
	for (size_t at = 0;; at++) {
		size_t far = at > near ? at - near : near - at;

		if (h == hash && far < best) {
			best = far;
			*ret_at = at;
		}
		if (at + n >= f->n)
			break;
		/* h = B^n + v[at] B^(n-1) + ..: the next one drops v[at]. */
		h = plus(times(h, BASE), f->v[at + n]);
		h = plus(h, PRIME - times(plus(BASE - 1, f->v[at]), top));
	}
	return best != SIZE_MAX;
}

/* --- files ---------------------------------------------------------------- */
/* A file system that may leave a read waiting for another machine, or for a
 * program: who reads for an agent has one thread. */
static bool
may_hang(int fd)
{
	static const unsigned long types[] = {0x6969, /* nfs */
		0x517b, 0xff534d42, 0xfe534d42,	      /* smb, cifs, smb2 */
		0x65735546,			      /* fuse */
		0x01021997, 0x00c36400};	      /* 9p, ceph */
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (((unsigned long)fs.f_type & 0xffffffffUL) == types[i])
			return true;
	return false;
}

int
codelines_open(const char *top, const char *path, struct stat *st,
	bool *ret_gone)
{
	int dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	char name[256];

	*ret_gone = false;
	while (dir >= 0 && !may_hang(dir)) {
		size_t n = strcspn(path, "/");
		bool is_last = path[n] == '\0';
		int next = -1;

		if (n == 0 || n >= sizeof(name))
			break;
		memcpy(name, path, n);
		name[n] = '\0';
		/* What is no file is not opened at all: that may wait. */
		if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) < 0) {
			*ret_gone = errno == ENOENT || errno == ENOTDIR;
			break;
		}
		if (is_last && S_ISREG(st->st_mode))
			fd = openat(dir, name,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
					O_CLOEXEC);
		if (is_last)
			break;
		next = openat(dir, name,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(dir);
		dir = next;
		path += n + 1;
	}
	if (dir >= 0)
		close(dir);
	if (fd >= 0 && (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int
codelines_cut(struct codelines *f, const char *s, size_t n)
{
	for (size_t at = 0; at < n;) {
		const char *nl = memchr(s + at, '\n', n - at);
		size_t len = nl ? (size_t)(nl - s) - at : n - at;

		if (vec_room(f->v, f->n, f->cap) != 0)
			return MDB_E_NOMEM;
		f->v[f->n++] = hash_line(s + at, len);
		at += len + 1;
	}
	return 0;
}
