#include "memory-db/work/prepare.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "memory-db/method/prepare.h"
#include "memory-db/work/job.h"

#define THREADS 2
/* On a machine that is busy who reads or writes a fact goes first: extraction of
 * large imports would take both cores from them. On an idle one it changes
 * nothing. */
#define NICE 5

struct preparing {
	struct preparing_options opt;
	struct queue queue;
	pthread_t threads[THREADS];
	size_t threads_n;
};

/* True: the job goes on to the writer; false: it is answered. */
static bool
prepare_job(const struct preparing *p, struct job *j)
{
	struct call c = {.tool = j->tool,
		.ctx = &j->ctx,
		.params = j->params,
		.chat = p->opt.chat,
		.deadline_ns =
			clock_mono_ns() + (int64_t)LIMIT_PREPARE_MS * 1000000};
	struct err e = {0};
	int rc;

	/* The writer skips it. */
	if (atomic_load_explicit(&j->cancelled, memory_order_relaxed))
		return true;
	rc = method_prepare(&c, &j->prepared, &e);
	call_done(&c);
	if (rc == 0)
		return true;
	e.code = rc;
	job_fail(j, &e);
	return false;
}

static void *
preparing_main(void *arg)
{
	struct preparing *p = arg;
	struct job_list list = {0};

	(void)pthread_setname_np(pthread_self(), "prepare");
	/* Of the thread alone, as Linux has it. */
	if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
		log_event(LOG_DEBUG, "no lower priority for extraction", 0);
	for (;;) {
		struct job *j = queue_take(&p->queue, 1, SIZE_MAX, false, -1);

		if (!j) {
			if (queue_is_stopped(&p->queue))
				return NULL;
			continue;
		}
		if (prepare_job(p, j)) {
			job_list_add(&list, j);
			p->opt.pass_on(p->opt.ctx, &list);
		} else {
			job_list_add(&list, j);
			p->opt.deliver(p->opt.ctx, &list);
		}
	}
}

int
preparing_start(const struct preparing_options *o, struct preparing **ret,
	struct err *e)
{
	struct preparing *p = calloc(1, sizeof(*p));

	if (!p || queue_init(&p->queue) != 0) {
		free(p);
		return err_nomem(e);
	}
	p->queue.by_turns = true;
	p->opt = *o;
	*ret = p;
	for (; p->threads_n < THREADS; p->threads_n++)
		if (o->thread(&p->threads[p->threads_n], preparing_main, p, e))
			return e->code;
	return 0;
}

void
preparing_stop(struct preparing *p)
{
	if (!p)
		return;
	queue_stop(&p->queue);
	while (p->threads_n > 0)
		pthread_join(p->threads[--p->threads_n], NULL);
}

void
preparing_free(struct preparing *p)
{
	if (!p)
		return;
	queue_done(&p->queue);
	free(p);
}

void
preparing_push(struct preparing *p, struct job_list *l)
{
	if (p)
		(void)queue_push(&p->queue, l, NULL);
}

size_t
preparing_queued(const struct preparing *p)
{
	return p != NULL ? queue_length(&p->queue) : 0;
}
