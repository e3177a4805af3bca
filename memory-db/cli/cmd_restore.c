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
#include "memory-db/cli/lib/backup_file.h"
#include "memory-db/cli/lib/backup_folder.h"
#include "memory-db/cli/lib/database_use.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/private_service.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/restart.h"
#include "memory-db/cli/lib/restore_place.h"

static const char *into;
static bool force;

static const struct conf_opt opts[] = {
	CLI_TEXT("into", &into, "FILE",
		"the database to make (default: the one in use)"),
	CLI_FLAG("force", &force,
		"also when it exists; what is there is kept under another "
		"name"),
};

struct restore {
	struct cli *c;
	char source[PATH_MAX], target[PATH_MAX];
	struct restore_place place;
	json_t *about; /* owned; of the backup, or NULL: it has none */
	struct private_service service; /* of what is restored */
	int64_t changes, facts, erased;
	char id[33];
};

static void
restore_done(struct restore *r)
{
	private_service_done(&r->service);
	restore_place_done(&r->place);
	json_decref(r->about);
}

/* --- which file, and where to --------------------------------------------- */
/* The newest whole backup of a folder. */
static int
choose_source(struct restore *r, const char *given)
{
	AUTO_FOLDER struct backup_folder f = {.fd = -1, .lock_fd = -1};
	struct err e = {0};
	struct stat st;

	if (cli_absolute(given, r->source, sizeof(r->source)) != CLI_OK)
		return CLI_USAGE;
	if (stat(r->source, &st) != 0)
		return cli_fail(CLI_PROBLEM, "cannot read %s: %m", given);
	if (!S_ISDIR(st.st_mode))
		return CLI_OK;
	if (backup_folder_open(&f, r->source, false, &e) != 0 ||
		backup_folder_list(&f, NULL, &e) != 0)
		return cli_fail_err(&e);
	for (size_t i = f.n; i-- > 0;) {
		if (!f.entries[i].name.is_whole)
			continue;
		snprintf(r->source, sizeof(r->source), "%s/%s", f.path,
			f.entries[i].file);
		return CLI_OK;
	}
	return cli_fail(CLI_PROBLEM, "no backup is in %s", given);
}

/* --into, else the database of this user. */
static int
choose_target(struct restore *r)
{
	return into ? cli_absolute(into, r->target, sizeof(r->target))
		    : database_use_path(r->c, r->target);
}

/* --- unpacking ------------------------------------------------------------ */
static void
on_tick(void *ctx, int64_t bytes)
{
	progress_at(ctx, -1, bytes >> 20, "MB");
}

static int
unpack(struct restore *r, struct err *e)
{
	AUTO_READER struct backup_reader reader = {0};
	AUTO_FD int in = open(r->source, O_RDONLY | O_CLOEXEC), out = -1;
	struct progress progress;
	int rc;

	if (in < 0)
		return err_set(e, MDB_E_STORE, "cannot read %s: %s", r->source,
			strerrordesc_np(errno));
	out = open(r->place.work, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		0600);
	if (out < 0)
		return err_set(e, MDB_E_STORE, "cannot write %s: %s",
			r->place.work, strerrordesc_np(errno));
	progress_start(&progress, r->c, "unpacking");
	rc = backup_reader_open(&reader, in, e);
	if (rc == 0)
		rc = backup_reader_copy(&reader, out, on_tick, &progress, e);
	progress_clear(&progress);
	if (rc != 0)
		return rc;
	r->about = json_incref(reader.about);
	return 0;
}

/* --- looking at what came out --------------------------------------------- */
static int
verify(struct restore *r)
{
	AUTO_FREE char *cursor = NULL;
	struct progress progress;
	size_t problems = 0;
	int rc;

	progress_start(&progress, r->c, "verifying");
	do {
		AUTO_JSON json_t *reply = NULL;
		const char *next;

		rc = cli_call(&r->service.cli, "verify",
			cursor ? json_pack("{s:s}", "cursor", cursor)
			       : json_object(),
			CLI_NOW, &reply);
		if (rc != CLI_OK)
			break;
		problems += json_array_size(json_object_get(reply, "problems"));
		r->changes += cli_int(json_object_get(reply, "checked"),
			"changes", 0);
		r->facts +=
			cli_int(json_object_get(reply, "checked"), "facts", 0);
		free(take_ptr(cursor));
		next = cli_str(reply, "next", NULL);
		if (next && (cursor = strdup(next)) == NULL)
			rc = cli_nomem();
		progress_at(&progress, cli_num(reply, "progress", -1), r->facts,
			"facts");
	} while (rc == CLI_OK && cursor);
	progress_clear(&progress);
	if (rc == CLI_OK && problems > 0)
		rc = cli_fail(CLI_PROBLEM,
			"the backup %s does not verify (%zu problem%s); "
			"nothing was changed. Try an older one",
			r->source, problems, problems == 1 ? "" : "s");
	return rc;
}

/* Starts a service on what was unpacked, which also brings an older schema to
 * the newest, and verifies all of it. */
static int
open_restored(struct restore *r)
{
	AUTO_JSON json_t *status = NULL;
	struct err e = {0};
	int rc;

	if (private_service_start(&r->service, r->c, r->place.work, true, &e) !=
		0)
		return cli_fail(CLI_PROBLEM,
			"the backup %s does not open: %s. Nothing was changed",
			r->source, e.text);
	rc = cli_call(&r->service.cli, "get_memory_status", json_object(),
		CLI_NOW, &status);
	if (rc != CLI_OK)
		return rc;
	snprintf(r->id, sizeof(r->id), "%s",
		cli_str(json_object_get(status, "database"), "id", ""));
	return verify(r);
}

/* --- what was forgotten since --------------------------------------------- */
static int
replay_list(struct restore *r, json_t *list)
{
	size_t n = json_array_size(list), at = 0;

	while (at < n) {
		AUTO_JSON json_t *reply = NULL;
		json_t *rest = json_array();
		int64_t done;
		int rc;

		for (size_t i = at; rest && i < n; i++)
			if (json_array_append(rest, json_array_get(list, i)))
				return json_decref(rest), cli_nomem();
		rc = cli_call(&r->service.cli, "replay_erasures",
			json_pack("{s:o,s:b}", "erasures", rest, "confirm", 1),
			CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		done = cli_int(reply, "done", 0);
		if (done <= 0)
			return cli_fail(CLI_SYSTEM,
				"what was forgotten cannot be erased again");
		at += (size_t)done;
		r->erased += cli_int(reply, "facts", 0);
	}
	return CLI_OK;
}

/* All that this database has erased is erased in what is restored. */
static int
replay_from(struct restore *r, struct cli *newer)
{
	AUTO_FREE char *cursor = NULL;
	int rc;

	do {
		AUTO_JSON json_t *reply = NULL;
		const char *next;

		rc = cli_call(newer, "list_erasures",
			cursor ? json_pack("{s:s}", "cursor", cursor)
			       : json_object(),
			CLI_NOW, &reply);
		if (rc == CLI_OK)
			rc = replay_list(r, json_object_get(reply, "erasures"));
		free(take_ptr(cursor));
		next = cli_str(reply, "next", NULL);
		if (rc == CLI_OK && next && (cursor = strdup(next)) == NULL)
			rc = cli_nomem();
	} while (rc == CLI_OK && cursor);
	return rc;
}

/* Whether it is the same database, and not another one. */
static bool
is_same_database(struct restore *r, struct cli *c)
{
	AUTO_JSON json_t *status = NULL;

	return cli_ask(c, "get_memory_status", json_object(), &status) ==
		       CLI_OK &&
	       strcmp(cli_str(json_object_get(status, "database"), "id", ""),
		       r->id) == 0;
}

/* The database in use: what runs, or the file, which is then opened for a
 * moment. One that cannot be opened may be why somebody restores. */
static int
replay_present(struct restore *r)
{
	AUTO_USE struct database_use use = {0};
	struct err e = {0};
	int rc = database_use_open(&use, r->c, false, &e);

	if (rc == CLI_PROBLEM) {
		cli_note(r->c,
			"the present database cannot be opened (%s): what it "
			"alone knows to be forgotten is not forgotten in what "
			"is restored",
			e.text);
		return CLI_OK;
	}
	if (rc != CLI_OK || !use.is_there)
		return rc;
	return is_same_database(r, use.cli) ? replay_from(r, use.cli) : CLI_OK;
}

/* The newest backup of the same database that lies beside and opens: it knows
 * all that those before it know. */
static int
replay_newer(struct restore *r)
{
	AUTO_FOLDER struct backup_folder f = {.fd = -1, .lock_fd = -1};
	struct err e = {0};
	char folder[PATH_MAX], *slash;
	int rc = CLI_OK;

	snprintf(folder, sizeof(folder), "%s", r->source);
	slash = strrchr(folder, '/');
	slash[slash == folder ? 1 : 0] = '\0';
	if (backup_folder_open(&f, folder, false, &e) != 0 ||
		backup_folder_list(&f, r->id, &e) != 0)
		return CLI_OK;
	for (size_t i = f.n; i-- > 0;) {
		struct restore other = {.c = r->c, .place = r->place};
		AUTO_PRIVATE struct private_service own = {0};
		AUTO_FREE char *path =
			backup_folder_path(&f, f.entries[i].file);

		if (!path)
			return cli_nomem();
		if (strcmp(path, r->source) == 0)
			return rc;
		if (!f.entries[i].name.is_whole)
			continue;
		snprintf(other.source, sizeof(other.source), "%s", path);
		restore_place_path(&r->place, "newer.db", other.place.work);
		(void)unlink(other.place.work);
		if (unpack(&other, &e) == 0 &&
			private_service_start(&own, r->c, other.place.work,
				false, &e) == 0)
			rc = is_same_database(r, &own.cli)
				     ? replay_from(r, &own.cli)
				     : CLI_OK;
		else
			cli_note(r->c, "the newer backup %s is damaged (%s)",
				path, e.text);
		json_decref(other.about);
		if (own.pid != 0)
			return rc;
	}
	return rc;
}

/* --- the end -------------------------------------------------------------- */
/* What serves the place ends first, when a client started it. */
static int
end_service(struct restore *r)
{
	AUTO_JSON json_t *status = NULL;
	struct running running;
	struct stat here, there;
	const char *path;
	int rc = restart_look(r->c, &running);

	if (rc != CLI_OK || !running.is_there)
		return rc;
	if (cli_ask(r->c, "get_memory_status", json_object(), &status) !=
		CLI_OK)
		return CLI_OK;
	path = cli_str(json_object_get(status, "database"), "path", "");
	if (stat(path, &there) != 0 || stat(r->target, &here) != 0 ||
		here.st_ino != there.st_ino || here.st_dev != there.st_dev)
		return CLI_OK;
	if (!running.is_spawned)
		return cli_fail(CLI_PROBLEM,
			"%s is served by a memory-db that an operator started "
			"(pid %ld): end it, restore, and start it again. "
			"memoryctl stop prints the command",
			r->target, running.pid);
	return restart_end(r->c, &running);
}

static int
put_in_place(struct restore *r)
{
	struct err e = {0};
	int rc;

	if (!private_service_stop(&r->service))
		return cli_fail(CLI_SYSTEM,
			"the restored database could not be closed; nothing "
			"was changed");
	rc = force ? end_service(r) : CLI_OK;
	if (rc == CLI_OK && restore_place_take(&r->place, &e) != 0)
		rc = cli_fail_err(&e);
	return rc;
}

static int
tell(const struct restore *r)
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
	__attribute__((cleanup(restore_done))) struct restore r = {.c = c};
	struct err e = {0};
	int rc;

	(void)argc;
	c->namespace_ = "default";
	c->is_named = true;
	if (sodium_init() < 0)
		return cli_fail(CLI_SYSTEM, "libsodium does not start");
	if (!text_is_utf8(argv[0], strlen(argv[0])) ||
		(into && !text_is_utf8(into, strlen(into))))
		return cli_fail(CLI_USAGE, "a path is no valid UTF-8");
	rc = choose_source(&r, argv[0]);
	if (rc == CLI_OK)
		rc = choose_target(&r);
	if (rc != CLI_OK)
		return rc;
	if (restore_place_open(&r.place, r.target, force, &e) != 0)
		return cli_fail_err(&e);
	if (unpack(&r, &e) != 0)
		return cli_fail(cli_exit_of(e.code),
			"%s: %s. Nothing was changed", r.source, e.text);
	rc = open_restored(&r);
	if (rc == CLI_OK)
		rc = replay_newer(&r);
	if (rc == CLI_OK)
		rc = replay_present(&r);
	if (rc == CLI_OK)
		rc = put_in_place(&r);
	return rc == CLI_OK ? tell(&r) : rc;
}

const struct cli_command cli_cmd_restore = {
	.name = "restore",
	.args = "FILE|FOLDER",
	.summary = "bring a backup back",
	.about = "Makes a database of the backup FILE, or of the newest one in "
		 "FOLDER, verifies all of it, and gives it its place in the "
		 "end: --into a new file, or, without it, that of the database "
		 "in use. What is there already stays there, unless --force "
		 "is given: then it is kept under another name beside it. What "
		 "was forgotten for good after the backup was made, as the "
		 "present database or a newer backup in the same folder knows, "
		 "is forgotten in what is restored, too.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.run = cmd_restore_run,
};
