/* The index of git is a list of all files that it follows: a head of 12 bytes
 * ("DIRC", version, how many), then for each file 40 bytes of what stat says, a
 * hash of 20, 2 of flags (the low 12 bits: the length of the name), and the name.
 * Version 3 may have 2 more bytes of flags. Version 4 leaves out how a name
 * begins when it begins as the one before. */
#include "common/client/codemoved.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/client/gitfiles.h"
#include "common/limits.h"

#define HEAD_BYTES  12
#define ENTRY_BYTES 62 /* without the name */
#define IS_EXTENDED 0x4000
#define NAME_LONG   0xfff
/* Names of a folder that are looked at. */
#define BESIDE_MAX 4096

struct index {
	struct buf bytes;
	size_t at;
	unsigned version;
	uint32_t left;
	char name[LIMIT_CODE_PATH_BYTES + 1];
};

static uint32_t
codemoved_number_at(const struct index *x, size_t at)
{
	const unsigned char *p = (const unsigned char *)x->bytes.data + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool
index_read(const char *top, struct index *x)
{
	AUTO_BUF struct buf path = {0};
	struct stat st;
	AUTO_FD int fd = -1;

	if (gitfiles_head(top, &path) != 0 || buf_adds(&path, "/index") != 0 ||
		!buf_str(&path))
		return false;
	fd = open(path.data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_size < HEAD_BYTES ||
		st.st_size > LIMIT_CODE_INDEX_BYTES ||
		buf_reserve(&x->bytes, (size_t)st.st_size) != 0)
		return false;
	while (x->bytes.len < (size_t)st.st_size) {
		ssize_t n = read(fd, x->bytes.data + x->bytes.len,
			(size_t)st.st_size - x->bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		x->bytes.len += (size_t)n;
	}
	x->version = codemoved_number_at(x, 4);
	x->left = codemoved_number_at(x, 8);
	x->at = HEAD_BYTES;
	return memcmp(x->bytes.data, "DIRC", 4) == 0 && x->version >= 2 &&
	       x->version <= 4;
}

/* How many bytes of the name before are not of this one: 7 bits a byte, the
 * highest bit says that another follows, and each that does adds one. */
static bool
read_cut(struct index *x, size_t *ret)
{
	size_t cut = 0, i = 0;

	for (;; i++) {
		unsigned char c;

		if (x->at >= x->bytes.len || i > 3)
			return false;
		c = (unsigned char)x->bytes.data[x->at++];
		cut = (i > 0 ? (cut + 1) << 7 : 0) | (c & 0x7f);
		if (!(c & 0x80))
			break;
	}
	*ret = cut;
	return true;
}

/* The next name; false: there is none, or it is no index. */
static bool
index_next(struct index *x)
{
	size_t begin = x->at, keep = 0, cut = 0, n;
	const char *s, *end;
	unsigned flags;

	if (x->left == 0 || x->bytes.len - x->at <= ENTRY_BYTES)
		return false;
	x->left--;
	flags = codemoved_number_at(x, x->at + ENTRY_BYTES - 4) & 0xffff;
	x->at += ENTRY_BYTES + (flags & IS_EXTENDED ? 2u : 0u);
	if (x->version == 4) {
		if (!read_cut(x, &cut) || cut > strlen(x->name))
			return false;
		keep = strlen(x->name) - cut;
	}
	if (x->at >= x->bytes.len)
		return false;
	s = x->bytes.data + x->at;
	end = memchr(s, '\0', x->bytes.len - x->at);
	if (!end)
		return false;
	n = (size_t)(end - s);
	if (x->version < 4) {
		if ((flags & NAME_LONG) != NAME_LONG &&
			n != (flags & NAME_LONG))
			return false;
		/* One to eight zero bytes, to a multiple of eight. */
		x->at = begin + ((x->at - begin + n + 8) & ~(size_t)7);
	} else {
		x->at += n + 1;
	}
	if (x->at > x->bytes.len || keep + n >= sizeof(x->name))
		return false;
	memcpy(x->name + keep, s, n);
	x->name[keep + n] = '\0';
	return true;
}

static const char *
codemoved_base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ".c"; "" of a name without one. */
static const char *
codemoved_kind_of(const char *path)
{
	const char *base = codemoved_base_of(path), *dot = strrchr(base, '.');

	return dot && dot != base ? dot : "";
}

static int
each_in_index(const char *top, const char *path, bool by_name, codemoved_fn fn,
	void *ctx)
{
	struct index x = {.version = 0};
	bool is_read = index_read(top, &x);
	int rc = 0;

	while (is_read && index_next(&x)) {
		bool is_named = strcmp(codemoved_base_of(x.name),
					codemoved_base_of(path)) == 0;

		if (strcmp(x.name, path) == 0 || is_named != by_name ||
			strcmp(codemoved_kind_of(x.name),
				codemoved_kind_of(path)) != 0)
			continue;
		rc = fn(ctx, x.name);
		if (rc != 0)
			break;
	}
	buf_done(&x.bytes);
	return rc;
}

static int
each_beside(const char *top, const char *path, codemoved_fn fn, void *ctx)
{
	size_t folder_n = (size_t)(codemoved_base_of(path) - path);
	AUTO_BUF struct buf folder = {0};
	const struct dirent *d;
	int rc = 0, seen = 0;
	DIR *dir;

	if (buf_addf(&folder, "%s/%.*s", top, (int)folder_n, path) != 0 ||
		!buf_str(&folder))
		return 0;
	dir = opendir(folder.data);
	while (dir && seen++ < BESIDE_MAX && (d = readdir(dir)) != NULL) {
		char name[LIMIT_CODE_PATH_BYTES + 1];

		if (d->d_name[0] == '.' ||
			strcmp(d->d_name, codemoved_base_of(path)) == 0 ||
			strcmp(codemoved_kind_of(d->d_name),
				codemoved_kind_of(path)) != 0 ||
			snprintf(name, sizeof(name), "%.*s%s", (int)folder_n,
				path, d->d_name) >= (int)sizeof(name))
			continue;
		rc = fn(ctx, name);
		if (rc != 0)
			break;
	}
	if (dir)
		closedir(dir);
	return rc;
}

int
codemoved_each(const char *top, const char *path, codemoved_fn fn, void *ctx)
{
	int rc = each_in_index(top, path, true, fn, ctx);

	if (rc != 0)
		return rc;
	rc = each_beside(top, path, fn, ctx);
	return rc != 0 ? rc : each_in_index(top, path, false, fn, ctx);
}
