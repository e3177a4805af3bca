/* Filters of search: what is found with a filter is what is found without one
 * and passes it, at every time and on a branch, page by page, whatever is
 * written between the pages. */
#include "tests/lib/unit.h"

#include "tests/lib/method_fixture.h"

#define ENTITIES 240
#define ROUNDS	 120

static const char *const types[] = {"note", "red book", "person"};
static const char *const tiers[] = {"working", "episodic", "semantic"};
static const char *const tags[] = {"odd", "even", "blue"};
static const char *const words[] = {"tea", "green", "note", "book", "river",
	"stone", "reading", "person"};

struct made {
	struct method_fixture m;
	struct sf_random rng;
	int type[ENTITIES], tier[ENTITIES], tag[ENTITIES];
};

static const char *
pick(struct made *f, const char *const v[], int n)
{
	return v[sf_below(&f->rng, n)];
}

static void
text_of(struct made *f, char *out, size_t size)
{
	snprintf(out, size, "%s %s %s", pick(f, words, (int)ARRAY_LEN(words)),
		pick(f, words, (int)ARRAY_LEN(words)),
		pick(f, words, (int)ARRAY_LEN(words)));
}

static void
add(struct made *f, int i)
{
	char name[32], text[2][64];

	snprintf(name, sizeof(name), "e%d %s", i,
		words[i % (int)ARRAY_LEN(words)]);
	text_of(f, text[0], sizeof(text[0]));
	text_of(f, text[1], sizeof(text[1]));
	mf_call(&f->m, "create_entities",
		"{s:[{s:s, s:s, s:[s, s], s:s, s:[s]}]}", "entities", "name",
		name, "entityType", types[f->type[i]], "observations", text[0],
		text[1], "tier", tiers[f->tier[i]], "tags", tags[f->tag[i]]);
}

static int
setup(void **state)
{
	struct made *f = calloc(1, sizeof(*f));
	char text[64];

	assert_non_null(f);
	mf_open(&f->m);
	f->rng.state = 7;
	for (int i = 0; i < ENTITIES; i++) {
		f->type[i] = sf_below(&f->rng, 3);
		f->tier[i] = sf_below(&f->rng, 3);
		f->tag[i] = sf_below(&f->rng, 3);
	}
	for (int i = 0; i < ENTITIES; i++) {
		add(f, i);
		if (i == ENTITIES / 2)
			mf_call(&f->m, "memory_branch", "{s:s, s:s}", "action",
				"create", "name", "try");
		if (i % 7 == 3) { /* some of it is gone, some on the branch */
			snprintf(text, sizeof(text), "e%d %s", i / 2,
				words[i / 2 % (int)ARRAY_LEN(words)]);
			mf_call(&f->m, "delete_entities", "{s:[s]}",
				"entityNames", text);
		}
		if (i > ENTITIES / 2 && i % 5 == 0) {
			f->m.ctx.branch = "try";
			add(f, i - ENTITIES / 2);
			f->m.ctx.branch = "main";
		}
	}
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

/* Counts, by the number in its name, how often each entity is found. Pages of
 * `limit`; something is written behind the first. filter: borrowed. */
static int
find_all(struct made *f, const char *query, json_t *filter, int limit,
	bool writes, int found[ENTITIES])
{
	json_t *as_of = (json_t *)(uintptr_t)f->m.ctx.as_of;
	const char *branch = f->m.ctx.branch;
	json_t *next = NULL;
	int n = 0;

	memset(found, 0, ENTITIES * sizeof(*found));
	do {
		json_t *params = json_pack("{s:s, s:i}", "query", query,
			       "limit", limit),
		       *row;
		size_t i;

		assert_non_null(params);
		json_object_update(params, filter);
		if (next)
			json_object_set_new(params, "cursor", next);
		next = NULL;
		if (mf_run(&f->m, "search_nodes", params) != 0)
			fail_msg("%s", f->m.e.text);
		json_array_foreach(json_object_get(f->m.last, "results"), i,
			row) {
			int at = -1;

			if (sscanf(json_string_value(
					   json_object_get(row, "name")),
				    "e%d", &at) != 1)
				continue;
			assert_in_range(at, 0, ENTITIES - 1);
			found[at]++;
			n++;
		}
		next = json_incref(json_object_get(f->m.last, "next"));
		if (writes && next) {
			f->m.ctx.as_of = NULL;
			f->m.ctx.branch = "main";
			mf_call(&f->m, "create_entities",
				"{s:[{s:s, s:s, s:[s], s:s, s:[s]}]}",
				"entities", "name", "later", "entityType",
				"note", "observations", query, "tier",
				"semantic", "tags", "odd");
			mf_call(&f->m, "delete_entities", "{s:[s]}",
				"entityNames", "later");
			f->m.ctx.as_of = as_of;
			f->m.ctx.branch = branch;
		}
	} while (next);
	return n;
}

static void
one_round(struct made *f, int round)
{
	static const char *const queries[] = {"tea", "green stone",
		"book river "
		"note",
		"e1", "ree", "person", "red", "reading the tea"};
	const char *query = pick(f, queries, (int)ARRAY_LEN(queries));
	int type = sf_below(&f->rng, 4), tier = sf_below(&f->rng, 4);
	int tag = sf_below(&f->rng, 4), all[ENTITIES], some[ENTITIES];
	json_t *none = json_object(), *filter = json_object();

	assert_non_null(none);
	assert_non_null(filter);
	if (type < 3)
		json_object_set_new(filter, "types",
			json_pack("[s]", types[type]));
	if (tier < 3)
		json_object_set_new(filter, "tiers",
			json_pack("[s]", tiers[tier]));
	if (tag < 3)
		json_object_set_new(filter, "tags",
			json_pack("[s]", tags[tag]));
	find_all(f, query, none, 1000, false, all);
	find_all(f, query, filter, 1 + sf_below(&f->rng, 20), round % 2, some);
	for (int i = 0; i < ENTITIES; i++) {
		bool passes = (type == 3 || f->type[i] == type) &&
			      (tier == 3 || f->tier[i] == tier) &&
			      (tag == 3 || f->tag[i] == tag);

		if (some[i] != (passes ? all[i] : 0))
			fail_msg("round %d, '%s', type %d, tier %d, tag %d: "
				 "e%d is found %d times, %d without filter",
				round, query, type, tier, tag, i, some[i],
				all[i]);
	}
	json_decref(none);
	json_decref(filter);
}

static void
filters_take_away_what_does_not_pass(void **state)
{
	struct made *f = *state;

	for (int round = 0; round < ROUNDS; round++) {
		json_t *as_of = NULL;

		f->m.ctx.branch = round % 3 == 1 ? "try" : "main";
		if (round % 3 == 2)
			as_of = json_integer(20 + sf_below(&f->rng, 200));
		f->m.ctx.as_of = as_of;
		one_round(f, round);
		f->m.ctx.as_of = NULL;
		json_decref(as_of);
	}
	f->m.ctx.branch = "main";
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_take_away_what_does_not_pass),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
