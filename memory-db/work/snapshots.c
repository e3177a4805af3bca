/* A connection of the kind that scripts have pins a state of the database and
 * tells what is in it; the method copies its pages into a file without a name. */
#include "memory-db/work/snapshots.h"

#include <malloc.h>

#include "memory-db/work/recover.h"

static int
snapshots_run(struct work *w, struct job *j, json_t **ret_result, struct err *e)
{
	struct store *st = NULL;
	struct call c = {.tool = j->tool,
		.ctx = &j->ctx,
		.params = j->params,
		.cancelled = &j->cancelled,
		.ret_fd = &j->fd};
	int64_t change;
	int rc = store_open(w->opt.db, STORE_SCRIPT, &st, e);

	if (rc != 0)
		return rc;
	rc = store_script_begin(st, &change, e);
	if (rc == 0) {
		c.st = st;
		rc = w->opt.run(&c, ret_result, e);
		store_script_end(st);
	}
	store_close(st);
	return rc;
}

static void
snapshots_answer(struct work *w, struct job *j)
{
	struct err e = {0};
	json_t *result = NULL;
	int rc;

	if (atomic_load(&j->cancelled)) {
		rc = err_set(&e, MDB_E_CANCELLED, "cancelled before it ran");
	} else {
		work_enter(w);
		rc = snapshots_run(w, j, &result, &e);
		work_leave(w);
	}
	if (rc == 0) {
		(void)!job_answer(j, result, &e); /* failure is an answer too */
		return;
	}
	json_decref(result);
	e.code = rc;
	job_fail(j, &e);
}

void *
snapshots_main(void *arg)
{
	struct work *w = arg;
	struct snapshots *s = &w->snapshots;

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
		snapshots_answer(w, j);
		atomic_store(&s->current, NULL);
		(void)malloc_trim(0);
		atomic_fetch_sub(&s->n, 1);
		job_list_add(&done, j);
		work_deliver(w, &done);
	}
}

/* All are answered with the error. */
static void
refuse_all(struct work *w, struct job_list *l, const struct err *e)
{
	struct job_list done = {0};

	for (struct job *j = l->head, *next; j; j = next) {
		next = j->next;
		job_fail(j, e);
		job_list_add(&done, j);
	}
	*l = (struct job_list){0};
	work_deliver(w, &done);
}

void
snapshots_push(struct work *w, struct job_list *l)
{
	struct snapshots *s = &w->snapshots;
	struct err e = {0};

	if (l->n == 0)
		return;
	if (!s->is_started &&
		work_thread(&s->thread, snapshots_main, w, &e) != 0) {
		refuse_all(w, l, &e);
		return;
	}
	s->is_started = true;
	atomic_fetch_add(&s->n, l->n);
	(void)queue_push(&s->queue, l, NULL);
}

void
snapshots_stop(struct work *w)
{
	struct snapshots *s = &w->snapshots;
	struct job *j;

	queue_stop(&s->queue);
	if ((j = atomic_load(&s->current)) != NULL)
		atomic_store(&j->cancelled, true);
	if (s->is_started)
		pthread_join(s->thread, NULL);
	s->is_started = false;
}
