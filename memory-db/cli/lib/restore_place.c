/* Where a restored database comes to be; restore_place.h draws the steps. Power
 * may go at any of them. The new database is complete and synced; then, each step
 * on the disk before the next one begins:
 *
 *   1  memory.db and memory.db-wal get second names beside: memory.db.before-T,
 *      memory.db.before-T-wal. Nothing of the old one can be lost from here on
 *   2  memory.db-wal goes, or the new database would be read with it
 *   3  the new one takes the place of memory.db, by one rename
 *
 * So a database is in the place at any moment. Between 2 and 3 that is the old
 * file without its WAL, which is whole under the other name; restore_place_settle()
 * brings the WAL in before, where the old database can be opened at all. Where it
 * could not, both are copied instead of named twice.
 *
 * A folder that a killed restore left is told from one in use by its lock. */
#include "memory-db/cli/lib/restore_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

#define WORK_NAME   "memory.db"
#define FOLDER_TAIL ".restoring"
/* A restore that was killed holds its lock until its children are gone, too. */
#define DYING_MS 3000
#define LOOK_MS	 20

int
restore_place_error(struct err *e, const char *what, const char *path)
{
	return err_set(e, MDB_E_STORE, "cannot %s %s: %s", what, path,
		strerrordesc_np(errno));
}

int
restore_place_join(char out[PATH_MAX], const char *a, const char *b,
	struct err *e)
{
	int n = snprintf(out, PATH_MAX, "%s%s", a, b);

	return n > 0 && n < PATH_MAX ? 0
				     : err_set(e, MDB_E_INVALID,
					       "the path %s is too long", a);
}

void
restore_place_path(const struct restore_place *p, const char *name,
	char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/%s", p->folder, name) >= PATH_MAX)
		out[0] = '\0'; /* open() says that there is no such file */
}

/* All files of the folder, and itself. */
static void
remove_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
	(void)rmdir(path);
}

/* A signal ends us: what is half done is removed, as far as a handler may. */
static char doomed[8][PATH_MAX];
static size_t doomed_n;

static void
on_signal(int number)
{
	for (size_t i = 0; i < doomed_n; i++)
		if (i + 1 < doomed_n)
			(void)unlink(doomed[i]);
		else
			(void)rmdir(doomed[i]);
	raise(number); /* SA_RESETHAND: this time it ends the process */
}

static void
restore_place_catch_signals(const struct restore_place *p)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	static const char *const tails[] = {"", "-wal", "-shm", ".pid",
		"-journal"};
	struct sigaction sa = {.sa_handler = on_signal,
				 .sa_flags = (int)SA_RESETHAND},
			 old;
	struct err ignored;

	doomed_n = 0;
	for (size_t i = 0; i < ARRAY_LEN(tails); i++)
		if (restore_place_join(doomed[doomed_n], p->work, tails[i],
			    &ignored) == 0)
			doomed_n++;
	if (restore_place_join(doomed[doomed_n], p->folder, "", &ignored) == 0)
		doomed_n++;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 &&
			old.sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
}

static int
make_parents(const char *target, struct err *e)
{
	AUTO_FREE char *path = strdup(target);

	if (!path)
		return err_nomem(e);
	for (char *s = path + 1; (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return restore_place_error(e, "make the folder", path);
		*s = '/';
	}
	return 0;
}

static bool
restore_place_lock_folder(int fd)
{
	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0;
		waited += LOOK_MS) {
		if (waited >= DYING_MS)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}

/* The lock tells a folder that is in use from one that was left behind. */
static int
make_work_folder(struct restore_place *p, struct err *e)
{
	for (int i = 0; i < 2; i++) {
		if (mkdir(p->folder, 0700) != 0 && errno != EEXIST)
			return restore_place_error(e, "make the folder",
				p->folder);
		p->lock_fd = open(p->folder,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (p->lock_fd < 0)
			return restore_place_error(e, "open the folder",
				p->folder);
		if (!restore_place_lock_folder(p->lock_fd))
			return err_set(e, MDB_E_BUSY,
				"another memoryctl is restoring %s", p->target);
		if (i == 1)
			break;
		remove_folder(p->folder);
		close(p->lock_fd);
		p->lock_fd = -1;
	}
	p->is_made = true;
	return 0;
}

int
restore_place_open(struct restore_place *p, const char *target,
	bool may_replace, struct err *e)
{
	struct stat st;
	int rc;

	*p = (struct restore_place){.lock_fd = -1, .target_fd = -1};
	rc = restore_place_join(p->target, target, "", e);
	if (rc != 0)
		return rc;
	rc = restore_place_join(p->folder, target, FOLDER_TAIL, e);
	if (rc != 0)
		return rc;
	rc = restore_place_join(p->work, p->folder, "/" WORK_NAME, e);
	if (rc != 0)
		return rc;
	if (lstat(target, &st) == 0 && (!may_replace || !S_ISREG(st.st_mode)))
		return err_set(e, MDB_E_EXISTS,
			S_ISREG(st.st_mode)
				? "%s exists. --into FILE restores beside it; "
				  "--force puts the backup in its place and "
				  "keeps what is there under another name"
				: "%s is no file that a database could "
				  "replace; --into FILE names another place",
			target);
	rc = make_parents(target, e);
	if (rc != 0)
		return rc;
	rc = make_work_folder(p, e);
	if (rc != 0)
		return rc;
	restore_place_catch_signals(p);
	return 0;
}

/* --- taking the place ----------------------------------------------------- */
/* The lock that memory-db takes on a database. */
static int
lock_target(const struct restore_place *p, int *ret_fd, struct err *e)
{
	char path[PATH_MAX];
	int rc = restore_place_join(path, p->target, ".pid", e);
	AUTO_FD int fd = -1;

	if (rc != 0)
		return rc;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return restore_place_error(e, "lock", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return err_set(e, MDB_E_EXISTS,
			"a memory-db serves %s; end it first (memoryctl stop, "
			"or systemctl), then try again",
			p->target);
	*ret_fd = take_fd(&fd);
	return 0;
}

int
restore_place_lock(struct restore_place *p, struct err *e)
{
	if (p->target_fd >= 0)
		return 0;
	return lock_target(p, &p->target_fd, e);
}

static int
give_to(int fd, const char *path, const struct stat *owner, struct err *e)
{
	struct stat now;

	if (fstat(fd, &now) != 0)
		return restore_place_error(e, "look at", path);
	if (now.st_uid == owner->st_uid && now.st_gid == owner->st_gid)
		return 0;
	if (fchown(fd, owner->st_uid, owner->st_gid) == 0)
		return 0;
	/* Its user may be in that group no longer. */
	if (now.st_uid == owner->st_uid)
		return 0;
	return err_set(e, MDB_E_DENIED,
		"%s cannot be given to user %lld, whom the database belongs "
		"to: run this as root or as that user. Nothing was changed",
		path, (long long)owner->st_uid);
}

/* The file that takes the place of another belongs to whom that one belongs to,
 * and its lock file, too: the service must be able to open what root puts in the
 * place of its database. */
static int
keep_owner(const struct restore_place *p, int fd, const struct stat *old,
	struct err *e)
{
	int rc = give_to(fd, p->work, old, e);

	if (rc != 0)
		return rc;
	rc = give_to(p->target_fd, "the lock file", old, e);
	if (rc != 0)
		return rc;
	if (fchmod(fd, old->st_mode & 0777) != 0)
		return restore_place_error(e, "set the mode of", p->work);
	return 0;
}

int
restore_place_take(struct restore_place *p, struct err *e)
{
	AUTO_FD int fd = open(p->work, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0 || fsync(fd) != 0)
		return restore_place_error(e, "sync", p->work);
	rc = restore_place_lock(p, e);
	if (rc != 0)
		return rc;
	if (lstat(p->target, &st) == 0) {
		rc = keep_owner(p, fd, &st, e);
		if (rc != 0)
			return rc;
	}
	rc = restore_place_aside(p, e);
	if (rc != 0)
		return rc;
	if (rename(p->work, p->target) != 0)
		return restore_place_error(e, "put in its place", p->target);
	restore_place_sync(p->target);
	return 0;
}

void
restore_place_done(struct restore_place *p)
{
	if (!p->is_made)
		return;
	doomed_n = 0;
	remove_folder(p->folder);
	if (p->target_fd >= 0)
		close(p->target_fd);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
	p->is_made = false;
}
