/* A map from ids to small numbers. Safe on a zeroed struct. */
#ifndef MODEL_IDMAP_H
#define MODEL_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

struct idmap {
	struct idmap_slot {
		int64_t id;	/* 0: empty */
		int32_t value;
	} *slots;
	size_t n, cap;		/* cap: a power of 2 */
};

/* 1 found (*ret, which may be NULL), 0 not. */
int idmap_get(const struct idmap *m, int64_t id, int32_t *ret);
/* Sets or replaces; id is not 0. 0 or MDB_E_NOMEM. */
int idmap_put(struct idmap *m, int64_t id, int32_t value) MUST_CHECK;
void idmap_done(struct idmap *m);

#endif
