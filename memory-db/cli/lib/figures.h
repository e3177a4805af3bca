/* Units of the figures in a status, from the table of the service. */
#ifndef CLI_LIB_FIGURES_H
#define CLI_LIB_FIGURES_H

#include <stdbool.h>

/* Whether a member of a section is a number of bytes. */
bool figure_is_bytes(const char *section, const char *name);

#endif
