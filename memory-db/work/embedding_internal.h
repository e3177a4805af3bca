/* What embedding.c and embedding_fill.c share. */
#ifndef WORK_EMBEDDING_INTERNAL_H
#define WORK_EMBEDDING_INTERNAL_H

#include <stdatomic.h>

#include "common/limits.h"
#include "memory-db/work/embedding.h"
#include "memory-db/work/helper_thread.h"
#include "memory-db/work/internal.h"

/* Is somebody who may fail asked again? */
struct health {
	bool is_down;
	int64_t pause_ms; /* the next one */
	int64_t retry_ns; /* monotonic; when it is down */
};

/* How far a namespace is. */
struct place {
	int64_t ns;
	int64_t upto; /* looked at up to this fact; -1: not known */
	int64_t max;  /* highest fact id given there */
};

/* Texts under way to their vectors. */
struct batch {
	int64_t facts[LIMIT_EMBED_BATCH];
	size_t at[LIMIT_EMBED_BATCH], len[LIMIT_EMBED_BATCH]; /* in text */
	size_t n, max; /* texts; as many as are wanted */
	struct buf text;
	bool is_last; /* no more of the namespace */
	float *v;     /* owned; of those that are not empty */
	bool empty[LIMIT_EMBED_BATCH];
	size_t dims;
	int64_t drop;  /* instead: vectors of this model go */
	int64_t known; /* model; 0: the writer makes it */
	int64_t model; /* set by the writer */
};

struct embedding {
	struct work *work;
	struct database *db;
	struct embedding_options opt;
	struct vectors_memory *m;
	struct helper helper; /* st: of the thread alone */

	/* Under the lock of the helper, up to the line. */
	bool is_to_park, is_parked; /* its connection is closed for a while */
	int64_t *erased;	    /* owned */
	size_t erased_n, erased_cap;
	bool erased_lost;
	struct health question;
	bool question_failed; /* down because it failed, not at the start */
	char last_error[256];
	/* ------------------------------------------------------------------ */

	_Atomic int64_t written; /* commits with new facts */
	_Atomic int64_t seen;	 /* of them, those whose facts have vectors */
	_Atomic int64_t pending;
	atomic_bool fill_down, question_down;

	/* of the thread alone */
	struct health opening; /* of its connection */
	bool may_drop;	       /* there may be vectors of another model */
	struct place *places;  /* by namespace */
	size_t places_n, places_cap, place;
	int64_t round; /* `written` when the places were read */
	bool has_round;
	bool is_told;	   /* the log has where texts go, and how many */
	int64_t yielded;   /* `written` at the last yield */
	int64_t failed_at; /* first fact of the batch that failed last */
	size_t singles;	   /* texts that are tried one by one */
	int blamed;	   /* times that one failed alone */
	struct batch b;
};

static inline bool
embedding_is_stopped(const struct embedding *x)
{
	return helper_is_stopped(&x->helper);
}

/* Closes the connection and waits, when it was asked to (embedding_park). */
void embedding_rest(struct embedding *x);
/* Hands x->b to the writer and waits for its COMMIT. */
int embedding_write(struct embedding *x, struct err *e) MUST_CHECK;
void embedding_note(struct embedding *x, const struct err *e);
void health_failed(struct health *h);
void health_ok(struct health *h);
bool health_is_due(const struct health *h);

/* The next piece of filling: 1 something was done, 0 all is, or negative. */
int embedding_fill(struct embedding *x, struct err *e) MUST_CHECK;
/* A batch of vectors of another model goes. 1, 0 there are none, negative. */
int embedding_drop(struct embedding *x, struct err *e) MUST_CHECK;
/* Its tasks, one lease: what was erased, vectors that are missing, vectors of
 * another model. */
extern const struct background_task embedding_task_erased, embedding_task_fill,
	embedding_task_drop;

/* Begins with the model that the embedder has now. */
int embedding_choose(struct embedding *x, struct err *e) MUST_CHECK;

#endif
