/* A progress bar on stderr; silent when stderr is no terminal. */
#ifndef CLI_LIB_PROGRESS_H
#define CLI_LIB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cli;

struct progress {
	const char *label; /* borrowed */
	bool is_on, is_shown;
	int64_t begun_ns, drawn_ns;
};

void progress_start(struct progress *p, const struct cli *c, const char *label);
/* part: 0 to 1, or negative when unknown. count: of units ("lines"). Draws at
 * most ten times a second. */
void progress_at(struct progress *p, double part, int64_t count,
	const char *units);
/* Removes the bar, also before another line is printed to stderr. */
void progress_clear(struct progress *p);

#endif
