/* A brute-force model of what a search promises to find. */
#ifndef TESTS_LIB_SEARCH_MODEL_H
#define TESTS_LIB_SEARCH_MODEL_H

#include "common/text.h"
#include "tests/lib/store_fixture.h"

#define ENTITIES_MAX 64
#define FACTS_MAX    600
#define ON_BRANCH    (-1) /* instead of a change */

/* What the test knows: the texts and when they held. */
struct known_fact {
	int entity;
	int64_t id;
	const char *text; /* owned; for existence "name\x1ftype" */
	bool is_name;
	int64_t from[8], to[8]; /* [from, to) in changes, on main */
	int spans;
	bool on_branch; /* visible on the branch now */
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

static inline void
know(struct model *m, int entity, int64_t id, bool is_name, const char *text)
{
	assert_true(m->facts_n < FACTS_MAX);
	m->facts[m->facts_n++] = (struct known_fact){.entity = entity,
		.id = id,
		.is_name = is_name,
		.text = strdup(text),
		.from = {change_id(m->f.c)},
		.to = {INT64_MAX},
		.spans = m->f.branch == STORE_MAIN,
		.on_branch = m->f.branch != STORE_MAIN};
}

static inline int
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

static inline void
add_fact(struct model *m, int entity, const char *text)
{
	int64_t id = sf_observe(&m->f, m->entities[entity], text);

	know(m, entity, id, false, text);
}

static inline void
hide(struct model *m, int fact)
{
	struct known_fact *x = &m->facts[fact];

	sf_ok(&m->f, change_hide(m->f.c, x->id, &m->f.e));
	if (m->f.branch != STORE_MAIN)
		x->on_branch = false;
	else
		x->to[x->spans - 1] = change_id(m->f.c);
}

static inline void
show(struct model *m, int fact)
{
	struct known_fact *x = &m->facts[fact];

	sf_ok(&m->f, change_show(m->f.c, x->id, &m->f.e));
	if (m->f.branch != STORE_MAIN) {
		x->on_branch = true;
		return;
	}
	x->from[x->spans] = change_id(m->f.c);
	x->to[x->spans++] = INT64_MAX;
}

static inline bool
holds(const struct known_fact *x, int64_t at)
{
	if (at == ON_BRANCH)
		return x->on_branch;
	for (int i = 0; i < x->spans; i++)
		if (x->from[i] <= at && at < x->to[i])
			return true;
	return false;
}

/* --- the model of the definition ------------------------------------------ */

static inline bool
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

static inline void
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

static inline int
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

static inline bool
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

static inline bool
part_found(const char *s, size_t n, const char *query,
	const struct word_list *words)
{
	return contains(s, n, query) || has_word(s, n, words);
}

/* Spaces around the query say nothing, but for mode substring. */
static inline const char *
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
static inline int
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
					 &words),
			0);
		words.all = true;
		if (words.n == 0)
			assert_int_equal(text_pieces(query, strlen(query),
						 take_piece, &words),
				0);
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

#endif
