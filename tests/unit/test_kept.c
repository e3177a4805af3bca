/* What a reader keeps with its connection (counts of words, names of entities,
 * facts) must not show: it answers as one that has just been opened. And what it
 * knows of tags by sets is what is found by asking each fact, as the writer's
 * connection does. */
#include "tests/lib/unit.h"

#include "memory-db/model/recall/recall.h"
#include "memory-db/model/search/search.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/index/search.h"
#include "tests/lib/store_fixture.h"

#define ENTITIES 6
#define FACTS	 600
#define BOUND	 5

static const char *const words[] = {"tea", "coffee", "green", "harbour",
	"paints", "zurich", "seldom"};

struct memory {
	struct store_fixture f;
	struct sf_random random;
	int64_t ns[2], entities[ENTITIES], existence[ENTITIES];
	int64_t facts[FACTS];
	int n;
};

static void
text_of(struct memory *m, char *out, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		/* The first words are in most facts, the last in few. */
		int word = sf_below(&m->random,
			1 + sf_below(&m->random, (int)ARRAY_LEN(words)));

		n += (size_t)snprintf(out + n, size - n, "%s ", words[word]);
	}
}

static void
make_entities(struct memory *m)
{
	char name[32];

	sf_open(&m->f);
	sf_begin(&m->f);
	for (int i = 0; i < 2; i++)
		sf_ok(&m->f, namespace_intern(m->f.w, i ? "b" : "a", &m->ns[i],
				     &m->f.e));
	sf_commit(&m->f);
	for (int i = 0; i < ENTITIES; i++) {
		m->f.ns = m->ns[i % 2];
		sf_begin(&m->f);
		snprintf(name, sizeof(name), "%s %d", words[i], i);
		m->entities[i] = sf_entity(&m->f, name, "note");
		sf_ok(&m->f, fact_existence(m->f.w, m->entities[i],
				     &m->existence[i], NULL, NULL, &m->f.e));
		sf_commit(&m->f);
	}
}

/* A new name is an existence fact that takes the place of the other. */
static void
rename_entity(struct memory *m, int which)
{
	char text[64], name[80];
	struct fact x;

	text_of(m, text, sizeof(text));
	snprintf(name, sizeof(name), "%s%d", text, m->n);
	x = sf_fact(m->entities[which], FACT_EXISTENCE, name);
	sf_ok(&m->f, label_intern(m->f.w, "note", &x.label, &m->f.e));
	sf_ok(&m->f, change_hide(m->f.c, m->existence[which], &m->f.e));
	sf_ok(&m->f,
		change_add_fact(m->f.c, &x, &m->existence[which], &m->f.e));
}

static void
change_something(struct memory *m)
{
	int which = sf_below(&m->random, ENTITIES);
	char text[64];

	/* A change is of one namespace; facts of which are found by it. */
	m->f.ns = m->ns[which % 2];
	sf_begin(&m->f);
	switch (sf_below(&m->random, 6)) {
	case 0:
		rename_entity(m, which);
		break;
	case 1:
		sf_ok(&m->f, change_attr(m->f.c, m->entities[which], ATTR_TIER,
				     sf_below(&m->random, 4), &m->f.e));
		break;
	case 2:
		for (int i = m->n - 1; i >= 0; i--)
			if (m->facts[i] != 0 &&
				fact_namespace(m->facts[i]) == m->f.ns) {
				sf_ok(&m->f, change_hide(m->f.c, m->facts[i],
						     &m->f.e));
				m->facts[i] = 0;
				break;
			}
		break;
	default:
		text_of(m, text, sizeof(text));
		m->facts[m->n++] = sf_observe(&m->f, m->entities[which], text);
	}
	sf_commit(&m->f);
}

static struct recall_result
recall(struct memory *m, struct store *st, const char *query, json_t *tags)
{
	struct recall_request q = {.ns = {m->ns[0], m->ns[1]},
		.tags = tags,
		.query = query,
		.query_n = strlen(query),
		.types_n = -1,
		.limit = 10,
		.since = INT64_MIN,
		.until = INT64_MAX,
		.valid_at = FACT_NO_TIME,
		.now = INT64_C(1795161933120),
		.zone = ""};
	struct recall_result r;

	sf_ok(&m->f, recall_run(st, &q, &r, &m->f.e));
	return r;
}

static int64_t
count(struct memory *m, struct store *st, int which, const char *word)
{
	char text[32];
	struct search_match match = {.text = text, .words = 1, .counted = 1};
	struct search_range range;
	int64_t n, lowest;

	match.n = (size_t)snprintf(text, sizeof(text), "\"%s\"", word);
	sf_ok(&m->f, search_range(st, m->ns[which], &range, &m->f.e));
	sf_ok(&m->f,
		search_count(st, &range, &match, BOUND, &n, &lowest, &m->f.e));
	return n < BOUND ? n : n + lowest;
}

static void
begin(struct memory *m, struct store *st)
{
	struct lens lens;

	sf_ok(&m->f, store_read_begin(st, &m->f.e));
	sf_ok(&m->f, lens_make(st, STORE_MAIN, STORE_OPEN_END, &lens, &m->f.e));
	sf_ok(&m->f, lens_apply(st, &lens, &m->f.e));
}

/* Both readers, the old and a new one. */
static void
compare(struct memory *m, struct store *old, struct store *new)
{
	begin(m, old);
	begin(m, new);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char query[64];
		struct recall_result a, b;

		for (int which = 0; which < 2; which++)
			assert_int_equal(count(m, old, which, words[i]),
				count(m, new, which, words[i]));
		snprintf(query, sizeof(query), "%s %s", words[i],
			words[(i + 1) % ARRAY_LEN(words)]);
		a = recall(m, old, query, NULL);
		b = recall(m, new, query, NULL);
		assert_int_equal(a.n, b.n);
		for (size_t k = 0; k < a.n; k++) {
			assert_int_equal(a.rows[k].fact, b.rows[k].fact);
			assert_float_equal(a.rows[k].score, b.rows[k].score, 0);
		}
		recall_result_done(&a);
		recall_result_done(&b);
	}
	store_read_end(old);
	store_read_end(new);
}

static void
test_kept_does_not_show(void **state)
{
	struct memory m = {.random = {7}};
	struct store *old;

	(void)state;
	make_entities(&m);
	sf_ok(&m.f, store_open(m.f.db, STORE_READER, &old, &m.f.e));
	for (int i = 0; i < 200; i++) {
		struct store *new;

		change_something(&m);
		if (i % 3 != 0)
			continue;
		sf_ok(&m.f, store_open(m.f.db, STORE_READER, &new, &m.f.e));
		compare(&m, old, new);
		store_close(new);
	}
	assert_true(m.n > 80);
	store_close(old);
	sf_close(&m.f);
}

/* --- tags ----------------------------------------------------------------- */

#define TAGGED_ENTITIES 400

static void
add_marked(struct memory *m, int64_t entity, int64_t of, enum fact_kind kind,
	const char *text)
{
	struct fact x = sf_fact(entity, kind, text);
	int64_t id;

	x.supersedes = of;
	if (kind == FACT_TAG)
		sf_ok(&m->f, label_intern(m->f.w, text, &x.label, &m->f.e));
	sf_ok(&m->f, change_add_fact(m->f.c, &x, &id, &m->f.e));
	/* Some are taken off again. */
	if (sf_below(&m->random, 20) == 0)
		sf_ok(&m->f, change_hide(m->f.c, id, &m->f.e));
}

/* Facts, more than half of which have a tag: too many for the short way. */
static void
make_tagged(struct memory *m, int ns)
{
	static const char *const metadata[] = {"{\"tags\":[\"red\"]}",
		"{\"tags\":[\"blue\",\"red\"]}", "{\"tags\":[\"green\"]}",
		"{\"about\":\"red\"}"};
	char text[64], name[96];

	m->f.ns = m->ns[ns];
	for (int i = 0; i < TAGGED_ENTITIES; i++) {
		int64_t entity, fact;

		if (i % 50 == 0)
			sf_begin(&m->f);
		text_of(m, text, sizeof(text));
		snprintf(name, sizeof(name), "%s%d", text, i);
		entity = sf_entity(&m->f, name, "keeper");
		if (i % 5 == 0)
			add_marked(m, entity, 0, FACT_METADATA,
				metadata[sf_below(&m->random, 4)]);
		for (int k = 0; k < 7; k++) {
			text_of(m, text, sizeof(text));
			fact = sf_observe(&m->f, entity, text);
			if (k < 6 && i % 4 != 0)
				add_marked(m, entity, fact, FACT_TAG, "red");
			if (k == 1)
				add_marked(m, entity, fact, FACT_TAG, "blue");
		}
		if (i % 50 == 49)
			sf_commit(&m->f);
	}
}

static struct search_result
search(struct memory *m, struct store *st, const char *query, json_t *tags)
{
	struct search_request q = {.ns = {m->ns[0], m->ns[1]},
		.tags = tags,
		.query = query,
		.query_n = strlen(query),
		.types_n = -1,
		.limit = 60};
	struct search_result r;

	sf_ok(&m->f, search_run(st, &q, &r, &m->f.e));
	return r;
}

static void
compare_tagged(struct memory *m, struct store *reader, const char *query,
	json_t *tags)
{
	struct recall_result a = recall(m, reader, query, tags);
	struct recall_result b = recall(m, m->f.w, query, tags);
	struct search_result x = search(m, reader, query, tags);
	struct search_result y = search(m, m->f.w, query, tags);

	assert_true(x.n > 0);
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++) {
		assert_int_equal(a.rows[i].fact, b.rows[i].fact);
		assert_float_equal(a.rows[i].score, b.rows[i].score, 0);
	}
	assert_int_equal(x.n, y.n);
	for (size_t i = 0; i < x.n; i++)
		assert_int_equal(x.rows[i].entity, y.rows[i].entity);
	recall_result_done(&a);
	recall_result_done(&b);
	search_result_done(&x);
	search_result_done(&y);
}

static void
test_sets_of_tags(void **state)
{
	static const char *const queries[] = {"tea", "coffee green",
		"zurich paints harbour", "keeper"};
	json_t *filters[] = {json_pack("[s]", "red"),
		json_pack("[ss]", "red", "blue"), json_pack("[s]", "blue"),
		json_pack("[s]", "green")};
	struct memory m = {.random = {11}};
	struct store *reader;

	(void)state;
	make_entities(&m);
	make_tagged(&m, 0);
	sf_ok(&m.f, store_open(m.f.db, STORE_READER, &reader, &m.f.e));
	begin(&m, reader);
	sf_ok(&m.f, lens_apply(m.f.w, lens_of(reader), &m.f.e));
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		for (size_t k = 0; k < ARRAY_LEN(filters); k++)
			compare_tagged(&m, reader, queries[i], filters[k]);
	store_read_end(reader);
	for (size_t k = 0; k < ARRAY_LEN(filters); k++)
		json_decref(filters[k]);
	store_close(reader);
	sf_close(&m.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(
						   test_kept_does_not_show),
		cmocka_unit_test(test_sets_of_tags)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
