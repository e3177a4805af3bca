/* Branches and merges as rows; what a branch says of a fact.
 *
 * Creating a branch is one row: it sees its parent as of the fork. What it
 * shows and hides are spans of its own. Rules of merging: model/time/merge.c. */
#ifndef STORE_LOG_BRANCH_H
#define STORE_LOG_BRANCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/lens.h"

struct store;

enum branch_state {
	BRANCH_OPEN,
	BRANCH_MERGED,
	BRANCH_DISCARDED,
	BRANCH_LEASED /* open, and discarded when its owner goes away */
};

struct branch_row {
	int64_t id, ns, parent, fork; /* parent 0: main */
	enum branch_state state;
	const char *name, *about; /* borrowed; about may be NULL */
};
/* Non-zero stops and is returned. */
typedef int (*branch_fn)(void *ctx, const struct branch_row *b);

int branch_create(struct store *st, int64_t ns, const char *name,
	const char *about, int64_t parent, int64_t fork, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* With the id, name and fork of *b (replay of a log). */
int branch_create_as(struct store *st, const struct branch_row *b,
	struct err *e) MUST_CHECK;
/* Open branches of a namespace by id; 0: of every one. Not main. */
int branch_each(struct store *st, int64_t ns, branch_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* 1 found, whatever its state. */
int branch_get(struct store *st, int64_t id, branch_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* A discarded branch gives its name free ("name#id"). */
int branch_set_state(struct store *st, int64_t id, enum branch_state state,
	struct err *e) MUST_CHECK;

/* The newest merge of a branch into its parent: at is the change of the
 * parent, upto the last change of the branch it took. 1 found. */
int branch_merged(struct store *st, int64_t branch, int64_t *ret_at,
	int64_t *ret_upto, struct err *e) MUST_CHECK;
int branch_add_merge(struct store *st, int64_t branch, int64_t at, int64_t upto,
	struct err *e) MUST_CHECK;

/* Each fact that the branch ever showed or hid, by id (once). */
typedef int (*branch_fact_fn)(void *ctx, int64_t fact, int64_t entity);
int branch_each_fact(struct store *st, int64_t branch, branch_fact_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* Facts of an entity that main shows, those without a text, too. */
int branch_each_open(struct store *st, int64_t entity, branch_fact_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* Each (entity, key) it ever set. */
int branch_each_attr(struct store *st, int64_t branch, branch_fact_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* Is the fact visible under a lens other than the applied one? *ret_since (may
 * be NULL): the change that shows or hides it there, 0 when it never was. */
int branch_sees(struct store *st, int64_t fact, const struct lens *lens,
	bool *ret_visible, int64_t *ret_since, struct err *e) MUST_CHECK;
/* The newest change at which a fact was shown under a lens, whether it is
 * visible or not; 0 never. */
int branch_shown(struct store *st, int64_t fact, const struct lens *lens,
	int64_t *ret_change, struct err *e) MUST_CHECK;
/* Value of an attribute under another lens; *ret_since as above. */
int branch_attr(struct store *st, int64_t entity, enum attr_key key,
	const struct lens *lens, int64_t *ret_value, int64_t *ret_since,
	struct err *e) MUST_CHECK;
/* The newest change on a branch that touched the entity (version), 0: none. */
int branch_touched(struct store *st, int64_t entity, int64_t branch,
	int64_t *ret_change, struct err *e) MUST_CHECK;
/* The newest change written on the branch in the namespace, 0: none. */
int branch_newest(struct store *st, int64_t ns, int64_t branch,
	int64_t *ret_change, struct err *e) MUST_CHECK;

#endif
