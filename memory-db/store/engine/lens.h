/* Which facts a read sees. The visibility rule stands in lens.c only.
 *
 * A lens is a list of (branch, last change), nearest branch first. Present
 * reads of main (`now`) use one index range; everything else walks the levels:
 * the first level that has a span of the fact with added <= limit decides, and
 * the fact is visible when that span's removed > limit. Statements marked
 * STMT_LENS are prepared in both forms from one text.
 *
 * Example: fact 7 was shown on main by change 3 and hidden by change 9. The
 * branch `trip` forked from main at change 5.
 *
 *   read             levels of the lens         span that decides   visible
 *   main, now        (main, newest)             main: 3 until 9     no
 *   main, as of 6    (main, 6)                  main: 3 until 9     yes
 *   trip, now        (trip, newest) (main, 5)   main: 3 until 9     yes
 *
 * When trip hides the fact with change 12, it cannot close main's span. It gets
 * an empty one of its own, trip: 12 until 12. From change 12 on that span is the
 * nearest one that has begun, and it has ended: the fact is hidden on trip. A
 * read of trip as of 11 passes it over and sees the fact through main.
 *
 * A lens of a branch of the code (is_code) has one more rule: of the user's
 * memory, which has no branches of code, it sees main as it is now. */
#ifndef STORE_ENGINE_LENS_H
#define STORE_ENGINE_LENS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"

struct store;

/* The namespace of the user's memory (NAMESPACE_DEFAULT). */
#define LENS_USER 1

struct lens {
	bool now; /* main, newest: the fast form */
	/* Of a branch of the code: it is one of the project alone. What main
	 * says in the user's memory is seen up to the limit of the nearest
	 * level, not up to the fork. */
	bool is_code;
	int n; /* levels; 1 for main */
	struct {
		int64_t branch, limit;
	} level[LIMIT_LENS_DEPTH + 1];
};

/* The last change of a level that is seen of a namespace. */
static inline int64_t
lens_limit(const struct lens *l, int level, int64_t ns)
{
	return l->is_code && ns == LENS_USER && l->level[level].branch == 1
		       ? l->level[0].limit
		       : l->level[level].limit;
}

/* The newest change id; it pins what a page shows. */
int lens_newest(struct store *st, int64_t *ret_change, struct err *e)
	MUST_CHECK;

/* Highest change recorded at or before at_ms (0: before all). Below this only
 * ids count, so clock jumps cannot reorder history. */
int lens_change_at(struct store *st, int64_t at_ms, int64_t *ret_change,
	struct err *e) MUST_CHECK;

/* branch as of change (STORE_OPEN_END - 1 or more: the newest). */
int lens_make(struct store *st, int64_t branch, int64_t change,
	struct lens *ret, struct err *e) MUST_CHECK;

/* Makes the lens that of the statements that follow on this store. Each
 * request applies its own before the first read. */
int lens_apply(struct store *st, const struct lens *lens, struct err *e)
	MUST_CHECK;
/* The same with main as it is now: for what the service writes by itself. */
int lens_apply_main(struct store *st, struct err *e) MUST_CHECK;
const struct lens *lens_of(const struct store *st);

/* Branch id by name in a namespace ("main" = STORE_MAIN). */
int lens_branch(struct store *st, int64_t ns, const char *name,
	int64_t *ret_branch, struct err *e) MUST_CHECK;
/* Appends the name of a branch. 1 found, 0 not. */
struct buf;
int lens_branch_name(struct store *st, int64_t branch, struct buf *out,
	struct err *e) MUST_CHECK;

#endif
