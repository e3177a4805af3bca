/* Implementation plans: a title, a goal, and steps that have a state. A plan is
 * an entity of the type `implementation_plan` in the tier procedural, and
 * nothing of it lies anywhere else: what it is about and each of its steps are
 * observations that a person can read, each with metadata that a program reads.
 *
 *   "Step 2 (doing): add the endpoint. Accepted by: `make test`."
 *    metadata {"plan_step":{"step":2,"state":"doing","text":"add the endpoint",
 *                           "acceptance":["make test"]}}
 *    tag      plan:open    (as long as the state is todo, doing or blocked)
 *
 * To update a step is to put a new observation in the place of that one, which
 * says that it supersedes it. So each update is a change: history, undo,
 * branches, as_of, export and forget need no code of their own, and two agents
 * that update different steps touch different facts. A step that was set on two
 * branches stands twice after the merge: it is contested until it is set again.
 *
 * Commands of acceptance are texts. Nothing here runs them. */
#ifndef MODEL_PLAN_PLAN_H
#define MODEL_PLAN_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

#define PLAN_TYPE     "implementation_plan"
#define PLAN_OPEN_TAG "plan:open" /* of steps that are not over */

enum plan_state { /* in the order of tool_plan_states */
	PLAN_TODO,
	PLAN_DOING,
	PLAN_BLOCKED,
	PLAN_DONE,
	PLAN_DROPPED,
	PLAN_STATES
};
const char *plan_state_name(enum plan_state state);
/* The state that a member `state` names; -1 for NULL and for any other word. */
int plan_state_of(const char *name);

struct plan_step {
	int64_t number; /* stays the same for good; no other step gets it */
	int64_t fact;
	int64_t added; /* the change that shows it under the lens */
	json_t *said;  /* {step, state, text, acceptance?, note?, evidence?};
			     owned */
	char *text;    /* of the observation; owned */
	bool is_contested; /* another fact says the same step */
};

struct plan {
	int64_t entity;
	json_t *head; /* {title, goal?, acceptance?, notes?, order, last};
			      owned; NULL: the entity has none */
	int64_t head_fact;
	bool is_contested;	 /* the head stands twice */
	struct plan_step *steps; /* in the order of the plan; owned */
	size_t n, cap;
	int64_t others; /* observations that are no part of the plan */
};
void plan_done(struct plan *p);
#define AUTO_PLAN __attribute__((cleanup(plan_done)))

/* The plan of an entity as the lens shows it. */
int plan_read(struct store *st, int64_t entity, struct plan *ret, struct err *e)
	MUST_CHECK;
/* 0, or MDB_E_NOT_FOUND when the entity has another type. */
int plan_check_type(struct store *st, int64_t entity, const char *name,
	struct err *e) MUST_CHECK;

enum plan_state plan_step_state(const struct plan_step *s);
/* Whether no step is left to do. */
bool plan_is_over(const struct plan *p);
/* What to do next: the first step that is being done, else the first to do.
 * NULL: none; what is left, if anything, is blocked. */
const struct plan_step *plan_next(const struct plan *p);
/* The observation of a step and of the head, for people. */
int plan_step_text(const json_t *said, struct buf *out, struct err *e)
	MUST_CHECK;
int plan_head_text(const json_t *head, struct buf *out, struct err *e)
	MUST_CHECK;

/* --- JSON ------------------------------------------------------------------ */
/* {step, state, text, acceptance?, note?, evidence?, fact, at, session?,
 * contested?, observation?}. Returns new. */
int plan_step_json(struct store *st, const struct plan_step *s, json_t **ret,
	struct err *e) MUST_CHECK;
/* Sets o.state, o.counts and, when there is one, o.next_step. */
int plan_set_outlook(const struct plan *p, json_t *o, struct err *e) MUST_CHECK;

/* --- writing --------------------------------------------------------------- */
/* Makes the plan of an entity what `params` of save_implementation_plan says;
 * steps keep what is not said of them. *ret_removed: texts of steps that it
 * has no more, new. */
int plan_save(struct write *w, int64_t entity, const json_t *params,
	json_t **ret_removed, struct err *e) MUST_CHECK;
/* Sets what `params` of update_plan_step says of a step. *ret_was: its state
 * before; *ret_number: its number, a new one when two branches had given the
 * same to different steps. */
int plan_update(struct write *w, int64_t entity, const json_t *params,
	enum plan_state *ret_was, int64_t *ret_number, struct err *e)
	MUST_CHECK;

#endif
