/* Reading a fact from its row. Its text is unpacked and compared with its
 * digest, labels and all, so that what the disk spoiled is an error and never
 * an answer: of a fact "likes tea" whose body reads "likes sea" now, nobody is
 * told. */
#include "memory-db/store/facts/fact_row.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/digest.h"
#include "memory-db/store/facts/labels.h"

static int64_t
get_time(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL
		       ? FACT_NO_TIME
		       : sqlite3_column_int64(s, column);
}

static double
get_share(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL
		       ? -1
		       : sqlite3_column_double(s, column);
}

static void
fact_row_read(sqlite3_stmt *s, struct fact *f)
{
	memset(f, 0, sizeof(*f));
	f->id = sqlite3_column_int64(s, FACT_C_ID);
	f->entity = sqlite3_column_int64(s, FACT_C_ENTITY);
	f->ns = fact_namespace(f->id);
	f->kind = (enum fact_kind)sqlite3_column_int(s, FACT_C_KIND);
	f->peer = sqlite3_column_int64(s, FACT_C_PEER);
	f->label = sqlite3_column_int64(s, FACT_C_LABEL);
	f->weight = get_share(s, FACT_C_WEIGHT);
	f->method = (enum fact_method)sqlite3_column_int(s, FACT_C_METHOD);
	f->confidence = get_share(s, FACT_C_CONFIDENCE);
	f->valid_from = get_time(s, FACT_C_FROM);
	f->valid_to = get_time(s, FACT_C_TO);
	f->source = sqlite3_column_int64(s, FACT_C_SOURCE);
	f->speaker = sqlite3_column_int64(s, FACT_C_SPEAKER);
	f->source_at = get_time(s, FACT_C_SOURCE_AT);
	f->supersedes = sqlite3_column_int64(s, FACT_C_SUPERSEDES);
	f->flags = sqlite3_column_int(s, FACT_C_FLAGS);
	f->erased = sqlite3_column_type(s, FACT_C_SALT) == SQLITE_NULL;
	f->added = sqlite3_column_int64(s, FACT_C_ADDED);
}

/* The text into buf: the body, or the first name for an existence fact. */
static int
fact_row_text(struct store *st, sqlite3_stmt *s, struct fact *f,
	struct buf *text, struct err *e)
{
	int size = sqlite3_column_int(s, FACT_C_SIZE);
	int rc = 0;

	buf_clear(text, 64 * 1024);
	if (sqlite3_column_type(s, FACT_C_BODY) != SQLITE_NULL) {
		if (size < 0 || size > LIMIT_OBSERVATION_BYTES)
			return err_set(e, MDB_E_CORRUPT,
				"fact %lld has a damaged size",
				(long long)f->id);
		rc = codec_unpack(&st->codec,
			sqlite3_column_blob(s, FACT_C_BODY),
			(size_t)sqlite3_column_bytes(s, FACT_C_BODY),
			(size_t)size, text, e);
	} else if (f->kind == FACT_EXISTENCE && !f->erased) {
		const void *name = sqlite3_column_text(s, FACT_C_NAME);

		if (buf_add(text, name != NULL ? name : "",
			    (size_t)sqlite3_column_bytes(s, FACT_C_NAME)) != 0)
			rc = err_nomem(e);
	}
	if (rc == 0 && !buf_str(text))
		rc = err_nomem(e);
	f->text = text->data;
	f->text_n = text->len;
	if (rc != 0)
		err_prefix(e, "fact %lld", (long long)f->id);
	return rc;
}

/* Text of a label or NULL for none; appended to buf with its NUL. */
static int
fact_row_label(struct store *st, int64_t id, struct buf *b, struct err *e)
{
	int rc;

	if (id == 0)
		return 0;
	rc = label_text(st, id, b, e);
	if (rc == 1 && !buf_str(b))
		return err_nomem(e);
	return rc < 0 ? rc : 0;
}

static int
fact_row_check_digest(struct store *st, sqlite3_stmt *s, const struct fact *f,
	struct err *e)
{
	struct buf label AUTO_BUF = {0}, source AUTO_BUF = {0},
			 speaker AUTO_BUF = {0};
	unsigned char digest[FACT_DIGEST_BYTES];
	struct digest_fact d =
		digest_fact_of(f, f->ns, sqlite3_column_blob(s, FACT_C_SALT));
	int rc = fact_row_label(st, f->label, &label, e);

	if (rc != 0)
		return rc;
	rc = fact_row_label(st, f->source, &source, e);
	if (rc != 0)
		return rc;
	rc = fact_row_label(st, f->speaker, &speaker, e);
	if (rc != 0)
		return rc;
	d.label = label.data;
	d.source = source.data;
	d.speaker = speaker.data;
	if (sqlite3_column_bytes(s, FACT_C_SALT) == FACT_SALT_BYTES)
		digest_fact(&d, digest);
	if (sqlite3_column_bytes(s, FACT_C_SALT) != FACT_SALT_BYTES ||
		sqlite3_column_bytes(s, FACT_C_DIGEST) != FACT_DIGEST_BYTES ||
		memcmp(digest, sqlite3_column_blob(s, FACT_C_DIGEST),
			FACT_DIGEST_BYTES) != 0)
		return err_set(e, MDB_E_CORRUPT,
			"fact %lld does not match its checksum; run "
			"'memoryctl verify' and restore a backup",
			(long long)f->id);
	return 0;
}

int
fact_row_load(struct store *st, sqlite3_stmt *s, struct fact *f,
	struct buf *text, struct err *e)
{
	int rc;

	fact_row_read(s, f);
	rc = fact_row_text(st, s, f, text, e);
	if (rc != 0)
		return rc;
	return f->erased ? 0 : fact_row_check_digest(st, s, f, e);
}
