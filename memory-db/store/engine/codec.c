/* Packing and unpacking bodies; codec.h draws the forms.
 *
 * deflateSetDictionary hashes the dictionary anew for each body (40 us for 32
 * KB); a stream that was primed once and is copied costs a quarter of that.
 * For inflate a dictionary is a copy of 32 KB, which costs a microsecond. The
 * dictionaries used last are kept (CODEC_KEPT), since a read goes over few
 * namespaces. */
#include "memory-db/store/engine/codec.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/store/engine/squeeze.h"

enum {
	CODEC_PLAIN = 0,
	CODEC_DEFLATE = 1,
	CODEC_BUILT_IN = 2,
	CODEC_SQUEEZED = 0x80,
	CODEC_LONG_ID = 0x40
};
#define HEADER 3 /* of CODEC_BUILT_IN */
/* Bodies shorter than this never shrink by more than the header. */
#define WORTH_BYTES 12

int
codec_init(struct codec *c, codec_load_fn load, void *ctx)
{
	memset(c, 0, sizeof(*c));
	codec_builtin(&c->builtin);
	c->load = load;
	c->ctx = ctx;
	/* A window of 32 KB reaches the whole dictionary; memLevel 5 keeps
	 * the copy of the state small. */
	if (deflateInit2(&c->primed, 6, Z_DEFLATED, -15, 5,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return MDB_E_NOMEM;
	c->has_deflate = true;
	if (deflateSetDictionary(&c->primed, c->builtin.bytes,
		    (uInt)c->builtin.n) != Z_OK)
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
	for (int i = 0; i < CODEC_KEPT; i++)
		buf_done(&c->kept[i].bytes);
	buf_done(&c->padded);
	memset(c, 0, sizeof(*c));
}

/* --- packing -------------------------------------------------------------- */
/* Deflates into out after room for the header. *ret_n 0: it did not shrink. */
static int
codec_deflate(struct codec *c, const char *text, size_t n, struct buf *out,
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

static void
add_plain(struct buf *out, const char *text, size_t n)
{
	out->data[out->len++] = CODEC_PLAIN;
	memcpy(out->data + out->len, text, n);
	out->len += n;
}

int
codec_pack(struct codec *c, const char *text, size_t n, struct buf *out)
{
	size_t packed = 0;
	int rc;

	if (buf_reserve(out, n + HEADER + 1) != 0)
		return MDB_E_NOMEM;
	if (n >= CODEC_LONG_BYTES) {
		rc = codec_deflate(c, text, n, out, &packed);
		if (rc != 0)
			return rc;
	}
	if (packed == 0) {
		add_plain(out, text, n);
		return 0;
	}
	out->data[out->len] = CODEC_BUILT_IN;
	out->data[out->len + 1] = out->data[out->len + 2] = 0;
	out->len += HEADER + packed;
	return 0;
}

int
codec_squeeze(struct squeeze *q, enum squeeze_effort effort, int64_t id,
	const char *text, size_t n, struct buf *out)
{
	size_t from = out->len;
	int rc;

	if (buf_reserve(out, n + HEADER + 1) != 0)
		return MDB_E_NOMEM;
	if (n < WORTH_BYTES) {
		add_plain(out, text, n);
		return 0;
	}
	if (id < CODEC_LONG_ID) {
		out->data[out->len++] = (char)(CODEC_SQUEEZED | id);
	} else {
		out->data[out->len++] =
			(char)(CODEC_SQUEEZED | CODEC_LONG_ID | (id & 0x3f));
		out->data[out->len++] = (char)(id >> 6 & 0xff);
		out->data[out->len++] = (char)(id >> 14 & 0xff);
	}
	rc = squeeze_text(q, effort, text, n, out);
	if (rc != 0 || out->len - from <= n)
		return rc;
	out->len = from;
	if (buf_reserve(out, n + 1) != 0)
		return MDB_E_NOMEM;
	add_plain(out, text, n);
	return 0;
}

/* --- which dictionary ----------------------------------------------------- */
/* How a body is packed: what stands before the data, and the dictionary. */
struct codec_form {
	size_t header;
	int64_t id; /* -1: none */
	bool is_squeezed;
};

/* false: no form begins so. */
static bool
codec_read_form(const unsigned char *p, size_t n, struct codec_form *ret)
{
	if (n >= 1 && p[0] <= CODEC_DEFLATE) {
		*ret = (struct codec_form){1, -1, false};
		return true;
	}
	if (n >= HEADER && p[0] == CODEC_BUILT_IN) {
		*ret = (struct codec_form){HEADER, p[1] | p[2] << 8, false};
		return ret->id == CODEC_BUILTIN;
	}
	if (n < 2 || p[0] < CODEC_SQUEEZED)
		return false;
	*ret = (struct codec_form){1, p[0] & 0x3f, true};
	if (p[0] & CODEC_LONG_ID) {
		if (n < HEADER + 1)
			return false;
		ret->header = HEADER;
		ret->id |= (int64_t)p[1] << 6 | (int64_t)p[2] << 14;
		/* There is one way to write an id. */
		return ret->id >= CODEC_LONG_ID;
	}
	return true;
}

int64_t
codec_needs(const void *body, size_t n)
{
	struct codec_form f;

	return codec_read_form(body, n, &f) ? f.id : -1;
}

static int
codec_no_dictionary(int64_t id, struct err *e)
{
	return err_set(e, MDB_E_CORRUPT,
		"a stored text needs dictionary %lld, which is gone; run "
		"'memoryctl verify' and restore a backup",
		(long long)id);
}

int
codec_dictionary_of(struct codec *c, int64_t id, struct codec_dictionary *ret,
	struct err *e)
{
	int at = 0, rc;

	if (id == CODEC_BUILTIN) {
		*ret = c->builtin;
		return 0;
	}
	for (int i = 0; i < CODEC_KEPT; i++) {
		if (c->kept[i].id == id) {
			at = i;
			break;
		}
		if (c->kept[i].used < c->kept[at].used)
			at = i;
	}
	if (c->kept[at].id != id) {
		c->kept[at].id = 0;
		c->kept[at].used = 0;
		c->kept[at].bytes.len = 0;
		rc = c->load(c->ctx, id, &c->kept[at].bytes, e);
		if (rc <= 0)
			return rc < 0 ? rc : codec_no_dictionary(id, e);
		if (c->kept[at].bytes.len > LIMIT_DICTIONARY_BYTES)
			return err_set(e, MDB_E_CORRUPT,
				"dictionary %lld is damaged", (long long)id);
		c->kept[at].id = id;
	}
	c->kept[at].used = ++c->uses;
	*ret = (struct codec_dictionary){(const unsigned char *)c->kept[at]
						 .bytes.data,
		c->kept[at].bytes.len};
	return 0;
}

/* --- reading -------------------------------------------------------------- */
static int
begin_inflate(struct codec *c, int64_t id, struct err *e)
{
	struct codec_dictionary d = {0};
	int rc = id < 0 ? 0 : codec_dictionary_of(c, id, &d, e);

	if (rc != 0)
		return rc;
	if (inflateReset(&c->inflate) != Z_OK ||
		(d.n > 0 && inflateSetDictionary(&c->inflate, d.bytes,
				    (uInt)d.n) != Z_OK))
		return err_set(e, MDB_E_INTERNAL, "inflate cannot start");
	return 0;
}

/* Where the data of a body begins and ends: of a squeezed one in a buffer of
 * its own, with the zeros. */
static int
codec_input(struct codec *c, const unsigned char *p, size_t n,
	const struct codec_form *f, struct err *e)
{
	static const char zeros[SQUEEZE_TAIL];
	z_stream *z = &c->inflate;

	z->next_in = (z_const Bytef *)(uintptr_t)(p + f->header);
	z->avail_in = (uInt)(n - f->header);
	if (!f->is_squeezed)
		return 0;
	buf_clear(&c->padded, 64 * 1024);
	if (buf_add(&c->padded, p + f->header, n - f->header) != 0 ||
		buf_add(&c->padded, zeros, sizeof(zeros)) != 0)
		return err_nomem(e);
	z->next_in = (z_const Bytef *)c->padded.data;
	z->avail_in = (uInt)c->padded.len;
	return 0;
}

static int
codec_expand(struct codec *c, const unsigned char *data, size_t n, size_t size,
	const struct codec_form *f, struct buf *out, struct err *e)
{
	z_stream *z = &c->inflate;
	int rc = begin_inflate(c, f->id, e);

	if (rc != 0)
		return rc;
	rc = codec_input(c, data, n, f, e);
	if (rc != 0)
		return rc;
	if (buf_reserve(out, size + 1) != 0)
		return err_nomem(e);
	z->next_out = (Bytef *)out->data + out->len;
	z->avail_out = (uInt)size;
	rc = inflate(z, Z_FINISH);
	if (rc == Z_MEM_ERROR)
		return err_nomem(e);
	if (rc != Z_STREAM_END || z->total_out != size ||
		z->avail_in > (f->is_squeezed ? SQUEEZE_TAIL : 0))
		return err_set(e, MDB_E_CORRUPT, "a stored text is damaged");
	out->len += size;
	return 0;
}

int
codec_unpack(struct codec *c, const void *body, size_t n, size_t size,
	struct buf *out, struct err *e)
{
	const unsigned char *p = body;
	struct codec_form f;

	if (n >= 1 && p[0] == CODEC_PLAIN && n - 1 == size)
		return buf_add(out, p + 1, size) != 0 ? err_nomem(e) : 0;
	if (codec_read_form(p, n, &f) && p[0] != CODEC_PLAIN && n > f.header)
		return codec_expand(c, p, n, size, &f, out, e);
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
	AUTO_FREE unsigned char *text = NULL;
	z_stream *z = &c->inflate;
	struct codec_form f;
	int unused, rc;

	if (!codec_read_form(p, n, &f) || p[0] == CODEC_PLAIN || n <= f.header)
		return 1;
	rc = begin_inflate(c, f.id, e);
	if (rc != 0)
		return rc;
	rc = codec_input(c, p, n, &f, e);
	if (rc != 0)
		return rc;
	text = malloc(size + 1);
	if (!text)
		return err_nomem(e);
	z->next_out = text;
	z->avail_out = (uInt)(size + 1);
	rc = last_bits(z, &unused);
	if (rc == Z_MEM_ERROR)
		return err_nomem(e);
	if (rc != Z_STREAM_END)
		return 0;
	/* The zeros that were left out are none of its bits; one more would
	 * have been left out as well. */
	if (f.is_squeezed && z->avail_in < SQUEEZE_TAIL)
		return z->avail_in == 0 || p[n - 1] != 0;
	return p[n - 1] >> (8 - unused) == 0;
}
