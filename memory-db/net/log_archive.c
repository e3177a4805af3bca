/* Logs of past days. A thread of its own packs what was moved away, then
 * removes what is too old or too much, the oldest first; the log itself goes
 * on meanwhile. Only names that this file could have made are looked at, so
 * nothing else in the folder is ever removed. */
#include "memory-db/net/log_archive.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/limits.h"
#include "common/vec.h"

#define DAY_MS	    86400000LL
#define CHUNK	    65536
#define NAME_DIGITS 8

/* Files of a day: more are not written on one, 5 MiB each. */
#define FILES_OF_A_DAY 1000

struct archive {
	char path[PATH_MAX];  /* of the log */
	char moved[PATH_MAX]; /* what is to be packed */
};

/* "20261128" of a day since 1970. */
static void
day_text(int64_t day, char out[NAME_DIGITS + 1])
{
	char at[CLOCK_TEXT_SIZE];
	size_t n = 0;

	clock_format(day * DAY_MS, at);
	for (const char *p = at; *p != '\0' && n < NAME_DIGITS; p++)
		if (*p != '-')
			out[n++] = *p;
	out[n] = '\0';
}

static bool
log_archive_is_taken(const char *path)
{
	char packed[PATH_MAX + 4];
	struct stat st;

	snprintf(packed, sizeof(packed), "%s.gz", path);
	return lstat(path, &st) == 0 || lstat(packed, &st) == 0;
}

static bool
log_archive_find_name(struct archive *a, int64_t day)
{
	char text[NAME_DIGITS + 1];

	day_text(day, text);
	for (int i = 1; i <= FILES_OF_A_DAY; i++) {
		int n = snprintf(a->moved, sizeof(a->moved), "%s-%s-%d",
			a->path, text, i);

		if (n < 0 || n >= (int)sizeof(a->moved))
			return false;
		if (!log_archive_is_taken(a->moved))
			return true;
	}
	return false;
}

/* --- packing -------------------------------------------------------------- */
static bool
copy_packed(int in, gzFile out)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = read(in, chunk, sizeof(chunk))) > 0)
		if (gzwrite(out, chunk, (unsigned)n) != (int)n)
			return false;
	return n == 0;
}

/* The plain file goes when the packed one is on the disk. */
static void
log_archive_pack(const struct archive *a)
{
	char packed[PATH_MAX + 4];
	AUTO_FD int in = open(a->moved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	AUTO_FD int out = -1;
	gzFile z;
	bool ok;

	snprintf(packed, sizeof(packed), "%s.gz", a->moved);
	if (in < 0)
		return;
	out = open(packed, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return;
	z = gzdopen(dup(out), "wb6");
	ok = z != NULL && copy_packed(in, z);
	ok = z != NULL && gzclose(z) == Z_OK && ok;
	ok = ok && fsync(out) == 0;
	(void)unlink(ok ? a->moved : packed);
}

/* --- what is too old, or too much ------------------------------------------- */
struct names {
	char **v;
	size_t n, cap;
};

/* By day, then by number: "-9" comes before "-10". */
static int
log_archive_by_age(const void *x, const void *y)
{
	const char *a = *(char *const *)x, *b = *(char *const *)y;
	size_t na = strcspn(a, "."), nb = strcspn(b, ".");
	int order = strncmp(a, b, NAME_DIGITS + 1);

	if (order != 0)
		return order;
	return na != nb ? (na < nb ? -1 : 1) : strcmp(a, b);
}

/* What follows the log's name and "-" in those of its archive. */
static bool
is_archived(const char *tail)
{
	return strspn(tail, "0123456789") == NAME_DIGITS &&
	       tail[NAME_DIGITS] == '-';
}

static void
log_archive_list(const char *folder, const char *base, struct names *names)
{
	DIR *d = opendir(folder);
	size_t len = strlen(base);
	struct dirent *x;

	while (d && (x = readdir(d)) != NULL) {
		const char *tail = x->d_name + len + 1;
		char *copy;

		if (strncmp(x->d_name, base, len) != 0 ||
			x->d_name[len] != '-' || !is_archived(tail))
			continue;
		if (vec_room(names->v, names->n, names->cap) != 0)
			break;
		copy = strdup(tail);
		if (!copy)
			break;
		names->v[names->n++] = copy;
	}
	if (d)
		closedir(d);
}

static void
remove_old(const char *path)
{
	char folder[PATH_MAX], oldest[NAME_DIGITS + 1], gone[PATH_MAX + 64];
	struct names names = {0};
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash)
		return;
	*slash = '\0';
	log_archive_list(folder[0] ? folder : "/", slash + 1, &names);
	if (names.n > 1)
		qsort(names.v, names.n, sizeof(*names.v), log_archive_by_age);
	day_text(clock_now_ms() / DAY_MS - LIMIT_LOG_DAYS, oldest);
	for (size_t i = 0; i < names.n; i++) {
		bool is_old = strncmp(names.v[i], oldest, NAME_DIGITS) < 0;

		snprintf(gone, sizeof(gone), "%s-%s", path, names.v[i]);
		if (is_old || i + LIMIT_LOG_FILES < names.n)
			(void)unlink(gone);
		free(names.v[i]);
	}
	free(names.v);
}

static void *
archive(void *ctx)
{
	struct archive *a = ctx;

	log_archive_pack(a);
	remove_old(a->path);
	free(a);
	return NULL;
}

void
log_archive_moved(const char *path, const char *moved, int64_t day)
{
	struct archive *a = calloc(1, sizeof(*a));
	pthread_attr_t attr;
	pthread_t thread;

	if (!a)
		return;
	snprintf(a->path, sizeof(a->path), "%s", path);
	if (!log_archive_find_name(a, day) || rename(moved, a->moved) != 0) {
		free(a);
		return;
	}
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, archive, a) != 0)
		(void)archive(a);
	(void)pthread_attr_destroy(&attr);
}
