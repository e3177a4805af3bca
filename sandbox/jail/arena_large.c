/* Two-level segregated fit (Masmano, Ripoll, Crespo, Real 2004): free blocks
 * in lists by power of two and sixteenth of it, a bit a list says whether it
 * has any, neighbours that are free are one block. Constant time.
 *
 *   ... | size and flags | payload ............ [prev] | size and flags | ...
 *                                                 ^ of a free block only: where
 *                                                   it begins, for its successor
 */
#include "sandbox/jail/arena_large.h"

#include <assert.h>
#include <stdint.h>

#define ALIGN	  16u
#define SL_BITS	  4
#define SL_COUNT  (1u << SL_BITS)
#define FL_MIN	  8  /* payloads below 256 share the first row */
#define FL_COUNT  24 /* up to 2 GiB */
#define FREE	  1u
#define PREV_FREE 2u
#define FLAGS	  (FREE | PREV_FREE)
#define HEADER	  sizeof(size_t)
#define SIZE_MIN  (4 * sizeof(size_t) - HEADER) /* 24: links and prev */

struct block {
	struct block *prev; /* lies in the payload of the one before */
	size_t size;	    /* of the payload, 16k + 8, and flags */
	struct block *next_free, *prev_free; /* payload begins here */
};

static struct {
	uint32_t fl;
	uint32_t sl[FL_COUNT];
	struct block *lists[FL_COUNT][SL_COUNT];
} tlsf;

static inline size_t
arena_large_size_of(const struct block *b)
{
	return b->size & ~(size_t)FLAGS;
}

static inline void *
payload_of(struct block *b)
{
	return &b->next_free;
}

static inline struct block *
block_of(void *p)
{
	return (struct block *)(void *)((char *)p -
					offsetof(struct block, next_free));
}

/* The block behind: its `prev` is the last word of this payload. */
static inline struct block *
next_of(struct block *b)
{
	return (struct block *)(void *)((char *)payload_of(b) +
					arena_large_size_of(b) -
					sizeof(struct block *));
}

static void
arena_large_row_of(size_t size, unsigned *fl, unsigned *sl)
{
	if (size < (1u << FL_MIN)) {
		*fl = 0;
		*sl = (unsigned)(size >> (FL_MIN - SL_BITS));
		return;
	}
	unsigned top = 63u - (unsigned)__builtin_clzl(size);
	*fl = top - FL_MIN + 1;
	*sl = (unsigned)(size >> (top - SL_BITS)) & (SL_COUNT - 1);
}

static void
arena_large_insert(struct block *b)
{
	unsigned fl, sl;

	arena_large_row_of(arena_large_size_of(b), &fl, &sl);
	b->next_free = tlsf.lists[fl][sl];
	b->prev_free = NULL;
	if (b->next_free)
		b->next_free->prev_free = b;
	tlsf.lists[fl][sl] = b;
	tlsf.fl |= 1u << fl;
	tlsf.sl[fl] |= 1u << sl;
	b->size |= FREE;
	next_of(b)->prev = b;
	next_of(b)->size |= PREV_FREE;
}

static void
arena_large_take(struct block *b)
{
	unsigned fl, sl;

	arena_large_row_of(arena_large_size_of(b), &fl, &sl);
	if (b->next_free)
		b->next_free->prev_free = b->prev_free;
	if (b->prev_free)
		b->prev_free->next_free = b->next_free;
	else
		tlsf.lists[fl][sl] = b->next_free;
	if (!tlsf.lists[fl][sl]) {
		tlsf.sl[fl] &= ~(1u << sl);
		if (!tlsf.sl[fl])
			tlsf.fl &= ~(1u << fl);
	}
	b->size &= ~(size_t)FREE;
	next_of(b)->size &= ~(size_t)PREV_FREE;
}

/* A free block of a row in which every block is large enough. */
static struct block *
arena_large_find(size_t size)
{
	unsigned fl, sl;
	uint32_t map;

	if (size >= (1u << FL_MIN)) {
		unsigned top = 63u - (unsigned)__builtin_clzl(size);
		size += ((size_t)1 << (top - SL_BITS)) - 1;
	} else {
		size += (1u << (FL_MIN - SL_BITS)) - 1;
	}
	arena_large_row_of(size, &fl, &sl);
	if (fl >= FL_COUNT)
		return NULL;
	map = tlsf.sl[fl] & (~0u << sl);
	if (!map) {
		map = fl + 1 < 32 ? tlsf.fl & (~0u << (fl + 1)) : 0;
		if (!map)
			return NULL;
		fl = (unsigned)__builtin_ctz(map);
		map = tlsf.sl[fl];
	}
	return tlsf.lists[fl][__builtin_ctz(map)];
}

/* Cuts b (in use) to size and frees the rest if it is worth a block. */
static void
arena_large_trim(struct block *b, size_t size)
{
	size_t left = arena_large_size_of(b) - size;
	struct block *rest, *after;

	if (left < SIZE_MIN + HEADER)
		return;
	b->size = size | (b->size & FLAGS);
	rest = next_of(b);
	rest->size = left - HEADER;
	after = next_of(rest);
	if (after->size & FREE) {
		arena_large_take(after);
		rest->size += arena_large_size_of(after) + HEADER;
	}
	arena_large_insert(rest);
}

static inline size_t
arena_large_rounded(size_t size)
{
	/* payloads are 16k + 8, so that headers end at a multiple of 16 */
	if (size < SIZE_MIN)
		return SIZE_MIN;
	return ((size - HEADER + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + HEADER;
}

void
large_init(void *memory, size_t size)
{
	struct block *b = memory, *end;

	assert(((uintptr_t)memory & (ALIGN - 1)) == 0);
	/* `prev` of the first, its header; the header of the sentinel */
	b->size =
		((size - 2 * HEADER - sizeof(b->prev)) & ~(size_t)(ALIGN - 1)) -
		HEADER;
	end = next_of(b);
	end->size = 0; /* in use, for ever */
	arena_large_insert(b);
}

void *
large_alloc(size_t size)
{
	struct block *b;

	if (size > (size_t)1 << 30)
		return NULL;
	size = arena_large_rounded(size);
	b = arena_large_find(size);
	if (!b)
		return NULL;
	arena_large_take(b);
	arena_large_trim(b, size);
	return payload_of(b);
}

void
large_free(void *p)
{
	struct block *b = block_of(p), *next = next_of(b);

	if (next->size & FREE) {
		arena_large_take(next);
		b->size += arena_large_size_of(next) + HEADER;
	}
	if (b->size & PREV_FREE) {
		struct block *prev = b->prev;

		arena_large_take(prev);
		prev->size += arena_large_size_of(b) + HEADER;
		b = prev;
	}
	arena_large_insert(b);
}

bool
large_resize(void *p, size_t size)
{
	struct block *b = block_of(p), *next = next_of(b);

	if (size > (size_t)1 << 30)
		return false;
	size = arena_large_rounded(size);
	if (size > arena_large_size_of(b)) {
		if (!(next->size & FREE) ||
			arena_large_size_of(b) + HEADER +
					arena_large_size_of(next) <
				size)
			return false;
		arena_large_take(next);
		b->size += arena_large_size_of(next) + HEADER;
	}
	arena_large_trim(b, size);
	return true;
}
