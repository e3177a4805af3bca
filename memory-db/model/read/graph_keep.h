/* What is kept of the present graph between two reads: the texts of its
 * entities and of their relations, so that a read behind a write makes anew what
 * the write touched, and nothing else.
 *
 * An example. An agent has read a graph of 10,000 entities, stores one more
 * observation of "ada", and reads again. The log says that since the change of
 * the first read only "ada" was touched: the text of "ada" goes, is made anew
 * from the file, and the other 9,999 are copied.
 *
 * What a text of an entity depends on, and how it is found out that it changed:
 *
 *   its facts, attributes          an op of the log names the entity
 *   relations                      an op of the log; both ends are touched
 *   names of its relations' ends   an op that shows or hides an existence
 *                                  touches whoever has a relation with it
 *   `contested`                    a new row of a conflict, and ops of either
 *                                  entity of a row, touch both
 *   its end (expires_at)           ends that came since the last read: the
 *                                  entity goes, and relations with it
 *   names of namespaces, repairs   the effect EFFECT_KEPT of their handlers
 *   `suspect`, ends of its facts   depend on too much: such an entity is not
 *                                  kept
 *
 * An op that erases (forget) drops everything. So does whatever cannot be
 * followed: too many ops, a clock that went back.
 *
 * One keep serves all readers of a service. A read looks at it through a view,
 * which is of the snapshot of the read; when another reader moves the graph on
 * meanwhile, the view is empty from then on and the read goes on with the file.
 * It is kept for who reads (namespaces, session, client), because `from` of an
 * entity depends on that. Only what the lens of the present shows is kept. */
#ifndef MODEL_READ_GRAPH_KEEP_H
#define MODEL_READ_GRAPH_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct context;
struct graph_keep;
struct scope;
struct store;

/* Bytes of all texts that are kept: the graphs of 20,000 entities. */
#define GRAPH_KEEP_BYTES ((size_t)8 * 1024 * 1024)
/* Graphs, by who reads them. */
#define GRAPH_KEEP_GRAPHS 4
/* Entities of a namespace whose order is kept, at 24 bytes each. */
#define GRAPH_KEEP_ENTITIES 100000
/* Ops since the last read that are followed. Beyond, reading everything anew
 * costs no more. */
#define GRAPH_KEEP_OPS 4000
/* And that are looked at, where most say nothing of what is kept (tiers). */
#define GRAPH_KEEP_LOOKED 20000

int graph_keep_new(struct graph_keep **ret) MUST_CHECK;
void graph_keep_free(struct graph_keep *k);
/* Drops everything; in any thread. What a read that is under way still makes
 * is not kept. */
void graph_keep_clear(struct graph_keep *k);
/* How often it was cleared: asked before the snapshot of a read is taken. What an
 * older snapshot says may be what was cleared away. */
uint64_t graph_keep_seen(struct graph_keep *k);
/* Drops the graphs that nobody has read for `ns`. True: others are left. */
bool graph_keep_rest(struct graph_keep *k, int64_t ns);

/* A relation of an entity, as kept with it. */
struct graph_keep_row {
	int64_t id, other; /* the other end */
	size_t n;	   /* bytes of its text */
};
struct graph_keep_item {
	const char *text; /* of the entity; that of its relations follows */
	size_t text_n;
	const struct graph_keep_row *rows;
	size_t rows_n;
};

/* Zeroed: nothing is kept. */
struct graph_view {
	struct graph_keep *keep;
	size_t graph;
	uint64_t turn;
	size_t at[2]; /* a guess where to go on */
};
/* Moves the graph of this scope on to the snapshot of st, and looks at it. due:
 * the newest end that has come (curated_due); seen: graph_keep_seen. 0, also when nothing can be kept;
 * a code of the store. */
int graph_view_begin(struct graph_view *v, struct graph_keep *k, uint64_t seen,
	struct store *st, const struct context *ctx, const struct scope *s,
	int64_t due, struct err *e) MUST_CHECK;

/* The entity whose existence fact comes next behind `after` in namespace
 * `which` of the scope. */
enum graph_next { GRAPH_NEXT_UNKNOWN, GRAPH_NEXT_END, GRAPH_NEXT_ENTITY };
enum graph_next graph_view_next(struct graph_view *v, int which, int64_t after,
	int64_t *ret_existence, int64_t *ret_entity);
/* Tells which n entities come next behind `after`; is_end: there are no more. */
void graph_view_order(struct graph_view *v, int which, int64_t after,
	const int64_t *existence, const int64_t *entity, int n, bool is_end);

/* Calls fn with what is kept of an entity, and returns what it returns; fn must
 * be quick. 0: nothing is kept of it. */
typedef int (*graph_keep_fn)(void *ctx, const struct graph_keep_item *item);
int graph_view_take(struct graph_view *v, int which, int64_t existence,
	graph_keep_fn fn, void *ctx);
/* Keeps an entity, if there is room; copies. relations: the texts of the rows,
 * one behind the other. */
void graph_view_put(struct graph_view *v, int which, int64_t existence,
	const struct graph_keep_item *item, const char *relations);

#endif
