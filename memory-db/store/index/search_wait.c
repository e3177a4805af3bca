/* Facts that wait, for searches; see search_wait.h. */
#include "memory-db/store/index/search_wait.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/search_expr.h"
#include "memory-db/store/index/text_parts.h"
#include "memory-db/store/index/text_sql.h"

struct search_wait_waiting {
	int64_t fact;
	bool in;		     /* it waits to be indexed */
	bool gone;		     /* it is erased */
	struct search_tokens tokens; /* v NULL: not made yet */
};

struct search_waits {
	int64_t ns;		       /* 0: nothing is known */
	bool is_fresh;		       /* read in this transaction */
	struct search_wait_waiting *v; /* by falling fact */
	size_t n, cap;
	struct text_parts parts; /* room */
	struct text_indexed text;
};

enum { LIST, SEEN };

static const struct stmt_def defs[] = {
	[LIST] = {"SELECT fact, max(goal), 0 FROM text_wait WHERE fact BETWEEN"
		  " ?1 AND ?2 AND fact NOT IN (SELECT fact FROM text_gone)"
		  " GROUP BY fact UNION ALL SELECT fact, 0, 1 FROM text_gone"
		  " WHERE fact BETWEEN ?1 AND ?2 ORDER BY 1 DESC",
		2, 0},
	[SEEN] = {"SELECT s.entity FROM @SPAN WHERE s.fact = ?1 AND @VIS"
		  " LIMIT 1",
		1, STMT_LENS},
};
const struct stmt_module search_wait_module = {"search_wait", defs,
	ARRAY_LEN(defs)};

void
search_wait_stale(struct store *st)
{
	if (st->search_waits)
		st->search_waits->is_fresh = false;
}

static void
drop_from(struct search_waits *w, size_t first)
{
	for (size_t i = first; i < w->n; i++)
		free(w->v[i].tokens.v);
	w->n = first;
}

static void
empty(struct search_waits *w)
{
	drop_from(w, 0);
	free(w->v);
	w->v = NULL;
	w->cap = 0;
	text_parts_done(&w->parts);
	text_indexed_done(&w->text);
	w->ns = 0;
}

void
search_wait_free(struct store *st)
{
	if (!st->search_waits)
		return;
	empty(st->search_waits);
	free(st->search_waits);
	st->search_waits = NULL;
}

static int
search_wait_add(struct search_waits *w, const struct search_wait_waiting *new)
{
	if (vec_room(w->v, w->n, w->cap) != 0)
		return MDB_E_NOMEM;
	w->v[w->n++] = *new;
	return 0;
}

/* The list anew; tokens of facts that still wait are taken over. */
static int
read_list(struct store *st, struct search_waits *w, int64_t ns, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SEARCH_WAIT, LIST);
	struct search_waits old = {.v = w->v, .n = w->n};
	size_t at = 0;
	int rc;

	w->v = NULL;
	w->n = w->cap = 0;
	bind_i(s, 1, ns << STORE_NS_SHIFT);
	bind_i(s, 2, ((ns + 1) << STORE_NS_SHIFT) - 1);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct search_wait_waiting x = {.fact = sqlite3_column_int64(s,
							0),
			.in = sqlite3_column_int(s, 1) != 0,
			.gone = sqlite3_column_int(s, 2) != 0};

		while (at < old.n && old.v[at].fact > x.fact)
			at++;
		if (at < old.n && old.v[at].fact == x.fact && x.in) {
			x.tokens = old.v[at].tokens;
			old.v[at].tokens.v = NULL;
		}
		if (search_wait_add(w, &x) != 0) {
			free(x.tokens.v);
			rc = err_nomem(e);
			break;
		}
	}
	drop_from(&old, 0);
	free(old.v);
	if (rc < 0 || w->n == 0)
		empty(w);
	w->ns = ns;
	w->is_fresh = rc == 0;
	return rc;
}

int
search_waits(struct store *st, int64_t ns, struct search_waits **ret,
	struct err *e)
{
	struct search_waits *w = st->search_waits;
	int rc = 0;

	if (!w) {
		w = st->search_waits = calloc(1, sizeof(*w));
		if (!w)
			return err_nomem(e);
	}
	if (w->ns != ns || !w->is_fresh)
		rc = read_list(st, w, ns, e);
	*ret = rc == 0 && w->n > 0 ? w : NULL;
	return rc;
}

int
search_has_waits(struct store *st, int64_t ns, struct err *e)
{
	struct search_waits *waits;
	int rc = search_waits(st, ns, &waits, e);

	return rc < 0 ? rc : waits != NULL;
}

static int
search_wait_by_fact(const void *key, const void *item)
{
	int64_t x = *(const int64_t *)key;
	int64_t y = ((const struct search_wait_waiting *)item)->fact;

	return x > y ? -1 : x < y; /* falling */
}

bool
search_wait_is_gone(const struct search_waits *w, int64_t fact)
{
	const struct search_wait_waiting *x =
		!w || w->n == 0 ? NULL
				: bsearch(&fact, w->v, w->n, sizeof(*w->v),
					  search_wait_by_fact);

	return x != NULL && x->gone;
}

static int
search_wait_make_tokens(struct store *st, struct search_waits *w,
	struct search_wait_waiting *x, struct err *e)
{
	char stem[NAMESPACE_STEM_SIZE];
	int rc;

	if (st->deadline_ns != 0 && clock_mono_ns() > st->deadline_ns)
		return err_set(e, MDB_E_TIMEOUT,
			"texts that wait to be indexed "
			"could not be looked at in time; ask again");
	rc = text_indexed_of(st, x->fact, &w->text, e);
	if (rc != 0)
		return rc;
	rc = namespace_stem(st, w->ns, stem, e);
	if (rc < 0)
		return rc;
	rc = text_parts_make(&w->parts, x->fact, stem, w->text.name.data,
		w->text.name.len, w->text.body.data, w->text.body.len, e);
	if (rc < 0)
		return rc;
	return search_tokens_make(&x->tokens,
		       w->parts.name.len > 0 ? w->parts.name.data : "",
		       w->parts.name.len,
		       w->parts.body.len > 0 ? w->parts.body.data : "",
		       w->parts.body.len) != 0
		       ? err_nomem(e)
		       : 0;
}

static int
is_seen(struct store *st, struct search_row *row, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SEARCH_WAIT, SEEN);
	int rc;

	bind_i(s, 1, row->fact);
	rc = stmt_row(st, s, e);
	if (rc == 1)
		row->entity = sqlite3_column_int64(s, 0);
	return rc;
}

struct search_wait_asking {
	const struct search_expr *expr;
	const struct search_match *match;
	search_row_fn fn;
	void *ctx;
};

/* Tokens first: most facts do not match, and the lens costs a look-up. */
static int
search_wait_ask(struct store *st, struct search_waits *w,
	struct search_wait_waiting *x, const struct search_wait_asking *a,
	struct err *e)
{
	struct search_row row = {.fact = x->fact};
	int r = 0;

	if (!x->in)
		return 0;
	if (!x->tokens.v && a->match->counted + !a->match->looked_at > 0)
		r = search_wait_make_tokens(st, w, x, e);
	if (r < 0)
		return r;
	if (!a->match->looked_at && !search_expr_is_true(a->expr, &x->tokens))
		return 0;
	if (a->match->counted > 0)
		search_expr_mask(a->expr, &x->tokens, a->match, &row);
	r = is_seen(st, &row, e);
	r = r == 1 ? a->fn(a->ctx, &row) : r;
	return r == MDB_E_NOMEM ? err_nomem(e) : r;
}

static int
search_wait_ask_each(struct store *st, struct search_waits *w,
	const struct search_range *range, struct search_wait_asking *a,
	struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		int rc;

		if (w->v[i].fact < range->lo || w->v[i].fact > range->hi)
			continue;
		rc = search_wait_ask(st, w, &w->v[i], a, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
search_wait_match(struct store *st, struct search_waits *w,
	const struct search_range *range, const struct search_match *match,
	search_row_fn fn, void *ctx, struct err *e)
{
	struct search_expr expr;
	struct search_wait_asking a = {&expr, match, fn, ctx};
	int r = search_expr_read(&expr, match->text, match->n);

	if (r == MDB_E_NOMEM)
		r = err_nomem(e);
	else if (r != 0)
		r = err_set(e, r, "an expression of ours is not understood");
	else
		r = search_wait_ask_each(st, w, range, &a, e);
	search_expr_done(&expr);
	return r;
}

const struct participant search_wait_participant = {
	.name = "search_wait",
	.close = search_wait_free,
	.begin = search_wait_stale,
};
