/* Facts as a lens shows them: a statement says which facts, @SPAN and @VIS which
 * are visible. fact_row.c reads the rows. */
#include "memory-db/store/facts/facts.h"

#include <string.h>

#include "common/text.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/fact_key.h"
#include "memory-db/store/facts/fact_row.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/engine/table.h"

#define FROM_FACT " CROSS JOIN fact f ON f.id = s.fact "

/* What was forgotten is visible nowhere, at no time, on no branch. */
enum { EACH, NEWEST, INCOMING, SAME, GET, ENTITIES, STORED, EXISTENCE };

static const struct stmt_def defs[] = {
	[EACH] = {"SELECT " FACT_COLUMNS ", s.added FROM @SPAN" FROM_FACT
		  "WHERE s.entity = ?1 AND @VIS AND (?2 >> f.kind) & 1 "
		  "AND f.salt IS NOT NULL "
		  "ORDER BY s.fact",
		2, STMT_LENS},
	/* The bound is on what is looked at, not on what fits. */
	[NEWEST] = {"SELECT " FACT_COLUMNS
		    ", x.added FROM (SELECT s.fact AS fact, "
		    "s.added AS added FROM @SPAN WHERE s.entity = ?1 AND @VIS "
		    "ORDER BY s.fact DESC LIMIT ?4) x CROSS JOIN fact f ON "
		    "f.id = x.fact WHERE f.kind = " SQL_OBSERVATION
		    " AND f.size BETWEEN ?2 AND ?3 AND f.salt "
		    "IS NOT NULL",
		4, STMT_LENS},
	/* From the fact by its peer; the span must be a visible one. Ids of one
	 * namespace are a range: a relation of a project leads to the user's
	 * entities, and no other project may see or pay for it. */
	[INCOMING] = {"SELECT " FACT_COLUMNS
		      ", (SELECT s.added FROM @SPAN WHERE "
		      "s.fact = f.id AND @VIS) AS shown FROM fact f "
		      "WHERE f.peer = ?1 AND "
		      "f.id > ?2 AND f.id < ?3 AND f.kind = " SQL_RELATION
		      " AND f.salt IS NOT NULL AND shown IS NOT "
		      "NULL ORDER BY f.id",
		3, STMT_LENS},
	[SAME] = {"SELECT " FACT_COLUMNS ", (SELECT s.added FROM @SPAN WHERE "
		  "s.fact = f.id AND @VIS) AS shown FROM fact f "
		  "WHERE f.entity = ?1 AND "
		  "f.same = ?2 AND shown IS NOT NULL ORDER BY f.id",
		2, STMT_LENS},
	[GET] = {"SELECT " FACT_COLUMNS ", 0 FROM fact f WHERE f.id = ?1", 1,
		0},
	[ENTITIES] = {"SELECT " FACT_COLUMNS
		      ", (SELECT s.added FROM @SPAN WHERE "
		      "s.fact = f.id AND @VIS) AS shown FROM fact f "
		      "WHERE f.kind = " SQL_EXISTENCE " AND "
		      "f.id > ?1 AND f.id < ?2 AND f.salt IS NOT NULL AND "
		      "shown IS NOT NULL "
		      "ORDER BY f.id",
		2, STMT_LENS},
	[STORED] = {"SELECT " FACT_COLUMNS
		    ", 0 FROM fact f CROSS JOIN entity e ON "
		    "e.id = f.entity WHERE f.id > ?1 AND f.id < ?2 AND f.salt "
		    "IS NOT NULL ORDER BY f.id",
		2, 0},
	[EXISTENCE] =
		{"SELECT " FACT_COLUMNS ", s.added FROM @SPAN" FROM_FACT
		 "WHERE s.entity = ?1 AND @VIS AND f.kind = " SQL_EXISTENCE
		 " AND "
		 "f.salt IS NOT NULL",
			1, STMT_LENS},
};
const struct stmt_module facts_module = {"facts", defs, ARRAY_LEN(defs)};

const struct store_table facts_tables[] = {
	{.name = "fact",
		.kind = TABLE_LOG,
		.forget = FORGET_BLANKS,
		.verified = "digest"},
	{.name = "span",
		.kind = TABLE_LOG,
		.forget = FORGET_NOTHING,
		.verified = "digest"},
	{0},
};

/* Hands the fact of a row on. */
static int
facts_hand_on(struct store *st, sqlite3_stmt *s, struct buf *text, fact_fn fn,
	void *ctx, struct err *e)
{
	struct fact f;
	int rc = fact_row_load(st, s, &f, text, e);

	if (rc != 0)
		return rc;
	return fn(ctx, &f);
}

static int
facts_loop(struct store *st, sqlite3_stmt *s, fact_fn fn, void *ctx,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = facts_hand_on(st, s, &text, fn, ctx, e);
		if (rc != 0)
			break;
	}
	sqlite3_reset(s);
	return rc;
}

int
fact_each(struct store *st, int64_t entity, unsigned kinds, fact_fn fn,
	void *ctx, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FACTS, EACH);

	bind_i(s, 1, entity);
	bind_i(s, 2, kinds);
	return facts_loop(st, s, fn, ctx, e);
}

int
fact_each_newest(struct store *st, int64_t entity, int64_t low, int64_t high,
	int64_t most, fact_fn fn, void *ctx, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FACTS, NEWEST);

	bind_i(s, 1, entity);
	bind_i(s, 2, low);
	bind_i(s, 3, high);
	bind_i(s, 4, most);
	return facts_loop(st, s, fn, ctx, e);
}

void
fact_home(struct store *st, int64_t ns)
{
	st->home = ns;
}

static int
each_incoming_of(struct store *st, int64_t entity, int64_t ns, fact_fn fn,
	void *ctx, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FACTS, INCOMING);

	bind_i(s, 1, entity);
	bind_i(s, 2, ns << STORE_NS_SHIFT);
	bind_i(s, 3, (ns + 1) << STORE_NS_SHIFT);
	return facts_loop(st, s, fn, ctx, e);
}

int
fact_each_incoming(struct store *st, int64_t entity, fact_fn fn, void *ctx,
	struct err *e)
{
	int rc = each_incoming_of(st, entity, NAMESPACE_DEFAULT, fn, ctx, e);

	return rc != 0 || st->home <= NAMESPACE_DEFAULT
		       ? rc
		       : each_incoming_of(st, entity, st->home, fn, ctx, e);
}

int
fact_get(struct store *st, int64_t id, fact_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FACTS, GET);
	AUTO_BUF struct buf text = {0};
	struct fact f;
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	rc = fact_row_load(st, s, &f, &text, e);
	if (rc != 0)
		return rc;
	rc = fn(ctx, &f);
	if (rc != 0)
		return rc;
	return 1;
}

int
fact_each_entity(struct store *st, int64_t ns, int64_t after, fact_fn fn,
	void *ctx, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FACTS, ENTITIES);
	int64_t first = store_ids_of(ns);

	bind_i(s, 1, after > first ? after : first);
	bind_i(s, 2, store_ids_end(ns));
	return facts_loop(st, s, fn, ctx, e);
}

int
fact_each_stored(struct store *st, int64_t ns, int64_t after, fact_fn fn,
	void *ctx, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FACTS, STORED);
	int64_t first = store_ids_of(ns);

	bind_i(s, 1, after > first ? after : first);
	bind_i(s, 2, store_ids_end(ns));
	return facts_loop(st, s, fn, ctx, e);
}

int
fact_existence(struct store *st, int64_t entity, int64_t *ret_fact,
	int64_t *ret_type_label, struct buf *name, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FACTS, EXISTENCE);
	AUTO_BUF struct buf text = {0};
	struct fact f;
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	if (ret_fact != NULL)
		*ret_fact = sqlite3_column_int64(s, FACT_C_ID);
	if (ret_type_label != NULL)
		*ret_type_label = sqlite3_column_int64(s, FACT_C_LABEL);
	if (!name)
		return 1;
	rc = fact_row_load(st, s, &f, &text, e);
	if (rc != 0)
		return rc;
	if (buf_add(name, f.text, f.text_n) != 0)
		return err_nomem(e);
	return 1;
}

int
fact_find_text(struct store *st, int64_t entity, enum fact_kind kind,
	const char *text, size_t n, int64_t *ret_fact, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	AUTO_BUF struct buf body = {0};
	struct fact f;
	int64_t same = 0;
	int rc = fact_key_of_text(st, text, n, &same, e);

	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_FACTS, SAME);
	bind_i(s, 1, entity);
	bind_i(s, 2, same);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fact_row_load(st, s, &f, &body, e);
		if (rc != 0)
			return rc;
		if (f.kind == kind && f.text_n == n &&
			memcmp(f.text, text, n) == 0) {
			*ret_fact = f.id;
			return 1;
		}
	}
	return rc;
}

int
fact_find_relation(struct store *st, int64_t entity, int64_t peer,
	int64_t label, bool reversed, int64_t *ret_fact, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FACTS, SAME);
	int rc;

	bind_i(s, 1, entity);
	bind_i(s, 2, fact_key_of_relation(st, peer, label));
	while ((rc = stmt_row(st, s, e)) == 1)
		if (sqlite3_column_int(s, FACT_C_KIND) == FACT_RELATION &&
			sqlite3_column_int64(s, FACT_C_PEER) == peer &&
			sqlite3_column_int64(s, FACT_C_LABEL) == label &&
			(sqlite3_column_int(s, FACT_C_SIZE) > 0) == reversed) {
			*ret_fact = sqlite3_column_int64(s, FACT_C_ID);
			return 1;
		}
	return rc;
}

int
fact_each_mark(struct store *st, int64_t entity, int64_t of, unsigned kinds,
	fact_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FACTS, SAME);
	AUTO_BUF struct buf body = {0};
	int rc;

	bind_i(s, 1, entity);
	bind_i(s, 2, fact_key_of_mark(st, of));
	while ((rc = stmt_row(st, s, e)) == 1) {
		int kind = sqlite3_column_int(s, FACT_C_KIND);

		if (!fact_is_mark(kind) || !(kinds >> kind & 1) ||
			sqlite3_column_int64(s, FACT_C_SUPERSEDES) != of)
			continue;
		rc = facts_hand_on(st, s, &body, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return rc;
}

struct mark_wanted {
	const char *text;
	size_t n;
	int64_t found;
};

static int
facts_is_wanted(void *ctx, const struct fact *f)
{
	struct mark_wanted *w = ctx;

	if (w->text &&
		(f->text_n != w->n || memcmp(f->text, w->text, w->n) != 0))
		return 0;
	w->found = f->id;
	return 1;
}

int
fact_find_mark(struct store *st, int64_t entity, int64_t of,
	enum fact_kind kind, const char *text, size_t n, int64_t *ret_fact,
	struct err *e)
{
	struct mark_wanted w = {text, n, 0};
	int rc = fact_each_mark(st, entity, of, 1u << kind, facts_is_wanted, &w,
		e);

	if (rc == 1)
		*ret_fact = w.found;
	return rc;
}
