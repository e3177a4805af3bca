/* What git says of a branch of the code: is it there, was it merged?
 *
 *   refs/heads/login is there                       there
 *   it is gone; its last commit is in main, or      merged
 *     merging it would change nothing (a squash)
 *   it is gone, and main has not what it had        gone
 *   no commit of it is known here                   unknown
 *
 * Its last commit stands in the log of HEAD, when the code was moved away from
 * it; of a worktree, whose log went with it, in what hooks and git-sync saw
 * (codeseen.h). */
#include "memory-db/cli/lib/codebranch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "memory-db/cli/lib/codeseen.h"

#define COMMIT_BYTES CODESEEN_BYTES
#define REFLOG_BYTES (4 * 1024 * 1024)

/* The commit of a ref; false: there is none. */
static bool
git_commit_of(const struct codebranches *g, const char *ref,
	char ret[COMMIT_BYTES])
{
	const char *const args[] = {"rev-parse", "--verify", "--quiet",
		"--end-of-options", ref, NULL};
	AUTO_BUF struct buf out = {0};

	if (gitrun(&g->git, args, &out) != 0 || out.len == 0 ||
		out.len >= COMMIT_BYTES)
		return false;
	memcpy(ret, out.data, out.len + 1);
	return true;
}

/* Refs of the default branch: here, and at origin. */
static void
git_find_base(struct codebranches *g)
{
	static const char *const names[] = {"main", "master"};
	const char *const args[] = {"symbolic-ref", "--quiet", "--short",
		"refs/remotes/origin/HEAD", NULL};
	AUTO_BUF struct buf out = {0};
	char commit[COMMIT_BYTES];
	int n = 0;

	if (gitrun(&g->git, args, &out) == 0 && out.len > 7 &&
		strncmp(out.data, "origin/", 7) == 0) {
		snprintf(g->base[n++], sizeof(g->base[0]), "refs/remotes/%s",
			out.data);
		snprintf(g->base[n], sizeof(g->base[0]), "refs/heads/%s",
			out.data + 7);
		if (!git_commit_of(g, g->base[n], commit))
			g->base[n][0] = '\0';
		return;
	}
	for (size_t i = 0; n == 0 && i < ARRAY_LEN(names); i++) {
		snprintf(g->base[0], sizeof(g->base[0]), "refs/heads/%s",
			names[i]);
		n += git_commit_of(g, g->base[0], commit);
	}
	if (n == 0)
		g->base[0][0] = '\0';
}

/* The log of HEAD: "OLD NEW who <mail> time zone\tcheckout: moving from A to B"
 * a line. */
static void
git_read_reflog(struct codebranches *g)
{
	const char *const args[] = {"rev-parse", "--path-format=absolute",
		"--git-path", "logs/HEAD", NULL};
	AUTO_BUF struct buf path = {0};
	AUTO_FD int fd = -1;
	ssize_t got = 0;
	off_t size;

	if (gitrun(&g->git, args, &path) != 0 || path.len == 0)
		return;
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || buf_reserve(&g->reflog, REFLOG_BYTES + 1) != 0)
		return;
	/* Of a long one the end is what counts. */
	size = lseek(fd, 0, SEEK_END);
	if (size > REFLOG_BYTES)
		(void)lseek(fd, size - REFLOG_BYTES, SEEK_SET);
	else
		(void)lseek(fd, 0, SEEK_SET);
	while (g->reflog.len < REFLOG_BYTES &&
		(got = read(fd, g->reflog.data + g->reflog.len,
			 REFLOG_BYTES - g->reflog.len)) > 0)
		g->reflog.len += (size_t)got;
}

/* The commit that a branch had when the code was last moved away from it. */
static bool
git_last_commit(struct codebranches *g, const char *name,
	char ret[COMMIT_BYTES])
{
	AUTO_BUF struct buf what = {0};
	const char *s = buf_str(&g->reflog), *hit, *line = NULL;
	size_t n;

	if (!s || buf_addf(&what, "checkout: moving from %s to ", name) != 0 ||
		!buf_str(&what))
		return false;
	for (; (hit = strstr(s, what.data)) != NULL; s = hit + 1) {
		line = hit;
		while (line > g->reflog.data && line[-1] != '\n')
			line--;
	}
	n = line ? strcspn(line, " ") : 0;
	if (n < 40 || n >= COMMIT_BYTES)
		return false;
	memcpy(ret, line, n);
	ret[n] = '\0';
	return true;
}

/* Is all of a commit in the default branch? 1, 0, or -1: git does not know. */
static int
git_is_merged(const struct codebranches *g, const char *commit,
	const char *base)
{
	const char *const ancestor[] = {"merge-base", "--is-ancestor", commit,
		base, NULL};
	const char *const merge[] = {"merge-tree", "--write-tree", base, commit,
		NULL};
	AUTO_BUF struct buf tree = {0}, ref = {0};
	char now[COMMIT_BYTES];
	int rc = gitrun(&g->git, ancestor, NULL);

	if (rc == 0)
		return 1;
	if (rc != 1)
		return -1;
	/* Squashed: merging it changes nothing. Older gits cannot tell. */
	if (gitrun(&g->git, merge, &tree) != 0 ||
		buf_addf(&ref, "%s^{tree}", base) != 0 || !buf_str(&ref) ||
		!git_commit_of(g, ref.data, now))
		return 0;
	return tree.len > 0 && strcmp(tree.data, now) == 0;
}

static bool
is_ancestor(const struct codebranches *g, const char *a, const char *b)
{
	const char *const args[] = {"merge-base", "--is-ancestor", a, b, NULL};

	return gitrun(&g->git, args, NULL) == 0;
}

/* The newer of both: what was seen may lie before the log's end. */
static bool
last_commit(struct codebranches *g, const char *name, char ret[COMMIT_BYTES])
{
	char seen[COMMIT_BYTES];
	bool is_seen = codeseen_commit(g->shared.data, name, seen);

	if (!git_last_commit(g, name, ret)) {
		if (is_seen)
			memcpy(ret, seen, sizeof(seen));
		return is_seen;
	}
	if (is_seen && is_ancestor(g, ret, seen))
		memcpy(ret, seen, sizeof(seen));
	return true;
}

enum codebranch_state
codebranch_look(struct codebranches *g, const char *name)
{
	AUTO_BUF struct buf ref = {0};
	char commit[COMMIT_BYTES];
	int known = 0;

	if (buf_addf(&ref, "refs/heads/%s", name) != 0 || !buf_str(&ref))
		return CODE_UNKNOWN;
	if (git_commit_of(g, ref.data, commit)) {
		codeseen_note_as(g->shared.data, name, commit);
		return CODE_THERE;
	}
	if (!last_commit(g, name, commit))
		return CODE_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(g->base); i++) {
		int rc = g->base[i][0] ? git_is_merged(g, commit, g->base[i])
				       : -1;

		if (rc == 1)
			return CODE_MERGED;
		known += rc == 0;
	}
	return known > 0 ? CODE_GONE : CODE_UNKNOWN;
}

int
codebranch_begin(struct codebranches *g, const char *folder)
{
	const char *const inside[] = {"rev-parse", "--path-format=absolute",
		"--git-common-dir", NULL};

	*g = (struct codebranches){.git = {.folder = folder}};
	if (!gitrun_find(&g->git))
		return CODEBRANCH_NO_GIT;
	if (gitrun(&g->git, inside, &g->shared) != 0 || g->shared.len == 0)
		return CODEBRANCH_NO_REPOSITORY;
	git_find_base(g);
	git_read_reflog(g);
	return 0;
}

void
codebranch_done(struct codebranches *g)
{
	buf_done(&g->reflog);
	buf_done(&g->shared);
}
