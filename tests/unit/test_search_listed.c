/* A search without words takes the way that costs least: an index of tags or
 * tiers, the words of a type in the text index, or a walk over all entities.
 * It must give what the walk gives, in the same order, however large the pages
 * are: in the user's memory and beside a project's, on a branch and in the
 * past, of entities that were hidden, made again, renamed, given another type
 * or other tags, or erased. */
#include "tests/lib/unit.h"

#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/search/search.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/idle.h"
#include "memory-db/store/index/search.h"
#include "tests/lib/method_fixture.h"

#define ENTITIES  2600 /* of them more persons than the short way takes */
#define ROUNDS	  120
#define FOUND_MAX 8000

/* Words of types stand in texts, too; some types have no words at all. */
static const char *const types[] = {"person", "note", "plan", "red book",
	"Grün-Tee", "!!!", "of the", "notes"};
static const int shares[] = {2300, 120, 12, 60, 40, 30, 30, 8};
static const char *const tiers[] = {"working", "episodic", "semantic"};
static const char *const tags[] = {"odd", "rare", "blue", "instruction"};
static const char *const words[] = {"tea", "plan", "note", "book", "red",
	"person", "notes", "always use tabs", "of the"};

struct made {
	struct method_fixture m;
	struct sf_random rng;
	int64_t want[FOUND_MAX], got[FOUND_MAX];
	int64_t changes;
};

static const char *
pick(struct made *f, const char *const v[], size_t n)
{
	return v[sf_below(&f->rng, (int)n)];
}

static const char *
type_of(int i)
{
	size_t k = 0;

	for (i = i * 7919 % ENTITIES; i >= shares[k]; k++)
		i -= shares[k];
	return types[k];
}

static json_t *
tags_of(struct made *f, int i)
{
	if (i % 90 == 0)
		return json_pack("[s, s]", "rare", "blue");
	return sf_below(&f->rng, 12) == 0 ? json_pack("[s]", "odd")
					  : json_array();
}

static json_t *
entity_of(struct made *f, int i)
{
	json_t *o = json_pack("{s:s%, s:s, s:[s, s], s:s, s:o}", "name", "",
		(size_t)0, "entityType", type_of(i), "observations",
		pick(f, words, ARRAY_LEN(words)),
		pick(f, words, ARRAY_LEN(words)), "tier",
		tiers[i % 40 == 0 ? 1 + i % 2 : 0], "tags", tags_of(f, i));
	char name[32];

	snprintf(name, sizeof(name), "e%d", i);
	json_object_set_new(o, "name", json_string(name));
	if (i % 300 == 7)
		json_object_set_new(o, "metadata",
			json_pack("{s:[s]}", "tags", "blue"));
	return o;
}

static void
make(struct made *f, int from, int to)
{
	while (from < to) {
		json_t *list = json_array();

		for (int i = 0; i < 100 && from < to; i++)
			json_array_append_new(list, entity_of(f, from++));
		mf_call(&f->m, "create_entities", "{s:o}", "entities", list);
	}
}

/* What happens to entities; on main or on the branch. */
static void
stir(struct made *f, int n)
{
	for (int k = 0; k < n; k++) {
		int i = sf_below(&f->rng, ENTITIES);
		char name[32], other[32];

		snprintf(name, sizeof(name), "e%d", i);
		snprintf(other, sizeof(other), "r%d", i);
		switch (sf_below(&f->rng, 8)) {
		case 0:
		case 1:
			mf_call(&f->m, "delete_entities", "{s:[s]}",
				"entityNames", name);
			break;
		case 2:
			make(f, i, i + 1);
			break;
		case 3:
			(void)mf_run(&f->m, "rename_entity",
				json_pack("{s:s, s:s}", "name", name,
					"new_name", other));
			break;
		case 4:
			(void)mf_run(&f->m, "update_entity",
				json_pack("{s:s, s:s, s:s}", "name", name,
					"entityType",
					pick(f, types, ARRAY_LEN(types)),
					"tier", pick(f, tiers, 3)));
			break;
		case 5:
			(void)mf_run(&f->m, "update_entity",
				json_pack("{s:s, s:[s]}", "name", name, "tags",
					pick(f, tags, ARRAY_LEN(tags))));
			break;
		case 6:
			(void)mf_run(&f->m, "update_entity",
				json_pack("{s:s, s:{s:[s]}}", "name", name,
					"metadata", "tags", "rare"));
			break;
		case 7:
			if (f->m.ctx.branch[0] == 'm' && k % 4 == 0)
				(void)mf_run(&f->m, "forget",
					json_pack("{s:s, s:b}", "name", name,
						"confirm", 1));
			break;
		}
	}
}

static int
setup(void **state)
{
	struct made *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	mf_open(&f->m);
	f->rng.state = 11;
	make(f, 0, ENTITIES / 2);
	f->m.ctx.namespace_ = "project";
	make(f, 0, 200);
	stir(f, 40);
	f->m.ctx.namespace_ = "default";
	stir(f, 150);
	mf_call(&f->m, "memory_branch", "{s:s, s:s}", "action", "create",
		"name", "try");
	make(f, ENTITIES / 2, ENTITIES);
	stir(f, 150);
	f->m.ctx.branch = "try";
	make(f, ENTITIES / 2 - 50, ENTITIES / 2 + 150);
	stir(f, 150);
	f->m.ctx.branch = "main";
	f->m.ctx.namespace_ = "project";
	stir(f, 20);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct made *f = *state;

	mf_close(&f->m);
	free(f);
	return 0;
}

/* --- the walk -------------------------------------------------------------- */
struct walk {
	struct made *f;
	const struct search_request *q;
	struct store *st;
	int n;
};

static bool
walk_passes(struct walk *x, int64_t entity)
{
	const struct search_request *q = x->q;
	int64_t label = 0, tier = 0;
	struct err e;
	bool is_typed = q->types_n < 0;

	/* One that was erased is nowhere, whatever a past still shows. */
	if (fact_existence(x->st, entity, NULL, &label, NULL, &e) != 1)
		return false;
	for (int i = 0; i < q->types_n; i++)
		is_typed |= q->types[i] == label;
	assert_true(attr_get(x->st, entity, ATTR_TIER, &tier, &e) >= 0);
	return is_typed && (q->tiers == 0 || (q->tiers >> tier & 1)) &&
	       (!q->tags || fact_tags_any(x->st, entity, q->tags, &e) == 1);
}

static int
walk_row(void *ctx, const struct search_row *row)
{
	struct walk *x = ctx;

	if (walk_passes(x, row->entity)) {
		assert_true(x->n < FOUND_MAX);
		x->f->want[x->n++] = row->entity;
	}
	return 0;
}

static int
walk_all(struct made *f, struct store *st, const struct search_request *q)
{
	struct walk x = {.f = f, .q = q, .st = st};

	for (int k = 0; k < 2; k++) {
		struct search_range range;
		struct err e;

		if (q->ns[k] == 0)
			continue;
		assert_int_equal(search_range(st, q->ns[k], &range, &e), 0);
		assert_int_equal(search_entities(st, &range, walk_row, &x, &e),
			0);
	}
	return x.n;
}

/* --- the search ------------------------------------------------------------ */
static int
search_all(struct made *f, struct store *st, struct search_request q)
{
	struct search_result r;
	int n = 0;

	do {
		struct err e;

		if (search_run(st, &q, &r, &e) != 0)
			fail_msg("%s", e.text);
		assert_false(r.partial);
		assert_true((int)r.n == q.limit || !r.more);
		for (size_t i = 0; i < r.n; i++) {
			assert_true(n < FOUND_MAX);
			f->got[n++] = r.rows[i].entity;
		}
		q.a = r.a;
		q.b = r.b;
		search_result_done(&r);
	} while (q.a != 0 || q.b != 0);
	return n;
}

static json_t *
some_tags(struct made *f)
{
	if (sf_below(&f->rng, 2) == 0)
		return NULL;
	if (sf_below(&f->rng, 4) == 0)
		return json_pack("[s, s]", "rare", "blue");
	return json_pack("[s]", sf_below(&f->rng, 12) == 0
					? "nobody"
					: pick(f, tags, ARRAY_LEN(tags)));
}

static int
some_types(struct made *f, struct store *st, int64_t labels[3])
{
	int n = 0, wanted = 1 + sf_below(&f->rng, 3);
	struct err e;

	if (sf_below(&f->rng, 3) == 0)
		return -1;
	for (int i = 0; i < wanted; i++) {
		const char *type = sf_below(&f->rng, 15) == 0
					   ? "never heard of"
					   : pick(f, types, ARRAY_LEN(types));
		int rc = label_find(st, type, &labels[n], &e);

		assert_true(rc >= 0);
		n += rc;
	}
	return n;
}

static void
one_round(struct made *f, struct store *st, int round)
{
	static const int limits[] = {1, 2, 3, 7, 20, 100, 1000};
	int64_t labels[3];
	struct search_request q = {.query = "", .types = labels};
	json_t *as_of = NULL;
	struct scope s;
	struct err e;
	int n, m;

	f->m.ctx.namespace_ = round % 2 ? "project" : "default";
	f->m.ctx.branch = round % 5 == 4 && !(round % 2) ? "try" : "main";
	if (round % 3 == 2 && f->m.ctx.branch[0] == 'm')
		as_of = json_integer(1 + sf_below(&f->rng, (int)f->changes));
	f->m.ctx.as_of = as_of;
	assert_int_equal(store_read_begin(st, &e), 0);
	assert_int_equal(scope_read(st, &f->m.ctx, 0, &s, &e), 0);
	for (int i = 0; i < s.n; i++)
		q.ns[i] = s.ns[i];
	q.types_n = some_types(f, st, labels);
	if (sf_below(&f->rng, 3) == 0)
		q.tiers = 1 + (unsigned)sf_below(&f->rng, 7);
	q.tags = some_tags(f);
	n = walk_all(f, st, &q);
	/* Page by page a large find takes long. */
	q.limit =
		limits[(n > 300 ? 4 : 0) + sf_below(&f->rng, n > 300 ? 3 : 7)];
	m = search_all(f, st, q);
	store_read_end(st);
	if (n != m || memcmp(f->want, f->got, (size_t)n * sizeof(*f->got)) != 0)
		fail_msg("round %d: %d types, tiers %u, %s, limit %d: %d are "
			 "found, %d by the walk, or in another order",
			round, q.types_n, q.tiers, q.tags ? "tags" : "no tags",
			q.limit, m, n);
	json_decref((json_t *)(uintptr_t)q.tags);
	json_decref(as_of);
	f->m.ctx.as_of = NULL;
}

static void
rounds(struct made *f, struct store *st, int n)
{
	f->m.ctx.namespace_ = "default";
	f->m.ctx.branch = "main";
	mf_call(&f->m, "memory_history", "{s:i}", "limit", 1);
	f->changes = json_integer_value(
		json_object_get(json_array_get(json_object_get(f->m.last,
						       "changes"),
					0),
			"change"));
	assert_true(f->changes > 20);
	for (int round = 0; round < n; round++)
		one_round(f, st, round);
}

static void
gives_what_the_walk_gives(void **state)
{
	struct made *f = *state;

	rounds(f, f->m.s.w, ROUNDS);
}

/* A reader keeps sets of what has a tag. */
static void
gives_it_to_readers(void **state)
{
	struct made *f = *state;
	struct store *reader;

	sf_ok(&f->m.s, store_open(f->m.s.db, STORE_READER, &reader, &f->m.s.e));
	rounds(f, reader, ROUNDS);
	store_close(reader);
}

/* What is written since waits to be indexed. */
static void
gives_what_waits(void **state)
{
	struct made *f = *state;

	f->m.s.w->index_now.bytes = 0;
	f->m.ctx.branch = "main";
	f->m.ctx.namespace_ = "default";
	make(f, 0, 400);
	stir(f, 60);
	rounds(f, f->m.s.w, ROUNDS / 4);
	assert_true(store_index_step(f->m.s.w, 0, &f->m.s.e) >= 0);
	rounds(f, f->m.s.w, ROUNDS / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_the_walk_gives),
		cmocka_unit_test(gives_it_to_readers),
		cmocka_unit_test(gives_what_waits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
