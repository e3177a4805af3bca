/* The text indexes: what is fed to them, in order, once per group. */
#ifndef STORE_INDEX_TEXT_INDEX_H
#define STORE_INDEX_TEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"

struct store;

/* Queues the text of a fact that opens on main / closes on main (past: row of
 * `past` just written; 0: the fact never held, it was opened by the same
 * change). name and body are raw texts: existence facts index
 * their name and type, observations their text; other kinds are not indexed.
 * The queue is flushed by store_group_commit: deletes by rising rowid, then
 * inserts by rising rowid (FTS5 flushes its buffer at each backward step). */
int text_opens(struct store *st, int64_t fact, const char *name, size_t name_n,
	const char *body, size_t body_n, struct err *e) MUST_CHECK;
int text_closes(struct store *st, int64_t fact, int64_t past, const char *name,
	size_t name_n, const char *body, size_t body_n, struct err *e)
	MUST_CHECK;

/* Queues the text of a fact that a branch shows; the first time only, as the
 * index of branches says who ever showed it, not who does now. */
int text_branch_shows(struct store *st, int64_t branch, int64_t fact,
	const char *name, size_t name_n, const char *body, size_t body_n,
	struct err *e) MUST_CHECK;

/* Writes what is queued: before COMMIT, or when a script is to find what it has
 * written. */
int text_queue_flush(struct store *st, struct err *e) MUST_CHECK;
/* The same, but nothing waits however much it is. */
int text_queue_flush_all(struct store *st, struct err *e) MUST_CHECK;
/* The same inside a request. What earlier requests of the group have queued goes
 * along, so when this one is undone the whole group is. */
int text_queue_flush_early(struct store *st, struct err *e) MUST_CHECK;

/* One step of segment merging in idle time; 1 more to do, 0 none. */
int text_idle_merge(struct store *st);

/* Compares the indexes with the facts: what each index holds (read through
 * fts5vocab) against the tokens of the facts that it should hold, and the words
 * of these facts against the vocabulary. FTS5's own integrity check does not
 * see a wrong delete in a contentless index. Calls fn with a sentence for each
 * problem, at most 32 an index; fn returns non-zero to stop. Reads everything
 * in one go, whatever the deadline is: some 10 us a fact. Does not compare
 * digests. */
typedef int (
	*text_problem_fn)(void *ctx, const char *index, const char *detail);
struct text_checked {
	int64_t live, past, branch; /* rows that each index should have */
};
int fts_check(struct store *st, text_problem_fn fn, void *ctx,
	struct text_checked *ret, struct err *e) MUST_CHECK;

/* Writes the indexes and the vocabulary anew from the facts, inside the
 * group under way (writer; nothing may be queued). */
int fts_rebuild(struct store *st, struct err *e) MUST_CHECK;

#endif
