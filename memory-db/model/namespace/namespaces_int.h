/* A merge of namespaces under way: namespaces_merge.c moves entities and their
 * facts, namespaces_ends.c the relations between a project and the user's
 * memory. */
#ifndef MODEL_NAMESPACE_NAMESPACES_INT_H
#define MODEL_NAMESPACE_NAMESPACES_INT_H

#include "common/limits.h"
#include "memory-db/model/namespace/namespaces.h"
#include "memory-db/store/facts/facts.h"

struct ids {
	int64_t id[LIMIT_SLICE_FACTS + 1];
	size_t n;
};

struct mover {
	struct store *st;
	int64_t from, to, branch;
	struct change *change;	/* of the target */
	struct ids moved;	/* facts to hide in the source */
	struct ids facts;	/* of the entity at hand */
	int64_t entity, target; /* the entity at hand and what it becomes */
	size_t bytes;
	size_t turned; /* relations of the target turned round */
	bool full;
	struct err *e;
};

/* What an entity of the source is in the target; created when it exists in
 * the source only. 1, or 0 when it exists in neither. */
int namespaces_target(struct mover *m, int64_t entity, int64_t *ret_target)
	MUST_CHECK;

/* 1 the target says this already; of an observation with *ret_other. */
int namespaces_known(struct mover *m, const struct fact *f, int64_t *ret_other)
	MUST_CHECK;

/* Of what use it was goes along with a fact, and what it is in conflict with.
 * other: it, in the target; 0: nothing is counted of it. (namespaces_beside.c) */
int namespaces_beside(struct mover *m, const struct fact *f, int64_t other)
	MUST_CHECK;

/* The ends of a relation of the source as one of the target: f->entity is its
 * owner there already. 1, or 0 when the other end is gone. */
int namespaces_ends(struct mover *m, struct fact *f) MUST_CHECK;

/* Relations of the target that led to the entity at hand while it was the
 * user's lead to what it becomes. Sets m->full when the slice has no room. */
int namespaces_incoming(struct mover *m, int64_t entity) MUST_CHECK;

#endif
