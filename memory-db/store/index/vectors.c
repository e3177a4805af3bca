/* Vectors in the file: statements, and the two forms as bytes; vectors.h draws
 * them. For example a vector of 512 numbers of which 40 are not 0 takes 64 +
 * 160 bytes instead of 2,048. */
#include "memory-db/store/index/vectors.h"

#include <string.h>

#include "common/limits.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/heads.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/engine/table.h"

enum {
	FIND,
	MAKE,
	OTHER,
	DROP,
	DROP_MODEL,
	PUT,
	GET,
	ERASE,
	EACH,
	NAMESPACES,
	HIGHEST,
	TEXTS,
	COUNT,
	FACTS,
	OF_SESSION
};

#define OBSERVATIONS "f.kind = " SQL_OBSERVATION " AND f.salt IS NOT NULL"
#define COLUMNS                                                                \
	"SELECT f.id, f.entity, f.source, coalesce(f.source_at,"               \
	" (SELECT at FROM change WHERE id = s.added)), f.valid_from,"          \
	" f.valid_to FROM fact f"
#define SPAN " CROSS JOIN @SPAN ON s.fact = f.id AND @VIS"

static const struct stmt_def defs[] = {
	[FIND] = {"SELECT id, dims FROM vector_model WHERE name = ?1"
		  " ORDER BY id DESC LIMIT 1",
		1, 0},
	[MAKE] = {"INSERT INTO vector_model(name, dims) VALUES(?1, ?2)"
		  " ON CONFLICT DO UPDATE SET dims = excluded.dims"
		  " RETURNING id",
		2, STMT_WRITER},
	[OTHER] = {"SELECT id FROM vector_model WHERE id <> ?1 LIMIT 1", 1, 0},
	/* From above: what is left lacks nothing below its highest, should
	 * this be the model in use again. */
	[DROP] = {"DELETE FROM vector WHERE id IN (SELECT id FROM vector"
		  " WHERE model = ?1 ORDER BY head DESC, fact DESC LIMIT ?2)",
		2, STMT_WRITER},
	[DROP_MODEL] = {"DELETE FROM vector_model WHERE id = ?1", 1,
		STMT_WRITER},
	/* Forgotten while its vector was made: there is none. */
	[PUT] = {"INSERT INTO vector(model, head, fact, data) SELECT ?1, 0,"
		 " f.id, ?3 FROM fact f WHERE f.id = ?2 AND " OBSERVATIONS
		 " ON CONFLICT DO UPDATE SET data = excluded.data",
		3, STMT_WRITER},
	[GET] = {"SELECT data FROM vector WHERE model = ?1 AND head = 0 AND"
		 " fact = ?2",
		2, 0},
	[ERASE] = {"DELETE FROM vector WHERE model IN (SELECT id FROM"
		   " vector_model) AND head = 0 AND fact = ?1",
		1, STMT_WRITER},
	[EACH] = {"SELECT fact, data FROM vector WHERE model = ?1 AND head = 0"
		  " AND fact > ?2 ORDER BY fact",
		2, 0},
	[NAMESPACES] = {"SELECT id, fact_max FROM namespace ORDER BY id", 0, 0},
	[HIGHEST] = {"SELECT max(fact) FROM vector WHERE model = ?1 AND"
		     " head = 0 AND fact > ?2 AND fact < ?3",
		3, 0},
	[TEXTS] = {"SELECT f.id, f.size, f.body FROM fact f WHERE f.id > ?1"
		   " AND f.id < ?2 AND " OBSERVATIONS " ORDER BY f.id",
		2, 0},
	[COUNT] = {"SELECT count(*) FROM fact f WHERE f.id > ?1 AND f.id < ?2"
		   " AND " OBSERVATIONS,
		2, 0},
	[FACTS] = {COLUMNS SPAN
		" WHERE f.id > ?1 AND f.id < ?2 AND " OBSERVATIONS
		" ORDER BY f.id",
		2, STMT_LENS},
	[OF_SESSION] = {COLUMNS
		" INDEXED BY fact_source" SPAN
		" WHERE f.source = ?3 AND f.id > ?1 AND f.id < ?2 AND " OBSERVATIONS
		" ORDER BY f.id",
		3, STMT_LENS},
};
const struct stmt_module vectors_module = {"vectors", defs, ARRAY_LEN(defs)};

const struct store_table vectors_tables[] = {
	{.name = "vector",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "vector"},
	{.name = "vector_model",
		.kind = TABLE_DERIVED,
		.forget = FORGET_NOTHING,
		.verified = "vector"},
	{0},
};

/* --- models --------------------------------------------------------------- */
int
vector_model_find(struct store *st, const char *name, struct vector_model *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, FIND);
	int rc;

	bind_t(s, 1, name, strlen(name));
	rc = stmt_row(st, s, e);
	if (rc == 1)
		*ret = (struct vector_model){sqlite3_column_int64(s, 0),
			(size_t)sqlite3_column_int64(s, 1)};
	return rc;
}

int
vector_model_make(struct store *st, const char *name, size_t dims,
	int64_t *ret_id, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, MAKE);
	int rc;

	bind_t(s, 1, name, strlen(name));
	bind_i(s, 2, (int64_t)dims);
	rc = stmt_int(st, s, ret_id, e);
	return rc < 0 ? rc : 0;
}

int
vector_model_other(struct store *st, int64_t model, int64_t *ret_id,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, OTHER);

	bind_i(s, 1, model);
	return stmt_int(st, s, ret_id, e);
}

int
vectors_drop(struct store *st, int64_t model, int max, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, DROP);
	int rc;

	bind_i(s, 1, model);
	bind_i(s, 2, max);
	rc = stmt_run(st, s, e);
	if (rc != 0 || sqlite3_changes(st->db) == max)
		return rc;
	s = stmt_use(st, MOD_VECTORS, DROP_MODEL);
	bind_i(s, 1, model);
	return stmt_run(st, s, e);
}

/* --- the bytes ------------------------------------------------------------ */
static int
vectors_pack(const float *v, size_t dims, struct buf *out)
{
	size_t bits = (dims + 7) / 8, n = 0;
	unsigned char mask[LIMIT_VECTOR_DIMS / 8] = {0};

	for (size_t i = 0; i < dims; i++)
		if (v[i] != 0) {
			mask[i / 8] |= (unsigned char)(1u << i % 8);
			n++;
		}
	if (bits + n * sizeof(*v) >= dims * sizeof(*v))
		return buf_add(out, v, dims * sizeof(*v));
	if (buf_add(out, mask, bits) != 0)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < dims; i++)
		if (v[i] != 0 && buf_add(out, &v[i], sizeof(*v)) != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* 1, 0 when there are no bytes, or MDB_E_CORRUPT. */
static int
vectors_unpack(const unsigned char *data, size_t n, float *v, size_t dims,
	struct err *e)
{
	size_t bits = (dims + 7) / 8, at = bits;

	if (n == 0)
		return 0;
	if (n == dims * sizeof(*v)) {
		memcpy(v, data, n);
		return 1;
	}
	for (size_t i = 0; i < dims; i++) {
		v[i] = 0;
		if (n < bits || !(data[i / 8] >> i % 8 & 1))
			continue;
		if (at + sizeof(*v) <= n)
			memcpy(&v[i], data + at, sizeof(*v));
		at += sizeof(*v);
	}
	if (at == n)
		return 1;
	return err_set(e, MDB_E_CORRUPT, "a vector has a damaged size");
}

static int
column(sqlite3_stmt *s, int i, float *v, size_t dims, struct err *e)
{
	const void *data = sqlite3_column_blob(s, i);

	return vectors_unpack(data, (size_t)sqlite3_column_bytes(s, i), v, dims,
		e);
}

/* --- single vectors ------------------------------------------------------- */
int
vector_put(struct store *st, int64_t model, int64_t fact, const float *v,
	size_t dims, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, PUT);
	AUTO_BUF struct buf data = {0};
	int rc;

	if (dims > LIMIT_VECTOR_DIMS)
		return err_set(e, MDB_E_LIMIT,
			"a vector has %zu dimensions, "
			"more than %d",
			dims, LIMIT_VECTOR_DIMS);
	if (v && vectors_pack(v, dims, &data) != 0)
		return err_nomem(e);
	bind_i(s, 1, model);
	bind_i(s, 2, fact);
	bind_b(s, 3, data.len > 0 ? data.data : "", data.len);
	rc = stmt_run(st, s, e);
	(void)sqlite3_clear_bindings(s);
	return rc;
}

int
vector_get(struct store *st, int64_t model, int64_t fact, float *v, size_t dims,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, GET);
	int rc;

	bind_i(s, 1, model);
	bind_i(s, 2, fact);
	rc = stmt_row(st, s, e);
	return rc == 1 ? column(s, 0, v, dims, e) : rc;
}

int
vectors_each(struct store *st, const struct vector_model *m, int64_t after,
	vector_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, EACH);
	AUTO_FREE float *v = calloc(m->dims + 1, sizeof(*v));
	int rc;

	if (!v)
		return err_nomem(e);
	bind_i(s, 1, m->id);
	bind_i(s, 2, after);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = column(s, 1, v, m->dims, e);
		if (rc == 1)
			rc = fn(ctx, sqlite3_column_int64(s, 0), v);
		/* A damaged one is verify's to tell. */
		if (rc != 0 && rc != MDB_E_CORRUPT)
			return rc;
	}
	return rc;
}

/* --- filling -------------------------------------------------------------- */
int
vector_namespaces(struct store *st, vector_namespace_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc = heads_settle(st, e);

	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_VECTORS, NAMESPACES);
	return stmt_each_pair(st, s, fn, ctx, e);
}

int
vector_highest(struct store *st, int64_t model, int64_t ns, int64_t *ret_fact,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, HIGHEST);
	int64_t low = store_ids_of(ns);
	int rc;

	bind_i(s, 1, model);
	bind_i(s, 2, low);
	bind_i(s, 3, store_ids_end(ns));
	rc = stmt_row(st, s, e);
	if (rc == 1)
		*ret_fact = sqlite3_column_type(s, 0) == SQLITE_NULL
				    ? low
				    : sqlite3_column_int64(s, 0);
	return rc < 0 ? rc : 0;
}

int
vector_texts_count(struct store *st, int64_t ns, int64_t after, int64_t *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, COUNT);
	int rc;

	bind_i(s, 1, after);
	bind_i(s, 2, (ns + 1) << STORE_NS_SHIFT);
	rc = stmt_int(st, s, ret, e);
	return rc < 0 ? rc : 0;
}

int
vector_texts(struct store *st, int64_t ns, int64_t after, vector_text_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, TEXTS);
	AUTO_BUF struct buf text = {0};
	int rc;

	bind_i(s, 1, after);
	bind_i(s, 2, store_ids_end(ns));
	while ((rc = stmt_row(st, s, e)) == 1) {
		int size = sqlite3_column_int(s, 1);

		text.len = 0;
		if (size < 0 || size > LIMIT_OBSERVATION_BYTES)
			rc = MDB_E_CORRUPT;
		else
			rc = codec_unpack(&st->codec, sqlite3_column_blob(s, 2),
				(size_t)sqlite3_column_bytes(s, 2),
				(size_t)size, &text, e);
		if (rc == MDB_E_CORRUPT &&
			sqlite3_errcode(st->db) == SQLITE_NOMEM)
			rc = err_nomem(e);
		if (rc == MDB_E_CORRUPT) {
			text.len = 0; /* verify tells; none here */
			rc = 0;
		}
		if (rc != 0)
			return rc;
		rc = fn(ctx, sqlite3_column_int64(s, 0),
			text.data != NULL ? text.data : "", text.len);
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* --- facts without their texts -------------------------------------------- */
static int64_t
vectors_time_of(sqlite3_stmt *s, int i)
{
	return sqlite3_column_type(s, i) == SQLITE_NULL
		       ? FACT_NO_TIME
		       : sqlite3_column_int64(s, i);
}

int
vector_facts(struct store *st, int64_t ns, int64_t source, vector_fact_fn fn,
	void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_VECTORS, source != 0 ? OF_SESSION : FACTS);
	int rc;

	bind_i(s, 1, store_ids_of(ns));
	bind_i(s, 2, store_ids_end(ns));
	if (source != 0)
		bind_i(s, 3, source);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct recall_row f = {.id = sqlite3_column_int64(s, 0),
			.entity = sqlite3_column_int64(s, 1),
			.kind = FACT_OBSERVATION,
			.source = sqlite3_column_int64(s, 2),
			.at = sqlite3_column_int64(s, 3),
			.valid_from = vectors_time_of(s, 4),
			.valid_to = vectors_time_of(s, 5),
			.salience = -1};

		rc = fn(ctx, &f);
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* --- forgetting, and who is told ------------------------------------------ */
static void
note_erased(struct store *st, int64_t fact)
{
	struct vectors_erased *x = &st->vectors_erased;

	if (!st->base->vectors_told)
		return;
	if (x->n == x->cap) {
		size_t cap = x->cap > 0 ? 2 * x->cap : 64;
		int64_t *v = reallocarray(x->v, cap, sizeof(*v));

		if (!v) {
			x->lost = true;
			return;
		}
		x->v = v;
		x->cap = cap;
	}
	x->v[x->n++] = fact;
}

int
vector_erase(struct store *st, int64_t fact, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_VECTORS, ERASE);
	int rc;

	bind_i(s, 1, fact);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	note_erased(st, fact);
	return rc;
}

void
vectors_watch(struct database *db, vectors_told_fn fn, void *ctx)
{
	db->vectors_told = fn;
	db->vectors_ctx = ctx;
}

static void
vectors_rolled_back(struct store *st)
{
	free(st->vectors_erased.v);
	st->vectors_erased = (struct vectors_erased){0};
}

static int
vectors_flush(struct store *st, struct err *e)
{
	(void)e;
	st->vectors_changed = counters_mark(st) > 0;
	return 0;
}

static void
vectors_committed(struct store *st)
{
	const struct vectors_erased *x = &st->vectors_erased;

	if (st->base->vectors_told &&
		(st->vectors_changed || x->n > 0 || x->lost))
		st->base->vectors_told(st->base->vectors_ctx, x->v, x->n,
			x->lost);
	vectors_rolled_back(st);
}

const struct participant vectors_participant = {
	.name = "vectors",
	.close = vectors_rolled_back,
	.flush = vectors_flush,
	.committed = vectors_committed,
	.rolled_back = vectors_rolled_back,
};
