/* A map from ids to small numbers, as a set of ids. Safe on a zeroed struct. */
#ifndef MODEL_SCOPE_IDMAP_H
#define MODEL_SCOPE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/idset.h"

struct idmap {
	struct idset set;
};

/* 1 found (*ret, which may be NULL), 0 not. */
static inline int
idmap_get(const struct idmap *m, int64_t id, int32_t *ret)
{
	const int64_t *v = idset_get(&m->set, id);

	if (v != NULL && ret != NULL)
		*ret = (int32_t)*v;
	return v != NULL;
}

/* Sets or replaces; id is not 0. 0 or MDB_E_NOMEM. */
static inline int MUST_CHECK
idmap_put(struct idmap *m, int64_t id, int32_t value)
{
	int64_t *v = idset_put(&m->set, id);

	if (v == NULL)
		return MDB_E_NOMEM;
	*v = value;
	return 0;
}

static inline void
idmap_done(struct idmap *m)
{
	idset_done(&m->set);
}

#endif
