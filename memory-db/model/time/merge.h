/* Three-way merge of a branch into its parent.
 *
 * base: the parent at the fork, or the branch as the last merge took it.
 * Facts that the branch added since come, facts that it removed go; both sides'
 * added facts never conflict. Single-valued things (type, name, metadata,
 * tier, pin, validity and weight of one text or triple) set differently on
 * both sides, and an entity deleted on one side and changed on the other, are
 * conflicts: the target keeps its value, the other stands in `conflict`. So is
 * a name that leads to another entity on the target; an entity new there comes
 * as "name~branch".
 *
 * Example, the entity Ada:
 *
 *            base               branch             parent             merged
 *   facts    "lives in Rome"    "likes tea"        "lives in Rome"    "likes tea"
 *                                                  "plays chess"      "plays chess"
 *   type     person             researcher         writer             writer
 *
 * The branch hid Rome and added tea, the parent added chess: no conflict. Both
 * set the type: the parent's stays, and a row of `conflict` keeps person,
 * writer and researcher until somebody decides. */
#ifndef MODEL_TIME_MERGE_H
#define MODEL_TIME_MERGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

struct merge_result {
	int64_t added, removed, attributes;
	int64_t touched;   /* facts the branch ever showed or hid */
	int64_t remaining; /* of a slice: what is left, 0 when it is done */
	int64_t stands; /* texts, triples and values that were there already */
	bool fast_forward; /* the parent had not moved */
	json_t *conflicts; /* array; owned */
};

/* Applies the merge of `branch` to w, which writes on its parent. The caller
 * seals w; then merge_record notes what was taken. */
int merge_apply(struct write *w, int64_t branch, struct merge_result *ret,
	struct err *e) MUST_CHECK;
int merge_record(struct write *w, int64_t branch, struct err *e) MUST_CHECK;
/* One slice of a merge (model/time/sliced_run.h). The state of the run keeps how far it
 * came, and pins what of the branch it takes. Then
 * merge_record_run. */
struct sliced_run;
int merge_slice(struct write *w, int64_t branch, struct sliced_run *run,
	struct merge_result *ret, struct err *e) MUST_CHECK;
/* After w is sealed. */
int merge_record_run(struct write *w, int64_t branch, struct sliced_run *run,
	const struct merge_result *m, struct err *e) MUST_CHECK;
void merge_result_done(struct merge_result *r);

/* One change of a branch, taken by itself.
 *
 * base: what its branch saw before it, theirs: after it. So what else is on the
 * branch does not come along, and what the target changed since then is found
 * as in any merge. Where the state is there already nothing is written. */
struct merge_pick {
	int64_t change, branch; /* which, and where it was written */
	/* The target shall take its values where it has set others since: base
	 * is then the target itself. */
	bool wins;
	/* Changes of the target that took earlier ones of the same branch: they
	 * are not in its way. May be NULL. */
	const struct idset *own;
};
/* Applies it to w. The caller seals w, or looks (w->look): then conflicts are
 * told and kept nowhere. */
struct idset;
int merge_pick(struct write *w, const struct merge_pick *p,
	struct merge_result *ret, struct err *e) MUST_CHECK;

#endif
