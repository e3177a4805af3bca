/* Scope-exit helpers: locals are released by attribute, ownership leaves a
 * scope only by take_ptr(). */
#ifndef COMMON_CLEANUP_H
#define COMMON_CLEANUP_H

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static inline void
cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void
cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
cleanup_json(json_t **j)
{
	json_decref(*j);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_free)))
#define AUTO_FD	  __attribute__((cleanup(cleanup_fd)))
#define AUTO_JSON __attribute__((cleanup(cleanup_json)))

/* Moves a pointer out of an owning variable: `return take_ptr(p);` */
#define take_ptr(p)                                                            \
	({                                                                     \
		__typeof__(p) take_ptr_ = (p);                                 \
		(p) = NULL;                                                    \
		take_ptr_;                                                     \
	})

/* The same of a descriptor. */
static inline int
take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define MUST_CHECK   __attribute__((warn_unused_result))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
