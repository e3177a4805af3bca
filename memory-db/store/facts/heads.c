/* Heads in memory while a group runs.
 *
 *   change 7 of ns 4    its row is read: head, highest ids
 *                       sealed: the slot of ns 4 has the new head, is_changed
 *   change 8 of ns 4    begins with the slot; nothing is read, nothing written
 *   request undone      the slots are those of the savepoint again
 *   flush               one UPDATE for ns 4
 *
 * A group that touches more namespaces than there are slots writes the rows and
 * begins anew. What the copy of the savepoint says is then older than the row,
 * but marked as changed, so an undo writes it again. */
#include "memory-db/store/facts/heads.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"

enum { LAST, GET, SET };

static const struct stmt_def defs[] = {
	[LAST] = {"SELECT id, at FROM change ORDER BY id DESC LIMIT 1", 0, 0},
	[GET] = {"SELECT head, last_change, fact_max, past_max FROM namespace "
		 "WHERE id = ?1",
		1, STMT_WRITER},
	[SET] = {"UPDATE namespace SET head = ?2, last_change = ?3, "
		 "fact_max = ?4, past_max = ?5 WHERE id = ?1",
		5, STMT_WRITER},
};
const struct stmt_module heads_module = {"heads", defs, ARRAY_LEN(defs)};

#define SLOTS 4

struct heads_slot {
	struct head h;
	bool is_changed;
};
struct heads_state {
	struct head_newest newest;
	bool is_newest_known;
	struct heads_slot v[SLOTS];
	size_t n;
};
struct heads {
	struct heads_state now, savepoint;
};

/* A script's private view has no flush. */
static bool
are_kept(const struct store *st)
{
	return st->heads && st->in_group;
}

/* --- the rows -------------------------------------------------------------- */
static int
read_newest(struct store *st, struct head_newest *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_HEADS, LAST);
	int rc = stmt_row(st, s, e);

	*ret = (struct head_newest){0};
	if (rc == 1) {
		ret->id = sqlite3_column_int64(s, 0);
		ret->at = sqlite3_column_int64(s, 1);
	}
	return rc < 0 ? rc : 0;
}

static int
heads_read_head(struct store *st, int64_t ns, struct head *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_HEADS, GET);
	int rc;

	bind_i(s, 1, ns);
	rc = stmt_row(st, s, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || sqlite3_column_bytes(s, 0) != HEAD_BYTES)
		return err_set(e, MDB_E_CORRUPT, "namespace %lld is damaged",
			(long long)ns);
	*ret = (struct head){.ns = ns,
		.last_change = sqlite3_column_int64(s, 1),
		.fact_max = sqlite3_column_int64(s, 2),
		.past_max = sqlite3_column_int64(s, 3)};
	memcpy(ret->chain, sqlite3_column_blob(s, 0), HEAD_BYTES);
	return 0;
}

static int
write_head(struct store *st, const struct head *h, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_HEADS, SET);

	bind_i(s, 1, h->ns);
	bind_b(s, 2, h->chain, HEAD_BYTES);
	bind_i(s, 3, h->last_change);
	bind_i(s, 4, h->fact_max);
	bind_i(s, 5, h->past_max);
	return stmt_run(st, s, e);
}

/* --- the slots ------------------------------------------------------------- */
static struct heads_slot *
heads_slot_of(struct heads_state *x, int64_t ns)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].h.ns == ns)
			return &x->v[i];
	return NULL;
}

int
heads_settle(struct store *st, struct err *e)
{
	struct heads_state *x;

	if (!are_kept(st))
		return 0;
	x = &st->heads->now;
	for (size_t i = 0; i < x->n; i++) {
		int rc;

		if (!x->v[i].is_changed)
			continue;
		rc = write_head(st, &x->v[i].h, e);
		if (rc != 0)
			return rc;
		x->v[i].is_changed = false;
	}
	return 0;
}

/* A slot for a namespace that has none. */
static int
slot_new(struct store *st, struct heads_slot **ret, struct err *e)
{
	struct heads_state *x = &st->heads->now;

	if (x->n == SLOTS) {
		int rc = heads_settle(st, e);

		if (rc != 0)
			return rc;
		x->n = 0;
	}
	*ret = &x->v[x->n++];
	return 0;
}

int
heads_newest(struct store *st, struct head_newest *ret, struct err *e)
{
	struct heads_state *x;

	if (!are_kept(st))
		return read_newest(st, ret, e);
	x = &st->heads->now;
	if (!x->is_newest_known) {
		int rc = read_newest(st, &x->newest, e);

		if (rc != 0)
			return rc;
		x->is_newest_known = true;
	}
	*ret = x->newest;
	return 0;
}

int
heads_get(struct store *st, int64_t ns, struct head *ret, struct err *e)
{
	struct heads_slot *slot =
		are_kept(st) ? heads_slot_of(&st->heads->now, ns) : NULL;
	int rc;

	if (slot) {
		*ret = slot->h;
		return 0;
	}
	rc = heads_read_head(st, ns, ret, e);
	if (rc != 0 || !are_kept(st))
		return rc;
	rc = slot_new(st, &slot, e);
	if (rc != 0)
		return rc;
	*slot = (struct heads_slot){.h = *ret};
	return 0;
}

int
heads_set(struct store *st, const struct head *h, int64_t at, struct err *e)
{
	struct heads_state *x;
	struct heads_slot *slot;

	if (!are_kept(st))
		return write_head(st, h, e);
	x = &st->heads->now;
	slot = heads_slot_of(x, h->ns);
	if (!slot) {
		int rc = slot_new(st, &slot, e);

		if (rc != 0)
			return rc;
	}
	*slot = (struct heads_slot){.h = *h, .is_changed = true};
	x->newest = (struct head_newest){h->last_change, at};
	x->is_newest_known = true;
	return 0;
}

/* --- the life of a group --------------------------------------------------- */
static int
heads_connect(struct store *st, struct err *e)
{
	if (st->role != STORE_WRITER)
		return 0;
	st->heads = calloc(1, sizeof(*st->heads));
	return st->heads ? 0 : err_nomem(e);
}

static void
heads_close(struct store *st)
{
	free(st->heads);
	st->heads = NULL;
}

/* Of a group that begins, or one that failed: the file says what holds. */
static void
heads_forget(struct store *st)
{
	if (st->heads)
		*st->heads = (struct heads){.now = {.n = 0}};
}

static void
heads_savepoint(struct store *st)
{
	if (st->heads)
		st->heads->savepoint = st->heads->now;
}

static void
heads_undone(struct store *st)
{
	if (st->heads)
		st->heads->now = st->heads->savepoint;
}

const struct participant heads_participant = {
	.name = "heads",
	.connect = heads_connect,
	.close = heads_close,
	.begin = heads_forget,
	.savepoint = heads_savepoint,
	.undone = heads_undone,
	.flush = heads_settle,
	.rolled_back = heads_forget,
};
