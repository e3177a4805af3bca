/* How each SQLite connection is opened: limits, flags, pragmas. */
#include "memory-db/store/engine/store_internal.h"

#include "common/cleanup.h"
#include "memory-db/store/engine/database.h"
#include "memory-db/store/engine/fd_vfs.h"

static int
set_flags(sqlite3 *db)
{
	static const struct {
		int op, value;
	} flags[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_DQS_DML, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		/* Beside partial indexes the planner looks at the values that
		 * are bound, and each one expired the statement. */
		{SQLITE_DBCONFIG_ENABLE_QPSG, 1},
		/* While it is opened: of a file that is damaged or none of
		 * ours the last one to close it would remove the WAL. */
		{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < ARRAY_LEN(flags); i++)
		rc = sqlite3_db_config(db, flags[i].op, flags[i].value, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 64 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 1 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM INTO needs it */
	return rc;
}

static int
open_error(struct database *base, sqlite3 *db, int rc, struct err *e)
{
	switch (rc & 0xff) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(e, MDB_E_CORRUPT,
			"%s is no SQLite database or is damaged; nothing was "
			"changed. Restore a backup or choose another path",
			base->path);
	case SQLITE_NOMEM:
		return err_nomem(e);
	default:
		return err_set(e, MDB_E_STORE, "cannot open %s: %s", base->path,
			db != NULL ? sqlite3_errmsg(db) : "no memory");
	}
}

static int
open_with(struct database *base, int flags, const char *vfs, const char *setup,
	sqlite3 **ret, struct err *e)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(base->path, &db,
		flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
			SQLITE_OPEN_NOFOLLOW,
		vfs);

	if (rc == SQLITE_OK)
		rc = set_flags(db);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db, 5000);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, setup, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0,
			NULL);
	if (rc == SQLITE_OK) {
		*ret = db;
		return 0;
	}
	rc = open_error(base, db, rc, e);
	sqlite3_close(db);
	return rc;
}

#define SETUP                                                                  \
	"PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"                \
	"PRAGMA cell_size_check = ON;"
#define SETUP_FILE                                                             \
	SETUP "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL;"      \
	      "PRAGMA secure_delete = ON;"

int
connection_open(struct database *base, bool writable, sqlite3 **ret,
	struct err *e)
{
	int flags = writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;

	/* The journal mode stays as it is: database_identify sets it once the
	 * file is known to be ours. */
	return open_with(base, flags,
		base->fd_vfs != NULL ? fd_vfs_name(base->fd_vfs) : NULL,
		SETUP_FILE, ret, e);
}

/* Pages are never spilled: what a script wrote exists in memory only. */
int
connection_open_snapshot(struct database *base, const char *vfs, sqlite3 **ret,
	struct err *e)
{
	return open_with(base, SQLITE_OPEN_READWRITE, vfs,
		"PRAGMA journal_mode = MEMORY; PRAGMA cache_spill = OFF;"
		"PRAGMA synchronous = OFF;" SETUP,
		ret, e);
}

void
store_set_up(void)
{
	/* Refused when SQLite runs already: then it counts. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

const char *
store_sqlite_version(void)
{
	return sqlite3_libversion();
}
