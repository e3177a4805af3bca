/* What merge.c and merge_values.c share. */
#ifndef MODEL_TIME_MERGE_INTERNAL_H
#define MODEL_TIME_MERGE_INTERNAL_H

#include "common/buf.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/time/merge.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/conflicts.h"

struct merge_touched {
	int64_t fact, entity;
	bool waits; /* the first fact of an entity whose new name another
		       entity still has: the rename waits for it */
};

/* How far the slices came. */
enum merge_phase {
	MERGE_ENTITIES,
	MERGE_NAMES, /* what waited for names */
	MERGE_RELATIONS,
	MERGE_ATTRS,
	MERGE_DONE
};
enum merge_pass {
	PASS_NEW, /* the entity is not begun */
	PASS_DELETE,
	PASS_HIDE_TAGS,
	PASS_HIDE,
	PASS_SHOW,
	PASS_MARKS
};
struct merge_at {
	int64_t phase;
	int64_t entity, pass, fact; /* the last one done */
	int64_t attrs;		    /* done */
	int64_t upto;	/* last change of the branch that is taken */
	int64_t change; /* of the last slice */
};

struct merge {
	struct write *w;
	struct store *st;
	struct merge_result *out;
	struct err *e;
	int64_t branch, parent;
	int64_t base_at; /* change of the parent that base is of */
	struct lens base, theirs, ours;
	struct merge_touched *touched;
	size_t n, cap;
	struct merge_at at;
	struct idset told; /* entities deleted on one side, changed on the
			      other */
	struct idset own;  /* changes of the slices before */
	int64_t room;	   /* ops of a slice; 0: no slices */
	int64_t looked;	   /* facts looked at: time, where nothing is written */
	bool cut;	   /* the slice is full */
	const json_t *waited; /* entities that waited before; or NULL */
	size_t waiting;	 /* entities whose new name was taken when looked at */
	bool last_round; /* taken names are conflicts now */
	struct idset gone; /* facts that a pick has hidden, or would hide */
	const struct merge_pick *pick; /* one change is taken; NULL: all */
	struct buf name;	       /* of the branch */
};

/* A fact the branch touched, with what the three sides say of it. */
struct merge_item {
	struct fact f; /* text owned: free(text) */
	char *text;
	bool base, theirs, ours;
};
int merge_item_load(struct merge *m, int64_t fact, struct merge_item *x)
	MUST_CHECK;

static inline void
merge_item_done(struct merge_item *x)
{
	free(x->text);
}
#define AUTO_ITEM __attribute__((cleanup(merge_item_done)))

static inline bool
merge_item_goes(const struct merge_item *x)
{
	return x->base && !x->theirs && x->ours;
}

static inline bool
merge_item_comes(const struct merge_item *x)
{
	return x->theirs && !x->base && !x->ours && !x->f.erased;
}

/* Whether an item is one of this pass, not done yet, and the slice has room;
 * then notes that it is done. */
bool merge_takes(struct merge *m, enum merge_pass pass,
	const struct merge_item *x);
/* Is the slice full? Then m->cut is set. */
bool merge_full(struct merge *m);
/* The same, also when it has looked at much. */
bool merge_is_tired(struct merge *m);

static inline bool
merge_is_gone(const struct merge *m, int64_t fact)
{
	return idset_has(&m->gone, fact);
}

/* Hides it here; an observation with all that is said of it. */
int merge_item_hide(struct merge *m, const struct merge_item *x) MUST_CHECK;
/* An observation or relation of the branch; dropped when it stands here. */
int merge_item_show(struct merge *m, const struct merge_item *x) MUST_CHECK;
/* Tags and metadata of facts of one entity, after its observations. */
int merge_marks(struct merge *m, const struct merge_item *items, size_t n)
	MUST_CHECK;

/* merge_existence, merge_new: comes back when other names have moved. */
#define MERGE_WAITS 2

/* The entity other than this one to which a name leads on the target; 0: none. */
int merge_taken(struct merge *m, int64_t entity, const char *name,
	int64_t *ret_other) MUST_CHECK;

/* The entity whose facts begin at m->touched[first]; *ret_n: how many. Where
 * the slice ends within it, m->cut is set. */
int merge_entity(struct merge *m, size_t first, size_t *ret_n) MUST_CHECK;
/* All steps, or those of a slice; the op that says that the branch was merged.
 * merge_done frees what m holds. */
int merge_run(struct merge *m, struct merge_result *ret) MUST_CHECK;
int merge_end(struct merge *m, int64_t upto) MUST_CHECK;
void merge_done(struct merge *m);
#define AUTO_MERGE __attribute__((cleanup(merge_done)))
/* Adds to touched; ctx: struct merge. */
int merge_add_touched(void *ctx, int64_t fact, int64_t entity) MUST_CHECK;
/* Of a single change (merge_pick.c): the three lenses, its facts, and the
 * attributes it set, which are added to *pairs. */
int merge_pick_sides(struct merge *m) MUST_CHECK;
int merge_pick_facts(struct merge *m) MUST_CHECK;
int merge_pick_attrs(struct merge *m, struct merge *pairs) MUST_CHECK;
/* Marks the entities that waited for a name in the slice before
 * (merge_slice.c). */
void merge_set_waiting(struct merge *m);

/* Notes a conflict for people and in the result; the target keeps its own. */
int merge_conflict(struct merge *m, int64_t entity, enum conflict_kind kind,
	const char *member, const char *ours, const char *theirs) MUST_CHECK;
/* An entity that one side deleted and the other changed. */
int merge_gone(struct merge *m, int64_t entity, const char *ours,
	const char *theirs) MUST_CHECK;
/* The same over a name that leads to another entity on the target. */
int merge_conflict_with(struct merge *m, int64_t entity, int64_t other,
	const char *ours, const char *theirs) MUST_CHECK;

/* --- values of which an entity has one ------------------------------------ */
struct existence {
	int64_t fact, label;
	struct buf name;
};

void existence_done(struct existence *x);
#define AUTO_EXISTENCE __attribute__((cleanup(existence_done)))
int existence_under(struct merge *m, const struct lens *lens, int64_t entity,
	struct existence *x) MUST_CHECK;
/* Both sides have the entity: its type and name. MERGE_WAITS: nothing done. */
int merge_existence(struct merge *m, int64_t entity, const struct existence *b,
	const struct existence *t, const struct existence *o) MUST_CHECK;
/* The branch alone has it. Where its name leads to another entity on the target
 * it comes as "name~branch". MERGE_WAITS: nothing done. */
int merge_new(struct merge *m, int64_t entity, const struct existence *t)
	MUST_CHECK;
int merge_metadata(struct merge *m, int64_t entity) MUST_CHECK;
int merge_attribute(struct merge *m, int64_t entity, enum attr_key k)
	MUST_CHECK;

#endif
