/* Unix sockets. In a shared folder whoever binds a name first owns it, so a
 * listener is believed only when the kernel says that it is this user, root
 * or the service user. */
#include "common/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/clock.h"

#define LISTEN_ATTEMPTS 5
#define LOCK_WAIT_MS	1000
#define LOCK_STEP_MS	5

/* --- listening ------------------------------------------------------------ */

static int
sock_address(const char *path, struct sockaddr_un *ret, struct err *e)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	return sock_copy_path(path, ret->sun_path, e);
}

/* The process that listens behind fd has ended. One that was killed leaves its
 * socket open for a moment when it had just forked: the child holds a copy
 * until it executes its program. */
static bool
listener_is_gone(int fd)
{
	struct sock_peer peer;

	/* The kernel tells who called listen(). 0: in another namespace. */
	return sock_peer(fd, &peer, NULL) == 0 && peer.pid > 0 &&
	       kill(peer.pid, 0) < 0 && errno == ESRCH;
}

/* Removes what is at path when it is a socket of this user that nobody
 * answers. */
static int
remove_stale(const char *path, const struct sockaddr_un *sa, struct err *e)
{
	AUTO_FD int fd = -1;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0
				       : err_set(e, MDB_E_STORE, "%s: %s", path,
						 strerrordesc_np(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, MDB_E_EXISTS,
			"%s exists and is not a socket; move it away or choose "
			"another MEMORY_DB_SOCKET",
			path);
	if (st.st_uid != geteuid())
		return err_set(e, MDB_E_DENIED,
			"%s belongs to user %u; choose another "
			"MEMORY_DB_SOCKET",
			path, (unsigned)st.st_uid);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, MDB_E_STORE, "socket: %s",
			strerrordesc_np(errno));
	/* EAGAIN: somebody listens and has no time now. */
	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0
			? !listener_is_gone(fd)
			: errno != ECONNREFUSED && errno != ENOENT)
		return err_set(e, MDB_E_EXISTS,
			"a service already listens at %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, MDB_E_STORE, "cannot remove %s: %s", path,
			strerrordesc_np(errno));
	return 0;
}

/* A name for the time before the socket listens, in the same folder: nobody
 * may find a bound socket at path that does not answer yet. Nobody can guess
 * it and take it before us, either. */
static int
temporary_address(const char *path, struct sockaddr_un *ret, struct err *e)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0, n;
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_set(e, MDB_E_STORE, "no random number: %s",
			strerrordesc_np(errno));
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%.*s.%08x", dir,
		path, (unsigned)random);
	if (n < 0 || (size_t)n >= sizeof(ret->sun_path))
		return err_param(e, MDB_E_INVALID, "socket",
			"the folder of the socket '%.80s' has too long a name",
			path);
	return 0;
}

static int
sock_publish(const char *from, const char *path, const struct sockaddr_un *sa,
	struct err *e)
{
	int rc;

	for (int i = 0; i < LISTEN_ATTEMPTS; i++) {
		/* link() never replaces, unlike rename(). */
		if (link(from, path) == 0)
			return 0;
		if (errno != EEXIST)
			return err_set(e, MDB_E_STORE, "cannot make %s: %s",
				path, strerrordesc_np(errno));
		rc = remove_stale(path, sa, e);
		if (rc < 0)
			return rc;
	}
	return err_set(e, MDB_E_EXISTS,
		"another process keeps taking the name %s", path);
}

/* Of several services that find the same stale socket, one must win: between
 * looking and replacing they take turns, by a lock on the folder. Anybody who
 * can read the folder can hold that lock, so nobody waits for it for long.
 * Returns a descriptor that holds it, or -1. */
static int
sock_lock_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[SOCK_PATH_SIZE] = ".";
	int fd;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s",
			slash == path ? 1 : (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int ms = 0; fd >= 0 && ms < LOCK_WAIT_MS; ms += LOCK_STEP_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			break;
		(void)poll(NULL, 0, LOCK_STEP_MS);
	}
	return fd;
}

/* Binds fd to a new name beside path. */
static int
bind_beside(int fd, const char *path, struct sockaddr_un *ret, struct err *e)
{
	for (int i = 0; i < LISTEN_ATTEMPTS; i++) {
		int rc = temporary_address(path, ret, e);

		if (rc < 0)
			return rc;
		if (bind(fd, (struct sockaddr *)ret, sizeof(*ret)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return err_set(e, MDB_E_STORE, "cannot make a socket beside %s: %s",
		path, strerrordesc_np(errno));
}

/* The mode that bind gives is below what the umask leaves. */
static int
open_for(const char *name, const struct sock_access *access, struct err *e)
{
	if (access->has_group && lchown(name, (uid_t)-1, access->group) < 0)
		return err_set(e, MDB_E_DENIED,
			"cannot give the socket to group %u: %s; be a member "
			"of it, or root",
			(unsigned)access->group, strerrordesc_np(errno));
	if (chmod(name, access->mode) < 0)
		return err_set(e, MDB_E_STORE, "chmod of the socket: %s",
			strerrordesc_np(errno));
	return 0;
}

/* A socket that is bound under a temporary name begins to listen and is given
 * its own name, `path`. */
static int
listen_as(int fd, int backlog, const struct sockaddr_un *temporary,
	const char *path, const struct sockaddr_un *sa,
	const struct sock_access *access, struct err *e)
{
	int rc = 0;

	if (listen(fd, backlog) < 0)
		return err_set(e, MDB_E_STORE, "listen on %s: %s", path,
			strerrordesc_np(errno));
	if (access->mode != 0600)
		rc = open_for(temporary->sun_path, access, e);
	if (rc != 0)
		return rc;
	return sock_publish(temporary->sun_path, path, sa, e);
}

int
sock_listen_for(const char *path, int backlog, const struct sock_access *access,
	int *ret_fd, struct err *e)
{
	struct sockaddr_un sa, temporary;
	AUTO_FD int fd = -1, lock = -1;
	int rc = sock_address(path, &sa, e);

	if (rc < 0)
		return rc;
	lock = sock_lock_folder(path);
	rc = remove_stale(path, &sa, e);
	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode of the descriptor becomes that of the name: no moment with
	 * a wider one, no umask to change under other threads. */
	if (fd < 0 || fchmod(fd, 0600) < 0)
		return err_set(e, MDB_E_STORE, "socket: %s",
			strerrordesc_np(errno));
	rc = bind_beside(fd, path, &temporary, e);
	if (rc < 0)
		return rc;
	rc = listen_as(fd, backlog, &temporary, path, &sa, access, e);
	unlink(temporary.sun_path);
	if (rc < 0)
		return rc;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int
sock_listen(const char *path, int backlog, int *ret_fd, struct err *e)
{
	static const struct sock_access own = {.mode = 0600};

	return sock_listen_for(path, backlog, &own, ret_fd, e);
}

/* --- connecting ----------------------------------------------------------- */

int
sock_peer(int fd, struct sock_peer *ret, struct err *e)
{
	struct ucred c;
	socklen_t n = sizeof(c);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0 ||
		n != sizeof(c))
		return err_set(e, MDB_E_DENIED,
			"the kernel does not say who is at the other end: %s",
			strerrordesc_np(errno));
	*ret = (struct sock_peer){.uid = c.uid, .gid = c.gid, .pid = c.pid};
	return 0;
}

static int
set_timeout(int fd, int timeout_ms)
{
	struct timeval tv = {.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000};

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static int
connect_error(const char *path, int timeout_ms, struct err *e)
{
	switch (errno) {
	case EAGAIN:
	case EINPROGRESS:
		return err_set(e, MDB_E_UNREACHABLE,
			"the service at %s took no connection within %d ms",
			path, timeout_ms);
	case EACCES:
	case EPERM:
		return err_set(e, MDB_E_DENIED,
			"no permission to connect to %s, which serves others: "
			"its owner can let you in (--allow-uid, or the group "
			"of the socket and a new login); for a memory of your "
			"own choose another MEMORY_DB_SOCKET",
			path);
	case ENOENT:
		return err_set(e, MDB_E_UNREACHABLE, "no memory-db runs at %s",
			path);
	case ECONNREFUSED:
		return err_set(e, MDB_E_UNREACHABLE,
			"nobody answers at %s; its memory-db has ended", path);
	default:
		return err_set(e, MDB_E_UNREACHABLE, "connect to %s: %s", path,
			strerrordesc_np(errno));
	}
}

int
sock_connect(const char *path, int timeout_ms, int *ret_fd, struct err *e)
{
	int64_t end = clock_mono_ns() + timeout_ms * INT64_C(1000000);
	struct sockaddr_un sa;
	struct sock_peer peer;
	AUTO_FD int fd = -1;
	int rc = sock_address(path, &sa, e), left = timeout_ms;

	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, MDB_E_UNREACHABLE, "socket: %s",
			strerrordesc_np(errno));
	for (;;) {
		/* A full backlog makes connect wait; 0 would be for ever. */
		if (set_timeout(fd, left > 0 ? left : 1) < 0)
			return err_set(e, MDB_E_UNREACHABLE, "socket: %s",
				strerrordesc_np(errno));
		if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
			break;
		left = (int)((end - clock_mono_ns()) / 1000000);
		if (errno != EINTR || left <= 0)
			return connect_error(path, timeout_ms, e);
	}
	if (set_timeout(fd, 0) < 0)
		return err_set(e, MDB_E_UNREACHABLE, "socket: %s",
			strerrordesc_np(errno));
	rc = sock_peer(fd, &peer, e);
	if (rc < 0)
		return rc;
	if (!sock_is_trusted(peer.uid))
		return err_set(e, MDB_E_DENIED,
			"%s belongs to user %u, who is neither you, root nor "
			"the service user: nothing was sent; set "
			"MEMORY_DB_SOCKET, or MEMORY_DB_SERVICE_USER if that "
			"user runs your memory-db",
			path, (unsigned)peer.uid);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* --- reading and writing -------------------------------------------------- */

/* Until the time `end`, for poll(): -1 for ever, 0 when it is over. */
static int
left_ms(int64_t end)
{
	int64_t left = end - clock_mono_ns();

	if (end < 0)
		return -1;
	return left < 0 ? 0 : (int)((left + 999999) / 1000000);
}

/* Waits for events until the time `end` (ns, monotonic; -1: for ever). */
static int
sock_wait_for(int fd, short events, int64_t end)
{
	struct pollfd p = {.fd = fd, .events = events};

	/* poll() would wait for ever for a descriptor below zero. */
	if (fd < 0)
		return MDB_E_UNREACHABLE;
	for (;;) {
		int n = poll(&p, 1, left_ms(end));

		if (n > 0)
			return 0;
		if (n == 0 && end >= 0 && clock_mono_ns() >= end)
			return MDB_E_TIMEOUT;
		if (n < 0 && errno != EINTR)
			return MDB_E_UNREACHABLE;
	}
}

static int64_t
deadline(int timeout_ms)
{
	return timeout_ms < 0 ? -1
			      : clock_mono_ns() + timeout_ms * INT64_C(1000000);
}

ssize_t
sock_read(int fd, void *data, size_t n, int timeout_ms)
{
	int64_t end = deadline(timeout_ms);

	for (;;) {
		int rc = sock_wait_for(fd, POLLIN, end);
		ssize_t got;

		if (rc < 0)
			return rc;
		got = read(fd, data, n);
		if (got >= 0)
			return got;
		if (errno != EINTR && errno != EAGAIN)
			return MDB_E_UNREACHABLE;
	}
}
