/* Blocks above the sizes of arena.c, in one given piece of memory. */
#ifndef SANDBOX_JAIL_ARENA_LARGE_H
#define SANDBOX_JAIL_ARENA_LARGE_H

#include <stdbool.h>
#include <stddef.h>

/* memory: aligned to 16. */
void large_init(void *memory, size_t size);

/* 16-byte aligned, or NULL. */
void *large_alloc(size_t size);
void large_free(void *p);

/* Grows or shrinks in place; false: there is no room behind it. */
bool large_resize(void *p, size_t size);

#endif
