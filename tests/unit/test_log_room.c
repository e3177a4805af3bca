/* Whether a script waits for the log to be cut back: not when it was given up, not
 * when its client has gone, and until the writer has done it otherwise. */
#include "tests/lib/unit.h"

#include <pthread.h>

#include "common/clock.h"
#include "memory-db/work/log_room.h"

static void
given_up_is_no_reason_to_wait(void **state)
{
	struct log_room l;
	const atomic_bool cancelled = false;

	(void)state;
	log_room_init(&l);
	log_room_want(&l, true);
	l.given_up_ns = INT64_MAX;
	for (int i = 0; i < 4; i++)
		log_room_enter(&l, &cancelled);
	assert_int_equal(l.running, 4);
	for (int i = 0; i < 4; i++)
		log_room_leave(&l);
	/* The next time the log is large it is tried again. */
	log_room_want(&l, false);
	assert_int_equal(l.given_up_ns, 0);
	log_room_done(&l);
}

static void
who_has_gone_does_not_wait(void **state)
{
	struct log_room l;
	const atomic_bool cancelled = true;

	(void)state;
	log_room_init(&l);
	log_room_want(&l, true);
	log_room_enter(&l, &cancelled);
	log_room_leave(&l);
	log_room_done(&l);
}

struct waiter {
	struct log_room l;
	atomic_bool cancelled, is_in;
};

static void *
enter(void *arg)
{
	struct waiter *w = arg;

	log_room_enter(&w->l, &w->cancelled);
	atomic_store(&w->is_in, true);
	log_room_leave(&w->l);
	return NULL;
}

static void
waits_until_it_is_cut_back(void **state)
{
	struct waiter w = {.is_in = false};
	const atomic_bool cancelled = false;
	pthread_t t;

	(void)state;
	log_room_init(&w.l);
	log_room_enter(&w.l, &cancelled);
	log_room_want(&w.l, true);
	assert_int_equal(pthread_create(&t, NULL, enter, &w), 0);
	/* One runs that began before, so the other one waits for it. */
	assert_false(atomic_load(&w.is_in));
	log_room_want(&w.l, false);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_true(atomic_load(&w.is_in));
	log_room_leave(&w.l);
	log_room_done(&w.l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(given_up_is_no_reason_to_wait),
		cmocka_unit_test(who_has_gone_does_not_wait),
		cmocka_unit_test(waits_until_it_is_cut_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
