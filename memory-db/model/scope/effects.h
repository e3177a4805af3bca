/* What a write brings about when it is committed, and not before: a list that a
 * handler adds to while it runs. A roll-back drops the list; after the COMMIT
 * whoever owns a kind carries it out.
 *
 * For example memory_branch with `lease` adds an EFFECT_LEASE with the branch.
 * The COMMIT of its group succeeds, the job comes back to the loop, and the
 * loop notes that the branch ends with the connection. Had the COMMIT failed,
 * the request would have run again and added its effect anew.
 *
 * To add a kind: here, and in the table of its thread: work/after_commit.c for
 * what comes before the reply, net/request.c for what the loop does. */
#ifndef MODEL_SCOPE_EFFECTS_H
#define MODEL_SCOPE_EFFECTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

/* What a committed write tells the feed and the counters. */
struct change_note {
	int64_t change; /* 0: nothing changed */
	int64_t at;
	char namespace_[257];
	const char *kind; /* "create", "add", "delete", ...; static */
	json_t *entities; /* names, at most 50; owned */
	int64_t more;	  /* names left out */
	int64_t facts;	  /* shown and hidden */
	bool is_staged;	  /* it waits for review */
	int64_t rule;	  /* of the policy that let it onto main; 0: none */
	bool other_pass;  /* it failed to be run in another one: review_pass */
};
void change_note_done(struct change_note *n);

enum effect_kind {
	EFFECT_FEED,   /* subscribers get an event: note */
	EFFECT_LEASE,  /* the connection has the branch from now on */
	EFFECT_ERASED, /* something was erased; the reply says `pending` while
			  traces of it remain: result */
	EFFECT_KEPT,   /* what readers keep of the graph may be wrong: names of
			namespaces, or what no op of the log tells */
	EFFECT_MAX
};

struct effect {
	struct effect *next;
	enum effect_kind kind;
	struct change_note note; /* owned */
	int64_t branch;
	json_t *result; /* owned, or NULL */
};

struct effects {
	struct effect *first, *last; /* in the order in which they came */
};

/* Adds one, which the caller fills. NULL: *e is MDB_E_NOMEM. */
struct effect *effects_add(struct effects *l, enum effect_kind kind,
	struct err *e) MUST_CHECK;
/* The first of a kind, or NULL. */
struct effect *effects_find(const struct effects *l, enum effect_kind kind);
/* Moves all of them to the end of another list. */
void effects_move(struct effects *to, struct effects *from);
/* Drops all: nothing of it happens. */
void effects_done(struct effects *l);

#endif
