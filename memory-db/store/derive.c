/* Derivation edges and suspects. */
#include "memory-db/store/derive.h"

#include "memory-db/store/branch.h"
#include "memory-db/store/internal.h"

#define LOOKED_AT 1000

enum { DEPENDANTS, SOURCES, ADD, FLAG };

static const struct stmt_def defs[] = {
	[DEPENDANTS] = {"SELECT fact FROM derived WHERE source = ?1", 1, 0},
	[SOURCES] = {"SELECT source FROM derived WHERE fact = ?1", 1, 0},
	[ADD] = {"INSERT OR IGNORE INTO derived(source, fact) VALUES(?1, ?2)",
		2, STMT_WRITER},
	[FLAG] = {"UPDATE fact SET flags = flags | 1 WHERE id = ?1", 1,
		STMT_WRITER},
};
const struct stmt_module derive_module = {"derive", defs, ARRAY_LEN(defs)};

static int
each(struct store *st, int statement, int64_t id, derive_fn fn, void *ctx,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_DERIVE, statement);
	int r;

	bind_i(s, 1, id);
	while ((r = stmt_row(st, s, e)) == 1)
		if ((r = fn(ctx, sqlite3_column_int64(s, 0))) != 0)
			return r;
	return r;
}

int
derive_each_dependant(struct store *st, int64_t source, derive_fn fn, void *ctx,
	struct err *e)
{
	return each(st, DEPENDANTS, source, fn, ctx, e);
}

int
derive_each_source(
	struct store *st, int64_t fact, derive_fn fn, void *ctx, struct err *e)
{
	return each(st, SOURCES, fact, fn, ctx, e);
}

int
derive_add(struct store *st, int64_t source, int64_t fact, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_DERIVE, ADD);
	int r;

	bind_i(s, 1, source);
	bind_i(s, 2, fact);
	r = stmt_run(st, s, e);
	if (r != 0)
		return r;
	s = stmt_use(st, MOD_DERIVE, FLAG);
	bind_i(s, 1, fact);
	return stmt_run(st, s, e);
}

/* Breadth first over the sources; each once. */
struct walk {
	int64_t seen[LOOKED_AT];
	int n;
};

static int
add_source(void *ctx, int64_t fact)
{
	struct walk *w = ctx;

	for (int i = 0; i < w->n; i++)
		if (w->seen[i] == fact)
			return 0;
	if (w->n < LOOKED_AT)
		w->seen[w->n++] = fact;
	return 0;
}

int
derive_suspect(
	struct store *st, int64_t fact, int64_t *ret_source, struct err *e)
{
	struct walk w = {.n = 0};
	int r = derive_each_source(st, fact, add_source, &w, e);

	for (int i = 0; r == 0 && i < w.n; i++) {
		bool visible;

		r = branch_sees(st, w.seen[i], &st->lens, &visible, NULL, e);
		if (r == 0 && !visible) {
			*ret_source = w.seen[i];
			return 1;
		}
		if (r == 0)
			r = derive_each_source(
				st, w.seen[i], add_source, &w, e);
	}
	return r;
}
