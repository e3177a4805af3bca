/* A memory with vectors: of the provider `hash`, or put in by hand so that what is
 * near is known. */
#ifndef TESTS_LIB_MEANING_FIXTURE_H
#define TESTS_LIB_MEANING_FIXTURE_H

#include <math.h>

#include "memory-db/embed/internal.h"
#include "memory-db/model/recall/vectors_memory.h"
#include "memory-db/model/recall/recall.h"
#include "memory-db/model/recall/recall_cached.h"
#include "tests/lib/method_fixture.h"
#include "tests/lib/unit.h"

#define DIMS  16
#define FACTS 700

/* --- a provider whose vectors are put in by hand -------------------------- */
static inline void
close_it(struct embedder *x)
{
	(void)x;
}

static inline size_t
dims_of(const struct embedder *x)
{
	(void)x;
	return DIMS;
}

static inline int
never(struct embedder *x, enum embed_use use, const struct embed_text *texts,
	size_t n, float **ret, size_t *ret_dims, struct err *e)
{
	(void)x, (void)use, (void)texts, (void)n, (void)ret, (void)ret_dims;
	return err_set(e, MDB_E_INTERNAL, "recall asked a network");
}

static const struct embed_ops ops = {.provider = "http",
	.close = close_it,
	.dims = dims_of,
	.remote = never};

struct fixture {
	struct method_fixture f;
	struct embedder *x;
	struct embedder by_hand;
	struct vectors_memory *m;
	int64_t model;
	struct recall_weights w;
	/* what was put in */
	int64_t facts[FACTS];
	float v[FACTS][DIMS];
	int n;
	struct sf_random random;
};

static inline void
open_fixture(struct fixture *x, const char *spec)
{
	struct embed_options o = {.spec = spec};
	struct err e;

	clock_fake(INT64_C(1795161933120)); /* 2026-11-20 */
	mf_open(&x->f);
	x->random.state = 7;
	x->by_hand = (struct embedder){&ops, (char *)(uintptr_t) "hand"};
	x->x = &x->by_hand;
	if (spec)
		assert_int_equal(embed_open(&o, &x->x, &e), 0);
	assert_int_equal(vectors_memory_open(x->f.s.db, x->x, &x->m, &e), 0);
	x->w = recall_weights_default;
}

static inline int
setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	open_fixture(*state, NULL);
	return 0;
}

static inline int
setup_hash(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	open_fixture(*state, "hash");
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *x = *state;

	store_close(x->f.s.w);
	x->f.s.w = NULL;
	vectors_memory_close(x->m);
	if (x->x != &x->by_hand)
		embed_close(x->x);
	mf_close(&x->f);
	free(x);
	clock_fake(0);
	return 0;
}

/* --- filling, as work/embedding does it ----------------------------------- */
struct text {
	int64_t fact;
	char text[200];
};
struct texts {
	struct text v[FACTS];
	int n;
};

static inline int
note_text(void *ctx, int64_t fact, const char *text, size_t n)
{
	struct texts *t = ctx;

	t->v[t->n].fact = fact;
	snprintf(t->v[t->n++].text, sizeof(t->v[0].text), "%.*s", (int)n, text);
	return 0;
}

/* In a group that is under way. */
static inline void
put(struct fixture *x, int64_t fact, const float *v, size_t dims)
{
	struct store_fixture *s = &x->f.s;

	if (x->model == 0)
		sf_ok(s, vector_model_make(s->w, embed_model(x->x), dims,
				 &x->model, &s->e));
	sf_ok(s, vector_put(s->w, x->model, fact, v, dims, &s->e));
}

/* Ends the group; what it put comes into memory. */
static inline void
commit(struct fixture *x, size_t dims, const int64_t *facts, size_t n)
{
	struct store_fixture *s = &x->f.s;

	sf_ok(s, store_group_commit(s->w, &s->e));
	if (vectors_memory_model(x->m).id == 0)
		sf_ok(s,
			vectors_memory_use(x->m,
				&(struct vector_model){x->model, dims}, &s->e));
	sf_ok(s, vectors_memory_sync(x->m, s->w, facts, n, &s->e));
}

/* By the local provider, all there is. */
static inline void
fill(struct fixture *x)
{
	struct store_fixture *s = &x->f.s;
	struct texts *t = calloc(1, sizeof(*t));
	size_t dims = 0;

	sf_ok(s, vector_texts(s->w, s->ns, s->ns << STORE_NS_SHIFT, note_text,
			 t, &s->e));
	sf_ok(s, store_group_begin(s->w, &s->e));
	for (int i = 0; i < t->n; i++) {
		struct embed_text text = {t->v[i].text, strlen(t->v[i].text)};
		float *v;

		x->facts[i] = t->v[i].fact;
		sf_ok(s, embed_texts(x->x, EMBED_STORED, &text, 1, &v, &dims,
				 &s->e));
		put(x, t->v[i].fact, v, dims);
		free(v);
	}
	commit(x, dims, x->facts, (size_t)t->n);
	free(t);
}

static inline double
number(struct sf_random *r)
{
	return (double)(sf_next(r) >> 11) / (double)(1LL << 53) - 0.5;
}

static inline void
unit(struct sf_random *r, float *v)
{
	for (int i = 0; i < DIMS; i++)
		v[i] = (float)number(r);
	assert_true(embed_unit(v, DIMS));
}

/* --- asking --------------------------------------------------------------- */
static inline void
remember(struct fixture *x, const char *name, const char *type,
	const char *text)
{
	mf_call(&x->f, "create_entities", "{s:[{s:s, s:s, s:[s]}]}", "entities",
		"name", name, "entityType", type, "observations", text);
}

static inline size_t
recall(struct fixture *x, const char *query)
{
	mf_call(&x->f, "recall", "{s:s, s:b}", "query", query, "explain", 1);
	return json_array_size(json_object_get(x->f.last, "results"));
}

static inline json_t *
row(struct fixture *x, size_t i)
{
	return json_array_get(json_object_get(x->f.last, "results"), i);
}

static inline const char *
name_of(struct fixture *x, size_t i)
{
	const char *s = json_string_value(json_object_get(row(x, i), "name"));

	return s ? s : "(none)";
}

/* --- brute force ---------------------------------------------------------- */
static const char *const types[] = {"red", "green", "blue", "rare"};
static const char *const sessions[] = {"s0", "s1", "s2", "s3", "s4"};

/* Which of its kinds fact i is. */
static inline int
type_of(int i)
{
	return i % 97 == 5 ? 3 : i % 3;
}

/* Ten facts are one change. */
static inline void
fill_by_hand(struct fixture *x)
{
	struct store_fixture *s = &x->f.s;
	struct texts *t = calloc(1, sizeof(*t));

	for (int i = 0; i < FACTS; i += 10) {
		json_t *list = json_array();

		for (int k = i; k < i + 10; k++) {
			char name[32], text[64], at[32];

			snprintf(name, sizeof(name), "e%d", k);
			snprintf(text, sizeof(text), "number%d of them", k);
			snprintf(at, sizeof(at), "2026-%02d-01", 1 + k % 12);
			json_array_append_new(list,
				json_pack("{s:s, s:s, s:[s], s:s, s:s, s:[s]}",
					"name", name, "entityType",
					types[type_of(k)], "observations", text,
					"source_session", sessions[k % 5],
					"source_timestamp", at, "tags",
					k % 50 == 7 ? "odd" : "even"));
		}
		mf_call(&x->f, "create_entities", "{s:o}", "entities", list);
	}
	sf_ok(s, vector_texts(s->w, s->ns, s->ns << STORE_NS_SHIFT, note_text,
			 t, &s->e));
	assert_int_equal(t->n, FACTS);
	sf_ok(s, store_group_begin(s->w, &s->e));
	for (int i = 0; i < FACTS; i++) {
		x->facts[i] = t->v[i].fact;
		unit(&x->random, x->v[i]);
		put(x, x->facts[i], x->v[i], DIMS);
	}
	commit(x, DIMS, x->facts, FACTS);
	x->n = FACTS;
	free(t);
}

static inline double
cosine(const float *a, const float *b)
{
	double sum = 0;

	for (int i = 0; i < DIMS; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

/* The ten nearest that pass, by definition; their number. */
static inline int
nearest(const struct fixture *x, const float *q, bool (*passes)(int i),
	int64_t *ret)
{
	bool used[FACTS] = {0};
	int n = 0;

	while (n < 10) {
		int best = -1;

		for (int i = 0; i < x->n; i++)
			if (!used[i] && passes(i) && cosine(x->v[i], q) > 0 &&
				(best < 0 || cosine(x->v[i], q) >
						     cosine(x->v[best], q)))
				best = i;
		if (best < 0)
			break;
		used[best] = true;
		ret[n++] = x->facts[best];
	}
	return n;
}

static inline bool
all(int i)
{
	return i >= 0;
}

static const struct recall_request plain = {.types_n = -1,
	.since = INT64_MIN,
	.until = INT64_MAX};

#endif
