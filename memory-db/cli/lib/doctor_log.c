/* The log beside the database (WAL): when it has grown, who holds it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log_reader.h"
#include "memory-db/cli/lib/doctor.h"
#include "memory-db/cli/lib/out.h"

/* Does anybody hold the lock of the database: a memory-db at another socket, a
 * restore? The kernel tells who holds locks; trying would keep somebody out. */
static bool
is_held(const char *database)
{
	char path[PATH_MAX + 8], wanted[48], line[256];
	struct stat st;
	bool is_held = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s.pid", database);
	if (stat(path, &st) != 0)
		return false;
	snprintf(wanted, sizeof(wanted), ":%llu ",
		(unsigned long long)st.st_ino);
	f = fopen("/proc/locks", "re");
	while (f && !is_held && fgets(line, sizeof(line), f))
		is_held = strstr(line, "FLOCK") && strstr(line, wanted);
	if (f)
		fclose(f);
	return is_held;
}

void
doctor_log(struct doctor *d)
{
	char path[PATH_MAX + 8], name[LOG_READER_NAME], size[OUT_NUMBER_SIZE];
	struct stat st;
	long pid;

	snprintf(path, sizeof(path), "%s-wal", d->database);
	if (d->database[0] == '\0' || stat(path, &st) != 0 || st.st_size == 0)
		return;
	out_bytes(st.st_size, size);
	if (!d->is_listening && !is_held(d->database))
		doctor_say(d, DOCTOR_OK, "log", NULL,
			"memory-db did not end by itself; what the log beside "
			"the database holds (%s) comes in at the next start",
			size);
	if (st.st_size < LOG_READER_BYTES)
		return;
	pid = log_reader_find(d->database, name);
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
