/* One change of a branch as a merge: its ops say which facts and attributes,
 * the lenses just before and after it what it did. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/time/merge_internal.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/log/log.h"

int
merge_pick_sides(struct merge *m)
{
	const struct merge_pick *p = m->pick;
	int rc = lens_branch_name(m->st, p->branch, &m->name, m->e);
	char *mark;

	if (rc < 0)
		return rc;
	if (!buf_str(&m->name))
		return err_nomem(m->e);
	/* Of a discarded branch the name ends with its id. */
	mark = strchr(m->name.data, '#');
	if (mark) {
		*mark = '\0';
		m->name.len = (size_t)(mark - m->name.data);
	}
	m->parent = m->w->branch;
	m->base_at = p->change - 1;
	m->ours = *lens_of(m->st);
	rc = lens_make(m->st, p->branch, p->change, &m->theirs, m->e);
	if (rc != 0)
		return rc;
	if (!p->wins)
		return lens_make(m->st, p->branch, p->change - 1, &m->base,
			m->e);
	m->base = m->ours;
	m->base_at = INT64_MAX;
	return 0;
}

struct pick_op {
	struct merge *m, *to;
	enum op_what what; /* facts: OP_SHOW stands for both */
	struct idset seen;
};

static int
pick_op(void *ctx, const struct log_op *op)
{
	struct pick_op *x = ctx;
	bool is_fact = op->what == OP_SHOW || op->what == OP_HIDE;
	int64_t *n;

	if (x->what == OP_ATTR)
		return op->what != OP_ATTR
			       ? 0
			       : merge_add_touched(x->to, op->key, op->entity);
	if (!is_fact)
		return 0;
	n = idset_put(&x->seen, op->fact);
	if (!n)
		return err_nomem(x->m->e);
	return (*n)++ > 0 ? 0 : merge_add_touched(x->to, op->fact, op->entity);
}

static int
pick_ops(struct merge *m, struct merge *to, enum op_what what)
{
	struct pick_op x = {.m = m, .to = to, .what = what};
	int rc = log_ops(m->st, m->pick->change, 0, 0, pick_op, &x, m->e);

	idset_done(&x.seen);
	return rc;
}

int
merge_pick_facts(struct merge *m)
{
	return pick_ops(m, m, OP_SHOW);
}

int
merge_pick_attrs(struct merge *m, struct merge *pairs)
{
	return pick_ops(m, pairs, OP_ATTR);
}

int
merge_pick(struct write *w, const struct merge_pick *p,
	struct merge_result *ret, struct err *e)
{
	AUTO_MERGE struct merge m = {.w = w,
		.st = w->st,
		.e = e,
		.branch = p->branch,
		.pick = p};
	int rc;

	for (size_t i = 0; p->own && i < p->own->cap; i++)
		if (p->own->slots[i].id != 0 &&
			!idset_put(&m.own, p->own->slots[i].id))
			return err_nomem(e);
	rc = merge_run(&m, ret);
	if (rc != 0)
		err_prefix(e, "change %lld", (long long)p->change);
	if (rc != 0 || !w->change)
		return rc;
	return sliced_run_refuse(w, ret->touched, 0, e);
}
