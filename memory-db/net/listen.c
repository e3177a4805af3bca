/* Accepting connections. Who may connect is asked of the kernel (SO_PEERCRED),
 * not of the client: our own user, root, the users of --allow-uid and members
 * of the groups of --allow-gid. Others get one line that says so. */
#include "memory-db/net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/contract/rpc.h"

/* Connections taken in one loop turn. */
#define ACCEPTS_A_TURN 64
/* Descriptors for other things than connections. */
#define OTHER_FDS	 64
#define RETRY_CONNECT_MS 1000

/* One error line, then the end: nothing was read, nothing is kept. */
static void
listen_refuse(struct server *s, int fd, const struct err *e)
{
	AUTO_BUF struct buf line = {0};

	s->conns_refused++;
	s->outcomes[-e->code]++;
	if (rpc_error(&line, NULL, e) == 0)
		(void)!send(fd, line.data, line.len,
			MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static bool
has_gid(const struct config *cfg, gid_t gid)
{
	for (size_t i = 0; i < cfg->allow_gids_n; i++)
		if (cfg->allow_gids[i] == gid)
			return true;
	return false;
}

/* The groups that the peer had when it connected. */
static bool
listen_is_member(const struct config *cfg, int fd, gid_t first)
{
	gid_t groups[256];
	socklen_t n = sizeof(groups);

	if (cfg->allow_gids_n == 0 || has_gid(cfg, first))
		return cfg->allow_gids_n > 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) != 0)
		return false;
	for (size_t i = 0; i < n / sizeof(*groups); i++)
		if (has_gid(cfg, groups[i]))
			return true;
	return false;
}

static bool
listen_is_allowed(const struct config *cfg, int fd,
	const struct sock_peer *peer)
{
	if (peer->uid == geteuid() || peer->uid == 0)
		return true;
	for (size_t i = 0; i < cfg->allow_n; i++)
		if (cfg->allow_uids[i] == peer->uid)
			return true;
	return listen_is_member(cfg, fd, peer->gid);
}

static void
listen_take(struct server *s, int fd)
{
	struct sock_peer peer;
	struct err e = {0};

	if (sock_peer(fd, &peer, &e)) {
		close(fd);
		return;
	}
	if (!listen_is_allowed(s->config, fd, &peer)) {
		err_set(&e, MDB_E_DENIED,
			"this memory-db serves user %u; user %u is not among "
			"those named by --allow-uid, nor in a group named by "
			"--allow-gid (a new group counts from the next login)",
			(unsigned)geteuid(), (unsigned)peer.uid);
		log_event(LOG_WARN, "refused a user", 0, LOG_I("uid", peer.uid),
			LOG_I("pid", peer.pid));
		listen_refuse(s, fd, &e);
		return;
	}
	if (s->conns_n >= (size_t)s->config->connections) {
		err_set(&e, MDB_E_BUSY,
			"%lld clients are connected already, which is the "
			"limit (--limit-connections); try again later",
			(long long)s->config->connections);
		e.retry_after_ms = RETRY_CONNECT_MS;
		listen_refuse(s, fd, &e);
		return;
	}
	if (conn_open(s, fd, &peer))
		log_event(LOG_WARN, "no memory for a connection", 0,
			LOG_I("pid", peer.pid));
}

/* No descriptor is left: gives up the spare one to take a client and turn it
 * away, instead of being woken for it over and over. */
static void
turn_one_away(struct server *s)
{
	struct err e = {0};
	int fd;

	if (s->spare_fd < 0)
		return;
	close(s->spare_fd);
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		err_set(&e, MDB_E_BUSY,
			"memory-db has no file descriptor left; try again "
			"later");
		e.retry_after_ms = RETRY_CONNECT_MS;
		listen_refuse(s, fd, &e);
	}
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
on_acceptable(struct ev_loop *loop, ev_io *w, int events)
{
	struct server *s = w->data;
	int fd;

	(void)loop;
	(void)events;
	s->idle_since_ns = clock_mono_ns();
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			listen_take(s, fd);
		} else if (errno == EMFILE || errno == ENFILE) {
			turn_one_away(s);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* --- room ----------------------------------------------------------------- */
/* Raises the soft limit of descriptors. Returns what may be used. */
static int64_t
raise_descriptors(int64_t wanted)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return wanted;
	if (r.rlim_cur >= (rlim_t)wanted)
		return wanted;
	r.rlim_cur = r.rlim_max < (rlim_t)wanted ? r.rlim_max : (rlim_t)wanted;
	(void)setrlimit(RLIMIT_NOFILE, &r);
	return (int64_t)r.rlim_cur;
}

static void
on_nothing(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

/* Libev keeps a table by descriptor, a list of changed descriptors and a list
 * of pending events: each is brought to its largest size once. The numbers
 * need not be open, for the watchers are gone before anything is polled. */
static void
grow_tables(struct server *s, int64_t n)
{
	ev_io *all = calloc((size_t)n, sizeof *all);

	if (!all)
		return;
	for (int64_t i = 0; i < n; i++) {
		ev_io_init(&all[i], on_nothing, (int)i, EV_READ);
		ev_io_start(s->loop, &all[i]);
		ev_feed_event(s->loop, &all[i], EV_READ);
	}
	for (int64_t i = 0; i < n; i++) {
		ev_clear_pending(s->loop, &all[i]);
		ev_io_stop(s->loop, &all[i]);
	}
	free(all);
}

int64_t
listen_prepare(struct server *s)
{
	int64_t wanted = s->config->connections;
	int64_t fds = raise_descriptors(wanted + OTHER_FDS);
	int64_t n = fds - OTHER_FDS < wanted ? fds - OTHER_FDS : wanted;

	if (n < 1)
		n = 1;
	grow_tables(s, n + OTHER_FDS);
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return n;
}

/* --- start and end -------------------------------------------------------- */
void
listen_start(struct server *s)
{
	struct stat st;

	if (s->owns_socket && stat(s->config->socket, &st) == 0) {
		s->socket_dev = st.st_dev;
		s->socket_ino = st.st_ino;
	}
	ev_io_init(&s->acceptable, on_acceptable, s->listen_fd, EV_READ);
	s->acceptable.data = s;
	/* After the connections of the same turn: one that ends makes room. */
	ev_set_priority(&s->acceptable, -1);
	ev_io_start(s->loop, &s->acceptable);
}

void
listen_stop(struct server *s)
{
	ev_io_stop(s->loop, &s->acceptable);
}

bool
listen_vanished(const struct server *s)
{
	struct stat st;

	if (!s->owns_socket)
		return false;
	if (lstat(s->config->socket, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR;
	return st.st_dev != s->socket_dev || st.st_ino != s->socket_ino;
}

void
listen_close(struct server *s)
{
	if (s->owns_socket && !listen_vanished(s) &&
		unlink(s->config->socket) != 0)
		log_event(LOG_WARN, "cannot remove the socket", 0,
			LOG_S("path", s->config->socket),
			LOG_S("error", strerror(errno)));
	close(s->listen_fd);
	s->listen_fd = -1;
	if (s->spare_fd >= 0)
		close(s->spare_fd);
	s->spare_fd = -1;
}
