/* A dictionary for a namespace, in four steps, each a slice of idle time or
 * several: texts are gathered, pieces that many of them share are chosen
 * (engine/train.c), the result is tried on texts that it was not made of, and
 * it is adopted when it saves enough more than the one before. Trying it on
 * its own texts would praise a dictionary that has merely learnt them by
 * heart. */
#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "memory-db/store/engine/dictionaries.h"
#include "memory-db/store/facts/pack_internal.h"

/* Texts that are looked at, in runs of so many over the whole namespace. */
#define SAMPLE	   8192
#define SAMPLE_RUN 16
/* Of so many texts one is not learnt from, but kept to try the dictionary
 * on; and how many are tried. */
#define HELD_EACH 8
#define HELD_MAX  256
/* Pieces of less than this are no dictionary. */
#define PIECES_MIN 512
/* Points of the text that a new dictionary must save more than the one before,
 * to be worth packing everything anew. */
#define GAIN_PERCENT 5

void
pack_try_done(struct pack_try *t)
{
	train_free(t->train);
	buf_done(&t->made);
	buf_done(&t->held);
	squeeze_free(t->with_now);
	squeeze_free(t->with_made);
	*t = (struct pack_try){0};
}

/* --- texts ---------------------------------------------------------------- */
static int
hold(struct pack_try *t, const struct buf *text)
{
	if (text->len > LIMIT_TRAIN_TEXT_BYTES ||
		t->texts / HELD_EACH > HELD_MAX)
		return 0;
	if (buf_add(&t->held, &text->len, sizeof(text->len)) != 0)
		return MDB_E_NOMEM;
	return buf_add(&t->held, text->data, text->len);
}

/* 1: the train has no more room. */
static int
pack_train_take_text(struct pack *x, int64_t id)
{
	struct pack_try *t = &x->try_;
	int64_t facts = x->p.fact_max - store_ids_of(x->p.ns);

	t->at = id;
	t->texts++;
	if (facts > SAMPLE && t->texts % SAMPLE_RUN == 0)
		t->at += facts / (SAMPLE / SAMPLE_RUN) - SAMPLE_RUN;
	if (t->texts % HELD_EACH == 0)
		return hold(t, &x->text);
	return train_add(t->train, x->text.data, x->text.len);
}

/* One text more. 1: there are no more. */
static int
pack_train_gather_one(struct store *st, struct pack *x, struct err *e)
{
	struct pack_try *t = &x->try_;
	int64_t id = 0;
	int rc = pack_read_next(st, t->at, x->p.fact_max, &id, &x->text,
		&x->body, e);

	if (rc == MDB_E_CORRUPT && id > 0) {
		t->at = id;
		return 0; /* verify tells */
	}
	if (rc != 1)
		return rc == 0 ? 1 : rc;
	if (x->text.len > 0)
		return pack_train_take_text(x, id);
	t->at = id;
	return 0;
}

int
pack_gather(struct store *st, struct pack *x, int64_t until_ns, struct err *e)
{
	struct pack_try *t = &x->try_;
	int rc = 0;

	if (!t->train) {
		t->at = store_ids_of(x->p.ns);
		if (train_new(&t->train) != 0)
			return err_nomem(e);
	}
	do {
		rc = pack_train_gather_one(st, x, e);
		if (rc == MDB_E_NOMEM)
			return err_nomem(e);
		if (rc < 0 && rc != MDB_E_CORRUPT)
			return rc;
	} while (rc != 1 && clock_mono_ns() < until_ns);
	if (rc == 1)
		x->phase = PACK_CHOOSE;
	return 0;
}

/* --- pieces --------------------------------------------------------------- */
/* What is built in stands before the pieces: it is nobody's text, and a small
 * memory has little else. */
static int
compose(struct pack_try *t)
{
	struct codec_dictionary builtin;

	codec_builtin(&builtin);
	if (buf_add(&t->made, builtin.bytes, builtin.n) != 0 ||
		train_result(t->train, LIMIT_DICTIONARY_BYTES - builtin.n,
			&t->made) != 0)
		return MDB_E_NOMEM;
	if (t->made.len < builtin.n + PIECES_MIN)
		t->made.len = 0;
	return 0;
}

int
pack_choose(struct pack *x, int64_t until_ns, struct err *e)
{
	int rc = train_step(x->try_.train, until_ns);

	if (rc == 1)
		return 0;
	rc = compose(&x->try_);
	if (rc != 0)
		return err_nomem(e);
	train_free(x->try_.train);
	x->try_.train = NULL;
	x->phase = PACK_MEASURE;
	return 0;
}

/* --- is it worth it? ------------------------------------------------------ */
static size_t
size_with(struct squeeze *q, const char *text, size_t n, struct buf *out)
{
	out->len = 0;
	if (codec_squeeze(q, SQUEEZE_BEST, CODEC_BUILTIN, text, n, out) != 0)
		return 0;
	return out->len;
}

static int
measure_until(struct pack *x, int64_t until_ns, struct err *e)
{
	struct pack_try *t = &x->try_;

	while (t->held_at < t->held.len) {
		size_t n, before, after;
		const char *text;

		memcpy(&n, t->held.data + t->held_at, sizeof(n));
		text = t->held.data + t->held_at + sizeof(n);
		before = size_with(t->with_now, text, n, &x->body);
		after = size_with(t->with_made, text, n, &x->body);
		if (before == 0 || after == 0)
			return err_nomem(e);
		t->raw += n;
		t->before += before;
		t->after += after;
		t->held_at += sizeof(n) + n;
		if (clock_mono_ns() >= until_ns)
			break;
	}
	return t->held_at < t->held.len;
}

static bool
pays(const struct pack_try *t)
{
	return t->made.len > 0 && t->before > t->after &&
	       (t->before - t->after) * 100 >= t->raw * GAIN_PERCENT;
}

struct adopting {
	const struct pack_try *t;
	struct packing p; /* as it will be */
};

/* A stale dictionary is left whether or not another one pays. */
static int
adopt_work(struct store *st, void *ctx, struct err *e)
{
	struct adopting *a = ctx;
	struct packing *p = &a->p;
	int rc = 0;

	p->trained = p->fact_max - store_ids_of(p->ns);
	if (pays(a->t) || p->stale == PACK_STALE) {
		p->dictionary = CODEC_BUILTIN;
		p->upto = store_ids_of(p->ns);
		if (p->stale == PACK_STALE)
			p->stale = PACK_LEAVING;
		if (a->t->made.len > 0)
			rc = dictionary_add(st, p->ns, a->t->made.data,
				a->t->made.len, &p->dictionary, e);
	}
	if (rc != 0)
		return rc;
	return pack_set(st, p, e);
}

static int
adopt(struct store *st, struct pack *x, struct err *e)
{
	struct adopting a = {&x->try_, x->p};
	int rc = store_group_run(st, adopt_work, &a, e);

	if (rc != 0)
		return rc;
	pack_forget_quick(x, a.p.ns);
	x->p = a.p;
	pack_try_done(&x->try_);
	x->phase = PACK_WALK;
	return 0;
}

int
pack_measure(struct store *st, struct pack *x, int64_t until_ns, struct err *e)
{
	struct pack_try *t = &x->try_;
	/* A stale one is not worth comparing with. */
	int64_t now =
		x->p.stale == PACK_STALE ? CODEC_BUILTIN : x->p.dictionary;
	int rc = 0;

	if (t->made.len == 0)
		return adopt(st, x, e);
	if (!t->with_now) {
		rc = pack_squeeze_of(st, x->p.ns, now, &t->with_now, e);
		if (rc == MDB_E_CORRUPT)
			rc = pack_squeeze_of(st, x->p.ns, CODEC_BUILTIN,
				&t->with_now, e);
		if (rc != 0)
			return rc;
		if (squeeze_new((unsigned char *)t->made.data, t->made.len,
			    &t->with_made) != 0)
			return err_nomem(e);
	}
	rc = measure_until(x, until_ns, e);
	if (rc == 0)
		rc = adopt(st, x, e);
	return rc < 0 ? rc : 0;
}
