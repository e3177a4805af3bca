/* A failing allocator for unit tests. It stands behind malloc, calloc,
 * realloc, strdup and strndup of all code linked into the test, behind
 * jansson and behind SQLite; it works under the sanitizers. The loop:
 *
 *	for (size_t n = 1;; n++) {
 *		heap_fail_at(n);
 *		rc = the_function(...);
 *		if (!heap_disarm())
 *			break;		-- it needs fewer allocations than n
 *		assert_int_equal(rc, MDB_E_NOMEM);
 *	}
 */
#ifndef TESTS_LIB_HEAP_H
#define TESTS_LIB_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation from now (1: the next one) of any thread fails, once. */
void heap_fail_at(size_t n);

/* The n-th and all later ones fail. */
void heap_fail_from(size_t n);

/* Ends that. True when an allocation failed since heap_fail_*. */
bool heap_disarm(void);

/* Allocations since the last heap_fail_* or heap_disarm. */
size_t heap_count(void);

#endif
