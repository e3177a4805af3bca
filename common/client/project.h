/* The namespace `auto`: which project a folder belongs to. Reads git's files
 * itself, runs nothing. */
#ifndef COMMON_CLIENT_PROJECT_H
#define COMMON_CLIENT_PROJECT_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends the namespace of `folder` (absolute): the URL of the remote `origin`
 * as host/path ("git@host.example:team/app.git" and
 * "https://user:secret@host.example/team/app" are host.example/team/app), found
 * by looking for .git from the folder upwards, through worktrees and
 * submodules; without a remote the top folder of the repository (that of a
 * worktree is the repository's own); without a
 * repository the folder, or `default` where that is the root or the home
 * folder. At most LIMIT_LABEL_BYTES, the end of longer ones.
 * 0 or MDB_E_NOMEM. */
int project_namespace(const char *folder, struct buf *out) MUST_CHECK;
/* The same, and whether the folder lies in a repository. */
int project_find(const char *folder, struct buf *out, bool *ret_is_repository)
	MUST_CHECK;

/* What a folder says of itself. Anybody who can hand over a folder can write a
 * .git into it: whether it is believed is decided by project_map.h. */
struct project {
	struct buf top;	   /* the folder with .git; else the folder */
	struct buf home;   /* of a worktree that its repository knows: the
			      folder of that; else empty */
	struct buf remote; /* host/path; empty: none */
	bool is_repository;
	bool is_foreign; /* git's files belong to another user */
	/* what stays the same when the folder moves: the folder .git, of a
	 * worktree that its repository knows the one it shares */
	unsigned long long inode;
	long long born_ns; /* 0: the file system does not say */
};
#define AUTO_PROJECT __attribute__((cleanup(project_done)))
/* 0 or MDB_E_NOMEM. */
int project_look(const char *folder, struct project *ret) MUST_CHECK;
/* The namespace without that remote: the top folder, or `default`. */
int project_plain(const struct project *p, struct buf *out) MUST_CHECK;
void project_done(struct project *p);

/* The branch of memory that belongs to the branch of the code in a folder:
 * "git/NAME"; "main" for the repository's default branch, a detached head and
 * where there is no repository. Appended to out. The default branch is the one
 * that origin/HEAD names, else main or master. 0 or MDB_E_NOMEM. */
int project_branch(const char *folder, struct buf *out) MUST_CHECK;

/* The commit that is out in a folder, as git's hexadecimal digits appended to
 * out; nothing where it is not known. 0 or MDB_E_NOMEM. */
int project_commit(const char *folder, struct buf *out) MUST_CHECK;

/* The pure part: "host/path" of a remote's URL appended to out, or nothing
 * when it is a path of this machine. 0 or MDB_E_NOMEM. */
int project_normalise_url(const char *url, struct buf *out) MUST_CHECK;

/* The pure part: appends the url of [remote "origin"] of a git configuration
 * text; nothing when there is none. 0 or MDB_E_NOMEM. */
int project_origin_url(const char *config, size_t n, struct buf *out)
	MUST_CHECK;

#endif
