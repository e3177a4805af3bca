/* What print writes: collected, sent in pieces, cut at a limit. */
#ifndef SANDBOX_JAIL_OUTPUT_H
#define SANDBOX_JAIL_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

void output_limit(int64_t bytes);
void output_write(const char *s, size_t n);
/* Sends what is collected. Before each other frame. */
void output_flush(void);

#endif
