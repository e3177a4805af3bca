/* Lines are cut out of the replies as they came: nothing is parsed and written
 * anew, so numbers and escapes stay to the byte. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/exportmd.h"
#include "memory-db/cli/lib/jscan.h"
#include "memory-db/cli/lib/newfile.h"
#include "memory-db/cli/lib/progress.h"

static bool is_current, is_all, has_counters, is_markdown;

static const struct conf_opt opts[] = {
	CLI_FLAG("current", &is_current,
		"today's state instead of the log of changes"),
	CLI_FLAG("counters", &has_counters,
		"with how often entities were read and skills ran"),
	CLI_FLAG("markdown", &is_markdown,
		"today's state as a folder of Markdown, a file an entity"),
	CLI_FLAG("all", &is_all, "every namespace, not only one"),
	CLI_FLAG("all-namespaces", &is_all, "the same"),
};

struct export
{
	struct cli *c;
	FILE *f; /* borrowed; NULL: standard output */
	struct progress progress;
	int64_t lines;
};

static int
put_lines(struct export *x, const char *reply, size_t n, size_t at)
{
	struct jmember m;
	struct jwalk w;
	int more = -1, rc;

	if (jwalk_init(&w, reply, n, at))
		while ((more = jwalk_next(&w, &m)) == 1) {
			const char *line = reply + m.value.at;
			size_t len = m.value.end - m.value.at;

			x->lines++;
			if (x->f) {
				fwrite(line, 1, len, x->f);
				putc('\n', x->f);
			} else if ((rc = cli_print_text(x->c, line, len)) !=
				   CLI_OK) {
				return rc;
			}
		}
	if (more != 0)
		return cli_fail(CLI_SYSTEM, "the reply of the service cannot "
					    "be read");
	return CLI_OK;
}

/* The cursor keeps the point in time of the first page. */
static json_t *
cmd_export_make_params(const struct cli *c, const char *cursor)
{
	json_t *p = json_pack("{s:b,s:b,s:b}", "current", is_current, "all",
		is_all, "counters", has_counters);

	int rc = 0;

	if (!p)
		return NULL;
	if (cursor)
		rc = jx_set(p, "cursor", json_string(cursor));
	else if (c->as_of)
		rc = jx_set(p, "as_of", cli_point(c->as_of));
	if (rc != 0) {
		json_decref(p);
		return NULL;
	}
	return p;
}

static int
put_page(struct export *x, char **cursor)
{
	AUTO_JSON json_t *params = cmd_export_make_params(x->c, *cursor);
	AUTO_BUF struct buf b = {0};
	struct jmember lines;
	char *reply = NULL;
	int rc;

	if (!params || jx_dump(params, &b) != 0 || !buf_str(&b))
		return cli_nomem();
	rc = cli_call_text(x->c, "export_log", buf_str(&b), &reply);
	if (rc != CLI_OK)
		return rc;
	free(take_ptr(*cursor));
	size_t n = strlen(reply);

	/* A `next` that cannot be read is no end: the export would be cut off
	 * and look whole. */
	rc = jscan_find(reply, n, 0, "lines", &lines);
	if (rc == 1 && (rc = jscan_text(reply, n, 0, "next", cursor)) >= 0)
		rc = put_lines(x, reply, n, lines.value.at);
	else if (rc == MDB_E_NOMEM)
		rc = cli_nomem();
	else
		rc = cli_fail(CLI_SYSTEM, "the reply of the service cannot be "
					  "read");
	memory_free(reply);
	return rc;
}

static int
put_pages(struct export *x)
{
	AUTO_FREE char *cursor = NULL;

	do {
		int rc = put_page(x, &cursor);

		progress_at(&x->progress, -1, x->lines, "lines");
		if (rc != CLI_OK)
			return rc;
		if (ferror(x->f ? x->f : stdout))
			return cli_fail(CLI_SYSTEM, "cannot write: %m");
	} while (cursor);
	return CLI_OK;
}

static int
put_all(struct export *x)
{
	int rc;

	progress_start(&x->progress, x->c, "exporting");
	rc = put_pages(x);
	progress_clear(&x->progress);
	return rc;
}

/* What it holds is said each time: an export of one namespace is easily taken
 * for a backup of all. */
static int
say_written(const struct cli *c, const char *path, int64_t lines)
{
	const char *ns = c->namespace_ != NULL && c->namespace_[0] != '\0'
				 ? c->namespace_
				 : "default";
	AUTO_JSON json_t *o = NULL;

	if (!c->json) {
		if (is_all)
			cli_note(c,
				"%lld lines of all namespaces written to "
				"%s",
				(long long)lines, path);
		else
			cli_note(c,
				"%lld lines of namespace %s written to %s; "
				"--all exports every namespace",
				(long long)lines, ns, path);
		return CLI_OK;
	}
	o = json_pack("{s:I,s:s*}", "lines", (json_int_t)lines, "namespace",
		is_all ? NULL : ns);
	return !o ? cli_nomem() : cli_print_json(c, o);
}

static int
cmd_export_run(struct cli *c, int argc, char **argv)
{
	AUTO_NEWFILE struct newfile nf = {0};
	struct export x = {.c = c};
	struct err e = {0};
	struct stat st;
	int rc;

	if (is_markdown && (argc == 0 || is_all || is_current || has_counters))
		return cli_fail(CLI_USAGE,
			"--markdown FOLDER writes one namespace, as it is now; "
			"leave out --all, --current and --counters");
	if (is_markdown)
		return exportmd_run(c, argv[0]);
	if (argc == 0 || strcmp(argv[0], "-") == 0)
		return put_all(&x);
	if (stat(argv[0], &st) == 0 && !S_ISREG(st.st_mode))
		return cli_fail(CLI_USAGE,
			"%s is no regular file; without "
			"FILE the export goes to standard output",
			argv[0]);
	if (newfile_open(&nf, argv[0], 0600, &e) != 0)
		return cli_fail_err(&e);
	x.f = nf.f;
	if ((rc = put_all(&x)) != CLI_OK)
		return rc;
	if (newfile_commit(&nf, &e) != 0)
		return cli_fail_err(&e);
	return say_written(c, argv[0], x.lines);
}

const struct cli_command cli_cmd_export = {
	.name = "export",
	.args = "[FILE] | --markdown FOLDER",
	.summary = "write the memory as JSON lines",
	.about = "Writes the log of changes: lossless, and the same bytes each "
		 "time, with the files of the workspace. Of one namespace, "
		 "which is named in the end, or of --all. --current writes "
		 "today's state in the format of the reference memory server, "
		 "--markdown a folder of notes, in the form of basic-memory, "
		 "which import --from basic-memory reads back. "
		 "To FILE, which appears whole or not at all with mode 0600, "
		 "or to standard output.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.run = cmd_export_run,
};
