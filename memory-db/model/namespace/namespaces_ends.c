/* Relations between a project and the user's memory, when namespaces merge.
 *
 * Such a relation belongs to the project and names an entity of `default` as
 * its peer. Moved into another project it leads to the same entity as before.
 * Moved into `default`, or when `default` itself moves into the project, both
 * ends come to lie in one memory, and it becomes a relation like others. */
#include "memory-db/model/namespace/namespaces_int.h"

#include "memory-db/store/log/change.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/facts/labels.h"

/* Both ends are in one memory: a reversed relation turns round. */
static int
straighten(struct mover *m, struct fact *f)
{
	int64_t label = 0, end = f->entity;
	int r;

	if (!fact_is_reversed(f))
		return 0;
	f->entity = f->peer;
	f->peer = end;
	f->text = "";
	f->text_n = 0;
	r = label_find(m->st, DERIVED_FROM, &label, m->e);
	if (r == 1 && label == f->label)
		f->flags = FACT_DERIVED;
	return r < 0 ? r : 0;
}

int
namespaces_ends(struct mover *m, struct fact *f)
{
	int64_t ns = 0;
	int r = entity_first_name(m->st, f->peer, &ns, NULL, m->e);

	if (r < 0)
		return r;
	if (ns == m->from)
		return namespaces_target(m, f->peer, &f->peer);
	if (m->to != NAMESPACE_DEFAULT)
		return 1;
	r = fact_existence(m->st, f->peer, NULL, NULL, NULL, m->e);
	if (r == 1 && straighten(m, f) != 0)
		return m->e->code;
	return r;
}

struct incoming {
	struct mover *m;
	struct fact f; /* of the first one */
};

static int
find_incoming(void *ctx, const struct fact *f)
{
	struct incoming *x = ctx;

	if (fact_namespace(f->id) != x->m->to)
		return 0;
	x->f = *f;
	x->f.text = fact_is_reversed(f) ? FACT_REVERSED : "";
	return 1;
}

static int
turn(struct mover *m, struct fact *f)
{
	int64_t other;
	int r = change_hide(m->change, f->id, m->e);

	f->peer = m->target;
	if (r == 0)
		r = straighten(m, f);
	if (r == 0)
		r = fact_find_relation(m->st, f->entity, f->peer, f->label,
			false, &other, m->e);
	return r == 0  ? change_add_fact(m->change, f, NULL, m->e)
	       : r < 0 ? r
		       : 0;
}

int
namespaces_incoming(struct mover *m, int64_t entity)
{
	struct incoming x = {.m = m};
	int r = 0;

	if (m->from != NAMESPACE_DEFAULT)
		return 0;
	/* What is turned is hidden, so the next one comes first. */
	while (r == 0) {
		r = fact_each_incoming(m->st, entity, find_incoming, &x, m->e);
		if (r != 1)
			return r;
		if (m->turned >= LIMIT_SLICE_FACTS) {
			m->full = true;
			return 0;
		}
		m->turned++;
		r = turn(m, &x.f);
	}
	return r;
}
