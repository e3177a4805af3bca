/* The pager is a child that reads what was standard output. It ends itself
 * when all fits on the screen (less -F), and this program must outlive it: the
 * shell would take the terminal from a pager whose parent is gone. */
#include "memory-db/cli/lib/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "memory-db/cli/lib/programs.h"

static volatile pid_t pager;

static const char *
pager_wanted(void)
{
	const char *name = getenv("MEMORY_PAGER");
	char path[PATH_MAX];

	if (!name)
		name = getenv("PAGER");
	if (!name && programs_on_path("less", path))
		name = "less";
	return !name || name[0] == '\0' || strcmp(name, "cat") == 0 ? NULL
								    : name;
}

/* Ctrl-C is for the pager as well, which stays: so does its writer, that has
 * nothing more to say. */
static void
stop_writing(int number)
{
	int saved = errno;

	(void)number;
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (pager > 0 && waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	errno = saved;
	_exit(130);
}

static void __attribute__((noreturn)) become(const char *name, int in)
{
	char shell[] = "sh", option[] = "-c";
	AUTO_FREE char *line = strdup(name);
	char *argv[] = {shell, option, line, NULL};

	if (!line || dup2(in, STDIN_FILENO) < 0)
		_exit(126);
	/* Quit when it fits, keep colours, leave the screen as it is. */
	setenv("LESS", "FRX", 0);
	signal(SIGINT, SIG_DFL);
	execv("/bin/sh", argv);
	_exit(127);
}

void
pager_start(void)
{
	const char *name = pager_wanted();
	struct sigaction sa = {.sa_handler = stop_writing};
	int fd[2];
	pid_t pid;

	if (!name || pipe2(fd, O_CLOEXEC) < 0)
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become(name, fd[0]);
	close(fd[0]);
	if (pid > 0 && dup2(fd[1], STDOUT_FILENO) >= 0) {
		pager = pid;
		/* Remarks would be written over what it shows. */
		if (isatty(STDERR_FILENO))
			dup2(fd[1], STDERR_FILENO);
		sigaction(SIGINT, &sa, NULL);
	}
	close(fd[1]);
}

void
pager_wait(void)
{
	if (pager <= 0)
		return;
	fflush(stdout);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}
