/* push: the log of a namespace goes where other machines read it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/mirror_pushed.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/remote.h"

/* The log as a file of lines that nobody else sees. */
static int
push_export(struct cli *c, FILE *f, int64_t *ret_lines)
{
	AUTO_FREE char *cursor = NULL;
	int rc;

	do {
		AUTO_JSON json_t *reply = NULL;
		const json_t *line;
		const char *next;
		size_t i;

		rc = cli_call(c, "export_log",
			json_pack("{s:s*}", "cursor", cursor), CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		json_array_foreach(json_object_get(reply, "lines"), i, line) {
			AUTO_BUF struct buf text = {0};

			if (jx_dump(line, &text) != 0)
				return cli_nomem();
			fwrite(text.data, 1, text.len, f);
			putc('\n', f);
			++*ret_lines;
		}
		free(cursor);
		next = cli_str(reply, "next", NULL);
		cursor = next ? strdup(next) : NULL;
		if (next && !cursor)
			return cli_nomem();
	} while (cursor);
	return fflush(f) == 0 && !ferror(f)
		       ? CLI_OK
		       : cli_fail(CLI_SYSTEM, "cannot write: %m");
}

static int
run_push(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *status = NULL, *keys = NULL, *out = NULL;
	const char *ns, *database;
	struct remote remote;
	struct err e = {0};
	int64_t lines = 0;
	char path[64];
	FILE *f;
	int rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW,
		&status);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	ns = c->namespace_ && c->namespace_[0] ? c->namespace_ : "default";
	database =
		cli_str(json_object_get(status, "database"), "instance_id", "");
	if (remote_read(argv[0], ns, &remote, &e) != 0)
		return cli_fail_err(&e);
	rc = mirror_keys(c, &keys);
	if (rc != CLI_OK)
		return rc;
	/* By its place among the descriptors, so that no name is left behind. */
	f = tmpfile();
	if (!f)
		return cli_fail(CLI_SYSTEM, "no temporary file: %m");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(f));
	rc = push_export(c, f, &lines);
	if (rc == CLI_OK && remote_put(&remote, database, path, &e) != 0)
		rc = cli_fail_err(&e);
	fclose(f);
	if (rc != CLI_OK)
		return rc;
	rc = mirror_pushed(c, keys);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		out = json_pack("{s:I,s:s,s:s}", "lines", (json_int_t)lines,
			"namespace", ns, "as", database);
		return !out ? cli_nomem() : cli_print_json(c, out);
	}
	cli_note(c,
		"%lld lines of namespace %s pushed; others take them with "
		"memoryctl pull",
		(long long)lines, ns);
	return CLI_OK;
}

const struct cli_command cli_cmd_push = {
	.name = "push",
	.args = "REMOTE",
	.summary = "put the log of a namespace where other machines pull it",
	.about = "REMOTE is a folder, HOST:FOLDER (by ssh) or git:REPOSITORY "
		 "(a ref refs/memory/.., which plain git push leaves behind: "
		 "git push origin '+refs/memory/*:refs/memory/*'). Each "
		 "database puts a log of its own there, so nothing of another "
		 "machine is overwritten.",
	.min_args = 1,
	.max_args = 1,
	.looks = true,
	.run = run_push,
};
