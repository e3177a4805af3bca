/* What the files of pack.h share: what is to be done next (pack.c), the walk
 * (pack_walk.c), making a dictionary (pack_train.c), erasing (pack_erase.c). */
#ifndef STORE_FACTS_PACK_INTERNAL_H
#define STORE_FACTS_PACK_INTERNAL_H

#include "memory-db/store/engine/squeeze.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/train.h"
#include "memory-db/store/facts/pack.h"

enum pack_stale {
	PACK_CLEAN = 0,
	PACK_STALE = 1,	 /* a dictionary in use holds an erased text */
	PACK_LEAVING = 2 /* one that no new text uses does; the walk goes on */
};

/* A namespace and its row of table packing, or what a new row says. */
struct packing {
	int64_t ns, fact_max; /* ns 0: none */
	int64_t dictionary, upto, trained, stale;
};

/* One try to make a dictionary. */
struct pack_try {
	struct train *train;
	struct buf made;	   /* the dictionary */
	struct buf held;	   /* texts to try it on: size, bytes */
	size_t held_at;		   /* of the next one that is tried */
	int64_t at;		   /* gathered up to this fact */
	int64_t texts;		   /* gathered so far */
	size_t raw, before, after; /* bytes of those tried */
	struct squeeze *with_now, *with_made;
};

enum pack_phase {
	PACK_LOOK,
	PACK_GATHER,
	PACK_CHOOSE,
	PACK_MEASURE,
	PACK_WALK
};

#define PACK_QUICK 3 /* 190 KB each */
struct pack {
	int64_t until_ns; /* of the slice of the walk under way */
	enum pack_phase phase;
	struct packing p; /* of the namespace under way */
	struct pack_try try_;
	/* For the walk, of dictionary `squeeze_id` */
	struct squeeze *squeeze;
	int64_t squeeze_id; /* -1: none */
	struct buf text, body;
	/* What pack_wanted() saw, and when it looks again. */
	int64_t look_at_ns, waiting_since_ns;
	int looked_changes;
	bool is_wanted;
	/* For writes; those of the namespaces written to at last. */
	struct pack_quick {
		int64_t ns; /* 0: free */
		int64_t dictionary;
		uint64_t used;
		struct squeeze *squeeze;
	} quick[PACK_QUICK];
	uint64_t uses;
	/* Sequences of the dictionary `seen_id`, for pack_erase(). */
	unsigned char *seen;
	int64_t seen_id;
};

enum pack_statement {
	PACK_PICK,
	PACK_ONE,
	PACK_WAITING,
	PACK_NEXT,
	PACK_BODY,
	PACK_SET,
	PACK_ANY_STALE,
	PACK_SET_STALE
};

/* The state of a writer; NULL: no memory for it yet. */
struct pack *pack_of(struct store *st);

/* The squeeze of the walk goes. */
void pack_drop_squeeze(struct pack *x);
/* Forgets what is under way. */
void pack_begin_anew(struct pack *x);

/* The next fact behind `after` and up to `upto` that has a body: its body, and
 * its text unless that is too long to be packed. 1 found, 0 none;
 * MDB_E_CORRUPT: that of *ret_id is damaged. */
int pack_read_next(struct store *st, int64_t after, int64_t upto,
	int64_t *ret_id, struct buf *text, struct buf *body, struct err *e)
	MUST_CHECK;
/* The row of a namespace, or what a new one says. 1 found, 0 no namespace. */
int pack_get(struct store *st, int64_t ns, struct packing *ret, struct err *e)
	MUST_CHECK;
/* Writes the row of p. */
int pack_set(struct store *st, const struct packing *p, struct err *e)
	MUST_CHECK;
/* A squeeze of a dictionary of ns. Returns new. MDB_E_CORRUPT: it is damaged or
 * gone. */
int pack_squeeze_of(struct store *st, int64_t ns, int64_t id,
	struct squeeze **ret, struct err *e) MUST_CHECK;

/* pack_walk.c: a step of the walk, until the monotonic time. */
int pack_walk(struct store *st, struct pack *x, int64_t until_ns, struct err *e)
	MUST_CHECK;

/* pack_write.c: the dictionary of a namespace (0: of all) may be another one. */
void pack_forget_quick(struct pack *x, int64_t ns);

/* pack_train.c: a step of each phase; the last one sets the phase that
 * follows. */
int pack_gather(struct store *st, struct pack *x, int64_t until_ns,
	struct err *e) MUST_CHECK;
int pack_choose(struct pack *x, int64_t until_ns, struct err *e) MUST_CHECK;
int pack_measure(struct store *st, struct pack *x, int64_t until_ns,
	struct err *e) MUST_CHECK;
void pack_try_done(struct pack_try *t);

#endif
