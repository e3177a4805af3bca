/* The idle time of a store without the service: each duty in turn. */
#ifndef TESTS_LIB_IDLE_H
#define TESTS_LIB_IDLE_H

#include <assert.h>

#include "memory-db/store/idle.h"

/* One small step of the first duty that has work; 1 there was some, 0 none. */
static inline int
idle_step(struct store *st)
{
	struct err e;

	if (store_index_wanted(st) && store_index_step(st, 20000000, &e) == 1)
		return 1;
	if (store_merge_wanted(st) && store_merge_step(st, 0) == 1)
		return 1;
	if (store_pack_wanted(st) && store_pack_step(st, 20000000, &e) == 1)
		return 1;
	if (store_is_erasing(st) && store_erase_step(st, &e) == 1)
		return 1;
	if (store_notes_wanted(st))
		assert(store_notes_step(st, &e) == 0);
	if (store_checkpoint_wanted(st))
		assert(store_checkpoint_step(st, &e) == 0);
	return 0;
}

#endif
