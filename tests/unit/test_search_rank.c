/* The order of what a search finds, its filters and its cost; search_nodes as
 * clients see it. */
#include "tests/lib/unit.h"

#include <jansson.h>
#include <sqlite3.h>

#include "memory-db/method/handlers.h"
#include "memory-db/model/search/search.h"
#include "memory-db/store/engine/store_internal.h"
#include "tests/lib/store_fixture.h"

/* One entity with up to three observations. */
static int64_t
add(struct store_fixture *f, const char *name, const char *type,
	const char *const facts[])
{
	int64_t entity;

	sf_begin(f);
	entity = sf_entity(f, name, type);
	for (int i = 0; facts && facts[i]; i++)
		sf_observe(f, entity, facts[i]);
	sf_commit(f);
	return entity;
}
#define FACTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A page as JSON; params is a JSON object. */
static json_t *
call(struct store_fixture *f, const char *params)
{
	struct context ctx = {.namespace_ = "default", .branch = "main"};
	struct call c = {.st = f->w, .ctx = &ctx};
	json_t *result = NULL;
	int r;

	c.params = json_loads(params, 0, NULL);
	assert_non_null(c.params);
	ctx.as_of = json_object_get(c.params, "as_of");
	r = m_search_nodes(&c, &result, &f->e);
	json_decref(c.params);
	sf_ok(f, r);
	assert_non_null(result);
	return result;
}

static const char *
name_at(const json_t *result, size_t i)
{
	return json_string_value(json_object_get(
		json_array_get(json_object_get(result, "results"), i), "name"));
}

/* names: those of the page, best first, with commas between. */
static void
expect(struct store_fixture *f, const char *params, const char *names)
{
	json_t *result = call(f, params), *row;
	char got[512] = "";
	double last = 1;
	size_t i, n = 0;

	json_array_foreach(json_object_get(result, "results"), i, row) {
		double score = json_real_value(json_object_get(row, "score"));

		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s",
			i ? "," : "", name_at(result, i));
		assert_true(score >= 0 && score <= last);
		last = score;
	}
	assert_int_equal(json_integer_value(json_object_get(result, "count")),
		json_array_size(json_object_get(result, "results")));
	json_decref(result);
	assert_string_equal(got, names);
}

static void
test_order(void **state)
{
	struct store_fixture *f = *state;

	add(f, "green tea", "drink", FACTS("from Japan"));
	add(f, "Tea", "drink", FACTS("hot"));
	add(f, "steamer", "thing", FACTS("a ship"));
	add(f, "ada", "person", FACTS("drinks teas", "likes green"));
	add(f, "bob", "person", FACTS("likes green tea"));
	add(f, "eve", "person", FACTS("green eyes"));
	add(f, "zoe", "person", FACTS("a steam engine"));

	/* the name; a part of the name, whole word before inside; the word;
	 * a part of a word in a fact */
	expect(f, "{\"query\":\"tea\"}", "Tea,green tea,steamer,bob,ada,zoe");
	/* the name; all words in one fact; all words spread; one word (that in
	 * a name first) */
	expect(f, "{\"query\":\"GREEN TEA\"}", "green tea,bob,ada,Tea,eve");
	/* the newest first among equals */
	expect(f, "{\"query\":\"green\"}", "green tea,eve,bob,ada");
	/* stop words and other forms */
	expect(f, "{\"query\":\"what does Eve like\"}", "eve,bob,ada");
	/* a rare word weighs more than a common one */
	expect(f, "{\"query\":\"likes ship\"}", "steamer,bob,ada");
	expect(f, "{\"query\":\"nothing of this\"}", "");
	expect(f, "{\"query\":\"japan\"}", "green tea");
	expect(f, "{\"query\":\"\"}", "zoe,eve,bob,ada,steamer,Tea,green tea");
	expect(f, "{\"query\":\"tea\",\"mode\":\"substring\"}",
		"green tea,Tea,steamer,ada,bob,zoe");
}

static void
test_filters(void **state)
{
	struct store_fixture *f = *state;
	int64_t ada;

	ada = add(f, "ada", "person", FACTS("likes tea"));
	add(f, "tea house", "place", NULL);
	add(f, "bob", "person", FACTS("tea again"));
	sf_begin(f);
	sf_ok(f, change_attr(f->c, ada, ATTR_TIER, 2, &f->e));
	sf_commit(f);
	expect(f, "{\"query\":\"tea\",\"types\":[\"person\"]}", "bob,ada");
	expect(f, "{\"query\":\"tea\",\"types\":[\"place\",\"nosuch\"]}",
		"tea house");
	expect(f, "{\"query\":\"tea\",\"types\":[\"nosuch\"]}", "");
	expect(f, "{\"query\":\"tea\",\"tiers\":[\"semantic\"]}", "ada");
	expect(f, "{\"query\":\"tea\",\"tiers\":[\"working\"]}",
		"tea house,bob");
	expect(f, "{\"query\":\"\",\"types\":[\"person\"]}", "bob,ada");
	expect(f,
		"{\"query\":\"ea\",\"types\":[\"person\"],"
		"\"mode\":\"substring\"}",
		"ada,bob");
}

/* No cap acts before a filter: one old match among many newer ones of another
 * type is found. */
static void
test_filter_before_caps(void **state)
{
	struct store_fixture *f = *state;
	char name[32];

	sf_begin(f);
	sf_observe(f, sf_entity(f, "the one", "rare"), "a common word");
	sf_seal(f);
	for (int i = 0; i < 60; i++) {
		sf_begin(f);
		for (int k = 0; k < 100; k++) {
			snprintf(name, sizeof(name), "e%d", i * 100 + k);
			sf_observe(f, sf_entity(f, name, "many"),
				"a common word");
		}
		sf_seal(f);
	}
	sf_ok(f, store_group_commit(f->w, &f->e));
	expect(f, "{\"query\":\"common\",\"types\":[\"rare\"]}", "the one");
	expect(f, "{\"query\":\"ommo\",\"types\":[\"rare\"]}", "the one");
	/* An old name that is the query, among newer matches of a word. */
	add(f, "zzz", "rare", NULL);
	expect(f, "{\"query\":\"the one\",\"limit\":1}", "the one");
}

static void
test_renamed_and_deleted(void **state)
{
	struct store_fixture *f = *state;
	struct fact x;
	int64_t ada, existence;

	ada = add(f, "ada", "person", FACTS("likes tea"));
	sf_begin(f);
	sf_ok(f, fact_existence(f->w, ada, &existence, NULL, NULL, &f->e));
	sf_ok(f, change_hide(f->c, existence, &f->e));
	x = sf_fact(ada, FACT_EXISTENCE, "countess");
	sf_ok(f, label_intern(f->w, "person", &x.label, &f->e));
	sf_ok(f, change_add_fact(f->c, &x, &existence, &f->e));
	sf_commit(f);
	expect(f, "{\"query\":\"countess\"}", "countess");
	expect(f, "{\"query\":\"ada\"}", "");
	expect(f, "{\"query\":\"tea\"}", "countess");
	expect(f, "{\"query\":\"ada\",\"as_of\":1}", "ada");
	sf_begin(f);
	sf_ok(f, change_hide(f->c, existence, &f->e));
	sf_commit(f);
	expect(f, "{\"query\":\"countess\"}", "");
	expect(f, "{\"query\":\"\"}", "");
}

/* Two namespaces: the other one's rows carry its name. */
static void
test_namespaces(void **state)
{
	struct store_fixture *f = *state;
	struct context ctx = {.namespace_ = "work", .branch = "main"};
	struct call c = {.st = f->w, .ctx = &ctx};
	json_t *result = NULL, *rows;

	add(f, "ada", "person", FACTS("likes tea"));
	sf_ok(f, store_group_begin(f->w, &f->e));
	sf_ok(f, namespace_intern(f->w, "work", &f->ns, &f->e));
	sf_ok(f, store_group_commit(f->w, &f->e));
	add(f, "bob", "person", FACTS("likes tea"));
	expect(f, "{\"query\":\"tea\"}", "ada");

	c.params = json_loads("{\"query\":\"tea\"}", 0, NULL);
	sf_ok(f, m_search_nodes(&c, &result, &f->e));
	json_decref(c.params);
	rows = json_object_get(result, "results");
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(name_at(result, 0), "bob");
	assert_null(json_object_get(json_array_get(rows, 0), "namespace"));
	assert_string_equal(json_string_value(
				    json_object_get(json_array_get(rows, 1),
					    "namespace")),
		"default");
	json_decref(result);
}

/* A budget cuts the big entity, not the page, and loses no row. */
static void
test_budget(void **state)
{
	struct store_fixture *f = *state;
	char name[32], params[160], text[120], *dump;
	const char *next = "";
	int64_t big;
	int rows = 0, pages = 0;
	json_t *result = NULL;

	sf_begin(f);
	big = sf_entity(f, "tea", "thing");
	for (int i = 0; i < 400; i++) {
		snprintf(text, sizeof(text), "%s number %d, of no interest",
			i == 377 ? "TEA is this, and its number is" : "fact",
			i);
		sf_observe(f, big, text);
	}
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "e%d", i);
		sf_observe(f, sf_entity(f, name, "thing"), "drinks tea");
	}
	sf_commit(f);
	do {
		snprintf(params, sizeof(params),
			"{\"query\":\"tea\","
			"\"max_tokens\":500%s%s%s}",
			*next ? ",\"cursor\":\"" : "", next, *next ? "\"" : "");
		json_decref(result);
		result = call(f, params);
		dump = json_dumps(result, JSON_COMPACT);
		assert_true(strlen(dump) <= 2000);
		if (pages++ == 0) {
			assert_string_equal(name_at(result, 0), "tea");
			assert_non_null(strstr(dump, "TEA is this"));
			assert_non_null(strstr(dump, "\"omitted\":"));
			assert_true(json_array_size(json_object_get(result,
					    "results")) >= 5);
		}
		free(dump);
		rows += (int)json_array_size(
			json_object_get(result, "results"));
		next = json_string_value(json_object_get(result, "next"));
	} while (next && pages < 40);
	assert_int_equal(rows, 31);
	json_decref(result);
}

static void
test_relations(void **state)
{
	struct store_fixture *f = *state;
	int64_t a = add(f, "ada", "person", NULL);
	int64_t b = add(f, "bob", "person", NULL);
	struct fact x = sf_fact(a, FACT_RELATION, "");
	json_t *result;

	sf_begin(f);
	x.peer = b;
	sf_ok(f, label_intern(f->w, "knows", &x.label, &f->e));
	sf_ok(f, change_add_fact(f->c, &x, NULL, &f->e));
	sf_commit(f);
	result = call(f, "{\"query\":\"bob\",\"relations\":true}");
	assert_int_equal(json_array_size(json_object_get(result, "relations")),
		1);
	json_decref(result);
	result = call(f, "{\"query\":\"person\",\"relations\":true}");
	assert_int_equal(json_array_size(json_object_get(result, "relations")),
		1);
	json_decref(result);
	result = call(f, "{\"query\":\"bob\"}");
	assert_null(json_object_get(result, "relations"));
	json_decref(result);
}

/* --- cost ----------------------------------------------------------------- */

static int64_t
steps(struct store_fixture *f)
{
	int64_t n = 0;

	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(f->w->db, s));)
		n += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
	return n;
}

static int64_t
cost(struct store_fixture *f, const char *params)
{
	(void)steps(f);
	json_decref(call(f, params));
	return steps(f);
}

static const char *const costly[] = {
	"{\"query\":\"rare7\"}",
	"{\"query\":\"mid\"}",
	"{\"query\":\"common\"}",
	"{\"query\":\"absent\"}",
	"{\"query\":\"omm\"}",
	"{\"query\":\"common words like mid and rare7 in every second text of "
	"this memory\"}",
	"{\"query\":\"common\",\"as_of\":10}",
	"{\"query\":\"::\"}",
	"{\"query\":\"\"}",
};

static void
grow(struct store_fixture *f, int from, int to)
{
	char name[32], text[160];

	for (int i = from; i < to; i++) {
		if (i % 200 == 0)
			sf_begin(f);
		snprintf(name, sizeof(name), "entity %d", i);
		snprintf(text, sizeof(text),
			"common words, %s second text of "
			"%s a::b memory %d rare%d",
			i % 2 ? "every" : "no", i % 4 ? "some" : "mid", i,
			i % 500);
		sf_observe(f, sf_entity(f, name, "note"), text);
		if (i % 200 == 199)
			sf_commit(f);
	}
}

/* What a page costs does not grow with the memory. Steps of SQLite's machine
 * are the same on every run; FTS5's own work shows in none, but it is what the
 * rows cost that it gives. */
static void
test_cost_is_bounded(void **state)
{
	struct store_fixture *f = *state;
	int64_t small[ARRAY_LEN(costly)];

	grow(f, 0, 4000);
	for (size_t i = 0; i < ARRAY_LEN(costly); i++) {
		small[i] = cost(f, costly[i]);
		assert_true(small[i] < 150000);
	}
	grow(f, 4000, 12000);
	for (size_t i = 0; i < ARRAY_LEN(costly); i++) {
		int64_t now;

		now = cost(f, costly[i]);
		if (now > small[i] * 5 / 4 + 2000)
			fail_msg("%s: %lld steps at 4,000, %lld at 12,000",
				costly[i], (long long)small[i], (long long)now);
	}
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, sf_setup, sf_teardown)
	const struct CMUnitTest tests[] = {T(test_order), T(test_filters),
		T(test_filter_before_caps), T(test_renamed_and_deleted),
		T(test_namespaces), T(test_budget), T(test_relations),
		T(test_cost_is_bounded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
