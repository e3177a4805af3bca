/* Finds the program memory-db: named by the caller, beside the running
 * program, or on PATH. */
#include "common/client/spawn_find.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int
spawn_absolute(const char *path, char **ret_new, struct err *e)
{
	char here[PATH_MAX];
	char *text = NULL;

	if (path[0] == '/') {
		text = strdup(path);
		if (text == NULL)
			return err_nomem(e);
	} else {
		if (getcwd(here, sizeof(here)) == NULL)
			return err_set(e, MDB_E_INVALID,
				"'%s' is relative and "
				"the working directory is unknown: %s",
				path, strerrordesc_np(errno));
		if (asprintf(&text, "%s/%s", here, path) < 0)
			return err_nomem(e);
	}
	*ret_new = text;
	return 0;
}

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

/* memory-db in the folder of the running program: 0, 1 when there is none. */
static int
spawn_find_beside_self(char **ret_new, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return 1;
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (slash == NULL)
		return 1;
	size_t room = sizeof(path) - (size_t)(slash + 1 - path);
	if (snprintf(slash + 1, room, "memory-db") >= (int)room ||
		!is_program(path))
		return 1;
	return spawn_absolute(path, ret_new, e);
}

static int
spawn_find_on_path(char **ret_new, struct err *e)
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX];

	while (dirs != NULL && *dirs != '\0') {
		size_t n = strcspn(dirs, ":");
		int len = snprintf(path, sizeof(path), "%.*s/memory-db", (int)n,
			dirs);

		if (n > 0 && len < (int)sizeof(path) && is_program(path))
			return spawn_absolute(path, ret_new, e);
		dirs += n + (dirs[n] == ':');
	}
	return 1;
}

int
spawn_find(const char *option, char **ret_new, struct err *e)
{
	const char *name = option ? option : getenv("MEMORY_DB_PROGRAM");
	int r;

	if (name != NULL && name[0] != '\0') {
		if (!is_program(name))
			return err_set(e, MDB_E_NOT_FOUND,
				"'%s' (%s) is no program that can be started",
				name,
				option ? "the option" : "MEMORY_DB_PROGRAM");
		return spawn_absolute(name, ret_new, e);
	}
	r = spawn_find_beside_self(ret_new, e);
	if (r == 1)
		r = spawn_find_on_path(ret_new, e);
	if (r == 1)
		return err_set(e, MDB_E_NOT_FOUND,
			"memory-db does not run and "
			"cannot be started: it is neither beside this program "
			"nor on PATH; install it or set MEMORY_DB_PROGRAM");
	return r;
}
