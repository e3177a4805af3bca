/* The lines of a file as hashes, and a hash of some of them that is found again
 * when they stand elsewhere. */
#ifndef COMMON_CLIENT_CODELINES_H
#define COMMON_CLIENT_CODELINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/limits.h"

struct codelines {
	uint64_t *v; /* owned: free() */
	size_t n, cap;
};

/* Opens a regular file below `top`, component by component: no link on the way
 * is followed, and nothing else is opened at all. The descriptor, or -1:
 * *ret_gone tells whether there is nothing. */
int codelines_open(const char *top, const char *path, struct stat *ret_st,
	bool *ret_gone) MUST_CHECK;
/* Adds the lines of a text. 0 or MDB_E_NOMEM. */
int codelines_cut(struct codelines *f, const char *s, size_t n) MUST_CHECK;

/* Of n lines. */
uint64_t codelines_hash(const uint64_t *v, size_t n);
/* As it is stored: "l1:" and 16 digits. */
void codelines_format(uint64_t h, char out[LIMIT_CODE_HASH_BYTES + 1]);
/* False: it was not made here. */
bool codelines_parse(const char *s, uint64_t *ret);
/* Where n lines with this hash begin, nearest to `near`. False: nowhere. */
bool codelines_find(const struct codelines *f, size_t n, uint64_t hash,
	size_t near, size_t *ret_at);

#endif
