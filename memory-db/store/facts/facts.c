/* Facts as a lens shows them: a statement says which facts, @SPAN and @VIS which
 * are visible. Each text read is checked against its digest. */
#include "memory-db/store/facts/facts.h"

#include <string.h>

#include "common/text.h"
#include "memory-db/store/facts/digest.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/fact_key.h"
#include "memory-db/store/engine/table.h"

/* The entity is asked for its name alone, by an existence fact that does not
 * say one itself; its namespace is in the fact's id. */
#define COLUMNS                                                                \
	"f.id, f.entity, f.kind, f.peer, f.label, f.weight, f.method, "        \
	"f.confidence, f.valid_from, f.valid_to, f.source, f.speaker, "        \
	"f.source_at, f.supersedes, f.flags, f.salt, f.digest, f.size, "       \
	"f.body, CASE WHEN f.kind = " SQL_EXISTENCE                            \
	" AND f.body IS NULL THEN (SELECT name "                               \
	"FROM entity e WHERE e.id = f.entity) END"
#define FROM_FACT " CROSS JOIN fact f ON f.id = s.fact "

/* What was forgotten is visible nowhere, at no time, on no branch. */
enum { EACH, NEWEST, INCOMING, SAME, GET, ENTITIES, STORED, EXISTENCE };

static const struct stmt_def defs[] = {
	[EACH] = {"SELECT " COLUMNS ", s.added FROM @SPAN" FROM_FACT
		  "WHERE s.entity = ?1 AND @VIS AND (?2 >> f.kind) & 1 "
		  "AND f.salt IS NOT NULL "
		  "ORDER BY s.fact",
		2, STMT_LENS},
	/* The bound is on what is looked at, not on what fits. */
	[NEWEST] = {"SELECT " COLUMNS ", x.added FROM (SELECT s.fact AS fact, "
		    "s.added AS added FROM @SPAN WHERE s.entity = ?1 AND @VIS "
		    "ORDER BY s.fact DESC LIMIT ?4) x CROSS JOIN fact f ON "
		    "f.id = x.fact WHERE f.kind = " SQL_OBSERVATION
		    " AND f.size BETWEEN ?2 AND ?3 AND f.salt "
		    "IS NOT NULL",
		4, STMT_LENS},
	/* From the fact by its peer; the span must be a visible one. Ids of one
	 * namespace are a range: a relation of a project leads to the user's
	 * entities, and no other project may see or pay for it. */
	[INCOMING] = {"SELECT " COLUMNS ", (SELECT s.added FROM @SPAN WHERE "
		      "s.fact = f.id AND @VIS) AS shown FROM fact f "
		      "WHERE f.peer = ?1 AND "
		      "f.id > ?2 AND f.id < ?3 AND f.kind = " SQL_RELATION
		      " AND f.salt IS NOT NULL AND shown IS NOT "
		      "NULL ORDER BY f.id",
		3, STMT_LENS},
	[SAME] = {"SELECT " COLUMNS ", (SELECT s.added FROM @SPAN WHERE "
		  "s.fact = f.id AND @VIS) AS shown FROM fact f "
		  "WHERE f.entity = ?1 AND "
		  "f.same = ?2 AND shown IS NOT NULL ORDER BY f.id",
		2, STMT_LENS},
	[GET] = {"SELECT " COLUMNS ", 0 FROM fact f WHERE f.id = ?1", 1, 0},
	[ENTITIES] = {"SELECT " COLUMNS ", (SELECT s.added FROM @SPAN WHERE "
		      "s.fact = f.id AND @VIS) AS shown FROM fact f "
		      "WHERE f.kind = " SQL_EXISTENCE " AND "
		      "f.id > ?1 AND f.id < ?2 AND f.salt IS NOT NULL AND "
		      "shown IS NOT NULL "
		      "ORDER BY f.id",
		2, STMT_LENS},
	[STORED] = {"SELECT " COLUMNS ", 0 FROM fact f CROSS JOIN entity e ON "
		    "e.id = f.entity WHERE f.id > ?1 AND f.id < ?2 AND f.salt "
		    "IS NOT NULL ORDER BY f.id",
		2, 0},
	[EXISTENCE] =
		{"SELECT " COLUMNS ", s.added FROM @SPAN" FROM_FACT
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

enum facts_column {
	C_ID,
	C_ENTITY,
	C_KIND,
	C_PEER,
	C_LABEL,
	C_WEIGHT,
	C_METHOD,
	C_CONFIDENCE,
	C_FROM,
	C_TO,
	C_SOURCE,
	C_SPEAKER,
	C_SOURCE_AT,
	C_SUPERSEDES,
	C_FLAGS,
	C_SALT,
	C_DIGEST,
	C_SIZE,
	C_BODY,
	C_NAME,
	C_ADDED
};

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
facts_read_row(sqlite3_stmt *s, struct fact *f)
{
	memset(f, 0, sizeof(*f));
	f->id = sqlite3_column_int64(s, C_ID);
	f->entity = sqlite3_column_int64(s, C_ENTITY);
	f->ns = fact_namespace(f->id);
	f->kind = (enum fact_kind)sqlite3_column_int(s, C_KIND);
	f->peer = sqlite3_column_int64(s, C_PEER);
	f->label = sqlite3_column_int64(s, C_LABEL);
	f->weight = get_share(s, C_WEIGHT);
	f->method = (enum fact_method)sqlite3_column_int(s, C_METHOD);
	f->confidence = get_share(s, C_CONFIDENCE);
	f->valid_from = get_time(s, C_FROM);
	f->valid_to = get_time(s, C_TO);
	f->source = sqlite3_column_int64(s, C_SOURCE);
	f->speaker = sqlite3_column_int64(s, C_SPEAKER);
	f->source_at = get_time(s, C_SOURCE_AT);
	f->supersedes = sqlite3_column_int64(s, C_SUPERSEDES);
	f->flags = sqlite3_column_int(s, C_FLAGS);
	f->erased = sqlite3_column_type(s, C_SALT) == SQLITE_NULL;
	f->added = sqlite3_column_int64(s, C_ADDED);
}

/* The text into buf: the body, or the first name for an existence fact. */
static int
read_text(struct store *st, sqlite3_stmt *s, struct fact *f, struct buf *text,
	struct err *e)
{
	int size = sqlite3_column_int(s, C_SIZE);
	int rc = 0;

	buf_clear(text, 64 * 1024);
	if (sqlite3_column_type(s, C_BODY) != SQLITE_NULL) {
		if (size < 0 || size > LIMIT_OBSERVATION_BYTES)
			return err_set(e, MDB_E_CORRUPT,
				"fact %lld has a damaged size",
				(long long)f->id);
		rc = codec_unpack(&st->codec, sqlite3_column_blob(s, C_BODY),
			(size_t)sqlite3_column_bytes(s, C_BODY), (size_t)size,
			text, e);
	} else if (f->kind == FACT_EXISTENCE && !f->erased) {
		const void *name = sqlite3_column_text(s, C_NAME);

		if (buf_add(text, name != NULL ? name : "",
			    (size_t)sqlite3_column_bytes(s, C_NAME)) != 0)
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
label_into(struct store *st, int64_t id, struct buf *b, struct err *e)
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
facts_check_digest(struct store *st, sqlite3_stmt *s, const struct fact *f,
	struct err *e)
{
	struct buf label AUTO_BUF = {0}, source AUTO_BUF = {0},
			 speaker AUTO_BUF = {0};
	unsigned char digest[FACT_DIGEST_BYTES];
	struct digest_fact d =
		digest_fact_of(f, f->ns, sqlite3_column_blob(s, C_SALT));
	int rc = label_into(st, f->label, &label, e);

	if (rc != 0)
		return rc;
	rc = label_into(st, f->source, &source, e);
	if (rc != 0)
		return rc;
	rc = label_into(st, f->speaker, &speaker, e);
	if (rc != 0)
		return rc;
	d.label = label.data;
	d.source = source.data;
	d.speaker = speaker.data;
	if (sqlite3_column_bytes(s, C_SALT) == FACT_SALT_BYTES)
		digest_fact(&d, digest);
	if (sqlite3_column_bytes(s, C_SALT) != FACT_SALT_BYTES ||
		sqlite3_column_bytes(s, C_DIGEST) != FACT_DIGEST_BYTES ||
		memcmp(digest, sqlite3_column_blob(s, C_DIGEST),
			FACT_DIGEST_BYTES) != 0)
		return err_set(e, MDB_E_CORRUPT,
			"fact %lld does not match its checksum; run "
			"'memoryctl verify' and restore a backup",
			(long long)f->id);
	return 0;
}

/* Fills f from the row s stands on; text lives in buf. */
static int
facts_load(struct store *st, sqlite3_stmt *s, struct fact *f, struct buf *text,
	struct err *e)
{
	int rc;

	facts_read_row(s, f);
	rc = read_text(st, s, f, text, e);
	if (rc != 0)
		return rc;
	return f->erased ? 0 : facts_check_digest(st, s, f, e);
}

static int
facts_loop(struct store *st, sqlite3_stmt *s, fact_fn fn, void *ctx,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	struct fact f;
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = facts_load(st, s, &f, &text, e);
		if (rc == 0)
			rc = fn(ctx, &f);
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
	rc = facts_load(st, s, &f, &text, e);
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
		*ret_fact = sqlite3_column_int64(s, C_ID);
	if (ret_type_label != NULL)
		*ret_type_label = sqlite3_column_int64(s, C_LABEL);
	if (!name)
		return 1;
	rc = facts_load(st, s, &f, &text, e);
	if (rc != 0)
		return rc;
	if (buf_add(name, f.text, f.text_n) != 0)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
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
		rc = facts_load(st, s, &f, &body, e);
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
		if (sqlite3_column_int(s, C_KIND) == FACT_RELATION &&
			sqlite3_column_int64(s, C_PEER) == peer &&
			sqlite3_column_int64(s, C_LABEL) == label &&
			(sqlite3_column_int(s, C_SIZE) > 0) == reversed) {
			*ret_fact = sqlite3_column_int64(s, C_ID);
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
	struct fact f;
	int rc;

	bind_i(s, 1, entity);
	bind_i(s, 2, fact_key_of_mark(st, of));
	while ((rc = stmt_row(st, s, e)) == 1) {
		int kind = sqlite3_column_int(s, C_KIND);

		if (!fact_is_mark(kind) || !(kinds >> kind & 1) ||
			sqlite3_column_int64(s, C_SUPERSEDES) != of)
			continue;
		rc = facts_load(st, s, &f, &body, e);
		if (rc == 0)
			rc = fn(ctx, &f);
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
