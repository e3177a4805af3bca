/* Opening a database file that nobody serves. memoryctl knows no SQLite, so it
 * starts memory-db as a child that verifies (or folds) the file and serves
 * nobody. The file may have no name: the child gets its open descriptor as
 * number 3. It runs at the lowest priority, since the service beside it has
 * users who wait. */
#include "memory-db/cli/lib/backup_check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/client/spawn_env.h"
#include "common/client/spawn_find.h"

#define CHECKED_FD 3
/* What it may write: a problem has a line. */
#define OUTPUT_MOST (64u * 1024 * 1024)
#define NICE	    19
/* linux/ioprio.h: class 2 (best effort), its last level. */
#define IOPRIO_LAST (2 << 13 | 7)

void
backup_be_nice(void)
{
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	(void)syscall(SYS_ioprio_set, 1 /* a process */, 0, IOPRIO_LAST);
}

struct check {
	char *program;	     /* owned */
	const char **envp;   /* owned array */
	const char *args[5]; /* behind the program, NULL behind the last */
	int fd, out, err;    /* fd -1: none; out and err: where it writes */
};

/* dup2 onto itself would leave it to be closed by exec. */
static int
pass_descriptor(int fd)
{
	return fd == CHECKED_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, CHECKED_FD);
}

static _Noreturn void
run_check(const struct check *x)
{
	const char *argv[] = {x->program, x->args[0], x->args[1], x->args[2],
		x->args[3], NULL};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(x->out, STDOUT_FILENO) < 0 || dup2(x->err, STDERR_FILENO) < 0)
		_exit(111);
	if (x->fd >= 0 && pass_descriptor(x->fd) < 0)
		_exit(111);
	execve(x->program, (char *const *)(uintptr_t)argv,
		(char *const *)(uintptr_t)x->envp);
	_exit(111);
}

/* All that the child writes; its errors are its last line. */
static int
backup_check_read_all(int fd, struct buf *out, struct err *e)
{
	for (;;) {
		ssize_t n;

		if (out->len > OUTPUT_MOST || buf_reserve(out, 65536) != 0)
			return err_nomem(e);
		n = read(fd, out->data + out->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		out->len += (size_t)n;
	}
}

static int
child_error(int status, int err_fd, struct err *e)
{
	char text[400] = "";
	ssize_t n = pread(err_fd, text, sizeof(text) - 1, 0);
	const char *at = text;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(at, "memory-db: ", 11) == 0)
		at += 11;
	if (at[0] == '\0')
		at = WIFSIGNALED(status) ? strsignal(WTERMSIG(status))
					 : "memory-db cannot be run";
	return err_set(e, MDB_E_CORRUPT, "%s", at);
}

static int
backup_check_wait_for(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int
run_and_read(struct check *x, struct buf *text, struct err *e)
{
	AUTO_FD int read_fd = -1, write_fd = -1, err_fd = -1;
	int fds[2], status, rc;
	pid_t child;

	err_fd = (int)syscall(SYS_memfd_create, "errors", 1u /* CLOEXEC */);
	if (err_fd < 0 || pipe2(fds, O_CLOEXEC) != 0)
		return err_set(e, MDB_E_LIMIT, "no descriptors: %s",
			strerrordesc_np(errno));
	read_fd = fds[0];
	write_fd = fds[1];
	x->out = write_fd;
	x->err = err_fd;
	child = fork();
	if (child < 0)
		return err_set(e, MDB_E_BUSY, "fork: %s",
			strerrordesc_np(errno));
	if (child == 0)
		run_check(x);
	close(write_fd);
	write_fd = -1;
	rc = backup_check_read_all(read_fd, text, e);
	close(read_fd);
	read_fd = -1;
	status = backup_check_wait_for(child);
	if (rc != 0)
		return rc;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return child_error(status, err_fd, e);
	return 0;
}

static void
check_done(struct check *x)
{
	free(x->program);
	free(x->envp);
}

static int
check_program(struct check *x, struct err *e)
{
	int rc = spawn_find(NULL, &x->program, e);

	return rc != 0 ? rc : spawn_env(&x->envp, e);
}

static int
backup_check_run(struct check *x, json_t **ret, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc = check_program(x, e);

	if (rc != 0)
		return rc;
	rc = run_and_read(x, &text, e);
	if (rc != 0)
		return rc;
	*ret = jx_parse(text.data ? text.data : "", text.len, e);
	return *ret ? 0 : MDB_E_INTERNAL;
}

int
backup_check(int fd, json_t **ret, struct err *e)
{
	__attribute__((cleanup(check_done))) struct check x = {.fd = fd,
		.args = {"--check-fd", "3"}};
	int rc = backup_check_run(&x, ret, e);

	if (rc != 0)
		err_prefix(e, "it does not open");
	return rc;
}

int
backup_check_settings(const char *database, struct err *e)
{
	__attribute__((cleanup(check_done))) struct check x = {.fd = -1,
		.args = {"--check-settings", database}};
	AUTO_BUF struct buf text = {0};
	int rc = check_program(&x, e);

	if (rc != 0)
		return rc;
	return run_and_read(&x, &text, e);
}

int
backup_fold(const char *path, int64_t before_ms, const char *namespace_,
	json_t **ret, struct err *e)
{
	char number[24];
	__attribute__((cleanup(check_done))) struct check x = {.fd = -1,
		.args = {"--fold", path, number, namespace_}};

	snprintf(number, sizeof(number), "%lld", (long long)before_ms);
	return backup_check_run(&x, ret, e);
}
