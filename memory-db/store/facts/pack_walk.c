/* The walk over the facts of a namespace, which packs each text with the
 * dictionary that the namespace has by then.
 *
 *   table packing    namespace 5, dictionary 2, upto 1200
 *   facts            1 ... 1200 | 1201 1202 ... 1600
 *                    packed     | next
 *
 * A step goes on behind `upto` until its time is over, and stores how far it
 * came in the same transaction. At the newest fact the walk ends, and other
 * dictionaries of the namespace go: no text needs them any more. */
#include "memory-db/store/facts/pack_internal.h"

#include "common/clock.h"
#include "memory-db/store/engine/dictionaries.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/facts/facts.h"

static int
pack_walk_is_there(void *ctx, const struct fact *f)
{
	(void)ctx;
	(void)f;
	return 0;
}

/* Packs one text. A body that names another dictionary is replaced in any case,
 * once its text is known to be right: that dictionary may be damaged. */
static int
pack_one(struct store *st, struct pack *x, int64_t id, struct err *e)
{
	size_t before = x->body.len;
	int64_t needs = codec_needs(x->body.data, x->body.len);
	bool must = needs > CODEC_BUILTIN && needs != x->p.dictionary;
	sqlite3_stmt *s;
	int rc;

	if (x->text.len == 0)
		return 0;
	if (must) {
		rc = fact_get(st, id, pack_walk_is_there, NULL, e);
		if (rc < 0)
			return rc;
	}
	x->body.len = 0;
	if (codec_squeeze(x->squeeze, SQUEEZE_BEST, x->p.dictionary,
		    x->text.data, x->text.len, &x->body) != 0)
		return err_nomem(e);
	if (x->body.len >= before && !must)
		return 0;
	s = stmt_use(st, MOD_PACK, PACK_BODY);
	bind_i(s, 1, id);
	bind_b(s, 2, x->body.data, x->body.len);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	return counters_add(st, x->p.ns, TALLY_TOTAL, TOTAL_STORED,
		(int64_t)x->body.len - (int64_t)before, e);
}

/* The next text, or the end: the walk stands at *ret_id then. */
static int
pack_walk_one(struct store *st, struct pack *x, int64_t *ret_id, struct err *e)
{
	int rc = pack_read_next(st, x->p.upto, x->p.fact_max, ret_id, &x->text,
		&x->body, e);

	if (rc == 1)
		return pack_one(st, x, *ret_id, e);
	if (rc == 0)
		*ret_id = x->p.fact_max;
	return rc;
}

static int
walk_until(struct store *st, struct pack *x, int64_t until_ns, struct err *e)
{
	do {
		int64_t id = 0;
		int rc = pack_walk_one(st, x, &id, e);
		/* verify tells of it; it stays as it is */
		bool is_damaged = rc == MDB_E_CORRUPT && id > 0;

		if (rc != 0 && !is_damaged)
			return rc;
		x->p.upto = id;
	} while (x->p.upto < x->p.fact_max && clock_mono_ns() < until_ns);
	return 0;
}

static int
is_worth_keeping(void *ctx, const struct dictionary_row *d)
{
	const struct packing *p = ctx;

	return d->is_damaged && d->id != p->dictionary;
}

/* All facts up to the newest are walked over: no body names another dictionary
 * but those that are damaged. A damaged one may come back from a backup; it
 * stays with its texts, unless it holds what was erased. */
static int
end_walk(struct store *st, struct pack *x, struct err *e)
{
	int rc;

	if (x->p.stale == PACK_CLEAN) {
		rc = dictionary_each(st, x->p.ns, is_worth_keeping, &x->p, e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	rc = dictionary_drop_others(st, x->p.ns, x->p.dictionary, e);
	if (rc < 0)
		return rc;
	if (x->p.stale == PACK_LEAVING)
		x->p.stale = PACK_CLEAN;
	return 0;
}

static int
leave_work(struct store *st, void *packing, struct err *e)
{
	return pack_set(st, packing, e);
}

/* The dictionary is damaged: what can be read is packed with another one. */
static int
leave_dictionary(struct store *st, struct pack *x, struct err *e)
{
	struct packing p = x->p;
	int rc;

	p.dictionary = CODEC_BUILTIN;
	p.upto = store_ids_of(p.ns);
	p.trained = 0;
	rc = store_group_run(st, leave_work, &p, e);
	pack_begin_anew(x);
	return rc;
}

static int
walk_work(struct store *st, void *ctx, struct err *e)
{
	struct pack *x = ctx;
	int rc = walk_until(st, x, x->until_ns, e);

	if (rc != 0)
		return rc;
	if (x->p.upto >= x->p.fact_max)
		rc = end_walk(st, x, e);
	if (rc != 0)
		return rc;
	return pack_set(st, &x->p, e);
}

int
pack_walk(struct store *st, struct pack *x, int64_t until_ns, struct err *e)
{
	int rc;

	if (x->squeeze_id != x->p.dictionary) {
		pack_drop_squeeze(x);
		rc = pack_squeeze_of(st, x->p.ns, x->p.dictionary, &x->squeeze,
			e);
		if (rc == MDB_E_CORRUPT)
			return leave_dictionary(st, x, e);
		if (rc != 0)
			return rc;
		x->squeeze_id = x->p.dictionary;
	}
	x->until_ns = until_ns;
	return store_group_run(st, walk_work, x, e);
}
