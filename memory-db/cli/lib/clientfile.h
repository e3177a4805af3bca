/* A configuration file of an MCP client: found, read, replaced with care. */
#ifndef CLI_LIB_CLIENTFILE_H
#define CLI_LIB_CLIENTFILE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/clients.h"

struct clientfile {
	char path[PATH_MAX]; /* behind symbolic links */
	bool exists;
	struct stat st;	 /* as read */
	struct buf text; /* owned; NUL-terminated */
	json_t *json;	 /* owned; an object; NULL when !exists */
};

/* Reads and parses. A missing file is none to complain about, an empty one
 * is {}. MDB_E_INVALID: it cannot be parsed or is no object, with the reason;
 * MDB_E_STORE; MDB_E_NOMEM. */
int clientfile_read(struct clientfile *cf, enum client_format format,
	const char *path, struct err *e) MUST_CHECK;
/* The pure part: a configuration text as an object. Returns new, or NULL. */
json_t *clientfile_parse(enum client_format format, const struct buf *text,
	struct err *e) MUST_CHECK;
/* Only reads: cf->json stays NULL. */
int clientfile_load(struct clientfile *cf, const char *path, struct err *e)
	MUST_CHECK;

/* Copies the file to <path>.bak-TIME, then replaces it by this text; keeps
 * mode and owner. A folder that is missing is made. MDB_E_CONFLICT: somebody
 * changed it since it was read. MDB_E_DENIED: nobody may write it, or it is
 * another user's.
 * ret_backup (PATH_MAX): "" when there was no file. */
int clientfile_write(const struct clientfile *cf, const char *text, size_t n,
	mode_t new_mode, char *ret_backup, struct err *e) MUST_CHECK;

/* Removes a file in which nothing is left but ours, and the folders that were made
 * for it and are empty. Refuses as clientfile_write
 * does. */
int clientfile_remove(const struct clientfile *cf, struct err *e) MUST_CHECK;

/* The newest of the backups beside the file that is_wanted takes: 1 and its
 * text, 0 when there is none. MDB_E_NOMEM. */
int clientfile_old(const char *path,
	bool (*is_wanted)(const struct buf *text, const void *context),
	const void *context, struct buf *ret_text) MUST_CHECK;

void clientfile_done(struct clientfile *cf);

#define AUTO_CLIENTFILE __attribute__((cleanup(clientfile_done)))

#endif
