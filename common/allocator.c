#include "common/allocator.h"

#include <malloc.h>

void
allocator_tune(void)
{
	(void)mallopt(M_MXFAST, 0);
}
