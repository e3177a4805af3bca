/* A growable byte buffer. All functions are safe on a zeroed struct. */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "common/cleanup.h"

struct buf {
	char *data; /* owned; not NUL-terminated unless buf_str() ran */
	size_t len;
	size_t cap;
};

/* Appends n bytes. 0 or MDB_E_NOMEM (the buffer is unchanged then). */
int buf_add(struct buf *b, const void *data, size_t n) MUST_CHECK;
int buf_adds(struct buf *b, const char *text) MUST_CHECK;
int buf_addc(struct buf *b, char c) MUST_CHECK;
int buf_addf(struct buf *b, const char *fmt, ...) MUST_CHECK
	__attribute__((format(printf, 2, 3)));
int buf_vaddf(struct buf *b, const char *fmt, va_list ap) MUST_CHECK
	__attribute__((format(printf, 2, 0)));

/* Room for n more bytes after len; 0 or MDB_E_NOMEM. */
int buf_reserve(struct buf *b, size_t n) MUST_CHECK;

/* NUL-terminates (not counted in len) and returns data, or NULL: no memory. */
const char *buf_str(struct buf *b) MUST_CHECK;

/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);

/* Forgets the content, keeps the memory; gives it back above keep bytes. */
void buf_clear(struct buf *b, size_t keep);

/* Frees the memory and zeroes the struct. */
void buf_done(struct buf *b);

/* Hands the memory to the caller, NUL-terminated; NULL: no memory. */
char *buf_steal(struct buf *b) MUST_CHECK;

#define AUTO_BUF __attribute__((cleanup(buf_done)))

#endif
