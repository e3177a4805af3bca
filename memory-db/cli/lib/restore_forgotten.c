/* What was forgotten stays forgotten after a restore; model/time/erasures.h
 * says how. A backup from before an erasure still has the text. So the
 * erasures of the database that is replaced are read, and done once more in
 * the restored one. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/database_use.h"
#include "memory-db/cli/lib/restore.h"

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

/* All that this database has erased is erased in what is restored. One that is
 * damaged may not tell all of it (*ret_is_whole false); that is no failure, as
 * it may be why somebody restores. */
int
restore_forget_from(struct restore *r, struct cli *newer, bool *ret_is_whole)
{
	AUTO_FREE char *cursor = NULL;
	int rc;

	do {
		AUTO_JSON json_t *reply = NULL;
		const char *next;

		rc = cli_ask(newer, "list_erasures",
			cursor ? json_pack("{s:s}", "cursor", cursor)
			       : json_object(),
			&reply);
		*ret_is_whole = rc != CLI_PROBLEM;
		if (rc == CLI_PROBLEM)
			return CLI_OK;
		if (rc != CLI_OK)
			return rc;
		rc = replay_list(r, json_object_get(reply, "erasures"));
		if (rc != CLI_OK)
			return rc;
		free(take_ptr(cursor));
		next = cli_str(reply, "next", NULL);
		if (next && (cursor = strdup(next)) == NULL)
			return cli_nomem();
	} while (cursor);
	return CLI_OK;
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
	bool is_whole = true;
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
	if (!is_same_database(r, use.cli))
		return CLI_OK;
	rc = restore_forget_from(r, use.cli, &is_whole);
	if (rc != CLI_OK)
		return rc;
	if (!is_whole)
		cli_note(r->c,
			"the present database is damaged: what it alone knows "
			"to be forgotten may not be forgotten in what is "
			"restored");
	return CLI_OK;
}

/* What a part of a chain says of its time. */
static int
replay_about(struct restore *r, const char *path)
{
	AUTO_JSON json_t *about = NULL;
	struct err e = {0};

	if (restore_about(path, r->identity, &about, &e) != 0) {
		cli_note(r->c, "the newer backup %s is damaged (%s)", path,
			e.text);
		return CLI_OK;
	}
	return replay_list(r, json_object_get(about, "erasures"));
}

/* 1: this one knows all that those before it know. */
static int
replay_whole(struct restore *r, const char *path, bool *ret_done)
{
	AUTO_PRIVATE struct private_service own = {0};
	AUTO_JSON json_t *about = NULL;
	char work[PATH_MAX];
	struct err e = {0};

	restore_place_path(&r->place, "newer.db", work);
	(void)unlink(work);
	if (restore_unpack_file(r, path, work, &about, &e) != 0 ||
		private_service_start(&own, r->c, work, false, &e) != 0) {
		cli_note(r->c, "the newer backup %s is damaged (%s)", path,
			e.text);
		return CLI_OK;
	}
	*ret_done = true;
	if (!is_same_database(r, &own.cli))
		return CLI_OK;
	return restore_forget_from(r, &own.cli, ret_done);
}

/* Newer backups of the same database in the same folder, the newest first, down to
 * a whole one that opens. */
static int
replay_newer(struct restore *r)
{
	AUTO_FOLDER struct backup_folder f = {.fd = -1, .lock_fd = -1};
	struct err e = {0};
	char folder[PATH_MAX];
	bool is_done = false;
	int rc = CLI_OK;

	restore_folder_of(r->source, folder);
	if (backup_folder_open(&f, folder, false, &e) != 0 ||
		backup_folder_list(&f, r->id, &e) != 0)
		return CLI_OK;
	for (size_t i = f.n; !is_done && i-- > 0;) {
		AUTO_FREE char *path =
			backup_folder_path(&f, f.entries[i].file);

		if (!path)
			return cli_nomem();
		if (strcmp(path, r->source) == 0)
			break;
		rc = f.entries[i].name.is_whole
			     ? replay_whole(r, path, &is_done)
			     : replay_about(r, path);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

int
restore_forget(struct restore *r)
{
	int rc = replay_newer(r);

	return rc == CLI_OK ? replay_present(r) : rc;
}
