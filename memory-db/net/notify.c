/* sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3) by hand. */
#include "memory-db/net/notify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/text.h"

#define FIRST_FD 3

/* A number of the environment that is meant for this process, else 0. */
static int64_t
number_for_us(const char *name, const char *pid_name)
{
	const char *text = getenv(name), *pid_text = getenv(pid_name);
	int64_t n, pid;

	if (!text || text_int(text, 0, INT64_MAX, &n) != 0)
		return 0;
	if (pid_text && (text_int(pid_text, 0, INT64_MAX, &pid) != 0 ||
				pid != getpid()))
		return 0;
	return n;
}

static bool
is_listening_unix(int fd)
{
	int domain = 0, type = 0, listening = 0;
	socklen_t n = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) != 0)
		return false;
	n = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0)
		return false;
	n = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) != 0)
		return false;
	return domain == AF_UNIX && type == SOCK_STREAM && listening;
}

int
notify_socket(int *ret_fd, struct err *e)
{
	int64_t n;
	int flags;

	if (!getenv("LISTEN_PID"))
		return 0;
	n = number_for_us("LISTEN_FDS", "LISTEN_PID");
	if (n == 0)
		return 0;
	if (n != 1)
		return err_set(e, MDB_E_INVALID,
			"systemd passed more than one socket; the .socket unit "
			"must have one ListenStream=");
	if (!is_listening_unix(FIRST_FD))
		return err_set(e, MDB_E_INVALID,
			"the socket passed by systemd is no listening Unix "
			"stream socket; the .socket unit needs "
			"ListenStream=/path");
	flags = fcntl(FIRST_FD, F_GETFL);
	if (flags < 0 || fcntl(FIRST_FD, F_SETFL, flags | O_NONBLOCK) != 0 ||
		fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) != 0)
		return err_set(e, MDB_E_INVALID,
			"cannot set up the socket passed by systemd");
	*ret_fd = FIRST_FD;
	return 1;
}

void
notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	AUTO_FD int fd = -1;

	if (n < 2 || n >= sizeof a.sun_path ||
		(path[0] != '/' && path[0] != '@'))
		return;
	memcpy(a.sun_path, path, n);
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* Nobody to tell when this fails: systemd sees a missing ping. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		(const struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}

int64_t
notify_watchdog_ms(void)
{
	return number_for_us("WATCHDOG_USEC", "WATCHDOG_PID") / 1000;
}
