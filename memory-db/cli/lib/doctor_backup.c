/* doctor, the backups: whether there are any where `memoryctl backup` puts them,
 * how old the newest is, and whether each can be restored as far as that can be
 * told from the names: a part of a chain needs those before it. Nothing is opened
 * or decrypted; whether a backup is whole says `memoryctl restore --into FILE`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "memory-db/cli/lib/backup_folder.h"
#include "memory-db/cli/lib/doctor.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
/* The timer and the cron line make one each night. */
#define OLD_DAYS 7
/* A memory of less is a trial: nobody misses it. */
#define TRIAL_BYTES (1024 * 1024)

#define HOW                                                                    \
	"memoryctl backup makes one; memory-backup.timer or backup_memory.sh " \
	"make one each night"

/* Bytes of the database; -1: there is none. */
static int64_t
database_bytes(const struct doctor *d)
{
	struct stat st;

	return stat(d->database, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void
say_none(struct doctor *d, const char *folder)
{
	bool is_trial = database_bytes(d) < TRIAL_BYTES;

	doctor_say(d, is_trial ? DOCTOR_OK : DOCTOR_WARN, "backup",
		is_trial ? NULL : HOW,
		"none in %s (one that lies elsewhere is not known here)",
		folder);
}

static void
check_age(struct doctor *d, const struct backup_folder *f)
{
	const struct backup_entry *newest = &f->entries[f->n - 1];
	int64_t ms = clock_now_ms() - newest->name.made_ms;
	char at[CLOCK_TEXT_SIZE];

	clock_format(newest->name.made_ms, at);
	if (ms < -DAY_MS)
		doctor_say(d, DOCTOR_WARN, "backup",
			"look at the clock of this machine: backups are kept and "
			"removed by their age",
			"the newest in %s is of %s, which is yet to come",
			f->path, at);
	else if (ms > OLD_DAYS * DAY_MS)
		doctor_say(d, DOCTOR_WARN, "backup", HOW,
			"the newest in %s is %lld days old (%s)", f->path,
			(long long)(ms / DAY_MS), at);
	else
		doctor_say(d, DOCTOR_OK, "backup", NULL,
			"%zu in %s, the newest of %s", f->n, f->path, at);
}

/* The first part whose chain does not begin. */
static void
check_chains(struct doctor *d, const struct backup_folder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct backup_entry *x = &f->entries[i];
		size_t base;

		if (x->name.is_whole || backup_folder_base(f, i, &base))
			continue;
		doctor_say(d, DOCTOR_FAIL, "backup",
			"bring the missing file back; memoryctl backup makes a "
			"whole one, which needs no other",
			"%s/%s cannot be restored: one before it, up to change "
			"%lld, is missing",
			f->path, x->file, (long long)x->name.from);
		return;
	}
}

/* Of the database that is looked at, where its id is known; else of any. */
static int
doctor_backup_list(const struct doctor *d, struct backup_folder *f,
	struct err *e)
{
	const json_t *database = json_object_get(d->status, "database");
	const char *id = cli_str(database, "id", NULL);

	return backup_folder_list(f, id, e);
}

static void
check_folder(struct doctor *d, struct backup_folder *f)
{
	struct stat st;

	if (fstat(f->fd, &st) == 0 && (st.st_mode & 077))
		doctor_say(d, DOCTOR_WARN, "backup", "chmod 700 it",
			"folder %s has mode %04o: others may read what is in it",
			f->path, (unsigned)st.st_mode & 07777);
	if (database_bytes(d) < 0)
		doctor_say(d, DOCTOR_WARN, "backup",
			"if they are of it, memoryctl restore FOLDER brings the "
			"newest back; without that the next start makes an "
			"empty memory",
			"there is no database at %s, and %zu backups of some "
			"database are in %s",
			d->database, f->n, f->path);
	check_age(d, f);
	check_chains(d, f);
}

void
doctor_backup(struct doctor *d)
{
	AUTO_FOLDER struct backup_folder f = {.fd = -1, .lock_fd = -1};
	const char *home = getenv("HOME");
	char folder[PATH_MAX];
	struct err e = {0};
	int rc;

	/* A memory of another user is backed up by that user. */
	if (d->database[0] == '\0' || !home || home[0] != '/')
		return;
	snprintf(folder, sizeof(folder), "%s/memory_backups", home);
	rc = backup_folder_open(&f, folder, false, &e);
	if (rc == MDB_E_NOT_FOUND) {
		if (database_bytes(d) >= 0)
			say_none(d, folder);
		return;
	}
	if (rc == 0)
		rc = doctor_backup_list(d, &f, &e);
	if (rc != 0)
		doctor_say(d, DOCTOR_WARN, "backup", "check its permissions",
			"%s", e.text);
	else if (f.n == 0)
		say_none(d, folder);
	else
		check_folder(d, &f);
}
