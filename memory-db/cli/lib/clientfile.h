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

struct clientfile {
	char path[PATH_MAX]; /* behind symbolic links */
	bool exists;
	struct stat st;	 /* as read */
	struct buf text; /* owned; NUL-terminated */
	json_t *json;	 /* owned; an object; NULL when !exists */
};

/* Where Claude Code keeps the servers of a user (CLAUDE_CONFIG_DIR, HOME) or
 * of the project in this folder (.mcp.json). */
int clientfile_claude(bool is_project, char ret_path[PATH_MAX], struct err *e)
	MUST_CHECK;

/* Reads and parses. A missing file is none to complain about. MDB_E_INVALID:
 * it is no JSON object, with the reason; MDB_E_STORE; MDB_E_NOMEM. */
int clientfile_read(struct clientfile *cf, const char *path, struct err *e)
	MUST_CHECK;
/* Only reads: cf->json stays NULL. */
int clientfile_load(struct clientfile *cf, const char *path, struct err *e)
	MUST_CHECK;

/* Copies the file to <path>.bak-TIME, then replaces it by this text; keeps
 * mode and owner. MDB_E_CONFLICT: somebody changed it since it was read.
 * ret_backup (PATH_MAX): "" when there was no file. */
int clientfile_write(const struct clientfile *cf, const char *text, size_t n,
	mode_t new_mode, char *ret_backup, struct err *e) MUST_CHECK;

void clientfile_done(struct clientfile *cf);

#define AUTO_CLIENTFILE __attribute__((cleanup(clientfile_done)))

#endif
