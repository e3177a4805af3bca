/* Search against a brute-force model of what it promises: every substring,
 * every word in any form, each entity once over all pages, at every past
 * state; and the order of what it finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/text.h"
#include "memory-db/model/search.h"
#include "tests/lib/store_fixture.h"

#define ENTITIES_MAX 64
#define FACTS_MAX    600

/* What the test knows: the texts and when they held. */
struct known_fact {
	int entity;
	int64_t id;
	const char *text;	/* owned; for existence "name\x1ftype" */
	bool is_name;
	int64_t from[8], to[8];	/* [from, to) in changes */
	int spans;
};
struct model {
	struct store_fixture f;
	int64_t entities[ENTITIES_MAX];
	char names[ENTITIES_MAX][64];
	int entities_n;
	struct known_fact facts[FACTS_MAX];
	int facts_n;
	struct sf_random random;
};

static int
setup(void **state)
{
	struct model *m = calloc(1, sizeof(*m));

	sf_open(&m->f);
	*state = m;
	return 0;
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

static void
know(struct model *m, int entity, int64_t id, bool is_name, const char *text)
{
	assert_true(m->facts_n < FACTS_MAX);
	m->facts[m->facts_n++] = (struct known_fact){.entity = entity,
		.id = id, .is_name = is_name, .text = strdup(text),
		.from = {change_id(m->f.c)}, .to = {INT64_MAX}, .spans = 1};
}

static int
add_entity(struct model *m, const char *name, const char *type)
{
	char both[160];
	int64_t existence;
	int k = m->entities_n++;

	assert_true(k < ENTITIES_MAX);
	snprintf(both, sizeof(both), "%s\x1f%s", name, type);
	snprintf(m->names[k], sizeof(m->names[k]), "%s", name);
	m->entities[k] = sf_entity(&m->f, name, type);
	sf_ok(&m->f, fact_existence(m->f.w, m->entities[k], &existence, NULL,
		NULL, &m->f.e));
	know(m, k, existence, true, both);
	return k;
}

static void
add_fact(struct model *m, int entity, const char *text)
{
	int64_t id = sf_observe(&m->f, m->entities[entity], text);

	know(m, entity, id, false, text);
}

static void
hide(struct model *m, int fact)
{
	struct known_fact *x = &m->facts[fact];

	sf_ok(&m->f, change_hide(m->f.c, x->id, &m->f.e));
	x->to[x->spans - 1] = change_id(m->f.c);
}

static void
show(struct model *m, int fact)
{
	struct known_fact *x = &m->facts[fact];

	sf_ok(&m->f, change_show(m->f.c, x->id, &m->f.e));
	x->from[x->spans] = change_id(m->f.c);
	x->to[x->spans++] = INT64_MAX;
}

static bool
holds(const struct known_fact *x, int64_t at)
{
	for (int i = 0; i < x->spans; i++)
		if (x->from[i] <= at && at < x->to[i])
			return true;
	return false;
}

/* --- the model of the definition ------------------------------------------------- */

static bool
contains(const char *text, size_t n, const char *query)
{
	struct buf a = {0}, b = {0};
	bool is_in;

	assert_int_equal(text_fold(text, n, &a), 0);
	assert_int_equal(text_fold(query, strlen(query), &b), 0);
	is_in = b.len == 0 ||
		(a.len >= b.len && memmem(a.data, a.len, b.data, b.len));
	buf_done(&a);
	buf_done(&b);
	return is_in;
}

struct word_list {
	char words[64][80];
	int n;
	bool all;
};

static void
add_words(struct word_list *l, const char *tokens, size_t n, bool drop_last)
{
	char copy[4096], *save = NULL;
	int added = 0;

	assert_true(n < sizeof(copy));
	memcpy(copy, tokens, n);
	copy[n] = '\0';
	for (char *t = strtok_r(copy, " ", &save); t;
		t = strtok_r(NULL, " ", &save)) {
		assert_true(l->n < 64);
		snprintf(l->words[l->n++], 80, "%s", t);
		added++;
	}
	if (drop_last && added > 1)
		l->n--;
}

static int
take_piece(void *ctx, const struct text_piece *p)
{
	struct word_list *l = ctx;
	struct buf tokens = {0};

	if (p->kind == TEXT_WORD && !l->all && text_is_stop(p->s, p->n))
		return 0;
	assert_int_equal(text_tokens(p->s, p->n, "english", &tokens), 0);
	add_words(l, tokens.data ? tokens.data : "", tokens.len,
		p->kind == TEXT_CJK);
	buf_done(&tokens);
	return 0;
}

static bool
has_word(const char *text, size_t n, const struct word_list *words)
{
	struct word_list mine = {0};
	struct buf tokens = {0};
	bool has = false;

	assert_int_equal(text_tokens(text, n, "english", &tokens), 0);
	add_words(&mine, tokens.data ? tokens.data : "", tokens.len, false);
	for (int i = 0; i < mine.n; i++)
		for (int k = 0; k < words->n; k++)
			has |= strcmp(mine.words[i], words->words[k]) == 0;
	buf_done(&tokens);
	return has;
}

static bool
part_found(const char *s, size_t n, const char *query,
	const struct word_list *words)
{
	return contains(s, n, query) || has_word(s, n, words);
}

/* Spaces around the query say nothing, but for mode substring. */
static const char *
trimmed(const char *query, char out[256])
{
	size_t n;

	while (*query == ' ')
		query++;
	n = (size_t)snprintf(out, 256, "%s", query);
	while (n > 0 && out[n - 1] == ' ')
		out[--n] = '\0';
	return out;
}

/* Sets found[] for the entities that a search must find. */
static int
expect(struct model *m, const char *query, bool substring, int64_t at,
	bool found[ENTITIES_MAX])
{
	struct word_list words = {0};
	char trimmed_query[256];
	int n = 0;

	memset(found, 0, ENTITIES_MAX);
	if (!substring) {
		query = trimmed(query, trimmed_query);
		assert_int_equal(text_pieces(query, strlen(query), take_piece,
			&words), 0);
		words.all = true;
		if (words.n == 0)
			assert_int_equal(text_pieces(query, strlen(query),
				take_piece, &words), 0);
	}
	for (int i = 0; i < m->facts_n; i++) {
		const struct known_fact *x = &m->facts[i];
		const char *cut = strchr(x->text, '\x1f');
		size_t n1 = cut ? (size_t)(cut - x->text) : strlen(x->text);

		if (!holds(x, at))
			continue;
		if (part_found(x->text, n1, query, &words) ||
			(cut && part_found(cut + 1, strlen(cut + 1), query,
					&words)))
			found[x->entity] = true;
	}
	for (int k = 0; k < m->entities_n; k++)
		n += found[k];
	return n;
}

/* --- running ---------------------------------------------------------------------- */

/* So small that each path is taken in a memory of 20 entities. */
static const struct search_caps tiny = {.common_bound = 4, .rare_max = 6, .mid_max = 5,
	.all_max = 2, .names_max = 2, .common_max = 3, .verify_max = 6,
	.hits_max = 2, .refine_entities = 3, .refine_facts = 5,
	.refine_facts_of = 2, .gather_max = 6, .terms_bound = 3,
	.rank_terms = 2};

static struct search_request
request(const char *query, int limit)
{
	return (struct search_request){.ns = {NAMESPACE_DEFAULT, 0},
		.query = query, .query_n = strlen(query), .types_n = -1,
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

/* --- a fixed memory ----------------------------------------------------------------- */

static const struct {
	const char *name, *type, *facts[4];
} people[] = {
	{"Ada Lovelace", "person", {"likes running in the park",
		"wrote foo::bar(x) in 1843"}},
	{"Straße 17", "place", {"Größe: 100 % laut Plan_A"}},
	{"ISTANBUL", "city", {"İstanbul ve Iğdır"}},
	{"ΟΔΥΣΣΕΥΣ", "hero", {"ΟΔΟΣ και ὈΔΥΣΣΕΎΣ"}},
	{"東京タワー", "place", {"東京都港区にある塔です。高さ333m"}},
	{"สมชาย", "person", {"ชอบกินข้าวผัด"}},
	{"محمد", "person", {"يحب القَهْوة العربية"}},
	{"smile 🙂", "mood", {"👩‍👩‍👧 at the beach ❤️!"}},
	{"cafe\xcc\x81", "place", {"cr\xc3\xa8me br\xc3\xbbl\xc3\xa9""e"}},
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
	"東", "東京", "京都", "港区にある", "タワ", "333", "33m", "。高",
	"สม", "ข้าว", "ชอบกินข้าวผัด", "محم", "القهوة", "قَهْ", "🙂", "👩", "👩‍👩‍👧", "❤",
	"❤️!", "café", "cafe\xcc\x81", "cafe", "brûlée", "brulee",
	"br\xc3\xbbl", "é", "\xcc\x81", "c++", "C#", "AND", "\"NEAR\"",
	"near(", "OR*)", "name:ada", "body : x", "^ada", "-", "\"", "'",
	"कम", "हिन्दी", "लिख", "한국", "국의", "대한민국의 공용어", "the",
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

/* --- random memories, past states ------------------------------------------------------ */

static const char *const bits[] = {"tea", "Tea", "steam", "Team", "running",
	"ran", "the", "Straße", "strasse", "東京", "京", "タワー", "🙂", "foo::bar",
	"bar(", "naïve", "nai\xcc\x88ve", "x", "alpha", "alphabet", "betalpha",
	"Ελλάς", "ελλας", "42", "i", "of", "person"};

static void
random_text(struct model *m, char *out, size_t size, int words)
{
	static const char *const joints[] = {" ", " ", " ", ", ", "-", "", "::"};
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

		random_text(m, text, sizeof(text),
			1 + sf_below(&m->random, 4));
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
				add_fact(m, sf_below(&m->random,
					m->entities_n), text);
		} else if (m->facts_n && !m->facts[k].is_name) {
			if (m->facts[k].to[m->facts[k].spans - 1] == INT64_MAX)
				hide(m, k);
			else if (m->facts[k].spans < 8)
				show(m, k);
		}
	}
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

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_fixed_queries),
		T(test_random_memories), T(test_pages_are_pinned)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
