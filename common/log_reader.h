/* Who keeps the log beside a database (WAL) from being cut back: a program that
 * is none of ours and reads the file. */
#ifndef COMMON_LOG_READER_H
#define COMMON_LOG_READER_H

/* Bytes of a log that is not cut back any more: somebody keeps it. The service
 * begins to wait for readers far below (LIMIT_WAL_BYTES). */
#define LOG_READER_BYTES (64LL * 1024 * 1024)

#define LOG_READER_NAME 64

/* The process that reads the database now; 0: none is known. ret_name: its name,
 * "" when that cannot be seen (another user's, from a hardened unit). */
long log_reader_find(const char *database, char ret_name[LOG_READER_NAME]);

#endif
