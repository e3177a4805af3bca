/* Configuration files of MCP clients that start memory-mcp. */
#include <stdio.h>
#include <string.h>

#include "memory-db/cli/lib/cliententry.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/doctor.h"
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

void
doctor_clients(struct doctor *d)
{
	AUTO_BUF struct buf others = {0};
	int all = 0;

	for (size_t i = 0; i < clients_n; i++) {
		const struct client *cl = &clients[i];
		int n = doctor_clients_check_file(d, cl, false);

		if (cl->project && is_first_of_project(cl))
			n += doctor_clients_check_file(d, cl, true);
		all += n;
		if (n == 0 && cl->format != CLIENT_NONE &&
			clients_is_here(cl) &&
			buf_addf(&others, "%s%s", others.len > 0 ? ", " : "",
				cl->title) != 0)
			d->is_out_of_memory = true;
	}
	if (others.len > 0 && buf_str(&others))
		tell_others(d, &others);
	else if (all == 0)
		doctor_say(d, DOCTOR_OK, "clients", NULL,
			"no MCP client is connected; memoryctl install "
			"--client NAME does that");
}
