/* Observations that an entity has already, in nearly the same words.
 *
 * A new text is compared with the newest ones of its entity (repeats_compare.h). An
 * agent that says the same again, but for case, white space and punctuation, is
 * told so and nothing is stored; what is nearly the same is stored and told. A
 * program that is no agent may mean every letter: it is told only. */
#ifndef MODEL_WRITE_REPEATS_H
#define MODEL_WRITE_REPEATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/repeats_compare.h"
#include "memory-db/model/write/write.h"

#define REPEATS_TOLD 3 /* similar texts told of one */

struct near_text {
	int64_t fact;
	char *text; /* owned */
	size_t n;
	struct repeats_sketch sketch;
};

/* What an entity says, as far as texts of a request can be like it. */
struct repeats {
	struct write *w;
	int64_t entity;
	bool is_on;
	bool is_bare;	     /* the entity says nothing yet */
	struct near_text *v; /* newest last; owned */
	size_t n, cap;
	int64_t alike; /* fact that the item looked at last is like; 0: none */
};

/* Before the texts of a list are added to the entity. fresh: it was made by
 * this change and says nothing yet. */
int repeats_begin(struct repeats *x, struct write *w, int64_t entity,
	bool fresh, const json_t *list, struct err *e) MUST_CHECK;
void repeats_done(struct repeats *x);
#define AUTO_NEAR __attribute__((cleanup(repeats_done)))

/* Looks at an item of the list that the entity does not have exactly, and notes
 * for the reply what it is like. *ret_fact: the fact that says the same, when
 * the item is not to be stored; else 0. */
int repeats_look(struct repeats *x, const json_t *item, int64_t *ret_fact,
	struct err *e) MUST_CHECK;
/* The item was stored as that fact. */
int repeats_put(struct repeats *x, const json_t *item, int64_t fact,
	struct err *e) MUST_CHECK;

/* The observations of an entity that share most words with a text, best first:
 * none below REPEATS_LEAST. */
#define REPEATS_LEAST 0.5
#define REPEATS_FOUND 4
struct nearest {
	size_t n;
	struct nearest_text {
		int64_t fact;
		double share;
		char *text; /* owned */
		size_t n;
	} v[REPEATS_FOUND];
};
int repeats_find(struct write *w, int64_t entity, const char *text, size_t n,
	struct nearest *ret, struct err *e) MUST_CHECK;
void nearest_done(struct nearest *x);
#define AUTO_NEAREST __attribute__((cleanup(nearest_done)))

/* Adds `same_as` and `similar` to the row of a list, when there are any:
 * [{index, text}]. */
int repeats_row(struct write *w, const json_t *list, json_t *row, struct err *e)
	MUST_CHECK;

#endif
