/* Configuration files of MCP clients that start memory-mcp. */
#include <string.h>

#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/programs.h"

/* The servers of one place that are ours: their number. where: the folder of
 * a project, or NULL. */
static int
check_servers(struct doctor *d, const char *file, const char *where,
	const json_t *servers)
{
	const char *name;
	json_t *s;
	int n = 0;

	json_object_foreach((json_t *)(uintptr_t)servers, name, s) {
		const char *command = cli_str(s, "command", "");

		if (strcmp(programs_base(command), "memory-mcp") != 0)
			continue;
		n++;
		/* Without a folder it is looked up on the client's PATH. */
		if (command[0] == '/' && !programs_is_program(command))
			doctor_say(d, DOCTOR_FAIL, "clients",
				"memoryctl "
				"install --client claude-code puts it right",
				"%s%s%s: server '%s' starts %s, which does "
				"not exist",
				file, where ? ", " : "", where ? where : "",
				name, command);
		else if (command[0] != '/' && strchr(command, '/') != NULL)
			doctor_say(d, DOCTOR_WARN, "clients",
				"give an "
				"absolute path",
				"%s: server '%s' starts the "
				"relative path %s",
				file, name, command);
		else
			doctor_say(d, DOCTOR_OK, "clients", NULL,
				"%s%s%s: "
				"server '%s' starts %s",
				file, where ? ", " : "", where ? where : "",
				name, command);
	}
	return n;
}

static int
doctor_clients_check_file(struct doctor *d, bool is_project)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	const char *folder;
	char path[PATH_MAX];
	struct err e = {0};
	json_t *p;
	int n;

	if (clientfile_claude(is_project, path, &e) != 0)
		return 0;
	if (clientfile_read(&cf, path, &e) != 0) {
		doctor_say(d, DOCTOR_WARN, "clients",
			"Claude Code cannot "
			"read it either",
			"%s", e.text);
		return 0;
	}
	if (!cf.exists)
		return 0;
	n = check_servers(d, cf.path, NULL,
		json_object_get(cf.json, "mcpServers"));
	json_object_foreach(json_object_get(cf.json, "projects"), folder, p)
		n += check_servers(d, cf.path, folder,
			json_object_get(p, "mcpServers"));
	return n;
}

void
doctor_clients(struct doctor *d)
{
	int n = doctor_clients_check_file(d, false) +
		doctor_clients_check_file(d, true);

	if (n == 0)
		doctor_say(d, DOCTOR_OK, "clients", NULL,
			"Claude Code is not "
			"connected; memoryctl install --client claude-code "
			"does that");
}
