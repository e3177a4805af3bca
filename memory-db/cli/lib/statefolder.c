/* The folders that were made stand in a file of the folder, "made-folders", a line
 * each. What makes the folder itself is noted there as well. */
#include "memory-db/cli/lib/statefolder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/owned.h"
#include "memory-db/cli/lib/clients.h"

#define LIST	   "made-folders"
#define LIST_BYTES (256 * 1024)

static const char pattern[] =
	"${XDG_STATE_HOME:-~/.local/state}/enhanced-memory";

static void note(const struct buf *made);

/* --- making ---------------------------------------------------------------- */

/* Each folder that a slash ends; *made gets a line for each that was not there.
 * ret_dir: the last one. */
static int
make_each(const char *path, char *ret_dir, struct buf *made)
{
	snprintf(ret_dir, PATH_MAX, "%s", path);
	for (char *p = ret_dir + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		if (mkdir(ret_dir, 0700) < 0) {
			if (errno != EEXIST)
				return MDB_E_STORE;
			continue;
		}
		/* One that is not noted stays: that is no failure. */
		if (!strchr(ret_dir, '\n'))
			(void)!buf_addf(made, "%s\n", ret_dir);
	}
	return 0;
}

bool
statefolder(char ret_path[PATH_MAX], bool is_making)
{
	AUTO_BUF struct buf made = {0};
	char path[PATH_MAX + 1], dir[PATH_MAX];
	struct stat st;

	if (!clients_expand(pattern, sizeof(pattern) - 1, false, getenv,
		    ret_path))
		return false;
	if (is_making && lstat(ret_path, &st) < 0) {
		snprintf(path, sizeof(path), "%s/", ret_path);
		if (make_each(path, dir, &made) == 0)
			note(&made);
	}
	return lstat(ret_path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       owned_is_ours(st.st_uid);
}

int
statefolder_make_above(const char *file, char *ret_dir)
{
	AUTO_BUF struct buf made = {0};
	int rc = make_each(file, ret_dir, &made), failed = errno;

	note(&made);
	errno = failed;
	return rc;
}

/* --- the list ------------------------------------------------------------- */
static bool
list_path(char ret[PATH_MAX], bool is_making)
{
	char folder[PATH_MAX];

	return statefolder(folder, is_making) &&
	       snprintf(ret, PATH_MAX, "%s/" LIST, folder) < PATH_MAX;
}

static void
note(const struct buf *made)
{
	char path[PATH_MAX];
	AUTO_FD int fd = -1;

	if (made->len > 0 && list_path(path, true) &&
		owned_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600, &fd, NULL,
			NULL) == 0)
		(void)!write(fd, made->data, made->len);
}

static bool
read_list(struct buf *out)
{
	char path[PATH_MAX];
	AUTO_FD int fd = -1;
	struct stat st;
	ssize_t got;

	if (!list_path(path, false) ||
		owned_open(path, O_RDONLY, 0, &fd, &st, NULL) != 0 ||
		st.st_size <= 0 || st.st_size > LIST_BYTES ||
		buf_reserve(out, (size_t)st.st_size + 1) != 0)
		return false;
	got = read(fd, out->data, (size_t)st.st_size);
	out->len = got > 0 ? (size_t)got : 0;
	return buf_str(out) != NULL;
}

static void
write_list(const struct buf *list)
{
	char path[PATH_MAX];
	AUTO_FD int fd = -1;

	if (!list_path(path, false))
		return;
	if (list->len == 0) {
		(void)unlink(path);
		return;
	}
	if (owned_open(path, O_WRONLY | O_TRUNC, 0, &fd, NULL, NULL) == 0)
		(void)!write(fd, list->data, list->len);
}

/* Takes the line of a folder out of the list; false: it has none. */
static bool
take_line(struct buf *list, const char *dir)
{
	size_t n = strlen(dir);

	for (size_t at = 0; at < list->len;) {
		const char *s = list->data + at;
		size_t line = strcspn(s, "\n"), all = line + (s[line] == '\n');

		if (line == n && memcmp(s, dir, n) == 0) {
			memmove(list->data + at, list->data + at + all,
				list->len - at - all + 1);
			list->len -= all;
			return true;
		}
		at += all;
	}
	return false;
}

/* --- taking away ---------------------------------------------------------- */

/* The folder and those above it, as far as they are noted and empty. */
static void
remove_upward(char *dir, struct buf *list)
{
	while (dir[0] != '\0') {
		AUTO_BUF struct buf less = {0};

		if (list->len == 0 || buf_add(&less, list->data, list->len) ||
			!buf_str(&less) || !take_line(&less, dir) ||
			rmdir(dir) < 0)
			return;
		buf_done(list);
		*list = less;
		less = (struct buf){0};
		*strrchr(dir, '/') = '\0';
	}
}

void
statefolder_remove_above(const char *file)
{
	AUTO_BUF struct buf list = {0};
	char dir[PATH_MAX], *slash;

	snprintf(dir, sizeof(dir), "%s", file);
	slash = strrchr(dir, '/');
	if (!slash || !read_list(&list))
		return;
	*slash = '\0';
	remove_upward(dir, &list);
	write_list(&list);
}

/* Nothing but the list is in the folder. */
static bool
is_alone(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	bool is_other = !dir;

	while (dir && (d = readdir(dir)) != NULL)
		is_other |= strcmp(d->d_name, ".") != 0 &&
			    strcmp(d->d_name, "..") != 0 &&
			    strcmp(d->d_name, LIST) != 0;
	if (dir)
		closedir(dir);
	return !is_other;
}

/* Folders that are noted and lead nowhere near the folder itself. */
static bool
has_others(const struct buf *list, const char *folder)
{
	for (size_t at = 0; at < list->len;) {
		const char *s = list->data + at;
		size_t n = strcspn(s, "\n");

		if (strncmp(folder, s, n) != 0)
			return true;
		at += n + (s[n] == '\n');
	}
	return false;
}

void
statefolder_finish(bool is_everything)
{
	AUTO_BUF struct buf list = {0};
	char folder[PATH_MAX], path[PATH_MAX];

	if (!statefolder(folder, false) ||
		(!is_everything && !is_alone(folder)))
		return;
	(void)read_list(&list);
	if (!is_everything && list.len > 0 && has_others(&list, folder))
		return;
	if (list_path(path, false))
		(void)unlink(path);
	/* It is ours, whoever made it. */
	if (rmdir(folder) < 0)
		return;
	if (list.len > 0)
		(void)take_line(&list, folder);
	*strrchr(folder, '/') = '\0';
	remove_upward(folder, &list);
}
