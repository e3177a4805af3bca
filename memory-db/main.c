/* memory-db: start. */
#include <stdio.h>

int
main(void)
{
	fputs("usage: memory-db [options]\n", stderr);
	return 100;
}
