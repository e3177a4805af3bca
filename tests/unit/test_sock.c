#include "common/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "tests/lib/scratch.h"
#include "tests/lib/unit.h"

#define NOBODY 65534

static void
listens_privately_and_connects(void **state)
{
	const char *path = scratch_path("a.sock");
	AUTO_FD int server = -1, client = -1, peer = -1;
	mode_t umask_before = umask(0);
	struct sock_peer who;
	struct stat st;
	int flags;

	(void)state;
	assert_int_equal(sock_listen(path, 8, &server, NULL), 0);
	umask(umask_before);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	flags = fcntl(server, F_GETFL);
	assert_true(flags & O_NONBLOCK);
	assert_true(fcntl(server, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(sock_connect(path, 1000, &client, NULL), 0);
	assert_false(fcntl(client, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(client, F_GETFD) & FD_CLOEXEC);
	peer = accept(server, NULL, NULL);
	assert_true(peer >= 0);
	assert_int_equal(sock_peer(peer, &who, NULL), 0);
	assert_int_equal(who.uid, geteuid());
	assert_int_equal(who.pid, getpid());
}

/* Nothing but the socket is left in its folder. */
static void
leaves_no_temporary_names(void **state)
{
	char dir[100], path[104];
	AUTO_FD int fd = -1;
	int again = -1;

	(void)state;
	snprintf(dir, sizeof(dir), "%s", scratch_path("own"));
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/s", dir);
	assert_int_equal(sock_listen(path, 8, &fd, NULL), 0);
	assert_int_equal(sock_listen(path, 8, &again, NULL), MDB_E_EXISTS);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* Whoever may connect is said by mode and group, whatever the umask is. */
static void
opens_for_others(void **state)
{
	const char *path = scratch_path("open.sock");
	struct sock_access all = {.mode = 0666};
	struct sock_access group = {.mode = 0660,
		.has_group = true,
		.group = geteuid() == 0 ? 65534 : getegid()};
	mode_t before = umask(077);
	struct stat st;
	int fd = -1;

	(void)state;
	assert_int_equal(sock_listen_for(path, 8, &all, &fd, NULL), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	close(fd);
	assert_int_equal(sock_listen_for(path, 8, &group, &fd, NULL), 0);
	umask(before);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(st.st_gid, group.group);
	close(fd);
}

static void
replaces_a_stale_socket_only(void **state)
{
	const char *path = scratch_path("stale.sock");
	const char *file = scratch_path("file");
	AUTO_FD int live = -1, out = -1;
	int dead = -1, again = -1;
	struct err e;

	(void)state;
	assert_int_equal(sock_listen(path, 8, &dead, NULL), 0);
	close(dead);
	assert_int_equal(sock_listen(path, 8, &live, NULL), 0);
	assert_int_equal(sock_listen(path, 8, &again, &e), MDB_E_EXISTS);
	assert_non_null(strstr(e.text, "already listens"));
	assert_int_equal(again, -1);
	/* and what is no socket stays */
	out = open(file, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(sock_listen(file, 8, &again, &e), MDB_E_EXISTS);
	assert_non_null(strstr(e.text, "is not a socket"));
	assert_int_equal(access(file, F_OK), 0);
}

/* One that was killed after it forked: its child holds the socket. */
static void
a_child_of_a_dead_service_is_stale(void **state)
{
	const char *path = scratch_path("orphan.sock");
	AUTO_FD int live = -1;
	int fd = -1, ends[2], status;
	pid_t service, child = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	service = fork();
	if (service == 0) {
		if (sock_listen(path, 8, &fd, NULL) < 0)
			_exit(1);
		child = fork();
		if (child == 0)
			for (;;)
				pause();
		_exit(write(ends[1], &child, sizeof(child)) < 0);
	}
	assert_int_equal(waitpid(service, &status, 0), service);
	assert_int_equal(status, 0);
	assert_int_equal(read(ends[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(sock_connect(path, 1000, &fd, NULL), 0);
	close(fd);
	assert_int_equal(sock_listen(path, 8, &live, NULL), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	close(ends[0]);
	close(ends[1]);
}

/* A service too busy to accept is alive. */
static void
a_full_backlog_is_not_stale(void **state)
{
	const char *path = scratch_path("full.sock");
	AUTO_FD int server = -1;
	int fds[8], n = 0, again = -1;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int64_t begin;
	struct err e;

	(void)state;
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	assert_int_equal(sock_listen(path, 1, &server, NULL), 0);
	for (n = 0; n < 8; n++) {
		fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fds[n], (struct sockaddr *)&sa, sizeof(sa)) < 0)
			break;
	}
	assert_in_range(n, 1, 7);
	assert_int_equal(sock_listen(path, 8, &again, NULL), MDB_E_EXISTS);
	begin = clock_mono_ns();
	assert_int_equal(sock_connect(path, 50, &again, &e), MDB_E_UNREACHABLE);
	assert_in_range(clock_mono_ns() - begin, 40000000, 5000000000);
	assert_non_null(strstr(e.text, "took no connection within 50 ms"));
	for (; n >= 0; n--)
		close(fds[n]);
}

/* Pipes: the word to begin, the word back, and one whose closing ends it. */
struct ring {
	int to[2], from[2], end[2];
};

/* One of several that start at once over a stale socket, in a child: waits for
 * the word, listens, says so, keeps the socket until the end.
 * Exit code 0: it listens, 1: somebody else does, 2: a failure. */
static pid_t
start_rival(const char *path, const struct ring *r)
{
	pid_t pid = fork();
	int fd = -1, rc;
	char c;

	if (pid != 0)
		return pid;
	close(r->end[1]);
	if (read(r->to[0], &c, 1) != 1)
		_exit(2);
	rc = sock_listen(path, 8, &fd, NULL);
	if (write(r->from[1], "d", 1) != 1 || read(r->end[0], &c, 1) != 0)
		_exit(2);
	_exit(rc == 0 ? 0 : rc == MDB_E_EXISTS ? 1 : 2);
}

static void
one_of_many_rivals_wins(void **state)
{
	enum { RIVALS = 4 };
	const char *path = scratch_path("rivals.sock");

	(void)state;
	for (int round = 0; round < 60; round++) {
		int winners = 0, client = -1, stale = -1;
		pid_t pid[RIVALS];
		struct ring r;
		char c;

		if (access(path, F_OK) != 0) {
			assert_int_equal(sock_listen(path, 8, &stale, NULL), 0);
			close(stale);
		}
		assert_int_equal(pipe(r.to), 0);
		assert_int_equal(pipe(r.from), 0);
		assert_int_equal(pipe(r.end), 0);
		for (int i = 0; i < RIVALS; i++) {
			pid[i] = start_rival(path, &r);
			assert_true(pid[i] > 0);
		}
		assert_int_equal(write(r.to[1], "gggg", RIVALS), RIVALS);
		for (int i = 0; i < RIVALS; i++)
			assert_int_equal(read(r.from[0], &c, 1), 1);
		assert_int_equal(sock_connect(path, 1000, &client, NULL), 0);
		close(client);
		close(r.end[1]);
		for (int i = 0; i < RIVALS; i++) {
			int status = -1;

			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			assert_true(WIFEXITED(status));
			assert_in_range(WEXITSTATUS(status), 0, 1);
			winners += WEXITSTATUS(status) == 0;
		}
		close(r.to[0]);
		close(r.to[1]);
		close(r.from[0]);
		close(r.from[1]);
		close(r.end[0]);
		if (winners != 1)
			fail_msg("round %d: %d winners", round, winners);
	}
}

static void
says_why_nobody_is_there(void **state)
{
	const char *path = scratch_path("none.sock");
	char long_path[200];
	int fd = -1, dead = -1;
	struct err e;

	(void)state;
	assert_int_equal(sock_connect(path, 100, &fd, &e), MDB_E_UNREACHABLE);
	assert_non_null(strstr(e.text, "no memory-db runs at"));
	assert_int_equal(sock_listen(path, 8, &dead, NULL), 0);
	close(dead);
	assert_int_equal(sock_connect(path, 100, &fd, &e), MDB_E_UNREACHABLE);
	assert_non_null(strstr(e.text, "nobody answers"));
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[SOCK_PATH_SIZE] = '\0';
	assert_int_equal(sock_connect(long_path, 1, &fd, &e), MDB_E_INVALID);
	assert_int_equal(sock_listen(long_path, 1, &fd, &e), MDB_E_INVALID);
	assert_non_null(strstr(e.text, "1 to 107 bytes"));
	assert_int_equal(sock_connect("", 1, &fd, &e), MDB_E_INVALID);
	assert_int_equal(fd, -1);
}

/* --- somebody else's listener --------------------------------------------- */

/* A child of another user listens at path; its pid, or -1 when this user may
 * not become another. */
static pid_t
start_squatter(const char *path)
{
	int ready[2];
	pid_t pid;
	char c;

	if (geteuid() != 0)
		return -1;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct sockaddr_un sa = {.sun_family = AF_UNIX};
		int fd;

		snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
		umask(0);
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
			listen(fd, 8) < 0)
			_exit(1);
		(void)!write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
believes_no_squatter(void **state)
{
	char dir[100], path[104];
	int fd = -1;
	struct err e;
	pid_t pid;

	(void)state;
	snprintf(dir, sizeof(dir), "%s", scratch_path("shared"));
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(scratch, 0711), 0);
	assert_int_equal(chmod(dir, 01777), 0);
	snprintf(path, sizeof(path), "%s/s", dir);
	pid = start_squatter(path);
	if (pid < 0)
		skip();
	assert_int_equal(sock_connect(path, 1000, &fd, &e), MDB_E_DENIED);
	assert_non_null(strstr(e.text, "belongs to user 65534"));
	assert_int_equal(fd, -1);
	assert_int_equal(sock_listen(path, 8, &fd, &e), MDB_E_DENIED);
	/* unless that user is said to run the service */
	setenv("MEMORY_DB_SERVICE_USER", "nobody", 1);
	assert_int_equal(sock_connect(path, 1000, &fd, &e), 0);
	close(fd);
	unsetenv("MEMORY_DB_SERVICE_USER");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* --- where it is ---------------------------------------------------------- */

static void
finds_the_path(void **state)
{
	char path[SOCK_PATH_SIZE], longer[SOCK_PATH_SIZE + 1];
	const char *why = NULL;
	struct err e;

	(void)state;
	setenv("MEMORY_DB_SOCKET", "/env/sock", 1);
	assert_int_equal(sock_path("/option/sock", path, &why, &e), 0);
	assert_string_equal(path, "/option/sock");
	assert_non_null(strstr(why, "option"));
	assert_int_equal(sock_path(NULL, path, NULL, &e), 0);
	assert_string_equal(path, "/env/sock");
	assert_int_equal(sock_path("", path, &why, &e), 0);
	assert_string_equal(path, "/env/sock");
	assert_non_null(strstr(why, "MEMORY_DB_SOCKET"));
	memset(longer, 'x', sizeof(longer));
	longer[SOCK_PATH_SIZE] = '\0';
	assert_int_equal(sock_path(longer, path, &why, &e), MDB_E_INVALID);
	longer[SOCK_PATH_SIZE - 1] = '\0';
	assert_int_equal(sock_path(longer, path, &why, &e), 0);
	unsetenv("MEMORY_DB_SOCKET");
}

/* --- bytes ---------------------------------------------------------------- */

static void
reads_with_a_deadline(void **state)
{
	char data[16];
	int64_t begin;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	begin = clock_mono_ns();
	assert_int_equal(sock_read(fd[0], data, 16, 30), MDB_E_TIMEOUT);
	assert_in_range(clock_mono_ns() - begin, 29000000, 5000000000);
	assert_int_equal(sock_read(fd[0], data, 16, 0), MDB_E_TIMEOUT);
	assert_int_equal(write(fd[1], "abc", 3), 3);
	assert_int_equal(sock_read(fd[0], data, 16, 0), 3);
	assert_memory_equal(data, "abc", 3);
	close(fd[1]);
	assert_int_equal(sock_read(fd[0], data, 16, -1), 0);
	close(fd[0]);
	assert_int_equal(sock_read(-1, data, 16, 10), MDB_E_UNREACHABLE);
}

static void
nothing(int sig)
{
	(void)sig;
}

/* Signals neither end nor prolong a wait. */
static void
survives_signals(void **state)
{
	struct sigaction sa = {.sa_handler = nothing};
	pid_t parent = getpid(), pid;
	int64_t begin;
	int fd[2];
	char c;

	(void)state;
	sigaction(SIGUSR1, &sa, NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++) {
			kill(parent, SIGUSR1);
			usleep(5000);
		}
		_exit(0);
	}
	begin = clock_mono_ns();
	assert_int_equal(sock_read(fd[0], &c, 1, 60), MDB_E_TIMEOUT);
	assert_in_range(clock_mono_ns() - begin, 59000000, 5000000000);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(fd[0]);
	close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listens_privately_and_connects),
		cmocka_unit_test(leaves_no_temporary_names),
		cmocka_unit_test(opens_for_others),
		cmocka_unit_test(replaces_a_stale_socket_only),
		cmocka_unit_test(a_child_of_a_dead_service_is_stale),
		cmocka_unit_test(a_full_backlog_is_not_stale),
		cmocka_unit_test(one_of_many_rivals_wins),
		cmocka_unit_test(says_why_nobody_is_there),
		cmocka_unit_test(believes_no_squatter),
		cmocka_unit_test(finds_the_path),
		cmocka_unit_test(reads_with_a_deadline),
		cmocka_unit_test(survives_signals),
	};

	return cmocka_run_group_tests_name("sock", tests, scratch_make,
		scratch_remove);
}
