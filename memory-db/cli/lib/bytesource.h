/* The bytes of a file, or of one file within a zip archive, in order. */
#ifndef CLI_LIB_BYTESOURCE_H
#define CLI_LIB_BYTESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"

struct bytesource;

/* The whole file behind a descriptor, from its begin. fd: borrowed. NULL: no
 * memory. */
struct bytesource *bytesource_file(int fd) MUST_CHECK;
void bytesource_free(struct bytesource *s);

static inline void
bytesource_freep(struct bytesource **s)
{
	bytesource_free(*s);
}
#define AUTO_BYTESOURCE __attribute__((cleanup(bytesource_freep)))
/* How many, 0 at the end, MDB_E_STORE: it cannot be read. */
ssize_t bytesource_read(struct bytesource *s, char *out, size_t n) MUST_CHECK;

/* --- zip ------------------------------------------------------------------- */
bool bytesource_is_zip(int fd);
/* Calls for each file of an archive, in the order of its directory; reading it
 * is up to fn. Files that are encrypted or packed in another way than deflate
 * are passed over and counted in *ret_left_out. Non-zero from fn stops and is
 * returned; MDB_E_STORE: it is no archive, or it is damaged. */
typedef int (*zip_fn)(void *ctx, const char *name, struct bytesource *s);
int bytesource_each_in_zip(int fd, zip_fn fn, void *ctx, int64_t *ret_left_out)
	MUST_CHECK;

#endif
