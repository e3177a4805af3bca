/* Which database a command is about, and who may read it: the service that runs,
 * or, when that one has another database open, a private one. */
#ifndef CLI_LIB_DATABASE_USE_H
#define CLI_LIB_DATABASE_USE_H

#include <limits.h>
#include <stdbool.h>

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/private_service.h"

/* The path that --database or MEMORY_DB_PATH names, else ~/.memories/memory.db.
 * Exit codes, printed errors. */
int database_use_path(const struct cli *c, char out[PATH_MAX]) MUST_CHECK;

/* For a command that changes the file itself: refuses, with both paths, where
 * none was named and a service listens that serves another one than path, so
 * that nobody means the one and changes the other. Exit codes, printed errors. */
int database_use_agrees(const struct cli *c, const char *path) MUST_CHECK;

struct database_use {
	struct private_service own;
	struct cli *cli; /* whom to call: c, or that of `own` */
	bool is_there;	 /* false: no such database, and nobody serves one */
	bool is_running; /* a service that serves others, too */
};

/* Nothing is started that stays: who finds nobody at the socket gets a private
 * service. may_spawn: the usual one then, as other commands start. CLI_OK, also when
 * there is no database; an error of the private one goes into *e with CLI_PROBLEM
 * and is not printed. */
int database_use_open(struct database_use *u, struct cli *c, bool may_spawn,
	struct err *e) MUST_CHECK;
void database_use_done(struct database_use *u);
#define AUTO_USE __attribute__((cleanup(database_use_done)))

#endif
