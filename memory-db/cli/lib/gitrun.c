/* git as a child: its standard output is read, the rest goes nowhere. It waits
 * for nobody: where it would ask for a password it fails. It looks at the folder
 * that it is told, whoever started memoryctl: a hook of git, or `git rebase -x`,
 * says in GIT_DIR which repository it is about, and that wins over `git -C`. */
#include "memory-db/cli/lib/gitrun.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory-db/cli/lib/programs.h"

#define ARGS_MAX   12
#define LINE_BYTES 4096

/* The child that is waited for; 0: none. */
static volatile pid_t running;

void
gitrun_kill(void)
{
	if (running > 0)
		(void)kill(running, SIGKILL);
}

bool
gitrun_find(struct gitrun *g)
{
	return programs_on_path("git", g->program);
}

void
gitrun_forget_caller(void)
{
	/* Of those that `git rev-parse --local-env-vars` lists, the ones
	 * that say where; configuration stays. */
	static const char *const local[] = {"GIT_ALTERNATE_OBJECT_DIRECTORIES",
		"GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE",
		"GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE",
		"GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
		"GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
		"GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE"};

	for (size_t i = 0; i < ARRAY_LEN(local); i++)
		(void)unsetenv(local[i]);
}

static void
become_git(const struct gitrun *g, const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR);

	gitrun_forget_caller();
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(null, 2) >= 0 &&
		dup2(out, 1) >= 0 && setenv("GIT_TERMINAL_PROMPT", "0", 1) == 0)
		execv(g->program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

int
gitrun_all(const struct gitrun *g, const char *const *args, size_t most,
	struct buf *out)
{
	const char *argv[ARGS_MAX + 4] = {"git"};
	size_t n = 1, i;
	int ends[2], status;
	char chunk[4096];
	ssize_t got;
	pid_t child;

	if (g->folder) {
		argv[n++] = "-C";
		argv[n++] = g->folder;
	}
	for (i = 0; args[i]; i++) {
		assert(i < ARGS_MAX);
		argv[n++] = args[i];
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0)
		become_git(g, argv, ends[1]);
	running = child;
	close(ends[1]);
	while (child > 0 && (got = read(ends[0], chunk, sizeof(chunk))) > 0)
		if (out && out->len < most &&
			buf_add(out, chunk, (size_t)got) != 0)
			out = NULL;
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		status = -1;
	running = 0;
	if (status < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int
gitrun(const struct gitrun *g, const char *const *args, struct buf *out)
{
	int rc = gitrun_all(g, args, LINE_BYTES, out);

	if (out && buf_str(out)) {
		out->len = strcspn(out->data, "\n");
		out->data[out->len] = '\0';
	}
	return rc;
}
