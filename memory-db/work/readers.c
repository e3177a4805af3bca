/* The readers: threads, each with a read-only connection of its own, one
 * request at a time, one snapshot a request. They also parse long frames, so
 * that the loop never spends milliseconds on one client.
 *
 * An interrupt (cancel, or the end of the client) is meant for the job that is
 * current while it is sent. When that job has already read everything, the
 * interrupt goes with it and the next job starts without. */
#include "common/clock.h"
#include "common/limits.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/idle.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/recover.h"

/* An interrupt is for the job that is current while it is sent. What came when
 * that job had already read everything goes with it: the next one starts
 * without. */
static void
set_current(struct reader *r, struct job *j)
{
	pthread_mutex_lock(&r->lock);
	if (r->st)
		store_uninterrupt(r->st);
	r->current = j;
	atomic_store_explicit(&r->is_busy, j != NULL, memory_order_relaxed);
	pthread_mutex_unlock(&r->lock);
}

/* Runs the method within the snapshot, or finds what it answered before. */
static int
readers_answer(struct reader *r, struct call *c, struct job *j,
	json_t **ret_result, struct err *e)
{
	AUTO_BUF struct buf key = {0};
	uint32_t state = 0;
	int64_t due = 0, now = clock_now_ms();
	bool is_moving = false;
	int rc;

	if (!read_cache_key(j, &key))
		return r->work->opt.run(c, ret_result, e);
	rc = store_state(r->st, &state, e);
	if (rc != 0)
		return rc;
	/* What has an end goes when it has come, without a commit: the newest
	 * end that has come is part of the request. */
	rc = curated_due(r->st, now, &due, e);
	if (rc != 0)
		return rc;
	if (due != 0) {
		rc = curated_facts_due(r->st, now, &is_moving, e);
		if (rc != 0)
			return rc;
	}
	if (is_moving)
		return r->work->opt.run(c, ret_result, e);
	if (buf_addf(&key, ",%lld", (long long)due) != 0)
		return err_nomem(e);
	if (read_cache_find(&r->cache, state, &key, &j->text)) {
		*ret_result = json_object();
		return *ret_result ? 0 : err_nomem(e);
	}
	rc = r->work->opt.run(c, ret_result, e);
	if (rc != 0)
		return rc;
	if (!c->is_kept)
		read_cache_keep(&r->cache, &key, &j->text, *ret_result);
	return 0;
}

/* In a snapshot. */
static int
readers_read(struct reader *r, struct call *c, struct job *j,
	json_t **ret_result, struct err *e)
{
	int rc = store_read_begin(r->st, e);

	if (rc != 0)
		return rc;
	rc = readers_answer(r, c, j, ret_result, e);
	store_read_end(r->st);
	return rc;
}

/* Runs the method within one snapshot. 0 with *ret_result, or a code. */
static int
readers_run_method(struct reader *r, struct job *j, json_t **ret_result,
	struct err *e)
{
	struct call c = {.st = r->st,
		.tool = j->tool,
		.ctx = &j->ctx,
		.params = j->params,
		.text = &j->text,
		.keep = r->work->keep,
		.question = &j->question};
	int rc;

	if (!r->st)
		return work_no_store(e);
	c.deadline_ns = clock_mono_ns() + (int64_t)LIMIT_READ_MS * 1000000;
	store_deadline(r->st, c.deadline_ns);
	c.keep_seen = graph_keep_seen(c.keep);
	rc = readers_read(r, &c, j, ret_result, e);
	store_deadline(r->st, 0);
	change_note_done(&c.note);
	return rc;
}

static void
run_call(struct reader *r, struct job *j)
{
	struct work *w = r->work;
	struct err e = {0};
	json_t *result = NULL;
	int64_t start = clock_mono_ns(), took;
	int rc;

	histogram_add(&w->stats.read_wait, start - j->queued_ns);
	work_enter(w);
	set_current(r, j);
	if (atomic_load_explicit(&j->cancelled, memory_order_relaxed))
		rc = err_set(&e, MDB_E_CANCELLED, "cancelled before it ran");
	else
		rc = readers_run_method(r, j, &result, &e);
	set_current(r, NULL);
	if (rc == MDB_E_CORRUPT) {
		trouble_damage(w->opt.db, e.text);
		store_shrink(r->st); /* what is bad is not kept */
	}
	work_leave(w);
	if (rc == 0) {
		/* Failure is answered too: NOMEM. */
		if (job_answer(j, result, &e))
			rc = e.code;
	} else {
		json_decref(result);
		e.code = rc;
		job_fail(j, &e);
	}
	took = clock_mono_ns() - start;
	histogram_add(&w->stats.read_run, took);
	if (j->tool->flags & TF_SEARCH)
		histogram_add(&w->stats.search, took);
}

static void
run_parse(struct job *j)
{
	struct err e = {0};
	int rc = job_read(j, j->frame.data, j->frame.len, &e);

	buf_done(&j->frame);
	if (rc)
		job_fail(j, &e);
}

int
readers_init(struct work *w)
{
	for (size_t i = 0; i < WORK_READERS; i++) {
		w->readers[i].work = w;
		w->readers[i].may_slow = i == 0;
		(void)pthread_mutex_init(&w->readers[i].lock, NULL);
	}
	return graph_keep_new(&w->keep);
}

void *
reader_main(void *arg)
{
	struct reader *r = arg;
	struct queue *q = &r->work->reads;
	struct job_list done = {0};
	struct job *j;
	int wait_ms = WORK_SHRINK_MS;

	(void)pthread_setname_np(pthread_self(), "reader");
	for (;;) {
		j = queue_take(q, 1, SIZE_MAX, r->may_slow, wait_ms);
		if (!j) {
			if (queue_is_stopped(q))
				return NULL;
			if (work_state(r->work) == WORK_READY) {
				work_enter(r->work);
				read_cache_clear(&r->cache);
				work_shrink(r->st);
				work_leave(r->work);
				wait_ms = graph_keep_rest(r->work->keep,
						  WORK_KEEP_NS)
						  ? WORK_KEEP_MS
						  : -1;
			}
			continue;
		}
		if (j->kind == JOB_PARSE)
			run_parse(j);
		else
			run_call(r, j);
		job_list_add(&done, j);
		work_deliver(r->work, &done);
		wait_ms = WORK_SHRINK_MS;
	}
}
