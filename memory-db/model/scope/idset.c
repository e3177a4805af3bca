/* Sets of ids. */
#include "memory-db/model/scope/idset.h"

static struct idset_slot *
idset_find(struct idset_slot *slots, size_t cap, int64_t id)
{
	size_t i =
		(size_t)((uint64_t)id * 0x9e3779b97f4a7c15u >> 7) & (cap - 1);

	while (slots[i].id != 0 && slots[i].id != id)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int
idset_grow(struct idset *s)
{
	size_t cap = s->cap == 0 ? 16 : s->cap * 2;
	struct idset_slot *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].id != 0)
			*idset_find(slots, cap, s->slots[i].id) = s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->cap = cap;
	return 0;
}

int64_t *
idset_put(struct idset *s, int64_t id)
{
	struct idset_slot *slot;

	if (2 * (s->n + 1) > s->cap && idset_grow(s) != 0)
		return NULL;
	slot = idset_find(s->slots, s->cap, id);
	if (slot->id == 0) {
		slot->id = id;
		s->n++;
	}
	return &slot->value;
}

int64_t *
idset_get(const struct idset *s, int64_t id)
{
	struct idset_slot *slot;

	if (s->cap == 0 || id == 0)
		return NULL;
	slot = idset_find(s->slots, s->cap, id);
	return slot->id == id ? &slot->value : NULL;
}

bool
idset_has(const struct idset *s, int64_t id)
{
	return idset_get(s, id) != NULL;
}

void
idset_done(struct idset *s)
{
	free(s->slots);
	*s = (struct idset){0};
}
