/* A set of positive ids with a number each: open addressing, grows. */
#ifndef MODEL_SCOPE_IDSET_H
#define MODEL_SCOPE_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

struct idset {
	struct idset_slot {
		int64_t id, value; /* id 0: free */
	} * slots;
	size_t n, cap;
};

/* The value of an id, added with 0 when it is new; NULL: no memory. The
 * pointer is valid until the next call. */
int64_t *idset_put(struct idset *s, int64_t id) MUST_CHECK;
/* The value, or NULL when it is not in the set. */
int64_t *idset_get(const struct idset *s, int64_t id);
bool idset_has(const struct idset *s, int64_t id);
void idset_done(struct idset *s);
#define AUTO_IDSET __attribute__((cleanup(idset_done)))

#endif
