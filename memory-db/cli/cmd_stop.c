/* stop: what a client started may end; what an operator did is his. */
#include <stdio.h>
#include <string.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/restart.h"

/* How an operator ends what an operator started. */
static int
say_managed(long pid)
{
	char path[64], unit[512] = "";
	bool is_users;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/cgroup", pid);
	f = fopen(path, "re");
	if (f) {
		size_t n = fread(unit, 1, sizeof(unit) - 1, f);

		unit[n] = '\0';
		fclose(f);
	}
	is_users = strstr(unit, "/user@") != NULL;
	if (strstr(unit, "/memory-db.service") != NULL)
		return cli_fail(CLI_PROBLEM,
			"systemd runs this memory-db "
			"(pid %ld); end it with: %ssystemctl %sstop "
			"memory-db.socket memory-db.service",
			pid, is_users ? "" : "sudo ",
			is_users ? "--user " : "");
	return cli_fail(CLI_PROBLEM,
		"this memory-db (pid %ld) was started by "
		"an operator, not by a client; end it with: kill %ld",
		pid, pid);
}

static int
cmd_stop_run(struct cli *c, int argc, char **argv)
{
	struct running r;
	int rc;

	(void)argc;
	(void)argv;
	/* The question whether one runs starts none. */
	c->no_spawn = true;
	if ((rc = restart_look(c, &r)) != CLI_OK)
		return rc;
	if (!r.is_there) {
		if (!c->quiet)
			puts("no memory-db runs here");
		return CLI_OK;
	}
	if (!r.is_spawned)
		return say_managed(r.pid);
	if ((rc = restart_end(c, &r)) != CLI_OK)
		return rc;
	if (!c->quiet)
		printf("memory-db (pid %ld) has ended; the next client starts "
		       "it anew\n",
			r.pid);
	return CLI_OK;
}

const struct cli_command cli_cmd_stop = {
	.name = "stop",
	.args = "",
	.summary = "end a memory-db that a client started",
	.about =
		"Ends the service cleanly: what it accepted is finished and on "
		"disk. The next client starts it anew, with the settings it "
		"has then; so this is how a setting takes effect at once. One "
		"that systemd or an operator started is left alone, and the "
		"command that ends it is printed.",
	.run = cmd_stop_run,
};
