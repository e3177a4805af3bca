/* restore: a database from a backup, beside the one that is there or in its
 * place. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/backup_check.h"
#include "memory-db/cli/lib/backup_file.h"
#include "memory-db/cli/lib/backup_folder.h"
#include "memory-db/cli/lib/database_use.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/private_service.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/replay.h"
#include "memory-db/cli/lib/restart.h"
#include "memory-db/cli/lib/restore.h"

/* Problems of a backup that does not verify that are printed. */
#define PROBLEMS_SHOWN 5

static const char *into, *at, *change;
static const char *identity;
static bool force;

static const struct conf_opt opts[] = {
	CLI_TEXT("into", &into, "FILE",
		"the database to make (default: the one in use)"),
	CLI_TEXT("at", &at, "WHEN", "as it was then: a date, '3 days ago'"),
	CLI_TEXT("change", &change, "ID", "as it was after this change"),
	CLI_TEXT("identity", &identity, "FILE",
		"the key of a backup that age encrypted"),
	CLI_FLAG("force", &force,
		"also when it exists; what is there is kept under another "
		"name"),
};

static void
restore_done(struct restore *r)
{
	private_service_done(&r->service);
	restore_place_done(&r->place);
	backup_folder_done(&r->held);
}

/* --into, else the database of this user. */
static int
choose_target(struct restore *r)
{
	return into ? cli_absolute(into, r->target, sizeof(r->target))
		    : database_use_path(r->c, r->target);
}

/* --- looking at what came out --------------------------------------------- */
/* Prints the first ones. */
static void
cmd_restore_tell_problems(const json_t *all)
{
	const json_t *p;
	size_t i;

	json_array_foreach(all, i, p) {
		if (i >= PROBLEMS_SHOWN)
			break;
		fputs("problem  ", stderr);
		out_text(stderr, cli_str(p, "what", "?"));
		fputs(": ", stderr);
		out_text(stderr, cli_str(p, "detail", ""));
		fputc('\n', stderr);
	}
}

/* The file as it will be, when its service has closed it: two threads of one
 * process look at it, which takes half the time of asking the service. */
static int
verify(struct restore *r)
{
	AUTO_FD int fd = -1;
	AUTO_JSON json_t *found = NULL;
	const json_t *checked;
	struct progress progress;
	struct err e = {0};
	size_t problems;
	int rc;

	if (!private_service_stop(&r->service))
		return cli_fail(CLI_SYSTEM,
			"the restored database could not be closed; nothing "
			"was changed");
	fd = open(r->place.work, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cli_fail(CLI_SYSTEM, "cannot read %s: %m",
			r->place.work);
	progress_start(&progress, r->c, "verifying");
	progress_at(&progress, -1, 0, "facts");
	rc = backup_check(fd, &found, &e);
	progress_clear(&progress);
	if (rc)
		return cli_fail(CLI_PROBLEM,
			"the backup %s does not verify: %s; nothing was "
			"changed. Try an older one",
			r->source, e.text);
	problems = json_array_size(json_object_get(found, "problems"));
	if (problems > 0) {
		cmd_restore_tell_problems(json_object_get(found, "problems"));
		return cli_fail(CLI_PROBLEM,
			"the backup %s does not verify (%zu problem%s); "
			"nothing was changed. Try an older one",
			r->source, problems, problems == 1 ? "" : "s");
	}
	checked = json_object_get(found, "checked");
	r->changes = cli_int(checked, "changes", 0);
	r->facts = cli_int(checked, "facts", 0);
	return CLI_OK;
}

/* Says that the backup does not reach so far. */
static bool
has_no_change(struct restore *r, int64_t id)
{
	AUTO_JSON json_t *status = NULL;
	int64_t newest;

	if (cli_ask(&r->service.cli, "get_memory_status", json_object(),
		    &status) != CLI_OK)
		return false;
	newest = cli_int(status, "last_change", INT64_MAX);
	if (id <= newest)
		return false;
	(void)cli_fail(CLI_PROBLEM,
		"the backup %s ends with change %lld: there is no change %lld "
		"in it. Nothing was changed",
		r->source, (long long)newest, (long long)id);
	return true;
}

/* --- a point in time -------------------------------------------------------- */
/* The log up to there, replayed into an empty database that takes the place of
 * what was unpacked: of the same database, with ids and chains as they were. */
static int
go_back(struct restore *r, const char *point)
{
	AUTO_PRIVATE struct private_service whole = r->service;
	struct err e = {0};
	char path[PATH_MAX];
	bool is_whole = true;
	int rc;

	r->service = (struct private_service){0};
	/* The copy has no private parts but its socket, which it points to. */
	whole.cli.socket = whole.socket;
	restore_place_path(&r->place, "point.db", path);
	if (private_service_start_new(&r->service, r->c, path, r->id, &e) != 0)
		return cli_fail(CLI_SYSTEM, "%s", e.text);
	rc = log_replay_copy(&whole.cli, point, &r->service.cli);
	snprintf(r->place.work, sizeof(r->place.work), "%s", path);
	if (rc != CLI_OK)
		return rc;
	rc = restore_forget_from(r, &whole.cli, &is_whole);
	if (rc != CLI_OK)
		return rc;
	if (!is_whole)
		return cli_fail(CLI_PROBLEM,
			"what was forgotten cannot be read from the backup");
	return CLI_OK;
}

/* --- the end -------------------------------------------------------------- */
static int
put_in_place(struct restore *r)
{
	struct err e = {0};
	int rc = force ? restart_end_of(r->c, r->target) : CLI_OK;

	if (rc != CLI_OK)
		return rc;
	if (force)
		restore_place_settle(&r->place, r->c);
	if (restore_place_take(&r->place, &e) != 0)
		return cli_fail_err(&e);
	return CLI_OK;
}

static int
cmd_restore_tell(const struct restore *r)
{
	const struct cli *c = r->c;
	AUTO_JSON json_t *o = NULL;

	if (c->json) {
		o = json_pack("{s:s,s:s,s:I,s:I,s:I,s:s*}", "path", r->target,
			"from", r->source, "changes", (json_int_t)r->changes,
			"facts", (json_int_t)r->facts, "forgotten_again",
			(json_int_t)r->erased, "before",
			r->place.aside[0] != '\0' ? r->place.aside : NULL);
		return !o ? cli_nomem() : cli_print_json(c, o);
	}
	if (c->quiet)
		return CLI_OK;
	out_text(stdout, r->target);
	printf(": %lld changes, %lld facts, verified", (long long)r->changes,
		(long long)r->facts);
	if (r->erased > 0)
		printf("; %lld facts that were forgotten since are forgotten",
			(long long)r->erased);
	if (r->place.aside[0] != '\0') {
		fputs("; what was there is now ", stdout);
		out_text(stdout, r->place.aside);
	}
	putchar('\n');
	return CLI_OK;
}

static int
cmd_restore_run(struct cli *c, int argc, char **argv)
{
	__attribute__((cleanup(restore_done))) struct restore r = {.c = c,
		.held = {.fd = -1, .lock_fd = -1}};
	const char *point = change ? change : at;
	struct err e = {0};
	int64_t id = 0;
	int rc;

	(void)argc;
	if (at && change)
		return cli_fail(CLI_USAGE, "either --at or --change");
	if (change && conf_int(change, 1, INT64_MAX, &id) != 0)
		return cli_fail(CLI_USAGE, "--change %s: no id of a change",
			change);
	c->namespace_ = "default";
	c->is_named = true;
	if (sodium_init() < 0)
		return cli_fail(CLI_SYSTEM, "libsodium does not start");
	if (!text_is_utf8(argv[0], strlen(argv[0])) ||
		(into && !text_is_utf8(into, strlen(into))))
		return cli_fail(CLI_USAGE, "a path is no valid UTF-8");
	r.identity = identity;
	rc = restore_choose(&r, argv[0]);
	if (rc != CLI_OK)
		return rc;
	rc = choose_target(&r);
	if (rc != CLI_OK)
		return rc;
	if (restore_place_open(&r.place, r.target, force, &e) != 0)
		return cli_fail_err(&e);

	rc = restore_unpack(&r);
	if (rc != CLI_OK)
		return rc;
	if (change && has_no_change(&r, id))
		return CLI_PROBLEM;
	if (point)
		rc = go_back(&r, point);
	if (rc == CLI_PROBLEM && point)
		restore_tell_older(&r);
	if (rc != CLI_OK)
		return rc;
	/* What is forgotten in the part of a log is so only once that is said
	 * in it, too. */
	rc = restore_forget(&r);
	if (rc != CLI_OK)
		return rc;
	rc = verify(&r);
	if (rc != CLI_OK)
		return rc;
	rc = put_in_place(&r);
	if (rc != CLI_OK)
		return rc;
	return cmd_restore_tell(&r);
}

const struct cli_command cli_cmd_restore = {
	.name = "restore",
	.args = "FILE|FOLDER",
	.summary = "bring a backup back",
	.about =
		"Makes a database of the backup FILE, or of the newest one in "
		"FOLDER, verifies all of it, and gives it its place in the "
		"end: --into a new file, or, without it, that of the database "
		"in use. What is there already stays there, unless --force "
		"is given: then it is kept under another name beside it. What "
		"was forgotten for good after the backup was made, as the "
		"present database or a newer backup in the same folder knows, "
		"is forgotten in what is restored, too. An encrypted backup is "
		"read through age (--identity) or gpg, which asks for what it "
		"needs.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.run = cmd_restore_run,
};
