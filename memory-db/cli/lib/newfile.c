/* A file that appears whole or not at all: written beside its place, synced,
 * renamed, and the folder is synced too, as the rename lies in it. A signal
 * that ends the program removes the unfinished file; the handler may use
 * nothing but unlink, so its name is kept where the handler finds it. */
#include "memory-db/cli/lib/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the signal handler removes; NULL: nothing. */
static const char *volatile unfinished;

void
newfile_abandon(void)
{
	if (unfinished)
		unlink(unfinished);
}

static void
newfile_on_signal(int number)
{
	newfile_abandon();
	/* SA_RESETHAND: this time it ends the process. */
	raise(number);
}

static void
newfile_catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction sa = {.sa_handler = newfile_on_signal,
				 .sa_flags = (int)SA_RESETHAND},
			 old;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 &&
			old.sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
}

static int
newfile_store_error(struct err *e, const char *what, const char *path)
{
	return err_set(e, MDB_E_STORE, "cannot %s %s: %s", what, path,
		strerrordesc_np(errno));
}

/* The path that is replaced: of a link what it leads to, so that the link stays.
 * A device or a pipe (/dev/null, /dev/stdout) is no file that a rename could take
 * the place of: root would be left without it. */
static int
find_place(const char *path, char **ret, struct err *e)
{
	struct stat st;

	*ret = NULL;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		*ret = realpath(path, NULL);
		if (!*ret && errno != ENOENT)
			return newfile_store_error(e, "follow", path);
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, MDB_E_INVALID,
			"%s is no regular file, and is not replaced by one: "
			"name a new file",
			path);
	if (!*ret)
		*ret = strdup(path);
	return *ret ? 0 : err_nomem(e);
}

int
newfile_open(struct newfile *nf, const char *path, mode_t mode, struct err *e)
{
	int fd, rc;

	*nf = (struct newfile){0};
	rc = find_place(path, &nf->path, e);
	if (rc != 0) {
		newfile_done(nf);
		return rc;
	}
	if (asprintf(&nf->temp, "%s.XXXXXX", nf->path) < 0) {
		nf->temp = NULL;
		newfile_done(nf);
		return err_nomem(e);
	}
	fd = mkostemp(nf->temp, O_CLOEXEC);
	if (fd < 0) {
		free(take_ptr(nf->temp));
		newfile_done(nf);
		return newfile_store_error(e, "write a file beside", path);
	}
	unfinished = nf->temp;
	newfile_catch_signals();
	if (fchmod(fd, mode) < 0 || (nf->f = fdopen(fd, "w")) == NULL) {
		rc = newfile_store_error(e, "write", nf->temp);

		close(fd);
		newfile_done(nf);
		return rc;
	}
	return 0;
}

/* The rename is safe only when the folder is synced too. */
static void
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";
	int fd;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1,
			path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems cannot: that is not our file's fault. */
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

int
newfile_sync(struct newfile *nf, struct err *e)
{
	if (!ferror(nf->f) && fflush(nf->f) == 0 && fsync(fileno(nf->f)) == 0)
		return 0;
	return newfile_store_error(e, "write", nf->path);
}

int
newfile_commit(struct newfile *nf, struct err *e)
{
	FILE *f = take_ptr(nf->f);
	bool is_bad = ferror(f) || fflush(f) != 0 || fsync(fileno(f)) != 0;
	int saved = errno;

	if (fclose(f) != 0 && !is_bad) {
		saved = errno;
		is_bad = true;
	}
	if (is_bad) {
		errno = saved;
		return newfile_store_error(e, "write", nf->path);
	}
	if (rename(nf->temp, nf->path) < 0)
		return newfile_store_error(e, "replace", nf->path);
	unfinished = NULL;
	free(take_ptr(nf->temp));
	sync_folder(nf->path);
	return 0;
}

void
newfile_done(struct newfile *nf)
{
	if (nf->f)
		fclose(nf->f);
	if (nf->temp)
		unlink(nf->temp);
	unfinished = NULL;
	free(nf->temp);
	free(nf->path);
	*nf = (struct newfile){0};
}
