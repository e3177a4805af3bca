/* Folding old history into a base (store/log/base.h), on a file that nobody else
 * has open.
 *
 * A fact is folded away when nothing at the base or after it shows it and
 * nothing that stays needs it. What stays needs:
 *   - what the base or a later state shows, on main and on every branch that
 *     can be read (an inbox, too);
 *   - what was forgotten: the digests, and the ops that say so, are what keeps
 *     it from coming back with an older backup;
 *   - both facts of each conflict, whatever was decided;
 *   - the sources of facts that were derived, as long as those are there;
 *   - the names that an entity had, and that an entity is there to which a
 *     relation leads.
 * With a fact go its spans, ops, index rows and vectors; then versions (the
 * oldest and the newest stay), values of attributes that had ended, entities of
 * which nothing is left, and changes that are empty. What stays keeps the time,
 * the session and the author that it has.
 *
 * A branch that can be read and was forked before the base would lose what it
 * sees of its parent: the base of that namespace lies at its fork instead, and
 * the row says which branch holds it. */
#ifndef STORE_CHECK_FOLD_H
#define STORE_CHECK_FOLD_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

struct fold_row {
	int64_t ns;
	int64_t base;	  /* as it was; 0: none */
	int64_t floor;	  /* as it will be, or is; base: nothing to fold */
	int64_t floor_at; /* ms */
	int64_t held;	  /* branch that holds it there; 0: none */
	int64_t changes, facts; /* up to there */
	int64_t changes_left, facts_left;
};
typedef int (*fold_fn)(void *ctx, const struct fold_row *r);

/* Works out where the base of each namespace (only: 0, of all) comes to lie so
 * that it holds all changes before a time. In tables of this connection; writer,
 * inside a group. */
int fold_plan(struct store *st, int64_t before_ms, int64_t only, struct err *e)
	MUST_CHECK;
/* Folds as planned; the indexes of words are written anew. */
int fold_run(struct store *st, struct err *e) MUST_CHECK;
/* The rows of the plan; after fold_run() with what is left. */
int fold_each(struct store *st, fold_fn fn, void *ctx, struct err *e)
	MUST_CHECK;
/* Makes what is left of a namespace a chain of its own, and gives its seal in
 * four numbers, for change_fold(). */
int fold_seal(struct store *st, const struct fold_row *r, int64_t ret[4],
	struct err *e) MUST_CHECK;
/* After the COMMIT: gives the room back to the file system. */
int fold_shrink(struct store *st, struct err *e) MUST_CHECK;

#endif
