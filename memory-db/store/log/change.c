/* The frame of a change: it begins, entities are touched.
 *
 *   change_begin  the next id of the database, the head of the namespace
 *   change_...    ops, each with its number (change_add.c, change_facts.c)
 *   change_seal   the hash over the head before, the change and its ops is
 *                 the new head; one row says what the change did
 *                 (change_seal.c)
 *
 * change.h has the digests and a worked example of a chain. */
#include "memory-db/store/log/change.h"

#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "memory-db/store/log/change_internal.h"
#include "memory-db/store/facts/heads.h"
#include "memory-db/store/engine/table.h"

_Static_assert(HEAD_BYTES == CHAIN_BYTES, "one and the same");

enum { SEEN, REMEMBER };

static const struct stmt_def defs[] = {
	[SEEN] = {"SELECT change FROM request WHERE key = ?1 AND at >= ?2", 2,
		STMT_WRITER},
	[REMEMBER] = {"INSERT OR REPLACE INTO request(key, change, at) "
		      "VALUES(?1, ?2, ?3)",
		3, STMT_WRITER},
};
const struct stmt_module change_module = {"change", defs, ARRAY_LEN(defs)};

const struct store_table change_tables[] = {
	{.name = "change",
		.kind = TABLE_LOG,
		.forget = FORGET_BLANKS,
		.verified = "chain"},
	{.name = "op",
		.kind = TABLE_LOG,
		.forget = FORGET_NOTHING,
		.verified = "chain"},
	{.name = "version",
		.kind = TABLE_LOG,
		.forget = FORGET_NOTHING,
		.verified = "version"},
	{.name = "request", .kind = TABLE_LOCAL, .forget = FORGET_NOTHING},
	{0},
};

static const char *const kind_names[CHANGE_KIND_MAX] = {"unknown", "create",
	"add", "relate", "delete", "update", "rename", "import", "move", "undo",
	"revert", "merge", "branch", "script", "curate", "forget", "fold"};

const char *
change_kind_name(int kind)
{
	return kind_names[kind > 0 && kind < CHANGE_KIND_MAX ? kind : 0];
}

/* --- begin ---------------------------------------------------------------- */
static int
load_last(struct change *c, struct err *e)
{
	struct head_newest last;
	int rc = heads_newest(c->st, &last, e);

	if (rc != 0)
		return rc;
	c->id = last.id + 1;
	c->at = clock_now_ms();
	if (last.id != 0 && last.at > c->at)
		c->at = last.at;
	return 0;
}

/* A replayed change brings its id and time; they must follow what is there. */
static int
take_given(struct change *c, struct err *e)
{
	const struct change_given *g = c->info.given;

	if (!g)
		return 0;
	if (g->id < c->id)
		return err_set(e, MDB_E_CONFLICT,
			"change %lld cannot be replayed: this database has "
			"changes up to %lld of its own; replay into an empty "
			"database",
			(long long)g->id, (long long)c->id - 1);
	c->id = g->id;
	c->at = g->at;
	return 0;
}

static int
load_namespace(struct change *c, struct err *e)
{
	struct head h;
	int rc = heads_get(c->st, c->info.ns, &h, e);

	if (rc != 0)
		return rc;
	memcpy(c->head, h.chain, CHAIN_BYTES);
	c->fact_max = h.fact_max;
	c->past_max = h.past_max;
	return 0;
}

static void
begin_chain(struct change *c)
{
	const char *m = c->info.message;
	struct chain_head h = {
		.ns = c->info.ns,
		.id = c->id,
		.at = c->at,
		.branch = c->info.branch,
		.kind = (int64_t)c->info.kind,
		.about = c->info.about,
		.actor = c->info.actor,
		.client = c->info.client,
		.session = c->info.session,
		.message_digest = c->message_digest,
	};

	if (m && c->info.given)
		memcpy(c->message_salt, c->info.given->message_salt,
			sizeof(c->message_salt));
	else if (m)
		randombytes_buf(c->message_salt, sizeof(c->message_salt));
	digest_message(c->message_salt, m, m != NULL ? strlen(m) : 0,
		c->message_digest);
	if (!m && change_is_forgotten(c))
		memcpy(c->message_digest, c->info.given->message_digest,
			sizeof(c->message_digest));
	chain_begin(&c->chain, c->head, &h);
}

int
change_begin(struct store *st, const struct change_info *info,
	struct change **ret, struct err *e)
{
	AUTO_CHANGE struct change *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return err_nomem(e);
	c->st = st;
	c->info = *info;
	rc = load_last(c, e);
	if (rc != 0)
		return rc;
	rc = take_given(c, e);
	if (rc != 0)
		return rc;
	rc = load_namespace(c, e);
	if (rc != 0)
		return rc;
	begin_chain(c);
	*ret = take_ptr(c);
	return 0;
}

void
change_drop(struct change *c)
{
	if (!c)
		return;
	buf_done(&c->body);
	buf_done(&c->text);
	buf_done(&c->made_name);
	free(c->touched);
	free(c);
}

void
change_compared(struct change *c, bool is_compared)
{
	c->is_compared = is_compared;
}

int64_t
change_ops(const struct change *c)
{
	return c->seq;
}

int64_t
change_id(const struct change *c)
{
	return c->id;
}

/* --- entities touched ----------------------------------------------------- */
static struct change_touched *
touched_slot(struct change_touched *table, size_t cap, int64_t entity)
{
	size_t i = (size_t)((uint64_t)entity * 0x9e3779b97f4a7c15u) & (cap - 1);

	while (table[i].entity != 0 && table[i].entity != entity)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

static int
touched_grow(struct change *c, struct err *e)
{
	size_t cap = c->touched_cap == 0 ? 8 : c->touched_cap * 2;
	struct change_touched *table = calloc(cap, sizeof(*table));

	if (!table)
		return err_nomem(e);
	for (size_t i = 0; i < c->touched_cap; i++)
		if (c->touched[i].entity != 0)
			*touched_slot(table, cap, c->touched[i].entity) =
				c->touched[i];
	free(c->touched);
	c->touched = table;
	c->touched_cap = cap;
	return 0;
}

int
change_touch(struct change *c, int64_t entity, int64_t delta, struct err *e)
{
	struct change_touched *t;
	int rc = 0;

	if (2 * (c->touched_n + 1) > c->touched_cap)
		rc = touched_grow(c, e);
	if (rc != 0)
		return rc;
	t = touched_slot(c->touched, c->touched_cap, entity);
	if (t->entity == 0) {
		t->entity = entity;
		c->touched_n++;
	}
	t->delta += delta;
	return 0;
}

/* --- retries -------------------------------------------------------------- */
int
request_seen(struct store *st, const char *key, int64_t *ret_change,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CHANGE, SEEN);

	bind_b(s, 1, key, strlen(key));
	bind_i(s, 2, clock_now_ms() - LIMIT_KEY_AGE_MS);
	return stmt_int(st, s, ret_change, e);
}

int
request_remember(struct store *st, const char *key, int64_t change,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_CHANGE, REMEMBER);

	bind_b(s, 1, key, strlen(key));
	bind_i(s, 2, change);
	bind_i(s, 3, clock_now_ms());
	return stmt_run(st, s, e);
}
