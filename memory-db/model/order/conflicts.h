/* What new facts would be to those that the memory has: duplicates, new values,
 * contradictions. Nothing is written.
 *
 * Candidates come from the text index, as in recall, and are the newest facts of
 * the entity when it exists; each is compared (fact_compare.h). Facts of another
 * entity are compared only when they name the one that is meant. */
#ifndef MODEL_ORDER_CONFLICTS_H
#define MODEL_ORDER_CONFLICTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/order/fact_compare.h"
#include "memory-db/model/scope/scope.h"

struct fact;
struct store;

/* Called between two comparisons: who looks in the background lets others have
 * the processor first. */
struct conflicts_pause {
	void (*fn)(void *ctx);
	void *ctx;
};

struct conflicts_request {
	const struct scope *scope;
	const char *name; /* of the entity; "": not said */
	/* Their subjects are not looked at: the name is that of all. */
	const struct fact_said *said;
	size_t said_n;
	double threshold; /* findings of less confidence are left out */
	size_t most;	  /* findings, the surest */
	int64_t deadline_ns;
	/* Facts compared with one text: those with its words (-1: none), and
	 * the newest ones of its entity. 0: the default. */
	int candidates, newest;
	int64_t before; /* only facts with lower ids; 0: all */
	int64_t entity; /* the one that has the name; 0: it is looked up */
	bool is_bare;	/* which has no fact yet */
	/* Said are relations (model/read/relation_text.h), compared with other
	 * relations of `entity`. */
	bool is_relation;
	/* The relation, when it takes the place of one with another weight:
	 * what was decided about that one holds for it. NULL: it is new. */
	const struct fact *said_anew;
	/* What is known of attributes; NULL: nothing. */
	const struct fact_attributes *attributes;
	int64_t *looked; /* counts comparisons; NULL: nobody asks */
	const struct conflicts_pause *pause; /* NULL: none */
};
struct conflict_found {
	enum verdict_kind kind;
	double confidence;
	const char *action;
	bool is_part; /* the new fact does not say all that this one says */
	int64_t fact, entity;
	size_t which; /* of those said */
	/* Owned: of the entity, of the fact, and why. */
	char *name, *text, *reason;
};
struct conflicts {
	struct conflict_found *v; /* owned; the surest first */
	size_t n, cap;
	size_t more;  /* findings beyond `most`, less sure */
	bool partial; /* stopped at the deadline */
};

/* 0 or negative; *ret is the caller's to end also then. */
int conflicts_find(struct store *st, const struct conflicts_request *request,
	struct conflicts *ret, struct err *e) MUST_CHECK;
void conflicts_done(struct conflicts *c);

/* Of whom two facts are said: `known` is the entity of a, `asked` what b is said
 * of ("": not known). 1: one and the same, with the subjects set and *ret_sure
 * how sure that is; 0: they are two. MDB_E_NOMEM. */
int conflicts_subjects(const char *known, const char *asked,
	struct fact_said *a, struct fact_said *b, double *ret_sure) MUST_CHECK;

#endif
