/* The service cuts its log back in every pause, as far as readers let it: pages
 * that somebody may still read stay. Readers of its own end soon. Another
 * program that opened the file (sqlite3, a viewer, a script) and left a
 * transaction open is what is left; the kernel knows which, of the locks on the
 * file beside the log:
 *
 *   /proc/locks   3: POSIX  ADVISORY  READ 4711 08:01:131 124 124
 *                                          pid        inode, first and last byte
 */
#include "common/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

/* SQLite's file format: the locks of readers in the -shm file. */
#define READ_FIRST 123
#define READ_LAST  127

/* The process that holds a lock of a reader, 0: the line tells of none. */
static long
log_reader_of(const char *line, ino_t inode)
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

/* False: it lives no more, or is one of ours. */
static bool
log_reader_is_foreign(long pid, char ret_name[LOG_READER_NAME])
{
	char path[64];
	AUTO_FD int fd = -1;
	ssize_t n;

	ret_name[0] = '\0';
	if (pid <= 0 || pid == getpid() ||
		(kill((pid_t)pid, 0) < 0 && errno == ESRCH))
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	n = read(fd, ret_name, LOG_READER_NAME - 1);
	ret_name[n > 0 ? n : 0] = '\0';
	ret_name[strcspn(ret_name, "\n")] = '\0';
	return strcmp(ret_name, "memory-db") != 0;
}

long
log_reader_find(const char *database, char ret_name[LOG_READER_NAME])
{
	char path[PATH_MAX + 8], line[200];
	struct stat st;
	long found = 0;
	FILE *f;

	ret_name[0] = '\0';
	snprintf(path, sizeof(path), "%s-shm", database);
	if (stat(path, &st) != 0)
		return 0;
	f = fopen("/proc/locks", "re");
	if (!f)
		return 0;
	while (found == 0 && fgets(line, sizeof(line), f)) {
		long pid = log_reader_of(line, st.st_ino);

		if (log_reader_is_foreign(pid, ret_name))
			found = pid;
	}
	fclose(f);
	return found;
}
