/* Where memories of several machines meet without a server: a folder, a folder
 * of another machine by ssh, or refs of a git repository. Each database writes a
 * log of its own there and reads those of the others, so nothing is ever
 * overwritten by somebody else.
 *
 *   ~/Sync/memory          ~/Sync/memory/NAMESPACE/DATABASE.jsonl
 *   host:memory            the same there, below the home folder; ~/memory too
 *   git:/srv/app.git       refs/memory/NAMESPACE/DATABASE, a blob */
#ifndef CLI_LIB_REMOTE_H
#define CLI_LIB_REMOTE_H

#include <jansson.h>
#include <limits.h>

#include "common/cleanup.h"
#include "common/err.h"

enum remote_kind { REMOTE_FOLDER, REMOTE_SSH, REMOTE_GIT };

struct remote {
	enum remote_kind kind;
	char host[256], path[PATH_MAX]; /* host: of ssh */
	char place[256]; /* of the namespace, as a file name of its own */
};

/* "git:PATH", "HOST:PATH", else a folder. */
int remote_read(const char *text, const char *namespace_, struct remote *ret,
	struct err *e) MUST_CHECK;
/* Puts a file there under the name of a database: whole, or not at all. */
int remote_put(const struct remote *r, const char *database, const char *file,
	struct err *e) MUST_CHECK;
/* Names of the databases that have put something. Returns new. */
int remote_list(const struct remote *r, json_t **ret, struct err *e) MUST_CHECK;
/* Writes what one has put to a descriptor. */
int remote_get(const struct remote *r, const char *database, int fd,
	struct err *e) MUST_CHECK;

#endif
