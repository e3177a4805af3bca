/* A thread of memory-db: signals stay with the loop, and its stack is small. */
#include "memory-db/work/internal.h"

#include <signal.h>
#include <string.h>

#include "common/signals.h"

/* Jansson recurses 128 deep at most and SQLite is frugal; only pages touched
 * count as memory. */
#define THREAD_STACK_BYTES (1024 * 1024)

int
work_thread(pthread_t *ret, void *(*fn)(void *), void *arg, struct err *e)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc;

	if (pthread_attr_init(&attr) != 0)
		return err_nomem(e);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	(void)pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
#endif
	/* Signals belong to the loop. */
	signals_of_others(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(ret, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (rc)
		return err_set(e, MDB_E_NOMEM, "cannot start a thread: %s",
			strerror(rc));
	return 0;
}
