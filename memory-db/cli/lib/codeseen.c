/* One small file a branch, named by a hash of repository and branch. It is
 * written only when the commit is another one, so that a hook costs a read. */
#include "memory-db/cli/lib/codeseen.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/owned.h"
#include "common/text.h"
#include "common/client/gitfiles.h"
#include "common/client/project.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/pairname.h"
#include "memory-db/cli/lib/statefolder.h"

#define GIT_NAME "git/"

static bool
path_of(const char *shared, const char *branch, bool is_making,
	char ret_path[PATH_MAX])
{
	char folder[PATH_MAX], whole[PATH_MAX], name[PAIRNAME_SIZE];

	if (!realpath(shared, whole) || !statefolder(folder, is_making))
		return false;
	pairname(whole, branch, name);
	return snprintf(ret_path, PATH_MAX, "%s/code-%s", folder, name) <
	       PATH_MAX;
}

static bool
is_commit(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_hex_digit(s[i]) < 0)
			return false;
	return n == 40 || n == 64;
}

bool
codeseen_commit(const char *shared, const char *branch,
	char ret[CODESEEN_BYTES])
{
	char path[PATH_MAX], text[CODESEEN_BYTES];
	AUTO_FD int fd = -1;
	ssize_t n;

	if (!path_of(shared, branch, false, path) ||
		owned_open(path, O_RDONLY, 0, &fd, NULL, NULL) != 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0 || !is_commit(text, (size_t)n))
		return false;
	memcpy(ret, text, (size_t)n);
	ret[n] = '\0';
	return true;
}

void
codeseen_note_as(const char *shared, const char *branch, const char *commit)
{
	char path[PATH_MAX], temp[PATH_MAX + 32], known[CODESEEN_BYTES];
	const size_t n = strlen(commit);
	AUTO_FD int fd = -1;

	if (!is_commit(commit, n) || !path_of(shared, branch, true, path) ||
		(codeseen_commit(shared, branch, known) &&
			strcmp(known, commit) == 0))
		return;
	snprintf(temp, sizeof(temp), "%s.%ld", path, (long)getpid());
	if (owned_open(temp, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL,
		    NULL) != 0)
		return;
	if (write(fd, commit, n) != (ssize_t)n || rename(temp, path) < 0)
		(void)unlink(temp);
}

void
codeseen_note(const char *folder)
{
	AUTO_BUF struct buf branch = {0}, commit = {0}, shared = {0};
	AUTO_PROJECT struct project p = {0};

	if (project_branch(folder, &branch) != 0 || !buf_str(&branch) ||
		strncmp(branch.data, GIT_NAME, strlen(GIT_NAME)) != 0 ||
		project_commit(folder, &commit) != 0 || !buf_str(&commit) ||
		project_look(folder, &p) != 0 || !buf_str(&p.top) ||
		gitfiles_folder(p.top.data, &shared) != 0 || !buf_str(&shared))
		return;
	codeseen_note_as(shared.data, branch.data + strlen(GIT_NAME),
		commit.data);
}

void
codeseen_drop(const char *shared, const char *branch)
{
	char path[PATH_MAX];

	if (path_of(shared, branch, false, path))
		(void)unlink(path);
}
