/* JSON <-> the tagged values of wire.h, on the side that trusts nothing: a
 * jail may send any bytes. Pure. */
#ifndef SANDBOX_CODEC_H
#define SANDBOX_CODEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "sandbox/wire.h"

/* Values of one frame: the jail's own bound on what it sends is lower. */
#define CODEC_NODES 250000

/* --- making frames -------------------------------------------------------- */
/* Begins a frame at b->len and remembers where; codec_end fills in its length.
 * All return 0 or MDB_E_NOMEM; codec_end and codec_json also MDB_E_LIMIT. */
int codec_begin(struct buf *b, enum wire_frame type, size_t *ret_at) MUST_CHECK;
int codec_end(struct buf *b, size_t at) MUST_CHECK;
int codec_count(struct buf *b, enum wire_tag tag, size_t n) MUST_CHECK;
int codec_int(struct buf *b, int64_t v) MUST_CHECK;
int codec_string(struct buf *b, const char *s, size_t n) MUST_CHECK;
/* MDB_E_LIMIT: nested deeper than WIRE_DEPTH, or larger than a frame. */
int codec_json(struct buf *b, const json_t *v) MUST_CHECK;

/* --- taking frames apart -------------------------------------------------- */
struct codec_in {
	const uint8_t *at, *end;
	size_t nodes; /* that may still come */
};
struct codec_in codec_open(const uint8_t *body, size_t n);
/* Nothing may follow the last value. */
bool codec_at_end(const struct codec_in *in);

/* All return 0, MDB_E_PROTOCOL: these bytes are no such thing, or MDB_E_NOMEM.
 * Counts are checked against the bytes left before anything is allocated;
 * texts are UTF-8 without NUL. */
int codec_get_array(struct codec_in *in, size_t *ret_n) MUST_CHECK;
int codec_get_int(struct codec_in *in, int64_t *ret) MUST_CHECK;
/* Points into the body. */
int codec_get_string(struct codec_in *in, const char **ret, size_t *ret_n)
	MUST_CHECK;
/* Returns new; members of objects are sorted by name. */
int codec_get_json(struct codec_in *in, json_t **ret) MUST_CHECK;

#endif
