/* Shared by history.c (changes), history_telling.c (what their ops say) and
 * history_fact.c (their facts). */
#ifndef MODEL_READ_HISTORY_INTERNAL_H
#define MODEL_READ_HISTORY_INTERNAL_H

#include "memory-db/model/read/history.h"
#include "memory-db/store/log/log.h"

/* One thing a change did, before it is known whether it is half of a pair. */
struct item {
	int64_t entity;
	int64_t kind;		/* enum fact_kind */
	int64_t fact, replaces; /* observation: the one it replaces; 0: none */
	json_t *value;		/* owned: the object told; NULL: taken */
	json_t *name;		/* existence: the name it gives; owned */
};

enum list { ADDED, REMOVED, SET, LISTS };

struct history_telling {			/* of one change */
	struct item items[2][HISTORY_LIST_MAX]; /* ADDED, REMOVED */
	size_t n[LISTS];
	json_t *set;
	int64_t more;
	int64_t branch, action; /* of a branch it made or discarded; 0: none */
	size_t bytes;
};

struct history_reader {
	struct store *st;
	const struct scope *scope;
	const struct history_query *q;
	struct err *e;
	json_t *changes;
	json_t *names;		   /* cache: entity id as text -> name */
	struct history_telling *t; /* of the change being told */
	size_t bytes;
	int64_t last; /* change told last */
	bool more;
};

/* Builds the object of a fact into *ret (owned by the caller). */
int history_tell_fact(struct history_reader *rd, const struct log_op *op,
	struct item *ret) MUST_CHECK;
/* o[key]: the name of an entity. */
int history_set_name(struct history_reader *rd, json_t *o, const char *key,
	int64_t entity) MUST_CHECK;

/* Takes an op of the change that is told into rd->t; the fn of log_ops(). */
int history_tell_op(void *ctx, const struct log_op *op) MUST_CHECK;
void history_telling_clear(struct history_telling *t);

#endif
