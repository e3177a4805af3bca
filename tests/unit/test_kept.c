/* What a reader keeps with its connection (counts of words, names of entities,
 * facts) must not show: it answers as one that has just been opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "memory-db/model/recall/recall.h"
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
recall(struct memory *m, struct store *st, const char *query)
{
	struct recall_request q = {.ns = {m->ns[0], m->ns[1]},
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
		a = recall(m, old, query);
		b = recall(m, new, query);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_does_not_show)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
