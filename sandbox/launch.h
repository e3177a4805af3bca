/* Starting and ending jails. */
#ifndef SANDBOX_LAUNCH_H
#define SANDBOX_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"

/* A process. fd: our end of its socket, non-blocking. Zeroed but for the
 * descriptors: {-1, -1, 0}. */
struct jail {
	int fd;
	int pidfd;
	pid_t pid; /* > 0: ours to reap */
};
#define JAIL_NONE ((struct jail){-1, -1, 0})

/* Opens the program: option, else MEMORY_SANDBOX_PROGRAM, else memory-sandbox
 * beside the running program, else on PATH. 0 or MDB_E_NOT_FOUND. */
int launch_find(const char *option, int *ret_fd, struct err *e) MUST_CHECK;

/* Starts the program of descriptor `program` with this mode ("serve", or
 * "probe" with a number) as a child of this thread: it dies with it. */
int launch_start(int program, uid_t uid, const char *mode, int probe,
	struct jail *ret, struct err *e) MUST_CHECK;

/* Waits for the end, at most timeout_ms, then kills. Closes everything.
 * *ret_usage may be NULL. Returns the status of wait(2). */
int launch_reap(struct jail *j, int timeout_ms, struct rusage *ret_usage);

/* Kills and reaps. */
void launch_end(struct jail *j);

void launch_signal(const struct jail *j, int number);

/* CPU time so far in microseconds, 0 when it cannot be told. */
int64_t launch_cpu_us(const struct jail *j);

#endif
