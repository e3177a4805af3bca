/* The writer: the only thread with a writable connection.
 *
 *   take what is queued -> begin -> each request in its savepoint -> commit
 *   -> hand back the answers
 *
 * For example 64 clients write at once, on a disk that takes 1 ms for an fsync.
 * The first write is a group of its own. While it waits for the disk, the other
 * 63 are queued; they are the next group, and share one fsync. One of them would
 * replace a fact that is not there and is refused: its savepoint is rolled back,
 * the other 62 are committed.
 *
 * There is no grouping timer: while one group waits for the disk, the next
 * one gathers in the queue. A group that fails as a whole (its commit, or an error
 * that rolled the transaction back) is run again one by one, once, so that one
 * poison request fails alone. Answers are made inside the savepoint, so that one
 * that finds no memory undoes its request, and leave after the COMMIT. */
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "memory-db/model/order/look_later.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/store/index/text_wait.h"
#include "memory-db/work/after_commit.h"
#include "memory-db/work/aside.h"
#include "memory-db/work/background/tasks.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/once.h"
#include "memory-db/work/parts.h"
#include "memory-db/work/recover.h"

/* Idle work waits this long after the last request: a client that writes one
 * request after the other shall not find the writer busy. */
#define IDLE_GRACE_MS 10

static void
end_busy(struct work *w)
{
	atomic_store_explicit(&w->busy_since, 0, memory_order_relaxed);
}

/* What every write does when it is committed, beside what its handler added. */
static int
writer_note_effects(struct call *c, json_t *result, struct err *e)
{
	struct effect *erased = effects_find(&c->effects, EFFECT_ERASED);
	struct effect *feed;

	if (erased)
		erased->result = json_incref(result);
	if (c->note.change <= 0)
		return 0;
	feed = effects_add(&c->effects, EFFECT_FEED, e);
	if (!feed)
		return MDB_E_NOMEM;
	feed->note = c->note;
	c->note.entities = NULL;
	return 0;
}

/* What an agent wrote is to be run again, in another pass: the policy says so,
 * or main will not have what the inbox took (it builds on what waits there). */
static bool
is_other_pass(const struct call *c, int rc)
{
	if (c->ctx->review_pass == REVIEW_PASS_MAIN)
		return c->note.other_pass || rc == MDB_E_NOT_FOUND ||
		       rc == MDB_E_EXISTS || rc == MDB_E_CONFLICT ||
		       (rc == 0 && c->dry_run && (c->tool->flags & TF_SCRIPT));
	return rc != 0 && c->note.other_pass;
}

/* The handler; *c tells what it did. A write that was done before under the
 * same key is not done again. */
static int
writer_call(struct work *w, struct job *j, struct call *c, struct once *once,
	json_t **ret_result, struct err *e)
{
	int rc = once_look(w->st, j, once, ret_result, e);

	parts_give(j, c);
	if (rc != 0 || *ret_result)
		return rc;
	rc = w->opt.run(c, ret_result, e);
	if (once->is_seen)
		return once_again(once, c, rc, ret_result, e);
	if (rc != 0 || c->dry_run || c->has_more)
		return rc;
	return once_keep(w->st, j, once, c, *ret_result, e);
}

/* Takes the result. */
static int
writer_answer(struct job *j, const struct call *c, json_t *result,
	struct err *e)
{
	if (!c->has_more)
		return job_answer(j, result, e);
	json_decref(result);
	parts_answer(j);
	return 0;
}

/* Runs the method and answers the job, inside its savepoint. *ret_keep: whether
 * what it did stays (of a dry run and of a retry nothing does). */
static int
writer_run_method(struct work *w, struct job *j, bool *ret_keep, struct err *e)
{
	struct call c = {.st = w->st,
		.tool = j->tool,
		.ctx = &j->ctx,
		.params = j->params,
		.prepared = &j->prepared};
	json_t *result = NULL;
	struct once once;
	int rc = writer_call(w, j, &c, &once, &result, e);

	*ret_keep = rc == 0 && !c.dry_run && !once.is_seen;
	if (!once.is_seen && is_other_pass(&c, rc)) {
		j->ctx.review_pass = j->ctx.review_pass == REVIEW_PASS_ASK
					     ? REVIEW_PASS_MAIN
					     : REVIEW_PASS_INBOX;
		json_decref(result);
		call_done(&c);
		*ret_keep = false;
		return 0;
	}
	if (*ret_keep)
		rc = writer_note_effects(&c, result, e);
	if (rc != 0) {
		json_decref(result);
		e->code = rc;
	} else {
		rc = writer_answer(j, &c, result, e);
	}
	*ret_keep = *ret_keep && rc == 0;
	if (*ret_keep)
		effects_move(&j->effects, &c.effects);
	call_done(&c);
	return rc;
}

/* Work of the service: nobody reads an answer. */
static int
run_own(struct work *w, struct job *j, struct err *e)
{
	int rc = j->own.run(j->own.ctx, w->st, e);

	j->is_answered = rc == 0;
	j->code = rc;
	return rc;
}

/* What a request did stays. */
static int
writer_keep(struct work *w, struct err *e)
{
	int rc = look_later(w->st, e);

	return rc != 0 ? rc : store_release(w->st, e);
}

/* In its savepoint; without an answer it is to be run in another pass. */
static int
writer_try_job(struct work *w, struct job *j, struct err *e)
{
	bool keep = true;
	int rc = store_savepoint(w->st, e);

	if (rc != 0)
		return rc;
	look_later_begin(w->st);
	rc = j->kind == JOB_OWN ? run_own(w, j, e)
				: writer_run_method(w, j, &keep, e);
	if (rc == 0 && keep)
		rc = writer_keep(w, e);
	if (rc || !keep)
		store_rollback(w->st);
	if (rc && j->is_answered)
		job_retract(j);
	return rc;
}

/* One request of a group. Its answer is set in any case; *e is its error, if
 * it has one. */
static void
writer_run_job(struct work *w, struct job *j, struct err *e)
{
	int64_t start = clock_mono_ns();
	enum review_pass pass;
	int rc;

	if (atomic_load_explicit(&j->cancelled, memory_order_relaxed)) {
		err_set(e, MDB_E_CANCELLED,
			j->part == 0 ? "cancelled before it ran"
				     : "cancelled amid its parts; those that "
				       "were done stay");
		job_fail(j, e);
		return;
	}
	j->ctx.review_pass = REVIEW_PASS_ASK;
	do {
		pass = j->ctx.review_pass;
		memset(e, 0, sizeof(*e));
		rc = writer_try_job(w, j, e);
		if (rc)
			break;
	} while (j->ctx.review_pass != pass);
	if (rc)
		job_fail(j, e);
	/* Records of a damaged import say that of themselves. */
	if (rc == MDB_E_CORRUPT && j->kind == JOB_CALL &&
		!(j->tool->flags & TF_IMPORT))
		trouble_damage(w->opt.db, e->text);
	if (j->kind != JOB_OWN)
		histogram_add(&w->stats.write_run, clock_mono_ns() - start);
}

static bool
is_crowd(const struct job *first, const struct job *end)
{
	int n = 0;

	for (const struct job *j = first; j != end; j = j->next)
		if (++n == LIMIT_CROWD_REQUESTS)
			return true;
	return false;
}

/* Runs the jobs from first up to (not including) end in one transaction.
 * 0 when it is committed; else nothing of it has happened. */
static int
run_group(struct work *w, struct job *first, struct job *end, struct err *e)
{
	int64_t start;
	int rc = store_group_begin(w->st, e);

	if (rc)
		return rc;
	store_crowd(w->st, is_crowd(first, end));
	for (struct job *j = first; j != end; j = j->next) {
		work_is_busy(w); /* each request is progress */
		writer_run_job(w, j, e);
		if (!store_in_group(w->st)) {
			store_group_abort(w->st);
			err_prefix(e, "the database rolled everything back");
			return MDB_E_STORE;
		}
	}
	memset(e, 0, sizeof *e);
	start = clock_mono_ns();
	rc = store_group_commit(w->st, e);
	histogram_add(&w->stats.commit, clock_mono_ns() - start);
	if (rc) {
		store_group_abort(w->st);
		atomic_fetch_add(&w->stats.commits_failed, 1);
		/* A full disk took no end of the group; others may have. */
		if (trouble_now(w->opt.db) == TROUBLE_DISK)
			w->is_unsettled = true;
		return rc;
	}
	w->is_unsettled = false;
	atomic_fetch_add_explicit(&w->stats.groups, 1, memory_order_relaxed);
	after_commit(w, first, end);
	return 0;
}

/* Failures of the disk; any other error is of the request, and it would fail
 * with it again. */
static bool
is_of_disk(int code)
{
	return code == MDB_E_STORE || code == MDB_E_DISK_LOW;
}

/* A COMMIT failed, and none that followed was able to take its place in the
 * log. What it held may come back by itself. */
static void
answer_unknown(struct job *first, struct job *last)
{
	struct err e = {0};

	(void)recover_unknown(&e);
	for (struct job *j = first; j; j = j->next) {
		if (is_of_disk(j->code)) {
			job_retract(j);
			job_fail(j, &e);
		}
		if (j == last)
			break;
	}
}

/* The second and last attempt for the requests of a failed group. */
static void
run_one_by_one(struct work *w, struct job *first)
{
	struct job *unsure = first, *last = first;
	struct err e;

	atomic_fetch_add(&w->stats.groups_repeated, 1);
	for (struct job *j = first; j; j = j->next) {
		last = j;
		if (j->is_answered)
			job_retract(j);
		memset(&e, 0, sizeof e);
		if (run_group(w, j, j->next, &e) == 0) {
			unsure = j->next;
			continue;
		}
		/* Its own error says more than that of the commit. */
		if (j->is_answered && j->code != MDB_OK)
			continue;
		if (j->is_answered)
			job_retract(j);
		job_fail(j, &e);
	}
	if (unsure && !recover_settle(w))
		answer_unknown(unsure, last);
}

/* The group could not even begin: another program holds the file, or the disk
 * is gone. Trying again for each would only multiply the waiting. */
static void
fail_all(struct job *first, struct err *e)
{
	if (e->code == MDB_E_BUSY && e->retry_after_ms == 0)
		e->retry_after_ms = 500;
	for (struct job *j = first; j; j = j->next)
		job_fail(j, e);
}

/* Mends damage, all of it. */
static bool
is_repair(const struct job *first)
{
	for (const struct job *j = first; j; j = j->next)
		if (j->kind != JOB_CALL || !(j->tool->flags & TF_MENDS))
			return false;
	return true;
}

static void
writer_run_all(struct work *w, struct job *first)
{
	struct job_list done = {0};
	struct err e = {0};
	int64_t now = clock_mono_ns();
	uint64_t n = 0;

	for (struct job *j = first; j; j = j->next, n++)
		if (j->kind != JOB_OWN)
			histogram_add(&w->stats.write_wait, now - j->queued_ns);
	atomic_fetch_add_explicit(&w->stats.grouped, n, memory_order_relaxed);
	if (n > atomic_load_explicit(&w->stats.group_largest,
			memory_order_relaxed))
		atomic_store_explicit(&w->stats.group_largest, n,
			memory_order_relaxed);
	if (database_read_only(w->opt.db)) {
		err_set(&e, MDB_E_DENIED, "the database is read-only");
		fail_all(first, &e);
	} else if (recover_before(w, is_repair(first), &e)) {
		fail_all(first, &e);
	} else if (run_group(w, first, NULL, &e)) {
		log_event(LOG_WARN, "group failed", first->serial,
			LOG_I("requests", n), LOG_S("code", err_name(e.code)),
			LOG_S("error", e.text));
		if (first->is_answered)
			run_one_by_one(w, first);
		else
			fail_all(first, &e);
	}
	for (struct job *j = first, *next; j; j = next) {
		next = j->next;
		if (j->kind == JOB_OWN) {
			work_tell(w, j);
			j->own.done(j->own.ctx, j);
		} else if (!parts_again(w, j))
			job_list_add(&done, j);
	}
	work_deliver(w, &done);
}

/* A long request goes on: the watchdog is content. */
static void
on_steps(void *ctx)
{
	work_is_busy(ctx);
}

/* A step of what waits for time in which nobody asks. Returns how long to wait
 * for requests before coming here again. */
static int
idle(struct work *w)
{
	int wait_ms = recover_idle(w);

	if (wait_ms >= 0)
		return wait_ms;
	work_is_busy(w);
	wait_ms = background_run(w->background, BACKGROUND_WRITER,
		background_mode_of(w->opt.db, w->opt.embedding.disk_free_bytes),
		w);
	end_busy(w);
	return wait_ms;
}

/* So much waits to be indexed that large writes wait: searches look at it all. */
static bool
has_debts(struct work *w)
{
	int64_t rows, bytes;

	text_wait_published(w->opt.db, &rows, &bytes);
	return bytes > LIMIT_INDEX_WAIT_BYTES &&
	       trouble_now(w->opt.db) == TROUBLE_NONE;
}

/* Tasks that may not wait until nobody asks. The disk is no concern of theirs:
 * they free it, or what they write was accepted before. */
static void
pay_share(struct work *w)
{
	background_busy(w->background, BACKGROUND_WRITER);
	/* A small write that waits goes first, once: behind its group there is
	 * a share again. */
	w->has_put_off = !w->has_put_off && write_queue_has_small(&w->writes);
	if (w->has_put_off)
		return;
	if (!w->st || database_read_only(w->opt.db) ||
		trouble_now(w->opt.db) != TROUBLE_NONE)
		return;
	background_share(w->background, BACKGROUND_WRITER, BACKGROUND_NORMAL, w,
		write_queue_length(&w->writes) > 0);
}

static void
writer_serve(struct work *w)
{
	int wait_ms = IDLE_GRACE_MS;
	struct job *list;

	for (;;) {
		list = write_queue_take(&w->writes, w->opt.group_max,
			LIMIT_GROUP_BYTES, has_debts(w), wait_ms);
		if (list) {
			work_is_busy(w);
			work_enter(w);
			/* The connections may be others than before. */
			if (w->st)
				store_on_progress(w->st, on_steps, w);
			writer_run_all(w, list);
			pay_share(w);
			work_leave(w);
			end_busy(w);
			wait_ms = IDLE_GRACE_MS;
		} else if (write_queue_is_stopped(&w->writes)) {
			return;
		} else {
			work_enter(w);
			wait_ms = idle(w);
			work_leave(w);
		}
	}
}

void *
writer_main(void *arg)
{
	struct work *w = arg;
	struct err e = {0};

	(void)pthread_setname_np(pthread_self(), "writer");
	work_is_busy(w);
	if (writer_open(w, &e)) {
		w->failure = e;
		end_busy(w);
		work_set_state(w, WORK_FAILED);
		return NULL;
	}
	writer_end_leases(w);
	end_busy(w);
	work_set_state(w, WORK_READY);
	embedding_begin(w->embedding);
	aside_begin(w);
	writer_serve(w);
	work_is_busy(w);
	if (!database_read_only(w->opt.db) && w->st &&
		store_checkpoint(w->st, &e))
		log_event(LOG_WARN, "checkpoint failed", 0,
			LOG_S("code", err_name(e.code)),
			LOG_S("error", e.text));
	end_busy(w);
	return NULL;
}
