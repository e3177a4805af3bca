#include "common/allocator.h"

#include <malloc.h>

void
allocator_tune(void)
{
	(void)mallopt(M_MXFAST, 0);
}

void
allocator_trim(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	(void)malloc_trim(0);
#endif
}
