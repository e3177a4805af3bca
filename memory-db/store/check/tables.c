/* The tables of all modules; see tables.h. */
#include "memory-db/store/check/tables.h"

#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"

int
tables_each(struct store *st, int (*fn)(void *ctx, const struct store_table *t),
	void *ctx)
{
	int rc = 0;

	for (const struct store_table *const *list = st->base->modules->tables;
		*list != NULL; list++)
		for (const struct store_table *t = *list; t->name; t++) {
			rc = fn(ctx, t);
			if (rc != 0)
				return rc;
		}
	return 0;
}

struct tables_call {
	struct store *st;
	int64_t entity, from, to;
	bool is_last;
	struct err *e;
};

static int
tables_forget_one(void *ctx, const struct store_table *t)
{
	struct tables_call *c = ctx;

	return t->forget_entity ? t->forget_entity(c->st, c->entity, c->e) : 0;
}

int
tables_forget_entity(struct store *st, int64_t entity, struct err *e)
{
	struct tables_call c = {.st = st, .entity = entity, .e = e};

	return tables_each(st, tables_forget_one, &c);
}

static int
tables_merge_one(void *ctx, const struct store_table *t)
{
	struct tables_call *c = ctx;

	return t->merged ? t->merged(c->st, c->from, c->to, c->is_last, c->e)
			 : 0;
}

int
tables_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e)
{
	struct tables_call c = {.st = st,
		.from = from,
		.to = to,
		.is_last = is_last,
		.e = e};

	return tables_each(st, tables_merge_one, &c);
}
