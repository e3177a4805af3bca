/* Nearness of meaning in recall: what is near comes, whatever its words; by
 * filters, branches and times exactly as by brute force; nothing changes where
 * there are no vectors; an answer of before they came is not given again. */
#include "tests/lib/unit.h"

#include <math.h>

#include "memory-db/embed/internal.h"
#include "memory-db/model/recall/vectors_memory.h"
#include "memory-db/model/recall/recall.h"
#include "memory-db/model/recall/recall_cached.h"
#include "tests/lib/method_fixture.h"

#define DIMS  16
#define FACTS 700

/* --- a provider whose vectors are put in by hand -------------------------- */
static void
close_it(struct embedder *x)
{
	(void)x;
}

static size_t
dims_of(const struct embedder *x)
{
	(void)x;
	return DIMS;
}

static int
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

static void
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

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	open_fixture(*state, NULL);
	return 0;
}

static int
setup_hash(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	open_fixture(*state, "hash");
	return 0;
}

static int
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

static int
note_text(void *ctx, int64_t fact, const char *text, size_t n)
{
	struct texts *t = ctx;

	t->v[t->n].fact = fact;
	snprintf(t->v[t->n++].text, sizeof(t->v[0].text), "%.*s", (int)n, text);
	return 0;
}

/* In a group that is under way. */
static void
put(struct fixture *x, int64_t fact, const float *v, size_t dims)
{
	struct store_fixture *s = &x->f.s;

	if (x->model == 0)
		sf_ok(s, vector_model_make(s->w, embed_model(x->x), dims,
				 &x->model, &s->e));
	sf_ok(s, vector_put(s->w, x->model, fact, v, dims, &s->e));
}

/* Ends the group; what it put comes into memory. */
static void
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
static void
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

static double
number(struct sf_random *r)
{
	return (double)(sf_next(r) >> 11) / (double)(1LL << 53) - 0.5;
}

static void
unit(struct sf_random *r, float *v)
{
	for (int i = 0; i < DIMS; i++)
		v[i] = (float)number(r);
	assert_true(embed_unit(v, DIMS));
}

/* --- asking --------------------------------------------------------------- */
static void
remember(struct fixture *x, const char *name, const char *type,
	const char *text)
{
	mf_call(&x->f, "create_entities", "{s:[{s:s, s:s, s:[s]}]}", "entities",
		"name", name, "entityType", type, "observations", text);
}

static size_t
recall(struct fixture *x, const char *query)
{
	mf_call(&x->f, "recall", "{s:s, s:b}", "query", query, "explain", 1);
	return json_array_size(json_object_get(x->f.last, "results"));
}

static json_t *
row(struct fixture *x, size_t i)
{
	return json_array_get(json_object_get(x->f.last, "results"), i);
}

static const char *
name_of(struct fixture *x, size_t i)
{
	const char *s = json_string_value(json_object_get(row(x, i), "name"));

	return s ? s : "(none)";
}

static void
misspelled_words_find(void **state)
{
	struct fixture *x = *state;

	remember(x, "cluster", "note", "Kubernetes runs in the basement");
	remember(x, "garden", "note", "the roses need water on Sundays");
	remember(x, "dentist", "note", "an appointment in the afternoon");
	assert_int_equal(recall(x, "Kubarnitis"), 0);
	fill(x);
	assert_true(recall(x, "Kubarnitis") >= 1);
	assert_string_equal(name_of(x, 0), "cluster");
	assert_true(json_number_value(
			    json_object_get(json_object_get(row(x, 0), "parts"),
				    "meaning")) > 0);
	/* What only looks alike is no answer. */
	assert_true(json_is_false(json_object_get(x->f.last, "relevant")));
}

static void
hash_changes_no_relevance(void **state)
{
	struct fixture *x = *state;
	static const char *const questions[] = {"Who likes tea?",
		"where does the bus to Rome stop", "quantum chromodynamics",
		"tea in Rome on a Sunday afternoon"};
	double score[ARRAY_LEN(questions)];
	bool relevant[ARRAY_LEN(questions)];

	remember(x, "ada", "person", "she likes tea very much");
	remember(x, "bus", "note", "the bus to Rome stops at the station");
	remember(x, "sunday", "note", "on Sunday afternoons we drink coffee");
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		recall(x, questions[i]);
		relevant[i] =
			json_is_true(json_object_get(x->f.last, "relevant"));
		score[i] =
			json_number_value(json_object_get(row(x, 0), "score"));
	}
	fill(x);
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		recall(x, questions[i]);
		assert_int_equal(relevant[i],
			json_is_true(json_object_get(x->f.last, "relevant")));
		assert_true(fabs(score[i] -
				    json_number_value(json_object_get(row(x, 0),
					    "score"))) < 1e-6);
	}
}

/* --- brute force ---------------------------------------------------------- */
static const char *const types[] = {"red", "green", "blue", "rare"};
static const char *const sessions[] = {"s0", "s1", "s2", "s3", "s4"};

/* Which of its kinds fact i is. */
static int
type_of(int i)
{
	return i % 97 == 5 ? 3 : i % 3;
}

/* Ten facts are one change. */
static void
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

static double
cosine(const float *a, const float *b)
{
	double sum = 0;

	for (int i = 0; i < DIMS; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

/* The ten nearest that pass, by definition; their number. */
static int
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

static void
compare(struct fixture *x, const struct recall_request *like,
	bool (*passes)(int i))
{
	struct recall_request copy = *like, *q = &copy;
	struct store_fixture *s = &x->f.s;
	struct recall_result found;
	struct question question = {.dims = DIMS};
	int64_t expected[10];
	float v[DIMS];

	x->w.meaning = 10; /* nothing else decides */
	x->w.recency = x->w.use = x->w.tier = x->w.confirmed = x->w.session = 0;
	q->weights = &x->w;
	q->ns[0] = s->ns;
	q->query = "xyzzy";
	q->query_n = 5;
	q->limit = 10;
	q->now = clock_now_ms();
	q->zone = "";
	q->valid_at = FACT_NO_TIME;
	q->question = &question;
	for (int round = 0; round < 10; round++) {
		int n;

		unit(&x->random, v);
		question.v = v;
		n = nearest(x, v, passes, expected);
		sf_ok(s, recall_run(s->w, q, &found, &s->e));
		assert_false(found.partial);
		assert_true(found.n >= (size_t)n);
		for (int i = 0; i < n; i++)
			assert_int_equal(found.rows[i].fact, expected[i]);
		recall_result_done(&found);
	}
}

static bool
all(int i)
{
	return i >= 0;
}

static bool
is_green(int i)
{
	return type_of(i) == 1;
}

static bool
is_rare(int i)
{
	return type_of(i) == 3;
}

static bool
is_odd(int i)
{
	return i % 50 == 7;
}

static bool
is_s3(int i)
{
	return i % 5 == 3;
}

static bool
is_spring(int i)
{
	return i % 12 >= 2 && i % 12 <= 4;
}

static bool
is_odd_in_s2(int i)
{
	return is_odd(i) && i % 5 == 2;
}

static const struct recall_request plain = {.types_n = -1,
	.since = INT64_MIN,
	.until = INT64_MAX};

static int64_t
label(struct fixture *x, const char *text)
{
	int64_t id = 0;

	sf_ok(&x->f.s, label_find(x->f.s.w, text, &id, &x->f.s.e));
	assert_true(id != 0);
	return id;
}

static void
filters_are_exact(void **state)
{
	struct fixture *x = *state;
	struct recall_request q = plain;
	int64_t type;
	json_t *odd;

	fill_by_hand(x);
	compare(x, &q, all);
	type = label(x, "green");
	q.types = &type;
	q.types_n = 1;
	compare(x, &q, is_green);
	type = label(x, "rare");
	compare(x, &q, is_rare);
	q = plain;
	odd = json_pack("[s]", "odd");
	q.tags = odd;
	compare(x, &q, is_odd);
	q.source = label(x, "s2");
	compare(x, &q, is_odd_in_s2);
	q = plain;
	q.source = label(x, "s3");
	compare(x, &q, is_s3);
	q = plain;
	q.since = INT64_C(1772323200000); /* 2026-03-01 */
	q.until = INT64_C(1780185600000); /* 2026-05-31 */
	/* Facts have the first day of each month. */
	compare(x, &q, is_spring);
	json_decref(odd);
}

static bool
is_early(int i)
{
	return i < 100;
}

static bool
is_kept(int i)
{
	return i >= 500;
}

static void
apply(struct fixture *x, int64_t branch, int64_t change)
{
	struct store_fixture *s = &x->f.s;
	struct lens lens;

	sf_ok(s, lens_make(s->w, branch, change, &lens, &s->e));
	sf_ok(s, lens_apply(s->w, &lens, &s->e));
}

static void
past_branches_and_removed_facts(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	struct recall_request q = plain;
	int64_t branch = 0, newest;
	json_t *gone;

	fill_by_hand(x);
	apply(x, STORE_MAIN, 10);
	compare(x, &q, is_early);
	apply(x, STORE_MAIN, STORE_OPEN_END);
	mf_call(&x->f, "memory_branch", "{s:s, s:s}", "action", "create",
		"name", "side");
	x->f.ctx.branch = "side";
	gone = json_array();
	for (int i = 0; i < 500; i++)
		json_array_append_new(gone, json_sprintf("e%d", i));
	mf_call(&x->f, "delete_entities", "{s:o}", "entityNames", gone);
	x->f.ctx.branch = "main";
	sf_ok(s, lens_branch(s->w, s->ns, "side", &branch, &s->e));
	apply(x, branch, STORE_OPEN_END);
	compare(x, &q, is_kept);
	apply(x, STORE_MAIN, STORE_OPEN_END);
	compare(x, &q, all);
	sf_ok(s, lens_newest(s->w, &newest, &s->e));
	mf_call(&x->f, "memory_merge", "{s:s}", "branch", "side");
	apply(x, STORE_MAIN, STORE_OPEN_END);
	compare(x, &q, is_kept);
	apply(x, STORE_MAIN, newest);
	compare(x, &q, all);
	apply(x, STORE_MAIN, STORE_OPEN_END);
}

/* --- relevance, answers, forgetting --------------------------------------- */
static void
near_is_relevant(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	struct question question = {.dims = DIMS};
	struct recall_request q = plain;
	struct recall_result found;
	float v[DIMS] = {0.5f, 0.8660254f};

	fill_by_hand(x);
	sf_ok(s, store_group_begin(s->w, &s->e));
	for (int i = 0; i < FACTS; i++) {
		float flat[DIMS] = {i == 5 ? 1.0f : 0};

		flat[DIMS - 1] = i == 5 ? 0 : 1.0f;
		put(x, x->facts[i], flat, DIMS);
	}
	commit(x, DIMS, x->facts, FACTS);
	q.weights = &x->w;
	q.ns[0] = s->ns;
	q.query = "xyzzy";
	q.query_n = 5;
	q.limit = 3;
	q.zone = "";
	q.valid_at = FACT_NO_TIME;
	q.question = &question;
	question.v = v;
	for (int i = 0; i < 2; i++) {
		x->w.near = i == 0 ? 0.49 : 0.51; /* the cosine is 0.5 */
		sf_ok(s, recall_run(s->w, &q, &found, &s->e));
		assert_int_equal(found.rows[0].fact, x->facts[5]);
		assert_int_equal(found.is_relevant, i == 0);
		if (i == 0)
			assert_true(fabs(found.rows[0].score - 0.5) < 1e-5);
		recall_result_done(&found);
	}
	/* Without a vector of the question there is only the text. */
	q.question = NULL;
	sf_ok(s, recall_run(s->w, &q, &found, &s->e));
	assert_int_equal(found.n, 0);
	recall_result_done(&found);
	/* Nor when it is of another model. */
	q.question = &question;
	question.dims = DIMS - 1;
	sf_ok(s, recall_run(s->w, &q, &found, &s->e));
	assert_int_equal(found.n, 0);
	recall_result_done(&found);
}

static void
answers_of_before_are_not_given(void **state)
{
	struct fixture *x = *state;

	remember(x, "cluster", "note", "Kubernetes runs in the basement");
	assert_int_equal(recall(x, "Kubarnitis"), 0);
	assert_int_equal(recall(x, "Kubarnitis"), 0);
	fill(x);
	assert_int_equal(recall(x, "Kubarnitis"), 1);
	assert_int_equal(recall(x, "Kubarnitis"), 1);
}

static void
forgotten_facts_leave_memory(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	int64_t fact;

	remember(x, "secret", "note", "the watchword is swordfish");
	remember(x, "other", "note", "a sworn fisherman");
	fill(x);
	assert_int_equal(vectors_memory_count(x->m), 2);
	recall(x, "swordfisch");
	assert_string_equal(name_of(x, 0), "secret");
	fact = json_integer_value(json_object_get(row(x, 0), "id"));
	mf_call(&x->f, "forget", "{s:s, s:b}", "name", "secret", "confirm", 1);
	/* In memory still, and yet not found. */
	recall(x, "swordfisch");
	assert_string_equal(name_of(x, 0), "other");
	sf_ok(s, vectors_memory_sync(x->m, s->w, &fact, 1, &s->e));
	assert_int_equal(vectors_memory_count(x->m), 1);
}

static void
loads_what_the_table_has(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	atomic_bool stop = false;
	int64_t before;

	remember(x, "a", "note", "the kettle whistles");
	remember(x, "b", "note", "the cat sleeps");
	fill(x);
	before = vectors_memory_generation(x->m);
	sf_ok(s, vectors_memory_use(x->m, &(struct vector_model){x->model, 512},
			 &s->e));
	assert_int_equal(vectors_memory_count(x->m), 0);
	assert_int_equal(recall(x, "ketle"), 0);
	sf_ok(s, vectors_memory_load(x->m, s->w, &stop, &s->e));
	assert_int_equal(vectors_memory_count(x->m), 2);
	assert_true(vectors_memory_generation(x->m) > before);
	assert_true(recall(x, "ketle") >= 1);
	assert_string_equal(name_of(x, 0), "a");
}

static void
survives_lack_of_memory(void **state)
{
	struct fixture *x = *state;

	remember(x, "cluster", "note", "Kubernetes runs in the basement");
	remember(x, "garden", "other", "the roses need water on Sundays");
	fill(x);
	recall(x, "warm up");
	for (size_t n = 1;; n++) {
		json_t *params = json_pack("{s:s, s:[s]}", "query",
			"Kubernetis in the basement", "types", "note");
		int r;

		heap_fail_at(n);
		r = mf_run(&x->f, "recall", params);
		if (!heap_disarm())
			break;
		if (r != 0)
			assert_int_equal(r, MDB_E_NOMEM);
	}
	assert_string_equal(name_of(x, 0), "cluster");
}

int
main(void)
{
#define H(name) cmocka_unit_test_setup_teardown(name, setup_hash, teardown)
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		H(misspelled_words_find),
		H(hash_changes_no_relevance),
		T(filters_are_exact),
		T(past_branches_and_removed_facts),
		T(near_is_relevant),
		H(answers_of_before_are_not_given),
		H(forgotten_facts_leave_memory),
		H(loads_what_the_table_has),
		H(survives_lack_of_memory),
	};

	return cmocka_run_group_tests_name("meaning", tests, NULL, NULL);
}
