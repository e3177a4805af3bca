/* How often each method was called, how it ended, and how long it took from
 * the queue to its answer. Belongs to the loop thread. */
#ifndef NET_BY_METHOD_H
#define NET_BY_METHOD_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/contract/tools.h"
#include "memory-db/work/histogram.h"

struct by_method {
	uint64_t errors;	 /* answers that are no success */
	struct histogram answer; /* its count is that of the calls */
};

/* One for each of tools[]. NULL: no memory. */
struct by_method *by_method_new(void) MUST_CHECK;

/* A call of a tool was answered with a code. */
void by_method_count(struct by_method *all, const struct tool *tool, int code,
	int64_t ns);

#endif
