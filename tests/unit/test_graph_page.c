/* Pages of the graph: whatever their size, they give what one reply gives, and
 * that is what the entities say one by one. */
#include "memory-db/model/read/graph_page.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "tests/lib/method_fixture.h"
#include "tests/lib/unit.h"

/* More than are looked up at a time. */
#define ENTITIES 70

/* --- a memory with some history -------------------------------------------- */

static void
add_entities(struct method_fixture *f, const char *prefix, int n)
{
	for (int i = 0; i < n; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), "%s%d", prefix, i);
		snprintf(text, sizeof(text), "a \"text\" of %s", name);
		f->ctx.session = i % 3 == 0 ? "s2" : "s1";
		mf_call(f, "create_entities", "{s:[{s:s,s:s,s:[s,s]}]}",
			"entities", "name", name, "entityType", "kind",
			"observations", text, "both have this");
	}
	f->ctx.session = "s1";
}

static void
relate(struct method_fixture *f, const char *from, const char *to)
{
	mf_call(f, "create_relations", "{s:[{s:s,s:s,s:s}]}", "relations",
		"from", from, "to", to, "relationType", "knows");
}

static void
add_relations(struct method_fixture *f, const char *prefix, int n)
{
	for (int i = 0; i < n; i++) {
		char from[32], to[32];

		snprintf(from, sizeof(from), "%s%d", prefix, i);
		snprintf(to, sizeof(to), "%s%d", prefix, (i * 5 + 2) % n);
		relate(f, from, to);
		snprintf(to, sizeof(to), "%s0", prefix);
		relate(f, from, to); /* the first one knows itself, too */
	}
}

/* Two memories, with relations between them, a renaming, an entity that went
 * and came again, and one that a fact was derived from. */
static void
remember(struct method_fixture *f, int n)
{
	add_entities(f, "u", n);
	add_relations(f, "u", n);
	mf_call(f, "rename_entity", "{s:s,s:s}", "name", "u2", "new_name",
		"renamed");
	mf_call(f, "delete_entities", "{s:[s]}", "entityNames", "u3");
	mf_call(f, "create_entities", "{s:[{s:s,s:s,s:[s]}]}", "entities",
		"name", "u3", "entityType", "other", "observations", "again");
	relate(f, "u3", "u4");
	f->ctx.namespace_ = "project";
	add_entities(f, "p", n);
	add_relations(f, "p", n);
	relate(f, "p1", "u1");
	relate(f, "u5", "p1");
	f->ctx.namespace_ = "default";
}

/* --- reading ---------------------------------------------------------------- */

/* Moves the lists of the last reply to the end of those of all. */
static void
take_page(struct method_fixture *f, json_t *all)
{
	static const char *const keys[] = {"entities", "relations"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_int_equal(json_array_extend(json_object_get(all,
							   keys[i]),
					 json_object_get(f->last, keys[i])),
			0);
}

/* The graph in pages of at most this many entities, or bytes (0: no bound). */
static json_t *
read_pages(struct method_fixture *f, int limit, int max_bytes)
{
	json_t *all = json_pack("{s:[],s:[]}", "entities", "relations");
	char next[CURSOR_SIZE] = "";
	int pages = 0;

	do {
		json_t *params = json_object();
		const char *cursor;

		if (limit > 0)
			assert_int_equal(jx_set(params, "limit",
						 json_integer(limit)),
				0);
		if (max_bytes > 0)
			assert_int_equal(jx_set(params, "max_bytes",
						 json_integer(max_bytes)),
				0);
		if (next[0])
			assert_int_equal(jx_set(params, "cursor",
						 json_string(next)),
				0);
		assert_int_equal(mf_run(f, "read_graph", params), 0);
		take_page(f, all);
		cursor = json_string_value(json_object_get(f->last, "next"));
		snprintf(next, sizeof(next), "%s", cursor ? cursor : "");
		assert_true(++pages < 500);
	} while (next[0]);
	return all;
}

static int
by_id(const void *a, const void *b)
{
	json_int_t x =
		json_integer_value(json_object_get(*(json_t *const *)a, "id"));
	json_int_t y =
		json_integer_value(json_object_get(*(json_t *const *)b, "id"));

	return (x > y) - (x < y);
}

/* A page brings its relations in order; so do all together, sorted. */
static void
sort_relations(json_t *graph)
{
	json_t *list = json_object_get(graph, "relations"), *v[600];
	AUTO_JSON json_t *sorted = json_array();
	size_t n = json_array_size(list);

	assert_true(n < ARRAY_LEN(v));
	for (size_t i = 0; i < n; i++)
		v[i] = json_array_get(list, i);
	qsort(v, n, sizeof(*v), by_id);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(json_array_append(sorted, v[i]), 0);
	assert_int_equal(json_object_set(graph, "relations", sorted), 0);
}

static void
assert_pages_agree(struct method_fixture *f, size_t entities, size_t relations)
{
	static const int bounds[][2] = {{1, 0}, {2, 0}, {5, 0}, {0, 700},
		{0, 4000}, {0, 12000}, {3, 900}};
	AUTO_JSON json_t *whole = read_pages(f, 0, 0);

	assert_int_equal(json_array_size(json_object_get(whole, "entities")),
		entities);
	assert_int_equal(json_array_size(json_object_get(whole, "relations")),
		relations);
	sort_relations(whole);
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		AUTO_JSON json_t *pages =
			read_pages(f, bounds[i][0], bounds[i][1]);

		sort_relations(pages);
		if (!json_equal(pages, whole))
			fail_msg("pages of %d entities, %d bytes differ",
				bounds[i][0], bounds[i][1]);
	}
}

/* Each entity of the graph as open_nodes gives it, alone on its page. */
static void
assert_entities_agree(struct method_fixture *f)
{
	AUTO_JSON json_t *whole = read_pages(f, 0, 0);
	json_t *entity;
	size_t i;

	json_array_foreach(json_object_get(whole, "entities"), i, entity) {
		json_t *same;

		mf_call(f, "open_nodes", "{s:[O],s:b}", "names",
			json_object_get(entity, "name"), "relations", 0);
		same = json_array_get(json_object_get(f->last, "entities"), 0);
		assert_true(json_equal(entity, same));
	}
}

/* --- tests ------------------------------------------------------------------ */

/* How many relations add_relations makes; gone: but those of that one. */
static size_t
count_relations(int n, int gone)
{
	size_t count = 0;

	for (int i = 0; i < n; i++) {
		int to = (i * 5 + 2) % n;

		count += i != gone && to != gone;
		count += i != gone && to != 0; /* else it is the same */
	}
	return count;
}

/* One is added to u3 in its new life, and two lead from one memory into the
 * other. */
static void
pages_give_what_one_reply_gives(void **state)
{
	struct method_fixture f;

	(void)state;
	mf_open(&f);
	remember(&f, ENTITIES);
	assert_pages_agree(&f, ENTITIES, count_relations(ENTITIES, 3) + 1);
	assert_entities_agree(&f);
	f.ctx.session = "another"; /* all facts are of others: `from` */
	assert_pages_agree(&f, ENTITIES, count_relations(ENTITIES, 3) + 1);
	assert_entities_agree(&f);
	mf_close(&f);
}

static void
project_pages_reach_into_the_users_memory(void **state)
{
	struct method_fixture f;

	(void)state;
	mf_open(&f);
	remember(&f, ENTITIES);
	f.ctx.namespace_ = "project";
	assert_pages_agree(&f, 2 * ENTITIES,
		count_relations(ENTITIES, 3) + 1 +
			count_relations(ENTITIES, -1) + 2);
	assert_entities_agree(&f);
	mf_close(&f);
}

static void
pages_of_the_past_and_without_relations(void **state)
{
	AUTO_JSON json_t *before = NULL, *all = NULL;
	AUTO_JSON json_t *as_of = json_integer(ENTITIES);
	struct method_fixture f;

	(void)state;
	mf_open(&f);
	add_entities(&f, "u", ENTITIES);
	before = read_pages(&f, 0, 0);
	add_relations(&f, "u", ENTITIES);
	mf_call(&f, "delete_entities", "{s:[s]}", "entityNames", "u7");
	f.ctx.as_of = as_of;
	assert_pages_agree(&f, ENTITIES, 0);
	all = read_pages(&f, 4, 0);
	assert_true(json_equal(all, before));
	f.ctx.as_of = NULL;
	mf_call(&f, "read_graph", "{s:b}", "relations", 0);
	assert_int_equal(json_array_size(json_object_get(f.last, "relations")),
		0);
	/* Without observations relations are read on their own. */
	mf_call(&f, "read_graph", "{s:[s]}", "fields", "name");
	assert_true(json_array_size(json_object_get(f.last, "relations")) > 15);
	mf_close(&f);
}

static void
every_allocation_may_fail(void **state)
{
	AUTO_JSON json_t *whole = NULL;
	struct method_fixture f;

	(void)state;
	mf_open(&f);
	remember(&f, 8);
	f.ctx.namespace_ = "project";
	whole = read_pages(&f, 0, 0);
	for (size_t n = 1;; n++) {
		json_t *params = json_object();
		int rc;

		heap_fail_at(n);
		rc = mf_run(&f, "read_graph", params);
		if (!heap_disarm())
			break;
		if (rc == 0) /* a cache did without */
			assert_true(
				json_equal(json_object_get(f.last, "entities"),
					json_object_get(whole, "entities")));
		else
			assert_int_equal(rc, MDB_E_NOMEM);
	}
	mf_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_give_what_one_reply_gives),
		cmocka_unit_test(project_pages_reach_into_the_users_memory),
		cmocka_unit_test(pages_of_the_past_and_without_relations),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
