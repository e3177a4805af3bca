/* Identity of a file and the schema steps.
 *
 * Each step is one transaction that also sets user_version, so that a crash
 * leaves a file at one step or the next. A newer schema is refused. */
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/migrate.h"

#include <string.h>
#include <sys/stat.h>

#include "common/text.h"
#include "memory-db/store/engine/database.h"

static int
sql_error(sqlite3 *db, const char *what, struct err *e)
{
	switch (sqlite3_errcode(db)) {
	case SQLITE_NOMEM:
		return err_nomem(e);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(e, MDB_E_CORRUPT,
			"%s: the file is no database or is damaged (%s); "
			"restore a backup or choose another path",
			what, sqlite3_errmsg(db));
	case SQLITE_FULL:
		return err_set(e, MDB_E_DISK_LOW, "%s: the disk is full", what);
	default:
		return err_set(e, MDB_E_STORE, "%s: %s", what,
			sqlite3_errmsg(db));
	}
}

static void
close_sqlite(sqlite3 **db)
{
	sqlite3_close(*db);
}
#define AUTO_SQLITE __attribute__((cleanup(close_sqlite)))

static int
exec(sqlite3 *db, const char *sql, const char *what, struct err *e)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sql_error(db, what, e);
	return 0;
}

static int
get_int(sqlite3 *db, const char *sql, const char *what, int64_t *ret,
	struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK ||
		sqlite3_step(s) != SQLITE_ROW)
		rc = sql_error(db, what, e);
	else
		*ret = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

static int
exec_all(sqlite3 *db, const char *sql, const char *path, struct err *e)
{
	int rc = exec(db, "BEGIN IMMEDIATE", path, e);

	if (rc != 0)
		return rc;
	rc = exec(db, sql, path, e);
	if (rc != 0)
		return rc;
	return exec(db, "COMMIT", path, e);
}

static int
migrate_run_step(sqlite3 *db, const struct migrate_step *step, const char *path,
	struct err *e)
{
	AUTO_FREE char *sql = NULL;
	int rc;

	if (asprintf(&sql,
		    "%s; PRAGMA user_version = %d; PRAGMA application_id = %d",
		    step->sql, step->version, DATABASE_APPLICATION_ID) < 0) {
		sql = NULL;
		return err_nomem(e);
	}
	rc = exec_all(db, sql, path, e);
	if (rc != 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* A copy beside the file before it is changed: NAME.schema-N. */
static int
keep_copy(sqlite3 *db, const struct database *base, struct err *e)
{
	char *sql = sqlite3_mprintf("VACUUM INTO '%q.schema-%d'", base->path,
		base->schema);
	AUTO_FREE char *path = NULL;
	int rc;

	if (!sql ||
		asprintf(&path, "%s.schema-%d", base->path, base->schema) < 0) {
		path = NULL;
		sqlite3_free(sql);
		return err_nomem(e);
	}
	(void)unlink(path); /* of an earlier try */
	rc = exec(db, sql, "copy before the schema step", e);
	sqlite3_free(sql);
	if (rc != 0)
		return rc;
	if (chmod(path, 0600) != 0)
		rc = err_set(e, MDB_E_STORE, "cannot protect %s", path);
	return rc;
}

int
database_copies(const struct database *base,
	int (*fn)(void *ctx, const char *path), void *ctx, struct err *e)
{
	int rc = 0;

	for (int v = 1; v < STORE_SCHEMA_VERSION; v++) {
		AUTO_FREE char *path = NULL;

		if (asprintf(&path, "%s.schema-%d", base->path, v) < 0) {
			path = NULL;
			return err_nomem(e);
		}
		if (access(path, F_OK) == 0)
			rc = fn(ctx, path);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
run_steps(struct database *base, sqlite3 *db,
	void (*progress)(void *ctx, double p), void *ctx, struct err *e)
{
	int from = base->schema;

	for (size_t i = 0; i < migrate_steps_n; i++) {
		int rc;

		if (migrate_steps[i].version <= from)
			continue;
		if (progress)
			progress(ctx,
				(double)(migrate_steps[i].version - from) /
					(STORE_SCHEMA_VERSION - from + 1));
		rc = migrate_run_step(db, &migrate_steps[i], base->path, e);
		if (rc != 0)
			return rc;
		base->schema = migrate_steps[i].version;
	}
	return migrate_check(db, base->schema, base->path, e);
}

int
database_migrate(struct database *base, void (*progress)(void *ctx, double p),
	void *ctx, struct err *e)
{
	AUTO_SQLITE sqlite3 *db = NULL;
	int rc;

	if (!database_needs_migration(base))
		return 0;
	rc = connection_open(base, true, &db, e);
	if (rc != 0)
		return rc;
	if (base->schema > 0)
		rc = keep_copy(db, base, e);
	if (rc != 0)
		return rc;
	return run_steps(base, db, progress, ctx, e);
}

#define TEXT_OF(x)	 #x
#define TEXT_OF_VALUE(x) TEXT_OF(x)
#define TOKENIZER	 TEXT_OF_VALUE(TEXT_TOKENIZER_VERSION)

/* --- identity ------------------------------------------------------------- */
static int
create_identity(sqlite3 *db, const char *path, struct err *e)
{
	/* randomblob() is SQLite's own generator, seeded from the system. */
	return exec(db,
		"BEGIN IMMEDIATE;"
		"INSERT OR IGNORE INTO meta VALUES('database_id',"
		" lower(hex(randomblob(16)))), ('instance_id',"
		" lower(hex(randomblob(16)))), ('sip_key', randomblob(16)),"
		" ('tokenizer', " TOKENIZER ");"
		"COMMIT",
		path, e);
}

/* A new file that becomes a copy of another database: by its log. */
static int
set_id(sqlite3 *db, const struct database *base, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc;

	if (strlen(base->new_id) != 32 ||
		strspn(base->new_id, "0123456789abcdef") != 32)
		return err_set(e, MDB_E_INVALID,
			"--database-id: an id of a database has 32 digits, 0 "
			"to 9 and a to f");
	rc = sqlite3_prepare_v2(db,
		"UPDATE meta SET value = ?1 WHERE key = 'database_id'", -1, &s,
		NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(s, 1, base->new_id, 32, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	(void)sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : sql_error(db, base->path, e);
}

/* The id of the database stays, that of this copy of it is a new one: two copies
 * that both go on give the same numbers to different changes. */
static int
new_instance(sqlite3 *db, const char *path, struct err *e)
{
	return exec(db,
		"UPDATE meta SET value = lower(hex(randomblob(16)))"
		" WHERE key = 'instance_id'",
		path, e);
}

static int
load_identity(struct database *base, sqlite3 *db, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int found = 0, rc = 0;

	if (sqlite3_prepare_v2(db, "SELECT key, value FROM meta", -1, &s,
		    NULL) != SQLITE_OK)
		return sql_error(db, base->path, e);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *k = (const char *)sqlite3_column_text(s, 0);
		const char *v = (const char *)sqlite3_column_blob(s, 1);
		size_t n = (size_t)sqlite3_column_bytes(s, 1);

		if (!k || !v)
			continue;
		if (strcmp(k, "database_id") == 0 && n == 32)
			memcpy(base->id, v, 32), found |= 1;
		else if (strcmp(k, "instance_id") == 0 && n == 32)
			memcpy(base->instance, v, 32), found |= 2;
		else if (strcmp(k, "sip_key") == 0 &&
			 n == sizeof(base->sip_key))
			memcpy(base->sip_key, v, n), found |= 4;
	}
	sqlite3_finalize(s);
	if (found != 7)
		rc = err_set(e, MDB_E_CORRUPT,
			"%s lacks its identity; restore a backup", base->path);
	return rc;
}

/* Ours, new, or somebody else's? */
static int
recognise(struct database *base, sqlite3 *db, struct err *e)
{
	int64_t app = 0, version = 0, tables = 0;
	int rc = get_int(db, "PRAGMA application_id", base->path, &app, e);

	if (rc != 0)
		return rc;
	rc = get_int(db, "PRAGMA user_version", base->path, &version, e);
	if (rc != 0)
		return rc;
	rc = get_int(db, "SELECT count(*) FROM sqlite_schema", base->path,
		&tables, e);
	if (rc != 0)
		return rc;
	if (app != DATABASE_APPLICATION_ID && (tables > 0 || app != 0))
		return err_set(e, MDB_E_CORRUPT,
			"%s is a database of another program; nothing was "
			"changed. Choose another path (MEMORY_DB_PATH)",
			base->path);
	if (version < 0 || version > DATABASE_SCHEMA_MOST)
		return err_set(e, MDB_E_CORRUPT,
			"%s is damaged: its header says schema %lld, which no "
			"version writes; nothing was changed. Restore a "
			"backup, and keep this file",
			base->path, (long long)version);
	if (version > STORE_SCHEMA_VERSION)
		return err_set(e, MDB_E_VERSION,
			"%s was written by a newer version (schema %lld, this "
			"program knows %d); install the newer program",
			base->path, (long long)version, STORE_SCHEMA_VERSION);
	if (base->read_only && version > 0 && version < STORE_SCHEMA_VERSION)
		return err_set(e, MDB_E_VERSION,
			"%s has the format of an older version (schema %lld, "
			"this program reads %d) and may not be written here; "
			"start memory-db on it once where it may: that brings "
			"it to the new format",
			base->path, (long long)version, STORE_SCHEMA_VERSION);
	base->schema = (int)version;
	return migrate_check(db, base->schema, base->path, e);
}

/* What a file that is ours must have to be used. */
static int
identify_ours(struct database *base, sqlite3 *db, struct err *e)
{
	bool is_new = base->schema == 0;
	int rc = base->read_only
			 ? 0
			 : exec(db, "PRAGMA journal_mode = WAL", base->path, e);

	if (rc != 0)
		return rc;
	if (is_new && base->read_only)
		return err_set(e, MDB_E_STORE,
			"%s is empty and cannot be written", base->path);
	if (is_new)
		rc = database_migrate(base, NULL, NULL, e);
	if (rc != 0)
		return rc;
	if (!base->read_only)
		rc = create_identity(db, base->path, e);
	if (rc != 0)
		return rc;
	if (is_new && base->new_id)
		rc = set_id(db, base, e);
	if (rc != 0)
		return rc;
	if (!base->read_only && base->new_instance)
		rc = new_instance(db, base->path, e);
	if (rc != 0)
		return rc;
	return load_identity(base, db, e);
}

int
database_identify(struct database *base, struct err *e)
{
	AUTO_SQLITE sqlite3 *db = NULL;
	int rc = connection_open(base, !base->read_only, &db, e);

	if (rc == 0)
		rc = recognise(base, db, e);
	/* A file that is not ours stays as it is, its WAL too. */
	if (rc != 0 && db)
		(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
			NULL);
	if (rc != 0)
		return rc;
	return identify_ours(base, db, e);
}
