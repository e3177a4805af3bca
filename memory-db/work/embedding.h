/* Keeps the vectors complete: a thread that looks for observations above the
 * highest one with a vector of the present model, namespace by namespace, has
 * them embedded in batches and hands the vectors to the writer as a job among
 * those of clients. After the COMMIT they come into memory (model/recall/vectors_memory.h).
 *
 * So a write waits for no vector, a crash loses nothing, and another model is
 * another start from the bottom; the vectors of the old one are removed when
 * that is done. The thread sleeps until something was written. */
#ifndef WORK_EMBEDDING_H
#define WORK_EMBEDDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/recall/vectors_memory.h"

struct embedding;
struct helper_room;
struct work;

struct embedding_options {
	struct embedder *x;	 /* borrowed; NULL: no embeddings */
	int64_t disk_free_bytes; /* with less nothing is written */
	int64_t question_ms;	 /* a question waits for its vector */
	int64_t vectors_bytes;	 /* that vectors in memory may take */
};

/* Starts the thread, which waits for embedding_begin. *ret is NULL without an
 * embedder. */
int embedding_start(struct work *w, const struct embedding_options *o,
	const struct helper_room *room, struct embedding **ret, struct err *e)
	MUST_CHECK;
/* The database is open (called once, by the writer). */
void embedding_begin(struct embedding *x);
/* Closes its connection for a while: true when that is so. False: its thread is
 * at work, ask again. Off: it opens another one and goes on. NULL is fine. */
bool embedding_park(struct embedding *x, bool on);
/* Waits for the thread; the writer still runs. */
void embedding_stop(struct embedding *x);
/* When no connection is open any more. */
void embedding_free(struct embedding *x);

/* --- questions ------------------------------------------------------------ */
/* Whether a question may wait for its vector: the provider is asked over a
 * network, answers, and there is something to compare with. */
bool embedding_asks(const struct embedding *x);
/* The provider did not answer a question: none asks it until the thread has
 * tried again. */
void embedding_failed(struct embedding *x, const struct err *e);
struct vectors_memory *embedding_meaning(const struct embedding *x);
int64_t embedding_question_ms(const struct embedding *x);

/* --- status --------------------------------------------------------------- */
struct embedding_status {
	const char *provider;
	char model[128];
	size_t dims, vectors, rough, left_out, bytes;
	int64_t pending;      /* facts that were not looked at, at most */
	const char *state;    /* "ready", "filling", "down" */
	char last_error[256]; /* "": none */
};
/* From counters; any thread. Without embeddings provider is "none". */
void embedding_status(struct embedding *x, struct embedding_status *ret);

#endif
