/* Schema steps embedded at build time (memory-db/sql/NNNN_*.sql), and what they
 * make (memory-db/sql/embed_sql.py). */
#ifndef STORE_ENGINE_MIGRATE_H
#define STORE_ENGINE_MIGRATE_H

#include <stddef.h>

#include <sqlite3.h>

#include "common/err.h"

struct migrate_step {
	int version; /* user_version after it */
	const char *sql;
};
extern const struct migrate_step migrate_steps[];
extern const size_t migrate_steps_n;

/* A row of sqlite_schema in files of the schemas `first` to `last`. */
struct migrate_object {
	int first, last;
	const char *type, *name, *table;
	const char *sql; /* NULL: an index of a constraint */
};
extern const struct migrate_object migrate_objects[];
extern const size_t migrate_objects_n;

/* MDB_E_CORRUPT unless the file holds exactly the tables, indexes and views of
 * that schema, beside what SQLite keeps for itself: a trigger, a view or a
 * changed table of somebody else would run with the statements of memory-db.
 * what: the path, for the error. */
int migrate_check(sqlite3 *db, int schema, const char *what, struct err *e)
	MUST_CHECK;

#endif
