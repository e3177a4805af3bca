/* A branch of memory for a worktree of the code. */
#include "memory-db/cli/lib/hookbranch.h"

#include <string.h>

#include "common/jx.h"

void
hookbranch_worktree(struct hookwork *w, bool is_removed)
{
	AUTO_JSON json_t *reply = NULL, *list = NULL;
	const char *name = w->ev->worktree, *slash;
	AUTO_BUF struct buf full = {0};
	const json_t *b;

	if (!name)
		return;
	slash = strrchr(name, '/');
	/* Claude Code's worktree NAME is on the branch worktree-NAME, and
	 * `--branch auto` calls the memory of that branch so. */
	if (buf_addf(&full, "git/worktree-%s", slash ? slash + 1 : name) != 0 ||
		!buf_str(&full))
		return;
	if (!is_removed) {
		reply = hookwork_ask(w, "memory_branch",
			json_pack("{s:s,s:s,s:s}", "action", "create", "name",
				full.data, "about", "a worktree of the code"),
			NULL, NULL);
		return;
	}
	/* What was written on it and not merged stays. */
	list = hookwork_ask(w, "memory_branch",
		json_pack("{s:s,s:s}", "action", "describe", "name", full.data),
		NULL, NULL);
	b = json_array_get(json_object_get(list, "branches"), 0);
	if (json_is_false(json_object_get(b, "unmerged_changes")))
		reply = hookwork_ask(w, "memory_branch",
			json_pack("{s:s,s:s}", "action", "discard", "name",
				full.data),
			NULL, NULL);
}
