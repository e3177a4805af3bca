/* The failing allocator. --wrap redirects what is linked in; the libraries are
 * reached through their own hooks, set before main. */
#include "tests/lib/heap.h"

#include <errno.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t count, fail_at;
static atomic_bool fail_on, failed;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static void
arm(size_t n, bool on)
{
	atomic_store(&count, 0);
	atomic_store(&failed, false);
	atomic_store(&fail_on, on);
	atomic_store(&fail_at, n);
}

void
heap_fail_at(size_t n)
{
	arm(n, false);
}

void
heap_fail_from(size_t n)
{
	arm(n, true);
}

bool
heap_disarm(void)
{
	bool was = atomic_load(&failed);

	arm(0, false);
	return was;
}

size_t
heap_count(void)
{
	return atomic_load(&count);
}

static bool
must_fail(void)
{
	size_t at = atomic_load(&fail_at);
	size_t n = atomic_fetch_add(&count, 1) + 1;

	if (at == 0 || n < at || (n > at && !atomic_load(&fail_on)))
		return false;
	atomic_store(&failed, true);
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t n)
{
	return must_fail() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return must_fail() ? NULL : __real_realloc(p, n);
}

char *
__wrap_strdup(const char *s)
{
	return must_fail() ? NULL : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return must_fail() ? NULL : __real_strndup(s, n);
}

static sqlite3_mem_methods sqlite_methods;

static void *
sqlite_malloc(int n)
{
	return must_fail() ? NULL : sqlite_methods.xMalloc(n);
}

static void *
sqlite_realloc(void *p, int n)
{
	return must_fail() ? NULL : sqlite_methods.xRealloc(p, n);
}

static void __attribute__((constructor)) install(void)
{
	sqlite3_mem_methods own;

	json_set_alloc_funcs(__wrap_malloc, free);
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_methods) !=
		SQLITE_OK)
		abort();
	own = sqlite_methods;
	own.xMalloc = sqlite_malloc;
	own.xRealloc = sqlite_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &own) != SQLITE_OK)
		abort();
}
