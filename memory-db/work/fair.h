/* Scripts of many clients on few threads, fairly.
 *
 * A script may spin for half a minute, so a queue alone lets one client stop
 * all others. Each script is on up to three accounts: that of its session (or
 * of its connection, when it names none), that of all connections of its
 * process which name no session, and that of its process, whatever sessions it
 * makes up. An account bounds what runs, what waits, and the CPU time of a
 * minute. A process never has all threads, so the first script of another one
 * begins at once; among those that may begin, the session goes first whose
 * last turn is longest ago.
 *
 * Thread safe. The loop enters scripts, runners take and leave. */
#ifndef WORK_FAIR_H
#define WORK_FAIR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "memory-db/work/queue.h"

/* Whose script: hashes, so that anything can be a name. */
struct fair_who {
	uint64_t session;
	uint64_t process;
	bool is_named; /* session is a name, not a connection */
};

struct fair_account {
	uint64_t key; /* 0: free */
	unsigned kind;
	unsigned running, waiting;
	double cpu_ms; /* left of its budget; less than 0: a debt */
	int64_t filled_ns;
	uint64_t turn; /* of the last script that began */
};

struct fair {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job_list waiting; /* in the order they came */
	struct fair_account accounts[LIMIT_SCRIPT_ACCOUNTS];
	uint64_t turns;
	unsigned running;
	bool is_stopped;
};

/* 0 or MDB_E_NOMEM. */
int fair_init(struct fair *f) MUST_CHECK;
void fair_done(struct fair *f);

/* A script asks to be run: it is noted on its accounts, in j->accounts, and
 * must be pushed then. MDB_E_BUSY with retry_after_ms: too many are there, or
 * the CPU time is spent. */
int fair_enter(struct fair *f, const struct fair_who *who, int64_t now_ns,
	struct job *j, struct err *e) MUST_CHECK;
/* Empties the list. */
void fair_push(struct fair *f, struct job_list *l);

/* The next script for runner number `index`, or NULL: nothing came within
 * wait_ms (-1: for ever, 0: now), or everything is stopped and done. Higher
 * runners work only while all lower ones do. */
struct job *fair_take(struct fair *f, unsigned index, int wait_ms);
/* It has ended, and took this much. */
void fair_leave(struct fair *f, struct job *j, int64_t now_ns, int64_t cpu_us);

void fair_stop(struct fair *f);
bool fair_is_stopped(struct fair *f);

#endif
