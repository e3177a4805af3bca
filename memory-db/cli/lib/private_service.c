/* A memory-db for this command alone: a child on a socket in a folder of its
 * own, which says "ready" or why not through a pipe. It ends with us, whatever
 * ends us: the kernel kills it when the parent is gone (PR_SET_PDEATHSIG). */
#include "memory-db/cli/lib/private_service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/sock.h"
#include "common/client/spawn_env.h"
#include "common/client/spawn_find.h"
#include "memory-db/cli/lib/tempfolder.h"

#define READY_FD 3
/* A database of an older schema is brought to the newest before it is served. */
#define CALL_S	  3600
#define LINE_SIZE 600

struct private_service_plan {
	char *program;	   /* owned */
	const char **envp; /* owned array */
	const char *argv[32];
	int null_fd, ready_fd;
};

static void
plan_free(struct private_service_plan *p)
{
	free(p->program);
	free(p->envp);
	if (p->null_fd >= 0)
		close(p->null_fd);
	if (p->ready_fd >= 0)
		close(p->ready_fd);
}

static void
make_args(struct private_service_plan *p, const char *socket,
	const char *database, bool new_instance, const char *id)
{
	/* What an older service took is not refused for limits of today. */
	static const char *const fixed[] = {"--ready-fd", "3", "--no-scripts",
		"--no-upkeep", "--embed", "none", "--exit-when-idle", "0",
		"--secrets", "allow", "--limit-disk-free", "0",
		"--limit-namespace-facts", "2147483647",
		"--limit-writes-per-minute", "0", "--log-level", "error"};
	size_t n = 0;

	p->argv[n++] = p->program;
	p->argv[n++] = "--socket";
	p->argv[n++] = socket;
	p->argv[n++] = "--database";
	p->argv[n++] = database;
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		p->argv[n++] = fixed[i];
	if (new_instance)
		p->argv[n++] = "--new-instance";
	if (id) {
		p->argv[n++] = "--database-id";
		p->argv[n++] = id;
	}
	p->argv[n] = NULL;
}

static _Noreturn void
private_service_run_service(const struct private_service_plan *p)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 0; fd < READY_FD; fd++)
		if (dup2(p->null_fd, fd) < 0)
			_exit(111);
	if (p->ready_fd == READY_FD ? fcntl(READY_FD, F_SETFD, 0) < 0
				    : dup2(p->ready_fd, READY_FD) < 0)
		_exit(111);
	execve(p->program, (char *const *)(uintptr_t)p->argv,
		(char *const *)(uintptr_t)p->envp);
	_exit(111);
}

/* "ready", or "CODE text". */
static int
wait_ready(int fd, struct err *e)
{
	char line[LINE_SIZE] = "", name[24] = "";
	size_t n = 0, word;

	while (n < LINE_SIZE - 1 && !memchr(line, '\n', n)) {
		ssize_t got = sock_read(fd, line + n, LINE_SIZE - 1 - n,
			CALL_S * 1000);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "ready") == 0)
		return 0;
	word = strcspn(line, " ");
	if (word < sizeof(name))
		memcpy(name, line, word);
	if (line[word] != ' ' || strcmp(err_name(err_code_of(name)), name) != 0)
		return err_set(e, MDB_E_STORE, "memory-db did not start on it");
	return err_set(e, err_code_of(name), "%s", line + word + 1);
}

static int
fork_service(struct private_service *p, struct private_service_plan *plan,
	struct err *e)
{
	AUTO_FD int read_fd = -1;
	int fds[2];

	plan->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (plan->null_fd < 0 || pipe2(fds, O_CLOEXEC) != 0)
		return err_set(e, MDB_E_LIMIT, "no descriptors: %s",
			strerrordesc_np(errno));
	read_fd = fds[0];
	plan->ready_fd = fds[1];
	p->pid = fork();
	if (p->pid < 0) {
		p->pid = 0;
		return err_set(e, MDB_E_BUSY, "fork: %s",
			strerrordesc_np(errno));
	}
	if (p->pid == 0)
		private_service_run_service(plan);
	close(plan->ready_fd);
	plan->ready_fd = -1;
	return wait_ready(read_fd, e);
}

static int
make_socket_folder(struct private_service *p, struct err *e)
{
	int rc;

	rc = temp_folder_make(p->folder, &p->folder_fd, e);
	if (rc != 0) {
		p->folder[0] = '\0';
		return rc;
	}
	snprintf(p->socket, sizeof(p->socket), "%s/s", p->folder);
	return 0;
}

static int
start(struct private_service *p, const struct cli *c, const char *database,
	bool new_instance, const char *id, struct err *e)
{
	__attribute__((cleanup(
		plan_free))) struct private_service_plan plan = {.null_fd = -1,
		.ready_fd = -1};
	int rc;

	*p = (struct private_service){.cli = {.timeout_s = CALL_S,
					      .json = c->json,
					      .quiet = c->quiet,
					      .no_spawn = true,
					      .is_tty = c->is_tty,
					      .has_color = c->has_color,
					      .width = c->width,
					      .namespace_ = "default",
					      .is_named = true,
					      .command = c->command}};
	rc = spawn_find(NULL, &plan.program, e);
	if (rc != 0)
		return rc;
	rc = spawn_env(&plan.envp, e);
	if (rc != 0)
		return rc;
	rc = make_socket_folder(p, e);
	if (rc != 0)
		return rc;
	make_args(&plan, p->socket, database, new_instance, id);
	p->cli.socket = p->socket;
	rc = fork_service(p, &plan, e);
	if (rc != 0)
		private_service_done(p);
	return rc;
}

int
private_service_start(struct private_service *p, const struct cli *c,
	const char *database, bool new_instance, struct err *e)
{
	return start(p, c, database, new_instance, NULL, e);
}

int
private_service_start_new(struct private_service *p, const struct cli *c,
	const char *database, const char *id, struct err *e)
{
	return start(p, c, database, false, id, e);
}

bool
private_service_stop(struct private_service *p)
{
	int status = 0;

	memory_client_free(take_ptr(p->cli.client));
	buf_done(&p->cli.place);
	buf_done(&p->cli.found);
	if (p->pid == 0)
		return true;
	(void)kill(p->pid, SIGTERM);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
private_service_done(struct private_service *p)
{
	char path[64];

	(void)private_service_stop(p);
	if (p->folder[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s.spawn", p->socket);
	(void)unlink(path);
	(void)unlink(p->socket);
	(void)rmdir(p->folder);
	close(p->folder_fd);
	p->folder[0] = '\0';
}
