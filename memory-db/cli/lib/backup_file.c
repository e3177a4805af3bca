/* One backup as a file; backup_file.h draws it. What is written is hashed
 * while it is packed, and what is read is hashed while it is unpacked, so no
 * byte of the content goes unchecked. The description stands before the
 * content, so that a list of backups reads the first few KB of each file and
 * no more. */
#include "memory-db/cli/lib/backup_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"

#define CHUNK (256 * 1024)
/* Of the gzip header's comment: some thousand namespaces with their heads. */
#define ABOUT_MOST (4 * 1024 * 1024)
/* On a database of 100,000 entities level 6 takes twice the time of level 3 and
 * saves a twentieth of the bytes: most of them are packed already. */
#define LEVEL	    3
#define GZIP_WINDOW (15 + 16)
static const char sqlite_magic[16] = "SQLite format 3";

static int
backup_file_damaged(struct err *e, const char *why)
{
	return err_set(e, MDB_E_CORRUPT, "the backup is damaged: %s", why);
}

static int
memory_or(int zlib_code, const char *what, struct err *e)
{
	return zlib_code == Z_MEM_ERROR
		       ? err_nomem(e)
		       : err_set(e, MDB_E_INTERNAL, "zlib fails to %s", what);
}

/* --- hash ----------------------------------------------------------------- */
static void
backup_file_hash_begin(crypto_generichash_state *h)
{
	crypto_generichash_init(h, NULL, 0, BACKUP_HASH_BYTES);
}

static void
backup_file_hash_end(crypto_generichash_state *h, char ret[BACKUP_HASH_SIZE])
{
	unsigned char bytes[BACKUP_HASH_BYTES];

	crypto_generichash_final(h, bytes, sizeof(bytes));
	sodium_bin2hex(ret, BACKUP_HASH_SIZE, bytes, sizeof(bytes));
}

/* Bytes at offset, or 0 at the end. */
static ssize_t
read_at(int fd, void *data, size_t n, int64_t at, struct err *e)
{
	ssize_t got;

	do
		got = pread(fd, data, n, at);
	while (got < 0 && errno == EINTR);
	return got >= 0 ? got
			: err_set(e, MDB_E_STORE, "cannot read: %s",
				  strerrordesc_np(errno));
}

int
backup_hash(int fd, char ret[BACKUP_HASH_SIZE], struct err *e)
{
	AUTO_FREE unsigned char *chunk = malloc(CHUNK);
	crypto_generichash_state h;
	int64_t at = 0;
	ssize_t got;

	if (!chunk)
		return err_nomem(e);
	backup_file_hash_begin(&h);
	while ((got = read_at(fd, chunk, CHUNK, at, e)) > 0) {
		crypto_generichash_update(&h, chunk, (size_t)got);
		at += got;
	}
	if (got < 0)
		return (int)got;
	backup_file_hash_end(&h, ret);
	return 0;
}

/* --- writing -------------------------------------------------------------- */
int
backup_about_text(const json_t *about, struct buf *out, struct err *e)
{
	crypto_generichash_state h;
	char hex[BACKUP_HASH_SIZE];

	if (jx_dump(about, out) != 0)
		return err_nomem(e);
	if (out->len > ABOUT_MOST - BACKUP_HASH_SIZE - 1)
		return err_set(e, MDB_E_LIMIT,
			"the description of the backup takes more than %d MB: "
			"too many namespaces",
			ABOUT_MOST >> 20);
	backup_file_hash_begin(&h);
	crypto_generichash_update(&h, (const unsigned char *)out->data,
		out->len);
	backup_file_hash_end(&h, hex);
	if (buf_addf(out, " %s", hex) != 0 || !buf_str(out))
		return err_nomem(e);
	return 0;
}

static int
put_out(z_stream *z, unsigned char *out, FILE *f, struct err *e)
{
	size_t n = CHUNK - z->avail_out;

	z->next_out = out;
	z->avail_out = CHUNK;
	if (fwrite(out, 1, n, f) == n)
		return 0;
	return err_set(e, MDB_E_STORE, "cannot write the backup: %s",
		strerrordesc_np(errno));
}

/* Packs what is in z->next_in; flush: Z_NO_FLUSH or Z_FINISH. */
static int
backup_file_pack(z_stream *z, unsigned char *out, int flush, FILE *f,
	struct err *e)
{
	int code, rc;

	do {
		code = deflate(z, flush);
		if (code == Z_STREAM_ERROR)
			return memory_or(code, "compress", e);
		if (z->avail_out == 0 || code == Z_STREAM_END) {
			rc = put_out(z, out, f, e);
			if (rc != 0)
				return rc;
		}
	} while (flush == Z_FINISH ? code != Z_STREAM_END : z->avail_in > 0);
	return 0;
}

static int
write_content(int fd, z_stream *z, unsigned char *chunks, FILE *out,
	backup_tick_fn tick, void *ctx, struct err *e)
{
	unsigned char *in = chunks, *packed = chunks + CHUNK;
	int64_t at = 0;
	ssize_t got;
	int rc;

	z->next_out = packed;
	z->avail_out = CHUNK;
	while ((got = read_at(fd, in, CHUNK, at, e)) > 0) {
		z->next_in = in;
		z->avail_in = (uInt)got;
		rc = backup_file_pack(z, packed, Z_NO_FLUSH, out, e);
		if (rc != 0)
			return rc;
		at += got;
		if (tick)
			tick(ctx, at);
	}
	return got < 0 ? (int)got
		       : backup_file_pack(z, packed, Z_FINISH, out, e);
}

int
backup_write(int fd, const json_t *about, FILE *out, backup_tick_fn tick,
	void *ctx, struct err *e)
{
	AUTO_FREE unsigned char *chunks = malloc((size_t)2 * CHUNK);
	AUTO_BUF struct buf comment = {0};
	gz_header head = {.os = 3 /* Unix */, .hcrc = 1};
	z_stream z = {0};
	int rc = !chunks ? err_nomem(e) : backup_about_text(about, &comment, e);

	if (rc != 0)
		return rc;
	rc = deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8,
		Z_DEFAULT_STRATEGY);
	if (rc != Z_OK)
		return memory_or(rc, "begin", e);
	head.comment = (Bytef *)comment.data;
	rc = deflateSetHeader(&z, &head) == Z_OK
		     ? write_content(fd, &z, chunks, out, tick, ctx, e)
		     : memory_or(Z_STREAM_ERROR, "write a header", e);
	(void)deflateEnd(&z);
	return rc;
}

/* --- reading -------------------------------------------------------------- */
static int
backup_file_fill(struct backup_reader *r, struct err *e)
{
	ssize_t got;

	if (r->z.avail_in > 0 || r->is_input_end)
		return 0;
	do
		got = read(r->fd, r->in, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(e, MDB_E_STORE, "cannot read the backup: %s",
			strerrordesc_np(errno));
	r->is_input_end = got == 0;
	r->z.next_in = r->in;
	r->z.avail_in = (uInt)got;
	return 0;
}

static int
check_about(const json_t *about, struct err *e)
{
	const char *format = jx_text(about, "format");
	int64_t version = 0;

	if (!format || strcmp(format, BACKUP_FORMAT) != 0 ||
		jx_int(about, "version", JX_REQUIRED, 1, INT64_MAX, &version,
			NULL) != 0 ||
		!jx_text(about, "hash") || !jx_text(about, "kind"))
		return backup_file_damaged(e,
			"its description is none of a backup");
	if (version > BACKUP_VERSION)
		return err_set(e, MDB_E_VERSION,
			"this backup has format version %lld, newer than %d, "
			"the newest known here; upgrade first",
			(long long)version, BACKUP_VERSION);
	return 0;
}

/* TEXT HASH: of a file that gzip(1) wrote there is no such comment. */
int
backup_about_parse(const char *comment, json_t **ret, struct err *e)
{
	const char *blank = strrchr(comment, ' ');
	AUTO_JSON json_t *about = NULL;
	crypto_generichash_state h;
	char hex[BACKUP_HASH_SIZE];
	int rc;

	*ret = NULL;
	if (!blank || comment[0] != '{')
		return comment[0] == '\0' ? 0
					  : backup_file_damaged(e,
						    "its description cannot "
						    "be read");
	backup_file_hash_begin(&h);
	crypto_generichash_update(&h, (const unsigned char *)comment,
		(size_t)(blank - comment));
	backup_file_hash_end(&h, hex);
	if (strcmp(hex, blank + 1) != 0)
		return backup_file_damaged(e,
			"the checksum of its description is wrong");
	about = jx_parse(comment, (size_t)(blank - comment), e);
	if (!about)
		return e && e->code == MDB_E_NOMEM
			       ? MDB_E_NOMEM
			       : backup_file_damaged(e,
					 "its description cannot be read");
	rc = check_about(about, e);
	if (rc)
		return rc;
	*ret = take_ptr(about);
	return 0;
}

/* Inflates until the header is there; no content comes out before. */
static int
backup_file_read_head(struct backup_reader *r, struct err *e)
{
	AUTO_FREE char *comment = calloc(1, ABOUT_MOST + 1);
	gz_header head = {.comment = (Bytef *)comment, .comm_max = ABOUT_MOST};
	unsigned char none;
	int code = Z_OK, rc;

	if (!comment)
		return err_nomem(e);
	if (inflateGetHeader(&r->z, &head) != Z_OK)
		return memory_or(Z_STREAM_ERROR, "read", e);
	r->z.next_out = &none;
	r->z.avail_out = 0;
	while (head.done == 0) {
		rc = backup_file_fill(r, e);
		if (rc != 0)
			return rc;
		if (r->z.avail_in == 0)
			return backup_file_damaged(e, "it ends in its header");
		/* Z_BLOCK stops behind the header. */
		code = inflate(&r->z, Z_BLOCK);
		if (code == Z_MEM_ERROR)
			return err_nomem(e);
		if (code != Z_OK && code != Z_BUF_ERROR)
			return backup_file_damaged(e,
				"its header cannot be read");
	}
	return head.done == 1 ? backup_about_parse(comment, &r->about, e) : 0;
}

int
backup_reader_open(struct backup_reader *r, int fd, struct err *e)
{
	int rc, code;

	*r = (struct backup_reader){.fd = fd, .in = malloc(CHUNK)};
	if (!r->in)
		return err_nomem(e);
	rc = backup_file_fill(r, e);
	if (rc != 0)
		return rc;
	backup_file_hash_begin(&r->hash);
	if (r->z.avail_in >= sizeof(sqlite_magic) &&
		memcmp(r->in, sqlite_magic, sizeof(sqlite_magic)) == 0) {
		r->is_raw = true;
		return 0;
	}
	if (r->z.avail_in < 2 || r->in[0] != 0x1f || r->in[1] != 0x8b)
		return err_set(e, MDB_E_CORRUPT,
			"this is no backup: neither what memoryctl backup "
			"writes nor an SQLite file, nor is it damaged only a "
			"little");
	code = inflateInit2(&r->z, GZIP_WINDOW);
	if (code != Z_OK)
		return memory_or(code, "begin", e);
	r->is_begun = true;
	return backup_file_read_head(r, e);
}

static ssize_t
read_raw(struct backup_reader *r, void *data, size_t n, struct err *e)
{
	int rc = backup_file_fill(r, e);

	if (rc != 0)
		return rc;
	if (n > r->z.avail_in)
		n = r->z.avail_in;
	memcpy(data, r->z.next_in, n);
	r->z.next_in += n;
	r->z.avail_in -= (uInt)n;
	r->is_end = n == 0;
	return (ssize_t)n;
}

/* All is there: is it what was written? */
static int
check_end(struct backup_reader *r, struct err *e)
{
	const char *hash = jx_text(r->about, "hash");
	char hex[BACKUP_HASH_SIZE];
	int rc = backup_file_fill(r, e);

	if (rc != 0)
		return rc;
	if (r->z.avail_in > 0)
		return backup_file_damaged(e,
			"something follows behind its end");
	backup_file_hash_end(&r->hash, hex);
	if (hash && strcmp(hash, hex) != 0)
		return backup_file_damaged(e,
			"the checksum of its content is wrong");
	return 0;
}

ssize_t
backup_reader_read(struct backup_reader *r, void *data, size_t n, struct err *e)
{
	size_t got;
	int code, rc;

	if (r->is_end)
		return 0;
	if (r->is_raw)
		return read_raw(r, data, n, e);
	r->z.next_out = data;
	r->z.avail_out = (uInt)(n < CHUNK ? n : CHUNK);
	n = r->z.avail_out;
	while (r->z.avail_out == n && !r->is_end) {
		rc = backup_file_fill(r, e);
		if (rc != 0)
			return rc;
		if (r->z.avail_in == 0)
			return backup_file_damaged(e, "it is cut off");
		code = inflate(&r->z, Z_NO_FLUSH);
		if (code == Z_MEM_ERROR)
			return err_nomem(e);
		if (code == Z_DATA_ERROR || code == Z_NEED_DICT)
			return backup_file_damaged(e,
				r->z.msg && strstr(r->z.msg, "check")
					? "a checksum is wrong"
					: "it cannot be unpacked");
		if (code == Z_STREAM_END)
			r->is_end = true;
	}
	got = n - r->z.avail_out;
	crypto_generichash_update(&r->hash, data, got);
	r->bytes += (int64_t)got;
	if (r->is_end) {
		rc = check_end(r, e);
		if (rc != 0)
			return rc;
	}
	return (ssize_t)got;
}

void
backup_reader_done(struct backup_reader *r)
{
	if (r->is_begun)
		(void)inflateEnd(&r->z);
	json_decref(r->about);
	free(r->in);
	*r = (struct backup_reader){0};
}

int
backup_reader_copy(struct backup_reader *r, int out_fd, backup_tick_fn tick,
	void *ctx, struct err *e)
{
	AUTO_FREE unsigned char *chunk = malloc(CHUNK);
	ssize_t got;

	if (!chunk)
		return err_nomem(e);
	while ((got = backup_reader_read(r, chunk, CHUNK, e)) > 0) {
		for (ssize_t at = 0; out_fd >= 0 && at < got;) {
			ssize_t n =
				write(out_fd, chunk + at, (size_t)(got - at));

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return err_set(e, MDB_E_STORE,
					"cannot write what is restored: %s",
					strerrordesc_np(errno));
			at += n;
		}
		if (tick)
			tick(ctx, r->bytes);
	}
	return (int)got;
}
