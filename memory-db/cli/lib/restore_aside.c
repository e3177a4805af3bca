/* The old database on its way out of the place that a restored one takes. The head
 * of restore_place.c has the steps, and what a cut of the power leaves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "memory-db/cli/lib/private_service.h"
#include "memory-db/cli/lib/restore_place.h"

/* A database, what belongs to it, and the index of the WAL, which SQLite makes
 * anew. */
static const char *const beside[] = {"", "-wal", "-journal", "-shm"};
#define KEPT 3 /* of them */
/* Names of one second that are tried. */
#define ASIDES 100

void
restore_place_sync(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	slash[slash == folder ? 1 : 0] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

/* Does a kept database, or a part of one, have this name? */
static bool
is_taken(const char *aside)
{
	char path[PATH_MAX];
	struct stat st;
	struct err ignored;

	for (size_t i = 0; i < KEPT; i++)
		if (restore_place_join(path, aside, beside[i], &ignored) != 0 ||
			lstat(path, &st) == 0)
			return true;
	return false;
}

/* "memory.db.before-20261130T084004"; of a second one within the same second
 * "...-2": what was kept is never replaced. */
static int
choose_aside(struct restore_place *p, struct err *e)
{
	char at[CLOCK_TEXT_SIZE], tail[CLOCK_TEXT_SIZE + 32] = ".before-";
	size_t n = strlen(tail);

	clock_format(clock_now_ms(), at);
	for (const char *s = at; *s != '\0' && *s != '.'; s++)
		if (*s != '-' && *s != ':')
			tail[n++] = *s;
	tail[n] = '\0';
	for (int k = 2; k < ASIDES; k++) {
		int rc = restore_place_join(p->aside, p->target, tail, e);

		if (rc != 0 || !is_taken(p->aside))
			return rc;
		snprintf(tail + n, sizeof(tail) - n, "-%d", k);
	}
	return 0;
}

/* The old file of this tail, and its name beside. *ret_is_there: it exists. */
static int
old_file(const struct restore_place *p, const char *tail, char from[PATH_MAX],
	char to[PATH_MAX], bool *ret_is_there, struct err *e)
{
	struct stat st;
	int rc = restore_place_join(from, p->target, tail, e);

	if (rc != 0)
		return rc;
	*ret_is_there = lstat(from, &st) == 0;
	return restore_place_join(to, p->aside, tail, e);
}

/* A file system without second names for files (FAT, some of a network). */
static bool
has_no_links(int error)
{
	return error == EPERM || error == EOPNOTSUPP || error == ENOSYS ||
	       error == EMLINK;
}

/* Is there anything that belongs to an old database? A log without its file, too:
 * the new file would be read with it. */
static bool
is_any_there(const struct restore_place *p)
{
	char path[PATH_MAX];
	struct stat st;
	struct err ignored;

	for (size_t i = 0; i < KEPT; i++)
		if (restore_place_join(path, p->target, beside[i], &ignored) ==
				0 &&
			lstat(path, &st) == 0)
			return true;
	return false;
}

/* A WAL with something in it, that could not be brought in. */
static bool
has_log(const struct restore_place *p)
{
	char path[PATH_MAX];
	struct stat st;
	struct err ignored;

	return restore_place_join(path, p->target, "-wal", &ignored) == 0 &&
	       lstat(path, &st) == 0 && st.st_size > 0;
}

static int
copy_file(const char *from, const char *to, struct err *e)
{
	AUTO_FD int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	AUTO_FD int out = open(to,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	ssize_t n;

	if (in < 0 || out < 0 || fstat(in, &st) != 0)
		return restore_place_error(e, "keep", from);
	do
		n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
	while (n > 0);
	if (n < 0 || fsync(out) != 0)
		return restore_place_error(e, "keep", from);
	/* To whom it belonged, where that may be said. */
	if (fchown(out, st.st_uid, st.st_gid) != 0 && errno != EPERM)
		return restore_place_error(e, "keep", from);
	return 0;
}

/* Second names, or copies where there is a log: whoever opens the old file after a
 * cut of the power brings its log in, and would change what lies under the other
 * name. *ret_can false: there are no second names here, and none was made. */
static int
link_aside(struct restore_place *p, bool *ret_can, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	bool copies = has_log(p);

	*ret_can = true;
	for (size_t i = 0; i < KEPT; i++) {
		bool is_there;
		int rc = old_file(p, beside[i], from, to, &is_there, e);

		if (rc != 0)
			return rc;
		if (!is_there || (!copies && link(from, to) == 0))
			continue;
		if (copies) {
			rc = copy_file(from, to, e);
			if (rc != 0)
				return rc;
			continue;
		}
		if (i > 0 || !has_no_links(errno))
			return restore_place_error(e, "keep", from);
		*ret_can = false;
		return 0;
	}
	restore_place_sync(p->target);
	return 0;
}

/* What must not lie beside the new database. */
static int
clear_beside(struct restore_place *p, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (size_t i = ARRAY_LEN(beside); i-- > 1;) {
		bool is_there;
		int rc = old_file(p, beside[i], from, to, &is_there, e);

		if (rc != 0)
			return rc;
		if (is_there && unlink(from) != 0)
			return restore_place_error(e, "remove", from);
	}
	restore_place_sync(p->target);
	return 0;
}

/* Where files have one name: for a moment no database is in the place, and its
 * WAL moves last. */
static int
rename_aside(struct restore_place *p, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (size_t i = 0; i < KEPT; i++) {
		bool is_there;
		int rc = old_file(p, beside[i], from, to, &is_there, e);

		if (rc != 0)
			return rc;
		if (is_there && rename(from, to) != 0)
			return restore_place_error(e, "move aside", from);
	}
	return clear_beside(p, e);
}

/* The old database with its WAL, which may hold what is not in the file. */
int
restore_place_aside(struct restore_place *p, struct err *e)
{
	bool can_link;
	int rc;

	if (!is_any_there(p))
		return 0;
	rc = choose_aside(p, e);
	if (rc != 0)
		return rc;
	rc = link_aside(p, &can_link, e);
	if (rc != 0)
		return rc;
	return can_link ? clear_beside(p, e) : rename_aside(p, e);
}

/* One that opens the file and ends well brings the log in, so that the old
 * database is one file which moves aside at once. */
void
restore_place_settle(const struct restore_place *p, const struct cli *c)
{
	AUTO_PRIVATE struct private_service own = {0};
	struct stat st;
	struct err ignored = {0};

	if (!has_log(p) || lstat(p->target, &st) != 0)
		return;
	if (private_service_start(&own, c, p->target, false, &ignored) == 0)
		(void)private_service_stop(&own);
}
