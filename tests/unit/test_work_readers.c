/* The readers: a read is interrupted and no other one with it, long frames are
 * parsed by them. */
#include "tests/lib/work_fixture.h"

#include <sched.h>

static void
a_running_read_is_interrupted(void **state)
{
	struct work_fixture *f = *state;
	struct job_list l = {0}, none = {0};
	struct job *endless = read_of("endless"), *done;

	start(f, 100);
	job_list_add(&l, endless);
	work_push_reads(f->work, &l, &none);
	while (atomic_load(&held) == 0)
		usleep(200);
	/* The other reader serves meanwhile. */
	assert_false(exists(f, "nothing"));
	work_cancel(f->work, endless);
	done = wait_done(f, 1);
	assert_int_equal(pop(&done), MDB_E_CANCELLED);
	for (int i = 0; i < 20; i++)
		assert_false(exists(f, "nothing"));
}

struct hammer {
	struct work *work;
	struct job *_Atomic victim;
	atomic_bool end;
	atomic_ulong blows;
};

static void *
cancel_all_the_time(void *arg)
{
	struct hammer *h = arg;

	while (!atomic_load(&h->end)) {
		struct job *j = atomic_load(&h->victim);

		if (j)
			work_cancel(h->work, j);
		atomic_fetch_add(&h->blows, 1);
	}
	return NULL;
}

/* Whoever leaves at whatever moment of its read ends no read of another. */
static void
an_interrupt_hits_only_its_job(void **state)
{
	struct work_fixture *f = *state;
	struct hammer h = {0};
	pthread_t thread;
	struct job *done;
	int code, hits = 0;

	start(f, 100);
	h.work = f->work;
	assert_int_equal(pthread_create(&thread, NULL, cancel_all_the_time, &h),
		0);
	for (int i = 0; i < 4000; i++) {
		struct job_list l = {0}, none = {0};
		struct job *victim = read_of("victim");
		unsigned long before;

		job_list_add(&l, victim);
		atomic_store(&h.victim, victim);
		work_push_reads(f->work, &l, &none);
		done = wait_done(f, 1);
		/* The hammer has let go of it before it is freed. */
		atomic_store(&h.victim, NULL);
		before = atomic_load(&h.blows);
		while (atomic_load(&h.blows) < before + 2)
			sched_yield();
		(void)pop(&done);
		for (int k = 0; k < WORK_READERS; k++) {
			job_list_add(&l, read_of("other"));
			work_push_reads(f->work, &l, &none);
			done = wait_done(f, 1);
			code = pop(&done);
			hits += code == MDB_E_CANCELLED;
		}
	}
	atomic_store(&h.end, true);
	pthread_join(thread, NULL);
	assert_int_equal(hits, 0);
}

static void
readers_parse_long_frames(void **state)
{
	static const char good[] = "{\"id\":\"x\",\"method\":\"search_nodes\","
				   "\"params\":{\"query\":\"q\",\"odd\":1}}";
	static const char bad[] = "{\"id\":1,\"method\":\"search_nodes\",}";
	const char *frames[] = {good, bad};
	struct work_fixture *f = *state;
	struct job_list l = {0}, none = {0};
	struct job *done;

	start(f, 100);
	for (int i = 0; i < 2; i++) {
		struct job *j = calloc(1, sizeof *j);

		job_init(j, (uint64_t)i + 1);
		j->kind = JOB_PARSE;
		assert_int_equal(buf_adds(&j->frame, frames[i]), 0);
		job_list_add(&l, j);
	}
	work_push_reads(f->work, &l, &none);
	done = wait_done(f, 2);
	assert_false(done->is_answered);
	assert_string_equal(done->tool->name, "search_nodes");
	assert_string_equal(json_string_value(done->id), "x");
	assert_int_equal(json_array_size(done->ignored), 1);
	{
		struct err e = {0};

		assert_int_equal(job_answer(done, NULL, &e), 0);
	}
	assert_int_equal(pop(&done), MDB_OK);
	assert_int_equal(pop(&done), MDB_E_PROTOCOL);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_running_read_is_interrupted),
		TEST(an_interrupt_hits_only_its_job),
		TEST(readers_parse_long_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
