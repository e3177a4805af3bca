/* What the sentences of a question found, together. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "memory-db/model/recall/recall_internal.h"
#include "common/vec.h"

/* The entity of a candidate of r, as one of the pool. */
static int
name_in_pool(struct recalling *pool, const struct recall_name *name, int *ret)
{
	int32_t at;

	if (idmap_get(&pool->names_index, name->id, &at)) {
		*ret = at;
		return 0;
	}
	if (vec_room(pool->names, pool->names_n, pool->names_cap) != 0)
		return MDB_E_NOMEM;
	*ret = (int)pool->names_n;
	pool->names[pool->names_n++] = *name;
	return idmap_put(&pool->names_index, name->id, *ret);
}

static int
recall_pool_add(struct recalling *pool, const struct recalling *r,
	const struct recall_candidate *c, double score, int sentence)
{
	struct recall_candidate *mine;
	int32_t at;
	int name = -1;

	if (c->name >= 0 && name_in_pool(pool, &r->names[c->name], &name) < 0)
		return MDB_E_NOMEM;
	if (!idmap_get(&pool->index, c->fact, &at)) {
		if (vec_room(pool->c, pool->n, pool->cap) != 0)
			return MDB_E_NOMEM;
		at = (int32_t)pool->n;
		pool->c[pool->n++].total = 0;
		if (idmap_put(&pool->index, c->fact, at) < 0)
			return MDB_E_NOMEM;
	}
	assert(at >= 0 && (size_t)at < pool->n);
	mine = &pool->c[at];
	if (mine->total >= score)
		return 0;
	*mine = *c;
	mine->name = name;
	mine->total = score;
	/* Facts with the same words of another sentence are no copies. */
	mine->found = c->found ^ (uint32_t)sentence * 0x9e3779b1u;
	return 0;
}

int
recall_pool(struct recalling *pool, const struct recalling *r,
	double confidence, int sentence)
{
	double most = 0, evidence = recall_evidence(r);

	/* What is only near in meaning has no word. */
	if (r->w.near > 0 && r->nearest >= r->w.near)
		evidence = fmax(evidence, r->nearest / 2);
	for (size_t i = 0; i < r->n; i++)
		most = fmax(most, r->c[i].total);
	for (size_t i = 0; i < r->n && most > 0; i++) {
		const struct recall_candidate *c = &r->c[i];

		if (c->total > 0 && evidence > 0 &&
			recall_pool_add(pool, r, c, evidence * c->total / most,
				sentence) < 0)
			return err_nomem(r->e);
	}
	pool->sure = fmax(pool->sure, confidence);
	return 0;
}
