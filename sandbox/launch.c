/* posix_spawn, as a fork would copy the page tables of memory-db. The program
 * is executed through its open descriptor: an upgrade of the files under a
 * running service changes nothing for it. */
#include "sandbox/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/wire.h"

#define PROGRAM "memory-sandbox"

/* A descriptor of the program at path, or -1. */
static int
open_program(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), high;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
		close(fd);
		return -1;
	}
	/* out of the way of the descriptor that the jail gets */
	high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(fd);
	return high;
}

static int
launch_beside_self(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return -1;
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (!slash)
		return -1;
	size_t room = sizeof(path) - (size_t)(slash + 1 - path);
	if (snprintf(slash + 1, room, PROGRAM) >= (int)room)
		return -1;
	return open_program(path);
}

static int
launch_on_path(void)
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX];
	int fd = -1;

	while (fd < 0 && dirs && *dirs) {
		size_t n = strcspn(dirs, ":");
		int len = snprintf(path, sizeof(path), "%.*s/" PROGRAM, (int)n,
			dirs);

		if (n > 0 && len < (int)sizeof(path))
			fd = open_program(path);
		dirs += n + (dirs[n] == ':');
	}
	return fd;
}

int
launch_find(const char *option, int *ret_fd, struct err *e)
{
	const char *name = option ? option : getenv("MEMORY_SANDBOX_PROGRAM");
	int fd;

	if (name && *name) {
		fd = open_program(name);
		if (fd < 0)
			return err_set(e, MDB_E_NOT_FOUND,
				"'%s' (%s) is no program that can be started",
				name,
				option ? "the option"
				       : "MEMORY_SANDBOX_PROGRAM");
	} else {
		fd = launch_beside_self();
		if (fd < 0)
			fd = launch_on_path();
		if (fd < 0)
			return err_set(e, MDB_E_NOT_FOUND,
				PROGRAM
				" is neither beside this program nor on "
				"PATH; install it or set MEMORY_SANDBOX_PROGRAM");
	}
	*ret_fd = fd;
	return 0;
}

/* The child begins with no signal blocked and none ignored. */
static int
clear_signals(posix_spawnattr_t *attr)
{
	sigset_t set;
	int rc;

	sigemptyset(&set);
	rc = posix_spawnattr_setsigmask(attr, &set);
	if (rc)
		return rc;
	sigfillset(&set);
	rc = posix_spawnattr_setsigdefault(attr, &set);
	if (rc)
		return rc;
	return posix_spawnattr_setflags(attr,
		POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int
spawn_with(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr,
	int program, int socket, char *const *argv, pid_t *ret_pid)
{
	char path[32], *envp[] = {NULL};
	int rc = posix_spawn_file_actions_adddup2(actions, socket, WIRE_FD);

	if (rc != 0)
		return rc;
	rc = clear_signals(attr);
	if (rc != 0)
		return rc;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", program);
	return posix_spawn(ret_pid, path, actions, attr, argv, envp);
}

/* The child: descriptor 3 and what is not close-on-exec, no environment, all
 * signals as at birth. */
static int
spawn(int program, int socket, char *const *argv, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc;

	rc = posix_spawn_file_actions_init(&actions);
	if (rc)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc) {
		posix_spawn_file_actions_destroy(&actions);
		return rc;
	}
	rc = spawn_with(&actions, &attr, program, socket, argv, ret_pid);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int
launch_start(int program, uid_t uid, const char *mode, int probe,
	struct jail *ret, struct err *e)
{
	char parent[16], user[16], number[16], name[] = PROGRAM, word[16];
	char *argv[] = {name, word, parent, user, probe >= 0 ? number : NULL,
		NULL};
	struct jail j = JAIL_NONE;
	int sv[2], rc;

	snprintf(word, sizeof(word), "%s", mode);
	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	snprintf(user, sizeof(user), "%u", (unsigned)uid);
	snprintf(number, sizeof(number), "%d", probe);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) != 0)
		return err_set(e, MDB_E_SANDBOX, "no socket for a jail: %s",
			strerrordesc_np(errno));
	rc = spawn(program, sv[1], argv, &j.pid);
	close(sv[1]);
	j.fd = sv[0];
	if (rc) {
		close(sv[0]);
		return err_set(e, MDB_E_SANDBOX, "a jail cannot be started: %s",
			strerrordesc_np(rc));
	}
	(void)fcntl(j.fd, F_SETFL, O_NONBLOCK);
	j.pidfd = (int)syscall(SYS_pidfd_open, j.pid, 0);
	if (j.pidfd < 0) {
		rc = errno;
		launch_end(&j);
		return err_set(e, MDB_E_SANDBOX, "no handle of a jail: %s",
			strerrordesc_np(rc));
	}
	*ret = j;
	return 0;
}

void
launch_signal(const struct jail *j, int number)
{
	if (j->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, j->pidfd, number, NULL, 0);
	else if (j->pid > 0)
		(void)kill(j->pid,
			number); /* not reaped: it is still that one */
}

int
launch_reap(struct jail *j, int timeout_ms, struct rusage *ret_usage)
{
	struct pollfd p = {j->pidfd, POLLIN, 0};
	struct rusage usage;
	int status = 0;

	if (j->pid <= 0)
		return 0;
	if (timeout_ms <= 0 || j->pidfd < 0 || poll(&p, 1, timeout_ms) != 1)
		launch_signal(j, SIGKILL);
	while (wait4(j->pid, &status, 0, &usage) < 0) {
		if (errno == EINTR)
			continue;
		memset(&usage, 0, sizeof(usage));
		break;
	}
	if (ret_usage)
		*ret_usage = usage;
	if (j->fd >= 0)
		close(j->fd);
	if (j->pidfd >= 0)
		close(j->pidfd);
	*j = JAIL_NONE;
	return status;
}

void
launch_end(struct jail *j)
{
	(void)launch_reap(j, 0, NULL);
}

int64_t
launch_cpu_us(const struct jail *j)
{
	struct timespec t;
	clockid_t clock;

	if (j->pid <= 0 || clock_getcpuclockid(j->pid, &clock) != 0 ||
		clock_gettime(clock, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
