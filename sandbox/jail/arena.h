/* The memory of a script: one mapping made before the jail is closed, an
 * allocator that makes no system call, an exact cap. */
#ifndef SANDBOX_JAIL_ARENA_H
#define SANDBOX_JAIL_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Maps the arena, for scripts of at most `cap` bytes; false when refused. */
bool arena_open(size_t cap);

/* From now on `limit` bytes may be in use; at most the cap given before. */
void arena_limit(size_t limit);

/* lua_Alloc. on_refused (see below) is called before NULL is returned. */
void *arena_alloc(void *ud, void *block, size_t old, size_t size);

/* Called when the cap refuses memory: the interpreter may still collect
 * garbage and ask again. */
void arena_on_refused(void (*f)(void));

/* Bytes in use now, and at most so far. */
size_t arena_used(void);
size_t arena_peak(void);

#endif
