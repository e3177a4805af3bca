/* Taking changes back, as a new change.
 *
 * For each op of the changes, newest first: what it showed is hidden, what it
 * hid is shown, an attribute gets the value it had. That is only right where
 * the state is still the one the changes left; a later change that touched the
 * same fact or attribute, or that builds on it (facts of an entity that would
 * vanish, the same text added anew, facts derived from it), is a blocker.
 * The state is worked out in memory first; nothing is written before it is
 * clear what happens. undo(undo(x)) = x.
 *
 * Example: change 5 replaced "lives in Rome" by "lives in Oslo", change 6 gave
 * the Oslo fact a tag. Undo of 5 would hide the Oslo fact and leave a tag of
 * nothing: change 6 is a blocker. `refuse` (the default) changes nothing and
 * names change 6; `cascade` undoes 6 and then 5, in one change. */
#ifndef MODEL_TIME_UNDO_H
#define MODEL_TIME_UNDO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/write/write.h"

enum undo_policy {
	UNDO_REFUSE, /* any blocker: MDB_E_CONFLICT with the list */
	UNDO_SKIP,   /* leave what is blocked as it is */
	UNDO_CASCADE /* take the blockers back as well */
};

struct undo {
	struct write *w;
	enum undo_policy policy;
	struct idset changes;  /* to be taken back */
	struct idset blockers; /* later changes in the way */
	struct idset others;   /* taken back by other slices of a run, and the
				slices before: nothing of them blocks */
	size_t undone;	       /* of the run (undo_slice.c) */
	int64_t total;	       /* changes of the run taken back so far */
	int64_t hidden, shown, attributes;
	/* private: undo.c */
	struct undo_fact *facts;
	size_t facts_n, facts_cap;
	struct idset fact_index, twins;
	struct idset homes;   /* entities that exist after the plan, or not */
	struct idset blocked; /* entities: one change may be in the way of
				 several */
	struct undo_attr *attrs;
	size_t attrs_n, attrs_cap;
};

/* u->w, policy and changes are set. Works out what to do; with UNDO_CASCADE
 * adds the blockers to changes. */
int undo_plan(struct undo *u, struct err *e) MUST_CHECK;
/* The blockers by id: a new array of u->blockers.n; NULL without memory. */
int64_t *undo_blockers(const struct undo *u) MUST_CHECK;
/* What the plan has to write; one change holds LIMIT_CHANGE_FACTS of it. */
int64_t undo_ops(const struct undo *u);
/* Leaves of the plan only what goes along with entities that vanish, at most so
 * many: their tiers and uses, as curation gave them. The facts go later. */
void undo_only_along(struct undo *u, int64_t most);
/* Writes it. Facts first hidden, then shown. */
int undo_apply(struct undo *u, struct err *e) MUST_CHECK;
/* [{entity, text}] of what vanishes (hide) or comes back, at most 50. */
int undo_list(struct undo *u, bool hide, json_t **ret, struct err *e)
	MUST_CHECK;
void undo_done(struct undo *u);
#define AUTO_UNDO __attribute__((cleanup(undo_done)))

#endif
