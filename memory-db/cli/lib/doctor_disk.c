/* doctor, the disk below the database: what kind of file system it is (a
 * network one has no locks that SQLite can trust), and whether there is room.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "common/limits.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/out.h"

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif

static const struct {
	unsigned long type;
	const char *name;
	enum doctor_level level;
	const char *text, *advice;
} kinds[] = {
	{NFS_SUPER_MAGIC, "NFS", DOCTOR_FAIL,
		"locks and shared memory do not work over a network",
		"put the database on a local disk"},
	{CIFS_SUPER_MAGIC, "CIFS", DOCTOR_FAIL,
		"locks and shared memory do not work over a network",
		"put the database on a local disk"},
	{SMB2_SUPER_MAGIC, "SMB", DOCTOR_FAIL,
		"locks and shared memory do not work over a network",
		"put the database on a local disk"},
	{V9FS_MAGIC, "9p", DOCTOR_FAIL,
		"locks and shared memory do not work on a shared folder",
		"put the database on a disk of this machine"},
	{TMPFS_MAGIC, "tmpfs", DOCTOR_WARN,
		"its files are gone after a restart of the machine",
		"put the database on a disk"},
	{RAMFS_MAGIC, "ramfs", DOCTOR_WARN,
		"its files are gone after a restart of the machine",
		"put the database on a disk"},
	{FUSE_SUPER_MAGIC, "FUSE", DOCTOR_WARN,
		"whether a sync reaches the disk depends on what is behind it",
		"prefer a local disk"},
};

/* The nearest folder above that exists. */
static void
existing_folder(const char *path, char out[PATH_MAX])
{
	struct statfs fs;

	snprintf(out, PATH_MAX, "%s", path);
	for (;;) {
		char *slash = strrchr(out, '/');

		if (!slash || slash == out) {
			snprintf(out, PATH_MAX, "/");
			return;
		}
		*slash = '\0';
		if (statfs(out, &fs) == 0 || errno != ENOENT)
			return;
	}
}

static void
check_kind(struct doctor *d, const char *dir)
{
	struct statfs fs;

	if (statfs(dir, &fs) < 0) {
		doctor_say(d, DOCTOR_WARN, "disk", NULL,
			"cannot look at %s: "
			"%s",
			dir, strerrordesc_np(errno));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if ((unsigned long)fs.f_type == kinds[i].type) {
			doctor_say(d, kinds[i].level, "disk", kinds[i].advice,
				"the database lies on %s: %s", kinds[i].name,
				kinds[i].text);
			return;
		}
	doctor_say(d, DOCTOR_OK, "disk", NULL, "a local file system");
}

void
doctor_disk(struct doctor *d)
{
	char dir[PATH_MAX], text[OUT_NUMBER_SIZE];
	struct statvfs vfs;
	int64_t available;

	if (d->database[0] == '\0')
		return;
	existing_folder(d->database, dir);
	check_kind(d, dir);
	if (statvfs(dir, &vfs) < 0)
		return;
	if (vfs.f_flag & ST_RDONLY)
		doctor_say(d, DOCTOR_FAIL, "disk",
			"remount it writable, or "
			"move the database",
			"%s is mounted read-only", dir);
	available = (int64_t)vfs.f_bavail * (int64_t)vfs.f_frsize;
	out_bytes(available, text);
	if (available < LIMIT_DISK_FREE_BYTES)
		doctor_say(d, DOCTOR_FAIL, "disk",
			"free some space: writes "
			"are refused below 200 MB",
			"%s free", text);
	else if (available < 5 * LIMIT_DISK_FREE_BYTES)
		doctor_say(d, DOCTOR_WARN, "disk",
			"free some space before "
			"writes stop at 200 MB",
			"%s free", text);
	else
		doctor_say(d, DOCTOR_OK, "disk", NULL, "%s free", text);
}
