/* The child is a fork without exec: it uses the blocking half of the client
 * library, writes one `struct err` to its pipe and ends. Its stdin and stdout
 * are closed at once, since the client on the other side waits for their end.
 *
 *   spawn_service -> hello -> older and spawned? -> retire -> spawn_service */
#include "mcp-server/mcp/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/log.h"
#include "common/client/memory_client.h"
#include "common/client/spawn.h"
#include "common/contract/tool_names.h"
#include "common/text.h"

#define HELLO_MS  5000
#define RETIRE_MS 5000 /* finish what was accepted, checkpoint, exit */

static int
service_run_service(const struct service_options *o, struct err *e)
{
	struct spawn_options s = {.socket = o->socket, .database = o->database};

	return spawn_service(&s, e);
}

static memory_client *
new_client(const struct service_options *o)
{
	struct memory_options m = {
		.size = sizeof(m),
		.socket = o->socket,
		.client = "memory-mcp/" MEMORY_VERSION,
		.timeout_ms = HELLO_MS,
		.retries = -1,
	};

	return memory_client_new(&m);
}

/* What stands in the environment of this client and is not gone by. */
static void
tell_ignored(const json_t *hello)
{
	const char *name;
	json_t *why;

	json_object_foreach(json_object_get(hello, "ignored_settings"), name,
		why)
		log_event(LOG_WARN, "a setting is ignored", 0,
			LOG_S("name", name),
			LOG_S("why", json_string_value(why)));
}

/* 1: the service that listens is a spawned one of an older version. */
static int
service_is_outdated(memory_client *c)
{
	char *reply = NULL;
	AUTO_JSON json_t *hello = NULL;
	const char *version = NULL;
	bool spawned = false;
	int r = memory_client_connect(c, &reply);

	if (reply)
		hello = jx_parse(reply, strlen(reply), NULL);
	memory_free(reply);
	if ((r != MEMORY_OK && r != MEMORY_REFUSED) || !hello)
		return 0;
	tell_ignored(hello);
	if (jx_string(hello, "version", JX_REQUIRED, &version, NULL, NULL) ||
		jx_bool(hello, "spawned", JX_REQUIRED, &spawned, NULL))
		return 0;
	return spawned && text_version_order(version, MEMORY_VERSION) < 0;
}

/* Waits until the connection of c ends: the old service has gone. */
static void
retire(memory_client *c, const struct service_options *o)
{
	int64_t until = clock_mono_ns() + RETIRE_MS * 1000000LL;
	char *reply = NULL;

	if (memory_client_call(c, TOOL_NAME(retire), NULL, &reply) ==
		MEMORY_OK) {
		while (clock_mono_ns() < until) {
			memory_client *probe = new_client(o);
			int r = probe ? memory_client_connect(probe, NULL)
				      : MEMORY_NO_MEMORY;

			memory_client_free(probe);
			if (r == MEMORY_UNREACHABLE)
				break;
			poll(NULL, 0, 20);
		}
	}
	memory_free(reply);
}

static int
ensure(const struct service_options *o, struct err *e)
{
	memory_client *c;
	int r = service_run_service(o, e);

	if (r)
		return r;
	c = new_client(o);
	if (!c)
		return err_nomem(e);
	if (service_is_outdated(c)) {
		retire(c, o);
		r = service_run_service(o, e);
	}
	memory_client_free(c);
	return r;
}

static void
child(const struct service_options *o, int out)
{
	struct err e = {0};
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	/* Every other descriptor of the session, above all its own
	 * description of stdout. */
	if (dup2(out, 3) < 0 || close_range(4, ~0U, 0) < 0)
		_exit(1);
	prctl(PR_SET_NAME, "memory-mcp:run");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	e.code = ensure(o, &e);
	if (write(3, &e, sizeof(e)) < 0)
		_exit(1);
	_exit(0);
}

int
service_check_start(struct service_check *c, const struct service_options *o,
	struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, MDB_E_STORE, "cannot make a pipe: %s",
			strerror(errno));
	c->pid = fork();
	if (c->pid == 0)
		child(o, p[1]);
	close(p[1]);
	if (c->pid < 0) {
		c->pid = 0;
		close(p[0]);
		return err_set(e, MDB_E_STORE, "cannot fork: %s",
			strerror(errno));
	}
	c->fd = p[0];
	return 0;
}

int
service_check_finish(struct service_check *c, struct err *e)
{
	struct err said;
	ssize_t n;

	do {
		n = read(c->fd, &said, sizeof(said));
	} while (n < 0 && errno == EINTR);
	close(c->fd);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	c->fd = -1;
	if (n != (ssize_t)sizeof(said))
		return err_set(e, MDB_E_INTERNAL,
			"the check for memory-db ended without an answer");
	*e = said;
	return said.code;
}

void
service_check_drop(struct service_check *c)
{
	if (c->pid == 0)
		return;
	close(c->fd);
	c->pid = 0;
	c->fd = -1;
}
