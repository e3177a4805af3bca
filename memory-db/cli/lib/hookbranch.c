/* What hooks do about branches; hookbranch.h says when. Nothing is said to
 * anybody: the next digest lists what a merge brought. */
#include "memory-db/cli/lib/hookbranch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/client/gitfiles.h"
#include "common/client/project.h"
#include "memory-db/cli/lib/codeseen.h"
#include "memory-db/cli/lib/gitsync.h"

#define PREFIX "git/"

static int
tell_nobody(void *ctx, const char *branch, const char *what, int64_t conflicts)
{
	(void)ctx;
	(void)branch;
	(void)what;
	(void)conflicts;
	return CLI_OK;
}

static const struct gitsync quietly = {.tell = tell_nobody};

static void
make_branch(struct hookwork *w, const char *name)
{
	/* Said from main: a write on a branch of the code would make it. */
	AUTO_JSON json_t *reply = hookwork_ask(w, "memory_branch",
		json_pack("{s:s,s:s,s:s,s:s}", "action", "create", "name", name,
			"branch", "main", "about", "a worktree of the code"),
		NULL, NULL);
}

/* --- the events of worktrees ---------------------------------------------- */

/* What was written on it and not merged stays. */
static void
end_branch(struct hookwork *w, const char *name)
{
	AUTO_CODEBRANCHES struct codebranches g = {0};
	AUTO_JSON json_t *reply = NULL, *list = NULL;

	if (codebranch_begin(&g, NULL) == 0)
		(void)!gitsync_branch(w->c, &g, name, &quietly);
	list = hookwork_ask(w, "memory_branch",
		json_pack("{s:s,s:s}", "action", "describe", "name", name),
		NULL, NULL);
	if (json_is_false(json_object_get(json_array_get(json_object_get(list,
								 "branches"),
						  0),
		    "unmerged_changes")))
		reply = hookwork_ask(w, "memory_branch",
			json_pack("{s:s,s:s}", "action", "discard", "name",
				name),
			NULL, NULL);
}

void
hookbranch_worktree(struct hookwork *w, bool is_removed)
{
	const char *name = w->ev->worktree, *slash;
	AUTO_BUF struct buf full = {0};

	if (!name)
		return;
	slash = strrchr(name, '/');
	/* Claude Code's worktree NAME is on the branch worktree-NAME, and
	 * `--branch auto` calls the memory of that branch so. */
	if (buf_addf(&full, PREFIX "worktree-%s", slash ? slash + 1 : name) !=
			0 ||
		!buf_str(&full))
		return;
	if (is_removed)
		end_branch(w, full.data);
	else
		make_branch(w, full.data);
}

/* --- sessions ------------------------------------------------------------- */

/* The .git that all worktrees share; whether the folder lies in one beside the
 * repository itself. */
static bool
find_shared(struct buf *shared, bool *ret_is_worktree)
{
	AUTO_PROJECT struct project p = {0};
	AUTO_FREE char *folder = getcwd(NULL, 0);
	AUTO_BUF struct buf own = {0};

	if (!folder || project_look(folder, &p) != 0 || !p.is_repository ||
		p.is_foreign || !buf_str(&p.top) ||
		gitfiles_folder(p.top.data, shared) != 0 || !buf_str(shared) ||
		gitfiles_head(p.top.data, &own) != 0 || !buf_str(&own))
		return false;
	*ret_is_worktree = strcmp(own.data, shared->data) != 0;
	return true;
}

void
hookbranch_begin(struct hookwork *w)
{
	const char *branch = w->c->branch;
	AUTO_FREE char *folder = NULL;
	AUTO_BUF struct buf shared = {0};
	bool is_worktree;

	if (!w->c->follows_code || !branch ||
		strncmp(branch, PREFIX, strlen(PREFIX)) != 0 ||
		!find_shared(&shared, &is_worktree))
		return;
	folder = getcwd(NULL, 0);
	if (folder)
		codeseen_note(folder);
	if (is_worktree && w->hook->what == HOOK_START)
		make_branch(w, branch);
}

/* As git's files have it: false where only git itself could tell. */
static bool
is_here(const char *shared, const char *packed, const char *name)
{
	AUTO_BUF struct buf path = {0};

	if (buf_addf(&path, "%s/refs/heads/%s", shared, name) != 0 ||
		!buf_str(&path))
		return false;
	if (access(path.data, F_OK) == 0)
		return true;
	path.len = 0;
	return packed && buf_addf(&path, " refs/heads/%s\n", name) == 0 &&
	       buf_str(&path) && strstr(packed, path.data);
}

bool
hookbranch_is_due(struct hookwork *w)
{
	AUTO_BUF struct buf shared = {0}, packed = {0};
	AUTO_JSON json_t *list = NULL;
	const json_t *b;
	bool is_worktree;
	size_t i;

	if (!w->c->follows_code || w->hook->what != HOOK_START ||
		!find_shared(&shared, &is_worktree))
		return false;
	list = hookwork_ask(w, "memory_branch",
		json_pack("{s:s}", "action", "list"), NULL, NULL);
	if (gitfiles_text(shared.data, "packed-refs", &packed) != 0)
		packed.len = 0;
	json_array_foreach(json_object_get(list, "branches"), i, b) {
		const char *name = cli_str(b, "name", "");

		if (strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
			!is_here(shared.data, buf_str(&packed),
				name + strlen(PREFIX)))
			return true;
	}
	return false;
}

void
hookbranch_sync(struct cli *c)
{
	AUTO_CODEBRANCHES struct codebranches g = {0};

	if (codebranch_begin(&g, NULL) == 0)
		(void)!gitsync_run(c, &g, &quietly);
}
