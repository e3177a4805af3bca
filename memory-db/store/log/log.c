/* Reading the log: changes by id or by what they touched, their ops, and facts
 * as they were recorded. Nothing here looks through a lens but log_of_entity,
 * which walks its levels. */
#include "memory-db/store/log/log.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/facts.h"

#define CHANGE                                                                 \
	"c.id, c.ns, c.at, c.branch, c.about, c.fact_max, c.past_max, c.kind," \
	" c.actor, c.client, c.session, c.message, c.message_salt,"            \
	" c.message_digest, c.chain"
#define FACT                                                                   \
	"SELECT f.id, f.entity, f.kind, f.peer, f.method, f.supersedes,"       \
	" f.weight, f.confidence, f.valid_from, f.valid_to, f.source_at,"      \
	" (SELECT text FROM label WHERE id = f.label),"                        \
	" (SELECT text FROM label WHERE id = f.source),"                       \
	" (SELECT text FROM label WHERE id = f.speaker),"                      \
	" f.salt, f.digest, f.size, f.body, e.name, f.same, f.label, f.flags"  \
	" FROM fact f LEFT JOIN entity e ON e.id = f.entity "

enum {
	NEWEST,
	SESSION,
	ENTITY,
	SINCE,
	GET,
	OPS,
	OPS_OF_KIND,
	FACT_GET,
	FACT_AFTER,
	FACT_ENTITY,
	IS_NEW,
	FIRST,
	ENTITIES,
	OP_COUNT,
	IS_ERASED,
	HEAD_NOW,
	HEAD_AT
};

static const struct stmt_def defs[] = {
	[NEWEST] = {"SELECT " CHANGE " FROM change c WHERE c.id < ?1"
		    " AND (?2 = 0 OR c.ns = ?2) ORDER BY c.id DESC",
		2, 0},
	[SESSION] = {"SELECT " CHANGE " FROM change c INDEXED BY change_session"
		     " WHERE c.session = ?3 AND c.id < ?1"
		     " AND (?2 = 0 OR c.ns = ?2) ORDER BY c.id DESC",
		3, 0},
	[ENTITY] = {"SELECT " CHANGE ", v.n FROM version v CROSS JOIN change c"
		    " ON c.id = v.change WHERE v.entity = ?1 AND v.branch = ?2"
		    " AND v.change < ?3 ORDER BY v.n DESC",
		3, 0},
	[SINCE] = {"SELECT " CHANGE " FROM change c WHERE c.id > ?1"
		   " AND (?2 = 0 OR c.ns = ?2) ORDER BY c.id",
		2, 0},
	[GET] = {"SELECT " CHANGE " FROM change c WHERE c.id = ?1", 1, 0},
	[OPS] = {"SELECT change, seq, what, entity, fact, key, value FROM op"
		 " WHERE change = ?1 AND (?2 = 0 OR entity = ?2)"
		 " AND seq >= ?3 ORDER BY seq",
		3, 0},
	[OPS_OF_KIND] = {"SELECT change, seq, what, entity, fact, key, value"
			 " FROM op WHERE (change, seq) > (?1, ?2)"
			 " AND what = ?3 ORDER BY change, seq",
		3, 0},
	[FACT_GET] = {FACT "WHERE f.id = ?1", 1, 0},
	[FACT_AFTER] = {FACT "WHERE f.id > ?1 ORDER BY f.id", 1, 0},
	[FACT_ENTITY] = {FACT "WHERE f.entity = ?1 AND f.kind = 0"
			      " ORDER BY f.id LIMIT 1",
		1, 0},
	[IS_NEW] = {"SELECT NOT EXISTS (SELECT 1 FROM span WHERE fact = ?1"
		    " AND added < ?2)",
		2, 0},
	[FIRST] = {"SELECT min(added) FROM span WHERE fact = ?1", 1, 0},
	[ENTITIES] = {"SELECT DISTINCT o.entity FROM change c CROSS JOIN op o"
		      " ON o.change = c.id WHERE c.id > ?3 AND c.id <= ?4"
		      " AND c.ns = ?1 AND c.branch = ?2",
		4, 0},
	[OP_COUNT] = {"SELECT coalesce(max(seq) + 1, 0) FROM op"
		      " WHERE change = ?1",
		1, 0},
	[IS_ERASED] = {"SELECT 1 FROM version v CROSS JOIN op o"
		       " ON o.change = v.change WHERE v.entity = ?1"
		       " AND o.what = 5 AND o.entity = ?1"
		       " AND (o.key = 1 OR o.fact = ?2) LIMIT 1",
		2, 0},
	[HEAD_NOW] = {"SELECT head, last_change FROM namespace WHERE id = ?1"
		      " AND last_change BETWEEN 1 AND ?2",
		2, 0},
	[HEAD_AT] = {"SELECT chain, id FROM change WHERE ns = ?1 AND id <= ?2"
		     " ORDER BY id DESC LIMIT 1",
		2, 0},
};
const struct stmt_module log_module = {"log", defs, ARRAY_LEN(defs)};

static int
give_change(sqlite3_stmt *s, log_change_fn fn, void *ctx)
{
	struct log_change c = {
		.id = sqlite3_column_int64(s, 0),
		.ns = sqlite3_column_int64(s, 1),
		.at = sqlite3_column_int64(s, 2),
		.branch = sqlite3_column_int64(s, 3),
		.about = sqlite3_column_int64(s, 4),
		.fact_max = sqlite3_column_int64(s, 5),
		.past_max = sqlite3_column_int64(s, 6),
		.kind = (enum change_kind)sqlite3_column_int(s, 7),
		.actor = sqlite3_column_int64(s, 8),
		.client = sqlite3_column_int64(s, 9),
		.session = sqlite3_column_int64(s, 10),
		.message = (const char *)sqlite3_column_text(s, 11),
		.message_n = (size_t)sqlite3_column_bytes(s, 11),
	};

	if (sqlite3_column_bytes(s, 12) == FACT_SALT_BYTES)
		c.message_salt = sqlite3_column_blob(s, 12);
	if (sqlite3_column_bytes(s, 13) == FACT_DIGEST_BYTES)
		c.message_digest = sqlite3_column_blob(s, 13);
	if (sqlite3_column_bytes(s, 14) == 32)
		c.chain = sqlite3_column_blob(s, 14);
	if (sqlite3_column_count(s) > 15)
		c.version = sqlite3_column_int64(s, 15);
	return fn(ctx, &c);
}

/* Gives each row of s to fn until it stops. */
static int
each_change(struct store *st, sqlite3_stmt *s, log_change_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = give_change(s, fn, ctx);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
log_newest(struct store *st, int64_t ns, int64_t session, int64_t before,
	log_change_fn fn, void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_LOG, session != 0 ? SESSION : NEWEST);

	bind_i(s, 1, before);
	bind_i(s, 2, ns);
	if (session != 0)
		bind_i(s, 3, session);
	return each_change(st, s, fn, ctx, e);
}

int
log_of_entity(struct store *st, int64_t entity, int64_t before,
	log_change_fn fn, void *ctx, struct err *e)
{
	const struct lens *lens = lens_of(st);
	int64_t ns = 0;
	int rc = entity_lens_namespace(st, entity, &ns, e);

	/* Newer changes are on nearer branches: the levels follow each other. */
	for (int i = 0; i < lens->n; i++) {
		AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, ENTITY);
		int64_t limit = lens_limit(lens, i, ns);

		bind_i(s, 1, entity);
		bind_i(s, 2, lens->level[i].branch);
		bind_i(s, 3, before <= limit ? before : limit + 1);
		rc = each_change(st, s, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
log_since(struct store *st, int64_t ns, int64_t after, log_change_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, SINCE);

	bind_i(s, 1, after);
	bind_i(s, 2, ns);
	return each_change(st, s, fn, ctx, e);
}

int
log_get(struct store *st, int64_t id, log_change_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, GET);
	int rc, stop;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	stop = give_change(s, fn, ctx);
	return stop != 0 ? stop : 1;
}

static int
each_op(struct store *st, sqlite3_stmt *s, log_op_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		struct log_op op = {
			.change = sqlite3_column_int64(s, 0),
			.seq = sqlite3_column_int64(s, 1),
			.what = (enum op_what)sqlite3_column_int(s, 2),
			.entity = sqlite3_column_int64(s, 3),
			.fact = sqlite3_column_int64(s, 4),
			.key = sqlite3_column_int64(s, 5),
			.value = sqlite3_column_int64(s, 6),
		};

		rc = fn(ctx, &op);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
log_ops(struct store *st, int64_t change, int64_t entity, int64_t from,
	log_op_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, OPS);

	bind_i(s, 1, change);
	bind_i(s, 2, entity);
	bind_i(s, 3, from);
	return each_op(st, s, fn, ctx, e);
}

int
log_ops_of_kind(struct store *st, enum op_what what, int64_t change,
	int64_t seq, log_op_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, OPS_OF_KIND);

	bind_i(s, 1, change);
	bind_i(s, 2, seq);
	bind_i(s, 3, what);
	return each_op(st, s, fn, ctx, e);
}

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
fact_text(struct store *st, sqlite3_stmt *s, struct log_fact *f,
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
	rc = fact_text(st, s, &f, &text, e);
	return rc != 0 ? rc : fn(ctx, &f);
}

static int
one_fact(struct store *st, int which, int64_t id, log_fact_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, which);
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
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, FACT_AFTER);
	int rc;

	bind_i(s, 1, after);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = give_fact(st, s, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
log_is_new(struct store *st, int64_t fact, int64_t change, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, IS_NEW);
	int rc;

	bind_i(s, 1, fact);
	bind_i(s, 2, change);
	rc = stmt_row(st, s, e);
	return rc == 1 ? sqlite3_column_int(s, 0) : rc;
}

int
log_first_shown(struct store *st, int64_t fact, int64_t *ret_change,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, FIRST);
	int rc;

	bind_i(s, 1, fact);
	rc = stmt_row(st, s, e);
	if (rc != 1 || sqlite3_column_type(s, 0) == SQLITE_NULL)
		return rc < 0 ? rc : 0;
	*ret_change = sqlite3_column_int64(s, 0);
	return 1;
}

int
log_entities(struct store *st, int64_t ns, int64_t branch, int64_t after,
	int64_t upto, int (*fn)(void *ctx, int64_t entity), void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, ENTITIES);
	int rc;

	bind_i(s, 1, ns);
	bind_i(s, 2, branch);
	bind_i(s, 3, after);
	bind_i(s, 4, upto);
	while ((rc = stmt_row(st, s, e)) == 1)
		if ((rc = fn(ctx, sqlite3_column_int64(s, 0))) != 0)
			return rc;
	return rc;
}

int
log_op_count(struct store *st, int64_t change, int64_t *ret_n, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, OP_COUNT);
	int rc;

	bind_i(s, 1, change);
	rc = stmt_row(st, s, e);
	if (rc == 1)
		*ret_n = sqlite3_column_int64(s, 0);
	return rc < 0 ? rc : 0;
}

static int
log_find_head(struct store *st, int statement, int64_t ns, int64_t change,
	unsigned char ret[32], int64_t *ret_change, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, statement);
	int rc;

	bind_i(s, 1, ns);
	bind_i(s, 2, change);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	if (sqlite3_column_bytes(s, 0) != 32)
		return err_set(e, MDB_E_CORRUPT,
			"the chain of change %lld has not 32 bytes",
			(long long)sqlite3_column_int64(s, 1));
	memcpy(ret, sqlite3_column_blob(s, 0), 32);
	*ret_change = sqlite3_column_int64(s, 1);
	return 1;
}

int
log_head_at(struct store *st, int64_t ns, int64_t change, unsigned char ret[32],
	int64_t *ret_change, struct err *e)
{
	/* The log is searched from `change` back only for a past state. */
	int rc = log_find_head(st, HEAD_NOW, ns, change, ret, ret_change, e);

	return rc != 0 ? rc
		       : log_find_head(st, HEAD_AT, ns, change, ret, ret_change,
				 e);
}

int
log_is_erased(struct store *st, int64_t entity, int64_t fact, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, IS_ERASED);

	bind_i(s, 1, entity);
	bind_i(s, 2, fact);
	return stmt_row(st, s, e);
}
