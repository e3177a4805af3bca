/* install and uninstall: the entry of memory-mcp in the configuration of an
 * MCP client, and nothing else in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/diff.h"
#include "memory-db/cli/lib/jedit.h"
#include "memory-db/cli/lib/jscan.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/programs.h"

#define PROGRAM "memory-mcp"
#define SERVERS "mcpServers"

static const char *client, *scope = "user", *name = "memory", *file, *program;
static bool is_dry_run, is_replace;

#define COMMON_OPTIONS                                                                \
	CLI_TEXT("client", &client, "NAME", "the MCP client: claude-code"),           \
		CLI_TEXT("scope", &scope, "SCOPE",                                    \
			"user (~/.claude.json, the default) or project (.mcp.json)"), \
		CLI_TEXT("file", &file, "PATH", "another configuration file"),        \
		CLI_TEXT("name", &name, "NAME",                                       \
			"of the server entry (memory)"),                              \
		CLI_FLAG("dry-run", &is_dry_run,                                      \
			"show the change, write nothing")

static const struct conf_opt install_opts[] = {
	COMMON_OPTIONS,
	CLI_TEXT("program", &program, "PATH",
		"memory-mcp, when it is not beside memoryctl or on PATH"),
	CLI_FLAG("replace", &is_replace,
		"take the place of another server of that name"),
};
static const struct conf_opt uninstall_opts[] = {COMMON_OPTIONS};

/* What was done, for the person and for --json. */
struct outcome {
	const char *action; /* added, updated, unchanged, removed, absent */
	char backup[PATH_MAX];
	/* of the reference memory server: what it remembered; borrowed */
	const char *file;
};

static int
cmd_install_check_options(struct clientfile *cf)
{
	char path[PATH_MAX];
	struct err e = {0};
	bool is_project = strcmp(scope, "project") == 0;

	if (!client)
		return cli_fail(CLI_USAGE, "which client? --client "
					   "claude-code is the one known");
	if (strcmp(client, "claude-code") != 0)
		return cli_fail(CLI_USAGE,
			"no client '%s'; known: "
			"claude-code. The README shows the lines for others",
			client);
	if (!is_project && strcmp(scope, "user") != 0)
		return cli_fail(CLI_USAGE,
			"--scope is user or project, not "
			"'%s'",
			scope);
	if (name[0] == '\0' || strlen(name) > 64)
		return cli_fail(CLI_USAGE, "--name has 1 to 64 bytes");
	if (!file && clientfile_claude(is_project, path, &e) != 0)
		return cli_fail_err(&e);
	if (clientfile_read(cf, file ? file : path, &e) != 0)
		return cli_fail(e.code == MDB_E_INVALID ? CLI_PROBLEM
							: CLI_SYSTEM,
			"%s", e.text);
	return CLI_OK;
}

/* The entry of the server; NULL with *ret_servers NULL or set. MDB_E_INVALID
 * when the file does not hold what it should. */
static int
find_entry(const struct clientfile *cf, json_t **ret_servers,
	json_t **ret_entry)
{
	json_t *servers = json_object_get(cf->json, SERVERS);

	*ret_servers = servers;
	*ret_entry = json_object_get(servers, name);
	if (servers && !json_is_object(servers))
		return cli_fail(CLI_PROBLEM,
			"%s: %s is no object; nothing was "
			"changed",
			cf->path, SERVERS);
	return CLI_OK;
}

static bool
cmd_install_is_ours(const json_t *entry)
{
	const char *command = cli_str(entry, "command", NULL);

	return command != NULL && strcmp(programs_base(command), PROGRAM) == 0;
}

/* Position of the object of servers in the text; 0: none. */
static size_t
servers_at(const struct clientfile *cf)
{
	const char *s = cf->text.data;
	struct jmember m;

	return jscan_find(s, cf->text.len, jscan_space(s, cf->text.len, 0),
		       SERVERS, &m) == 1
		       ? m.value.at
		       : 0;
}

static json_t *
make_entry(const struct cli *c, const char *command)
{
	const char *chosen = c->socket ? c->socket : getenv("MEMORY_DB_SOCKET");
	char database[PATH_MAX] = "", socket[PATH_MAX] = "";
	json_t *entry;

	/* The memory that this command line means is the one to connect. */
	if ((c->database && cli_absolute(c->database, database,
				    sizeof(database)) != 0) ||
		(chosen && chosen[0] &&
			cli_absolute(chosen, socket, sizeof(socket)) != 0))
		return NULL;
	entry = json_pack("{s:s,s:s,s:[],s:{s:s}}", "type", "stdio", "command",
		command, "args", "env", "MEMORY_NAMESPACE", "auto");
	json_t *env = json_object_get(entry, "env");

	if (entry &&
		((database[0] && jx_set(env, "MEMORY_DB_PATH",
					 json_string(database)) != 0) ||
			(socket[0] && jx_set(env, "MEMORY_DB_SOCKET",
					      json_string(socket)) != 0))) {
		json_decref(entry);
		entry = NULL;
	}
	return entry;
}

static int
report(const struct cli *c, const struct clientfile *cf,
	const struct outcome *o)
{
	AUTO_JSON json_t *out = NULL;

	if (c->json) {
		out = json_pack("{s:s,s:s,s:s,s:b,s:s*,s:s*}", "file", cf->path,
			"server", name, "action", o->action, "dry_run",
			is_dry_run, "backup", o->backup[0] ? o->backup : NULL,
			"import", o->file);
		return !out ? cli_nomem() : cli_print_json(c, out);
	}
	if (c->quiet)
		return CLI_OK;
	fputs("server '", stdout);
	out_text(stdout, name);
	printf("' %s%s %s ",
		is_dry_run && strcmp(o->action, "unchanged") ? "would be " : "",
		o->action,
		strcmp(o->action, "added") == 0	    ? "to"
		: strcmp(o->action, "removed") == 0 ? "from"
						    : "in");
	out_text(stdout, cf->path);
	putchar('\n');
	if (o->backup[0] != '\0') {
		fputs("backup: ", stdout);
		out_text(stdout, o->backup);
		putchar('\n');
	}
	if (!is_dry_run && (strcmp(o->action, "added") == 0 ||
				   strcmp(o->action, "updated") == 0))
		puts("Start Claude Code anew to use it.");
	if (o->file) {
		fputs("What the reference memory server remembered is taken "
		      "over by:\n  memoryctl import ",
			stdout);
		out_text(stdout, o->file);
		putchar('\n');
	}
	return CLI_OK;
}

/* Shows or writes the text after the edit. */
static int
cmd_install_finish(const struct cli *c, const struct clientfile *cf,
	const struct jedit *ed, struct outcome *o)
{
	AUTO_BUF struct buf after = {0}, plain = {0};
	AUTO_JSON json_t *check = NULL;
	struct err e = {0};

	if (jedit_apply(ed, cf->text.data, cf->text.len, &after) != 0 ||
		!buf_str(&after))
		return cli_nomem();
	if (jscan_plain(after.data, after.len, &plain) != 0)
		return cli_nomem();
	check = jx_parse_any(plain.data, plain.len, &e);
	if (!check && e.code == MDB_E_NOMEM)
		return cli_nomem();
	if (!check)
		return cli_fail(CLI_SYSTEM,
			"the edit of %s would not be valid "
			"JSON: nothing was changed",
			cf->path);
	if (is_dry_run) {
		if (!c->json && !c->quiet)
			diff_print(c, cf->path, cf->text.data, cf->text.len, ed,
				after.data, after.len);
	} else if (clientfile_write(cf, after.data, after.len,
			   /* A project's file is shared by its team. */
			   strcmp(scope, "project") == 0 ? 0644 : 0600,
			   o->backup, &e) != 0) {
		return cli_fail(CLI_SYSTEM, "%s", e.text);
	}
	return report(c, cf, o);
}

/* The file does not exist: it is the whole text that is new. */
static int
create(const struct cli *c, struct clientfile *cf, const json_t *entry,
	struct outcome *o)
{
	AUTO_JEDIT struct jedit ed = {0};
	AUTO_JSON json_t *servers = json_pack("{s:O}", name, entry);
	struct err e = {0};

	if (!servers || buf_adds(&cf->text, "{}\n") != 0 || !buf_str(&cf->text))
		return cli_nomem();
	if (jedit_add(&ed, cf->text.data, cf->text.len, 0, SERVERS, servers,
		    &e) != 0)
		return cli_fail_err(&e);
	o->action = "added";
	return cmd_install_finish(c, cf, &ed, o);
}

static int
cmd_install_add(const struct cli *c, struct clientfile *cf, const json_t *entry,
	struct outcome *o)
{
	AUTO_JEDIT struct jedit ed = {0};
	AUTO_JSON json_t *servers = NULL;
	size_t at = servers_at(cf);
	struct err e = {0};
	int rc;

	if (!cf->exists)
		return create(c, cf, entry, o);
	if (at > 0) {
		rc = jedit_add(&ed, cf->text.data, cf->text.len, at, name,
			entry, &e);
	} else {
		servers = json_pack("{s:O}", name, entry);
		if (!servers)
			return cli_nomem();
		rc = jedit_add(&ed, cf->text.data, cf->text.len,
			jscan_space(cf->text.data, cf->text.len, 0), SERVERS,
			servers, &e);
	}
	if (rc != 0)
		return cli_fail_err(&e);
	o->action = "added";
	return cmd_install_finish(c, cf, &ed, o);
}

/* An entry of that name is there: ours, or somebody else's. */
static int
cmd_install_update(const struct cli *c, const struct clientfile *cf,
	const json_t *old, const json_t *entry, struct outcome *o)
{
	AUTO_JEDIT struct jedit ed = {0};
	const char *s = cf->text.data;
	struct err e = {0};
	struct jmember m;
	int rc;

	if (cmd_install_is_ours(old)) {
		/* What the user added to it (env, args) stays. */
		o->action = "unchanged";
		if (json_equal(json_object_get(old, "command"),
			    json_object_get(entry, "command")))
			return report(c, cf, o);
		o->action = "updated";
		rc = jscan_find(s, cf->text.len, servers_at(cf), name, &m) == 1
			     ? jedit_set(&ed, s, cf->text.len, m.value.at,
				       "command",
				       json_object_get(entry, "command"), &e)
			     : MDB_E_INVALID;
	} else if (is_replace) {
		o->action = "replaced";
		rc = jedit_set(&ed, s, cf->text.len, servers_at(cf), name,
			entry, &e);
	} else {
		return cli_fail(CLI_PROBLEM,
			"%s has another server '%s' (%s); "
			"give ours a --name of its own, or --replace it",
			cf->path, name,
			cli_str(old, "command",
				cli_str(old, "url", "no command")));
	}
	return rc != 0 ? cli_fail_err(&e) : cmd_install_finish(c, cf, &ed, o);
}

static int
find_program(char path[PATH_MAX])
{
	if (program) {
		if (!realpath(program, path) || !programs_is_program(path))
			return cli_fail(CLI_USAGE,
				"--program %s is no "
				"executable file",
				program);
		return CLI_OK;
	}
	if (programs_find(PROGRAM, path))
		return CLI_OK;
	return cli_fail(CLI_PROBLEM,
		"%s is neither beside memoryctl nor on "
		"PATH: name it with --program",
		PROGRAM);
}

/* Where the reference memory server kept its memory: as the entry that is
 * replaced says, else the environment; NULL: nowhere. */
static const char *
reference_file(const json_t *old)
{
	const char *path =
		cli_str(json_object_get(old, "env"), "MEMORY_FILE_PATH", NULL);

	if (!path)
		path = getenv("MEMORY_FILE_PATH");
	return path != NULL && path[0] != '\0' ? path : NULL;
}

static int
run_install(struct cli *c, int argc, char **argv)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	AUTO_JSON json_t *entry = NULL;
	struct outcome o = {0};
	json_t *servers, *old;
	char path[PATH_MAX];
	int rc;

	(void)argc;
	(void)argv;
	if ((rc = cmd_install_check_options(&cf)) != CLI_OK ||
		(rc = find_program(path)) != CLI_OK ||
		(rc = find_entry(&cf, &servers, &old)) != CLI_OK)
		return rc;
	if ((entry = make_entry(c, path)) == NULL)
		return cli_nomem();
	o.file = reference_file(old);
	return old != NULL ? cmd_install_update(c, &cf, old, entry, &o)
			   : cmd_install_add(c, &cf, entry, &o);
}

static int
run_uninstall(struct cli *c, int argc, char **argv)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	AUTO_JEDIT struct jedit ed = {0};
	struct outcome o = {.action = "absent"};
	json_t *servers, *old;
	struct err e = {0};
	int rc;

	(void)argc;
	(void)argv;
	if ((rc = cmd_install_check_options(&cf)) != CLI_OK ||
		(rc = find_entry(&cf, &servers, &old)) != CLI_OK)
		return rc;
	if (!old)
		return report(c, &cf, &o);
	if (!cmd_install_is_ours(old))
		return cli_fail(CLI_PROBLEM,
			"server '%s' in %s does not start "
			"%s: it is not ours to remove",
			name, cf.path, PROGRAM);
	if (jedit_remove(&ed, cf.text.data, cf.text.len, servers_at(&cf), name,
		    &e) != 0)
		return cli_fail_err(&e);
	o.action = "removed";
	return cmd_install_finish(c, &cf, &ed, &o);
}

const struct cli_command cli_cmd_install = {
	.name = "install",
	.args = "--client claude-code",
	.summary = "connect an MCP client to the memory",
	.about = "Adds memory-mcp to the MCP servers of Claude Code. Edits "
		 "nothing else in its file and writes a backup beside it "
		 "first. --dry-run shows the change.",
	.opts = install_opts,
	.opts_n = ARRAY_LEN(install_opts),
	.run = run_install,
};

const struct cli_command cli_cmd_uninstall = {
	.name = "uninstall",
	.args = "--client claude-code",
	.summary = "take the memory out of an MCP client again",
	.about = "Removes the entry of memory-mcp from the MCP servers of "
		 "Claude Code, nothing else, after a backup. The memory itself "
		 "stays.",
	.opts = uninstall_opts,
	.opts_n = ARRAY_LEN(uninstall_opts),
	.run = run_uninstall,
};
