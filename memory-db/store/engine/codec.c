/* Bodies: plain, raw deflate, raw deflate with the built-in dictionary.
 *
 * deflateSetDictionary hashes the dictionary anew for each body (40 us for
 * 32 KB); a stream primed once and copied costs a quarter of that. Raw deflate
 * has no Adler sum: the fact's digest is the checksum. */
#include "memory-db/store/engine/codec.h"

#include <stdint.h>
#include <string.h>

enum { CODEC_PLAIN = 0, CODEC_DEFLATE = 1, CODEC_DICTIONARY = 2 };
#define HEADER 3 /* of CODEC_DICTIONARY */
/* Bodies shorter than this never shrink by more than the header. */
#define WORTH_BYTES 12

int
codec_init(struct codec *c, const struct codec_dictionary *d)
{
	memset(c, 0, sizeof(*c));
	c->dictionary = d;
	/* A window of 32 KB reaches the whole dictionary; memLevel 5 keeps
	 * the copy of the state small. */
	if (deflateInit2(&c->primed, 6, Z_DEFLATED, -15, 5,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return MDB_E_NOMEM;
	c->has_deflate = true;
	if (deflateSetDictionary(&c->primed, d->bytes, (uInt)d->n) != Z_OK)
		return MDB_E_INTERNAL;
	if (inflateInit2(&c->inflate, -15) != Z_OK)
		return MDB_E_NOMEM;
	c->has_inflate = true;
	return 0;
}

void
codec_done(struct codec *c)
{
	if (c->has_deflate)
		deflateEnd(&c->primed);
	if (c->has_inflate)
		inflateEnd(&c->inflate);
	memset(c, 0, sizeof(*c));
}

/* Deflates into out after room for the header. *ret_n 0: it did not shrink. */
static int
squeeze(struct codec *c, const char *text, size_t n, struct buf *out,
	size_t *ret_n)
{
	z_stream z;
	int rc;

	*ret_n = 0;
	if (deflateCopy(&z, &c->primed) != Z_OK)
		return MDB_E_NOMEM;
	z.next_in = (z_const Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)out->data + out->len + HEADER;
	z.avail_out = (uInt)(n - HEADER); /* more is no gain */
	rc = deflate(&z, Z_FINISH);
	if (rc == Z_STREAM_END)
		*ret_n = (size_t)z.total_out;
	deflateEnd(&z);
	return 0;
}

int
codec_pack(struct codec *c, const char *text, size_t n, struct buf *out)
{
	size_t packed = 0;
	int rc;

	if (buf_reserve(out, n + HEADER + 1) != 0)
		return MDB_E_NOMEM;
	if (n >= WORTH_BYTES) {
		rc = squeeze(c, text, n, out, &packed);
		if (rc != 0)
			return rc;
	}
	if (packed == 0) {
		out->data[out->len++] = CODEC_PLAIN;
		memcpy(out->data + out->len, text, n);
		out->len += n;
		return 0;
	}
	out->data[out->len] = CODEC_DICTIONARY;
	out->data[out->len + 1] = (char)(c->dictionary->id & 0xff);
	out->data[out->len + 2] = (char)(c->dictionary->id >> 8);
	out->len += HEADER + packed;
	return 0;
}

static int
begin_inflate(struct codec *c, bool with_dictionary, struct err *e)
{
	if (inflateReset(&c->inflate) != Z_OK ||
		(with_dictionary &&
			inflateSetDictionary(&c->inflate, c->dictionary->bytes,
				(uInt)c->dictionary->n) != Z_OK))
		return err_set(e, MDB_E_INTERNAL, "inflate cannot start");
	return 0;
}

static int
codec_expand(struct codec *c, const unsigned char *data, size_t n, size_t size,
	bool with_dictionary, struct buf *out, struct err *e)
{
	z_stream *z = &c->inflate;
	int rc = begin_inflate(c, with_dictionary, e);

	if (rc != 0)
		return rc;
	if (buf_reserve(out, size + 1) != 0)
		return err_nomem(e);
	z->next_in = (z_const Bytef *)(uintptr_t)data;
	z->avail_in = (uInt)n;
	z->next_out = (Bytef *)out->data + out->len;
	z->avail_out = (uInt)size;
	rc = inflate(z, Z_FINISH);
	if (rc == Z_MEM_ERROR)
		return err_nomem(e);
	if (rc != Z_STREAM_END || z->total_out != size || z->avail_in != 0)
		return err_set(e, MDB_E_CORRUPT, "a stored text is damaged");
	out->len += size;
	return 0;
}

int
codec_unpack(struct codec *c, const void *body, size_t n, size_t size,
	struct buf *out, struct err *e)
{
	const unsigned char *p = body;

	if (n >= 1 && p[0] == CODEC_PLAIN && n - 1 == size)
		return buf_add(out, p + 1, size) != 0 ? err_nomem(e) : 0;
	if (n >= 2 && p[0] == CODEC_DEFLATE)
		return codec_expand(c, p + 1, n - 1, size, false, out, e);
	if (n > HEADER && p[0] == CODEC_DICTIONARY) {
		int id = p[1] | p[2] << 8;

		if (id != c->dictionary->id)
			return err_set(e, MDB_E_CORRUPT,
				"a stored text needs dictionary %d", id);
		return codec_expand(c, p + HEADER, n - HEADER, size, true, out,
			e);
	}
	return err_set(e, MDB_E_CORRUPT, "a stored text is damaged");
}

/* Stops at the end of the last block, where zlib still knows how many bits of
 * the byte are unused. */
static int
last_bits(z_stream *z, int *ret_unused)
{
	int rc;

	*ret_unused = 0;
	do {
		rc = inflate(z, Z_BLOCK);
		if (rc == Z_OK && (z->data_type & (64 | 128)) == (64 | 128)) {
			*ret_unused = z->data_type & 7;
			return Z_STREAM_END;
		}
	} while (rc == Z_OK && (z->avail_out > 0 || z->avail_in > 0));
	return rc;
}

int
codec_check_rest(struct codec *c, const void *body, size_t n, size_t size,
	struct err *e)
{
	const unsigned char *p = body;
	size_t header = p[0] == CODEC_DICTIONARY ? HEADER : 1;
	AUTO_FREE unsigned char *text = NULL;
	z_stream *z = &c->inflate;
	int unused, rc;

	if (p[0] == CODEC_PLAIN || n <= header)
		return 1;
	rc = begin_inflate(c, p[0] == CODEC_DICTIONARY, e);
	if (rc != 0)
		return rc;
	text = malloc(size + 1);
	if (!text)
		return err_nomem(e);
	z->next_in = (z_const Bytef *)(uintptr_t)(p + header);
	z->avail_in = (uInt)(n - header);
	z->next_out = text;
	z->avail_out = (uInt)(size + 1);
	rc = last_bits(z, &unused);
	if (rc == Z_MEM_ERROR)
		return err_nomem(e);
	return rc == Z_STREAM_END && p[n - 1] >> (8 - unused) == 0;
}
