/* memoryctl: start. */
#include <stdio.h>

int
main(void)
{
	fputs("usage: memoryctl [options]\n", stderr);
	return 100;
}
