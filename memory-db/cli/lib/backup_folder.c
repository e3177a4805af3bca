/* A folder of backups.
 *
 * A part of a chain is worth nothing without what it builds on. So keeping is
 * decided per chain: a backup that is to be kept keeps all that it builds on,
 * and what nobody marked goes.
 *
 *   whole c50 <- part c50-c62 <- part c62-c70    the newest is to be kept: all
 *                                                three stay
 *   whole c70                                    is newer and stands alone: now
 *                                                the three may go */
#include "memory-db/cli/lib/backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/vec.h"
#include "memory-db/cli/lib/backup_sum.h"

#define LOOK_MS 100
#define DAY_MS	86400000LL

static int
backup_folder_error(struct err *e, const char *what, const char *path)
{
	return err_set(e, errno == ENOENT ? MDB_E_NOT_FOUND : MDB_E_STORE,
		"cannot %s %s: %s", what, path, strerrordesc_np(errno));
}

/* Makes the folder and its parents. */
static int
backup_folder_make_folder(const char *path, struct err *e)
{
	AUTO_FREE char *copy = strdup(path);

	if (!copy)
		return err_nomem(e);
	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			return backup_folder_error(e, "make", copy);
		*p = '/';
	}
	return mkdir(copy, 0700) == 0 || errno == EEXIST
		       ? 0
		       : backup_folder_error(e, "make", copy);
}

int
backup_folder_open(struct backup_folder *f, const char *path, bool make,
	struct err *e)
{
	int rc;

	*f = (struct backup_folder){.fd = -1, .lock_fd = -1};
	f->path = strdup(path);
	if (!f->path)
		return err_nomem(e);
	for (size_t n = strlen(f->path); n > 1 && f->path[n - 1] == '/'; n--)
		f->path[n - 1] = '\0';
	rc = make ? backup_folder_make_folder(f->path, e) : 0;
	if (rc != 0)
		return rc;
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->fd >= 0 ? 0
			  : backup_folder_error(e, "open the folder", f->path);
}

/* Of a memoryctl that was killed. The lock is held: nobody writes them. */
static void
remove_leftovers(struct backup_folder *f)
{
	DIR *d = fdopendir(dup(f->fd));
	struct dirent *entry;

	if (!d)
		return;
	rewinddir(d);
	while ((entry = readdir(d)) != NULL)
		if (backup_name_is_leftover(entry->d_name))
			(void)unlinkat(f->fd, entry->d_name, 0);
	closedir(d);
}

int
backup_folder_lock(struct backup_folder *f, int64_t wait_s, struct err *e)
{
	int64_t until = clock_mono_ns() + wait_s * 1000000000;

	f->lock_fd = openat(f->fd, BACKUP_LOCK_NAME,
		O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->lock_fd < 0)
		return backup_folder_error(e, "write into", f->path);
	while (flock(f->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		/* A file system without locks: names are taken in a way that
		 * two do not take the same. */
		if (errno != EWOULDBLOCK)
			return 0;
		if (clock_mono_ns() > until)
			return err_set(e, MDB_E_BUSY,
				"another memoryctl backs up into %s and is "
				"not done yet; --timeout waits longer",
				f->path);
		(void)poll(NULL, 0, LOOK_MS);
	}
	remove_leftovers(f);
	return 0;
}

static int
backup_folder_add_entry(struct backup_folder *f, const char *file,
	const struct backup_name *name, struct err *e)
{
	struct backup_entry *x;
	struct stat s;
	int64_t now = clock_now_ms(), made, written;

	if (fstatat(f->fd, file, &s, AT_SYMLINK_NOFOLLOW) != 0 ||
		!S_ISREG(s.st_mode))
		return 0;
	if (vec_room(f->entries, f->n, f->cap) != 0)
		return err_nomem(e);
	x = &f->entries[f->n++];
	*x = (struct backup_entry){.name = *name,
		.bytes = s.st_size,
		.is_ahead = name->made_ms > now + BACKUP_AHEAD_MS};
	snprintf(x->file, sizeof(x->file), "%.*s", BACKUP_NAME_SIZE - 1, file);
	made = now - name->made_ms;
	written = now - ((int64_t)s.st_mtim.tv_sec * 1000 +
				s.st_mtim.tv_nsec / 1000000);
	x->age_ms = made > written ? made : written;
	return 0;
}

/* By time, then by the change they reach: two may be made within a second.
 *
 * A clock that ran a day ahead left names of tomorrow. What is made today, now
 * that the clock is right, is newer than these: were it not, --keep 4 would
 * remove today's backup for four of "tomorrow". */
static int
compare_entries(const void *a, const void *b)
{
	const struct backup_entry *x = a, *y = b;

	if (x->is_ahead != y->is_ahead)
		return x->is_ahead ? -1 : 1;
	if (x->name.made_ms != y->name.made_ms)
		return x->name.made_ms < y->name.made_ms ? -1 : 1;
	if (x->name.to != y->name.to)
		return x->name.to < y->name.to ? -1 : 1;
	return strcmp(x->file, y->file);
}

static int
backup_folder_add_entries(struct backup_folder *f, DIR *d, const char *id,
	struct err *e)
{
	struct dirent *entry;

	while ((entry = readdir(d)) != NULL) {
		struct backup_name name;
		int rc;

		if (!backup_name_parse(entry->d_name, &name) ||
			(id && strncmp(name.id, id, BACKUP_ID_DIGITS) != 0))
			continue;
		rc = backup_folder_add_entry(f, entry->d_name, &name, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
backup_folder_list(struct backup_folder *f, const char *id, struct err *e)
{
	DIR *d = fdopendir(dup(f->fd));
	int rc;

	f->n = 0;
	if (!d)
		return backup_folder_error(e, "list", f->path);
	rewinddir(d);
	rc = backup_folder_add_entries(f, d, id, e);
	closedir(d);
	if (rc != 0)
		return rc;
	if (f->n > 0)
		qsort(f->entries, f->n, sizeof(*f->entries), compare_entries);
	return 0;
}

bool
backup_folder_link(const struct backup_folder *f, size_t i, size_t *ret)
{
	int64_t from = f->entries[i].name.from;

	for (size_t k = i; k-- > 0;)
		if (f->entries[k].name.to == from) {
			*ret = k;
			return true;
		}
	/* The part was made under a clock that ran ahead, what it follows was
	 * not: it stands behind. That it begins earlier keeps a walk along the
	 * links from going round. */
	for (size_t k = f->n; k-- > i + 1;) {
		const struct backup_name *n = &f->entries[k].name;

		if (n->to == from && (n->is_whole || n->from < from)) {
			*ret = k;
			return true;
		}
	}
	return false;
}

bool
backup_folder_base(const struct backup_folder *f, size_t i, size_t *ret)
{
	while (!f->entries[i].name.is_whole)
		if (!backup_folder_link(f, i, &i))
			return false;
	*ret = i;
	return true;
}

/* Marks the entry and all that its chain is made of. */
static void
backup_folder_keep(struct backup_folder *f, size_t i)
{
	f->entries[i].is_kept = true;
	while (!f->entries[i].name.is_whole && backup_folder_link(f, i, &i))
		f->entries[i].is_kept = true;
}

void
backup_folder_choose(struct backup_folder *f, int64_t keep_days, int64_t keep_n,
	const char *made)
{
	bool all = keep_days <= 0 && keep_n <= 0, has_whole = false;
	int64_t left = keep_n;

	for (size_t i = 0; i < f->n; i++)
		f->entries[i].is_kept = all;
	for (size_t i = f->n; i-- > 0;) {
		struct backup_entry *x = &f->entries[i];
		bool is_new = keep_n > 0 && left-- > 0;
		bool is_young = keep_days > 0 && x->age_ms < keep_days * DAY_MS;
		bool is_newest = x->name.is_whole && !has_whole;
		bool is_made = made != NULL && strcmp(x->file, made) == 0;

		has_whole |= x->name.is_whole;
		if (is_new || is_young || is_newest || is_made)
			backup_folder_keep(f, i);
	}
}

/* What lies beside an encrypted one (backup_sum.h). */
static void
remove_sum(const struct backup_folder *f, const char *file)
{
	char name[BACKUP_NAME_SIZE + sizeof(BACKUP_SUM_SUFFIX)];

	snprintf(name, sizeof(name), "%s%s", file, BACKUP_SUM_SUFFIX);
	(void)unlinkat(f->fd, name, 0);
}

int
backup_folder_prune(struct backup_folder *f, size_t *ret_n, struct err *e)
{
	int rc = 0;

	*ret_n = 0;
	for (size_t i = 0; i < f->n; i++) {
		const struct backup_entry *x = &f->entries[i];

		if (x->is_kept)
			continue;
		if (x->name.cipher != BACKUP_PLAIN)
			remove_sum(f, x->file);
		if (unlinkat(f->fd, x->file, 0) == 0)
			++*ret_n;
		else if (errno != ENOENT)
			rc = backup_folder_error(e, "remove the old backup",
				x->file);
	}
	if (*ret_n > 0)
		(void)fsync(f->fd);
	return rc;
}

/* The folder itself is locked: who may only read it can do that, too. */
void
backup_folder_hold(struct backup_folder *f)
{
	while (flock(f->fd, LOCK_SH) != 0 && errno == EINTR)
		;
}

bool
backup_folder_claim(struct backup_folder *f)
{
	return flock(f->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

void
backup_folder_let(struct backup_folder *f)
{
	(void)flock(f->fd, LOCK_UN);
}

char *
backup_folder_path(const struct backup_folder *f, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%s", f->path, file) < 0 ? NULL : path;
}

void
backup_folder_done(struct backup_folder *f)
{
	if (f->fd >= 0 && f->path)
		close(f->fd);
	if (f->lock_fd >= 0 && f->path)
		close(f->lock_fd);
	free(f->path);
	free(f->entries);
	*f = (struct backup_folder){.fd = -1, .lock_fd = -1};
}
