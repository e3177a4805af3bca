/* Bodies on disk. Byte 0 says how the text behind it is packed:
 *
 *   0            as it is
 *   1            raw deflate
 *   2            raw deflate with the dictionary built into the program, after
 *                its id (0) in 2 bytes
 *   0x80 - 0xbf  raw deflate with the dictionary that the low 6 bits name,
 *                without zero bytes at its end (squeeze.h)
 *   0xc0 - 0xff  the same; the id is the low 6 bits and the next 2 bytes, low
 *                ones first
 *
 * A write packs a short text quickly and idle time packs it well
 * (store/facts/pack.h). zlib would take a fifth of the writer's time for it and
 * save little. Raw deflate has no Adler sum: the fact's digest is the
 * checksum. */
#ifndef STORE_ENGINE_CODEC_H
#define STORE_ENGINE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/squeeze.h"

#define CODEC_BUILTIN 0 /* the id of the dictionary built in */
#define CODEC_ID_MAX  0x3fffff

struct codec_dictionary {
	const unsigned char *bytes; /* at most 32 KB */
	size_t n;
};
/* The dictionary built into the program. */
void codec_builtin(struct codec_dictionary *ret);

/* Appends the bytes of a dictionary. 1 found, 0 not, negative. */
typedef int (
	*codec_load_fn)(void *ctx, int64_t id, struct buf *out, struct err *e);

#define CODEC_KEPT 6 /* dictionaries of a connection: 32 KB each */
struct codec {
	z_stream primed; /* with what is built in; copied for each body */
	z_stream inflate;
	bool has_deflate, has_inflate;
	struct codec_dictionary builtin;
	codec_load_fn load;
	void *ctx;
	struct {
		int64_t id; /* 0: free */
		struct buf bytes;
		uint64_t used;
	} kept[CODEC_KEPT];
	uint64_t uses;
	struct buf padded; /* a body and the zeros it left out */
};
/* load is called for dictionaries that are not built in, with ctx. */
int codec_init(struct codec *c, codec_load_fn load, void *ctx) MUST_CHECK;
void codec_done(struct codec *c);

/* Shorter texts are for squeeze.h. */
#define CODEC_LONG_BYTES 1024
/* Appends a text: a long one as zlib packs it, a short one as it is. 0 or
 * MDB_E_NOMEM. */
int codec_pack(struct codec *c, const char *text, size_t n, struct buf *out)
	MUST_CHECK;
/* Appends the smallest form, with dictionary `id`, of which q is made. 0 or
 * MDB_E_NOMEM. */
int codec_squeeze(struct squeeze *q, enum squeeze_effort effort, int64_t id,
	const char *text, size_t n, struct buf *out) MUST_CHECK;
/* Which dictionary a body needs; -1 none. */
int64_t codec_needs(const void *body, size_t n);
/* The bytes of one, borrowed until the next call. MDB_E_CORRUPT: no such one. */
int codec_dictionary_of(struct codec *c, int64_t id,
	struct codec_dictionary *ret, struct err *e) MUST_CHECK;
/* Appends the text of `size` bytes; never more than size. MDB_E_CORRUPT when
 * the data does not give exactly that. */
int codec_unpack(struct codec *c, const void *body, size_t n, size_t size,
	struct buf *out, struct err *e) MUST_CHECK;

/* The bits of the last byte that deflate left over must be zero, as we write
 * them: they are the only ones that can change without changing the text. For
 * verify; body is one that codec_unpack took. 1 they are, 0 not, negative. */
int codec_check_rest(struct codec *c, const void *body, size_t n, size_t size,
	struct err *e) MUST_CHECK;

#endif
