/* What a write does about facts that its new ones are at odds with:
 *
 *   report     they are told in the reply
 *   queue      the pair goes to the queue (queue.h); both facts stay visible
 *   supersede  a duplicate or an older value makes room for the new fact, in
 *              the same change, as with replace_observation; what nothing
 *              orders (a contradiction) goes to the queue
 *
 * Example: ada "lives in Rome", and add_observations brings "lives in Oslo" with
 * on_conflict "supersede". The new fact says that it supersedes the old one,
 * which the same change hides: history tells both, and one undo brings it back.
 *
 * One after the other in time is no conflict. With queue and supersede the pair
 * is noted, so that reads know which one holds; with supersede an older fact
 * that says from when it holds gets its end, the beginning of the newer one.
 *
 * A write must stay quick. The facts of the same entity are always looked at,
 * some of them; the search for others has a share of the writer's time. What it
 * leaves out the scan of the memory finds (scan.h). */
#ifndef MODEL_ORDER_ON_CONFLICT_H
#define MODEL_ORDER_ON_CONFLICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/order/conflicts.h"
#include "memory-db/model/write/write.h"

/* In the order of the setting on_conflict. */
enum on_conflict_mode {
	ON_CONFLICT_NONE,
	ON_CONFLICT_REPORT,
	ON_CONFLICT_QUEUE,
	ON_CONFLICT_SUPERSEDE
};

struct on_conflict {
	struct write_watcher watcher; /* first: it is cast back */
	enum on_conflict_mode mode;
	json_t *rows; /* of the reply; owned */
	struct conflicts found;
	struct fact_said said;
	struct buf text; /* what the new fact says; owned */
	struct buf name; /* of the entity looked at last; owned */
	int64_t entity;	 /* that one */
	int64_t highest; /* of those that got a fact */
	int64_t place;	 /* the fact that the new one takes the place of */
	struct fact_attributes *attributes; /* of the namespace; owned */
	int64_t looked;	    /* comparisons of the whole request */
	int64_t first_fact; /* ids from here on are of this change */
	bool has_left_out;  /* others were not searched for */
	bool is_scanned;    /* the scan will find them */
};

/* Mode and watcher of a write: what the call says, else the setting of the
 * namespace. named: the parameter on_conflict, or NULL. */
int on_conflict_begin(struct on_conflict *x, struct write *w, const char *named,
	struct err *e) MUST_CHECK;
/* Sets `conflicts` and `conflict_count` in a reply when there are any, and
 * `conflicts_later` when the scan is to find others. */
int on_conflict_reply(const struct on_conflict *x, json_t *reply, struct err *e)
	MUST_CHECK;
void on_conflict_done(struct on_conflict *x);
#define AUTO_ON_CONFLICT __attribute__((cleanup(on_conflict_done)))

#endif
