/* Growable arrays: a pointer, how many there are, and how many there is room
 * for, as members of whatever struct they belong to.
 *
 *   if (vec_room(x->v, x->n, x->cap) != 0)
 *           return err_nomem(e);
 *   x->v[x->n++] = entry;
 */
#ifndef COMMON_VEC_H
#define COMMON_VEC_H

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/err.h"

/* The array with room for one more entry, twice as large as before when it was
 * full; NULL: no memory, or more than a size_t counts. */
static inline void *
vec_grown(void *v, size_t n, size_t *cap, size_t size)
{
	size_t more;
	void *p;

	assert(n <= *cap);
	if (v && n < *cap)
		return v;
	if (*cap == 0)
		more = 16;
	else if (__builtin_mul_overflow(*cap, 2, &more))
		return NULL;
	p = reallocarray(v, more, size);
	if (p)
		*cap = more;
	return p;
}

/* Room for one more entry of v, of which n of cap are used. 0, or MDB_E_NOMEM
 * with all as it was. */
#define vec_room(v, n, cap)                                                    \
	({                                                                     \
		void *vec_room_ = vec_grown((v), (n), &(cap), sizeof(*(v)));   \
		if (vec_room_)                                                 \
			(v) = vec_room_;                                       \
		vec_room_ ? 0 : MDB_E_NOMEM;                                   \
	})

#endif
