#include "common/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void
harden_process(void)
{
#ifndef MEMORY_TEST_BUILD
	static const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
}
