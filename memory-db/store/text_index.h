/* The text indexes: what is fed to them, in order, once per group. */
#ifndef STORE_TEXT_INDEX_H
#define STORE_TEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts.h"

struct store;

/* Queues the text of a fact that opens on main / closes on main (past: row of
 * `past` just written). name and body are raw texts: existence facts index
 * their name and type, observations their text; other kinds are not indexed.
 * The queue is flushed by store_group_commit: deletes by rising rowid, then
 * inserts by rising rowid (FTS5 flushes its buffer at each backward step). */
int text_opens(struct store *st, int64_t fact, const char *name, size_t name_n,
	const char *body, size_t body_n, struct err *e) MUST_CHECK;
int text_closes(struct store *st, int64_t fact, int64_t past, const char *name,
	size_t name_n, const char *body, size_t body_n, struct err *e)
	MUST_CHECK;

/* Used by store_savepoint / store_rollback / store_group_*. */
int text_queue_mark(const struct store *st);
void text_queue_rollback(struct store *st, int mark);
int text_queue_flush(struct store *st, struct err *e) MUST_CHECK;
int text_queue_new(struct store *st, struct err *e) MUST_CHECK;
void text_queue_free(struct store *st);

/* One step of segment merging in idle time; 1 more to do, 0 none. */
int text_idle_merge(struct store *st);

#endif
