/* Facts as they were recorded, one by one, with all that their digest covers:
 * for export, verify and history, which look at what was written and not at
 * what is visible. The text of an existence fact is a name; it has a body only
 * where that differs from the first name of its entity. */
#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/log/log.h"

#define FACT                                                                   \
	"SELECT f.id, f.entity, f.kind, f.peer, f.method, f.supersedes,"       \
	" f.weight, f.confidence, f.valid_from, f.valid_to, f.source_at,"      \
	" (SELECT text FROM label WHERE id = f.label),"                        \
	" (SELECT text FROM label WHERE id = f.source),"                       \
	" (SELECT text FROM label WHERE id = f.speaker),"                      \
	" f.salt, f.digest, f.size, f.body, e.name, f.same, f.label, f.flags"  \
	" FROM fact f LEFT JOIN entity e ON e.id = f.entity "

enum { FACT_GET, FACT_AFTER, FACT_ENTITY };

static const struct stmt_def defs[] = {
	[FACT_GET] = {FACT "WHERE f.id = ?1", 1, 0},
	[FACT_AFTER] = {FACT "WHERE f.id > ?1 ORDER BY f.id", 1, 0},
	[FACT_ENTITY] = {FACT "WHERE f.entity = ?1 AND f.kind = 0"
			      " ORDER BY f.id LIMIT 1",
		1, 0},
};
const struct stmt_module log_facts_module = {"log_facts", defs,
	ARRAY_LEN(defs)};

static double
real_or_none(sqlite3_stmt *s, int i)
{
	return sqlite3_column_type(s, i) == SQLITE_NULL
		       ? -1
		       : sqlite3_column_double(s, i);
}

static int64_t
time_or_none(sqlite3_stmt *s, int i)
{
	return sqlite3_column_type(s, i) == SQLITE_NULL
		       ? FACT_NO_TIME
		       : sqlite3_column_int64(s, i);
}

/* Fills in the text: inflated into out, the entity's name, or none. */
static int
log_facts_fact_text(struct store *st, sqlite3_stmt *s, struct log_fact *f,
	struct buf *out, struct err *e)
{
	int64_t size = sqlite3_column_int64(s, 16);
	const void *body = sqlite3_column_blob(s, 17);
	int n = sqlite3_column_bytes(s, 17);
	int rc;

	f->body = body;
	f->body_n = (size_t)n;
	if (!f->salt)
		return 0;
	if (!body && (f->kind == FACT_EXISTENCE || f->kind == FACT_RELATION)) {
		/* A relation has no text, an existence that of its entity. */
		bool is_named =
			f->kind == FACT_EXISTENCE && f->first_name != NULL;

		f->text = is_named ? f->first_name : "";
		f->text_n = is_named ? f->first_name_n : 0;
		return 0;
	}
	f->damaged = true;
	if (!body || size < 0 || size > LIMIT_OBSERVATION_BYTES)
		return 0;
	rc = codec_unpack(&st->codec, body, (size_t)n, (size_t)size, out, e);
	if (rc == MDB_E_CORRUPT)
		return 0;
	if (rc != 0)
		return rc;
	f->text = buf_str(out);
	if (!f->text)
		return err_nomem(e);
	f->text_n = out->len;
	f->damaged = false;
	return 0;
}

static int
give_fact(struct store *st, sqlite3_stmt *s, log_fact_fn fn, void *ctx,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	struct log_fact f = {
		.id = sqlite3_column_int64(s, 0),
		.ns = fact_namespace(sqlite3_column_int64(s, 0)),
		.entity = sqlite3_column_int64(s, 1),
		.kind = sqlite3_column_int64(s, 2),
		.peer = sqlite3_column_int64(s, 3),
		.method = sqlite3_column_int64(s, 4),
		.supersedes = sqlite3_column_int64(s, 5),
		.weight = real_or_none(s, 6),
		.confidence = real_or_none(s, 7),
		.valid_from = time_or_none(s, 8),
		.valid_to = time_or_none(s, 9),
		.source_at = time_or_none(s, 10),
		.label = (const char *)sqlite3_column_text(s, 11),
		.source = (const char *)sqlite3_column_text(s, 12),
		.speaker = (const char *)sqlite3_column_text(s, 13),
		.first_name = (const char *)sqlite3_column_text(s, 18),
		.first_name_n = (size_t)sqlite3_column_bytes(s, 18),
		.same = sqlite3_column_type(s, 19) == SQLITE_NULL
				? -1
				: sqlite3_column_int64(s, 19),
		.label_id = sqlite3_column_int64(s, 20),
		.flags = sqlite3_column_int64(s, 21),
		.size = sqlite3_column_int64(s, 16),
	};
	int rc;

	if (sqlite3_column_bytes(s, 14) == FACT_SALT_BYTES)
		f.salt = sqlite3_column_blob(s, 14);
	if (sqlite3_column_bytes(s, 15) == FACT_DIGEST_BYTES)
		f.digest = sqlite3_column_blob(s, 15);
	rc = log_facts_fact_text(st, s, &f, &text, e);
	return rc != 0 ? rc : fn(ctx, &f);
}

static int
one_fact(struct store *st, int which, int64_t id, log_fact_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG_FACTS, which);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	rc = give_fact(st, s, fn, ctx, e);
	return rc != 0 ? rc : 1;
}

int
log_fact(struct store *st, int64_t id, log_fact_fn fn, void *ctx, struct err *e)
{
	return one_fact(st, FACT_GET, id, fn, ctx, e);
}

int
log_existence(struct store *st, int64_t entity, log_fact_fn fn, void *ctx,
	struct err *e)
{
	return one_fact(st, FACT_ENTITY, entity, fn, ctx, e);
}

int
log_facts_after(struct store *st, int64_t after, log_fact_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG_FACTS, FACT_AFTER);
	int rc;

	bind_i(s, 1, after);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = give_fact(st, s, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return rc;
}
