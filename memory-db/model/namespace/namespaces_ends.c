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

/* Both ends lie in one memory now, so a reversed relation is stored
 * straight. */
static int
straighten(struct mover *m, struct fact *f)
{
	int64_t label = 0, end = f->entity;
	int rc;

	if (!fact_is_reversed(f))
		return 0;
	f->entity = f->peer;
	f->peer = end;
	f->text = "";
	f->text_n = 0;
	rc = label_find(m->st, DERIVED_FROM, &label, m->e);
	if (rc == 1 && label == f->label)
		f->flags = FACT_DERIVED;
	return rc < 0 ? rc : 0;
}

int
namespaces_ends(struct mover *m, struct fact *f)
{
	int64_t ns = 0;
	int rc = entity_first_name(m->st, f->peer, &ns, NULL, m->e);

	if (rc < 0)
		return rc;
	if (ns == m->from)
		return namespaces_target(m, f->peer, &f->peer);
	if (m->to != NAMESPACE_DEFAULT)
		return 1;
	rc = fact_existence(m->st, f->peer, NULL, NULL, NULL, m->e);
	if (rc == 1 && straighten(m, f) != 0)
		return m->e->code;
	return rc;
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
	int rc = change_hide(m->change, f->id, m->e);

	f->peer = m->target;
	if (rc != 0)
		return rc;
	rc = straighten(m, f);
	if (rc != 0)
		return rc;
	rc = fact_find_relation(m->st, f->entity, f->peer, f->label, false,
		&other, m->e);
	if (rc == 0)
		return change_add_fact(m->change, f, NULL, m->e);
	if (rc < 0)
		return rc;
	return 0;
}

int
namespaces_incoming(struct mover *m, int64_t entity)
{
	struct incoming x = {.m = m};
	if (m->from != NAMESPACE_DEFAULT)
		return 0;
	/* What is turned is hidden, so the next one comes first. */
	for (;;) {
		int rc = fact_each_incoming(m->st, entity, find_incoming, &x,
			m->e);
		if (rc != 1)
			return rc;
		if (m->turned >= LIMIT_SLICE_FACTS) {
			m->full = true;
			return 0;
		}
		m->turned++;
		rc = turn(m, &x.f);
		if (rc != 0)
			return rc;
	}
}
