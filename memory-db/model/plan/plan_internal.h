/* What saving a plan and updating a step share. */
#ifndef MODEL_PLAN_PLAN_INTERNAL_H
#define MODEL_PLAN_PLAN_INTERNAL_H

#include "memory-db/model/plan/plan.h"

/* Sets those of the members that are given; an empty value takes its member
 * away. */
int plan_overlay(json_t *said, const json_t *given, const char *const *members,
	size_t n, struct err *e) MUST_CHECK;
/* What a step is: `was` (NULL: it is new) with what is given, a text or an
 * object. *ret: new. */
int plan_step_with(const json_t *was, int64_t number, const json_t *given,
	json_t **ret, struct err *e) MUST_CHECK;

/* The observation of a step in the place of a fact (0: of none). path: of what
 * is given, for errors. */
int plan_put_step(struct write *w, int64_t entity, const json_t *said,
	int64_t replaces, const char *path, struct err *e) MUST_CHECK;
/* The same for the observation that says what the plan is about. */
int plan_put_head(struct write *w, const struct plan *p, const json_t *head,
	struct err *e) MUST_CHECK;

/* The highest number given so far: of the head, or of a step that came from
 * another branch. */
int64_t plan_last(const struct plan *p);

#endif
