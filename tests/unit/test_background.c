/* The scheduler of the background room, with a clock and tasks of the test:
 * failures, a task without end, periods, quiet and patience, leases, modes. */
#include "tests/lib/unit.h"

#include <string.h>

#include "memory-db/work/background/background.h"

#define MS INT64_C(1000000)

static int64_t clock_ns;

static int64_t
now_ns(void)
{
	return clock_ns;
}

/* What the tasks do next, and what they did: a letter a step. */
static int answers[4];
static bool wants[4];
static char trace[64];
static int64_t budget_seen;

static int
step_of(int which, int64_t budget_ns, struct err *e)
{
	size_t n = strlen(trace);

	assert_true(n + 1 < sizeof(trace));
	trace[n] = (char)('a' + which);
	trace[n + 1] = '\0';
	budget_seen = budget_ns;
	clock_ns += 3 * MS;
	if (answers[which] < 0)
		return err_set(e, answers[which], "task %d cannot", which);
	return answers[which];
}

#define TASK_FUNCTIONS(which)                                                  \
	static int step_##which(void *ctx, int64_t budget_ns, struct err *e)   \
	{                                                                      \
		(void)ctx;                                                     \
		return step_of(which, budget_ns, e);                           \
	}                                                                      \
	static bool wanted_##which(void *ctx)                                  \
	{                                                                      \
		(void)ctx;                                                     \
		return wants[which];                                           \
	}
TASK_FUNCTIONS(0)
TASK_FUNCTIONS(1)
TASK_FUNCTIONS(2)

static struct background_task tasks[3];
static struct background *b;

static int
setup(void **state)
{
	static const struct background_task *const list[] = {&tasks[0],
		&tasks[1], &tasks[2]};
	struct background_options o = {.tasks = list,
		.n = ARRAY_LEN(list),
		.now_ns = now_ns};
	struct err e;

	(void)state;
	clock_ns = 1000 * MS;
	trace[0] = '\0';
	memset(answers, 0, sizeof(answers));
	memset(wants, 0, sizeof(wants));
	tasks[0] = (struct background_task){.name = "a",
		.step = step_0,
		.wanted = wanted_0};
	tasks[1] = (struct background_task){.name = "b",
		.step = step_1,
		.wanted = wanted_1};
	tasks[2] = (struct background_task){.name = "c",
		.step = step_2,
		.wanted = wanted_2};
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		tasks[i].modes = BACKGROUND_WRITABLE;
		tasks[i].budget_ns = 20 * MS;
	}
	return background_new(&o, &b, &e);
}

static int
teardown(void **state)
{
	(void)state;
	background_free(b);
	return 0;
}

static int
run(void)
{
	return background_run(b, BACKGROUND_WRITER, BACKGROUND_NORMAL, NULL);
}

static struct background_state
state_of(size_t which)
{
	struct background_state s[BACKGROUND_TASKS_MAX];

	assert_int_equal(background_states(b, s), ARRAY_LEN(tasks));
	return s[which];
}

/* --- the scheduler -------------------------------------------------------- */
static void
nothing_to_do(void **state)
{
	(void)state;
	assert_int_equal(run(), 60000);
	assert_string_equal(trace, "");
	assert_int_equal(state_of(0).outcome, BACKGROUND_NEVER);
	assert_int_equal(state_of(0).runs, 0);
}

/* A run is all steps until one answers 0. */
static void
steps_make_a_run(void **state)
{
	(void)state;
	wants[0] = true;
	answers[0] = 1;
	assert_int_equal(run(), 0);
	assert_int_equal(budget_seen, 20 * MS);
	assert_int_equal(state_of(0).outcome, BACKGROUND_RUNNING);
	wants[0] = false; /* a run that has begun goes to its end */
	answers[0] = 0;
	assert_int_equal(run(), 0);
	assert_int_equal(state_of(0).outcome, BACKGROUND_DONE);
	assert_int_equal(state_of(0).runs, 1);
	assert_int_equal(state_of(0).duration_ns, 6 * MS);
	assert_int_equal(state_of(0).longest_ns, 3 * MS);
	assert_true(state_of(0).last_run_ms > 0);
	assert_int_equal(run(), 60000);
}

/* The pause doubles up to its bound; others go on meanwhile. */
static void
a_task_that_fails(void **state)
{
	static const int pauses[] = {1000, 2000, 4000, 5000, 5000};
	struct background_state s;

	(void)state;
	tasks[0].pause_max_ms = 5000;
	wants[0] = true;
	answers[0] = MDB_E_STORE;
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		trace[0] = '\0';
		assert_int_equal(run(), 0);
		assert_string_equal(trace, "a");
		assert_int_equal(run(), pauses[i]);
		clock_ns += (pauses[i] - 1) * MS;
		wants[1] = true;
		assert_int_equal(run(), 0);
		assert_string_equal(trace, "ab");
		wants[1] = false;
	}
	s = state_of(0);
	assert_int_equal(s.outcome, BACKGROUND_FAILED);
	assert_string_equal(s.error, "task 0 cannot");
	assert_int_equal(s.failures, ARRAY_LEN(pauses));
	answers[0] = 0;
	assert_int_equal(run(), 0);
	s = state_of(0);
	assert_int_equal(s.outcome, BACKGROUND_DONE);
	assert_string_equal(s.error, "");
	assert_int_equal(s.runs, ARRAY_LEN(pauses) + 1);
	/* The next failure begins with a short pause again. */
	answers[0] = MDB_E_STORE;
	assert_int_equal(run(), 0);
	assert_int_equal(run(), 1000);
}

/* What it failed at is not there any more when its pause is over. */
static void
a_failure_without_work(void **state)
{
	(void)state;
	wants[0] = true;
	answers[0] = MDB_E_BUSY;
	assert_int_equal(run(), 0);
	assert_int_equal(state_of(0).outcome, BACKGROUND_FAILED);
	wants[0] = false;
	assert_int_equal(run(), 1000);
	assert_int_equal(state_of(0).outcome, BACKGROUND_FAILED);
	clock_ns += 1000 * MS;
	assert_int_equal(run(), 60000);
	assert_int_equal(state_of(0).outcome, BACKGROUND_DONE);
	assert_string_equal(state_of(0).error, "");
	assert_int_equal(state_of(0).runs, 1);
	assert_string_equal(trace, "a");
	/* In a mode in which it may not run it is not asked. */
	wants[0] = true;
	assert_int_equal(run(), 0);
	wants[0] = false;
	clock_ns += 1000 * MS;
	assert_int_equal(background_run(b, BACKGROUND_WRITER,
				 BACKGROUND_READ_ONLY, NULL),
		60000);
	assert_int_equal(state_of(0).outcome, BACKGROUND_FAILED);
}

static void
a_task_without_end(void **state)
{
	(void)state;
	wants[0] = wants[1] = wants[2] = true;
	answers[1] = 1;
	for (int i = 0; i < 9; i++)
		assert_int_equal(run(), 0);
	assert_string_equal(trace, "abcabcabc");
	assert_int_equal(state_of(1).outcome, BACKGROUND_RUNNING);
	assert_int_equal(state_of(1).runs, 0);
	assert_int_equal(state_of(0).runs, 3);
}

static void
a_task_due_later(void **state)
{
	int64_t wall;

	(void)state;
	tasks[0].period_ms = 500;
	tasks[0].wanted = NULL;
	tasks[1].quiet_ms = 200;
	wants[1] = true;
	background_busy(b, BACKGROUND_WRITER);
	assert_int_equal(run(), 0); /* a: at once */
	assert_string_equal(trace, "a");
	assert_int_equal(run(), 197); /* b, of 200 since the request */
	wall = state_of(0).next_due_ms - state_of(0).last_run_ms;
	assert_in_range(wall, 490, 510);
	clock_ns += 100 * MS;
	background_busy(b, BACKGROUND_WRITER);
	assert_int_equal(run(), 200);
	clock_ns += 200 * MS;
	assert_int_equal(run(), 0);
	assert_string_equal(trace, "ab");
	wants[1] = false;
	assert_int_equal(run(), 500 - 306); /* from begin to begin */
	clock_ns += (500 - 306) * MS;
	assert_int_equal(run(), 0);
	assert_string_equal(trace, "aba");
}

/* Steps in ms milliseconds in which a request comes every 100, and when the
 * first was. */
static size_t
busy_for(int64_t ms, int64_t *ret_first)
{
	int64_t end = clock_ns + ms * MS, busy = 0;

	*ret_first = 0;
	trace[0] = '\0';
	while (clock_ns < end) {
		if (clock_ns >= busy) {
			background_busy(b, BACKGROUND_WRITER);
			busy = clock_ns + 100 * MS;
		}
		if (run() > 0)
			clock_ns += MS;
		if (trace[0] && !*ret_first)
			*ret_first = clock_ns;
	}
	return strlen(trace);
}

/* Requests that do not end keep b from ever having 200 ms of quiet. */
static void
patience_ends(void **state)
{
	int64_t start = clock_ns, first;

	(void)state;
	tasks[1].quiet_ms = 200;
	tasks[1].patience_ms = 1000;
	wants[1] = true;
	answers[1] = 1;
	assert_int_equal(busy_for(990, &first), 0);
	/* From there on a tenth of the time: 3 of each 30 ms. */
	assert_in_range(busy_for(600, &first), 17, 21);
	assert_in_range(first - start, 1000 * MS, 1010 * MS);
	assert_int_equal(budget_seen, 4 * MS);
	assert_int_equal(state_of(1).outcome, BACKGROUND_RUNNING);
	/* In quiet it has all of it, until the next request. */
	trace[0] = '\0';
	clock_ns += 200 * MS;
	for (int i = 0; i < 5; i++)
		assert_int_equal(run(), 0);
	assert_string_equal(trace, "bbbbb");
	assert_int_equal(budget_seen, 20 * MS);
	/* The next run waits anew. */
	answers[1] = 0;
	assert_int_equal(run(), 0);
	assert_int_equal(busy_for(990, &first), 0);
	assert_in_range(busy_for(50, &first), 1, 2);
}

/* One that is of use in quiet alone waits as long as it takes. */
static void
no_patience(void **state)
{
	int64_t first;

	(void)state;
	tasks[1].quiet_ms = 200;
	wants[1] = true;
	assert_int_equal(busy_for(100000, &first), 0);
}

/* A lane that never comes to an idle moment, as one group of requests follows
 * the other: steps behind these, in the order of the lease. */
static void
patience_ends_under_load(void **state)
{
	size_t n;

	(void)state;
	tasks[0].lease = tasks[1].lease = "text";
	for (int i = 0; i < 2; i++) {
		tasks[i].quiet_ms = 200;
		tasks[i].patience_ms = 3000;
		wants[i] = true;
	}
	for (int i = 0; i < 2990; i++, clock_ns += MS) {
		background_busy(b, BACKGROUND_WRITER);
		background_share(b, BACKGROUND_WRITER, BACKGROUND_NORMAL, NULL,
			true);
	}
	assert_string_equal(trace, "");
	answers[0] = 1;
	for (int i = 0; i < 1500; i++, clock_ns += MS) {
		background_busy(b, BACKGROUND_WRITER);
		background_share(b, BACKGROUND_WRITER, BACKGROUND_NORMAL, NULL,
			true);
	}
	n = strlen(trace);
	assert_in_range(n, 45, 60);
	assert_int_equal(strspn(trace, "a"), n);
	assert_int_equal(budget_seen, 4 * MS);
}

/* c begins when a has no work any more, also while a waits after a failure; b
 * has nothing to do with them. */
static void
a_lease_has_an_order(void **state)
{
	(void)state;
	tasks[0].lease = tasks[2].lease = "text";
	wants[0] = wants[1] = wants[2] = true;
	answers[0] = MDB_E_STORE;
	for (int i = 0; i < 3; i++)
		assert_int_equal(run(), 0);
	assert_string_equal(trace, "abb");
	wants[0] = wants[1] = false;
	assert_int_equal(run(), 0);
	assert_string_equal(trace, "abbc");
}

static void
modes_and_lanes(void **state)
{
	(void)state;
	tasks[1].modes = BACKGROUND_ALWAYS;
	tasks[2].lane = BACKGROUND_FILLER;
	wants[0] = wants[1] = wants[2] = true;
	(void)background_run(b, BACKGROUND_WRITER, BACKGROUND_READ_ONLY, NULL);
	(void)background_run(b, BACKGROUND_WRITER, BACKGROUND_DAMAGED, NULL);
	assert_string_equal(trace, "bb");
	(void)background_run(b, BACKGROUND_WRITER, BACKGROUND_DISK_LOW, NULL);
	assert_string_equal(trace, "bba");
	(void)background_run(b, BACKGROUND_FILLER, BACKGROUND_NORMAL, NULL);
	assert_string_equal(trace, "bbac");
}

static void
shares_under_load(void **state)
{
	(void)state;
	tasks[0].share = BACKGROUND_UNDER_LOAD;
	tasks[0].share_ns = 8 * MS;
	tasks[1].share = BACKGROUND_EACH_GROUP;
	tasks[1].share_ns = 8 * MS;
	tasks[1].period_ms = 100;
	wants[0] = wants[2] = true;
	background_share(b, BACKGROUND_WRITER, BACKGROUND_NORMAL, NULL, false);
	assert_string_equal(trace, "");
	background_share(b, BACKGROUND_WRITER, BACKGROUND_NORMAL, NULL, true);
	assert_string_equal(trace, "a");
	assert_int_equal(budget_seen, 8 * MS);
	/* b had no work and is asked again when its period is over. */
	wants[1] = true;
	background_share(b, BACKGROUND_WRITER, BACKGROUND_NORMAL, NULL, false);
	assert_string_equal(trace, "a");
	clock_ns += 100 * MS;
	background_share(b, BACKGROUND_WRITER, BACKGROUND_NORMAL, NULL, false);
	assert_string_equal(trace, "ab");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_to_do),
		TEST(steps_make_a_run),
		TEST(a_task_that_fails),
		TEST(a_failure_without_work),
		TEST(a_task_without_end),
		TEST(a_task_due_later),
		TEST(patience_ends),
		TEST(no_patience),
		TEST(patience_ends_under_load),
		TEST(a_lease_has_an_order),
		TEST(modes_and_lanes),
		TEST(shares_under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
