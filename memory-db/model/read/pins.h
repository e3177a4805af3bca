/* Pins: entities that stand in every context. At most LIMIT_PINS of a namespace
 * count. What an agent pins in the user's memory, which every project reads, is
 * only asked for: it counts in contexts of that memory alone, until the operator
 * pins it as well. They are set in model/write/pins_write.h. */
#ifndef MODEL_READ_PINS_H
#define MODEL_READ_PINS_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

/* The entities whose pins count to the reader, those of its own namespace first.
 * fn returns non-zero to stop. *ret_over: how many are pinned and do not count. */
int pins_each(struct store *st, const struct scope *s,
	int (*fn)(void *ctx, int64_t entity), void *ctx, int64_t *ret_over,
	struct err *e) MUST_CHECK;

#endif
