/* Filling: which facts lack a vector, and how they come to one.
 *
 * Places hold how far each namespace is; they are read again when all of them
 * are done and something was written meanwhile. A batch that a provider
 * refuses, or that fails twice, is tried text by text; a text that fails while
 * another one does not gets an empty vector, so that filling goes on. */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/utf8.h"
#include "memory-db/work/embedding_internal.h"

/* Times that a text fails, one after the other, while another one does not. */
#define BLAMED 3

/* --- where to go on ------------------------------------------------------- */
static struct place *
embedding_fill_place_of(struct embedding *x, int64_t ns)
{
	size_t at = x->places_n;

	/* They come in order, so this is the last or the one behind it. */
	while (at > 0 && x->places[at - 1].ns > ns)
		at--;
	if (at > 0 && x->places[at - 1].ns == ns)
		return &x->places[at - 1];
	if (x->places_n == x->places_cap) {
		size_t cap = x->places_cap > 0 ? 2 * x->places_cap : 16;
		struct place *p = reallocarray(x->places, cap, sizeof(*p));

		if (!p)
			return NULL;
		x->places = p;
		x->places_cap = cap;
	}
	memmove(&x->places[at + 1], &x->places[at],
		(x->places_n - at) * sizeof(*x->places));
	x->places_n++;
	x->places[at] = (struct place){.ns = ns, .upto = -1};
	return &x->places[at];
}

static int
embedding_fill_note_place(void *ctx, int64_t ns, int64_t fact_max)
{
	struct place *p = embedding_fill_place_of(ctx, ns);

	if (!p)
		return MDB_E_NOMEM;
	p->max = fact_max;
	return 0;
}

static void
embedding_fill_count_pending(struct embedding *x)
{
	int64_t n = 0;

	for (size_t i = 0; i < x->places_n; i++) {
		const struct place *p = &x->places[i];

		if (p->max > p->upto && p->upto >= 0)
			n += p->max - p->upto;
	}
	atomic_store(&x->pending, n);
}

/* Texts leave this machine, or this program: at the start the log says where
 * to, and how many. */
static int
embedding_fill_tell(struct embedding *x, struct err *e)
{
	const char *model = embed_model(x->opt.x);
	const char *place = strrchr(model, '@');
	int64_t n = 0, all = 0;
	char host[256];
	int rc = 0;

	if (x->is_told || embed_is_local(x->opt.x))
		return 0;
	place = place ? place + 1 : model;
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(place, "/"), place);
	for (size_t i = 0; i < x->places_n; i++, all += n) {
		rc = vector_texts_count(x->helper.st, x->places[i].ns,
			x->places[i].upto, &n, e);
		if (rc != 0)
			return rc;
	}
	x->is_told = true;
	log_event(LOG_INFO, "texts go to an endpoint", 0, LOG_S("host", host),
		LOG_I("texts", all), LOG_S("model", model));
	return 0;
}

static int
read_places(struct embedding *x, struct err *e)
{
	struct vector_model model = vectors_memory_model(x->m);
	int64_t written = atomic_load(&x->written);
	int rc = vector_namespaces(x->helper.st, embedding_fill_note_place, x,
		e);

	if (rc == MDB_E_NOMEM)
		err_nomem(e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < x->places_n; i++) {
		if (x->places[i].upto < 0)
			rc = vector_highest(x->helper.st, model.id,
				x->places[i].ns, &x->places[i].upto, e);
		if (rc != 0)
			return rc;
	}
	rc = embedding_fill_tell(x, e);
	if (rc != 0)
		return rc;
	x->place = 0;
	x->round = written;
	x->has_round = true;
	embedding_fill_count_pending(x);
	return 0;
}

/* --- a batch -------------------------------------------------------------- */
static int
embedding_fill_collect(void *ctx, int64_t fact, const char *text, size_t n)
{
	struct batch *b = ctx;

	if (b->n == b->max ||
		(b->n > 0 && b->text.len + n > LIMIT_EMBED_BATCH_BYTES))
		return 1;
	if (n > LIMIT_EMBED_TEXT_BYTES)
		n = utf8_cut(text, LIMIT_EMBED_TEXT_BYTES);
	b->facts[b->n] = fact;
	b->at[b->n] = b->text.len;
	b->len[b->n] = n;
	b->empty[b->n] = n == 0;
	if (buf_add(&b->text, text, n) != 0)
		return MDB_E_NOMEM;
	b->n++;
	return 0;
}

static void
clear(struct batch *b, size_t max)
{
	free(b->v);
	b->v = NULL;
	b->n = b->dims = 0;
	b->max = max;
	b->drop = 0;
	buf_clear(&b->text, LIMIT_EMBED_BATCH_BYTES);
}

static int
embedding_fill_gather(struct embedding *x, const struct place *p, struct err *e)
{
	int rc = store_read_begin(x->helper.st, e);

	clear(&x->b, x->singles > 0 ? 1 : LIMIT_EMBED_BATCH);
	if (rc != 0)
		return rc;
	rc = vector_texts(x->helper.st, p->ns, p->upto, embedding_fill_collect,
		&x->b, e);
	store_read_end(x->helper.st);
	x->b.is_last = rc == 0;
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc < 0)
		return rc;
	return 0;
}

/* Texts that are not empty go to the provider; what it says of no text goes
 * empty, too. */
static int
embedding_fill_embed(struct embedding *x, struct err *e)
{
	struct embed_text texts[LIMIT_EMBED_BATCH];
	struct batch *b = &x->b;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < b->n; i++)
		if (!b->empty[i])
			texts[n++] =
				(struct embed_text){b->text.data + b->at[i],
					b->len[i]};
	if (n == 0)
		return 0;
	rc = embed_texts(x->opt.x, EMBED_STORED, texts, n, &b->v, &b->dims, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0, k = 0; i < b->n; i++) {
		const float *v = b->v + k * b->dims;
		size_t d = 0;

		if (b->empty[i])
			continue;
		while (d < b->dims && v[d] == 0)
			d++;
		if (d == b->dims) {
			/* Nothing to embed: taken out of the row. */
			memmove(b->v + k * b->dims, b->v + (k + 1) * b->dims,
				(n - k - 1) * b->dims * sizeof(*v));
			n--;
			b->empty[i] = true;
		} else {
			k++;
		}
	}
	return 0;
}

/* Does the provider answer at all? */
static bool
embedding_fill_answers(struct embedding *x)
{
	static const struct embed_text text = {"memory", 6};
	struct err e = {0};
	size_t dims;
	AUTO_FREE float *v = NULL;

	return embed_texts(x->opt.x, EMBED_STORED, &text, 1, &v, &dims, &e) ==
	       0;
}

/* A batch failed. 0: it is tried text by text, or goes on without this one;
 * else the error stays one. */
static int
look_closer(struct embedding *x, int r, struct err *e)
{
	struct batch *b = &x->b;
	bool again = x->failed_at == b->facts[0];
	bool refused = r != MDB_E_TIMEOUT && r != MDB_E_UNREACHABLE;

	x->failed_at = b->facts[0];
	if (r == MDB_E_NOMEM || embedding_is_stopped(x) ||
		!(again || refused) || !embedding_fill_answers(x))
		return r;
	/* A provider that has just come back: tried again at once. */
	if (b->n > 1 || ++x->blamed < BLAMED) {
		if (x->singles < b->n)
			x->singles = b->n;
		clear(b, 0);
		return 0;
	}
	x->blamed = 0;
	log_event(LOG_WARN, "a text cannot be embedded", 0,
		LOG_I("fact", b->facts[0]), LOG_S("error", e->text));
	b->empty[0] = true;
	return 0;
}

static int
store_batch(struct embedding *x, struct err *e)
{
	struct vector_model model = vectors_memory_model(x->m);
	struct batch *b = &x->b;
	int rc;

	if (b->dims != 0 && model.dims != 0 && b->dims != model.dims) {
		/* The provider has another model under the same name. */
		return embedding_choose(x, e);
	}
	/* Without a single vector the dimensions are not known yet: of such
	 * texts only those behind the first vector are noted. */
	if (b->dims == 0 && model.id == 0)
		return 0;
	b->known = model.id;
	rc = embedding_write(x, e);
	if (rc != 0)
		return rc;
	if (model.id != b->model) {
		x->may_drop = true;
		rc = vectors_memory_use(x->m,
			&(struct vector_model){b->model, b->dims}, e);
	}
	if (rc != 0)
		return rc;
	return vectors_memory_sync(x->m, x->helper.st, b->facts, b->n, e);
}

/* The vectors of a batch, stored. Of a batch that fails no text may be left. */
static int
embed_batch(struct embedding *x, struct err *e)
{
	int rc = embedding_fill_embed(x, e);

	if (rc != 0)
		rc = look_closer(x, rc, e);
	else
		x->failed_at = x->blamed = 0;
	if (rc != 0 || x->b.n == 0)
		return rc;
	return store_batch(x, e);
}

static int
fill_place(struct embedding *x, struct place *p, struct err *e)
{
	struct batch *b = &x->b;
	int rc = embedding_fill_gather(x, p, e);

	if (rc != 0) {
		embedding_fill_count_pending(x);
		return rc;
	}
	if (b->n > 0) {
		rc = embed_batch(x, e);
		if (rc != 0 || b->n == 0 || x->places_n == 0)
			return rc;
		x->singles -= x->singles > 0;
		p->upto = b->facts[b->n - 1];
	}
	if (b->is_last && p->upto < p->max)
		p->upto = p->max;
	embedding_fill_count_pending(x);
	return 0;
}

int
embedding_fill(struct embedding *x, struct err *e)
{
	int rc = 0;

	if (!x->has_round) {
		if (atomic_load(&x->written) == atomic_load(&x->seen))
			return 0;
		rc = read_places(x, e);
	}
	if (rc != 0)
		return rc;
	for (; x->place < x->places_n; x->place++) {
		struct place *p = &x->places[x->place];

		if (p->upto < p->max) {
			rc = fill_place(x, p, e);
			return rc == 0 ? 1 : rc;
		}
	}
	x->has_round = false;
	atomic_store(&x->seen, x->round);
	return atomic_load(&x->written) != x->round;
}

/* --- another model -------------------------------------------------------- */
int
embedding_choose(struct embedding *x, struct err *e)
{
	struct vector_model model = {0};
	size_t dims = x->b.dims != 0 ? x->b.dims : embed_dims(x->opt.x);
	int rc = vector_model_find(x->helper.st, embed_model(x->opt.x), &model,
		e);

	if (rc < 0)
		return rc;
	if (rc == 0 || (dims != 0 && dims != model.dims))
		model = (struct vector_model){0};
	x->places_n = x->place = 0;
	x->has_round = false;
	x->may_drop = true;
	atomic_fetch_add(&x->written, 1);
	return vectors_memory_use(x->m, &model, e);
}

int
embedding_drop(struct embedding *x, struct err *e)
{
	int64_t model = vectors_memory_model(x->m).id;
	int rc = model != 0 ? vector_model_other(x->helper.st, model,
				      &x->b.drop, e)
			    : 0;

	if (rc != 1)
		return rc;
	model = x->b.drop;
	clear(&x->b, 0);
	x->b.drop = model;
	rc = embedding_write(x, e);
	x->b.drop = 0;
	return rc == 0 ? 1 : rc;
}
