/* Who may run a script when: bounds, turns, CPU time. No thread, a clock that
 * the test sets. */
#include "tests/lib/unit.h"

#include <string.h>

#include "memory-db/work/fair.h"
#include "memory-db/work/job.h"

#define S INT64_C(1000000000)

struct fixture {
	struct fair f;
	struct job jobs[600];
	size_t n;
	int64_t now;
	struct err e;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(fair_init(&f->f), 0);
	f->now = S;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	fair_done(&f->f);
	free(f);
	return 0;
}

/* A script of a session (0: of none, in connection `session`). */
static int
ask(struct fixture *f, uint64_t session, uint64_t process, bool is_named)
{
	struct fair_who who = {session, process, is_named};
	struct job *j = &f->jobs[f->n];
	struct job_list l = {0};
	int r;

	assert_true(f->n < ARRAY_LEN(f->jobs));
	job_init(j, session);
	r = fair_enter(&f->f, &who, f->now, j, &f->e);
	if (r == 0) {
		f->n++;
		job_list_add(&l, j);
		fair_push(&f->f, &l);
	}
	return r;
}

static struct job *
take(struct fixture *f)
{
	return fair_take(&f->f, 0, 0);
}

static void
leave(struct fixture *f, struct job *j, int64_t cpu_ms)
{
	fair_leave(&f->f, j, f->now, cpu_ms * 1000);
}

static void
one_runs_and_two_wait(void **state)
{
	struct fixture *f = *state;
	struct job *a, *b;

	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(f, 1, 9, true), 0);
	assert_int_equal(ask(f, 1, 9, true), MDB_E_BUSY);
	assert_non_null(strstr(f->e.text, "this session has"));
	assert_true(f->e.retry_after_ms > 0);
	/* from another process, too */
	assert_int_equal(ask(f, 1, 8, true), MDB_E_BUSY);
	a = take(f);
	assert_non_null(a);
	assert_null(take(f));
	assert_int_equal(ask(f, 2, 9, true), 0);
	b = take(f);
	assert_int_equal(b->serial, 2);
	leave(f, a, 0);
	assert_int_equal(take(f)->serial, 1);
	assert_int_equal(ask(f, 1, 9, true), 0);
	assert_int_equal(ask(f, 1, 9, true), MDB_E_BUSY);
}

static void
sessions_take_turns(void **state)
{
	struct fixture *f = *state;
	static const uint64_t want[] = {1, 2, 3, 1, 2, 3, 1, 2, 3};

	for (uint64_t s = 1; s <= 3; s++)
		for (int i = 0; i < 3; i++)
			assert_int_equal(ask(f, s, 9, true), 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct job *j = take(f);

		assert_int_equal(j->serial, want[i]);
		leave(f, j, 1);
	}
	assert_null(take(f));
}

/* Whatever sessions and connections it makes up. */
static void
a_process_never_has_all_threads(void **state)
{
	struct fixture *f = *state;
	int n = 0;

	for (uint64_t s = 1; s <= 40; s++)
		n += ask(f, s, 9, true) == 0;
	assert_int_equal(n, LIMIT_SCRIPT_PROCESS);
	for (int i = 0; i < 3; i++)
		assert_non_null(take(f));
	assert_null(take(f));
	assert_int_equal(ask(f, 50, 7, true), 0);
	assert_int_equal(take(f)->serial, 50);
}

static void
connections_without_session_share(void **state)
{
	struct fixture *f = *state;

	for (uint64_t s = 1; s <= 40; s++)
		assert_int_equal(ask(f, s, 9, false),
			s <= LIMIT_SCRIPT_PROCESS / 2 ? 0 : MDB_E_BUSY);
	assert_non_null(strstr(f->e.text, "name no session"));
	for (int i = 0; i < 2; i++)
		assert_non_null(take(f));
	assert_null(take(f));
}

static void
others_of_the_process_have_a_thread(void **state)
{
	struct fixture *f = *state;

	for (uint64_t s = 1; s <= 8; s++)
		assert_int_equal(ask(f, s, 9, false), 0);
	while (take(f))
		;
	assert_int_equal(ask(f, 77, 9, true), 0);
	assert_int_equal(take(f)->serial, 77);
}

static void
cpu_time_is_a_budget(void **state)
{
	struct fixture *f = *state;
	struct job *j;

	assert_int_equal(ask(f, 1, 9, true), 0);
	j = take(f);
	f->now += 40 * S;
	leave(f, j, LIMIT_SCRIPT_CPU_MS + 15000);
	assert_int_equal(ask(f, 1, 9, true), MDB_E_BUSY);
	assert_non_null(strstr(f->e.text, "30 s a minute"));
	assert_true(f->e.retry_after_ms >= 30000);
	assert_true(f->e.retry_after_ms <= 60000);
	assert_int_equal(ask(f, 2, 9, true), 0);
	f->now += (int64_t)f->e.retry_after_ms * 1000000;
	assert_int_equal(ask(f, 1, 9, true), 0);
}

/* A debt is not forgotten over many other names. */
static void
a_debt_outlives_other_names(void **state)
{
	struct fixture *f = *state;
	struct job *j;

	assert_int_equal(ask(f, 1, 9, true), 0);
	leave(f, take(f), LIMIT_SCRIPT_CPU_MS + 1000);
	for (uint64_t s = 100; s < 2000; s++) {
		f->n = 1;
		assert_int_equal(ask(f, s, s, true), 0);
		j = take(f);
		assert_non_null(j);
		leave(f, j, 1);
	}
	assert_int_equal(ask(f, 1, 9, true), MDB_E_BUSY);
}

static void
all_scripts_together_are_bounded(void **state)
{
	struct fixture *f = *state;
	int n = 0;

	for (uint64_t s = 1; s <= 500; s++)
		n += ask(f, s, s, true) == 0;
	assert_int_equal(n, LIMIT_SCRIPT_QUEUE);
	assert_non_null(strstr(f->e.text, "waiting already"));
}

/* Who left is answered at once, however much runs. */
static void
cancelled_ones_go_first(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, 1, 9, true), 0);
	assert_int_equal(ask(f, 1, 9, true), 0);
	assert_non_null(take(f));
	assert_null(take(f));
	atomic_store(&f->jobs[1].cancelled, true);
	assert_ptr_equal(take(f), &f->jobs[1]);
}

/* Higher runners sleep while lower ones do: each keeps a view of its own. */
static void
few_scripts_need_few_threads(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, 1, 9, true), 0);
	assert_int_equal(ask(f, 2, 9, true), 0);
	assert_null(fair_take(&f->f, 1, 0));
	assert_non_null(fair_take(&f->f, 0, 0));
	assert_null(fair_take(&f->f, 2, 0));
	assert_non_null(fair_take(&f->f, 1, 0));
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_runs_and_two_wait),
		TEST(sessions_take_turns),
		TEST(a_process_never_has_all_threads),
		TEST(connections_without_session_share),
		TEST(others_of_the_process_have_a_thread),
		TEST(cpu_time_is_a_budget),
		TEST(a_debt_outlives_other_names),
		TEST(all_scripts_together_are_bounded),
		TEST(cancelled_ones_go_first),
		TEST(few_scripts_need_few_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
