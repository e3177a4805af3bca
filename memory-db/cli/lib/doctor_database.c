/* The database file as it lies there: read as bytes, never opened as a
 * database, so that looking changes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/contract/database_file.h"
#include "common/owned.h"
#include "common/client/settings.h"
#include "common/text.h"
#include "memory-db/cli/lib/backup_check.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/twomemories.h"

/* The first 100 bytes of a SQLite file (sqlite.org/fileformat2.html):
 * 0 magic, 16 page size, 24 change counter, 28 pages, 60 user_version,
 * 68 application_id, 92 change counter for which the number of pages holds. */
#define HEADER_BYTES 100
#define DAY_S	     (24 * 3600)
static const char magic[16] = "SQLite format 3";

static uint32_t
doctor_database_big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool
choose_path(struct doctor *d)
{
	const char *served = d->hello ? cli_str(d->hello, "path", NULL) : NULL;
	const char *home = getenv("HOME");
	const char *asked = d->c->database;

	if (served) {
		snprintf(d->database, sizeof(d->database), "%s", served);
	} else if (asked && asked[0] != '\0') {
		if (cli_absolute(asked, d->database, sizeof(d->database)) != 0)
			d->database[0] = '\0';
	} else if (home && home[0] == '/') {
		snprintf(d->database, sizeof(d->database),
			"%s/.memories/memory.db", home);
	}
	return d->database[0] != '\0';
}

/* A service for several serves its own database; what this user had before
 * lies where it was, and nobody looks there. */
static void
doctor_database_check_other(struct doctor *d)
{
	const char *home = getenv("HOME");
	char own[PATH_MAX];
	struct stat here, there;

	if (!d->hello || !home || home[0] != '/')
		return;
	snprintf(own, sizeof(own), "%s/.memories/memory.db", home);
	if (stat(own, &there) != 0 || there.st_size == 0 ||
		strcmp(own, d->database) == 0 ||
		(stat(d->database, &here) == 0 && here.st_ino == there.st_ino &&
			here.st_dev == there.st_dev))
		return;
	doctor_say(d, DOCTOR_WARN, "database",
		twomemories_advice(TWOMEMORIES_SHARED_SERVES),
		"the service has %s open; you also have %s, which is not read",
		d->database, own);
}

/* Nothing there: the first start makes it; a running one has lost it. */
static void
say_missing(struct doctor *d)
{
	if (d->hello)
		doctor_say(d, DOCTOR_FAIL, "database",
			"put it back, or "
			"restart memory-db",
			"memory-db has %s open, which "
			"was moved or removed",
			d->database);
	else
		doctor_say(d, DOCTOR_OK, "database", NULL,
			"%s does not exist "
			"yet: memory-db makes it when it starts",
			d->database);
}

static bool
doctor_database_check_folder(struct doctor *d)
{
	char dir[PATH_MAX];
	struct stat st;
	char *slash;

	snprintf(dir, sizeof(dir), "%s", d->database);
	slash = strrchr(dir, '/');
	slash[slash == dir ? 1 : 0] = '\0';
	if (stat(dir, &st) < 0) {
		if (errno == ENOENT)
			say_missing(d);
		else
			doctor_say(d, DOCTOR_FAIL, "database",
				"check its "
				"permissions",
				"folder %s cannot be reached: "
				"%s",
				dir, strerrordesc_np(errno));
		return false;
	}
	if (!S_ISDIR(st.st_mode)) {
		doctor_say(d, DOCTOR_FAIL, "database",
			"choose another "
			"MEMORY_DB_PATH",
			"%s is no folder", dir);
		return false;
	}
	if (st.st_mode & 022)
		doctor_say(d, DOCTOR_FAIL, "database",
			"give the memory a "
			"folder of its own (MEMORY_DB_PATH=FOLDER/memory/"
			"memory.db makes one), or chmod 700 it",
			"others may make files in %s (mode %04o): memory-db "
			"does not start there",
			dir, (unsigned)st.st_mode & 07777);
	else if (st.st_mode & 077)
		doctor_say(d, DOCTOR_WARN, "database",
			"chmod 700 it, or give "
			"the memory a folder of its own",
			"folder %s has mode %04o: others may look in", dir,
			(unsigned)st.st_mode & 07777);
	if (access(dir, W_OK | X_OK) < 0)
		doctor_say(d, DOCTOR_FAIL, "database",
			"give it to the user "
			"that runs memory-db",
			"folder %s of %s cannot be "
			"written by you",
			dir, doctor_user(st.st_uid));
	return true;
}

static void
doctor_database_check_identity(struct doctor *d, const unsigned char *h,
	const struct stat *st)
{
	uint32_t page = (uint32_t)h[16] << 8 | h[17];
	uint32_t pages = doctor_database_big_endian(h + 28);
	uint32_t version = doctor_database_big_endian(h + 60),
		 id = doctor_database_big_endian(h + 68);

	if (page == 1)
		page = 65536;
	if (id != DATABASE_APPLICATION_ID) {
		doctor_say(d, DOCTOR_FAIL, "database",
			"choose another "
			"MEMORY_DB_PATH",
			"%s is a SQLite database of another "
			"program (application_id 0x%08x)",
			d->database, id);
		return;
	}
	if (version > DATABASE_SCHEMA_MOST)
		doctor_say(d, DOCTOR_FAIL, "database",
			"bring a backup back: memoryctl restore "
			"~/memory_backups --force; this file is kept beside "
			"it",
			"damaged: its header says schema "
			"%u, which no version writes",
			version);
	else if (version > DATABASE_SCHEMA)
		doctor_say(d, DOCTOR_FAIL, "database",
			"update memory-db and "
			"memoryctl",
			"its schema %u is newer than %d, the one "
			"of this version",
			version, DATABASE_SCHEMA);
	/* Pages may be in the write-ahead log: more is fine, fewer is not. */
	if (memcmp(h + 24, h + 92, 4) == 0 &&
		(uint64_t)st->st_size < (uint64_t)page * pages)
		doctor_say(d, DOCTOR_FAIL, "database",
			"bring a backup back: memoryctl restore "
			"~/memory_backups --force; this file is kept beside "
			"it",
			"truncated: %lld bytes, its header "
			"says %llu",
			(long long)st->st_size,
			(unsigned long long)page * pages);
	if (version < DATABASE_SCHEMA && !d->hello)
		doctor_say(d, DOCTOR_OK, "database", NULL,
			"memory-db brings it from schema %u to %d when it "
			"starts, and keeps a copy of what it was",
			version, DATABASE_SCHEMA);
	if (st->st_mtime > clock_now_ms() / 1000 + DAY_S)
		doctor_say(d, DOCTOR_WARN, "database",
			"look at the clock of this machine: until it has caught "
			"up, new changes have the time of the newest one",
			"%s was written %lld days from now", d->database,
			(long long)(st->st_mtime - clock_now_ms() / 1000) /
				DAY_S);
	doctor_say(d, DOCTOR_OK, "database", NULL,
		"%s: schema %u, %lld "
		"bytes",
		d->database, version, (long long)st->st_size);
}

static void
check_header(struct doctor *d, const struct stat *st)
{
	unsigned char header[HEADER_BYTES];
	AUTO_FD int fd = open(d->database,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : pread(fd, header, sizeof(header), 0);

	if (n < 0) {
		doctor_say(d, DOCTOR_FAIL, "database",
			"check its owner and "
			"permissions",
			"%s cannot be read: %s", d->database,
			strerrordesc_np(errno));
	} else if (n == 0) {
		doctor_say(d, DOCTOR_WARN, "database",
			"nothing to do if "
			"memory-db has just been started for the first time",
			"%s is empty", d->database);
	} else if (n < HEADER_BYTES || memcmp(header, magic, 16) != 0) {
		doctor_say(d, DOCTOR_FAIL, "database",
			"choose another "
			"MEMORY_DB_PATH, or bring a backup back: memoryctl "
			"restore ~/memory_backups --force",
			"%s is no SQLite database", d->database);
	} else {
		doctor_database_check_identity(d, header, st);
	}
}

/* memory-db.conf, which memory-db does not start with when others wrote it. */
static void
check_settings(struct doctor *d)
{
	AUTO_FREE char *path = NULL;
	struct err e = {0};
	struct stat st;

	if (settings_file(d->database, &path, &e) != 0) {
		d->is_out_of_memory = true;
		return;
	}
	if (lstat(path, &st) < 0)
		return;
	if (owned_check(&st, path, &e) != 0)
		doctor_say(d, DOCTOR_FAIL, "settings",
			"look at it, and put "
			"your own there",
			"%s", e.text);
	else if (st.st_mode & (st.st_uid == geteuid() ? 077 : 022))
		doctor_say(d, DOCTOR_FAIL, "settings",
			"look at what is in "
			"it, then chmod 600 it",
			"%s has mode %04o: memory-db "
			"does not start with it",
			path, (unsigned)st.st_mode & 07777);
	else if (st.st_uid == geteuid() &&
		 backup_check_settings(d->database, &e) == MDB_E_CORRUPT)
		doctor_say(d, DOCTOR_FAIL, "settings",
			"correct that line or take it out",
			"memory-db does not start with it: %s", e.text);
	else
		doctor_say(d, DOCTOR_OK, "settings", NULL, "%s", path);
}

/* What SQLite and the service keep beside it: of another user, or behind a link, it
 * is not used, and neither is the database. */
static void
check_beside(struct doctor *d)
{
	static const char *const tails[] = {"-wal", "-shm", "-journal", ".pid"};

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		char path[PATH_MAX + 16];
		struct err e = {0};

		snprintf(path, sizeof(path), "%s%s", d->database, tails[i]);
		if (owned_check_path(path, &e) != 0)
			doctor_say(d, DOCTOR_FAIL, "database",
				"move it away when it is not yours, or choose "
				"another MEMORY_DB_PATH",
				"memory-db does not start beside it: %s",
				e.text);
	}
}

void
doctor_database(struct doctor *d)
{
	struct stat st;

	if (!choose_path(d)) {
		doctor_say(d, DOCTOR_FAIL, "database", "set MEMORY_DB_PATH",
			"no path for the database is known");
		return;
	}
	doctor_database_check_other(d);
	/* That of a service of the machine is its own matter. */
	if (d->hello && access(d->database, F_OK) != 0 && errno == EACCES) {
		doctor_say(d, DOCTOR_OK, "database", NULL,
			"%s, which only "
			"the user of the service may look at",
			d->database);
		d->database[0] = '\0';
		return;
	}
	if (!doctor_database_check_folder(d))
		return;
	check_settings(d);
	check_beside(d);
	if (lstat(d->database, &st) < 0) {
		say_missing(d);
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		doctor_say(d, DOCTOR_FAIL, "database",
			"choose another "
			"MEMORY_DB_PATH",
			"%s is no regular file", d->database);
		return;
	}
	if (!owned_is_ours(st.st_uid))
		doctor_say(d, DOCTOR_FAIL, "database",
			"choose another "
			"MEMORY_DB_PATH",
			"%s belongs to %s: memory-db does "
			"not use it",
			d->database, doctor_user(st.st_uid));
	if (st.st_mode & 077)
		doctor_say(d, DOCTOR_WARN, "database", "chmod 600 it",
			"%s has mode %04o: others may read it", d->database,
			(unsigned)st.st_mode & 07777);
	if (access(d->database, R_OK | W_OK) < 0 || (st.st_mode & S_IWUSR) == 0)
		doctor_say(d, DOCTOR_FAIL, "database",
			"chmod 600 it, or give "
			"it to the user that runs memory-db",
			"%s of %s may not be written: memory-db will only "
			"read",
			d->database, doctor_user(st.st_uid));
	check_header(d, &st);
}

/* The lock file holds the number of the process that serves the database. */
void
doctor_lock(struct doctor *d)
{
	char path[PATH_MAX + 8], text[32] = "", name[64];
	AUTO_FD int fd = -1;
	int64_t pid;
	ssize_t n;

	snprintf(path, sizeof(path), "%s.pid", d->database);
	fd = d->database[0] ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
			    : -1;
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (text_int(text, 1, INT32_MAX, &pid) != 0) {
		doctor_say(d, DOCTOR_OK, "lock", NULL,
			"%s names no process: "
			"free",
			path);
	} else if (!doctor_process((long)pid, name, sizeof(name)) ||
		   strcmp(name, "memory-db") != 0) {
		doctor_say(d, DOCTOR_OK, "lock", NULL,
			"process %s, named in "
			"%s, has ended: free",
			text, path);
	} else if (d->is_listening && !d->hello) {
		doctor_say(d, DOCTOR_WARN, "lock",
			"end that process (it "
			"finishes what it accepted): the one behind the socket "
			"can start then",
			"process %s has this database open, "
			"but not behind %s",
			text, d->socket);
	} else if (!d->is_listening) {
		doctor_say(d, DOCTOR_WARN, "lock",
			"set MEMORY_DB_SOCKET as "
			"that process has it, or end it",
			"process %s has "
			"this database open, but listens at another socket "
			"than %s",
			text, d->socket);
	} else {
		doctor_say(d, DOCTOR_OK, "lock", NULL,
			"process %s has the "
			"database open",
			text);
	}
}
