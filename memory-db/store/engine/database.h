/* Shared by database.c, migrate.c and store.c. */
#ifndef STORE_ENGINE_DATABASE_H
#define STORE_ENGINE_DATABASE_H

#include <sqlite3.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

struct store_modules;

/* database_open() (store.h) with these modules (participant.h). */
int database_open_with(const struct database_options *o,
	const struct store_modules *modules, struct database **ret,
	struct err *e) MUST_CHECK;

/* A bare connection with the settings of every connection. */
int connection_open(struct database *db, bool writable, sqlite3 **ret,
	struct err *e) MUST_CHECK;

/* The same on the private view of a script. */
int connection_open_snapshot(struct database *db, const char *vfs,
	sqlite3 **ret, struct err *e) MUST_CHECK;

/* Reads or gives identity (application_id, user_version, ids, keys); a new
 * file gets its schema here. */
int database_identify(struct database *db, struct err *e) MUST_CHECK;

#endif
