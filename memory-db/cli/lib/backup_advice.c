/* Why a folder takes no backup, for a person.
 *
 * An error of the system says what failed ("No such file or directory"), not what
 * to do. So when writing has failed the folder is looked at once more, from the
 * outside: is it there, is it the one that was opened, may it be written, whose is
 * it, is there room? For example:
 *
 *   memoryctl: cannot read /mnt/nas/memory_..: No such file or directory. No ..
 *   memoryctl: another folder lies at /mnt/nas now: what was mounted there is gone;
 *   mount it again
 *
 * What it finds is the state behind the failure, which may have passed by then;
 * where nothing is wrong any more it says nothing. */
#include "memory-db/cli/lib/backup_advice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/out.h"

/* A folder is as full as it matters when less than this is free. */
#define ROOM_LEAST (64 * 1024)

/* The folder, or the nearest one above it that is there. False: none of them
 * answers, and errno says why. */
static bool
nearest(const char *path, char out[PATH_MAX])
{
	struct stat st;
	char *slash;

	snprintf(out, PATH_MAX, "%s", path);
	while (stat(out, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return false;
		slash = strrchr(out, '/');
		if (strcmp(out, ".") == 0 || strcmp(out, "/") == 0)
			return false;
		if (!slash)
			snprintf(out, PATH_MAX, ".");
		else
			slash[slash == out ? 1 : 0] = '\0';
	}
	return true;
}

/* The folder that was opened is no longer what lies at its path. */
static bool
is_exchanged(const struct backup_folder *f, char ret[BACKUP_ADVICE_SIZE])
{
	struct stat here, opened;

	if (f->fd < 0 || fstat(f->fd, &opened) != 0)
		return false;
	if (stat(f->path, &here) != 0) {
		if (errno != ENOENT)
			return false;
		snprintf(ret, BACKUP_ADVICE_SIZE,
			"%s is not there any more: somebody removed it, or "
			"what it lies on is gone; bring that back, or name "
			"another folder",
			f->path);
		return true;
	}
	if (here.st_ino == opened.st_ino && here.st_dev == opened.st_dev)
		return false;
	snprintf(ret, BACKUP_ADVICE_SIZE,
		"another folder lies at %s now: what was mounted there is "
		"gone, or it was replaced; mount it again",
		f->path);
	return true;
}

/* Made by a backup of root in the folder of a user, say. */
static bool
is_lock_of_another(const struct backup_folder *f, char ret[BACKUP_ADVICE_SIZE])
{
	struct stat st;

	if (f->fd < 0 || f->lock_fd >= 0 ||
		fstatat(f->fd, BACKUP_LOCK_NAME, &st, AT_SYMLINK_NOFOLLOW) !=
			0 ||
		st.st_uid == geteuid() ||
		faccessat(f->fd, BACKUP_LOCK_NAME, W_OK, AT_EACCESS) == 0)
		return false;
	snprintf(ret, BACKUP_ADVICE_SIZE,
		"the lock %s/" BACKUP_LOCK_NAME " belongs to %s, who made a "
		"backup there: remove that file, or run this as that user",
		f->path, doctor_user(st.st_uid));
	return true;
}

static void
look_at_room(const char *path, const struct statvfs *vfs, int64_t content_bytes,
	char ret[BACKUP_ADVICE_SIZE])
{
	int64_t available = (int64_t)vfs->f_bavail * (int64_t)vfs->f_frsize;
	char have[OUT_NUMBER_SIZE], whole[OUT_NUMBER_SIZE];

	if (available >= ROOM_LEAST && available >= content_bytes / 2)
		return;
	out_bytes(available, have);
	out_bytes(content_bytes, whole);
	snprintf(ret, BACKUP_ADVICE_SIZE,
		"%s has %s free, and packed a backup takes a third to a half "
		"of the %s of what is backed up: make room, or name another "
		"folder",
		path, have, content_bytes > 0 ? whole : "size");
}

void
backup_advice(const struct backup_folder *f, int64_t content_bytes,
	char ret[BACKUP_ADVICE_SIZE])
{
	char path[PATH_MAX];
	struct statvfs vfs;
	struct stat st;

	ret[0] = '\0';
	if (!f->path || is_exchanged(f, ret) || is_lock_of_another(f, ret))
		return;
	if (!nearest(f->path, path) || stat(path, &st) != 0 ||
		statvfs(path, &vfs) != 0)
		snprintf(ret, BACKUP_ADVICE_SIZE,
			"%s does not answer (%s): see whether the disk or the "
			"NAS behind it is connected and mounted",
			f->path, strerrordesc_np(errno));
	else if (!S_ISDIR(st.st_mode))
		snprintf(ret, BACKUP_ADVICE_SIZE,
			"%s is a file: name a folder, or move it away", path);
	else if (vfs.f_flag & ST_RDONLY)
		snprintf(ret, BACKUP_ADVICE_SIZE,
			"%s is mounted read-only: mount it for writing, or "
			"name another folder",
			path);
	else if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0)
		snprintf(ret, BACKUP_ADVICE_SIZE,
			"%s belongs to %s and has mode %04o: run this as a "
			"user who may write there, or name another folder",
			path, doctor_user(st.st_uid),
			(unsigned)st.st_mode & 07777);
	else
		look_at_room(path, &vfs, content_bytes, ret);
}
