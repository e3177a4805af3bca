/* Undo of renames: a name that comes back may be another entity's by now. */
#include <sodium.h>
#include <string.h>

#include "memory-db/model/time/undo_internal.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/facts/labels.h"

struct called {
	struct undo *u;
	const struct undo_fact *f;
	struct buf name;
	struct err *e;
};

/* Another entity that is called so after the plan stands in the way. */
static int
see_called(void *ctx, int64_t entity)
{
	struct called *x = ctx;
	struct undo *u = x->u;
	AUTO_BUF struct buf name = {0};
	const int64_t *at;
	int64_t fact = 0, since;
	bool visible;
	int rc = entity == x->f->entity ? 0
					: fact_existence(u->w->st, entity,
						  &fact, NULL, &name, x->e);

	if (rc != 1 || name.len != x->name.len ||
		memcmp(name.data, x->name.data, name.len) != 0)
		return rc < 0 ? rc : 0;
	at = idset_get(&u->fact_index, fact);
	if (at && !u->facts[*at - 1].is)
		return 0;
	rc = branch_sees(u->w->st, fact, &u->w->scope.lens, &visible, &since,
		x->e);
	if (rc != 0)
		return rc;
	return undo_ours(u, since) ? undo_block_any(u, x->f->entity, x->e)
				   : undo_block(u, since, x->f->entity, x->e);
}

static int
undo_names_get_name(void *ctx, const struct fact *f)
{
	struct called *x = ctx;

	return buf_add(&x->name, f->text, f->text_n) != 0 ? err_nomem(x->e) : 0;
}

/* Two of the plan that would be called the same. */
static int
undo_names_check_plan(struct undo *u, const struct undo_fact *f,
	const struct buf *name, struct err *e)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES] = "name";
	int64_t *at, hash;

	crypto_shorthash((unsigned char *)&hash,
		(const unsigned char *)name->data, name->len, key);
	at = idset_put(&u->twins, (hash & INT64_MAX) | 1);
	if (!at)
		return err_nomem(e);
	if (*at == 0) {
		*at = (int64_t)(f - u->facts) + 1;
		return 0;
	}
	return u->facts[*at - 1].entity == f->entity
		       ? 0
		       : undo_block_between(u, f, &u->facts[*at - 1], e);
}

int
undo_check_name(struct undo *u, const struct undo_fact *f, struct err *e)
{
	struct called x = {.u = u, .f = f, .e = e};
	int rc;

	if (f->was || !f->is || f->kind != FACT_EXISTENCE)
		return 0;
	rc = fact_get(u->w->st, f->fact, undo_names_get_name, &x, e);
	if (rc == 1 && x.name.len > 0) {
		rc = entity_each_named(u->w->st, u->w->ns, x.name.data,
			x.name.len, see_called, &x, e);
		if (rc == 0)
			rc = undo_names_check_plan(u, f, &x.name, e);
	}
	buf_done(&x.name);
	return rc < 0 ? rc : 0;
}
