/* The log beside the database (WAL): when it has grown, who holds it.
 *
 * The service cuts its log back in every pause, as far as readers let it: pages
 * that somebody may still read stay. Readers of its own end soon. Another
 * program that opened the file (sqlite3, a viewer, a script) and left a
 * transaction open is what is left; the kernel knows which, of the locks on the
 * file beside the log:
 *
 *   /proc/locks   3: POSIX  ADVISORY  READ 4711 08:01:131 124 124
 *                                          pid        inode, first and last byte
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/out.h"

/* A log as large as this is not cut back any more. */
#define LOG_LARGE (64LL * 1024 * 1024)
/* SQLite's file format: the locks of readers in the -shm file. */
#define READ_FIRST 123
#define READ_LAST  127

/* The process that holds a lock of a reader, 0: the line tells of none. */
static long
reader_of(const char *line, ino_t inode)
{
	uintmax_t node, first, last;
	char kind[16];
	long pid;

	if (sscanf(line, "%*d: POSIX %*s %15s %ld %*x:%*x:%ju %ju %ju", kind,
		    &pid, &node, &first, &last) != 5)
		return 0;
	return node == inode && strcmp(kind, "READ") == 0 &&
			       first >= READ_FIRST && last <= READ_LAST
		       ? pid
		       : 0;
}

/* Another program that reads the file now; 0: none is known. */
static long
foreign_reader(const char *shm, char name[64])
{
	FILE *f = fopen("/proc/locks", "re");
	char line[200];
	struct stat st;
	long found = 0;

	if (!f)
		return 0;
	while (stat(shm, &st) == 0 && found == 0 &&
		fgets(line, sizeof(line), f)) {
		long pid = reader_of(line, st.st_ino);

		if (pid > 0 && doctor_process(pid, name, 64) &&
			strcmp(name, "memory-db") != 0)
			found = pid;
	}
	fclose(f);
	return found;
}

void
doctor_log(struct doctor *d)
{
	char path[PATH_MAX + 8], name[64], size[OUT_NUMBER_SIZE];
	struct stat st;
	long pid;

	snprintf(path, sizeof(path), "%s-wal", d->database);
	if (d->database[0] == '\0' || stat(path, &st) != 0 ||
		st.st_size < LOG_LARGE)
		return;
	out_bytes(st.st_size, size);
	snprintf(path, sizeof(path), "%s-shm", d->database);
	pid = foreign_reader(path, name);
	if (pid > 0)
		doctor_say(d, DOCTOR_WARN, "log",
			"end that program or its transaction; to look into the "
			"memory for long, let it open a copy (memoryctl backup)",
			"the log beside the database has %s: the process %ld "
			"(%s) reads the file and holds what it saw when it "
			"began",
			size, pid, name[0] ? name : "unknown");
	else
		doctor_say(d, DOCTOR_WARN, "log",
			"it is cut back when nobody writes for some seconds; "
			"memoryctl status --background says whether "
			"checkpoints fail",
			"the log beside the database has %s", size);
}
