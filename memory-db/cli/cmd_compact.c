/* compact: old history becomes a base. On a copy, which is verified and takes the
 * place of the database in the end; a dry run stops before that, so what it says
 * is what it found, not an estimate.
 *
 *   memory.db --copy--> memory.db.restoring/memory.db --fold, verify--> memory.db
 *                                          what was there: memory.db.before-TIME */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/backup_check.h"
#include "memory-db/cli/lib/backup_make.h"
#include "memory-db/cli/lib/database_use.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/restart.h"
#include "memory-db/cli/lib/restore_place.h"

#define COPY_BLOCK (256 * 1024)

static const char *before, *only;
static bool apply;

static const struct conf_opt opts[] = {
	CLI_TEXT("history-before", &before, "WHEN",
		"fold what is older: a date, '90 days ago'"),
	CLI_TEXT("only", &only, "NAMESPACE",
		"of this namespace alone (default: all)"),
	CLI_FLAG("apply", &apply,
		"do it; without it, only say what would be folded"),
};

struct cmd_compact {
	struct cli *c;
	char target[PATH_MAX];
	struct restore_place place;
	int64_t before_ms, bytes, bytes_after;
	json_t *found; /* owned; of memory-db --fold */
};

static void
cmd_compact_done(struct cmd_compact *x)
{
	restore_place_done(&x->place);
	json_decref(x->found);
}

/* --- the copy ------------------------------------------------------------- */
static int
fail_copy(const char *path)
{
	return cli_fail(CLI_SYSTEM, "cannot copy %s: %m. Nothing was changed",
		path);
}

static int
cmd_compact_write_whole(int fd, const char *p, ssize_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, (size_t)n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= put;
	}
	return 0;
}

/* Not every pair of file systems copies inside of the kernel. Both descriptors
 * stand where the kernel left off. */
static int
copy_by_reading(int from, int out, int64_t *ret_bytes)
{
	AUTO_FREE char *block = malloc(COPY_BLOCK);
	ssize_t n;

	if (!block)
		return -1;
	while ((n = read(from, block, COPY_BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || cmd_compact_write_whole(out, block, n) != 0)
			return -1;
		*ret_bytes += n;
	}
	return 0;
}

static int
copy_descriptor(int from, const char *to, int64_t *ret_bytes)
{
	AUTO_FD int out =
		open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n;

	if (out < 0)
		return -1;
	while ((n = copy_file_range(from, NULL, out, NULL, 1 << 30, 0)) > 0)
		*ret_bytes += n;
	return copy_by_reading(from, out, ret_bytes);
}

/* While agents go on: the service makes the copy. */
static int
copy_of_service(struct cmd_compact *x)
{
	AUTO_COPY struct backup_copy copy = {.fd = -1};
	int rc = backup_copy_open(x->c, &copy);

	if (rc != CLI_OK)
		return rc;
	rc = backup_copy_take(&copy);
	if (rc != CLI_OK)
		return rc;
	return copy_descriptor(copy.fd, x->place.work, &x->bytes) == 0
		       ? CLI_OK
		       : fail_copy(x->target);
}

/* Nobody serves it any more, nor will before the end: the file with its log. */
static int
copy_of_files(struct cmd_compact *x)
{
	static const char *const tails[] = {"", "-wal"};

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		char from[PATH_MAX + 8], to[PATH_MAX + 8];
		AUTO_FD int fd = -1;

		snprintf(from, sizeof(from), "%s%s", x->target, tails[i]);
		snprintf(to, sizeof(to), "%s%s", x->place.work, tails[i]);
		fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT && i > 0)
			continue;
		if (fd < 0 || copy_descriptor(fd, to, &x->bytes) != 0)
			return fail_copy(from);
	}
	return CLI_OK;
}

static int
take_copy(struct cmd_compact *x)
{
	struct err e = {0};
	int rc;

	if (!apply)
		return copy_of_service(x);
	rc = restart_end_of(x->c, x->target);
	if (rc != CLI_OK)
		return rc;
	restore_place_settle(&x->place, x->c);
	if (restore_place_lock(&x->place, &e) != 0)
		return cli_fail_err(&e);
	return copy_of_files(x);
}

/* --- folding it ----------------------------------------------------------- */
static int
check_copy(struct cmd_compact *x)
{
	AUTO_FD int fd = open(x->place.work, O_RDONLY | O_CLOEXEC);
	AUTO_JSON json_t *checked = NULL;
	struct err e = {0};
	struct stat st;
	size_t n;

	if (fd < 0 || fstat(fd, &st) != 0)
		return cli_fail(CLI_SYSTEM, "cannot read %s: %m",
			x->place.work);
	x->bytes_after = st.st_size;
	if (backup_check(fd, &checked, &e) != 0)
		return cli_fail(CLI_PROBLEM,
			"what was folded cannot be verified: %s. Nothing was "
			"changed",
			e.text);
	n = json_array_size(json_object_get(checked, "problems"));
	if (n == 0)
		return CLI_OK;
	return cli_fail(CLI_PROBLEM,
		"what was folded does not verify (%zu problem%s, the first: "
		"%s). Nothing was changed; memoryctl verify says whether the "
		"database itself is damaged",
		n, n == 1 ? "" : "s",
		cli_str(json_array_get(json_object_get(checked, "problems"), 0),
			"detail", "?"));
}

static int
fold_copy(struct cmd_compact *x)
{
	struct err e = {0};

	if (backup_fold(x->place.work, x->before_ms, only, &x->found, &e) != 0)
		return cli_fail(CLI_PROBLEM, "%s. Nothing was changed", e.text);
	return check_copy(x);
}

/* --- telling -------------------------------------------------------------- */
static int64_t
folded_changes(const struct cmd_compact *x)
{
	const json_t *r;
	int64_t n = 0;
	size_t i;

	json_array_foreach(json_object_get(x->found, "namespaces"), i, r)
		n += cli_int(r, "changes", 0);
	return n;
}

static void
tell_row(const json_t *r)
{
	const char *held = cli_str(r, "held_by", NULL);
	int64_t changes = cli_int(r, "changes", 0);

	out_text(stdout, cli_str(r, "namespace", "?"));
	if (changes > 0)
		printf(": %lld changes up to %s (change %lld) become a base "
		       "of %lld; %lld of %lld facts stay",
			(long long)changes, cli_str(r, "at", "?"),
			(long long)cli_int(r, "to", 0),
			(long long)cli_int(r, "changes_left", 0),
			(long long)cli_int(r, "facts_left", 0),
			(long long)cli_int(r, "facts", 0));
	else
		printf(": nothing can be folded");
	if (held) {
		printf("; what is newer is held by the branch ");
		out_text(stdout, held);
		printf(", which was forked then: merge and discard it first");
	}
	putchar('\n');
}

static int
tell_json(const struct cmd_compact *x, bool is_done)
{
	const char *aside = x->place.aside;
	AUTO_JSON json_t *o = json_pack("{s:O,s:I,s:I,s:b,s:s*}", "namespaces",
		json_object_get(x->found, "namespaces"), "bytes",
		(json_int_t)x->bytes, "bytes_after", (json_int_t)x->bytes_after,
		"applied", is_done, "before", aside[0] ? aside : NULL);

	return !o ? cli_nomem() : cli_print_json(x->c, o);
}

static int
cmd_compact_tell(const struct cmd_compact *x, bool is_done)
{
	char was[OUT_NUMBER_SIZE], is[OUT_NUMBER_SIZE];
	const json_t *r;
	size_t i;

	if (x->c->json)
		return tell_json(x, is_done);
	if (x->c->quiet)
		return CLI_OK;
	json_array_foreach(json_object_get(x->found, "namespaces"), i, r)
		tell_row(r);
	if (folded_changes(x) == 0) {
		puts("no history is older than that; nothing was changed");
		return CLI_OK;
	}
	printf("%s -> %s, verified. ", out_bytes(x->bytes, was),
		out_bytes(x->bytes_after, is));
	if (!is_done) {
		puts("Nothing was changed: --apply does it");
		return CLI_OK;
	}
	fputs("What was there is now ", stdout);
	out_text(stdout, x->place.aside);
	puts("; remove it when all is well. The next backup should be a "
	     "whole one");
	return CLI_OK;
}

/* --- the command ---------------------------------------------------------- */
static int
cmd_compact_read_time(struct cmd_compact *x)
{
	int64_t now = clock_now_ms();
	struct err e = {0};

	if (!before)
		return cli_fail(CLI_USAGE,
			"--history-before says up to when history is folded: "
			"a date, or '90 days ago'");
	if (clock_parse_in(before, now, NULL, false, &x->before_ms, &e) != 0)
		return cli_fail(CLI_USAGE, "--history-before: %s", e.text);
	if (x->before_ms > now)
		return cli_fail(CLI_USAGE,
			"--history-before %s lies in the future", before);
	return CLI_OK;
}

static int
cmd_compact_run(struct cli *c, int argc, char **argv)
{
	__attribute__((cleanup(cmd_compact_done))) struct cmd_compact x = {
		.c = c};
	struct err e = {0};
	struct stat st;
	bool is_done = false;
	int rc = cmd_compact_read_time(&x);

	(void)argc;
	(void)argv;
	if (rc != CLI_OK)
		return rc;
	/* It is of all namespaces, wherever one stands. */
	c->namespace_ = "default";
	c->is_named = true;
	if (sodium_init() < 0)
		return cli_fail(CLI_SYSTEM, "libsodium does not start");
	rc = database_use_path(c, x.target);
	if (rc != CLI_OK)
		return rc;
	rc = database_use_agrees(c, x.target);
	if (rc != CLI_OK)
		return rc;
	if (stat(x.target, &st) != 0)
		return cli_fail(CLI_PROBLEM, "there is no database %s",
			x.target);
	if (restore_place_open(&x.place, x.target, true, &e) != 0)
		return cli_fail_err(&e);
	rc = take_copy(&x);
	if (rc == CLI_OK)
		rc = fold_copy(&x);
	if (rc != CLI_OK)
		return rc;
	if (apply && folded_changes(&x) > 0) {
		if (restore_place_take(&x.place, &e) != 0)
			return cli_fail_err(&e);
		is_done = true;
	}
	return cmd_compact_tell(&x, is_done);
}

const struct cli_command cli_cmd_compact = {
	.name = "compact",
	.args = "--history-before WHEN",
	.summary = "fold old history into a base",
	.about = "Makes of all changes before WHEN a base of each namespace: "
		 "what it says now, and what it said at any time since WHEN, "
		 "reads as before, with its times and authors. What was "
		 "replaced or deleted before WHEN is gone, cannot be read by "
		 "--as-of any more, and cannot be undone. One change of kind "
		 "`fold` signs each base, and verify checks it. What was "
		 "forgotten stays forgotten. A branch that was forked before "
		 "WHEN and can still be read keeps the history since then. "
		 "A folded change keeps its row while something that it wrote "
		 "can be seen, so that little goes where little was replaced. "
		 "Without --apply it works on a copy and only says what would "
		 "be folded and what that saves. With it a service that a "
		 "client started ends first, and what was there is kept under "
		 "another name.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.writes = true,
	.run = cmd_compact_run,
};
