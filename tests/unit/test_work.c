/* The writer: groups, poison requests, cancelling, its end, lack of memory. */
#include "tests/lib/work_fixture.h"

static void
groups_share_a_commit(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct work_fixture *f = *state;
	struct job *done;

	start(f, 100);
	done = run_group(f, names, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups, 2);
	assert_int_equal(work_stats(f->work)->grouped, 5);
	assert_int_equal(work_stats(f->work)->group_largest, 4);
	assert_true(exists(f, "a"));
	assert_true(exists(f, "d"));
}

static void
group_max_bounds_groups(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct work_fixture *f = *state;
	struct job *done;

	start(f, 1);
	done = run_group(f, names, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups, 5);
}

static void
a_refused_request_fails_alone(void **state)
{
	static const char *const names[] = {"a", "refused", "b"};
	struct work_fixture *f = *state;
	struct job *done;

	start(f, 100);
	done = run_group(f, names, 3);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(fed_change(done), 0);
	assert_int_equal(pop(&done), MDB_E_EXISTS);
	assert_true(fed_change(done) > 0);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups_repeated, 0);
	assert_true(exists(f, "a"));
	assert_false(exists(f, "refused"));
	assert_true(exists(f, "b"));
}

/* The group is lost once, then everything works. */
static void
a_lost_group_is_repeated(void **state)
{
	static const char *const names[] = {"a", "poison", "b"};
	struct work_fixture *f = *state;
	struct job *done;

	start(f, 100);
	atomic_store(&poison_left, 1);
	done = run_group(f, names, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(work_stats(f->work)->groups_repeated, 1);
	assert_true(exists(f, "a"));
	assert_true(exists(f, "poison"));
	assert_true(exists(f, "b"));
}

static size_t
count_effects(const struct job *j)
{
	size_t n = 0;

	for (const struct effect *x = j->effects.first; x; x = x->next)
		n++;
	return n;
}

/* Its group is lost and run again: it has what the second run added, once. Of
 * what is refused nothing is left. */
static void
effects_are_of_the_commit(void **state)
{
	static const char *const names[] = {"lease", "poison",
		"lease, then refused"};
	struct work_fixture *f = *state;
	struct job *done;
	int64_t change;

	start(f, 100);
	atomic_store(&poison_left, 1);
	done = run_group(f, names, 3);
	assert_int_equal(work_stats(f->work)->groups_repeated, 1);
	assert_int_equal(count_effects(done), 2);
	change = fed_change(done);
	assert_true(change > 0);
	assert_int_equal(effects_find(&done->effects, EFFECT_LEASE)->branch,
		change);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(count_effects(done), 1);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(count_effects(done), 0);
	assert_int_equal(pop(&done), MDB_E_EXISTS);
}

static void
a_poison_request_fails_alone(void **state)
{
	static const char *const names[] = {"a", "poison", "b"};
	struct work_fixture *f = *state;
	struct job *done;

	start(f, 100);
	atomic_store(&poison_left, 1000);
	done = run_group(f, names, 3);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(fed_change(done), 0);
	assert_int_equal(pop(&done), MDB_E_STORE);
	assert_int_equal(pop(&done), MDB_OK);
	assert_true(exists(f, "a"));
	assert_false(exists(f, "poison"));
	assert_true(exists(f, "b"));
	/* And the writer lives on. */
	assert_int_equal(run_write(f, "later"), MDB_OK);
	assert_true(exists(f, "later"));
}

static void
cancelled_writes_do_not_happen(void **state)
{
	struct work_fixture *f = *state;
	struct job_list l = {0};
	struct job *victim, *done;

	start(f, 100);
	job_list_add(&l, write_of("gate"));
	victim = write_of("victim");
	work_push_writes(f->work, &l);
	while (atomic_load(&held) == 0)
		usleep(200);
	job_list_add(&l, victim);
	work_push_writes(f->work, &l);
	work_cancel(f->work, victim);
	atomic_store(&gate_open, true);
	done = wait_done(f, 2);
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(pop(&done), MDB_E_CANCELLED);
	assert_false(exists(f, "victim"));
}

static void
what_is_queued_is_finished_at_the_end(void **state)
{
	struct work_fixture *f = *state;
	struct job_list l = {0};
	struct job *done, *next;
	size_t n = 0;

	start(f, 10);
	atomic_store(&gate_open, true);
	for (int i = 0; i < 100; i++)
		job_list_add(&l, write_of("x"));
	work_push_writes(f->work, &l);
	work_stop(f->work);
	for (done = work_take_done(f->work); done; done = next, n++) {
		next = done->next;
		assert_int_equal(pop(&done), MDB_OK);
	}
	assert_int_equal(n, 100);
}

/* Each allocation of a small group fails once: an error or success, never a
 * half; the writer lives on. */
static void
without_memory(void **state)
{
	struct work_fixture *f = *state;
	char name[32];
	int code;
	bool failed;

	start(f, 100);
	for (size_t n = 1; n < 400; n++) {
		struct job_list l = {0};
		struct job *done;

		snprintf(name, sizeof name, "oom%zu", n);
		job_list_add(&l, write_of(name));
		heap_fail_at(n);
		work_push_writes(f->work, &l);
		done = wait_done(f, 1);
		failed = heap_disarm();
		code = done->code;
		/* No memory for the reply: the connection would be closed. */
		if (done->reply.len == 0)
			assert_int_equal(buf_adds(&done->reply, "\n"), 0);
		(void)pop(&done);
		assert_int_equal(exists(f, name), code == MDB_OK);
		if (!failed)
			return;
	}
	fail_msg("a write needs more than 400 allocations");
}

/* The steps fail on a database that has their tables already. */
static void
a_failed_migration_says_why(void **state)
{
	struct work_fixture *f = *state;
	struct work_options o = {.db = f->db,
		.group_max = 10,
		.run = run,
		.wake = on_wake,
		.wake_ctx = f};
	struct err e;

	f->db->schema = 0;
	assert_int_equal(work_start(&o, &f->work, &e), 0);
	while (work_state(f->work) != WORK_FAILED)
		usleep(200);
	assert_true(work_failure(f->work)->code < 0);
	assert_true(strlen(work_failure(f->work)->text) > 0);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(groups_share_a_commit),
		TEST(group_max_bounds_groups),
		TEST(a_refused_request_fails_alone),
		TEST(a_lost_group_is_repeated),
		TEST(effects_are_of_the_commit),
		TEST(a_poison_request_fails_alone),
		TEST(cancelled_writes_do_not_happen),
		TEST(what_is_queued_is_finished_at_the_end),
		TEST(without_memory),
		TEST(a_failed_migration_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
