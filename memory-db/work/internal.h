/* What work.c, writer.c and readers.c share. */
#ifndef WORK_INTERNAL_H
#define WORK_INTERNAL_H

#include "common/clock.h"
#include "memory-db/work/counting.h"
#include "memory-db/work/log_room.h"
#include "memory-db/work/read_cache.h"
#include "memory-db/work/snapshots.h"
#include "memory-db/model/curate/alone.h"
#include "memory-db/work/work.h"
#include "memory-db/work/write_queue.h"

struct policing;
struct scanning;
struct verify_mark;

struct reader {
	struct work *work;
	struct store *st; /* set before WORK_READY */
	pthread_t thread;
	bool is_started, may_slow;
	atomic_bool is_busy;  /* with a request */
	pthread_mutex_t lock; /* guards current against interrupts */
	struct job *current;
	struct read_cache cache; /* of st */
};

struct runner {
	struct work *work;
	struct store *st; /* opened at the first script */
	pthread_t thread;
	bool is_started;
	struct job *_Atomic current;
	_Atomic int64_t due_ns; /* when the script should have ended; 0: none */
	int64_t cpu_us;		/* of the script under way */
};

struct work {
	struct work_options opt;
	struct write_queue writes;
	struct queue reads, done;
	struct fair scripts;
	pthread_rwlock_t gate; /* held by whoever uses a store (recover.h) */
	atomic_bool is_closed; /* no store could be opened */
	_Atomic int64_t reopen_ns;  /* not before */
	bool is_unsettled;	    /* writer: the last COMMIT failed */
	bool has_put_off;	    /* writer: its share of the background */
	struct verify_mark *verify; /* writer: looks whether there is damage */
	int64_t verify_ns, verify_pause_ms; /* its next run, after one that
					       found some */
	pthread_t writer;
	bool writer_started;
	struct store *st; /* of the writer */
	struct reader readers[WORK_READERS];
	struct graph_keep *keep;     /* of all readers */
	struct embedding *embedding; /* NULL: none */
	struct background *background;
	struct curation_alone curation; /* writer */
	struct counting counting;	/* of what waits for somebody */
	struct policing *policing;	/* asks policy functions */
	struct scanning *scanning;	/* looks for conflicts */
	uint64_t shrunk_at; /* writer: requests when memory was given back */
	struct questions *questions; /* NULL: none waits for a vector */
	struct preparing *preparing;
	struct runner runners[WORK_SCRIPTS];
	struct log_room log_room; /* of scripts */
	struct snapshots snapshots;
	atomic_bool scripts_end;
	_Atomic int state;
	_Atomic int permille;
	struct err failure; /* written before WORK_FAILED */
	_Atomic int64_t busy_since;
	struct work_stats stats;
};

/* The state, for the loop; and that the writer gets on, for the watchdog. */
static inline void
work_set_state(struct work *w, enum work_state s)
{
	atomic_store_explicit(&w->state, (int)s, memory_order_release);
	w->opt.wake(w->opt.wake_ctx);
}

static inline void
work_is_busy(struct work *w)
{
	atomic_store_explicit(&w->busy_since, clock_mono_ns(),
		memory_order_relaxed);
}

/* What the writer does before its first request (writer_start.c). */
int writer_open(struct work *w, struct err *e) MUST_CHECK;
void writer_end_leases(struct work *w);

/* Thread functions. */
void *writer_main(void *arg);
void *reader_main(void *arg);
/* What readers have before they run, and share. 0 or MDB_E_NOMEM. */
int readers_init(struct work *w) MUST_CHECK;
void *runner_main(void *arg);

/* A thread with the stack and the signals of workers. */
int work_thread(pthread_t *ret, void *(*fn)(void *), void *arg, struct err *e)
	MUST_CHECK;

/* Hands finished jobs to the loop. */
void work_deliver(struct work *w, struct job_list *l);
/* Hands the loop what the service's own work did, as a job without a request:
 * those who subscribed are told of it. Takes its effects. */
void work_tell(struct work *w, struct job *own);

/* Gives memory that is not needed now back to the system. */
void work_shrink(struct store *st);

/* Wait this long without work before giving memory back. */
#define WORK_SHRINK_MS 3000
/* What is kept of the graph stays longer: an agent thinks between a write and
 * the next read, and reading 10,000 entities anew takes 0.1 s. */
#define WORK_KEEP_MS (5 * 60 * 1000)
#define WORK_KEEP_NS ((int64_t)WORK_KEEP_MS * 1000000)

#endif
