/* Shared by graph_keep.c, which has the texts, graph_keep_order.c, which has their
 * order, and graph_keep_follow.c, which finds out what changed. */
#ifndef MODEL_READ_GRAPH_KEEP_INT_H
#define MODEL_READ_GRAPH_KEEP_INT_H

#include <pthread.h>

#include "common/buf.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/model/scope/idset.h"

/* A kept entity is one block of memory: this struct, its rows, their texts. */
struct graph_kept {
	size_t text_n, rows_n, bytes; /* bytes: of the block */
	struct graph_keep_row rows[];
};

/* Entities of a namespace by their existence facts, from the first one up to
 * and including `upto`, or all of them. */
struct graph_list {
	struct graph_list_item {
		int64_t existence, entity;
		struct graph_kept *kept; /* owned, or NULL */
	} * v;
	size_t n, cap;
	int64_t upto;
	bool is_complete;
};

struct graph_kept_graph {
	struct buf key; /* who reads; empty: the place is free */
	int64_t ns[2];
	/* What it is of. */
	int64_t change, due, conflict, conflicts_n;
	uint64_t turn;	 /* another one whenever what is kept became another */
	int64_t used_ns; /* monotonic */
	struct graph_list lists[2];
	size_t bytes;
};

struct graph_keep {
	pthread_mutex_t lock;
	uint64_t turns, cleared;
	struct graph_kept_graph v[GRAPH_KEEP_GRAPHS];
	size_t bytes; /* of all */
};

/* Empties a graph, but for whose it is. With the lock held, as all below. */
void graph_keep_drop(struct graph_keep *k, struct graph_kept_graph *g);
/* Drops the text of an item. */
void graph_keep_drop_item(struct graph_keep *k, struct graph_kept_graph *g,
	struct graph_list_item *x);

/* What became another since the last read of a graph. */
struct graph_touched {
	struct idset entities; /* their texts */
	struct idset places;   /* whether and where they stand in the order */
	size_t ops, looked;
	bool is_lost; /* it cannot be said: everything */
};
/* Finds it out and notes what the graph is of now. 0, or a code. */
int graph_keep_follow(struct graph_kept_graph *g, struct store *st,
	int64_t change, int64_t due, struct graph_touched *t, struct err *e)
	MUST_CHECK;

/* The first place whose existence fact is behind `after`. */
size_t graph_list_behind(const struct graph_list *l, int64_t after);
/* From the snapshot that a graph is of to that of st. */
int graph_keep_move_on(struct graph_keep *k, struct graph_kept_graph *g,
	struct store *st, int64_t change, int64_t due, struct err *e)
	MUST_CHECK;

#endif
