/* Undo in slices (model/time/sliced_run.h): the changes are taken back a few at a time,
 * newest first, so that after each slice the memory is as if the newest of them
 * had never been. */
#ifndef MODEL_TIME_UNDO_SLICE_H
#define MODEL_TIME_UNDO_SLICE_H

#include "memory-db/model/time/sliced_run.h"
#include "memory-db/model/time/undo.h"

/* u->changes holds all (a new run) or nothing: sets them to those of the next
 * slice, and u->others to the rest, those taken back before, and what the run
 * did itself. */
int undo_slice_begin(struct undo *u, struct sliced_run *run, struct err *e)
	MUST_CHECK;
/* As undo_plan() and undo_apply(). What is in the way may be too much for one
 * change together with the rest: then a slice takes the newest alone. And where
 * curation has touched so many entities that vanish that their facts and tiers
 * do not fit into one change, slices before take back the tiers. */
int undo_slice_plan(struct undo *u, struct sliced_run *run, struct err *e)
	MUST_CHECK;
int undo_slice_apply(struct undo *u, struct sliced_run *run, struct err *e)
	MUST_CHECK;
/* After w is sealed: keeps what is left. */
int undo_slice_end(struct undo *u, struct sliced_run *run, int64_t *ret_left,
	struct err *e) MUST_CHECK;

#endif
