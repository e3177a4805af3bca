/* Open addressing with linear probing, at most half full. */
#include "memory-db/model/idmap.h"

#include <stdlib.h>

#include "common/err.h"

#define FIRST_CAP 64

static struct idmap_slot *
slot_of(const struct idmap *m, int64_t id)
{
	/* Fibonacci hashing: ids come in runs. */
	size_t i = (size_t)(((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >>
		20) & (m->cap - 1);

	while (m->slots[i].id != 0 && m->slots[i].id != id)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

int
idmap_get(const struct idmap *m, int64_t id, int32_t *ret)
{
	const struct idmap_slot *s;

	if (m->n == 0)
		return 0;
	s = slot_of(m, id);
	if (s->id == 0)
		return 0;
	if (ret)
		*ret = s->value;
	return 1;
}

static int
grow(struct idmap *m)
{
	struct idmap bigger = {.cap = m->cap ? m->cap * 2 : FIRST_CAP};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].id != 0)
			*slot_of(&bigger, m->slots[i].id) = m->slots[i];
	bigger.n = m->n;
	free(m->slots);
	*m = bigger;
	return 0;
}

int
idmap_put(struct idmap *m, int64_t id, int32_t value)
{
	struct idmap_slot *s;

	if (m->n * 2 >= m->cap && grow(m) < 0)
		return MDB_E_NOMEM;
	s = slot_of(m, id);
	m->n += s->id == 0;
	*s = (struct idmap_slot){.id = id, .value = value};
	return 0;
}

void
idmap_done(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){0};
}
