/* The records of the background room, and the writer between them: its requests
 * wait for one step at most. */
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory-db/work/background/background.h"
#include "memory-db/work/background/tasks.h"
#include "memory-db/work/work.h"
#include "tests/lib/db_folder.h"

#define MS INT64_C(1000000)

/* The records of the service: each says what an operator wants to know. */
static void
records_are_complete(void **state)
{
	(void)state;
	assert_true(background_tasks_n <= BACKGROUND_TASKS_MAX);
	for (size_t i = 0; i < background_tasks_n; i++) {
		const struct background_task *t = background_tasks[i];

		assert_true(t->name[0] && strlen(t->about) > 10);
		assert_non_null(t->step);
		assert_true(t->budget_ns > 0);
		assert_true(t->modes & BACKGROUND_NORMAL);
		assert_true(t->wanted || t->period_ms > 0);
		assert_true(t->share == BACKGROUND_IDLE_ONLY || t->share_ns);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(t->name,
				background_tasks[k]->name);
	}
}

/* --- with the writer ------------------------------------------------------ */
static atomic_int steps, steps_at_write;
static atomic_bool is_ended;

static int
endless_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)ctx;
	(void)budget_ns;
	(void)e;
	atomic_fetch_add(&steps, 1);
	usleep(2000);
	return !atomic_load(&is_ended);
}

static const struct background_task endless = {
	.name = "endless",
	.about = "a task of the test that has no end",
	.modes = BACKGROUND_ALWAYS,
	.budget_ns = 2 * MS,
	.period_ms = 1000,
	.step = endless_step,
};

static int
note_steps(struct call *c, json_t **ret_result, struct err *e)
{
	(void)c;
	atomic_store(&steps_at_write, atomic_load(&steps));
	*ret_result = json_object();
	return *ret_result ? 0 : err_nomem(e);
}

static void
on_wake(void *ctx)
{
	(void)ctx;
}

static void
write_once(struct work *w)
{
	struct job *j = calloc(1, sizeof(*j)), *done = NULL;
	struct job_list l = {0};
	int before;

	job_init(j, 1);
	j->tool = tool_find("rename_namespace");
	j->params = json_object();
	j->id = json_integer(1);
	j->ctx.namespace_ = "default";
	j->ctx.branch = "main";
	job_list_add(&l, j);
	work_push_writes(w, &l);
	before = atomic_load(&steps);
	while (!done) {
		usleep(100);
		done = work_take_done(w);
	}
	assert_int_equal(done->code, MDB_OK);
	/* The step under way was counted already. One more may begin, when the
	 * writer had just looked at its queue and found it empty. */
	assert_true(atomic_load(&steps_at_write) - before <= 1);
	job_done(done);
	free(done);
}

static void
a_write_waits_for_one_step(void **state)
{
	static const struct background_task *const list[] = {&endless};
	struct db_folder at;
	struct database_options d = {.path = at.path};
	struct work_options o = {.group_max = 8,
		.run = note_steps,
		.tasks = list,
		.tasks_n = 1,
		.wake = on_wake};
	struct background_state s[BACKGROUND_TASKS_MAX];
	struct work *w;
	struct err e;

	(void)state;
	db_folder_make(&at);
	assert_int_equal(database_open(&d, &o.db, &e), 0);
	assert_int_equal(work_start(&o, &w, &e), 0);
	for (int i = 0; i < 50; i++) {
		int seen = atomic_load(&steps);

		/* The task is at work again. */
		while (work_state(w) != WORK_READY ||
			atomic_load(&steps) == seen)
			usleep(200);
		write_once(w);
	}
	assert_int_equal(work_background(w, s), 1);
	assert_int_equal(s[0].outcome, BACKGROUND_RUNNING);
	atomic_store(&is_ended, true);
	work_stop(w);
	work_free(w);
	database_close(o.db);
	assert_int_equal(db_folder_remove(&at), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_complete),
		cmocka_unit_test(a_write_waits_for_one_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
