/* From the start of a jail to its READY frame.
 *
 *   parent -> jail   SETUP: the methods, some 20 KB
 *   jail -> parent   READY: which layers are in place
 *
 * A jail that ends before says by its exit code which layer it lacks; one that
 * neither answers nor ends is killed after READY_MS, so that the keeper of the
 * pool is never held for long. */
#include "sandbox/ready.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandbox/talk.h"
#include "sandbox/wire.h"

#define READY_MS 5000
#define SILENT	 (-2) /* in READY_MS it neither answered nor ended */

static int
write_setup(const struct buf *setup, const struct jail *j)
{
	/* The socket takes some 200 KB; more is sent as the jail reads. */
	size_t at = 0;

	while (at < setup->len) {
		ssize_t n = send(j->fd, setup->data + at, setup->len - at,
			MSG_NOSIGNAL);
		struct pollfd w = {j->fd, POLLOUT, 0};

		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return -1;
		else if (poll(&w, 1, READY_MS) == 0)
			return SILENT;
	}
	return 0;
}

/* Bytes of READY are read one frame at a time: nothing follows it. */
static int
read_ready(const struct jail *j, uint32_t *ret_in_place, uint32_t *ret_refused)
{
	uint8_t data[512];
	size_t n = 0;

	for (;;) {
		struct pollfd r = {j->fd, POLLIN, 0};
		ssize_t got;

		if (poll(&r, 1, READY_MS) != 1)
			return SILENT;
		got = recv(j->fd, data + n, sizeof(data) - n, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return -1;
		n += (size_t)got;
		ssize_t used = talk_ready(data, n, ret_in_place, ret_refused);
		if (used > 0)
			return (size_t)used == n ? 0 : -1;
		if (used < 0 || n == sizeof(data))
			return -1;
	}
}

static const char *const layer_names[] = WIRE_LAYER_NAMES;

/* Why a jail ended before it was ready. */
static int
ready_explain(struct jail *j, int rc, struct err *e)
{
	int status = launch_reap(j, rc == SILENT ? 0 : 50, NULL);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (rc == SILENT)
		return err_set(e, MDB_E_SANDBOX,
			"a jail did not answer in %d s: is memory-sandbox the "
			"right program?",
			READY_MS / 1000);
	if (code >= WIRE_EXIT_LAYER &&
		code < WIRE_EXIT_LAYER + (int)WIRE_LAYER_REQUIRED)
		return err_set(e, MDB_E_SANDBOX,
			"this system does not give a jail its layer '%s'",
			layer_names[code - WIRE_EXIT_LAYER]);
	if (WIFSIGNALED(status))
		return err_set(e, MDB_E_SANDBOX,
			"a jail died at its start (signal %d)",
			WTERMSIG(status));
	return err_set(e, MDB_E_SANDBOX,
		"a jail ended at its start (exit code %d); is memory-sandbox "
		"of the same version as this program?",
		code);
}

int
ready_start(int program, uid_t uid, const struct buf *setup, struct jail *ret,
	uint32_t *ret_in_place, uint32_t *ret_refused, struct err *e)
{
	const uint32_t required = (1u << WIRE_LAYER_REQUIRED) - 1;
	struct jail j = JAIL_NONE;
	int rc = launch_start(program, uid, "serve", -1, &j, e);

	if (rc)
		return rc;
	rc = write_setup(setup, &j);
	if (rc == 0)
		rc = read_ready(&j, ret_in_place, ret_refused);
	if (rc != 0)
		return ready_explain(&j, rc, e);
	if ((*ret_in_place & required) != required) {
		launch_end(&j);
		return err_set(e, MDB_E_SANDBOX, "a jail lacks a layer");
	}
	*ret = j;
	return 0;
}
