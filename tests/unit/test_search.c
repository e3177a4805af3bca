/* Search against a brute-force model of what it promises: every substring,
 * every word in any form, each entity once over all pages, at every past
 * state; and the order of what it finds. */
#include "tests/lib/unit.h"

#include "common/text.h"
#include "memory-db/model/search/search.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/idle.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/index/text_wait.h"
#include "tests/lib/search_model.h"

static int
setup(void **state)
{
	struct model *m = calloc(1, sizeof(*m));

	sf_open(&m->f);
	*state = m;
	return 0;
}

/* Nothing is indexed with its change. */
static int
setup_waiting(void **state)
{
	struct model *m;
	int r = setup(state);

	m = *state;
	m->f.w->index_now.bytes = 0;
	return r;
}

/* A little of what waits is indexed between the searches. */
static void
index_some(struct model *m)
{
	for (int i = sf_below(&m->random, 3); i > 0; i--)
		assert_true(store_index_step(m->f.w, 0, &m->f.e) >= 0);
}

static int
teardown(void **state)
{
	struct model *m = *state;

	sf_close(&m->f);
	for (int i = 0; i < m->facts_n; i++)
		free((void *)(uintptr_t)m->facts[i].text);
	free(m);
	return 0;
}

/* --- running -------------------------------------------------------------- */

/* So small that each path is taken in a memory of 20 entities. */
static const struct search_caps tiny = {.common_bound = 4,
	.rare_max = 6,
	.mid_max = 5,
	.together_max = 9,
	.all_max = 2,
	.names_max = 2,
	.common_max = 3,
	.verify_max = 6,
	.hits_max = 2,
	.refine_entities = 3,
	.refine_facts = 5,
	.refine_facts_of = 2,
	.gather_max = 6,
	.terms_bound = 3,
	.rank_terms = 2};

static struct search_request
request(const char *query, int limit)
{
	return (struct search_request){.ns = {NAMESPACE_DEFAULT, 0},
		.query = query,
		.query_n = strlen(query),
		.types_n = -1,
		.limit = limit};
}

static void
look_at(struct model *m, int64_t change)
{
	struct lens lens;

	sf_ok(&m->f, lens_make(m->f.w, STORE_MAIN, change, &lens, &m->f.e));
	sf_ok(&m->f, lens_apply(m->f.w, &lens, &m->f.e));
}

static int
number_of(const struct model *m, int64_t entity)
{
	for (int k = 0; k < m->entities_n; k++)
		if (m->entities[k] == entity)
			return k;
	fail_msg("an unknown entity");
	return -1;
}

/* All pages; the numbers of the entities in order. between (may be NULL) runs
 * after each page. */
static int
all_pages(struct model *m, struct search_request q, int got[ENTITIES_MAX],
	void (*between)(struct model *m))
{
	struct search_result r;
	int n = 0;

	do {
		sf_ok(&m->f, search_run(m->f.w, &q, &r, &m->f.e));
		assert_false(r.partial);
		assert_true((int)r.n <= q.limit);
		if (r.more)
			assert_int_equal(r.n, q.limit);
		for (size_t i = 0; i < r.n; i++) {
			assert_true(n < ENTITIES_MAX);
			got[n++] = number_of(m, r.rows[i].entity);
		}
		q.a = r.a;
		q.b = r.b;
		search_result_done(&r);
		if (between && q.a + q.b > 0)
			between(m);
	} while (q.a != 0 || q.b != 0);
	return n;
}

static void
check_query(struct model *m, const char *query, int64_t at, int limit,
	bool substring, void (*between)(struct model *m))
{
	struct search_request q = request(query, limit);
	bool want[ENTITIES_MAX], seen[ENTITIES_MAX] = {0};
	int got[ENTITIES_MAX];
	int n, wanted = expect(m, query, substring, at, want);

	q.substring = substring;
	q.caps = limit % 2 ? &tiny : NULL;
	n = all_pages(m, q, got, between);
	for (int i = 0; i < n; i++) {
		if (seen[got[i]] || !want[got[i]])
			fail_msg("'%s' at %lld, limit %d: '%s' %s", query,
				(long long)at, limit, m->names[got[i]],
				seen[got[i]] ? "twice" : "should not be there");
		seen[got[i]] = true;
	}
	for (int k = 0; k < m->entities_n; k++)
		if (want[k] && !seen[k])
			fail_msg("'%s' at %lld, limit %d%s: '%s' is missing",
				query, (long long)at, limit,
				substring ? ", substring" : "", m->names[k]);
	assert_int_equal(n, wanted);
}

/* --- a fixed memory ------------------------------------------------------- */

static const struct {
	const char *name, *type, *facts[4];
} people[] = {
	{"Ada Lovelace", "person",
		{"likes running in the park", "wrote foo::bar(x) in 1843"}},
	{"Straße 17", "place", {"Größe: 100 % laut Plan_A"}},
	{"ISTANBUL", "city", {"İstanbul ve Iğdır"}},
	{"ΟΔΥΣΣΕΥΣ", "hero", {"ΟΔΟΣ και ὈΔΥΣΣΕΎΣ"}},
	{"東京タワー", "place", {"東京都港区にある塔です。高さ333m"}},
	{"สมชาย", "person", {"ชอบกินข้าวผัด"}},
	{"محمد", "person", {"يحب القَهْوة العربية"}},
	{"smile 🙂", "mood", {"👩‍👩‍👧 at the beach ❤️!"}},
	{"cafe\xcc\x81", "place",
		{"cr\xc3\xa8me br\xc3\xbbl\xc3\xa9"
		 "e"}},
	{"caf\xc3\xa9 noir", "drink", {"C++ & C# AND \"NEAR\" (OR*)"}},
	{"कमल", "person", {"हिन्दी में लिखा"}},
	{"한국어", "language", {"대한민국의 공용어입니다"}},
	{"The", "band", {"the who, what and where"}},
	{"a_b%c", "pattern", {"50% off [a-z]* ^$ \\d+"}},
	{"x", "letter", {"y"}},
};

static void
fill(struct model *m)
{
	sf_begin(&m->f);
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		int k = add_entity(m, people[i].name, people[i].type);

		for (int j = 0; j < 4 && people[i].facts[j]; j++)
			add_fact(m, k, people[i].facts[j]);
	}
	sf_commit(&m->f);
}

static const char *const queries[] = {"ada", "LOVELACE", "ovela", "run",
	"runs the park", "foo::bar(", "oo::b", "::", "(", "%", "_", "n_a", "*",
	"strasse", "STRASSE 17", "straße", "größe", "GRÖSSE", "groesse",
	"istanbul", "i̇stanbul", "ığdır", "οδυσσευς", "ΟΔΟΣ", "οδος", "οδοσ",
	"東", "東京", "京都", "港区にある", "タワ", "333", "33m", "。高", "สม",
	"ข้าว", "ชอบกินข้าวผัด", "محم", "القهوة", "قَهْ", "🙂", "👩",
	"👩‍👩‍👧", "❤", "❤️!", "café", "cafe\xcc\x81", "cafe",
	"brûlée", "brulee", "br\xc3\xbbl", "é", "\xcc\x81", "c++", "C#", "AND",
	"\"NEAR\"", "near(", "OR*)", "name:ada", "body : x", "^ada", "-", "\"",
	"'", "कम", "हिन्दी", "लिख", "한국", "국의", "대한민국의 공용어", "the",
	"the who", "to be or not", "50% off", "[a-z]", "\\d+", "x", "y", "e",
	"person", "PERSO", "place plan", "zzz", "100 %", " plan", "laut plan_a",
	"wrote in the park of 1843", "0", "7", "a b c d e f g", "noir café"};

static void
test_fixed_queries(void **state)
{
	struct model *m = *state;

	fill(m);
	look_at(m, STORE_OPEN_END);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		for (int limit = 1; limit <= 20; limit += 9) {
			check_query(m, queries[i], 1, limit, false, NULL);
			check_query(m, queries[i], 1, limit, true, NULL);
		}
}

/* --- random memories, past states ----------------------------------------- */

static const char *const bits[] = {"tea", "Tea", "steam", "Team", "running",
	"ran", "the", "Straße", "strasse", "東京", "京", "タワー", "🙂",
	"foo::bar", "bar(", "naïve", "nai\xcc\x88ve", "x", "alpha", "alphabet",
	"betalpha", "Ελλάς", "ελλας", "42", "i", "of", "person"};

static void
random_text(struct model *m, char *out, size_t size, int words)
{
	static const char *const joints[] = {" ", " ", " ", ", ", "-", "",
		"::"};
	size_t n = 0;

	out[0] = '\0';
	for (int i = 0; i < words; i++) {
		n += (size_t)snprintf(out + n, size - n, "%s%s",
			i ? joints[sf_below(&m->random, 7)] : "",
			bits[sf_below(&m->random, ARRAY_LEN(bits))]);
		assert_true(n < size);
	}
}

static void
random_change(struct model *m)
{
	char text[200], name[220];

	sf_begin(&m->f);
	for (int i = 0; i < 1 + sf_below(&m->random, 4); i++) {
		int k = m->facts_n ? sf_below(&m->random, m->facts_n) : 0;
		int what = sf_below(&m->random, 10);

		random_text(m, text, sizeof(text), 1 + sf_below(&m->random, 4));
		if (m->entities_n < 20 && (what < 2 || m->facts_n < 3)) {
			/* Names are unique. */
			snprintf(name, sizeof(name), "%.50s %d", text,
				m->entities_n);
			name[text_cut(name, strlen(name))] = '\0';
			if (text_is_utf8(name, strlen(name)))
				add_entity(m, name,
					bits[sf_below(&m->random, 8)]);
		} else if (what < 6 && m->facts_n < FACTS_MAX - 8) {
			if (m->entities_n > 0)
				add_fact(m, sf_below(&m->random, m->entities_n),
					text);
		} else if (m->facts_n && !m->facts[k].is_name &&
			   m->facts[k].spans > 0) {
			if (m->facts[k].to[m->facts[k].spans - 1] == INT64_MAX)
				hide(m, k);
			else if (m->facts[k].spans < 8)
				show(m, k);
		}
	}
	sf_commit(&m->f);
}

static void
random_branch_change(struct model *m)
{
	int k = sf_below(&m->random, m->facts_n);
	char text[200];

	sf_begin(&m->f);
	/* Only to what the branch knows. */
	if (m->facts_n < FACTS_MAX - 8 && m->facts[k].is_name &&
		m->facts[k].on_branch) {
		random_text(m, text, sizeof(text), 3);
		add_fact(m, m->facts[k].entity, text);
	}
	if (!m->facts[k].is_name && m->facts[k].on_branch)
		hide(m, k);
	sf_commit(&m->f);
}

static int64_t
newest(struct model *m)
{
	int64_t change;

	sf_ok(&m->f, lens_newest(m->f.w, &change, &m->f.e));
	return change;
}

static void
random_query(struct model *m, char *out, size_t size)
{
	size_t n, from, to;

	random_text(m, out, size, 1 + sf_below(&m->random, 3));
	n = strlen(out);
	if (sf_below(&m->random, 2) == 0)
		return;
	/* A part of it. */
	from = text_cut(out, (size_t)sf_below(&m->random, (int)n + 1));
	to = text_cut(out, (size_t)sf_below(&m->random, (int)n + 1));
	if (from > to) {
		size_t t = from;

		from = to;
		to = t;
	}
	memmove(out, out + from, to - from);
	out[to - from] = '\0';
}

static void
test_random_memories(void **state)
{
	struct model *m = *state;
	char query[200];

	m->random.state = 20261120;
	for (int i = 0; i < 60; i++)
		random_change(m);
	for (int i = 0; i < 1500; i++) {
		int64_t last = newest(m);
		int64_t at = i % 3 ? sf_below(&m->random, (int)last) : last;

		if (i % 8 == 0 && m->f.w->index_now.bytes == 0)
			index_some(m);
		random_query(m, query, sizeof(query));
		look_at(m, i % 3 ? at : STORE_OPEN_END);
		check_query(m, query, at, 1 + sf_below(&m->random, 7),
			i % 4 == 1, NULL);
	}
}

/* Others write between the pages. */
static int64_t pinned;
static void
write_between(struct model *m)
{
	random_change(m);
	if (m->f.w->index_now.bytes == 0)
		index_some(m);
	look_at(m, pinned);
}

static void
test_pages_are_pinned(void **state)
{
	struct model *m = *state;
	char query[200];

	m->random.state = 7;
	for (int i = 0; i < 25; i++)
		random_change(m);
	for (int i = 0; i < 60 && m->facts_n < FACTS_MAX - 40; i++) {
		random_query(m, query, sizeof(query));
		pinned = newest(m);
		look_at(m, STORE_OPEN_END);
		check_query(m, query, pinned, 1 + sf_below(&m->random, 3),
			i % 3 == 1, write_between);
	}
}

static int
note_problem(void *ctx, const char *index, const char *detail)
{
	(void)ctx;
	fail_msg("%s: %s", index, detail);
	return 0;
}

static void
check_index(struct model *m)
{
	struct text_checked checked;

	sf_ok(&m->f, fts_check(m->f.w, note_problem, NULL, &checked, &m->f.e));
	assert_true(checked.live > 0 && checked.past > 0 && checked.branch > 0);
}

/* What a branch sees: its fork and what it changed, whatever main does. */
static void
test_branches(void **state)
{
	struct model *m = *state;
	struct lens lens;
	int64_t branch, fork;
	char query[200];

	m->random.state = 99;
	for (int i = 0; i < 30; i++)
		random_change(m);
	fork = newest(m);
	sf_ok(&m->f, store_group_begin(m->f.w, &m->f.e));
	sf_ok(&m->f, branch_create(m->f.w, NAMESPACE_DEFAULT, "idea", NULL,
			     STORE_MAIN, fork, &branch, &m->f.e));
	sf_ok(&m->f, store_group_commit(m->f.w, &m->f.e));
	for (int i = 0; i < m->facts_n; i++)
		m->facts[i].on_branch = holds(&m->facts[i], fork);
	for (int i = 0; i < 100; i++) {
		if (i % 4 == 0)
			random_change(m);
		m->f.branch = branch;
		random_branch_change(m);
		m->f.branch = STORE_MAIN;
	}
	sf_ok(&m->f, lens_make(m->f.w, branch, STORE_OPEN_END, &lens, &m->f.e));
	for (int i = 0; i < 300; i++) {
		if (i % 4 == 0 && m->f.w->index_now.bytes == 0)
			index_some(m);
		random_query(m, query, sizeof(query));
		sf_ok(&m->f, lens_apply(m->f.w, &lens, &m->f.e));
		check_query(m, query, ON_BRANCH, 1 + sf_below(&m->random, 7),
			i % 4 == 1, NULL);
		look_at(m, STORE_OPEN_END);
		check_query(m, query, newest(m), 5, false, NULL);
	}
	check_index(m);
	sf_ok(&m->f, store_group_begin(m->f.w, &m->f.e));
	sf_ok(&m->f, fts_rebuild(m->f.w, &m->f.e));
	sf_ok(&m->f, store_group_commit(m->f.w, &m->f.e));
	check_index(m);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define WAITING(fn)                                                            \
	{                                                                      \
#fn " while it waits", fn, setup_waiting, teardown, NULL       \
	}
	const struct CMUnitTest tests[] = {T(test_fixed_queries),
		T(test_random_memories), T(test_pages_are_pinned),
		T(test_branches), WAITING(test_fixed_queries),
		WAITING(test_random_memories), WAITING(test_pages_are_pinned),
		WAITING(test_branches)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
