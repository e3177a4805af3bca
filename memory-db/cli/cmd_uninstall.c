/* uninstall: takes out of the configuration of MCP clients what install put
 * there, and nothing else. With --all everything of this user but the
 * memory itself. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/connect.h"
#include "memory-db/cli/lib/hookfile.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/statefolder.h"
#include "memory-db/cli/lib/targets.h"

static struct targets targets = TARGET_DEFAULTS;
static bool is_everything;

static const struct conf_opt uninstall_opts[] = {
	TARGET_OPTIONS(&targets),
	CLI_FLAG("all", &is_everything,
		"all clients, hooks and the service; the database stays"),
};

static int
cmd_uninstall_tell(const struct cli *c, const struct connected *r, int rc,
	bool is_many, json_t *results)
{
	bool is_absent = strcmp(r->action, "absent") == 0;

	if (rc == MDB_E_NOMEM)
		return cli_nomem();
	/* Of all clients of the world most have nothing. */
	if ((is_many || r->is_hooks) && (is_absent || rc == MDB_E_NOT_FOUND))
		return CLI_OK;
	return targets_tell(c, &targets, r, rc, is_many, results);
}

/* Servers that Claude Code has for single folders. Its own command takes them
 * away. */
static void
tell_folders(const struct cli *c, const struct client *cl,
	const json_t *folders)
{
	const json_t *folder;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)folders, i, folder)
		if (!c->quiet && !c->json) {
			printf("%s has one for a single folder: cd ",
				cl->title);
			out_text(stdout, json_string_value(folder));
			puts(" && claude mcp remove memory");
		}
}

/* All that are ours, also under another --name. */
static int
uninstall_names(const struct cli *c, const struct connect *w,
	const struct client *cl, json_t *results)
{
	AUTO_JSON json_t *folders = NULL, *names = NULL;
	const json_t *name;
	int worst = CLI_OK;
	size_t i;

	names = connect_ours(w, cl, &folders);
	if (!names)
		return cli_nomem();
	json_array_foreach(names, i, name) {
		AUTO_CONNECTED struct connected r = {0};
		struct connect one = *w;
		int rc;

		one.name = json_string_value(name);
		if (strcmp(one.name, w->name) == 0)
			continue;
		rc = cmd_uninstall_tell(c, &r, connect_remove(&one, cl, &r),
			true, results);
		worst = rc > worst ? rc : worst;
	}
	tell_folders(c, cl, folders);
	return worst;
}

static int
uninstall_one(const struct cli *c, const struct connect *w,
	const struct client *cl, bool is_many, json_t *results)
{
	const struct hookfile *hf = hookfile_of(cl->name);
	AUTO_CONNECTED struct connected r = {0}, h = {0};
	int rc, hooked = CLI_OK, others = CLI_OK;

	/* In the order against that of install, so that a file that both are in
	 * becomes what it was. Hooks of a named file are not meant. */
	if (hf && !targets.file && clients_named(cl->name) == cl &&
		(w->is_project ? hf->project : hf->file))
		hooked = cmd_uninstall_tell(c, &h, hookfile_remove(w, hf, &h),
			is_many, results);
	if (is_everything)
		others = uninstall_names(c, w, cl, results);
	rc = cmd_uninstall_tell(c, &r, connect_remove(w, cl, &r), is_many,
		results);
	rc = rc > others ? rc : others;
	return rc > hooked ? rc : hooked;
}

static int
uninstall_rows(const struct cli *c, const struct connect *w, bool is_many,
	json_t *results)
{
	int worst = CLI_OK;

	for (size_t i = 0; i < clients_n; i++) {
		int rc;

		if (!targets_means(&targets, &clients[i]) ||
			(is_many && w->is_project && !clients[i].project &&
				!hookfile_of(clients[i].name)))
			continue;
		rc = uninstall_one(c, w, &clients[i], is_many, results);
		if (rc > worst)
			worst = rc;
	}
	return worst;
}

/* --- everything ----------------------------------------------------------- */

/* The notes of hooks: cursors, counters, what was shown, how far notes and
 * branches of the code were seen. What push keeps is of the memory. */
static bool
is_note(const char *name)
{
	static const char *const begins[] = {"session-", "fired-", "ledger-",
		"seen-", "sync-", "code-"};

	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return strcmp(name, "imported") == 0;
}

/* The folder of the switch, where nothing is switched off. */
static void
remove_switch_folder(void)
{
	static const char pattern[] = "@config/enhanced-memory";
	char path[PATH_MAX];

	if (clients_expand(pattern, sizeof(pattern) - 1, false, getenv, path))
		(void)rmdir(path);
}

static void
remove_notes(const struct cli *c)
{
	char path[PATH_MAX];
	struct dirent *d;
	int n = 0;
	DIR *dir;

	if (!statefolder(path, false) || (dir = opendir(path)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		if (is_note(d->d_name))
			n += targets.is_dry_run ||
			     unlinkat(dirfd(dir), d->d_name, 0) == 0;
	closedir(dir);
	if (!targets.is_dry_run)
		(void)rmdir(path);
	if (!c->quiet && !c->json && n > 0) {
		printf("notes of hooks %sremoved: ",
			targets.is_dry_run ? "would be " : "");
		out_text(stdout, path);
		putchar('\n');
	}
}

/* Units of ours that a *.wants folder of the user has a link to. */
static int
add_wanted(const char *folder, struct buf *out)
{
	static const char *const units[] = {"memory-db.socket",
		"memory-db.service", "memory-backup.timer",
		"memory-backup.service"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", folder, units[i]);

		if (n < (int)sizeof(path) &&
			faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) ==
				0 &&
			(!buf_str(out) || !strstr(out->data, units[i])) &&
			buf_addf(out, " %s", units[i]) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

/* What systemctl enabled systemctl takes away. A timer that stays would start
 * memory-db each night. */
static void
tell_units(const struct cli *c)
{
	static const char pattern[] = "@config/systemd/user";
	AUTO_BUF struct buf units = {0};
	char path[PATH_MAX], folder[PATH_MAX];
	struct dirent *d;
	DIR *dir;

	if (c->quiet || c->json ||
		!clients_expand(pattern, sizeof(pattern) - 1, false, getenv,
			path) ||
		(dir = opendir(path)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name);

		if (n > 6 && strcmp(d->d_name + n - 6, ".wants") == 0 &&
			snprintf(folder, sizeof(folder), "%s/%s", path,
				d->d_name) < (int)sizeof(folder) &&
			add_wanted(folder, &units) != 0)
			break;
	}
	closedir(dir);
	if (units.len > 0 && buf_str(&units))
		printf("systemd starts it: systemctl --user disable --now%s\n",
			units.data);
}

static int
say_database(struct cli *c, json_t *out)
{
	static const char standard[] = "~/.memories/memory.db";
	const char *chosen =
		c->database ? c->database : getenv("MEMORY_DB_PATH");
	char path[PATH_MAX];

	if (chosen && chosen[0] != '\0') {
		if (cli_absolute(chosen, path, sizeof(path)) != CLI_OK)
			return CLI_SYSTEM;
	} else if (!clients_expand(standard, sizeof(standard) - 1, false,
			   getenv, path)) {
		return CLI_OK;
	}
	if (access(path, F_OK) != 0)
		path[0] = '\0';
	if (c->json)
		return path[0] == '\0' || jx_set(out, "database",
						  json_string(path)) == 0
			       ? CLI_OK
			       : cli_nomem();
	if (!c->quiet && path[0] != '\0') {
		fputs("The memory itself stays: ", stdout);
		out_text(stdout, path);
		putchar('\n');
	}
	return CLI_OK;
}

static int
uninstall_everything(struct cli *c, struct connect *w, json_t *results)
{
	AUTO_JSON json_t *out = NULL;
	int worst = CLI_OK;

	for (int project = 0; project < 2; project++) {
		int rc;

		w->is_project = project == 1;
		rc = uninstall_rows(c, w, true, results);
		if (rc > worst)
			worst = rc;
	}
	remove_notes(c);
	if (!targets.is_dry_run) {
		bool was_quiet = c->quiet;

		remove_switch_folder();
		statefolder_finish(true);
		c->quiet = c->quiet || c->json;
		/* An operator's service is the operator's. */
		(void)cli_cmd_stop.run(c, 0, NULL);
		c->quiet = was_quiet;
	}
	tell_units(c);
	out = json_pack("{s:O}", "clients", results);
	if (!out || say_database(c, out) != CLI_OK)
		return cli_nomem();
	if (c->json && cli_print_json(c, out) != CLI_OK)
		return cli_nomem();
	return worst;
}

static int
run_uninstall(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *results = json_array(), *out = NULL;
	struct connect w = {0};
	bool is_many;
	int worst;

	(void)argc;
	(void)argv;
	if (is_everything && !targets.client)
		targets.client = "all";
	is_many = targets_is_all(&targets);
	if ((worst = targets_read(&targets, &w)) != CLI_OK)
		return worst;
	if (is_everything && !is_many)
		return cli_fail(CLI_USAGE,
			"--all is for all clients; leave --client out");
	if (!results)
		return cli_nomem();
	if (is_everything)
		return uninstall_everything(c, &w, results);
	worst = uninstall_rows(c, &w, is_many, results);
	if (!targets.is_dry_run)
		statefolder_finish(false);
	if (!c->json || (!is_many && worst != CLI_OK))
		return worst;
	out = is_many || json_array_size(results) != 1
		      ? json_pack("{s:O}", "clients", results)
		      : json_incref(json_array_get(results, 0));
	return !out || cli_print_json(c, out) != CLI_OK ? cli_nomem() : worst;
}

const struct cli_command cli_cmd_uninstall = {
	.name = "uninstall",
	.args = "--client NAME|all | --all",
	.summary = "take the memory out of MCP clients again",
	.about = "Removes the entry of memory-mcp and the hooks from a "
		 "client, or from all clients, nothing else, after a backup "
		 "of each file. --all also ends the service that a client "
		 "started and removes what hooks noted; the memory itself "
		 "stays, and its path is told.",
	.opts = uninstall_opts,
	.opts_n = ARRAY_LEN(uninstall_opts),
	.run = run_uninstall,
};
