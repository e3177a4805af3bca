/* Where the socket is, and whom to believe there.
 *
 * The places are tried in order: what was said (option or environment), a
 * service of this user's session, the shared name in /tmp if it is free or
 * somebody trusted holds it and lets this user in, then folders of this user,
 * at last a name beside the database. In a shared folder anybody can take a
 * name first; so a place counts only if its folder or its owner is this user,
 * root, or the service user. */
#include "common/sock.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARED_SOCKET "/tmp/memory-db.sock"
#define SERVICE_USER  "memory-db"
#define GROUPS_MAX    256 /* of a user; more are not looked at */

/* --- whom to trust -------------------------------------------------------- */

static bool
is_service_user(uid_t uid)
{
	const char *name = getenv("MEMORY_DB_SERVICE_USER");
	struct passwd pw, *found = NULL;
	char data[4096];

	if (!name || !*name)
		name = SERVICE_USER;
	return getpwnam_r(name, &pw, data, sizeof(data), &found) == 0 &&
	       found && found->pw_uid == uid;
}

bool
sock_is_trusted(uid_t uid)
{
	return uid == geteuid() || uid == 0 || is_service_user(uid);
}

/* --- where it is ---------------------------------------------------------- */

int
sock_copy_path(const char *from, char to[SOCK_PATH_SIZE], struct err *e)
{
	size_t n = strlen(from);

	if (n == 0 || n >= SOCK_PATH_SIZE)
		return err_param(e, MDB_E_INVALID, "socket",
			"a socket path has 1 to %d bytes; '%.80s' has %zu: "
			"set MEMORY_DB_SOCKET to a shorter one",
			SOCK_PATH_SIZE - 1, from, n);
	memcpy(to, from, n + 1);
	return 0;
}

/* Whether this user is in the group as the system's tables say, whatever the
 * process, which may be of a login before that, has. */
static bool
sock_path_is_member(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	struct passwd pw, *found = NULL;
	char data[4096];
	int n = GROUPS_MAX;

	if (getpwuid_r(geteuid(), &pw, data, sizeof(data), &found) != 0 ||
		!found || getgrouplist(pw.pw_name, pw.pw_gid, groups, &n) < 0)
		return false;
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* True when the shared name is free, or held by somebody trusted who lets this
 * user in. A service of the machine that is for others is passed over; but a
 * member of its group is not led elsewhere when only a new login is missing. */
static bool
shared_is_usable(const char **ret_why)
{
	struct stat st;

	if (lstat(SHARED_SOCKET, &st) < 0) {
		*ret_why = "the default place, not taken by anybody";
		return errno == ENOENT;
	}
	*ret_why = "the default place, owned by this user, root or the "
		   "service user";
	return S_ISSOCK(st.st_mode) && sock_is_trusted(st.st_uid) &&
	       (st.st_uid == geteuid() || access(SHARED_SOCKET, W_OK) == 0 ||
		       ((st.st_mode & S_IWGRP) != 0 &&
			       sock_path_is_member(st.st_gid)));
}

/* A folder that only this user can write. */
static bool
is_own_folder(const char *dir, mode_t others)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && (st.st_mode & others) == 0;
}

/* The folder of the session, when it is one of this user: XDG_RUNTIME_DIR, or
 * where systemd makes it, for a client that got no environment. */
static bool
runtime_path(const char *dir, char path[SOCK_PATH_SIZE])
{
	struct stat st;
	int n;

	if (!dir || dir[0] != '/' || stat(dir, &st) < 0 ||
		!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		(st.st_mode & 022) != 0)
		return false;
	n = snprintf(path, SOCK_PATH_SIZE, "%s/memory-db.sock", dir);
	return n > 0 && n < SOCK_PATH_SIZE;
}

/* A service of this user's session (memory-db.socket of systemd --user), or
 * one that found the shared name taken, is there already. */
static bool
session_path(char path[SOCK_PATH_SIZE])
{
	char dir[64];
	struct stat st;

	snprintf(dir, sizeof(dir), "/run/user/%u", (unsigned)geteuid());
	return (runtime_path(getenv("XDG_RUNTIME_DIR"), path) ||
		       runtime_path(dir, path)) &&
	       lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       st.st_uid == geteuid();
}

/* /tmp/memory-db-UID/sock; anybody may have taken that name. */
static bool
private_path(char path[SOCK_PATH_SIZE])
{
	char dir[64];

	snprintf(dir, sizeof(dir), "/tmp/memory-db-%u", (unsigned)geteuid());
	if ((mkdir(dir, 0700) < 0 && errno != EEXIST) ||
		!is_own_folder(dir, 077))
		return false;
	snprintf(path, SOCK_PATH_SIZE, "%s/sock", dir);
	return true;
}

/* The folder of MEMORY_DB_PATH, else ~/.memories. */
static bool
database_folder(char dir[PATH_MAX])
{
	const char *path = getenv("MEMORY_DB_PATH"), *home = getenv("HOME");
	const char *slash = path ? strrchr(path, '/') : NULL;
	struct passwd pw, *found = NULL;
	char data[4096];
	int n;

	if (path && path[0] == '/' && slash > path) {
		n = snprintf(dir, PATH_MAX, "%.*s", (int)(slash - path), path);
		return n > 0 && n < PATH_MAX;
	}
	if ((!home || home[0] != '/') &&
		getpwuid_r(geteuid(), &pw, data, sizeof(data), &found) == 0 &&
		found)
		home = pw.pw_dir;
	if (!home || home[0] != '/')
		return false;
	n = snprintf(dir, PATH_MAX, "%s/.memories", home);
	return n > 0 && n < PATH_MAX;
}

/* Beside the database, where nobody else can take a name. */
static int
beside_database(char path[SOCK_PATH_SIZE], struct err *e)
{
	char dir[PATH_MAX];
	int n = -1;

	if (database_folder(dir) &&
		(mkdir(dir, 0700) == 0 || errno == EEXIST) &&
		is_own_folder(dir, 022))
		n = snprintf(path, SOCK_PATH_SIZE, "%s/memory-db.sock", dir);
	if (n > 0 && n < SOCK_PATH_SIZE)
		return 0;
	return err_set(e, MDB_E_DENIED,
		"no place for the socket: " SHARED_SOCKET " and "
		"/tmp/memory-db-%u belong to somebody else, XDG_RUNTIME_DIR is "
		"not set, and the folder of the database is not this user's "
		"alone (mode 0700) or its path too long; set MEMORY_DB_SOCKET "
		"to a path in a folder of your own",
		(unsigned)geteuid());
}

int
sock_path(const char *option, char ret_path[SOCK_PATH_SIZE],
	const char **ret_why, struct err *e)
{
	const char *env = getenv("MEMORY_DB_SOCKET"), *why;
	int rc = 0;

	if (option && *option) {
		why = "given as an option";
		rc = sock_copy_path(option, ret_path, e);
	} else if (env && *env) {
		why = "given by MEMORY_DB_SOCKET";
		rc = sock_copy_path(env, ret_path, e);
	} else if (session_path(ret_path)) {
		why = "the service of this user's session is there";
	} else if (shared_is_usable(&why)) {
		rc = sock_copy_path(SHARED_SOCKET, ret_path, e);
	} else if (runtime_path(getenv("XDG_RUNTIME_DIR"), ret_path)) {
		why = SHARED_SOCKET " is somebody else's; this one lies in "
				    "XDG_RUNTIME_DIR";
	} else if (private_path(ret_path)) {
		why = SHARED_SOCKET " is somebody else's; this one lies in a "
				    "folder of this user";
	} else {
		why = SHARED_SOCKET " is somebody else's; this one lies beside "
				    "the database";
		rc = beside_database(ret_path, e);
	}
	if (rc != 0)
		return rc;
	if (ret_why)
		*ret_why = why;
	return 0;
}
