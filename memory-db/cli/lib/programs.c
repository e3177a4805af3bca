#include "memory-db/cli/lib/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
programs_is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

const char *
programs_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool
programs_find(const char *name, char ret_path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
	int len;

	if (n > 0) {
		ret_path[n] = '\0';
		size_t dir = (size_t)(programs_base(ret_path) - ret_path);

		len = snprintf(ret_path + dir, PATH_MAX - dir, "%s", name);
		if (len > 0 && (size_t)len < PATH_MAX - dir &&
			programs_is_program(ret_path))
			return true;
	}
	return programs_on_path(name, ret_path);
}

bool
programs_on_path(const char *name, char ret_path[PATH_MAX])
{
	const char *dirs = getenv("PATH");

	while (dirs && *dirs != '\0') {
		size_t k = strcspn(dirs, ":");
		int len = snprintf(ret_path, PATH_MAX, "%.*s/%s", (int)k, dirs,
			name);

		/* A relative folder would mean another program elsewhere. */
		if (dirs[0] == '/' && len < PATH_MAX &&
			programs_is_program(ret_path))
			return true;
		dirs += k + (dirs[k] == ':');
	}
	return false;
}
