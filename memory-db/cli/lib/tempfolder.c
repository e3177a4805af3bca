/* Folders of one command in /tmp. Anybody can make names there, so a folder
 * counts as ours only if it is named as mkdtemp names it, belongs to this
 * user, and has nothing in it but what this program makes. One whose lock
 * somebody holds is in use; the others are removed by whoever makes the next
 * one. */
#include "memory-db/cli/lib/tempfolder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "memoryctl-run."
#define DRAWN  6 /* letters and digits that mkdtemp put in place of the X */
/* One that somebody makes at this moment is not locked yet. */
#define YOUNG_S 60
/* Another command may sweep one away before it is locked: another is made. */
#define TRIES 10

static bool
tempfolder_is_known(const char *name)
{
	static const char *const known[] = {".", "..", "s", "s.spawn", "log",
		"memory.db", "memory.db-wal", "memory.db-shm", "memory.db.lock",
		"memory.db.log", "memory-db.log", "memory.db.pid"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

/* remove: what is in it goes; else only: is all of it known? */
static bool
each_known(int fd, bool remove)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again >= 0 ? fdopendir(again) : NULL;
	struct dirent *entry;
	bool is_ours = d != NULL;

	if (!d) {
		if (again >= 0)
			close(again);
		return false;
	}
	while (is_ours && (entry = readdir(d)) != NULL) {
		is_ours = tempfolder_is_known(entry->d_name);
		if (is_ours && remove)
			(void)unlinkat(fd, entry->d_name, 0);
	}
	closedir(d);
	return is_ours;
}

/* As mkdtemp made it, not some folder of the user whose name begins like it. */
static bool
tempfolder_is_name(const char *name)
{
	const char *drawn = name + strlen(PREFIX);

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
		strlen(drawn) != DRAWN)
		return false;
	for (const char *p = drawn; *p; p++)
		if (!isalnum((unsigned char)*p))
			return false;
	return true;
}

/* Ours, nobody holds its lock, and nothing but ours is in it. */
static void
sweep_one(int tmp, const char *name)
{
	AUTO_FD int fd = openat(tmp, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_uid != geteuid() ||
		(st.st_mode & 07777) != 0700 ||
		st.st_mtime > time(NULL) - YOUNG_S ||
		flock(fd, LOCK_EX | LOCK_NB) != 0 || !each_known(fd, false))
		return;
	(void)each_known(fd, true);
	(void)unlinkat(tmp, name, AT_REMOVEDIR);
}

static void
tempfolder_sweep(void)
{
	DIR *d = opendir("/tmp");
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)) != NULL)
		if (tempfolder_is_name(entry->d_name))
			sweep_one(dirfd(d), entry->d_name);
	closedir(d);
}

/* 1; 0: it was swept away; negative. */
static int
make_locked(char *path, int *ret_fd, struct err *e)
{
	AUTO_FD int fd = -1;
	struct stat named, locked;

	if (!mkdtemp(path))
		return err_set(e, MDB_E_STORE,
			"cannot make a folder in /tmp: %s",
			strerrordesc_np(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 ||
		fstat(fd, &locked) != 0 || lstat(path, &named) != 0 ||
		locked.st_ino != named.st_ino)
		return 0;
	*ret_fd = take_fd(&fd);
	return 1;
}

int
temp_folder_make(char path[TEMP_FOLDER_SIZE], int *ret_fd, struct err *e)
{
	tempfolder_sweep();
	for (int i = 0; i < TRIES; i++) {
		int rc;

		snprintf(path, TEMP_FOLDER_SIZE, "/tmp/" PREFIX "XXXXXX");
		rc = make_locked(path, ret_fd, e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return err_set(e, MDB_E_STORE,
		"cannot keep a folder in /tmp: somebody removes it");
}
