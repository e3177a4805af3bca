/* memory-mcp: start. */
#include <stdio.h>

int
main(void)
{
	fputs("usage: memory-mcp [options]\n", stderr);
	return 100;
}
