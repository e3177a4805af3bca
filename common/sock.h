/* Unix sockets: where they are, who is at the other end, reading and writing
 * in one place. */
#ifndef COMMON_SOCK_H
#define COMMON_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"

#define SOCK_PATH_SIZE 108 /* sockaddr_un.sun_path */

/* Where the socket is, the same order everywhere:
 *   1. `option`, else MEMORY_DB_SOCKET;
 *   2. $XDG_RUNTIME_DIR/memory-db.sock (else /run/user/<uid>/...), when a
 *      socket of this user is there: systemd --user made it;
 *   3. /tmp/memory-db.sock, when absent, or owned by this user, root or the
 *      service user (user name in MEMORY_DB_SERVICE_USER, default
 *      "memory-db") and open for this user;
 *   4. $XDG_RUNTIME_DIR/memory-db.sock;
 *   5. /tmp/memory-db-<uid>/sock (the folder is made, 0700);
 *   6. memory-db.sock in the folder of MEMORY_DB_PATH, else in ~/.memories.
 * ret_why (may be NULL) gets a fixed sentence that says why this one.
 * 0 or MDB_E_INVALID (too long) / MDB_E_DENIED. */
int sock_path(const char *option, char ret_path[SOCK_PATH_SIZE],
	const char **ret_why, struct err *e) MUST_CHECK;

/* This user, root or the service user. */
bool sock_is_trusted(uid_t uid);

/* A path that fits into an address; MDB_E_INVALID says that it does not. */
int sock_copy_path(const char *from, char to[SOCK_PATH_SIZE], struct err *e)
	MUST_CHECK;

/* Listening socket at path, CLOEXEC and non-blocking, mode 0600 by fchmod
 * before bind. Replaces a stale socket (nobody answers, owned by this user),
 * never a live one (MDB_E_EXISTS) and nothing that is no socket. Of several
 * callers at once, also for different databases, one gets it. */
int sock_listen(const char *path, int backlog, int *ret_fd, struct err *e)
	MUST_CHECK;

/* The same for a socket that others may connect to: its mode, and its group
 * when has_group is set. Who they are is asked of the kernel (sock_peer). */
struct sock_access {
	mode_t mode;
	bool has_group;
	gid_t group;
};
int sock_listen_for(const char *path, int backlog,
	const struct sock_access *access, int *ret_fd, struct err *e)
	MUST_CHECK;

/* Connects (CLOEXEC) within timeout_ms. MDB_E_UNREACHABLE: nobody there;
 * MDB_E_DENIED: the listener is not this user, root or the service user (a
 * squatter gets nothing). The fd is blocking. */
int sock_connect(const char *path, int timeout_ms, int *ret_fd, struct err *e)
	MUST_CHECK;

struct sock_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};
int sock_peer(int fd, struct sock_peer *ret, struct err *e) MUST_CHECK;

/* Reads up to n bytes, waiting at most timeout_ms (-1: for ever) for the
 * first. > 0 bytes, 0 end of stream, MDB_E_TIMEOUT, MDB_E_UNREACHABLE. */
ssize_t sock_read(int fd, void *data, size_t n, int timeout_ms) MUST_CHECK;

#endif
