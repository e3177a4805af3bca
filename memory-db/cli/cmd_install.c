/* install: the entry of memory-mcp in the configuration of MCP clients, and
 * nothing else in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/sock.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/cliententry.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/connect.h"
#include "memory-db/cli/lib/hookfile.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/programs.h"
#include "memory-db/cli/lib/table.h"
#include "memory-db/cli/lib/targets.h"
#include "memory-db/cli/lib/twomemories.h"

#define PROGRAM "memory-mcp"

static struct targets targets = TARGET_DEFAULTS;
static const char *program;
static bool is_replace, is_list, is_hooks;

static const struct conf_opt install_opts[] = {
	TARGET_OPTIONS(&targets),
	CLI_TEXT("program", &program, "PATH",
		"memory-mcp, when it is not beside memoryctl or on PATH"),
	CLI_FLAG("replace", &is_replace,
		"take the place of another server of that name"),
	CLI_FLAG("hooks", &is_hooks,
		"enter hooks too: recall and keep by itself (see help hook)"),
	CLI_FLAG("list", &is_list,
		"show the clients: which are here, which are connected"),
};

static int
find_program(char path[PATH_MAX])
{
	if (program) {
		if (!realpath(program, path) || !programs_is_program(path))
			return cli_fail(CLI_USAGE,
				"--program %s is no executable file", program);
		return CLI_OK;
	}
	if (programs_find(PROGRAM, path))
		return CLI_OK;
	return cli_fail(CLI_PROBLEM,
		"%s is neither beside memoryctl nor on PATH: name it with "
		"--program",
		PROGRAM);
}

/* The memory that this command line means is the one to connect. */
static int
find_memory(const struct cli *c, struct connect *w, char database[PATH_MAX],
	char socket[PATH_MAX])
{
	const char *chosen = c->socket ? c->socket : getenv("MEMORY_DB_SOCKET");
	int rc = CLI_OK;

	w->branch = c->follows_code ? "auto" : c->branch;
	if (c->database) {
		rc = cli_absolute(c->database, database, PATH_MAX);
		w->database = database;
	}
	if (rc != CLI_OK)
		return rc;
	if (chosen && chosen[0] != '\0') {
		rc = cli_absolute(chosen, socket, PATH_MAX);
		w->socket = socket;
	}
	return rc;
}

/* --- the list ------------------------------------------------------------- */

/* What the file of a client says: "yes", "no", "unreadable", or the program
 * that is another server of that name. */
static const char *
cmd_install_state_of(const struct client *cl, char path[PATH_MAX])
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	json_t *entry;

	path[0] = '\0';
	if (cl->file && clients_file(cl, false, path, NULL) != 0)
		return "unknown";
	if (cl->format == CLIENT_NONE)
		return "by hand";
	if (clientfile_read(&cf, cl->format, path, NULL) != 0 ||
		(cf.exists && cliententry_find(cl, cf.json, targets.name,
				      &entry, NULL, NULL) != 0))
		return "unreadable";
	if (!cf.exists || !entry)
		return "no";
	return cliententry_is_ours(cl->shape, entry) ? "yes" : "another server";
}

static int
print_clients(const struct cli *c)
{
	AUTO_JSON json_t *list = json_array();
	char path[PATH_MAX];

	for (size_t i = 0; list && i < clients_n; i++) {
		const struct client *cl = &clients[i];
		const char *state = cmd_install_state_of(cl, path);
		bool is_here = clients_is_here(cl);

		if (!c->json) {
			printf("%-16s %-5s %-14s ", cl->name,
				is_here ? "here" : "-", state);
			out_text(stdout, path);
			putchar('\n');
		} else if (jx_add(list,
				   json_pack("{s:s,s:s,s:b,s:s,s:s*}", "client",
					   cl->name, "title", cl->title, "here",
					   is_here, "connected", state, "file",
					   path[0] ? path : NULL)) != 0) {
			return cli_nomem();
		}
	}
	if (!list)
		return cli_nomem();
	return c->json ? cli_print_json(c, list) : CLI_OK;
}

/* --- the work ------------------------------------------------------------- */

/* The hooks of a client that has been connected. */
static int
install_hooks(const struct cli *c, const struct connect *w,
	const struct client *cl, bool is_many, json_t *results)
{
	const struct hookfile *hf = hookfile_of(cl->name);
	AUTO_CONNECTED struct connected r = {0};
	char self[PATH_MAX];

	/* A second file of a client has no hooks of its own. */
	if (clients_named(cl->name) != cl)
		return CLI_OK;
	if (is_many && (!hf || (w->is_project ? !hf->project : !hf->file)))
		return CLI_OK;
	if (!hf)
		return cli_fail(CLI_PROBLEM,
			"no hooks of %s are known; those of claude-code, "
			"codex, cursor, gemini, copilot-cli, vscode and "
			"opencode are",
			cl->title);
	if (!programs_find("memoryctl", self))
		return cli_fail(CLI_SYSTEM,
			"cannot tell the path of memoryctl");
	return targets_tell(c, &targets, &r, hookfile_add(w, hf, self, &r),
		is_many, results);
}

/* One row: its outcome is told or kept for --json. */
static int
install_one(const struct cli *c, const struct connect *w,
	const struct client *cl, bool is_many, json_t *results)
{
	AUTO_CONNECTED struct connected r = {0};
	int rc = connect_add(w, cl, &r), hooked = CLI_OK;

	rc = targets_tell(c, &targets, &r, rc, is_many, results);
	if (rc == CLI_OK && is_hooks)
		hooked = install_hooks(c, w, cl, is_many, results);
	return rc > hooked ? rc : hooked;
}

static bool
cmd_install_is_meant(const struct client *cl, const struct connect *w)
{
	if (!targets_means(&targets, cl))
		return false;
	if (!targets_is_all(&targets))
		return true;
	/* What a person has to do is told when it is asked for by name. */
	return cl->format != CLIENT_NONE && clients_is_here(cl) &&
	       (!w->is_project || cl->project);
}

static int
install_all(const struct cli *c, const struct connect *w)
{
	AUTO_JSON json_t *results = json_array();
	bool is_many = targets_is_all(&targets);
	int worst = CLI_OK, n = 0;

	if (!results)
		return cli_nomem();
	for (size_t i = 0; i < clients_n; i++) {
		int rc;

		if (!cmd_install_is_meant(&clients[i], w))
			continue;
		n++;
		rc = install_one(c, w, &clients[i], is_many, results);
		if (rc > worst)
			worst = rc;
	}
	if (n == 0)
		return cli_fail(CLI_PROBLEM,
			"no MCP client is installed here; --list shows those "
			"that are known");
	if (!c->json)
		return worst;
	if (is_many || json_array_size(results) > 1) {
		AUTO_JSON json_t *out = json_pack("{s:O}", "clients", results);

		return !out || cli_print_json(c, out) != CLI_OK ? cli_nomem()
								: worst;
	}
	return worst != CLI_OK || cli_print_json(c,
					  json_array_get(results, 0)) == CLI_OK
		       ? worst
		       : cli_nomem();
}

/* Where the machine has a memory and the user, too: which one the clients get.
 * Who named one knows. */
static void
say_which_memory(const struct cli *c, const struct connect *w)
{
	char socket[SOCK_PATH_SIZE], own[PATH_MAX];
	struct err e = {0};
	enum twomemories which;

	if (c->json || c->quiet || w->socket || w->database ||
		sock_path(NULL, socket, NULL, &e) != 0)
		return;
	which = twomemories_at(socket, own);
	if (which == TWOMEMORIES_NO)
		return;
	if (which == TWOMEMORIES_SHARED_SERVES)
		printf("The memory is that of this machine (%s); your own, %s, "
		       "is not read: %s\n",
			socket, own, twomemories_advice(which));
	else
		printf("The memory is your own (socket %s); that of this "
		       "machine (%s) is not asked: %s\n",
			socket, TWOMEMORIES_SHARED, twomemories_advice(which));
}

static int
run_install(struct cli *c, int argc, char **argv)
{
	char path[PATH_MAX], database[PATH_MAX], socket[PATH_MAX];
	struct connect w = {.is_replace = is_replace, .command = path};
	int rc;

	(void)argc;
	(void)argv;
	if (is_list)
		return print_clients(c);
	if ((rc = targets_read(&targets, &w)) != CLI_OK ||
		(rc = find_program(path)) != CLI_OK ||
		(rc = find_memory(c, &w, database, socket)) != CLI_OK)
		return rc;
	rc = install_all(c, &w);
	say_which_memory(c, &w);
	return rc;
}

const struct cli_command cli_cmd_install = {
	.name = "install",
	.args = "--client NAME|all",
	.summary = "connect MCP clients to the memory",
	.about = "Adds memory-mcp to the MCP servers of a client, or of all "
		 "clients that are installed here. Edits nothing else in "
		 "their files and writes a backup beside each first. "
		 "--dry-run shows the changes, --list the clients. A file "
		 "that cannot be edited is left alone, and the lines for it "
		 "are shown. With --hooks the client recalls what fits a "
		 "prompt and keeps what was said by itself; without it "
		 "nothing is put into prompts unasked. With --branch auto what "
		 "is entered follows the branch of the code, as help git-sync "
		 "says. An entry of ours that is there already gets the path "
		 "of this program and what the command line names of memory "
		 "and branch; all else of it stays.",
	.opts = install_opts,
	.opts_n = ARRAY_LEN(install_opts),
	.run = run_install,
};
