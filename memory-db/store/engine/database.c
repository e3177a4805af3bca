/* Opening a database: its folder, the lock, the file, its identity.
 *
 * The order matters. For example a second service is started on the same
 * file: the folder is checked, the lock of the first service is met, and the
 * second one ends with an error before it has opened the database. A folder
 * that others may write is refused, since whoever may replace the file owns
 * the memory. */
#include "memory-db/store/engine/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/owned.h"
#include "memory-db/store/engine/database.h"
#include "memory-db/store/engine/fd_vfs.h"
#include "memory-db/store/engine/participant.h"

/* File systems without the shared memory that WAL needs (linux/magic.h). */
static const struct {
	unsigned long magic;
	const char *name;
} refused[] = {
	{0x6969, "NFS"},
	{0xFF534D42, "CIFS"},
	{0xFE534D42, "SMB"},
	{0x517B, "SMB"},
	{0x01021997, "9p"},
};

static int
check_file_system(const char *folder, struct err *e)
{
	struct statfs fs;

	if (statfs(folder, &fs) != 0)
		return err_set(e, MDB_E_STORE, "%s: %s", folder,
			strerror(errno));
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if ((unsigned long)fs.f_type == refused[i].magic)
			return err_set(e, MDB_E_DENIED,
				"%s lies on %s, where SQLite's WAL is unsafe; "
				"put the database on a local disk "
				"(MEMORY_DB_PATH)",
				folder, refused[i].name);
	return 0;
}

/* Makes the folder and its parents (0700). */
static int
database_make_folder(const char *folder, struct err *e)
{
	AUTO_FREE char *path = strdup(folder);

	if (!path)
		return err_nomem(e);
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			break;
		*p = '/';
	}
	if (mkdir(folder, 0700) != 0 && errno != EEXIST && errno != EROFS)
		return err_set(e, MDB_E_STORE, "cannot make %s: %s", folder,
			strerror(errno));
	return 0;
}

/* Nobody else may write where the database lies: not in a sticky folder like
 * /tmp either, where they cannot replace a file but can be there first. */
static int
database_check_folder(const char *folder, struct err *e)
{
	struct stat s;

	if (stat(folder, &s) != 0 || !S_ISDIR(s.st_mode))
		return err_set(e, MDB_E_STORE, "%s is no folder", folder);
	if (s.st_uid != geteuid() && s.st_uid != 0)
		return err_set(e, MDB_E_DENIED,
			"%s belongs to user %u; the database's folder must be "
			"your own",
			folder, (unsigned)s.st_uid);
	if ((s.st_mode & S_ISVTX) != 0 && (s.st_mode & S_IWOTH) != 0)
		return err_set(e, MDB_E_DENIED,
			"everybody may make files in %s, also one that the "
			"memory would be written to; give the database a "
			"folder of its own: MEMORY_DB_PATH=%s%smemory/"
			"memory.db makes one",
			folder, folder, strcmp(folder, "/") == 0 ? "" : "/");
	if ((s.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(e, MDB_E_DENIED,
			"%s can be written by others; run: chmod go-w '%s'",
			folder, folder);
	return check_file_system(folder, e);
}

static int
read_pid(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	int pid = 0;

	for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9' && i < 9;
		i++)
		pid = pid * 10 + (text[i] - '0');
	return pid;
}

/* A holder that was killed may live on for a moment in a child that has not
 * reached its exec yet: the lock is waited for when its process is gone. */
static int
lock_or_wait(int fd)
{
	const struct timespec pause = {0, 20 * 1000000};

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		int pid = read_pid(fd);

		if (i == 100 || errno != EWOULDBLOCK || pid <= 0 ||
			kill(pid, 0) == 0 || errno != ESRCH)
			return -1;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

/* Whether the path still names the file that is locked. */
static bool
lock_is_named(const struct database *db)
{
	struct stat held, named;

	return fstat(db->lock_fd, &held) == 0 &&
	       lstat(db->pid_path, &named) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static int
lock_once(struct database *db, struct err *e)
{
	int rc = owned_open(db->pid_path, O_RDWR | O_CREAT, 0600, &db->lock_fd,
		NULL, e);

	if (rc < 0)
		return rc;
	if (lock_or_wait(db->lock_fd) == 0)
		return 0;
	err_set(e, MDB_E_EXISTS, "another instance (pid %d) serves %s",
		read_pid(db->lock_fd), db->path);
	close(db->lock_fd);
	db->lock_fd = -1; /* the pid in it is not ours to take away */
	return MDB_E_EXISTS;
}

static int
take_lock(struct database *db, struct err *e)
{
	char text[32];
	int n, rc = lock_once(db, e);

	if (rc != 0)
		return rc;
	/* Removed between open and lock: others would lock another file. */
	for (int i = 0; i < 10 && !lock_is_named(db); i++) {
		close(db->lock_fd);
		rc = lock_once(db, e);
		if (rc != 0)
			return rc;
	}
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(db->lock_fd, 0) != 0 ||
		pwrite(db->lock_fd, text, (size_t)n, 0) != n)
		return err_set(e, MDB_E_STORE, "cannot write %s: %s",
			db->pid_path, strerror(errno));
	return 0;
}

static int
set_paths(struct database *db, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');

	if (path[0] != '/' || slash[1] == '\0')
		return err_set(e, MDB_E_INVALID,
			"the database path '%s' must be absolute and name a "
			"file",
			path);
	db->path = strdup(path);
	db->folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!db->path || !db->folder ||
		asprintf(&db->pid_path, "%s.pid", path) < 0) {
		db->pid_path = NULL;
		return err_nomem(e);
	}
	return 0;
}

/* Links on the way to the folder are the user's choice; SQLite follows none
 * (SQLITE_OPEN_NOFOLLOW, meant for the file itself). */
static int
resolve_folder(struct database *db, struct err *e)
{
	AUTO_FREE char *real = realpath(db->folder, NULL);
	AUTO_BUF struct buf path = {0};

	if (!real)
		return err_set(e, MDB_E_STORE, "%s cannot be resolved: %s",
			db->folder, strerror(errno));
	if (strcmp(real, db->folder) == 0)
		return 0;
	if (buf_addf(&path, "%s%s", strcmp(real, "/") == 0 ? "" : real,
		    strrchr(db->path, '/')) != 0 ||
		!buf_str(&path))
		return err_nomem(e);
	free(db->path);
	free(db->folder);
	free(db->pid_path);
	db->path = db->folder = db->pid_path = NULL;
	return set_paths(db, path.data, e);
}

/* A new file gets its mode before SQLite puts anything into it. What another
 * user put there is not used, nor are files of theirs beside it, from which
 * SQLite would read. */
static int
prepare_file(struct database *db, struct err *e)
{
	static const char *const beside[] = {"-wal", "-shm", "-journal"};
	struct stat s;
	AUTO_FD int fd = -1;
	int rc = owned_open(db->path, O_RDWR | O_CREAT, 0600, &fd, &s, e);

	if (rc == MDB_E_STORE && (errno == EROFS || errno == EACCES)) {
		db->read_only = true;
		rc = owned_open(db->path, O_RDONLY, 0, &fd, &s, e);
	}
	if (rc < 0)
		return rc;
	db->dev = s.st_dev;
	db->ino = s.st_ino;
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		AUTO_FREE char *path = NULL;

		if (asprintf(&path, "%s%s", db->path, beside[i]) < 0) {
			path = NULL;
			return err_nomem(e);
		}
		rc = owned_check_path(path, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* No folder, no lock, no WAL: nobody else has this file. */
static int
open_fd(struct database *db, const struct database_options *o, struct err *e)
{
	int rc = set_paths(db, o->path, e);

	db->read_only = true;
	if (rc != 0)
		return rc;
	rc = fd_vfs_new(*o->fd, &db->fd_vfs, e);
	if (rc != 0)
		return rc;
	return database_identify(db, e);
}

static int
database_open_steps(struct database *db, const struct database_options *o,
	struct err *e)
{
	int rc = o->fd != NULL ? open_fd(db, o, e) : set_paths(db, o->path, e);

	if (o->fd)
		return rc;
	if (rc != 0)
		return rc;
	rc = database_make_folder(db->folder, e);
	if (rc != 0)
		return rc;
	rc = database_check_folder(db->folder, e);
	if (rc != 0)
		return rc;
	rc = resolve_folder(db, e);
	if (rc != 0)
		return rc;
	rc = prepare_file(db, e);
	if (rc != 0)
		return rc;
	if (!db->read_only)
		rc = take_lock(db, e);
	if (rc != 0)
		return rc;
	return database_identify(db, e);
}

/* What participants keep of the database, and the file. */
static int
database_open_all(struct database *db, const struct database_options *o,
	struct err *e)
{
	PARTICIPANT_EACH(p, db) {
		int rc = (*p)->database_open ? (*p)->database_open(db, e) : 0;

		if (rc != 0)
			return rc;
	}
	return database_open_steps(db, o, e);
}

int
database_open_with(const struct database_options *o,
	const struct store_modules *modules, struct database **ret,
	struct err *e)
{
	struct database *db;
	int rc;

	if (sodium_init() < 0)
		return err_set(e, MDB_E_INTERNAL, "libsodium cannot start");
	db = calloc(1, sizeof(*db));
	if (!db)
		return err_nomem(e);
	db->modules = modules;
	db->lock_fd = -1;
	db->read_only = o->read_only;
	db->new_instance = o->new_instance;
	db->new_id = o->new_id;
	db->weights = o->weights;
	db->namespace_facts = o->namespace_facts > 0 ? o->namespace_facts
						     : LIMIT_NAMESPACE_FACTS;
	pthread_mutex_init(&db->trouble_lock, NULL);
	rc = database_open_all(db, o, e);
	if (rc != 0) {
		database_close(db);
		return rc;
	}
	*ret = db;
	return 0;
}

void
database_close(struct database *db)
{
	if (!db)
		return;
	if (db->lock_fd >= 0) {
		/* The file stays: unlinking it would let two instances hold
		 * locks on two files of one name. */
		(void)!ftruncate(db->lock_fd, 0); /* a stale pid harms nobody */
		close(db->lock_fd);
	}
	PARTICIPANT_EACH(p, db)
		if ((*p)->database_close != NULL)
			(*p)->database_close(db);
	pthread_mutex_destroy(&db->trouble_lock);
	fd_vfs_free(db->fd_vfs);
	free(db->path);
	free(db->folder);
	free(db->pid_path);
	free(db);
}

const char *
database_path(const struct database *db)
{
	return db->path;
}

const char *
database_id(const struct database *db)
{
	return db->id;
}

const char *
database_instance(const struct database *db)
{
	return db->instance;
}

int
database_schema(const struct database *db)
{
	return db->schema;
}

const struct recall_weights *
database_weights(const struct database *db)
{
	return db->weights;
}

bool
database_read_only(const struct database *db)
{
	return db->read_only;
}

bool
database_needs_migration(const struct database *db)
{
	return db->schema < STORE_SCHEMA_VERSION;
}

bool
database_vanished(const struct database *db)
{
	struct stat s;

	if (stat(db->path, &s) != 0)
		return errno == ENOENT || errno == ENOTDIR;
	/* Without its name the lock keeps no second instance away. */
	return s.st_ino != db->ino || s.st_dev != db->dev ||
	       (db->lock_fd >= 0 && !lock_is_named(db));
}

void
database_sizes(const struct database *db, struct database_sizes *ret)
{
	AUTO_FREE char *wal = NULL;
	struct statvfs v;
	struct stat s;

	memset(ret, 0, sizeof(*ret));
	if (stat(db->path, &s) == 0)
		ret->file_bytes = s.st_size;
	if (asprintf(&wal, "%s-wal", db->path) < 0)
		wal = NULL;
	if (wal && stat(wal, &s) == 0)
		ret->wal_bytes = s.st_size;
	ret->disk_free_bytes = INT64_MAX;
	if (statvfs(db->folder, &v) == 0)
		ret->disk_free_bytes =
			(int64_t)v.f_bavail * (int64_t)v.f_frsize;
}
