#include "memory-db/cli/lib/tempfolder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "memoryctl-"
/* Another command may sweep one away before it is locked: another is made. */
#define TRIES 10

static void
empty_folder(int fd)
{
	int again = dup(fd);
	DIR *d = again >= 0 ? fdopendir(again) : NULL;
	struct dirent *entry;

	if (!d) {
		if (again >= 0)
			close(again);
		return;
	}
	while ((entry = readdir(d)) != NULL)
		(void)unlinkat(fd, entry->d_name, 0);
	closedir(d);
}

/* Ours, and nobody holds its lock. */
static void
sweep_one(int tmp, const char *name)
{
	AUTO_FD int fd = openat(tmp, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_uid != geteuid() ||
		flock(fd, LOCK_EX | LOCK_NB) != 0)
		return;
	empty_folder(fd);
	(void)unlinkat(tmp, name, AT_REMOVEDIR);
}

static void
sweep(void)
{
	DIR *d = opendir("/tmp");
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)) != NULL)
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
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
temp_folder_make(char *path, int *ret_fd, struct err *e)
{
	char *name = path + strlen(path) - strlen("XXXXXX");
	int rc = 0;

	sweep();
	for (int i = 0; rc == 0 && i < TRIES; i++) {
		memcpy(name, "XXXXXX", strlen("XXXXXX"));
		rc = make_locked(path, ret_fd, e);
	}
	if (rc == 0)
		return err_set(e, MDB_E_STORE,
			"cannot keep a folder in /tmp: somebody removes it");
	return rc < 0 ? rc : 0;
}
