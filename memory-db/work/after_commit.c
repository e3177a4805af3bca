#include "memory-db/work/after_commit.h"

#include <string.h>

#include "common/log.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/store/check/erase.h"
#include "memory-db/work/policing.h"
#include "memory-db/work/scanning.h"

/* Says that traces of what was erased remain until idle time. */
static void
answer_pending(struct job *j, json_t *result)
{
	struct effects effects = j->effects;
	struct err e = {0};

	j->effects = (struct effects){0};
	job_retract(j);
	if (json_object_set_new(result, "pending", json_true()) != 0)
		log_event(LOG_DEBUG, "no memory to say more", j->serial);
	if (job_answer(j, json_incref(result), &e) != 0)
		log_event(LOG_DEBUG, "no memory to answer", j->serial);
	j->effects = effects;
}

/* What was erased is gone from the file only when the text index is merged and
 * the WAL emptied. */
static void
after_commit_erased(struct work *w, struct job *j, const struct effect *x)
{
	graph_keep_clear(w->keep); /* no text of it stays in memory */
	if (store_is_erasing(w->st))
		answer_pending(j, x->result);
}

static void
after_commit_staged(struct work *w, struct job *j, const struct effect *x)
{
	(void)j;
	if (x->note.is_staged)
		policing_note(w->policing);
}

static void
after_commit_kept(struct work *w, struct job *j, const struct effect *x)
{
	(void)j;
	(void)x;
	graph_keep_clear(w->keep);
}

/* Effects that come before the replies go out; the others are the loop's. */
static void (*const effect_fns[EFFECT_MAX])(struct work *w, struct job *j,
	const struct effect *x) = {
	[EFFECT_ERASED] = after_commit_erased,
	[EFFECT_FEED] = after_commit_staged,
	[EFFECT_KEPT] = after_commit_kept,
};

/* What waits already is asked about when a namespace gets a function. */
static void
after_commit_settings(struct work *w, const struct job *j)
{
	if (j->kind == JOB_CALL && j->code == MDB_OK &&
		strcmp(j->tool->name, TOOL_NAME(set_namespace_settings)) == 0)
		policing_note(w->policing);
}

void
after_commit(struct work *w, struct job *first, struct job *end)
{
	if (store_is_erasing(w->st))
		(void)erase_finish(w->st); /* once for all of them */
	scanning_note(w->scanning);
	for (struct job *j = first; j != end; j = j->next) {
		after_commit_settings(w, j);
		for (struct effect *x = j->effects.first; x; x = x->next)
			if (effect_fns[x->kind])
				effect_fns[x->kind](w, j, x);
	}
}
