/* Connecting one client: find its file, find the entry, decide, edit, check.
 *
 *   no file            a new one with this entry
 *   no entry           it is added
 *   an entry of ours   says what this command line says of program, memory and
 *                      branch; what the user added to it stays
 *   another's entry    left alone, unless it is to be replaced
 *
 * The text after the edit is read once more and must hold what was wanted and
 * nothing else (clientedit.c), before the file is replaced. */
#include "memory-db/cli/lib/connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/clientedit.h"
#include "memory-db/cli/lib/cliententry.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/clienttake.h"

static struct entry_words
words_for(const struct connect *w, const struct client *cl)
{
	return (struct entry_words){
		.name = w->name,
		.command = w->command,
		.namespace_ = cl->apart ? NULL : "auto",
		.database = w->database,
		.socket = w->socket,
		.branch = cl->apart ? NULL : w->branch,
	};
}

static json_t *
wanted_entry(const struct connect *w, const struct client *cl)
{
	const struct entry_words words = words_for(w, cl);

	return cliententry_new(cl->shape, &words);
}

/* Reads the client's file; cf->json is {} when there is none. */
static int
open_file(const struct connect *w, const struct client *cl,
	struct clientfile *cf, struct connected *r)
{
	int rc = 0;

	if (w->file)
		snprintf(r->file, sizeof(r->file), "%s", w->file);
	else
		rc = clients_file(cl, w->is_project, r->file, &r->err);
	if (rc != 0)
		return rc;
	rc = clientfile_read(cf, cl->format, r->file, &r->err);
	if (cf->path[0] != '\0')
		memcpy(r->file, cf->path, strlen(cf->path) + 1);
	if (rc != 0)
		return rc;
	if (!cf->json && (cf->json = json_object()) == NULL)
		return err_nomem(&r->err);
	/* An empty file has no text at all. */
	return rc == 0 && !buf_str(&cf->text) ? err_nomem(&r->err) : rc;
}

static int
connect_find(const struct client *cl, const struct connect *w,
	struct clientfile *cf, json_t **ret_entry, struct connected *r)
{
	struct err why = {0};

	if (cliententry_find(cl, cf->json, w->name, ret_entry, NULL, &why) == 0)
		return 0;
	return err_set(&r->err, why.code, "%s: %s; nothing was changed",
		cf->path, why.text);
}

/* Where the reference memory server kept its memory: as the entry that is
 * replaced says, else the environment. */
static void
remember_reference(const struct client *cl, const json_t *old,
	struct connected *r)
{
	const char *path = cliententry_env(cl->shape, old, "MEMORY_FILE_PATH");

	if (!path)
		path = getenv("MEMORY_FILE_PATH");
	snprintf(r->import, sizeof(r->import), "%s", path ? path : "");
}

/* The lines for a person who has to do it. What goes wrong here must not hide
 * what went wrong before. */
static void
connect_offer(const struct connect *w, const struct client *cl,
	struct connected *r)
{
	AUTO_JSON json_t *entry = wanted_entry(w, cl);
	struct err ignored;

	if (!entry || clientedit_snippet(cl, w->name, entry, &r->snippet,
			      &ignored) != 0)
		buf_clear(&r->snippet, 0);
}

/* The texts differ: writes the new one, unless it was only asked for. */
static int
finish(const struct connect *w, struct clientfile *cf, const char *action,
	struct connected *r)
{
	int rc = 0;

	r->action = action;
	if (!w->is_dry_run)
		rc = clientfile_write(cf, r->after.data, r->after.len,
			/* A project's file is shared by its team. */
			w->is_project ? 0644 : 0600, r->backup, &r->err);
	r->before = cf->text;
	cf->text = (struct buf){0};
	return rc;
}

/* An entry of ours is there. What the user added to it (env, args) stays, and what
 * this command line names of a memory (--socket, --database, --branch) is said in
 * it, too. */
static int
change_ours(const struct connect *w, const struct client *cl,
	struct clientfile *cf, const json_t *old, struct connected *r)
{
	const struct entry_words words = words_for(w, cl);
	AUTO_JSON json_t *wanted = cliententry_with(cl->shape, old, &words);
	AUTO_JSON json_t *moved = NULL, *command = NULL;
	const char *member;
	int rc;

	if (!wanted)
		return err_nomem(&r->err);
	r->action = "unchanged";
	if (json_equal(wanted, old))
		return 0;
	command = cliententry_program(cl->shape, old, w->command, &member);
	moved = jx_copy((json_t *)(uintptr_t)old);
	if (!command || !moved || json_object_set(moved, member, command) != 0)
		return err_nomem(&r->err);
	/* The program alone is changed where it stands. */
	if (json_equal(wanted, moved))
		rc = clientedit_program(cl, &cf->text, w->name, w->command,
			&r->after, &r->err);
	else
		rc = clientedit_put(cl, &cf->text, w->name, wanted, &r->after,
			&r->err);
	return rc != 0 ? rc : finish(w, cf, "updated", r);
}

/* An entry of that name is there: ours, or somebody else's. */
static int
change(const struct connect *w, const struct client *cl, struct clientfile *cf,
	const json_t *old, const json_t *entry, struct connected *r)
{
	const char *command = cliententry_command(cl->shape, old);
	int rc;

	if (cliententry_is_ours(cl->shape, old))
		return change_ours(w, cl, cf, old, r);
	if (!w->is_replace)
		return err_set(&r->err, MDB_E_EXISTS,
			"%s has another server '%s' (%s); give ours a --name "
			"of its own, or --replace it",
			cf->path, w->name,
			command ? command : cli_str(old, "url", "no command"));
	rc = clientedit_put(cl, &cf->text, w->name, entry, &r->after, &r->err);
	return rc != 0 ? rc : finish(w, cf, "replaced", r);
}

static int
add(const struct connect *w, const struct client *cl, struct clientfile *cf,
	struct connected *r)
{
	AUTO_JSON json_t *entry = wanted_entry(w, cl);
	json_t *old;
	int rc = open_file(w, cl, cf, r);

	if (rc != 0 || (rc = connect_find(cl, w, cf, &old, r)) != 0)
		return rc;
	if (!entry)
		return err_nomem(&r->err);
	remember_reference(cl, old, r);
	if (old)
		return change(w, cl, cf, old, entry, r);
	rc = clientedit_put(cl, &cf->text, w->name, entry, &r->after, &r->err);
	return rc != 0 ? rc : finish(w, cf, "added", r);
}

int
connect_add(const struct connect *w, const struct client *cl,
	struct connected *r)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	int rc;

	*r = (struct connected){.client = cl};
	if (cl->format == CLIENT_NONE && !w->file) {
		r->action = "by hand";
		if (cl->file && clients_file(cl, false, r->file, NULL) != 0)
			r->file[0] = '\0';
		connect_offer(w, cl, r);
		return 0;
	}
	rc = add(w, cl, &cf, r);
	if (rc != 0 && rc != MDB_E_NOMEM) {
		/* Editors do not know the name of the file. */
		if (strstr(r->err.text, r->file) == NULL)
			err_prefix(&r->err, "%s", r->file);
		r->action = "failed";
		if (rc != MDB_E_EXISTS)
			connect_offer(w, cl, r);
	} else if (rc != 0) {
		r->action = "failed";
	}
	return rc;
}

/* A text that has not got the entry yet. */
struct without {
	const struct client *client;
	const char *name;
};

static bool
connect_is_without(const struct buf *text, const void *context)
{
	const struct without *w = context;

	return !clienttake_has(w->client, text, w->name);
}

/* The file is as install made it: it goes. */
static int
finish_gone(const struct connect *w, struct clientfile *cf, struct connected *r)
{
	r->action = "removed";
	r->before = cf->text;
	cf->text = (struct buf){0};
	return w->is_dry_run ? 0 : clientfile_remove(cf, &r->err);
}

static int
take_away(const struct connect *w, const struct client *cl,
	struct clientfile *cf, struct connected *r)
{
	const struct without without = {cl, w->name};
	AUTO_BUF struct buf before = {0};
	bool is_gone = false;
	json_t *old;
	int rc = open_file(w, cl, cf, r), has_old;

	if (rc != 0 || (rc = connect_find(cl, w, cf, &old, r)) != 0)
		return rc;
	r->action = "absent";
	if (!old)
		return 0;
	if (!cliententry_is_ours(cl->shape, old))
		return err_set(&r->err, MDB_E_EXISTS,
			"server '%s' in %s does not start memory-mcp: it is "
			"not ours to remove",
			w->name, cf->path);
	has_old =
		clientfile_old(cf->path, connect_is_without, &without, &before);
	if (has_old < 0)
		return err_nomem(&r->err);
	rc = clienttake(cl, &cf->text, w->name, has_old ? &before : NULL,
		&r->after, &is_gone, &r->err);
	if (rc != 0)
		return rc;
	return is_gone ? finish_gone(w, cf, r) : finish(w, cf, "removed", r);
}

int
connect_remove(const struct connect *w, const struct client *cl,
	struct connected *r)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	int rc;

	*r = (struct connected){.client = cl, .action = "absent"};
	if (cl->format == CLIENT_NONE && !w->file)
		return 0;
	rc = take_away(w, cl, &cf, r);
	if (rc != 0) {
		r->action = "failed";
		if (rc != MDB_E_NOMEM && strstr(r->err.text, r->file) == NULL)
			err_prefix(&r->err, "%s", r->file);
	}
	return rc;
}

/* Of servers by name, or of a list of them. */
static int
add_ours(const struct client *cl, const json_t *servers, json_t *names)
{
	const char *name;
	json_t *entry;
	size_t i;
	int bad = 0;

	json_object_foreach((json_t *)(uintptr_t)servers, name, entry)
		if (cliententry_is_ours(cl->shape, entry))
			bad |= jx_add(names, json_string(name));
	json_array_foreach((json_t *)(uintptr_t)servers, i, entry)
		if (cliententry_is_ours(cl->shape, entry))
			bad |= jx_add(names,
				json_string(cli_str(entry, "name", "")));
	return bad;
}

json_t *
connect_ours(const struct connect *w, const struct client *cl,
	json_t **ret_folders)
{
	AUTO_JSON json_t *names = json_array(), *folders = json_array();
	AUTO_CLIENTFILE struct clientfile cf = {0};
	AUTO_CONNECTED struct connected r = {0};
	json_t *holder, *entry, *project;
	const char *folder;
	int bad = 0;

	if (!names || !folders)
		return NULL;
	if (cl->format != CLIENT_NONE && open_file(w, cl, &cf, &r) == 0 &&
		cf.exists) {
		if (cliententry_find(cl, cf.json, "", &entry, &holder, NULL) ==
			0)
			bad = add_ours(cl, holder, names);
		json_object_foreach(json_object_get(cf.json, "projects"),
			folder, project) {
			AUTO_JSON json_t *some = json_array();

			bad |= !some ||
			       add_ours(cl,
				       json_object_get(project, "mcpServers"),
				       some) != 0;
			if (json_array_size(some) > 0)
				bad |= jx_add(folders, json_string(folder));
		}
	}
	if (bad)
		return NULL;
	*ret_folders = take_ptr(folders);
	return take_ptr(names);
}

void
connect_done(struct connected *r)
{
	buf_done(&r->before);
	buf_done(&r->after);
	buf_done(&r->snippet);
}
