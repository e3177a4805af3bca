/* LD_PRELOAD: a disk of known latency. fsync and fdatasync take FSYNC_US
 * microseconds (default 1000) and do nothing else. With the database on tmpfs
 * this makes figures that depend on the disk repeatable on a shared machine. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static _Atomic long latency_us = -1;

static long
read_latency(void)
{
	const char *text = getenv("FSYNC_US");
	char *end = NULL;
	long us = text ? strtol(text, &end, 10) : 1000;

	return text && (*end != '\0' || us < 0) ? 1000 : us;
}

static int
pause_us(void)
{
	static _Thread_local int tuned;
	long us = latency_us;
	struct timespec t;

	if (us < 0)
		latency_us = us = read_latency();
	if (!tuned) {
		/* The kernel's default slack adds 50 us to each sleep. */
		prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
		tuned = 1;
	}
	t.tv_sec = us / 1000000;
	t.tv_nsec = us % 1000000 * 1000;
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
	return 0;
}

int
fsync(int fd)
{
	(void)fd;
	return pause_us();
}

int
fdatasync(int fd)
{
	(void)fd;
	return pause_us();
}
