/* Going on after trouble with the file, without a restart. recover.h has the
 * reasons.
 *
 * For example the disk is full: a COMMIT fails, and nobody knows whether the
 * group is in the log. Its requests are answered "the outcome is unknown".
 * The first COMMIT that succeeds takes the place in the log that the group
 * might have had; from then on it is certain that the group did not
 * happen. */
#include "memory-db/work/recover.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/idle.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/store/check/verify.h"
#include "memory-db/work/aside.h"

/* Between attempts. */
#define AGAIN_MS 300
/* A script may hold its view for half a minute: then later. */
#define GATE_WAIT_MS 50
/* Verifying before a write is refused: all of a small memory. */
#define VERIFY_AT_ONCE_MS 400
#define VERIFY_SLICE_MS	  50
/* From the run that found damage to the next one. */
#define VERIFY_PAUSE_MS	    1000
#define VERIFY_PAUSE_MAX_MS (10 * 60 * 1000)

static int64_t
after_ms(int64_t ms)
{
	return clock_mono_ns() + ms * 1000000;
}

/* --- the gate ------------------------------------------------------------- */
int
gate_init(struct work *w)
{
	pthread_rwlockattr_t attr;
	int rc;

	if (pthread_rwlockattr_init(&attr) != 0)
		return MDB_E_NOMEM;
	(void)pthread_rwlockattr_setkind_np(&attr,
		PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	rc = pthread_rwlock_init(&w->gate, &attr);
	(void)pthread_rwlockattr_destroy(&attr);
	return rc == 0 ? 0 : MDB_E_NOMEM;
}

void
gate_done(struct work *w)
{
	(void)pthread_rwlock_destroy(&w->gate);
}

static void
close_all(struct work *w)
{
	graph_keep_clear(w->keep);
	store_close(w->st);
	w->st = NULL;
	for (size_t i = 0; i < WORK_READERS; i++) {
		read_cache_clear(&w->readers[i].cache);
		store_close(w->readers[i].st);
		w->readers[i].st = NULL;
	}
	aside_close(w);
	/* Those of scripts are opened by the next one. */
	for (size_t i = 0; i < WORK_SCRIPTS; i++) {
		store_close(w->runners[i].st);
		w->runners[i].st = NULL;
	}
}

static int
recover_open_each(struct work *w, struct err *e)
{
	int rc = store_open(w->opt.db, STORE_WRITER, &w->st, e);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < WORK_READERS; i++) {
		rc = store_open(w->opt.db, STORE_READER, &w->readers[i].st, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
recover_open_all(struct work *w, struct err *e)
{
	int rc = recover_open_each(w, e);

	if (rc != 0)
		close_all(w);
	return rc;
}

static bool
wants_reopening(struct work *w)
{
	return work_state(w) == WORK_READY &&
	       (trouble_now(w->opt.db) == TROUBLE_LOCKS ||
		       atomic_load(&w->is_closed)) &&
	       clock_mono_ns() >= atomic_load(&w->reopen_ns);
}

/* With the gate held alone. */
static void
reopen(struct work *w)
{
	struct err e = {0};

	atomic_store(&w->reopen_ns, after_ms(AGAIN_MS));
	if (!embedding_park(w->embedding, true))
		return;
	close_all(w);
	/* The trouble lasts until it is open: nobody says that all is well while
	 * it cannot be opened. */
	if (recover_open_all(w, &e) == 0) {
		trouble_over(w->opt.db, TROUBLE_LOCKS);
		atomic_store(&w->is_closed, false);
		(void)embedding_park(w->embedding, false);
		log_event(LOG_INFO, "the database was opened anew", 0);
		return;
	}
	atomic_store(&w->is_closed, true);
	log_event(LOG_WARN, "the database cannot be opened anew", 0,
		LOG_S("error", e.text));
}

static void
try_reopening(struct work *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATE_WAIT_MS * 1000000L;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	if (pthread_rwlock_clockwrlock(&w->gate, CLOCK_MONOTONIC, &until) != 0)
		return;
	if (wants_reopening(w))
		reopen(w);
	pthread_rwlock_unlock(&w->gate);
}

void
work_enter(struct work *w)
{
	if (wants_reopening(w))
		try_reopening(w);
	pthread_rwlock_rdlock(&w->gate);
}

void
work_leave(struct work *w)
{
	pthread_rwlock_unlock(&w->gate);
}

int
work_no_store(struct err *e)
{
	err_set(e, MDB_E_BUSY,
		"the database could not be opened anew after its file system "
		"refused locks; it is tried again");
	if (e)
		e->retry_after_ms = AGAIN_MS;
	return MDB_E_BUSY;
}

/* --- unknown outcomes ----------------------------------------------------- */
/* Takes the place in the log that the failed COMMIT may have filled. */
static int
write_something(struct store *st, void *ctx, struct err *e)
{
	char value[32]; /* another each time: a page that stays the same is
			   not written */
	int n = snprintf(value, sizeof(value), "%lld",
		(long long)clock_mono_ns());

	(void)ctx;
	return meta_set(st, META_SETTLED, value, (size_t)n, e);
}

static int
commit_something(struct work *w, struct err *e)
{
	return store_group_run(w->st, write_something, NULL, e);
}

bool
recover_settle(struct work *w)
{
	struct err e = {0};

	if (!w->is_unsettled)
		return true;
	if (commit_something(w, &e) != 0)
		return false;
	w->is_unsettled = false;
	return true;
}

int
recover_unknown(struct err *e)
{
	err_set(e, MDB_E_UNKNOWN_OUTCOME,
		"whether this was stored is not known: the disk failed while "
		"it was committed. Ask again with the same key, or look "
		"whether it is there");
	if (e)
		e->retry_after_ms = 1000;
	return MDB_E_UNKNOWN_OUTCOME;
}

/* --- damage --------------------------------------------------------------- */
static int
recover_ignore(void *ctx, const char *what, const char *text, int64_t mendable)
{
	(void)ctx;
	(void)mendable;
	log_event(LOG_ERROR, "verify", 0, LOG_S("what", what),
		LOG_S("problem", text));
	return 0;
}

/* After a run that found damage: the next one begins later and later. */
static bool
begin_verify(struct work *w)
{
	if (w->verify && w->verify->problems == 0)
		return true;
	if (clock_mono_ns() < w->verify_ns)
		return false;
	free(w->verify);
	w->verify = calloc(1, sizeof(*w->verify));
	store_shrink(w->st); /* pages that were read when it was bad */
	return w->verify != NULL;
}

/* The first time it may have been a read that failed once more. */
static void
pause_verify(struct work *w)
{
	int64_t next = w->verify_pause_ms == 0 ? VERIFY_PAUSE_MS
					       : 2 * w->verify_pause_ms;

	w->verify_ns = after_ms(w->verify_pause_ms);
	w->verify_pause_ms =
		next < VERIFY_PAUSE_MAX_MS ? next : VERIFY_PAUSE_MAX_MS;
}

/* A slice of the verification, in one read. */
static int
verify_some(struct work *w, int ms, bool *ret_done)
{
	struct err e = {0};
	double progress;
	int rc = store_read_begin(w->st, &e);

	if (rc == 0 && w->verify->change == 0)
		rc = lens_newest(w->st, &w->verify->change, &e);
	if (rc != 0) {
		store_read_end(w->st);
		return rc;
	}
	rc = verify_slice(w->st, w->verify, after_ms(ms), recover_ignore, NULL,
		&progress, ret_done, &e);
	store_read_end(w->st);
	return rc;
}

/* Verifies on. A sign of damage may have been a failing read: when nothing is
 * wrong with what lies there, it is over. */
static void
verify_on(struct work *w, int ms)
{
	bool done = false;

	if (!begin_verify(w))
		return;
	if (verify_some(w, ms, &done) != 0)
		w->verify->problems++;
	if (w->verify->problems > 0)
		pause_verify(w);
	if (!done || w->verify->problems > 0)
		return;
	free(w->verify);
	w->verify = NULL;
	w->verify_pause_ms = 0;
	trouble_over(w->opt.db, TROUBLE_DAMAGE);
}

/* --- the writer ----------------------------------------------------------- */
int
recover_before(struct work *w, bool is_repair, struct err *e)
{
	if (!w->st)
		return work_no_store(e);
	if (is_repair && trouble_now(w->opt.db) == TROUBLE_DAMAGE &&
		!w->is_unsettled) {
		/* What was found so far may be mended now: it is looked at
		 * again, at once. */
		free(w->verify);
		w->verify = NULL;
		w->verify_ns = w->verify_pause_ms = 0;
		return 0;
	}
	for (int i = 0; i < 2; i++)
		if (trouble_now(w->opt.db) == TROUBLE_DAMAGE)
			verify_on(w, VERIFY_AT_ONCE_MS);
	if (trouble_now(w->opt.db) == TROUBLE_DAMAGE ||
		(!recover_settle(w) && trouble_now(w->opt.db) != TROUBLE_NONE))
		return trouble_refuse(w->opt.db, e);
	if (w->is_unsettled)
		return err_set(e, MDB_E_STORE,
			"nothing was stored: the disk "
			"failed in a commit before, and still does");
	/* Somebody ran memoryctl verify. */
	free(w->verify);
	w->verify = NULL;
	w->verify_ns = w->verify_pause_ms = 0;
	return 0;
}

int
recover_idle(struct work *w)
{
	enum trouble t = trouble_now(w->opt.db);

	if (!w->st)
		return AGAIN_MS;
	if (t == TROUBLE_DAMAGE) {
		verify_on(w, VERIFY_SLICE_MS);
		return w->verify != NULL && w->verify->problems > 0
			       ? VERIFY_PAUSE_MS
			       : 0;
	}
	if (t == TROUBLE_DISK || w->is_unsettled) {
		w->is_unsettled = true;
		(void)recover_settle(w);
		return AGAIN_MS;
	}
	return t == TROUBLE_LOCKS ? AGAIN_MS : -1;
}
