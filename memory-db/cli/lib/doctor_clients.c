/* doctor, configuration files of MCP clients: which of them start memory-mcp,
 * whether the program that they name is there, and whether the hooks are
 * entered, whole, and were ever run. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "memory-db/cli/lib/cliententry.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/hookevent.h"
#include "memory-db/cli/lib/hookfile.h"
#include "memory-db/cli/lib/hookstate.h"
#include "memory-db/cli/lib/hooktrust.h"
#include "memory-db/cli/lib/programs.h"

/* One server that is ours. where: the folder of a project, or NULL. */
static void
check_server(struct doctor *d, const struct client *cl, const char *file,
	const char *where, const char *name, const char *command)
{
	char advice[128], place[PATH_MAX + 2] = "";

	if (where)
		snprintf(place, sizeof(place), ", %s", where);
	snprintf(advice, sizeof(advice),
		"memoryctl install --client %s puts it right", cl->name);
	/* Without a folder it is looked up on the client's PATH. */
	if (command[0] == '/' && !programs_is_program(command))
		doctor_say(d, DOCTOR_FAIL, "clients", advice,
			"%s%s: server '%s' starts %s, which does not exist",
			file, place, name, command);
	else if (command[0] != '/' && strchr(command, '/') != NULL)
		doctor_say(d, DOCTOR_WARN, "clients", "give an absolute path",
			"%s%s: server '%s' starts the relative path %s", file,
			place, name, command);
	else
		doctor_say(d, DOCTOR_OK, "clients", NULL,
			"%s%s: server '%s' starts %s", file, place, name,
			command);
}

/* The servers of one place that are ours: their number. */
static int
check_servers(struct doctor *d, const struct client *cl, const char *file,
	const char *where, const json_t *servers)
{
	const char *name;
	json_t *s;
	size_t i;
	int n = 0;

	json_object_foreach((json_t *)(uintptr_t)servers, name, s) {
		if (!cliententry_is_ours(cl->shape, s))
			continue;
		n++;
		check_server(d, cl, file, where, name,
			cliententry_command(cl->shape, s));
	}
	json_array_foreach((json_t *)(uintptr_t)servers, i, s) {
		if (!cliententry_is_ours(cl->shape, s))
			continue;
		n++;
		check_server(d, cl, file, where, cli_str(s, "name", ""),
			cliententry_command(cl->shape, s));
	}
	return n;
}

static int
doctor_clients_check_file(struct doctor *d, const struct client *cl,
	bool is_project)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	json_t *holder, *entry, *p;
	char path[PATH_MAX], advice[64];
	const char *folder;
	struct err e = {0};
	int n;

	if (cl->format == CLIENT_NONE ||
		clients_file(cl, is_project, path, NULL) != 0)
		return 0;
	if (clientfile_read(&cf, cl->format, path, &e) != 0) {
		snprintf(advice, sizeof(advice), "%s cannot read it either",
			cl->title);
		doctor_say(d, DOCTOR_WARN, "clients", advice, "%s", e.text);
		return 0;
	}
	if (!cf.exists ||
		cliententry_find(cl, cf.json, "", &entry, &holder, NULL) != 0)
		return 0;
	n = check_servers(d, cl, cf.path, NULL, holder);
	/* Claude Code keeps servers of single folders beside. */
	json_object_foreach(json_object_get(cf.json, "projects"), folder, p)
		n += check_servers(d, cl, cf.path, folder,
			json_object_get(p, "mcpServers"));
	return n;
}

/* When a hook of a client fired last; 0: never. */
static int64_t
last_fired(const char *client)
{
	int64_t last = 0;

	for (size_t i = 0; i < hooks_n; i++) {
		int64_t at =
			strcmp(hooks[i].client, client) == 0
				? hookstate_last_fired(client, hooks[i].event)
				: 0;

		last = at > last ? at : last;
	}
	return last;
}

/* ", never yet: PreCompact, SessionEnd" of a client whose other hooks fired. */
static void
name_silent(const char *client, char out[160])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < hooks_n && n < 120; i++)
		if (hooks[i].is_installed &&
			strcmp(hooks[i].client, client) == 0 &&
			hookstate_last_fired(client, hooks[i].event) == 0)
			n += (size_t)snprintf(out + n, 160 - n, "%s%.30s",
				n == 0 ? "; never yet: " : ", ",
				hooks[i].event);
}

/* What the client's own files say; of Codex less than hooks that fired since they
 * were written: an older one asks for no trust. */
static enum hooktrust
trust_of(const struct hookfile *hf, const char *path, int64_t fired_ms,
	char why[HOOKTRUST_WHY_SIZE])
{
	enum hooktrust t = hooktrust_look(hf, path, why);
	struct stat st;

	if (t == HOOKTRUST_WAITS && strcmp(hf->client, "codex") == 0 &&
		stat(path, &st) == 0 &&
		fired_ms / 1000 > (int64_t)st.st_mtim.tv_sec)
		return HOOKTRUST_UNKNOWN;
	return t;
}

/* Entries that are whole: does the client run them? */
static void
check_running(struct doctor *d, const struct hookfile *hf, const char *path)
{
	char when[CLOCK_TEXT_SIZE], why[HOOKTRUST_WHY_SIZE], silent[160];
	int64_t at = last_fired(hf->client);
	enum hooktrust trust = trust_of(hf, path, at, why);
	const char *how = hf->trust ? hf->trust : "start the client anew";

	if (trust == HOOKTRUST_OFF) {
		doctor_say(d, DOCTOR_WARN, "hooks",
			"change that there, or take the entries out with "
			"memoryctl uninstall",
			"%s: hooks are installed and switched off: %s", path,
			why);
	} else if (trust == HOOKTRUST_WAITS) {
		doctor_say(d, DOCTOR_WARN, "hooks", how,
			"%s: hooks are installed and not trusted: %s", path,
			why);
	} else if (at == 0) {
		doctor_say(d, DOCTOR_WARN, "hooks", how,
			"%s: hooks are installed%s, none has fired yet", path,
			trust == HOOKTRUST_YES ? " and trusted" : "");
	} else {
		clock_format(at, when);
		name_silent(hf->client, silent);
		doctor_say(d, DOCTOR_OK, "hooks", NULL,
			"%s: hooks are installed%s, fired last %s%s", path,
			trust == HOOKTRUST_YES ? " and trusted" : "", when,
			silent);
	}
}

/* Hooks of one client: whether they are entered, whole, and run. */
static void
check_hooks(struct doctor *d, const struct client *cl, bool is_project)
{
	const struct hookfile *hf = hookfile_of(cl->name);
	char path[PATH_MAX], advice[160];
	int n, all = 0;

	if (!hf || clients_named(cl->name) != cl ||
		hookfile_path(hf, is_project, path, NULL) != 0 ||
		(n = hookfile_count(hf, path, &all)) <= 0)
		return;
	snprintf(advice, sizeof(advice),
		"memoryctl install --client %s --hooks%s enters the rest",
		cl->name, is_project ? " --scope project" : "");
	if (n < all)
		doctor_say(d, DOCTOR_WARN, "hooks", advice,
			"%s: %d of %d hooks are installed", path, n, all);
	else
		check_running(d, hf, path);
}

/* Several editors of one family share the file of a project. */
static bool
is_first_of_project(const struct client *cl)
{
	for (const struct client *x = clients; x < cl; x++)
		if (x->project && strcmp(x->project, cl->project) == 0)
			return false;
	return true;
}

/* The clients that are here and have no entry, named. */
static void
tell_others(struct doctor *d, const struct buf *others)
{
	doctor_say(d, DOCTOR_OK, "clients", NULL,
		"not connected: %s; memoryctl install --client all does that",
		others->data);
}

/* The variable wins over the file that `hook on` removes. */
static void
tell_off(struct doctor *d, enum hookstate_part part, const char *what,
	const char *command)
{
	const char *variable = hookstate_off_variable(part);

	if (variable)
		doctor_say(d, DOCTOR_OK, "hooks", NULL,
			"%s: %s=off in the environment says so, and wins over "
			"memoryctl %s; unset it to have them",
			what, variable, command);
	else
		doctor_say(d, DOCTOR_OK, "hooks", NULL,
			"%s; memoryctl %s switches that on", what, command);
}

void
doctor_clients(struct doctor *d)
{
	AUTO_BUF struct buf others = {0};
	int all = 0;

	for (size_t i = 0; i < clients_n; i++) {
		const struct client *cl = &clients[i];
		int n = doctor_clients_check_file(d, cl, false);

		check_hooks(d, cl, false);
		check_hooks(d, cl, true);
		if (cl->project && is_first_of_project(cl))
			n += doctor_clients_check_file(d, cl, true);
		all += n;
		if (n == 0 && cl->format != CLIENT_NONE &&
			clients_is_here(cl) &&
			buf_addf(&others, "%s%s", others.len > 0 ? ", " : "",
				cl->title) != 0)
			d->is_out_of_memory = true;
	}
	if (hookstate_is_off())
		tell_off(d, HOOKSTATE_ALL, "hooks are switched off", "hook on");
	else if (hookstate_is_sync_off())
		tell_off(d, HOOKSTATE_SYNC,
			"hooks leave the notes of Claude Code alone",
			"hook sync on");
	if (others.len > 0 && buf_str(&others))
		tell_others(d, &others);
	else if (all == 0)
		doctor_say(d, DOCTOR_OK, "clients", NULL,
			"no MCP client is connected; memoryctl install "
			"--client NAME does that");
}
