/* Reading the log: changes by id or by what they touched, their ops, and facts
 * as they were recorded. Nothing here looks through a lens but log_of_entity,
 * which walks its levels. */
#include "memory-db/store/log/base.h"
#include "memory-db/store/log/log.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/heads.h"

#define CHANGE                                                                 \
	"c.id, c.ns, c.at, c.branch, c.about, c.fact_max, c.past_max, c.kind," \
	" c.actor, c.client, c.session, c.message, c.message_salt,"            \
	" c.message_digest, c.chain"

enum {
	NEWEST,
	SESSION,
	ENTITY,
	SINCE,
	GET,
	OPS,
	OPS_OF_KIND,
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

/* The changes of a history: those that were folded into a base (base.h) are none
 * any more, what is left of them only holds the facts that are still there. */
struct history_of {
	struct store *st;
	log_change_fn fn;
	void *ctx;
	struct err *e;
	int64_t ns, base; /* of the change before */
	bool is_one;	  /* all are of one namespace, newest first */
};
/* Inside of each_change, not for callers: the history ends here. */
#define HISTORY_ENDS 0x7011

static int
history_change(void *ctx, const struct log_change *c)
{
	struct history_of *h = ctx;

	if (h->ns != c->ns) {
		int rc = log_base(h->st, c->ns, &h->base, NULL, h->e);

		if (rc != 0)
			return rc;
		h->ns = c->ns;
	}
	if (c->id > h->base)
		return h->fn(h->ctx, c);
	return h->is_one ? HISTORY_ENDS : 0;
}

static int
each_of_history(sqlite3_stmt *s, struct history_of *h)
{
	int rc = each_change(h->st, s, history_change, h, h->e);

	return rc == HISTORY_ENDS ? 0 : rc;
}

int
log_newest(struct store *st, int64_t ns, int64_t session, int64_t before,
	log_change_fn fn, void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_LOG, session != 0 ? SESSION : NEWEST);
	struct history_of h = {st, fn, ctx, e, 0, 0, ns != 0};

	bind_i(s, 1, before);
	bind_i(s, 2, ns);
	if (session != 0)
		bind_i(s, 3, session);
	return each_of_history(s, &h);
}

int
log_of_entity(struct store *st, int64_t entity, int64_t before,
	log_change_fn fn, void *ctx, struct err *e)
{
	struct history_of h = {st, fn, ctx, e, 0, 0, true};
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
		rc = each_of_history(s, &h);
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
log_feed(struct store *st, int64_t ns, int64_t after, log_change_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LOG, SINCE);
	struct history_of h = {st, fn, ctx, e, 0, 0, false};

	bind_i(s, 1, after);
	bind_i(s, 2, ns);
	return each_of_history(s, &h);
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
	rc = stmt_int(st, s, ret_n, e);
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
	int rc = heads_settle(st, e);

	if (rc != 0)
		return rc;
	rc = log_find_head(st, HEAD_NOW, ns, change, ret, ret_change, e);
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
