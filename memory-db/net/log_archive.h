/* Logs of past days: packed, kept for a month, bounded.
 *
 *   memory-db.log                  today
 *   memory-db.log-20261128-1.gz    what was written the day before
 *
 * The same of the audit. Where journald takes the log of the service (a unit
 * without --log-file) it has all that to itself. */
#ifndef NET_LOG_ARCHIVE_H
#define NET_LOG_ARCHIVE_H

#include <stdint.h>

/* A log_moved_fn: names the file by its day; packing and removing old ones
 * happens in a thread of its own. */
void log_archive_moved(const char *path, const char *moved, int64_t day);

#endif
