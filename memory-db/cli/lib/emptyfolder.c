#include "memory-db/cli/lib/emptyfolder.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "memory-db/cli/lib/cli.h"

/* One that is there must be empty, and stays what it is: a link, a place where
 * something is mounted, the working directory, somebody's with its own mode. */
int
emptyfolder_make(const char *folder)
{
	bool is_empty = true;
	struct dirent *d;
	DIR *dir;

	if (mkdir(folder, 0700) == 0)
		return CLI_OK;
	if (errno != EEXIST)
		return cli_fail(CLI_SYSTEM, "cannot make %s: %m", folder);
	dir = opendir(folder);
	if (!dir)
		return cli_fail(CLI_USAGE, "cannot write to %s: %m", folder);
	while (is_empty && (d = readdir(dir)) != NULL)
		is_empty = strcmp(d->d_name, ".") == 0 ||
			   strcmp(d->d_name, "..") == 0;
	closedir(dir);
	return is_empty
		       ? CLI_OK
		       : cli_fail(CLI_USAGE,
				 "%s is not empty; name a folder that is empty "
				 "or not there yet",
				 folder);
}
