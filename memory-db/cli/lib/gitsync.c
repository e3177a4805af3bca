/* Branches of memory follow those of the code. A branch "git/login" was made
 * when something was written while the code was on `login`:
 *
 *   login is there      it stays
 *   login is gone,
 *     and was merged    its memory is merged into main, and the branch ends
 *     and was not       it is told; is_discard ends it
 *   login is unknown  it is told: another clone may have it
 *
 * A branch on which nothing waits to be merged ends with its code in any
 * case. */
#include "memory-db/cli/lib/gitsync.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/codeseen.h"
#include "memory-db/cli/lib/sliced.h"

#define PREFIX "git/"

static int
end_branch(struct cli *c, const char *branch)
{
	AUTO_JSON json_t *reply = NULL;

	return cli_call(c, "memory_branch",
		json_pack("{s:s,s:s}", "action", "discard", "name", branch),
		CLI_NOW, &reply);
}

static int
merge_branch(struct cli *c, const char *branch, int64_t *ret_conflicts)
{
	int rc = sliced_merge(c, branch, ret_conflicts);

	if (rc != CLI_OK)
		return rc;
	return end_branch(c, branch);
}

/* Whether something on it waits to be merged; true where that is not known. */
static bool
has_changes(struct cli *c, const char *branch)
{
	AUTO_JSON json_t *reply = NULL;

	if (cli_call(c, "memory_branch",
		    json_pack("{s:s,s:s}", "action", "describe", "name",
			    branch),
		    CLI_NOW, &reply) != CLI_OK)
		return true;
	return !json_is_false(
		json_object_get(json_array_get(json_object_get(reply,
						       "branches"),
					0),
			"unmerged_changes"));
}

static int
sync_merged(struct cli *c, const struct gitsync *how, const char *branch)
{
	int64_t conflicts = 0;
	int rc = how->is_dry_run ? CLI_OK : merge_branch(c, branch, &conflicts);

	if (rc != CLI_OK)
		return rc;
	return how->tell(how->ctx, branch,
		how->is_dry_run ? "would be merged" : "merged", conflicts);
}

static int
sync_gone(struct cli *c, const struct gitsync *how, const char *branch)
{
	int rc = CLI_OK;

	if (!how->is_discard && has_changes(c, branch))
		return how->tell(how->ctx, branch,
			"its code is gone and was not merged as far as git "
			"tells: kept. memoryctl merge takes it, --discard ends "
			"it",
			0);
	if (!how->is_dry_run)
		rc = end_branch(c, branch);
	if (rc != CLI_OK)
		return rc;
	return how->tell(how->ctx, branch,
		how->is_dry_run ? "would be discarded" : "discarded", 0);
}

int
gitsync_branch(struct cli *c, struct codebranches *g, const char *branch,
	const struct gitsync *how)
{
	const char *name = branch + strlen(PREFIX);
	enum codebranch_state state = codebranch_look(g, name);
	int rc = CLI_OK;

	switch (state) {
	case CODE_THERE:
		return how->tell(how->ctx, branch, "its code is there", 0);
	case CODE_UNKNOWN:
		/* Another clone may have its code. */
		return how->tell(how->ctx, branch,
			"this repository knows nothing of its code: kept. "
			"memoryctl merge takes it, memoryctl branch discard "
			"ends it",
			0);
	case CODE_MERGED:
		rc = sync_merged(c, how, branch);
		break;
	case CODE_GONE:
		rc = sync_gone(c, how, branch);
		break;
	}
	if (rc == CLI_OK && !how->is_dry_run && state == CODE_MERGED)
		codeseen_drop(g->shared.data, name);
	return rc;
}

int
gitsync_run(struct cli *c, struct codebranches *g, const struct gitsync *how)
{
	AUTO_JSON json_t *list = NULL;
	const json_t *b;
	size_t i;
	int rc = cli_call(c, "memory_branch",
		json_pack("{s:s}", "action", "list"), CLI_NOW, &list);

	if (rc != CLI_OK)
		return rc;
	json_array_foreach(json_object_get(list, "branches"), i, b) {
		const char *name = cli_str(b, "name", "");

		if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		rc = gitsync_branch(c, g, name, how);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}
