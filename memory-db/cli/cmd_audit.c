/* audit: who asked for what, of the files that memory-db --audit writes beside the
 * database; newest last, as they lie. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/log.h"
#include "common/vec.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/database_use.h"
#include "memory-db/cli/lib/out.h"

#define LINE_MOST     8192
#define LIMIT_DEFAULT 50

static int64_t limit = LIMIT_DEFAULT;
static const char *since, *method, *session, *outcome;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000000, "N", "the newest N (50)"),
	CLI_TEXT("since", &since, "WHEN", "a date, 'yesterday', '2 hours ago'"),
	CLI_TEXT("method", &method, "NAME", "only this one"),
	CLI_TEXT("session", &session, "NAME", "only of this session"),
	CLI_TEXT("outcome", &outcome, "CODE", "only such: ok, denied, ..."),
};

/* The newest lines so far, as a ring. */
struct audit {
	int64_t since_ms;
	json_t **rows; /* owned array of `limit` */
	size_t n;      /* ever taken */
};

static void
audit_done(struct audit *a)
{
	for (size_t i = 0; a->rows && i < (size_t)limit; i++)
		json_decref(a->rows[i]);
	free(a->rows);
}

static bool
cmd_audit_is_said(const json_t *row, const char *key, const char *wanted)
{
	return !wanted || strcmp(cli_str(row, key, ""), wanted) == 0;
}

static bool
cmd_audit_is_wanted(const struct audit *a, const json_t *row)
{
	int64_t at;

	if (!cmd_audit_is_said(row, "method", method) ||
		!cmd_audit_is_said(row, "session", session) ||
		!cmd_audit_is_said(row, "outcome", outcome))
		return false;
	return a->since_ms == 0 || (clock_parse(cli_str(row, "ts", ""), 0, 0,
					    false, &at, NULL) == 0 &&
					   at >= a->since_ms);
}

static void
cmd_audit_take(struct audit *a, json_t *row_new)
{
	size_t at = a->n++ % (size_t)limit;

	json_decref(a->rows[at]);
	a->rows[at] = row_new;
}

/* Packed or plain: gzip's reader takes both. A line that was cut off by a crash is
 * left out. */
static int
read_file(struct audit *a, const char *path)
{
	AUTO_FREE char *line = malloc(LINE_MOST);
	gzFile f = gzopen(path, "rbe");

	if (!f || !line) {
		if (f)
			(void)gzclose(f);
		return errno == ENOENT ? CLI_OK
				       : cli_fail(CLI_SYSTEM,
						 "cannot read %s: %m", path);
	}
	while (gzgets(f, line, LINE_MOST)) {
		json_t *row = jx_parse(line, strlen(line), NULL);

		if (row && cmd_audit_is_wanted(a, row))
			cmd_audit_take(a, row);
		else
			json_decref(row);
	}
	(void)gzclose(f);
	return CLI_OK;
}

static int
cmd_audit_by_name(const struct dirent **x, const struct dirent **y)
{
	return strverscmp((*x)->d_name, (*y)->d_name);
}

static int
is_archive(const struct dirent *x)
{
	return strncmp(x->d_name, AUDIT_FILE "-", sizeof(AUDIT_FILE)) == 0;
}

/* Past days first, then today. */
static int
cmd_audit_read_all(struct audit *a, const char *folder)
{
	char path[PATH_MAX + 300];
	struct dirent **names = NULL;
	int n = scandir(folder, &names, is_archive, cmd_audit_by_name),
	    rc = CLI_OK;

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (rc == CLI_OK)
			rc = read_file(a, path);
		free(names[i]);
	}
	free(names);
	if (rc != CLI_OK)
		return rc;
	snprintf(path, sizeof(path), "%s/" AUDIT_FILE, folder);
	return read_file(a, path);
}

static void
cmd_audit_print_row(const json_t *row)
{
	int64_t change = cli_int(row, "change", 0);

	out_text(stdout, cli_str(row, "ts", "?"));
	printf("  uid %lld  ", (long long)cli_int(row, "uid", -1));
	out_text(stdout, cli_str(row, "client", "-"));
	fputs("  ", stdout);
	out_text(stdout, cli_str(row, "session", "-"));
	fputs("  ", stdout);
	out_text(stdout, cli_str(row, "method", "?"));
	fputs("  ", stdout);
	out_text(stdout, cli_str(row, "namespace", "-"));
	if (change > 0)
		printf("  change %lld", (long long)change);
	fputs("  ", stdout);
	out_text(stdout, cli_str(row, "outcome", "?"));
	putchar('\n');
}

static int
cmd_audit_tell(const struct cli *c, const struct audit *a)
{
	size_t shown = a->n < (size_t)limit ? a->n : (size_t)limit;
	AUTO_JSON json_t *all = json_array();

	if (!all)
		return cli_nomem();
	for (size_t i = a->n - shown; i < a->n; i++) {
		const json_t *row = a->rows[i % (size_t)limit];

		if (!c->json)
			cmd_audit_print_row(row);
		else if (json_array_append(all, (json_t *)(uintptr_t)row))
			return cli_nomem();
	}
	if (c->json)
		return cli_print_json(c, all);
	if (shown == 0 && !c->quiet)
		puts("nothing was noted; memory-db notes who does what with "
		     "--audit writes (or all), also as a line 'audit = writes' "
		     "in memory-db.conf");
	return CLI_OK;
}

static int
cmd_audit_read_since(struct audit *a)
{
	struct err e = {0};

	if (!since)
		return CLI_OK;
	if (clock_parse_in(since, clock_now_ms(), getenv("TZ"), false,
		    &a->since_ms, &e) == 0 ||
		clock_parse(since, clock_now_ms(), 0, false, &a->since_ms,
			&e) == 0)
		return CLI_OK;
	return cli_fail(CLI_USAGE, "--since: %s", e.text);
}

static int
cmd_audit_run(struct cli *c, int argc, char **argv)
{
	__attribute__((cleanup(audit_done))) struct audit a = {0};
	char path[PATH_MAX];
	int rc;

	(void)argc;
	(void)argv;
	rc = cmd_audit_read_since(&a);
	if (rc != CLI_OK)
		return rc;
	rc = database_use_path(c, path);
	if (rc != CLI_OK)
		return rc;
	*strrchr(path, '/') = '\0';
	a.rows = calloc((size_t)limit, sizeof(*a.rows));
	if (!a.rows)
		return cli_nomem();
	rc = cmd_audit_read_all(&a, path[0] ? path : "/");
	if (rc != CLI_OK)
		return rc;
	return cmd_audit_tell(c, &a);
}

const struct cli_command cli_cmd_audit = {
	.name = "audit",
	.args = "",
	.summary = "who asked for what, where memory-db --audit notes it",
	.about =
		"Prints the newest lines of the audit beside the database: "
		"when, which user (as the kernel says), client and session (as "
		"they say), method, namespace, change, outcome. No text of the "
		"memory is in it. It is off unless memory-db was given "
		"--audit writes or --audit all.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = cmd_audit_run,
};
