#include "memory-db/cli/lib/database_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/jx.h"
#include "common/sock.h"

#define PATIENCE_MS 2000

int
database_use_path(const struct cli *c, char out[PATH_MAX])
{
	const char *home = getenv("HOME");

	if (c->database && c->database[0] != '\0')
		return cli_absolute(c->database, out, PATH_MAX);
	if (!home || home[0] != '/')
		return cli_fail(CLI_USAGE, "HOME is not set: say which "
					   "database with --database FILE");
	return snprintf(out, PATH_MAX, "%s/.memories/memory.db", home) <
			       PATH_MAX
		       ? CLI_OK
		       : cli_fail(CLI_USAGE, "the path in HOME is too long");
}

/* 1: somebody listens; 0: nobody; an exit code was printed else. */
static int
is_listening(const struct cli *c, int *ret_code)
{
	char path[SOCK_PATH_SIZE];
	struct err e = {0};
	AUTO_FD int fd = -1;
	int rc = sock_path(c->socket, path, NULL, &e);

	rc = rc == 0 ? sock_connect(path, PATIENCE_MS, &fd, &e) : rc;
	if (rc == 0)
		return 1;
	if (rc == MDB_E_UNREACHABLE)
		return 0;
	*ret_code = cli_fail(CLI_SYSTEM, "%s", e.text);
	return -1;
}

/* Whether what listens serves this file; asked over a connection that expects
 * none. other: the path that it serves; "" when it does not say. */
static bool
serves(const struct cli *c, const char *path, char other[PATH_MAX])
{
	struct cli asking = {.socket = c->socket,
		.timeout_s = c->timeout_s,
		.no_spawn = true,
		.namespace_ = "default",
		.is_named = true,
		.command = c->command};
	AUTO_JSON json_t *status = NULL;
	struct stat here, there;
	bool is_same = false;

	other[0] = '\0';
	if (cli_ask(&asking, "get_memory_status", json_object(), &status) ==
		CLI_OK) {
		snprintf(other, PATH_MAX, "%s",
			cli_str(json_object_get(status, "database"), "path",
				""));
		is_same = strcmp(other, path) == 0 ||
			  (stat(path, &here) == 0 && stat(other, &there) == 0 &&
				  here.st_ino == there.st_ino &&
				  here.st_dev == there.st_dev);
	}
	memory_client_free(asking.client);
	buf_done(&asking.place);
	buf_done(&asking.found);
	return is_same;
}

int
database_use_agrees(const struct cli *c, const char *path)
{
	bool is_named = c->database && c->database[0] != '\0';
	char other[PATH_MAX];
	int code = CLI_OK, there = is_named ? 0 : is_listening(c, &code);

	if (there < 0)
		return code;
	if (there == 0 || serves(c, path, other) || other[0] == '\0')
		return CLI_OK;
	return cli_fail(CLI_USAGE,
		"which database? The service that listens serves %s, and the "
		"usual one is %s: say which with --database FILE",
		other, path);
}

int
database_use_open(struct database_use *u, struct cli *c, bool may_spawn,
	struct err *e)
{
	bool is_named = c->database && c->database[0] != '\0';
	char path[PATH_MAX], other[PATH_MAX];
	struct stat st;
	int code = CLI_OK, there = is_listening(c, &code), rc;

	*u = (struct database_use){.cli = c};
	if (there < 0)
		return code;
	rc = database_use_path(c, path);
	if (rc != CLI_OK)
		return rc;
	if (there == 1 && (!is_named || serves(c, path, other))) {
		u->is_there = u->is_running = true;
		return CLI_OK;
	}
	u->is_there = stat(path, &st) == 0 && st.st_size > 0;
	if (!u->is_there)
		return CLI_OK;
	if (there == 0 && may_spawn && !c->no_spawn) {
		u->is_running = true;
		return CLI_OK;
	}
	if (private_service_start(&u->own, c, path, false, e) != 0)
		return CLI_PROBLEM;
	u->cli = &u->own.cli;
	return CLI_OK;
}

void
database_use_done(struct database_use *u)
{
	private_service_done(&u->own);
}
