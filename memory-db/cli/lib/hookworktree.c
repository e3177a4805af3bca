/* git does the work; here stands what is asked of it, and which names and
 * places are taken. A worktree that is removed must lie where one is made:
 * whatever an event says, no other folder is touched. */
#include "memory-db/cli/lib/hookworktree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/codeseen.h"
#include "memory-db/cli/lib/gitrun.h"

#define PLACE	"/.claude/worktrees/"
#define BRANCH	"worktree-"
#define INCLUDE ".worktreeinclude"
/* Of a name; what .worktreeinclude brings along at most. */
#define NAME_BYTES 100
#define LIST_BYTES (256 * 1024)
#define FILE_BYTES (16 * 1024 * 1024)
#define FILES_MOST 2000

/* --- names and places ----------------------------------------------------- */

/* "login"; of a path its last part. A name with a slash is one folder. */
static int
hookworktree_name(const char *text, struct buf *out, struct err *e)
{
	const char *slash = text[0] == '/' ? strrchr(text, '/') : NULL;
	const char *name = slash ? slash + 1 : text;
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-+/";
	size_t n = strlen(name);

	if (n == 0 || n > NAME_BYTES || name[strspn(name, allowed)] != '\0' ||
		strchr(".-/", name[0]) || name[n - 1] == '/' ||
		strstr(name, "..") || strstr(name, "//"))
		return err_set(e, MDB_E_INVALID,
			"'%.100s' is no name for a worktree: letters, digits "
			"and ._-+ make one",
			name);
	if (buf_add(out, name, n) != 0 || !buf_str(out))
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		if (out->data[i] == '/')
			out->data[i] = '+';
	return 0;
}

/* The folder of the repository itself, also when the client is in one of its
 * worktrees. */
static int
find_root(struct gitrun *g, const struct hookevent *ev, struct buf *out,
	struct err *e)
{
	const char *const common[] = {"rev-parse", "--path-format=absolute",
		"--git-common-dir", NULL};
	const char *const top[] = {"rev-parse", "--show-toplevel", NULL};
	const char *const folders[] = {ev->cwd, getenv("CLAUDE_PROJECT_DIR")};
	static const char git[] = "/.git";

	if (!gitrun_find(g))
		return err_set(e, MDB_E_NOT_FOUND, "git is not on PATH");
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		g->folder = folders[i];
		out->len = 0;
		if (!g->folder || g->folder[0] != '/' ||
			gitrun(g, common, out) != 0)
			continue;
		if (out->len > strlen(git) &&
			strcmp(out->data + out->len - strlen(git), git) == 0) {
			out->len -= strlen(git);
			out->data[out->len] = '\0';
			return 0;
		}
		out->len = 0;
		if (gitrun(g, top, out) == 0 && out->len > 0)
			return 0;
	}
	return err_set(e, MDB_E_NOT_FOUND,
		"%.300s lies in no git repository: a worktree cannot be made",
		ev->cwd ? ev->cwd : "the working directory");
}

/* --- files that git does not track ---------------------------------------- */

/* The folder in which a path below `at` ends, a descriptor, and the name of its
 * last part. No part of it may be a link: a branch can hold "conf -> /home/ada",
 * and what lies there is not to be read or written. is_making: what is missing
 * is made. -1: it cannot be reached so. */
static int
enter_folder(int at, const char *path, bool is_making, const char **ret_name)
{
	char part[NAME_MAX + 1];
	AUTO_FD int folder = openat(at, ".", O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (folder >= 0 && (slash = strchr(path, '/')) != NULL) {
		size_t n = (size_t)(slash - path);
		int next;

		if (n == 0 || n >= sizeof(part))
			return -1;
		memcpy(part, path, n);
		part[n] = '\0';
		if (strcmp(part, "..") == 0 ||
			(is_making && mkdirat(folder, part, 0777) < 0 &&
				errno != EEXIST))
			return -1;
		next = openat(folder, part,
			O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(folder);
		folder = next;
		path = slash + 1;
	}
	*ret_name = path;
	return take_fd(&folder);
}

/* Nothing is overwritten. */
static void
copy_file(int from, int to, const char *path)
{
	const char *name = NULL;
	AUTO_FD int in_folder = enter_folder(from, path, false, &name);
	AUTO_FD int in = in_folder < 0
				 ? -1
				 : openat(in_folder, name,
					   O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
						   O_NONBLOCK);
	AUTO_FD int out_folder = -1, out = -1;
	char chunk[16 * 1024];
	struct stat st;
	ssize_t got;

	if (in < 0 || fstat(in, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_size > FILE_BYTES)
		return;
	out_folder = enter_folder(to, path, true, &name);
	if (out_folder < 0)
		return;
	out = openat(out_folder, name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		st.st_mode & 0777);
	while (out >= 0 && (got = read(in, chunk, sizeof(chunk))) > 0)
		if (write(out, chunk, (size_t)got) != got)
			return;
}

static void
bring_along(const struct gitrun *g, const char *root, const char *tree)
{
	const char *const list[] = {"ls-files", "-z", "--others", "--ignored",
		"--exclude-from=" INCLUDE, NULL};
	AUTO_FD int from = open(root, O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int to = open(tree, O_DIRECTORY | O_CLOEXEC);
	AUTO_BUF struct buf names = {0};
	size_t n = 0;

	if (from < 0 || to < 0 || faccessat(from, INCLUDE, R_OK, 0) < 0 ||
		gitrun_all(g, list, LIST_BYTES, &names) != 0 ||
		!buf_str(&names))
		return;
	/* The last one may be cut. */
	for (char *s = names.data;
		memchr(s, '\0', (size_t)(names.data + names.len - s)) &&
		*s != '\0' && n++ < FILES_MOST;
		s += strlen(s) + 1)
		if (strncmp(s, PLACE + 1, strlen(PLACE) - 1) != 0)
			copy_file(from, to, s);
}

/* --- making and removing -------------------------------------------------- */

static bool
has_ref(const struct gitrun *g, const char *ref)
{
	const char *const args[] = {"rev-parse", "--verify", "--quiet",
		"--end-of-options", ref, NULL};

	return gitrun(g, args, NULL) == 0;
}

static int
add_tree(const struct gitrun *g, const char *path, const char *branch,
	struct err *e)
{
	static const char origin[] = "refs/remotes/origin/HEAD";
	AUTO_BUF struct buf ref = {0};
	int rc;

	if (buf_addf(&ref, "refs/heads/%s", branch) != 0 || !buf_str(&ref))
		return err_nomem(e);
	if (has_ref(g, ref.data)) {
		const char *const prune[] = {"worktree", "prune", NULL};
		const char *const args[] = {"worktree", "add", "--quiet", path,
			branch, NULL};

		/* One whose folder is gone holds its branch no longer; one
		 * that is out elsewhere is not taken. */
		(void)gitrun(g, prune, NULL);

		rc = gitrun(g, args, NULL);
	} else {
		const char *const args[] = {"worktree", "add", "--quiet",
			"--no-track", "-b", branch, path,
			has_ref(g, origin) ? origin : "HEAD", NULL};

		rc = gitrun(g, args, NULL);
	}
	if (rc != 0)
		return err_set(e, MDB_E_STORE,
			"git worktree add %.300s failed (is there a commit, "
			"and is %s out nowhere else?)",
			path, branch);
	return 0;
}

int
hookworktree_make(const struct hookevent *ev, struct buf *ret_path,
	struct err *e)
{
	AUTO_BUF struct buf root = {0}, name = {0}, branch = {0}, git = {0};
	struct gitrun g = {.folder = NULL};
	int rc;

	if (!ev->worktree)
		return err_set(e, MDB_E_INVALID,
			"the event names no worktree: `name` is missing");
	rc = hookworktree_name(ev->worktree, &name, e);
	if (rc != 0)
		return rc;
	rc = find_root(&g, ev, &root, e);
	if (rc != 0)
		return rc;
	g.folder = root.data;
	if (buf_addf(ret_path, "%s" PLACE "%s", root.data, name.data) != 0 ||
		!buf_str(ret_path) ||
		buf_addf(&branch, BRANCH "%s", name.data) != 0 ||
		!buf_str(&branch) ||
		buf_addf(&git, "%s/.git", ret_path->data) != 0 ||
		!buf_str(&git))
		return err_nomem(e);
	if (access(git.data, F_OK) == 0)
		return 0;
	rc = add_tree(&g, ret_path->data, branch.data, e);
	if (rc != 0)
		return rc;
	bring_along(&g, root.data, ret_path->data);
	return 0;
}

int
hookworktree_remove(const struct hookevent *ev, struct err *e)
{
	const char *path = ev->worktree;
	const char *place = path ? strstr(path, PLACE) : NULL;
	AUTO_BUF struct buf root = {0}, name = {0}, branch = {0};
	struct gitrun g = {.folder = NULL};
	int rc;

	if (!place || path[0] != '/' || strstr(path, "/../") ||
		strchr(place + strlen(PLACE), '/'))
		return err_set(e, MDB_E_INVALID,
			"%.300s is no worktree that this hook has made",
			path ? path : "nothing");
	rc = hookworktree_name(place + strlen(PLACE), &name, e);
	if (rc != 0)
		return rc;
	if (buf_add(&root, path, (size_t)(place - path)) != 0 ||
		!buf_str(&root) ||
		buf_addf(&branch, BRANCH "%s", name.data) != 0 ||
		!buf_str(&branch))
		return err_nomem(e);
	g.folder = root.data;
	if (access(root.data, F_OK) < 0)
		return 0;
	if (!gitrun_find(&g))
		return err_set(e, MDB_E_NOT_FOUND, "git is not on PATH");

	const char *const remove[] = {"worktree", "remove", "--force", path,
		NULL};
	const char *const prune[] = {"worktree", "prune", NULL};
	const char *const drop[] = {"branch", "-d", "--quiet", branch.data,
		NULL};

	codeseen_note(path);
	if (access(path, F_OK) == 0 && gitrun(&g, remove, NULL) != 0)
		return err_set(e, MDB_E_STORE,
			"git worktree remove %.300s failed", path);
	(void)gitrun(&g, prune, NULL);
	/* Commits that are merged nowhere stay on it. */
	(void)gitrun(&g, drop, NULL);
	return 0;
}
