/* Who takes part in the life of a connection.
 *
 * The engine opens files, runs transactions and has idle time. What lies above
 * it keeps state of its own that must follow: a queue of texts that is written
 * before COMMIT, counters that are published after it, a cache that a roll-back
 * makes stale. Such a module has a `struct participant` and a line in
 * store/modules.c; the engine calls nobody by name.
 *
 * A hook that is NULL is not called. All hooks of one kind are called in the
 * order of the list in store/modules.c: what lies lower comes first, as what
 * lies higher may use it (an index that is written anew at `open` adds to the
 * counters that `load` read).
 *
 * Example of a group of two requests, the second of which fails:
 *
 *   begin  savepoint (request 1)  savepoint (request 2)  undone  flush
 *   (COMMIT)  committed          or, when COMMIT or a flush fails: rolled_back
 */
#ifndef STORE_ENGINE_PARTICIPANT_H
#define STORE_ENGINE_PARTICIPANT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct database;
struct store;
struct stmt_module;
struct store_table;

struct participant {
	const char *name;

	/* Of the database, before any connection and after the last one. The
	 * file is not open yet; close also follows an open that failed. */
	int (*database_open)(struct database *db, struct err *e);
	void (*database_close)(struct database *db);

	/* A connection is there, its statements are not prepared yet: state of
	 * its own, functions of SQL. */
	int (*connect)(struct store *st, struct err *e);
	/* The writer's statements are there, or those of the connection that
	 * stands for it over a read-only file: what all threads are to know. */
	int (*load)(struct store *st, struct err *e);
	/* The writer, after all that was loaded; may run a group of its own. */
	int (*open)(struct store *st, struct err *e);
	/* The connection ends; also after a connect that failed. */
	void (*close)(struct store *st);

	/* A group has begun. */
	void (*begin)(struct store *st);
	/* A request of the group begins; `undone` leads back to here. */
	void (*savepoint)(struct store *st);
	void (*undone)(struct store *st);
	/* All requests are done, COMMIT comes next. A failure ends the group. */
	int (*flush)(struct store *st, struct err *e);
	/* The one or the other ends each group, and a script's view the other.
	 * A hook that comes after COMMIT cannot fail. */
	void (*committed)(struct store *st);
	void (*rolled_back)(struct store *st);

	/* A reader is about to see another state. */
	void (*read_begin)(struct store *st);

	/* Does it keep something that its `flush` would write, though no request
	 * may come for long? */
	bool (*is_waiting)(const struct store *st);
};

/* All modules with statements, by enum stmt_module_id, and all participants,
 * NULL behind the last. The one that there is stands in store/modules.c. */
struct store_modules {
	const struct stmt_module *const *statements;
	const struct participant *const *participants;
	/* Lists of tables, each ended by one without a name. NULL behind the
	 * last. */
	const struct store_table *const *tables;
};

/* For p in the participants of a database: p points to a const pointer. */
#define PARTICIPANT_EACH(p, base)                                              \
	for (const struct participant *const *p =                              \
			(base)->modules->participants;                         \
		*(p) != NULL; (p)++)

#endif
