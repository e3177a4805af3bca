/* The background room: one scheduler for what the service does for itself.
 *
 * A task is a const record beside its code: what it does, when it is due, how
 * much time a step gets, in which modes of the service it runs. The scheduler
 * owns the order and the time, tries again what failed, later and later, and
 * keeps for each task what status shows.
 *
 * A lane is a thread that has time for tasks: the writer between two groups of
 * requests, the thread that fills in vectors, and the one that looks for
 * conflicts. A call of background_run() makes one step of one task and comes
 * back, so that a request that arrives meanwhile waits for one step at most,
 * whatever waits in the background. Work that takes long is therefore many
 * steps: a step that answers 1 has its next turn behind the other tasks that
 * are due.
 *
 * For example the index task works on texts that wait for 20 ms and answers 1
 * while some are left. Between its steps the writer looks at its queue, and the
 * checkpoint has its turn. When no text is left the step answers 0: the run is
 * over, and the merges behind it in the lease "text" may begin.
 *
 * To add a task: its record beside its code, and one line in tasks.c. */
#ifndef WORK_BACKGROUND_BACKGROUND_H
#define WORK_BACKGROUND_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

#define BACKGROUND_TASKS_MAX 32

enum background_lane {
	BACKGROUND_WRITER,  /* holds the write connection; ctx: struct work */
	BACKGROUND_FILLER,  /* holds a read connection; ctx: struct embedding */
	BACKGROUND_SCANNER, /* holds a read connection; ctx: struct scanning */
	BACKGROUND_LANE_MAX
};

/* What the service can do now, the worst of it. A record names all modes in
 * which the task runs. */
enum background_mode {
	BACKGROUND_NORMAL = 1,
	BACKGROUND_READ_ONLY = 2, /* the file may not be written */
	BACKGROUND_DAMAGED = 4,	  /* the file, or its disk, has trouble */
	BACKGROUND_DISK_LOW = 8	  /* writes of clients are refused */
};
#define BACKGROUND_WRITABLE (BACKGROUND_NORMAL | BACKGROUND_DISK_LOW)
#define BACKGROUND_ALWAYS                                                      \
	(BACKGROUND_WRITABLE | BACKGROUND_READ_ONLY | BACKGROUND_DAMAGED)

/* Whether a task also gets a step behind a group of requests, when the lane
 * may have no idle moment for long. */
enum background_share {
	BACKGROUND_IDLE_ONLY,
	BACKGROUND_UNDER_LOAD, /* while more requests wait */
	BACKGROUND_EACH_GROUP
};

struct background_task {
	const char *name;
	const char *about; /* one sentence for the operator */
	enum background_lane lane;
	unsigned modes;
	/* Tasks of one lease work on the same thing, in the order of the list:
	 * one begins when those before it have no work. NULL: none. */
	const char *lease;
	int64_t period_ms; /* from one run to the next at least */
	int64_t quiet_ms;  /* and so long after the last request of the lane */
	/* When quiet did not come for so long the task begins without it, and
	 * has a tenth of the time. 0: it is of use in quiet alone. */
	int64_t patience_ms;
	int64_t budget_ns; /* a step shall take no longer */
	enum background_share share;
	int64_t share_ns; /* budget of a step under load */
	/* From a failure to the next attempt: doubles up to the bound. 0: a
	 * second, ten minutes. */
	int64_t pause_ms, pause_max_ms;
	/* Is there work? Cheap: asked before each step. NULL: whenever the
	 * period is over. */
	bool (*wanted)(void *ctx);
	/* 1: more is to do, 0: done, negative: failed with *e. */
	int (*step)(void *ctx, int64_t budget_ns, struct err *e);
};

enum background_outcome {
	BACKGROUND_NEVER, /* it did not run yet */
	BACKGROUND_RUNNING,
	BACKGROUND_DONE,
	BACKGROUND_FAILED
};
const char *background_outcome_name(enum background_outcome o);

/* A run is a series of steps that ends with 0 or a failure. */
struct background_state {
	const struct background_task *task;
	int64_t last_run_ms; /* wall clock of its begin; 0: never */
	int64_t duration_ns; /* all steps of the last run, or of this one */
	int64_t longest_ns;  /* step so far */
	int64_t next_due_ms; /* wall clock; 0: when there is work */
	enum background_outcome outcome;
	char error[200]; /* of the last failure; "": the last run went well */
	uint64_t runs, failures;
};

struct background_options {
	const struct background_task *const *tasks; /* borrowed */
	size_t n;		 /* at most BACKGROUND_TASKS_MAX */
	int64_t (*now_ns)(void); /* NULL: clock_mono_ns */
};

struct background;

int background_new(const struct background_options *o, struct background **ret,
	struct err *e) MUST_CHECK;
void background_free(struct background *b);

/* By the thread of the lane alone: */
/* One step of the next task that is due in this mode. Milliseconds until the
 * next call; 0: at once. */
int background_run(struct background *b, enum background_lane lane,
	enum background_mode mode, void *ctx);
/* Behind a group of requests: a step of each task that has a share, and of those
 * that lost their patience. is_loaded: more requests wait. */
void background_share(struct background *b, enum background_lane lane,
	enum background_mode mode, void *ctx, bool is_loaded);
/* The lane served a request. */
void background_busy(struct background *b, enum background_lane lane);

/* By any thread: the states, in the order of the list. How many. */
size_t background_states(struct background *b,
	struct background_state ret[BACKGROUND_TASKS_MAX]);

#endif
