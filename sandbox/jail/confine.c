/* Each layer stands alone: what one lets through, the next stops. The order
 * matters: a change of user clears the death signal and the dumpable flag, and
 * the filter forbids whatever comes after it.
 *
 * Example: a script has found a hole in the interpreter and runs code of its
 * own, which wants to read ~/.ssh/id_ed25519. open(2) is none of the five calls
 * that the filter lets through: the process is killed. Without the filter
 * Landlock would refuse every path; without that it is another user, whom the
 * file does not let in when the service runs as root; and what it might have
 * read has no way out but the socket to memory-db, as no descriptor is open and
 * none can be made (RLIMIT_NOFILE). */
#include "sandbox/jail/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/limits.h"
#include "sandbox/jail/arena.h"
#include "sandbox/wire.h"

/* Newer than the headers of Debian 12. */
#define SET_MDWE	      65
#define MDWE_REFUSE_EXEC_GAIN 1

static void
confine_note(struct confine_report *r, enum wire_layer layer, int rc)
{
	if (rc == 0)
		r->in_place |= 1u << layer;
	else if (errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP &&
		 errno != ENOENT)
		r->refused |= 1u << layer;
}

static void
require(struct confine_report *r, enum wire_layer layer, int rc)
{
	if (rc != 0)
		_exit(WIRE_EXIT_LAYER + (int)layer);
	r->in_place |= 1u << layer;
}

/* So that the kernel takes a jail when memory is short, and not memory-db. */
static int
first_to_go(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, "1000", 4);
	close(fd);
	return n == 4 ? 0 : -1;
}

static int
close_all_but_ours(void)
{
	int type;
	socklen_t n = sizeof(type);

	if (getsockopt(WIRE_FD, SOL_SOCKET, SO_TYPE, &type, &n) != 0 ||
		type != SOCK_STREAM)
		return -1;
	if (syscall(SYS_close_range, 0, WIRE_FD - 1, 0) != 0)
		return -1;
	return (int)syscall(SYS_close_range, WIRE_FD + 1, ~0u, 0);
}

/* Nothing is asked of the kernel when there is nothing to give up: a service
 * manager's filter may forbid these calls. */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];
	static const struct __user_cap_data_struct none[2];

	if (syscall(SYS_capget, &h, d) != 0)
		return -1;
	if (memcmp(d, none, sizeof(d)) == 0)
		return 0;
	return (int)syscall(SYS_capset, &h, none);
}

/* What no program started from here could get again. Needs CAP_SETPCAP, which
 * root in a container may lack: then NO_NEW_PRIVS alone says the same. */
static void
drop_bounds(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int
become_nobody(uid_t uid)
{
	uid_t r, e, s;

	if (geteuid() == 0 || getuid() == 0) {
		gid_t gid = uid;

		drop_bounds();
		if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
			setresuid(uid, uid, uid) != 0)
			return -1;
	}
	if (getresuid(&r, &e, &s) != 0 || r == 0 || e == 0 || s == 0)
		return -1;
	return drop_capabilities();
}

/* Killed when memory-db goes; it may have gone before we asked for that. */
static int
die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return -1;
	if (getppid() != parent)
		_exit(WIRE_EXIT_ALONE);
	return 0;
}

static int
limit(__rlimit_resource_t what, rlim_t max)
{
	struct rlimit l = {max, max};

	return setrlimit(what, &l);
}

static int
limit_all(void)
{
	return limit(RLIMIT_CORE, 0) || limit(RLIMIT_FSIZE, 0) ||
	       limit(RLIMIT_NOFILE, 0) || limit(RLIMIT_NPROC, 0) ||
	       limit(RLIMIT_MEMLOCK, 0) || limit(RLIMIT_MSGQUEUE, 0) ||
	       limit(RLIMIT_CPU, LIMIT_SCRIPT_WALL_MAX_MS / 1000 + 2) ||
	       limit(RLIMIT_STACK, 8 * 1024 * 1024) ||
	       /* the arena with its spare half, the program, the stack */
	       limit(RLIMIT_AS,
		       LIMIT_SCRIPT_MEMORY_BYTES / 2 * 3 + 32 * 1024 * 1024);
}

/* No file, no port, no signal: whatever this kernel can forbid. */
static int
forbid_paths(void)
{
	struct {
		uint64_t fs, net, scoped;
	} all = {(1u << 13) - 1, 0, 0};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u);
	size_t size = 8;
	long fd;
	int rc;

	if (abi < 1)
		return -1;
	if (abi >= 2)
		all.fs |= 1u << 13;
	if (abi >= 3)
		all.fs |= 1u << 14;
	if (abi >= 4) {
		all.net = 3;
		size = 16;
	}
	if (abi >= 5)
		all.fs |= 1u << 15;
	if (abi >= 6) {
		all.scoped = 3;
		size = 24;
	}
	fd = syscall(SYS_landlock_create_ruleset, &all, size, 0);
	if (fd < 0)
		return -1;
	rc = (int)syscall(SYS_landlock_restrict_self, (int)fd, 0);
	close((int)fd);
	return rc;
}

#ifndef SANDBOX_UNJAILED
void
confine(pid_t parent, uid_t uid, struct confine_report *r)
{
	confine_note(r, WIRE_LAYER_OOM, first_to_go());
	require(r, WIRE_LAYER_FDS, close_all_but_ours());
	confine_note(r, WIRE_LAYER_NICE, setpriority(PRIO_PROCESS, 0, 19));
	require(r, WIRE_LAYER_UID, become_nobody(uid));
	require(r, WIRE_LAYER_DEATHSIG, die_with(parent));
	confine_note(r, WIRE_LAYER_DUMPABLE,
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	require(r, WIRE_LAYER_NNP, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	confine_note(r, WIRE_LAYER_MDWE,
		prctl(SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0));
	require(r, WIRE_LAYER_ARENA,
		arena_open(LIMIT_SCRIPT_MEMORY_BYTES) ? 0 : -1);
	confine_note(r, WIRE_LAYER_LANDLOCK, forbid_paths());
	require(r, WIRE_LAYER_RLIMITS, limit_all());
}

static struct sock_filter filter[] = {
#include "policy.inc"
};

void
confine_seal(struct confine_report *r)
{
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]),
		filter};
	long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_LOG, &program);

	/* An outer filter may know only the older way in. */
	if (rc != 0)
		rc = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	require(r, WIRE_LAYER_SECCOMP, (int)rc);
}
#else
/* For sanitizers, which make system calls of their own. Never installed. */
void
confine(pid_t parent, uid_t uid, struct confine_report *r)
{
	(void)uid;
	(void)first_to_go;
	(void)close_all_but_ours;
	(void)become_nobody;
	(void)limit_all;
	(void)forbid_paths;
	require(r, WIRE_LAYER_DEATHSIG, die_with(parent));
	require(r, WIRE_LAYER_ARENA,
		arena_open(LIMIT_SCRIPT_MEMORY_BYTES) ? 0 : -1);
	r->in_place = (1u << WIRE_LAYER_REQUIRED) - 1;
	confine_note(r, WIRE_LAYER_NICE, -1);
}

void
confine_seal(struct confine_report *r)
{
	(void)r;
}
#endif
