/* Is the database consistent? Every link of the hash chains from the ops,
 * every digest from the texts, and what is derived from them (spans, versions,
 * past, counters, names, text indexes), then SQLite's own checks.
 *
 * It runs in slices; a mark says where the next one goes on. Changes newer
 * than the one at which it began are left to the next run. A chain proves that
 * nothing was altered since its head was noted elsewhere (verify_find_head). */
#ifndef STORE_CHECK_VERIFY_H
#define STORE_CHECK_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* More problems than this end the run: the file is beyond telling. */
#define VERIFY_PROBLEMS_MAX 1000

/* Halves that do not need each other, for two threads with a connection each:
 * what is derived (SQLite's own check, counters, vectors, text indexes), and the
 * log with all that its ops ask for. */
enum verify_part { VERIFY_WHOLE, VERIFY_DERIVED, VERIFY_LOG };

struct verify_mark {	/* zeroed but for `change` at the start */
	int64_t change; /* the newest when the run began */
	int64_t step, a;
	int64_t changes, facts; /* checked so far */
	/* Hashes of the rows that the ops ask for, less those of the rows
	 * found: 0 in the end. */
	int64_t spans, closed, versions, attrs;
	int64_t problems;
	enum verify_part part;
};
#define VERIFY_MARK_NUMBERS 10

/* what: a word ("chain", "digest", "span", ...). mendable: the fact that repair
 * can mend (store/check/repair.h), 0: none. Non-zero stops the slice and is
 * returned. */
typedef int (*verify_problem_fn)(void *ctx, const char *what,
	const char *detail, int64_t mendable);

/* Works until the monotonic time `until_ns` (some steps take as long as they
 * take: SQLite's own check of a table, counters, text indexes). *ret_progress
 * 0..1; *ret_done when nothing is left. Damage is reported to fn and is no
 * error of the call. */
int verify_slice(struct store *st, struct verify_mark *mark, int64_t until_ns,
	verify_problem_fn fn, void *ctx, double *ret_progress, bool *ret_done,
	struct err *e) MUST_CHECK;

/* The change of namespace ns whose link is `head`. 1 found, 0 not. */
int verify_find_head(struct store *st, int64_t ns, const unsigned char head[32],
	int64_t *ret_change, struct err *e) MUST_CHECK;

#endif
