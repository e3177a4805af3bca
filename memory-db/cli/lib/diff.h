/* Shows an edit as a unified diff. */
#ifndef CLI_LIB_DIFF_H
#define CLI_LIB_DIFF_H

#include <stddef.h>

#include "memory-db/cli/lib/jedit.h"

struct cli;

/* name: of the file. new_text: the text after the edit. Long lines (a file
 * written on one line) give the edited bytes alone. */
void diff_print(const struct cli *c, const char *name, const char *old_text,
	size_t old_n, const struct jedit *ed, const char *new_text,
	size_t new_n);

#endif
