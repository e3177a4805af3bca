/* Expressions of FTS5 asked of one text; see search_expr.h. */
#include "memory-db/store/index/search_expr.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/vec.h"

enum node_kind { NODE_PHRASE, NODE_AND, NODE_OR };
enum { IN_NAME = 1, IN_BODY = 2, IN_BOTH = 3 };

struct node {
	enum node_kind kind;
	int columns;
	uint64_t hash;	/* NODE_PHRASE */
	bool is_prefix; /* hashes do not tell: it may be so */
	size_t left, right;
};

/* --- tokens --------------------------------------------------------------- */

uint64_t
search_token_hash(const char *s, size_t n)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES] = {1};
	uint64_t hash;

	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)s, n,
		key);
	return hash;
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t
hash_all(const char *s, size_t n, uint64_t *to)
{
	size_t found = 0, end;

	for (size_t at = 0; at < n; at = end + 1) {
		const char *space = memchr(s + at, ' ', n - at);

		end = space != NULL ? (size_t)(space - s) : n;
		if (end > at)
			to[found++] = search_token_hash(s + at, end - at);
	}
	qsort(to, found, sizeof(*to), by_value);
	return found;
}

int
search_tokens_make(struct search_tokens *ret, const char *name, size_t name_n,
	const char *body, size_t body_n)
{
	/* A token and its space: two bytes at least. */
	uint64_t *v = calloc(name_n / 2 + body_n / 2 + 2, sizeof(*v)), *less;

	if (!v)
		return MDB_E_NOMEM;
	ret->name_n = hash_all(name, name_n, v);
	ret->body_n = hash_all(body, body_n, v + ret->name_n);
	less = reallocarray(v, ret->name_n + ret->body_n + 1, sizeof(*v));
	ret->v = less != NULL ? less : v;
	return 0;
}

static bool
search_expr_has(const uint64_t *v, size_t n, uint64_t hash)
{
	return n > 0 && bsearch(&hash, v, n, sizeof(*v), by_value) != NULL;
}

bool
search_tokens_have(const struct search_tokens *t, uint64_t hash)
{
	return search_expr_has(t->v, t->name_n, hash) ||
	       search_expr_has(t->v + t->name_n, t->body_n, hash);
}

/* --- reading -------------------------------------------------------------- */

struct search_expr_reading {
	struct search_expr *x;
	const char *s, *end;
	int columns;
	int depth;
	int failed;
};
#define DEPTH_MAX 16

static void
skip_spaces(struct search_expr_reading *r)
{
	while (r->s < r->end && *r->s == ' ')
		r->s++;
}

static bool
search_expr_take(struct search_expr_reading *r, const char *word)
{
	size_t n = strlen(word);

	skip_spaces(r);
	if ((size_t)(r->end - r->s) < n || memcmp(r->s, word, n) != 0)
		return false;
	r->s += n;
	return true;
}

static size_t
search_expr_fail(struct search_expr_reading *r, int code)
{
	if (r->failed == 0)
		r->failed = code;
	r->s = r->end;
	return 0;
}

static size_t
add_node(struct search_expr_reading *r, const struct node *node)
{
	struct search_expr *x = r->x;

	if (vec_room(x->nodes, x->n, x->cap) != 0)
		return search_expr_fail(r, MDB_E_NOMEM);
	x->nodes[x->n] = *node;
	return x->n++;
}

static size_t
add_phrase(struct search_expr_reading *r)
{
	struct search_expr *x = r->x;
	const char *end = memchr(r->s, '"', (size_t)(r->end - r->s));
	struct node node = {.kind = NODE_PHRASE, .columns = r->columns};
	size_t at;

	if (!end)
		return search_expr_fail(r, MDB_E_INTERNAL);
	node.hash = search_token_hash(r->s, (size_t)(end - r->s));
	r->s = end + 1;
	node.is_prefix = search_expr_take(r, "*");
	if (vec_room(x->phrases, x->phrases_n, x->phrases_cap) != 0)
		return search_expr_fail(r, MDB_E_NOMEM);
	at = add_node(r, &node);
	x->phrases[x->phrases_n++] = at;
	return at;
}

static size_t read_or(struct search_expr_reading *r);

static size_t
read_group(struct search_expr_reading *r, int columns)
{
	int before = r->columns;
	size_t at;

	if (++r->depth > DEPTH_MAX)
		return search_expr_fail(r, MDB_E_INTERNAL);
	r->columns &= columns;
	at = read_or(r);
	r->columns = before;
	r->depth--;
	return search_expr_take(r, ")") ? at
					: search_expr_fail(r, MDB_E_INTERNAL);
}

static size_t
search_expr_read_part(struct search_expr_reading *r)
{
	if (search_expr_take(r, "\""))
		return add_phrase(r);
	if (search_expr_take(r, "("))
		return read_group(r, IN_BOTH);
	if (search_expr_take(r, "name : ("))
		return read_group(r, IN_NAME);
	if (search_expr_take(r, "body : ("))
		return read_group(r, IN_BODY);
	return search_expr_fail(r, MDB_E_INTERNAL);
}

static size_t
read_and(struct search_expr_reading *r)
{
	struct node node = {.kind = NODE_AND};

	node.left = search_expr_read_part(r);
	while (r->failed == 0 && search_expr_take(r, "AND ")) {
		node.right = search_expr_read_part(r);
		node.left = add_node(r, &node);
	}
	return node.left;
}

static size_t
read_or(struct search_expr_reading *r)
{
	struct node node = {.kind = NODE_OR};

	node.left = read_and(r);
	while (r->failed == 0 && search_expr_take(r, "OR ")) {
		node.right = read_and(r);
		node.left = add_node(r, &node);
	}
	return node.left;
}

int
search_expr_read(struct search_expr *x, const char *text, size_t n)
{
	struct search_expr_reading r = {.x = x,
		.s = text,
		.end = text + n,
		.columns = IN_BOTH};

	*x = (struct search_expr){0};
	if (n == 0) /* it matches nothing */
		return 0;
	x->root = read_or(&r);
	skip_spaces(&r);
	if (r.failed != 0)
		return r.failed;
	if (r.s < r.end)
		return MDB_E_INTERNAL;
	return 0;
}

void
search_expr_done(struct search_expr *x)
{
	free(x->nodes);
	free(x->phrases);
	*x = (struct search_expr){0};
}

/* --- asking --------------------------------------------------------------- */

static int
where(const struct node *p, const struct search_tokens *t)
{
	int found = 0;

	if ((p->columns & IN_NAME) && search_expr_has(t->v, t->name_n, p->hash))
		found |= IN_NAME;
	if ((p->columns & IN_BODY) &&
		search_expr_has(t->v + t->name_n, t->body_n, p->hash))
		found |= IN_BODY;
	return found;
}

/* Chains of AND and OR lean to the left: they are followed in a loop, and what
 * is deep is bounded by the parentheses. */
static bool
search_expr_value(const struct search_expr *x, size_t at,
	const struct search_tokens *t)
{
	const struct node *p = &x->nodes[at];

	while (p->kind == NODE_OR) {
		if (search_expr_value(x, p->right, t))
			return true;
		p = &x->nodes[p->left];
	}
	while (p->kind == NODE_AND) {
		if (!search_expr_value(x, p->right, t))
			return false;
		p = &x->nodes[p->left];
	}
	return p->kind == NODE_PHRASE
		       ? p->is_prefix || where(p, t) != 0
		       : search_expr_value(x, (size_t)(p - x->nodes), t);
}

bool
search_expr_is_true(const struct search_expr *x, const struct search_tokens *t)
{
	return x->n > 0 && search_expr_value(x, x->root, t);
}

void
search_expr_mask(const struct search_expr *x, const struct search_tokens *t,
	const struct search_match *match, struct search_row *ret)
{
	ret->name = ret->body = 0;
	if (match->words < 1 || match->words > SEARCH_WORDS)
		return;
	for (size_t i = 0; i < x->phrases_n && i < (size_t)match->counted;
		i++) {
		int found = where(&x->nodes[x->phrases[i]], t);
		uint32_t bit = UINT32_C(1) << (i % (size_t)match->words);

		ret->name |= found & IN_NAME ? bit : 0;
		ret->body |= found & IN_BODY ? bit : 0;
	}
}
