#include "memory-db/model/scope/effects.h"

#include <assert.h>
#include <stdlib.h>

void
change_note_done(struct change_note *n)
{
	json_decref(n->entities);
	n->entities = NULL;
}

struct effect *
effects_add(struct effects *l, enum effect_kind kind, struct err *e)
{
	struct effect *x = calloc(1, sizeof(*x));

	if (!x) {
		err_nomem(e);
		return NULL;
	}
	x->kind = kind;
	if (l->last)
		l->last->next = x;
	else
		l->first = x;
	l->last = x;
	return x;
}

struct effect *
effects_find(const struct effects *l, enum effect_kind kind)
{
	struct effect *x = l->first;

	while (x && x->kind != kind)
		x = x->next;
	return x;
}

void
effects_move(struct effects *to, struct effects *from)
{
	assert(to != from); /* the list would lead round for ever */
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	*from = (struct effects){0};
}

void
effects_done(struct effects *l)
{
	struct effect *next;

	for (struct effect *x = l->first; x; x = next) {
		next = x->next;
		change_note_done(&x->note);
		json_decref(x->result);
		free(x);
	}
	*l = (struct effects){0};
}
