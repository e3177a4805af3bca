/* Bodies on disk: byte 0 = codec (0 plain, 1 raw deflate, 2 raw deflate with
 * a preset dictionary, followed by its id in 2 bytes, little endian), then the
 * data. Plain where deflate does not shrink. */
#ifndef STORE_ENGINE_CODEC_H
#define STORE_ENGINE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct codec_dictionary {
	int id;
	const unsigned char *bytes; /* at most 32 KB */
	size_t n;
};
/* The dictionary built into the program, id 0. */
void codec_builtin(struct codec_dictionary *ret);

struct codec {
	z_stream primed; /* dictionary set; copied for each body */
	z_stream inflate;
	bool has_deflate, has_inflate;
	const struct codec_dictionary *dictionary;
};
int codec_init(struct codec *c, const struct codec_dictionary *d) MUST_CHECK;
void codec_done(struct codec *c);

/* Appends the stored form. 0 or MDB_E_NOMEM. */
int codec_pack(struct codec *c, const char *text, size_t n, struct buf *out)
	MUST_CHECK;
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
