/* Import: lines are checked here and sent as they stand, in slices. memory-db
 * keeps how far a source has got, in the same transaction as what it added. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/importfrom.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/slice.h"
#include "memory-db/cli/lib/source.h"
#include "memory-db/cli/lib/where.h"

/* The request around a line. */
#define LINE_BYTES (LIMIT_REQUEST_BYTES - 4096)
/* Complaints kept for --json; all are printed. */
#define ERRORS_MAX 1000

static bool is_fresh, all_namespaces, confirm_erasures, allow_secrets;

static bool is_scan;
static const char *kind;

static const struct conf_opt opts[] = {
	CLI_FLAG("restart", &is_fresh,
		"from the first line, even if it was interrupted before"),
	CLI_FLAG("all-namespaces", &all_namespaces,
		"write where the lines say, not only into one namespace"),
	CLI_FLAG("confirm-erasures", &confirm_erasures,
		"a log may erase for good what is here"),
	CLI_FLAG("allow-secrets", &allow_secrets,
		"store tokens, keys and passwords, not markers"),
	CLI_FLAG("scan", &is_scan, "count what --from could take"),
	CLI_TEXT("from", &kind, "KIND",
		"transcripts or notes of a client (or all), onto a branch"),
};

struct import {
	struct cli *c;
	const char *name;
	char source[SOURCE_SIZE];
	int64_t size; /* bytes, -1 unknown */
	struct lines lines;
	struct slice slice;
	struct progress progress;
	int64_t records; /* lines that were neither blank nor wrong */
	int64_t resumed, added, skipped, bad;
	int64_t elsewhere, erased, secrets, secrets_kept;
	json_t *errors, *pinned, *elsewhere_names; /* owned */
};

static void
import_done(struct import *im)
{
	lines_done(&im->lines);
	buf_done(&im->slice.records);
	json_decref(im->errors);
	json_decref(im->pinned);
	json_decref(im->elsewhere_names);
}

/* A line that is not taken. */
static int
complain(struct import *im, int64_t line, const char *text)
{
	im->bad++;
	progress_clear(&im->progress);
	cli_fail(0, "%s:%lld: %s", im->name, (long long)line, text);
	if (json_array_size(im->errors) < ERRORS_MAX &&
		jx_add(im->errors, json_pack("{s:I,s:s}", "line",
					   (json_int_t)line, "error", text)) !=
			0)
		return cli_nomem();
	return CLI_OK;
}

/* What the service did not like; empty lines are not news. */
static int
take_errors(struct import *im, const json_t *reply)
{
	const json_t *x;
	int rc = CLI_OK;
	size_t i;

	json_array_foreach(json_object_get(reply, "errors"), i, x) {
		int64_t line = cli_int(x, "line", 0);
		int64_t k = line - im->slice.offset - 1;

		if (k >= 0 && k < (int64_t)im->slice.lines &&
			im->slice.is_empty[k])
			continue;
		rc = complain(im, line, cli_str(x, "error", "refused"));
		if (rc != CLI_OK)
			break;
	}
	return rc;
}

/* What a person should know of, beside how much it was. */
static int
take_notes(struct import *im, const json_t *reply)
{
	json_t *v, *known;
	size_t i, k;

	im->elsewhere += cli_int(reply, "elsewhere", 0);
	im->erased += cli_int(reply, "erased", 0);
	im->secrets += cli_int(reply, "secrets", 0);
	im->secrets_kept += cli_int(reply, "secrets_kept", 0);
	json_array_foreach(json_object_get(reply, "pinned"), i, v)
		if (json_array_append(im->pinned, v) != 0)
			return cli_nomem();
	json_array_foreach(json_object_get(reply, "elsewhere_names"), i, v) {
		bool is_new = true;

		json_array_foreach(im->elsewhere_names, k, known)
			is_new = is_new && !json_equal(known, v);
		if (is_new && json_array_append(im->elsewhere_names, v) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

/* One call. *ret_next: lines that memory-db has now. */
static int
cmd_import_send_once(struct import *im, const char *params, int64_t *ret_next)
{
	AUTO_JSON json_t *reply = NULL;
	struct err e = {0};
	char *text = NULL;
	int64_t bad = im->bad;
	int rc = cli_call_text(im->c, "import_records", params, &text);

	if (rc != CLI_OK)
		return rc;
	reply = jx_parse(text, strlen(text), &e);
	memory_free(text);
	if (!reply)
		return cli_fail(CLI_SYSTEM,
			"the reply of the service "
			"cannot be read: %s",
			e.text);
	*ret_next = cli_int(reply, "next_offset", 0);
	rc = take_errors(im, reply);
	im->added += cli_int(reply, "added", 0);
	/* Lines that were refused count as skipped there. */
	im->skipped += cli_int(reply, "skipped", 0) - (im->bad - bad);
	if (rc != CLI_OK)
		return rc;
	return take_notes(im, reply);
}

/* A slice may take several calls: each passes over the lines that the one
 * before has taken. */
static int
cmd_import_send_slice(struct import *im, bool is_last)
{
	AUTO_BUF struct buf params = {0};
	int64_t end = im->slice.offset + (int64_t)im->slice.lines;
	int64_t next = im->slice.offset, before;
	char more[96];
	int rc;

	snprintf(more, sizeof(more), "%s%s%s",
		all_namespaces ? ",\"all_namespaces\":true" : "",
		confirm_erasures ? ",\"confirm_erasures\":true" : "",
		allow_secrets ? ",\"allow_secret\":true" : "");
	if (slice_params(&im->slice, im->source, is_last, more, &params) != 0 ||
		!buf_str(&params))
		return cli_nomem();
	do {
		before = next;
		rc = cmd_import_send_once(im, params.data, &next);
		if (rc != CLI_OK)
			return rc;
	} while (next < end && next > before);
	if (next < end)
		return cli_fail(CLI_SYSTEM,
			"memory-db took %lld of %lld "
			"lines; run the import again, it goes on there",
			(long long)next, (long long)end);
	slice_next(&im->slice);
	return CLI_OK;
}

static bool
cmd_import_is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(" \t\r", s[i]) == NULL || s[i] == '\0')
			return false;
	return true;
}

/* Checks a line. *json becomes NULL for one that is sent empty. */
static int
check_line(struct import *im, const char **json, size_t n,
	struct slice_cost *cost)
{
	struct err e = {0};
	char *at;
	int rc;

	if (im->lines.number == 1 && n >= 3 &&
		memcmp(*json, "\xef\xbb\xbf", 3) == 0) {
		*json += 3;
		n -= 3;
	}
	if (cmd_import_is_blank(*json, n)) {
		*json = NULL;
		return CLI_OK;
	}
	rc = slice_weigh(*json, n, cost, &e);
	if (rc == MDB_E_NOMEM)
		return cli_nomem();
	if (rc == 0)
		return CLI_OK;
	*json = NULL;
	/* The parser counts lines too, and sees but one. */
	at = strstr(e.text, " at line 1, ");
	if (at)
		memmove(at + 4, at + 12, strlen(at + 12) + 1);
	return complain(im, im->lines.number, e.text);
}

static int
take_line(struct import *im, const char *json, size_t n, bool is_long)
{
	struct slice_cost cost = {0};
	int rc;

	if (is_long) {
		rc = complain(im, im->lines.number,
			"longer than a request "
			"may be (4 MiB)");
		json = NULL;
	} else {
		rc = check_line(im, &json, n, &cost);
	}
	if (rc == CLI_OK && !slice_has_room(&im->slice, &cost))
		rc = cmd_import_send_slice(im, false);
	if (rc != CLI_OK)
		return rc;
	if (slice_add(&im->slice, json, &cost) != 0)
		return cli_nomem();
	im->records += json != NULL;
	return CLI_OK;
}

static int
send_all(struct import *im)
{
	struct err e = {0};
	const char *line;
	size_t n;
	int rc, got;

	while ((got = lines_next(&im->lines, &line, &n, &e)) != 0) {
		if (got < 0 && got != MDB_E_LIMIT)
			return cli_fail(CLI_SYSTEM, "%s: %s", im->name, e.text);
		if (im->lines.number <= im->resumed)
			continue;
		rc = take_line(im, line, n, got == MDB_E_LIMIT);
		if (rc != CLI_OK)
			return rc;
		progress_at(&im->progress,
			im->size > 0
				? (double)im->lines.bytes / (double)im->size
				: -1,
			im->lines.number, "lines");
	}
	return cmd_import_send_slice(im, true);
}

/* How far memory-db has this source already. */
static int
ask_offset(struct import *im)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cli_call(im->c, "import_records",
		json_pack("{s:s,s:i}", "source", im->source, "offset", 0),
		CLI_NOW, &reply);

	if (rc != CLI_OK)
		return rc;
	im->resumed = cli_int(reply, "next_offset", 0);
	im->slice.offset = im->resumed;
	if (im->resumed > 0)
		cli_note(im->c,
			"%s: goes on after line %lld, where it was "
			"interrupted",
			im->name, (long long)im->resumed);
	return CLI_OK;
}

static void
print_names(const char *before, const json_t *names)
{
	json_t *v;
	size_t i;

	fputs(before, stdout);
	json_array_foreach((json_t *)(uintptr_t)names, i, v) {
		fputs(i > 0 ? ", " : " ", stdout);
		out_text(stdout, json_string_value(v));
	}
	putchar('\n');
}

static void
print_notes(const struct import *im)
{
	if (json_array_size(im->pinned) > 0)
		print_names("pinned, so part of every context:", im->pinned);
	if (im->erased > 0)
		printf("%lld facts erased for good\n", (long long)im->erased);
	if (im->secrets > 0)
		printf("%lld texts held a secret: a marker was stored in its "
		       "place. --allow-secrets stores them\n",
			(long long)im->secrets);
	if (im->secrets_kept > 0)
		printf("%lld lines of the log hold secrets, and a log is taken "
		       "to the letter: `memoryctl secrets scan` lists them\n",
			(long long)im->secrets_kept);
	if (im->elsewhere == 0)
		return;
	printf("%lld lines not taken: they name other namespaces than this "
	       "import goes to. --all-namespaces takes them. ",
		(long long)im->elsewhere);
	print_names("Names:", im->elsewhere_names);
}

static int
cmd_import_summary(const struct import *im)
{
	char text[4][OUT_NUMBER_SIZE];
	AUTO_JSON json_t *out = NULL;

	if (im->c->json) {
		out = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:O,s:O,"
				"s:O}",
			"secrets", (json_int_t)im->secrets, "secrets_kept",
			(json_int_t)im->secrets_kept, "erased",
			(json_int_t)im->erased, "elsewhere",
			(json_int_t)im->elsewhere, "lines",
			(json_int_t)im->lines.number, "resumed_after",
			(json_int_t)im->resumed, "added", (json_int_t)im->added,
			"skipped", (json_int_t)im->skipped, "bad",
			(json_int_t)im->bad, "errors", im->errors, "pinned",
			im->pinned, "elsewhere_names", im->elsewhere_names);
		return !out ? cli_nomem() : cli_print_json(im->c, out);
	}
	if (im->records == 0 && im->resumed == 0 && im->bad == 0)
		cli_note(im->c, "%s is empty: nothing to import", im->name);
	else if (!im->c->quiet)
		printf("%s lines: %s facts added, %s known already, %s bad "
		       "lines%s\n",
			out_count(im->lines.number, text[0]),
			out_count(im->added, text[1]),
			out_count(im->skipped, text[2]),
			out_count(im->bad, text[3]), where_said(im->c));
	print_notes(im);
	return CLI_OK;
}

static int
cmd_import_open_file(const char *name, int *ret_fd)
{
	if (strcmp(name, "-") == 0) {
		*ret_fd = STDIN_FILENO;
		return CLI_OK;
	}
	*ret_fd = open(name, O_RDONLY | O_CLOEXEC);
	return *ret_fd >= 0 ? CLI_OK
			    : cli_fail(errno == ENOENT ? CLI_USAGE : CLI_SYSTEM,
				      "cannot read %s: %m", name);
}

static int
import_file(struct import *im, int fd, const char *target)
{
	struct err e = {0};
	bool is_resumable;
	int rc = CLI_OK;

	if (!im->errors || !im->pinned || !im->elsewhere_names)
		return cli_nomem();
	if (source_identity(fd, target, is_fresh, im->source, &im->size,
		    &is_resumable, &e) != 0)
		return cli_fail(CLI_SYSTEM, "%s: %s", im->name, e.text);
	if (is_resumable)
		rc = ask_offset(im);
	if (rc != CLI_OK)
		return rc;
	progress_start(&im->progress, im->c, "importing");
	rc = send_all(im);
	progress_clear(&im->progress);
	if (rc != CLI_OK)
		return rc;
	rc = cmd_import_summary(im);
	if (rc != CLI_OK)
		return rc;
	return im->bad + im->elsewhere > 0 ? CLI_PROBLEM : CLI_OK;
}

static int
cmd_import_run(struct cli *c, int argc, char **argv)
{
	static struct import im;
	char target[600];
	int fd, rc;

	if (is_scan)
		return importfrom_scan(c);
	if (kind)
		return importfrom_run(c,
			&(struct importfrom_wish){.kind = kind,
				.path = argc > 0 ? argv[0] : NULL,
				.is_fresh = is_fresh,
				.keeps_secrets = allow_secrets});
	if (argc == 0)
		return cli_fail(CLI_USAGE,
			"which file? Or --scan, or --from KIND");
	if ((rc = cmd_import_open_file(argv[0], &fd)) != CLI_OK)
		return rc;
	/* The namespace is a part of what the import is called. */
	if ((rc = cli_connect(c)) != CLI_OK) {
		if (fd != STDIN_FILENO)
			close(fd);
		return rc;
	}
	im = (struct import){.c = c,
		.name = argv[0],
		.errors = json_array(),
		.pinned = json_array(),
		.elsewhere_names = json_array()};
	lines_init(&im.lines, fd, LINE_BYTES);
	snprintf(target, sizeof(target), "%.280s %.280s",
		c->namespace_ ? c->namespace_ : "", c->branch ? c->branch : "");
	rc = import_file(&im, fd, target);
	import_done(&im);
	if (fd != STDIN_FILENO)
		close(fd);
	return rc;
}

const struct cli_command cli_cmd_import = {
	.name = "import",
	.args = "FILE | --scan | --from KIND [PATH]",
	.summary = "read files, transcripts or notes into the memory",
	.about = "Reads the JSONL file of the reference memory server or an "
		 "export (- is standard input). Lines that are wrong are "
		 "reported by number and skipped, which gives exit code 1. "
		 "What is known already is not added again. It goes into one "
		 "namespace: lines that name another are counted and not "
		 "taken, and a log that does is refused, unless "
		 "--all-namespaces is given or the log comes into an empty "
		 "database. What it pins is listed. An interrupted "
		 "import of the same file goes on where it stopped. --scan "
		 "counts the transcripts and notes of clients that lie on this "
		 "disk, --from takes those of one kind onto a branch of each "
		 "project (import-KIND, or --branch), from where a merge "
		 "brings them in.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.writes = true,
	.makes = true,
	.run = cmd_import_run,
};
