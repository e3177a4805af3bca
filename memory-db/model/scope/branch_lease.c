/* Leased branches: for somebody's what-if. A leased branch belongs to a
 * connection and is discarded when the connection ends, together with all
 * branches that were forked from it, in one change, children first. A crash
 * can leave leased branches behind; they go at the next start. */
#include "memory-db/model/scope/branch_lease.h"

#include <assert.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/engine/store.h"

/* A branch and all that were forked from it, parents first. */
struct branch_lease_family {
	int64_t *v;
	size_t n, cap;
	int64_t ns;
	enum branch_state state; /* of the first */
	bool leased;		 /* collects every leased one instead */
	struct err *e;
};

static int
branch_lease_add(struct branch_lease_family *f, int64_t id)
{
	if (vec_room(f->v, f->n, f->cap) != 0)
		return err_nomem(f->e);
	f->v[f->n++] = id;
	return 0;
}

static int
take_first(void *ctx, const struct branch_row *b)
{
	struct branch_lease_family *f = ctx;

	f->ns = b->ns;
	f->state = b->state;
	return branch_lease_add(f, b->id);
}

/* Branches come by id, and a child has a higher one than its parent. */
static int
take_child(void *ctx, const struct branch_row *b)
{
	struct branch_lease_family *f = ctx;

	if (f->leased)
		return b->state == BRANCH_LEASED ? branch_lease_add(f, b->id)
						 : 0;
	for (size_t i = 0; i < f->n; i++)
		if (b->parent == f->v[i])
			return branch_lease_add(f, b->id);
	return 0;
}

static int
branch_lease_drop(struct store *st, const struct branch_lease_family *f,
	int64_t *ret_change, struct err *e)
{
	struct change_info info = {.ns = f->ns,
		.branch = STORE_MAIN,
		.kind = CHANGE_BRANCH,
		.client = "memory-db",
		.message = "the lease of the branch has ended"};
	AUTO_CHANGE struct change *c = NULL;
	int64_t at;
	int rc;

	/* Main is the parent of all, and never leased. */
	assert(f->n > 0 && f->v[0] != STORE_MAIN);
	rc = lens_apply_main(st, e);
	if (rc != 0)
		return rc;
	rc = change_begin(st, &info, &c, e);
	if (rc != 0)
		return rc;
	for (size_t i = f->n; i-- > 0;) {
		rc = branch_set_state(st, f->v[i], BRANCH_DISCARDED, e);
		if (rc != 0)
			return rc;
		rc = change_branch(c, BRANCH_OP_DISCARD, f->v[i], 0, e);
		if (rc != 0)
			return rc;
	}
	return change_seal(take_ptr(c), ret_change, &at, e);
}

static void
family_done(struct branch_lease_family *f)
{
	free(f->v);
}
#define AUTO_FAMILY __attribute__((cleanup(family_done)))

int
branch_lease_discard(struct store *st, int64_t branch, int64_t ns,
	int64_t *ret_change, struct err *e)
{
	AUTO_FAMILY struct branch_lease_family f = {.e = e};
	int r = branch_get(st, branch, take_first, &f, e);

	*ret_change = 0;
	if (r != 1)
		return r;
	if (f.state != BRANCH_LEASED || (ns != 0 && ns != f.ns))
		return 0;
	r = branch_each(st, f.ns, take_child, &f, e);
	if (r != 0)
		return r;
	r = branch_lease_drop(st, &f, ret_change, e);
	return r == 0 ? 1 : r;
}

int
branch_lease_discard_all(struct store *st, int64_t *ret_n, struct err *e)
{
	AUTO_FAMILY struct branch_lease_family f = {.leased = true, .e = e};
	int64_t change;
	int rc = branch_each(st, 0, take_child, &f, e);

	*ret_n = 0;
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < f.n; i++) {
		rc = branch_lease_discard(st, f.v[i], 0, &change, e);
		if (rc < 0)
			return rc;
		*ret_n += rc;
	}
	return 0;
}
