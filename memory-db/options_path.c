/* Paths as options, settings and the environment name them. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "memory-db/options.h"

static const char *
home_folder(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home && *home)
		return home;
	pw = getpwuid(geteuid());
	return pw ? pw->pw_dir : "/";
}

/* Absolute, with "~/" for the home folder; the file need not exist. */
int
options_path(const char *path, char **ret_new, struct err *e)
{
	AUTO_BUF struct buf b = {0};
	AUTO_FREE char *cwd = NULL;
	char *absolute;
	int rc;

	if (strncmp(path, "~/", 2) == 0) {
		rc = buf_addf(&b, "%s/%s", home_folder(), path + 2);
	} else if (path[0] == '/') {
		rc = buf_adds(&b, path);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			err_set(e, MDB_E_STORE,
				"the working directory is gone; give "
				"--database an absolute path");
			return MDB_E_STORE;
		}
		rc = buf_addf(&b, "%s/%s", cwd, path);
	}
	absolute = rc ? NULL : buf_steal(&b);
	if (!absolute) {
		err_nomem(e);
		return MDB_E_NOMEM;
	}
	*ret_new = absolute;
	return 0;
}
