/* The turn of scripts while the log is to be cut back; log_room.h has the idea
 * and a picture.
 *
 * It is the writer that cuts the log back, some seconds after the last of our
 * scripts has ended at the latest (its task `log-limit` pauses while somebody is
 * in the way). When that does not happen, somebody else is in the way, and
 * scripts go on. */
#include "memory-db/work/log_room.h"

#include <assert.h>
#include <time.h>

#include "common/clock.h"
#include "common/limits.h"

#define MS_NS INT64_C(1000000)
/* For the writer to cut it back when no script runs. */
#define ALONE_NS (6000 * MS_NS)
/* Then nobody waits, whoever is in the way: a backup, or a disk that fails and
 * lets nothing be cut back. */
#define GIVEN_UP_NS (60 * 1000 * MS_NS)
/* Between looks whether the one who asked has gone. */
#define LOOK_NS (100 * MS_NS)

void
log_room_init(struct log_room *l)
{
	pthread_condattr_t attr;

	*l = (struct log_room){0};
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&l->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
}

void
log_room_done(struct log_room *l)
{
	assert(l->running == 0);
	(void)pthread_cond_destroy(&l->changed);
	(void)pthread_mutex_destroy(&l->lock);
}

void
log_room_want(struct log_room *l, bool on)
{
	if (atomic_load(&l->is_wanted) == on)
		return;
	pthread_mutex_lock(&l->lock);
	atomic_store(&l->is_wanted, on);
	l->given_up_ns = on ? l->given_up_ns : 0;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

static void
wait_until(struct log_room *l, int64_t ns)
{
	struct timespec t = {.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000};

	(void)pthread_cond_timedwait(&l->changed, &l->lock, &t);
}

void
log_room_enter(struct log_room *l, const atomic_bool *cancelled)
{
	int64_t now = clock_mono_ns(), alone = 0;
	int64_t most = now + LIMIT_SCRIPT_WALL_MAX_MS * MS_NS + ALONE_NS;

	pthread_mutex_lock(&l->lock);
	while (atomic_load(&l->is_wanted) && !atomic_load(cancelled) &&
		now < most && now >= l->given_up_ns) {
		if (l->running > 0)
			alone = 0;
		else if (alone == 0)
			alone = now + ALONE_NS;
		else if (now >= alone)
			l->given_up_ns = now + GIVEN_UP_NS;
		wait_until(l, now + LOOK_NS);
		now = clock_mono_ns();
	}
	l->running++;
	pthread_mutex_unlock(&l->lock);
}

void
log_room_leave(struct log_room *l)
{
	pthread_mutex_lock(&l->lock);
	assert(l->running > 0);
	l->running--;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}
