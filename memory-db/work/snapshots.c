/* Copies of the database for backups. A connection of the kind that scripts
 * have pins a state and tells what is in it; the method copies the pages of
 * that state into a file without a name, whose descriptor is passed to the
 * client. Others read and write meanwhile. */
#include "memory-db/work/snapshots.h"

#include "common/allocator.h"
#include "memory-db/store/engine/store.h"

static int
snapshots_run_on(struct snapshots *s, struct store *st, struct job *j,
	json_t **ret_result, struct err *e)
{
	struct call c = {.st = st,
		.tool = j->tool,
		.ctx = &j->ctx,
		.params = j->params,
		.cancelled = &j->cancelled,
		.ret_fd = &j->fd};
	int64_t change;
	int rc = store_script_begin(st, &change, e);

	if (rc != 0)
		return rc;
	rc = s->opt.run(&c, ret_result, e);
	store_script_end(st);
	return rc;
}

static int
snapshots_run(struct snapshots *s, struct job *j, json_t **ret_result,
	struct err *e)
{
	struct store *st = NULL;
	int rc = store_open(s->opt.db, STORE_SCRIPT, &st, e);

	if (rc != 0)
		return rc;
	rc = snapshots_run_on(s, st, j, ret_result, e);
	store_close(st);
	return rc;
}

static void
snapshots_answer(struct snapshots *s, struct job *j)
{
	struct err e = {0};
	json_t *result = NULL;
	int rc;

	if (atomic_load(&j->cancelled)) {
		rc = err_set(&e, MDB_E_CANCELLED, "cancelled before it ran");
	} else {
		s->opt.enter(s->opt.ctx);
		rc = snapshots_run(s, j, &result, &e);
		s->opt.leave(s->opt.ctx);
	}
	if (rc == 0) {
		(void)!job_answer(j, result, &e); /* failure is an answer too */
		return;
	}
	json_decref(result);
	e.code = rc;
	job_fail(j, &e);
}

static void *
snapshots_main(void *arg)
{
	struct snapshots *s = arg;

	(void)pthread_setname_np(pthread_self(), "snapshot");
	for (;;) {
		struct job_list done = {0};
		struct job *j = queue_take(&s->queue, 1, SIZE_MAX, false, -1);

		if (!j) {
			if (queue_is_stopped(&s->queue))
				return NULL;
			continue;
		}
		atomic_store(&s->current, j);
		/* A stop marks what is current first, then stops the queue. */
		if (queue_is_stopped(&s->queue))
			atomic_store(&j->cancelled, true);
		snapshots_answer(s, j);
		atomic_store(&s->current, NULL);
		allocator_trim();
		atomic_fetch_sub(&s->n, 1);
		job_list_add(&done, j);
		s->opt.deliver(s->opt.ctx, &done);
	}
}

/* All are answered with the error. */
static void
snapshots_refuse_all(struct snapshots *s, struct job_list *l,
	const struct err *e)
{
	struct job_list done = {0};

	for (struct job *j = l->head, *next; j; j = next) {
		next = j->next;
		job_fail(j, e);
		job_list_add(&done, j);
	}
	*l = (struct job_list){0};
	s->opt.deliver(s->opt.ctx, &done);
}

int
snapshots_init(struct snapshots *s)
{
	return queue_init(&s->queue);
}

void
snapshots_done(struct snapshots *s)
{
	queue_done(&s->queue);
}

void
snapshots_push(struct snapshots *s, struct job_list *l)
{
	struct err e = {0};

	if (l->n == 0)
		return;
	if (!s->is_started &&
		s->opt.thread(&s->thread, snapshots_main, s, &e) != 0) {
		snapshots_refuse_all(s, l, &e);
		return;
	}
	s->is_started = true;
	atomic_fetch_add(&s->n, l->n);
	(void)queue_push(&s->queue, l, NULL);
}

size_t
snapshots_queued(const struct snapshots *s)
{
	return atomic_load(&s->n);
}

void
snapshots_cancel(struct snapshots *s)
{
	struct job *j = atomic_load(&s->current);

	if (j)
		atomic_store(&j->cancelled, true);
}

void
snapshots_stop(struct snapshots *s)
{
	queue_stop(&s->queue);
	snapshots_cancel(s);
	if (s->is_started)
		pthread_join(s->thread, NULL);
	s->is_started = false;
}
