/* The queue of conflicts: what was found, and what was decided about it.
 *
 * A row of two facts names the one that was there (`ours`) and the newer one
 * (`theirs`). It is written once. Its state is computed at read, under the lens:
 *
 *   resolved  the entity has the attribute ATTR_CONFLICT + id, which says what
 *             was decided; the change that set it says who, when and why
 *   settled   a succession: each was right in its time
 *   gone      one of the two facts is not visible (any more)
 *   pending   none of these: both facts stand, and nobody decided
 *
 * Example: "lives in Rome" and "lives in Oslo" are row 7, pending. Resolving it
 * by update is a change that hides Rome and sets the attribute 1024 + 7 to
 * "update": resolved. An undo of that change brings Rome back and takes the
 * attribute away: pending again, and as of a time between it is resolved. */
#ifndef MODEL_ORDER_QUEUE_H
#define MODEL_ORDER_QUEUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/order/fact_compare.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/conflicts.h"

enum queue_state {
	QUEUE_PENDING,
	QUEUE_RESOLVED,
	QUEUE_SETTLED,
	QUEUE_GONE,
	QUEUE_STATE_MAX
};
const char *queue_state_name(enum queue_state state);

struct queue_row {
	struct conflict c; /* its notes are owned */
	enum queue_state state;
	int64_t decision; /* enum conflict_decision */
	int64_t since;	  /* the change that decided; 0: none */
};
void queue_row_done(struct queue_row *r);
#define AUTO_QUEUE_ROW __attribute__((cleanup(queue_row_done)))

/* --- one row -------------------------------------------------------------- */
/* 1 found, judged under the lens. The lens is that of the store as well. */
int queue_get(struct store *st, const struct lens *lens, int64_t id,
	struct queue_row *ret, struct err *e) MUST_CHECK;

/* Is it none of this reader's? An agent does not see what another session wrote
 * to its inbox, as long as main has not taken it: neither the text nor that there
 * is a row. 1, 0. */
int queue_is_closed(struct store *st, const struct scope *scope,
	const struct queue_row *row, struct err *e) MUST_CHECK;

/* One of the two facts with what it takes to compare it. */
struct queue_side {
	int64_t fact, entity;
	struct buf name, text;
	int64_t from, to; /* valid times; INT64_MIN, INT64_MAX: not said */
	int64_t at;	  /* when it was said, else recorded, ms */
	bool is_there;	  /* visible under the lens */
};
/* 1 with both texts; 0: one was forgotten. */
int queue_sides(struct store *st, const struct conflict *c,
	struct queue_side *ours, struct queue_side *theirs, struct err *e)
	MUST_CHECK;
void queue_side_done(struct queue_side *s);
#define AUTO_QUEUE_SIDE __attribute__((cleanup(queue_side_done)))
/* Compares them again: pure, so it says what it said when it was found. The
 * caller ends ret->reason, also after a failure. */
int queue_compare(const struct queue_side *ours,
	const struct queue_side *theirs, struct fact_verdict *ret,
	struct err *e) MUST_CHECK;

/* --- the list ------------------------------------------------------------- */
struct queue_filter {
	int state; /* enum queue_state; -1: all */
	int kind;  /* enum conflict_kind; 0: all but successions */
	int64_t entity;
	int64_t before; /* ids below; INT64_MAX: from the newest */
	int looked;	/* rows a page looks at, at most; 0: the default */
};
/* Rows of the scope that pass and are not closed to its reader, newest first, at
 * most `most`. *ret_n of them;
 * *ret_next: `before` of the next page, 0: there is none. A page ends early
 * when it has looked at many rows. The caller ends them, also on failure. */
int queue_page(struct store *st, const struct scope *scope,
	const struct queue_filter *filter, size_t most, struct queue_row *ret,
	size_t *ret_n, int64_t *ret_next, struct err *e) MUST_CHECK;

/* A row as list_conflicts gives it. Returns new. */
int queue_tell(struct store *st, const struct queue_row *row, json_t **ret,
	struct err *e) MUST_CHECK;

/* --- what was found ------------------------------------------------------- */
struct queue_found {
	int64_t entity, fact;	    /* that was there */
	int64_t by_entity, by_fact; /* the newer one */
	enum verdict_kind kind;
	double confidence;
	const char *action; /* "merge", "update", "keep_both" */
};
/* Puts a pair into the queue. 1 it is new; 0 it is there already, whatever its
 * state: what was decided about a pair is not asked again. *ret_id in both
 * cases. Writer only. */
int queue_add(struct store *st, const struct queue_found *f, int64_t *ret_id,
	struct err *e) MUST_CHECK;

/* 1: it was decided under the lens of the store that both stay; else 0. */
int queue_is_kept(struct store *st, int64_t a, int64_t b, struct err *e)
	MUST_CHECK;

#endif
