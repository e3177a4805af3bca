/* SIGTERM lets memory-db finish what it accepted. Which process it is says the
 * kernel, of the connection. */
#include "memory-db/cli/lib/restart.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/sock.h"

#define PATIENCE_MS 2000

int
restart_look(struct cli *c, struct running *ret)
{
	AUTO_JSON json_t *status = NULL;
	char path[SOCK_PATH_SIZE];
	struct sock_peer peer;
	struct err e = {0};
	AUTO_FD int fd = -1;
	int rc;

	*ret = (struct running){0};
	if (sock_path(c->socket, path, NULL, &e) != 0)
		return cli_fail_err(&e);
	rc = sock_connect(path, PATIENCE_MS, &fd, &e);
	if (rc == MDB_E_UNREACHABLE)
		return CLI_OK;
	if (rc != 0 || sock_peer(fd, &peer, &e) != 0)
		return cli_fail(CLI_SYSTEM, "%s", e.text);
	rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW, &status);
	if (rc != CLI_OK)
		return rc;
	ret->is_there = true;
	ret->pid = peer.pid;
	ret->is_spawned = json_is_true(
		json_object_get(json_object_get(status, "database"),
			"spawned"));
	return CLI_OK;
}

int
restart_end(struct cli *c, const struct running *r)
{
	AUTO_FD int fd = (int)syscall(SYS_pidfd_open, (pid_t)r->pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	memory_client_free(take_ptr(c->client));
	if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0)
		return errno == ESRCH
			       ? CLI_OK
			       : cli_fail(CLI_SYSTEM,
					 "cannot "
					 "end memory-db (process %ld): %m",
					 r->pid);
	do
		n = poll(&p, 1, (int)(c->timeout_s * 1000));
	while (n < 0 && errno == EINTR);
	return n > 0 ? CLI_OK
		     : cli_fail(CLI_SYSTEM,
			       "memory-db (process %ld) "
			       "was told to end and still finishes what it accepted; --timeout "
			       "waits longer",
			       r->pid);
}

int
restart_end_of(struct cli *c, const char *database)
{
	AUTO_JSON json_t *status = NULL;
	struct running running;
	struct stat here, there;
	const char *path;
	int rc = restart_look(c, &running);

	if (rc != CLI_OK || !running.is_there)
		return rc;
	if (cli_ask(c, "get_memory_status", json_object(), &status) != CLI_OK)
		return CLI_OK;
	path = cli_str(json_object_get(status, "database"), "path", "");
	if (stat(path, &there) != 0 || stat(database, &here) != 0 ||
		here.st_ino != there.st_ino || here.st_dev != there.st_dev)
		return CLI_OK;
	if (!running.is_spawned)
		return cli_fail(CLI_PROBLEM,
			"%s is served by a memory-db that an operator started "
			"(pid %ld): end it, run this again, and start it "
			"again. memoryctl stop prints the command",
			database, running.pid);
	return restart_end(c, &running);
}
