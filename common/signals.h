/* Which signals a thread leaves to others. Header only. */
#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

#include <signal.h>

/* All but those that tell of a thread's own fault: blocked, such a fault would
 * end the process without a word from whoever handles it (a sanitizer, a
 * handler that writes a core). */
static inline void
signals_of_others(sigset_t *ret)
{
	sigfillset(ret);
	sigdelset(ret, SIGSEGV);
	sigdelset(ret, SIGBUS);
	sigdelset(ret, SIGFPE);
	sigdelset(ret, SIGILL);
	sigdelset(ret, SIGABRT);
}

#endif
