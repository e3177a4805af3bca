/* The cap counts the bytes that the interpreter asked for, no overhead. The
 * mapping is half as large again, for what lies between blocks; when that is
 * used up, memory is refused as well.
 *
 * Up to SMALL_MAX bytes: a list of free cells a size, cut from slabs, without
 * headers (Lua tells the size when it frees). Above: arena_large. */
#include "sandbox/jail/arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "sandbox/jail/arena_large.h"

#define SMALL_MAX  512
#define SMALL_STEP 16
#define SLAB_BYTES (16 * 1024)

static struct {
	size_t cap, limit, used, peak;
	void (*on_refused)(void);
} arena;

#ifndef SANDBOX_UNJAILED
struct cell {
	struct cell *next;
};

static struct {
	struct cell *cells[SMALL_MAX / SMALL_STEP + 1];
	char *slab, *slab_end;
} small;

bool
arena_open(size_t cap)
{
	size_t page = 4096, size = cap + cap / 2;
	char *p = mmap(NULL, size + 2 * page, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	/* a page that faults on either side */
	p += page;
	if (mprotect(p, size, PROT_READ | PROT_WRITE) != 0)
		return false;
	/* A huge page would be cleared for 70 KiB that most scripts need. */
	(void)madvise(p, size, MADV_NOHUGEPAGE);
	large_init(p, size);
	arena.cap = arena.limit = cap;
	return true;
}

static void *
small_alloc(size_t class)
{
	struct cell *c = small.cells[class];
	size_t size = class * SMALL_STEP;

	if (c) {
		small.cells[class] = c->next;
		return c;
	}
	if ((size_t)(small.slab_end - small.slab) < size) {
		char *slab = large_alloc(SLAB_BYTES);

		if (!slab)
			return NULL;
		/* what is left of the old one is a cell of its size */
		size_t left = (size_t)(small.slab_end - small.slab);
		if (left >= SMALL_STEP) {
			struct cell *rest = (struct cell *)(void *)small.slab;

			rest->next = small.cells[left / SMALL_STEP];
			small.cells[left / SMALL_STEP] = rest;
		}
		small.slab = slab;
		small.slab_end = slab + SLAB_BYTES / SMALL_STEP * SMALL_STEP;
	}
	void *p = small.slab;
	small.slab += size;
	return p;
}

static inline size_t
arena_class_of(size_t size)
{
	return (size + SMALL_STEP - 1) / SMALL_STEP;
}

static void *
arena_get(size_t size)
{
	return size <= SMALL_MAX ? small_alloc(arena_class_of(size))
				 : large_alloc(size);
}

static void
arena_put(void *block, size_t size)
{
	if (size <= SMALL_MAX) {
		struct cell *c = block;

		c->next = small.cells[arena_class_of(size)];
		small.cells[arena_class_of(size)] = c;
	} else {
		large_free(block);
	}
}

static void *
resize(void *block, size_t old, size_t size)
{
	void *p;

	if (old <= SMALL_MAX && size <= SMALL_MAX &&
		arena_class_of(old) == arena_class_of(size))
		return block;
	if (old > SMALL_MAX && size > SMALL_MAX && large_resize(block, size))
		return block;
	p = arena_get(size);
	if (!p)
		return NULL;
	memcpy(p, block, old < size ? old : size);
	arena_put(block, old);
	return p;
}
#else
/* Without a jail, under a sanitizer: malloc sees every block. */
#include <stdlib.h>

bool
arena_open(size_t cap)
{
	arena.cap = arena.limit = cap;
	return true;
}

static void *
arena_get(size_t size)
{
	return malloc(size);
}

static void
arena_put(void *block, size_t size)
{
	(void)size;
	free(block);
}

static void *
resize(void *block, size_t old, size_t size)
{
	(void)old;
	return realloc(block, size);
}
#endif

void
arena_limit(size_t limit)
{
	arena.limit = limit < arena.cap ? limit : arena.cap;
}

static void *
arena_refuse(void)
{
	if (arena.on_refused)
		arena.on_refused();
	return NULL;
}

void *
arena_alloc(void *ud, void *block, size_t old, size_t size)
{
	void *p;

	(void)ud;
	if (!block)
		old = 0; /* Lua says the kind of object there */
	if (size == 0) {
		if (block) {
			arena_put(block, old);
			arena.used -= old;
		}
		return NULL;
	}
	if (size > old && (size - old > arena.limit ||
				  arena.used > arena.limit - (size - old)))
		return arena_refuse();
	p = block ? resize(block, old, size) : arena_get(size);
	if (!p && size <= old)
		p = block; /* Lua relies on shrinking to succeed */
	if (!p)
		return arena_refuse();
	arena.used += size - old;
	if (arena.used > arena.peak)
		arena.peak = arena.used;
	return p;
}

void
arena_on_refused(void (*f)(void))
{
	arena.on_refused = f;
}

size_t
arena_used(void)
{
	return arena.used;
}

size_t
arena_peak(void)
{
	return arena.peak;
}
