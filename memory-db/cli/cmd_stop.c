/* stop: SIGTERM, with which memory-db finishes what it accepted. Whether it was
 * started by a client says hello; which process it is says the kernel. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/sock.h"
#include "memory-db/cli/cli.h"

static int
ask_hello(struct cli *c, json_t **ret)
{
	struct memory_options options;
	struct err e = {0};
	char path[4096], *reply = NULL;
	int rc = cli_client_options(c, &options, path, sizeof(path));

	if (rc != CLI_OK)
		return rc;
	c->client = memory_client_new(&options);
	if (c->client == NULL)
		return cli_nomem();
	rc = memory_client_connect(c->client, &reply);
	if (rc != MEMORY_OK) {
		memory_free(reply);
		return cli_fail(CLI_SYSTEM, "%s",
			memory_client_error(c->client));
	}
	*ret = jx_parse(reply, strlen(reply), &e);
	memory_free(reply);
	return *ret == NULL ? cli_fail(CLI_SYSTEM, "the reply of hello cannot "
		"be read: %s", e.text) : CLI_OK;
}

/* How an operator ends what an operator started. */
static int
say_managed(pid_t pid)
{
	char path[64], unit[512] = "";
	bool is_users;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	f = fopen(path, "re");
	if (f != NULL) {
		size_t n = fread(unit, 1, sizeof(unit) - 1, f);

		unit[n] = '\0';
		fclose(f);
	}
	is_users = strstr(unit, "/user@") != NULL;
	if (strstr(unit, "/memory-db.service") != NULL)
		return cli_fail(CLI_PROBLEM, "systemd runs this memory-db "
			"(pid %d); end it with: %ssystemctl %sstop "
			"memory-db.socket memory-db.service", (int)pid,
			is_users ? "" : "sudo ", is_users ? "--user " : "");
	return cli_fail(CLI_PROBLEM, "this memory-db (pid %d) was started by "
		"an operator, not by a client; end it with: kill %d", (int)pid,
		(int)pid);
}

static int
end_process(const struct cli *c, pid_t pid)
{
	AUTO_FD int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0) {
		if (errno == ESRCH)
			return CLI_OK;
		return cli_fail(CLI_SYSTEM, "cannot end process %d: %m", (int)
			pid);
	}
	do
		n = poll(&p, 1, (int)(c->timeout_s * 1000));
	while (n < 0 && errno == EINTR);
	return n > 0 ? CLI_OK : cli_fail(CLI_SYSTEM, "memory-db (pid %d) was "
		"told to end and still finishes what it accepted; --timeout "
		"waits longer", (int)pid);
}

static int
run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *hello = NULL;
	char path[SOCK_PATH_SIZE];
	struct sock_peer peer;
	struct err e = {0};
	AUTO_FD int fd = -1;
	int rc;

	(void)argc;
	(void)argv;
	if (sock_path(c->socket, path, NULL, &e) != 0)
		return cli_fail_err(&e);
	if ((rc = sock_connect(path, 2000, &fd, &e)) == MDB_E_UNREACHABLE) {
		if (!c->quiet)
			puts("no memory-db runs here");
		return CLI_OK;
	}
	if (rc != 0 || sock_peer(fd, &peer, &e) != 0)
		return cli_fail(CLI_SYSTEM, "%s", e.text);
	if ((rc = ask_hello(c, &hello)) != CLI_OK)
		return rc;
	if (!json_is_true(json_object_get(hello, "spawned")))
		return say_managed(peer.pid);
	memory_client_free(take_ptr(c->client));
	if ((rc = end_process(c, peer.pid)) != CLI_OK)
		return rc;
	if (!c->quiet)
		printf("memory-db (pid %d) has ended; the next client starts "
			"it anew\n", (int)peer.pid);
	return CLI_OK;
}

const struct cli_command cli_cmd_stop = {
	.name = "stop",
	.args = "",
	.summary = "end a memory-db that a client started",
	.about = "Ends the service cleanly: what it accepted is finished and on "
		 "disk. The next client starts it anew, with the settings it "
		 "has then; so this is how a setting takes effect at once. One "
		 "that systemd or an operator started is left alone, and the "
		 "command that ends it is printed.",
	.run = run,
};
