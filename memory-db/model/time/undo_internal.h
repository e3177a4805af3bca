/* A plan of undo: shared by undo.c (plan, apply, tell) and undo_check.c (what
 * stands in the way). */
#ifndef MODEL_TIME_UNDO_INTERNAL_H
#define MODEL_TIME_UNDO_INTERNAL_H

#include "memory-db/model/time/undo.h"

#define UNDONE INT64_MAX /* `since` of what the plan itself set */

/* A fact with its state before, and the one the plan gives it. */
struct undo_fact {
	int64_t fact, entity;
	enum fact_kind kind;
	int64_t peer;
	bool was, is;
	bool erased;
	int64_t since;
};
struct undo_attr {
	int64_t entity;
	enum attr_key key;
	int64_t was, is, since;
	bool along; /* curation gave it, and it goes with its entity */
};

static inline bool
undo_ours(const struct undo *u, int64_t since)
{
	/* 0: it never was */
	return since == UNDONE || since == 0 || idset_has(&u->changes, since) ||
	       idset_has(&u->others, since);
}

/* The place of an attribute in the plan, made when there is none. Borrowed until
 * the next call. */
int undo_attr_of(struct undo *u, int64_t entity, enum attr_key key,
	struct undo_attr **ret, struct err *e) MUST_CHECK;
/* The change stands in the way; the entity is what UNDO_SKIP leaves alone. */
int undo_block(struct undo *u, int64_t change, int64_t entity, struct err *e)
	MUST_CHECK;

/* Nothing particular lies between: the newest other change of the entity. */
int undo_block_any(struct undo *u, int64_t entity, struct err *e) MUST_CHECK;
/* Two facts that the plan shows do not go together: what showed the later one
 * stands in the way. */
int undo_block_between(struct undo *u, const struct undo_fact *a,
	const struct undo_fact *b, struct err *e) MUST_CHECK;

/* Blockers of one fact of the plan (undo_check.c). */
int undo_check(struct undo *u, const struct undo_fact *f, struct err *e)
	MUST_CHECK;
/* Of an entity that gets a name back: nobody else may have it by then
 * (undo_names.c). */
int undo_check_name(struct undo *u, const struct undo_fact *f, struct err *e)
	MUST_CHECK;
int undo_check_attr(struct undo *u, const struct undo_attr *a, struct err *e)
	MUST_CHECK;

#endif
