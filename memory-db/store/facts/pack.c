/* The state of packing, its rows, and what is done next; pack.h has the idea and
 * an example. The place of the walk (pack_walk.c) stands in the file, so that it
 * goes on after a restart. */
#include "memory-db/store/facts/pack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "memory-db/store/engine/dictionaries.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/facts/pack_internal.h"
#include "memory-db/store/engine/table.h"

/* Facts that wait are packed when there are so many, or when the first has
 * waited so long: a lone write shall not be followed by another each time. */
#define PACK_MANY    64
#define PACK_WAIT_NS (5 * INT64_C(1000000000))
/* How often is looked whether there are any. */
#define LOOK_NS (INT64_C(250) * 1000000)
/* Facts from which a dictionary is tried, and how many times as many for the
 * next try. */
#define TRAIN_FACTS 100
#define TRAIN_AGAIN 4

#define WAITS                                                                  \
	" FROM namespace n LEFT JOIN packing p ON p.ns = n.id "                \
	"WHERE n.fact_max > coalesce(p.upto, n.id << 33) OR p.stale <> 0"
#define ROW                                                                    \
	"SELECT n.id, n.fact_max, coalesce(p.dictionary, 0), "                 \
	"coalesce(p.upto, n.id << 33), coalesce(p.trained, 0), "               \
	"coalesce(p.stale, 0)"

static const struct stmt_def defs[] = {
	[PACK_PICK] = {ROW WAITS " ORDER BY coalesce(p.stale, 0) = 0, n.id "
				 "LIMIT 1",
		0, STMT_WRITER},
	[PACK_ONE] = {ROW " FROM namespace n LEFT JOIN packing p ON "
			  "p.ns = n.id WHERE n.id = ?1",
		1, STMT_WRITER},
	[PACK_WAITING] = {"SELECT coalesce(sum(n.fact_max - "
			  "coalesce(p.upto, n.id << 33)), 0), "
			  "coalesce(max(p.stale), 0)" WAITS,
		0, STMT_WRITER},
	[PACK_NEXT] = {"SELECT id, size, body FROM fact WHERE id > ?1 AND "
		       "id <= ?2 AND body IS NOT NULL ORDER BY id LIMIT 1",
		2, STMT_WRITER},
	[PACK_BODY] = {"UPDATE fact SET body = ?2 WHERE id = ?1", 2,
		STMT_WRITER},
	[PACK_SET] = {"INSERT OR REPLACE INTO packing(ns, dictionary, upto, "
		      "trained, stale) VALUES(?1, ?2, ?3, ?4, ?5)",
		5, STMT_WRITER},
	[PACK_ANY_STALE] = {"SELECT 1 FROM packing WHERE stale <> 0 LIMIT 1", 0,
		STMT_WRITER},
	[PACK_SET_STALE] = {"UPDATE packing SET stale = ?2 WHERE ns = ?1", 2,
		STMT_WRITER},
};
const struct stmt_module pack_module = {"pack", defs, ARRAY_LEN(defs)};

const struct store_table pack_tables[] = {
	{.name = "packing", .kind = TABLE_LOCAL, .forget = FORGET_NOTHING},
	{0},
};

/* --- the state ------------------------------------------------------------ */
struct pack *
pack_of(struct store *st)
{
	if (!st->pack) {
		st->pack = calloc(1, sizeof(*st->pack));
		if (st->pack) {
			st->pack->squeeze_id = -1;
			st->pack->looked_changes = -1;
		}
	}
	return st->pack;
}

void
pack_drop_squeeze(struct pack *x)
{
	squeeze_free(x->squeeze);
	x->squeeze = NULL;
	x->squeeze_id = -1;
}

void
pack_begin_anew(struct pack *x)
{
	pack_try_done(&x->try_);
	pack_drop_squeeze(x);
	buf_clear(&x->text, 0);
	buf_clear(&x->body, 0);
	x->phase = PACK_LOOK;
	x->p = (struct packing){0};
}

static void
pack_close(struct store *st)
{
	if (!st->pack)
		return;
	pack_begin_anew(st->pack);
	buf_done(&st->pack->text);
	buf_done(&st->pack->body);
	pack_forget_quick(st->pack, 0);
	free(st->pack->seen);
	free(st->pack);
	st->pack = NULL;
}

static void
pack_rolled_back(struct store *st)
{
	pack_shrink(st);
}

const struct participant pack_participant = {
	.name = "pack",
	.rolled_back = pack_rolled_back,
	.close = pack_close,
};

/* --- rows ----------------------------------------------------------------- */
static int
read_packing(struct store *st, sqlite3_stmt *s, struct packing *ret,
	struct err *e)
{
	int rc = stmt_row(st, s, e);

	if (rc == 1)
		*ret = (struct packing){sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4),
			sqlite3_column_int64(s, 5)};
	sqlite3_reset(s);
	return rc;
}

int
pack_get(struct store *st, int64_t ns, struct packing *ret, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_PACK, PACK_ONE);

	bind_i(s, 1, ns);
	return read_packing(st, s, ret, e);
}

int
pack_set(struct store *st, const struct packing *p, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_PACK, PACK_SET);

	bind_i(s, 1, p->ns);
	bind_i(s, 2, p->dictionary);
	bind_i(s, 3, p->upto);
	bind_i(s, 4, p->trained);
	bind_i(s, 5, p->stale);
	return stmt_run(st, s, e);
}

int
pack_any_stale(struct store *st, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_PACK, PACK_ANY_STALE);

	return stmt_row(st, s, e);
}

int
pack_read_next(struct store *st, int64_t after, int64_t upto, int64_t *ret_id,
	struct buf *text, struct buf *body, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_PACK, PACK_NEXT);
	int64_t size;
	int rc;

	bind_i(s, 1, after);
	bind_i(s, 2, upto);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	*ret_id = sqlite3_column_int64(s, 0);
	size = sqlite3_column_int64(s, 1);
	buf_clear(text, LIMIT_PACK_TEXT_BYTES);
	buf_clear(body, LIMIT_PACK_TEXT_BYTES);
	if (buf_add(body, sqlite3_column_blob(s, 2),
		    (size_t)sqlite3_column_bytes(s, 2)) != 0)
		return err_nomem(e);
	if (size < 0 || size > LIMIT_OBSERVATION_BYTES)
		return err_set(e, MDB_E_CORRUPT, "a stored text is damaged");
	/* A long text has what is built in, or nothing. */
	if (size > LIMIT_PACK_TEXT_BYTES)
		return 1;
	rc = codec_unpack(&st->codec, body->data, body->len, (size_t)size, text,
		e);
	return rc != 0 ? rc : 1;
}

static int
is_unsound(void *ctx, const struct dictionary_row *d)
{
	return d->id == *(const int64_t *)ctx && d->is_damaged;
}

/* A damaged one may read most texts, but nothing new is packed with it. */
int
pack_squeeze_of(struct store *st, int64_t ns, int64_t id, struct squeeze **ret,
	struct err *e)
{
	struct codec_dictionary d;
	int rc = codec_dictionary_of(&st->codec, id, &d, e);

	if (rc != 0)
		return rc;
	if (id != CODEC_BUILTIN)
		rc = dictionary_each(st, ns, is_unsound, &id, e);
	if (rc == 1)
		return err_set(e, MDB_E_CORRUPT, "dictionary %lld is damaged",
			(long long)id);

	if (rc != 0)
		return rc;
	if (squeeze_new(d.bytes, d.n, ret) != 0)
		return err_nomem(e);
	return 0;
}

/* --- is there work? ------------------------------------------------------- */
static bool
look(struct store *st, struct pack *x, int64_t now)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_PACK, PACK_WAITING);
	struct err e;
	int64_t waits = 0, stale = 0;

	if (stmt_row(st, s, &e) == 1) {
		waits = sqlite3_column_int64(s, 0);
		stale = sqlite3_column_int64(s, 1);
	}
	if (waits == 0)
		x->waiting_since_ns = 0;
	else if (x->waiting_since_ns == 0)
		x->waiting_since_ns = now;
	return stale != 0 || waits >= PACK_MANY ||
	       (waits > 0 && now >= x->waiting_since_ns + PACK_WAIT_NS);
}

bool
pack_wanted(struct store *st)
{
	/* Over a read-only file the writer only loads. */
	struct pack *x = st->role == STORE_WRITER ? pack_of(st) : NULL;
	int64_t now = clock_mono_ns();
	int changes = sqlite3_total_changes(st->db);

	if (!x)
		return false;
	if (x->phase != PACK_LOOK)
		return true;
	if (now < x->look_at_ns ||
		(changes == x->looked_changes && x->waiting_since_ns == 0))
		return x->is_wanted;
	x->is_wanted = look(st, x, now);
	x->look_at_ns = now + LOOK_NS;
	x->looked_changes = changes;
	return x->is_wanted;
}

/* --- what is next --------------------------------------------------------- */
static bool
shall_train(const struct packing *p)
{
	int64_t facts = p->fact_max - store_ids_of(p->ns);

	if (p->stale == PACK_STALE)
		return true;
	return p->stale == PACK_CLEAN && facts >= TRAIN_FACTS &&
	       facts / TRAIN_AGAIN >= p->trained;
}

/* Other requests may have written since the last step. */
static int
pack_refresh(struct store *st, struct pack *x, struct err *e)
{
	int rc = pack_get(st, x->p.ns, &x->p, e);

	if (rc == 1 && x->p.stale == PACK_STALE && x->phase == PACK_WALK)
		rc = 0;
	if (rc == 0)
		pack_begin_anew(x);
	return rc;
}

static int
pack_look(struct store *st, struct pack *x, struct err *e)
{
	int rc = read_packing(st, stmt_use(st, MOD_PACK, PACK_PICK), &x->p, e);

	if (rc != 1) {
		x->p = (struct packing){0};
		x->is_wanted = false;
		x->waiting_since_ns = 0;
		pack_drop_squeeze(x);
		return rc;
	}
	x->phase = shall_train(&x->p) ? PACK_GATHER : PACK_WALK;
	return 1;
}

static int
pack_phase_step(struct store *st, struct pack *x, int64_t until_ns,
	struct err *e)
{
	switch (x->phase) {
	case PACK_GATHER:
		return pack_gather(st, x, until_ns, e);
	case PACK_CHOOSE:
		return pack_choose(x, until_ns, e);
	case PACK_MEASURE:
		return pack_measure(st, x, until_ns, e);
	case PACK_LOOK:
	case PACK_WALK:
		break;
	}
	return pack_walk(st, x, until_ns, e);
}

int
pack_step(struct store *st, int64_t until_ns, struct err *e)
{
	struct pack *x = pack_of(st);
	int rc;

	if (!x)
		return err_nomem(e);
	if (x->phase == PACK_LOOK)
		return pack_look(st, x, e);
	rc = pack_refresh(st, x, e);
	if (rc <= 0)
		return rc < 0 ? rc : 1;
	rc = pack_phase_step(st, x, until_ns, e);
	if (rc < 0) {
		pack_begin_anew(x);
		return rc;
	}
	if (x->phase == PACK_WALK && x->p.upto >= x->p.fact_max &&
		x->p.stale == PACK_CLEAN)
		x->phase = PACK_LOOK;
	return 1;
}
