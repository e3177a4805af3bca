/* sync-folder: a folder of notes and the memory say the same. */
#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/foldersync.h"
#include "memory-db/cli/lib/out.h"

static bool is_dry_run, is_emptied;

static const struct conf_opt opts[] = {
	CLI_FLAG("dry-run", &is_dry_run, "only show what would be done"),
	CLI_FLAG("emptied", &is_emptied,
		"that no note is left was meant so: their facts are deleted"),
};

static void
cmd_sync_folder_tell(void *ctx, char sign, const char *where, const char *file,
	const char *text)
{
	const struct cli *c = ctx;
	enum out_style style = sign == '+' ? OUT_GREEN : OUT_RED;

	printf("%s%c %s ", out_on(c, style), sign, where);
	out_text(stdout, file);
	fputs(": ", stdout);
	out_text(stdout, text);
	printf("%s\n", out_off(c, style));
}

static int
run_sync_folder(struct cli *c, int argc, char **argv)
{
	struct foldersync_options o = {.folder = argv[0],
		.is_dry = is_dry_run,
		.is_emptied = is_emptied,
		.tell = is_dry_run && !c->json ? cmd_sync_folder_tell : NULL,
		.ctx = c};
	struct foldersync_counts n;
	AUTO_JSON json_t *j = NULL;
	int rc = foldersync_run(c, &o, &n);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		j = json_pack("{s:{s:I,s:I},s:{s:I,s:I},s:I,s:I}", "memory",
			"added", (json_int_t)n.to_memory, "removed",
			(json_int_t)n.from_memory, "folder", "added",
			(json_int_t)n.to_folder, "removed",
			(json_int_t)n.from_folder, "changed_on_both",
			(json_int_t)n.both, "skipped", (json_int_t)n.skipped);
		return j ? cli_print_json(c, j) : cli_nomem();
	}
	if (!c->quiet)
		printf("%s: %lld facts added, %lld removed in the memory; "
		       "%lld added, %lld removed in the folder\n",
			is_dry_run ? "would be" : "synced",
			(long long)n.to_memory, (long long)n.from_memory,
			(long long)n.to_folder, (long long)n.from_folder);
	return CLI_OK;
}

const struct cli_command cli_cmd_sync_folder = {
	.name = "sync-folder",
	.args = "DIR",
	.summary = "make a folder of notes and the memory say the same",
	.about = "Takes what changed in a folder of Markdown notes (as "
		 "Claude Code's own memory is) into the memory, and what "
		 "changed in the memory into the folder. Each note is an "
		 "entity, each item and paragraph of it a fact. What both had "
		 "the last time stands in .memory-sync.json in the folder: "
		 "so what was deleted on one side is deleted on the other, "
		 "and what was changed on both sides is kept twice and told.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.writes = true,
	.makes = true,
	.run = run_sync_folder,
};
