/* Shows what differs between two texts as a unified diff. */
#ifndef CLI_LIB_DIFF_H
#define CLI_LIB_DIFF_H

#include <stddef.h>

struct cli;

/* name: of the file. The texts differ in one stretch of lines as a rule; of
 * several the lines between are shown too. Long lines (a file written on one
 * line) give the bytes that differ alone. */
void diff_print(const struct cli *c, const char *name, const char *old_text,
	size_t old_n, const char *new_text, size_t new_n);

#endif
