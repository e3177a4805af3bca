/* Starts memory-db and waits until it listens.
 *
 *   probe the socket -> lock file -> probe again -> fork, fork, exec
 *                                                -> "ready" on a pipe
 *
 * The lock only saves work: memory-db itself makes sure that one instance
 * runs, so a lock that cannot be had (somebody else's file of that name, a
 * read-only folder) is done without. Between the forks and exec only
 * async-signal-safe calls are made, since the caller may have threads; all
 * texts and paths are made before. */
#include "common/client/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/owned.h"
#include "common/sock.h"
#include "common/client/spawn_env.h"
#include "common/client/spawn_find.h"

#define NS_PER_MS	   1000000LL
#define DEFAULT_TIMEOUT_MS 5000
/* Between two looks at the socket and the lock; both are cheap. */
#define LOOK_MS 10
/* For another instance that is starting; one that serves another socket would
 * be waited for in vain. */
#define OTHER_MS 2000
/* The ready pipe keeps this number in the service, after stdio. */
#define READY_FD      3
#define READY_FD_TEXT "3"
#define LINE_SIZE     600
/* Exit code of the child between fork and exec. */
#define EXIT_SYSTEM 111

struct spawn_plan {
	char socket[SOCK_PATH_SIZE];
	int64_t deadline_ns;
	char *program, *database;  /* owned; absolute; database or NULL */
	const char **argv, **envp; /* owned arrays, borrowed texts */
};

static void
plan_done(struct spawn_plan *p)
{
	free(p->program);
	free(p->database);
	free(p->argv);
	free(p->envp);
}

/* --- the plan ------------------------------------------------------------- */

static int
make_argv(const struct spawn_options *o, struct spawn_plan *p, struct err *e)
{
	size_t extra = 0, n = 0;

	while (o->args != NULL && o->args[extra] != NULL)
		extra++;
	p->argv = calloc(extra + 9, sizeof(*p->argv));
	if (p->argv == NULL)
		return err_nomem(e);
	p->argv[n++] = p->program;
	p->argv[n++] = "--spawned";
	p->argv[n++] = "--socket";
	p->argv[n++] = p->socket;
	if (p->database != NULL) {
		p->argv[n++] = "--database";
		p->argv[n++] = p->database;
	}
	p->argv[n++] = "--ready-fd";
	p->argv[n++] = READY_FD_TEXT;
	for (size_t i = 0; i < extra; i++)
		p->argv[n++] = o->args[i];
	return 0;
}

static int
make_plan(const struct spawn_options *o, struct spawn_plan *p, struct err *e)
{
	const char *database =
		o->database ? o->database : getenv("MEMORY_DB_PATH");
	int r = spawn_find(o->program, &p->program, e);

	if (r != 0)
		return r;
	if (database != NULL && database[0] != '\0')
		r = spawn_absolute(database, &p->database, e);
	if (r != 0)
		return r;
	r = spawn_env(&p->envp, e);
	if (r != 0)
		return r;
	return make_argv(o, p, e);
}

/* The socket as an absolute path that fits. */
static int
make_socket(const struct spawn_options *o, struct spawn_plan *p, struct err *e)
{
	AUTO_FREE char *path = NULL;
	int r = sock_path(o->socket, p->socket, NULL, e);

	if (r != 0)
		return r;
	r = spawn_absolute(p->socket, &path, e);
	if (r != 0)
		return r;
	return sock_path(path, p->socket, NULL, e);
}

static int
spawn_left_ms(const struct spawn_plan *p)
{
	int64_t left = p->deadline_ns - clock_mono_ns();

	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

/* 1: somebody listens; 0: nobody; MDB_E_DENIED: somebody else's socket. */
static int
spawn_probe(const struct spawn_plan *p, struct err *e)
{
	AUTO_FD int fd = -1;
	struct err found = {0};
	int r = sock_connect(p->socket, 0, &fd, &found);

	if (r == MDB_E_DENIED)
		return err_set(e, r, "%s", found.text);
	return r == 0;
}

/* --- the lock ------------------------------------------------------------- */

struct lock {
	char path[SOCK_PATH_SIZE + 8];
	int fd;
};

/* 1: held; 0: somebody else holds it; -1: cannot be had at all, as the file is
 * another user's, who could hold it for ever. */
static int
try_lock(struct lock *l)
{
	struct stat named, held;
	int fd;

	if (owned_open(l->path, O_RDWR | O_CREAT, 0600, &fd, &held, NULL) != 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int r = errno == EWOULDBLOCK ? 0 : -1;

		close(fd);
		return r;
	}
	/* The holder before us removed the file: its name is a new one now. */
	if (lstat(l->path, &named) != 0 || held.st_ino != named.st_ino ||
		held.st_dev != named.st_dev) {
		close(fd);
		return 0;
	}
	l->fd = fd;
	return 1;
}

static void
unlock(struct lock *l)
{
	if (l->fd < 0)
		return;
	unlink(l->path);
	close(l->fd);
	l->fd = -1;
}

/* --- the child ------------------------------------------------------------ */

static void
default_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
close_above(unsigned first)
{
	struct rlimit limit;

	if (close_range(first, ~0u, 0) == 0 ||
		getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	for (unsigned fd = first; fd < limit.rlim_cur && fd < 65536; fd++)
		close((int)fd);
}

static _Noreturn void
fail_child(int fd, const char *program)
{
	static const char before[] = "not_found cannot start ";
	const char *why = strerrordesc_np(errno);
	ssize_t n = write(fd, before, sizeof(before) - 1);

	n = n < 0 ? n : write(fd, program, strlen(program));
	n = n < 0 ? n : write(fd, ": ", 2);
	if (n >= 0 && why != NULL && write(fd, why, strlen(why)) > 0)
		n = write(fd, "\n", 1);
	_exit(n < 0 ? EXIT_SYSTEM + 1 : EXIT_SYSTEM);
}

/* Both descriptors are above READY_FD, so no dup2 runs over another. */
static _Noreturn void
run_child(const struct spawn_plan *p, int null_fd, int ready_fd)
{
	default_signals();
	for (int fd = 0; fd < READY_FD; fd++)
		if (dup2(null_fd, fd) < 0)
			fail_child(ready_fd, p->program);
	if (dup2(ready_fd, READY_FD) < 0 || chdir("/") != 0)
		fail_child(ready_fd, p->program);
	close_above(READY_FD + 1);
	execve(p->program, (char *const *)(uintptr_t)p->argv,
		(char *const *)(uintptr_t)p->envp);
	fail_child(READY_FD, p->program);
}

/* Forks twice: the service belongs to init from its first moment, and the
 * caller has one child that ends at once. */
static int
spawn_start(const struct spawn_plan *p, int null_fd, int ready_fd,
	struct err *e)
{
	pid_t child = fork();

	if (child < 0)
		return err_set(e, MDB_E_BUSY,
			"cannot start memory-db: fork: "
			"%s",
			strerrordesc_np(errno));
	if (child == 0) {
		setsid();
		pid_t service = fork();
		if (service == 0)
			run_child(p, null_fd, ready_fd);
		if (service < 0)
			fail_child(ready_fd, p->program);
		_exit(0);
	}
	/* ECHILD: the caller ignores SIGCHLD, or reaped it for us */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

/* A descriptor above those the child sets up. */
static int
raise_fd(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, READY_FD + 1);

	close(fd);
	return high;
}

static int
spawn_start_service(const struct spawn_plan *p, int *ret_ready, struct err *e)
{
	AUTO_FD int null_fd = -1, read_fd = -1, write_fd = -1;
	int pipe_fds[2];

	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd >= 0)
		null_fd = raise_fd(null_fd);
	if (pipe2(pipe_fds, O_CLOEXEC) == 0) {
		read_fd = raise_fd(pipe_fds[0]);
		write_fd = raise_fd(pipe_fds[1]);
	}
	if (null_fd < 0 || read_fd < 0 || write_fd < 0)
		return err_set(e, MDB_E_LIMIT,
			"cannot start memory-db: no "
			"descriptors: %s",
			strerrordesc_np(errno));
	int r = spawn_start(p, null_fd, write_fd, e);
	if (r != 0)
		return r;
	*ret_ready = read_fd;
	read_fd = -1;
	return 0;
}

/* --- waiting -------------------------------------------------------------- */

/* Reads the line of the service. 0 with the line, empty when it ended without
 * a word; MDB_E_TIMEOUT. */
static int
spawn_read_line(const struct spawn_plan *p, int fd, char line[LINE_SIZE])
{
	size_t n = 0;

	while (n < LINE_SIZE - 1) {
		ssize_t got = sock_read(fd, line + n, LINE_SIZE - 1 - n,
			spawn_left_ms(p));

		if (got == MDB_E_TIMEOUT)
			return MDB_E_TIMEOUT;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (memchr(line, '\n', n) != NULL)
			break;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

/* The error in the words of the service: "CODE text". */
static int
service_error(const struct spawn_plan *p, const char *line, struct err *e)
{
	char name[24] = "";
	size_t n = strcspn(line, " ");

	if (line[0] == '\0')
		return err_set(e, MDB_E_UNREACHABLE,
			"%s ended before it "
			"listened at %s and did not say why; its log is beside "
			"the database",
			p->program, p->socket);
	if (n < sizeof(name))
		memcpy(name, line, n);
	int code = err_code_of(name);
	bool known = strcmp(err_name(code), name) == 0;

	return err_set(e, known ? code : MDB_E_UNREACHABLE,
		"memory-db did not start: %s",
		known && line[n] == ' ' ? line + n + 1 : line);
}

/* Waits until somebody listens, or the lock is free (1). */
static int
wait_for_other(struct spawn_plan *p, struct lock *l, struct err *e)
{
	for (;;) {
		int r = spawn_probe(p, e);

		if (r != 0)
			return r < 0 ? r : 0;
		if (l != NULL && (r = try_lock(l)) != 0) {
			if (r < 0)
				l->fd = -1;
			return 1;
		}
		int left = spawn_left_ms(p);
		if (left == 0)
			return err_set(e, MDB_E_TIMEOUT,
				"another process is "
				"starting memory-db, but nobody listens at %s "
				"in time",
				p->socket);
		(void)poll(NULL, 0, left < LOOK_MS ? left : LOOK_MS);
	}
}

static int
start_and_wait(const struct spawn_options *o, struct spawn_plan *p,
	struct err *e)
{
	AUTO_FD int ready = -1;
	char line[LINE_SIZE];
	int r = make_plan(o, p, e);

	if (r != 0)
		return r;
	r = spawn_start_service(p, &ready, e);
	if (r != 0)
		return r;
	if (spawn_read_line(p, ready, line) != 0)
		return err_set(e, MDB_E_TIMEOUT,
			"%s was started but does not "
			"listen at %s in time; see the log beside the database",
			p->program, p->socket);
	if (strcmp(line, "ready") == 0)
		return 0;
	r = service_error(p, line, e);
	/* The other instance may be ours in a moment: its socket counts. */
	if (r == MDB_E_EXISTS) {
		int64_t soon = clock_mono_ns() + OTHER_MS * NS_PER_MS;
		struct err ignored;

		if (soon < p->deadline_ns)
			p->deadline_ns = soon;
		if (wait_for_other(p, NULL, &ignored) == 0)
			return 0;
	}
	return r;
}

int
spawn_service(const struct spawn_options *o, struct err *e)
{
	static const struct spawn_options defaults;
	struct spawn_plan p = {0};
	struct lock l = {.fd = -1};

	o = o ? o : &defaults;
	p.deadline_ns = clock_mono_ns() +
			NS_PER_MS * (o->timeout_ms > 0 ? o->timeout_ms
						       : DEFAULT_TIMEOUT_MS);
	int r = make_socket(o, &p, e);
	if (r != 0)
		return r;
	if ((r = spawn_probe(&p, e)) != 0)
		return r < 0 ? r : 0;
	snprintf(l.path, sizeof(l.path), "%s.spawn", p.socket);
	r = wait_for_other(&p, &l, e);
	/* Whoever held the lock before us may have succeeded meanwhile. */
	if (r == 1 && (r = spawn_probe(&p, e)) == 0)
		r = start_and_wait(o, &p, e);
	else if (r == 1)
		r = 0;
	unlock(&l);
	plan_done(&p);
	return r;
}
