/* What the ops of a change must have left in spans and attributes.
 *
 * Each op is looked up; then the rows that all ops together ask for are
 * counted, and the rows found are taken off again where they are read
 * (verify_facts, verify_versions): so a row that no op explains is seen too,
 * without an index from a change to its rows. On branches only the first half
 * applies, as hiding there may leave a mask. */
#include "memory-db/store/verify_int.h"

#include <inttypes.h>

#include "memory-db/store/change.h"
#include "memory-db/store/facts.h"

int
verify_ops_add(struct verify_ops *o, const struct verify_op *op)
{
	if (o->n == o->cap) {
		size_t cap = o->cap == 0 ? 64 : o->cap * 2;
		struct verify_op *p = realloc(o->rows, cap * sizeof(*p));

		if (p == NULL)
			return MDB_E_NOMEM;
		o->rows = p;
		o->cap = cap;
	}
	o->rows[o->n++] = *op;
	return 0;
}

static int
compare(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* Facts together, in order; attributes after them, by entity and key. */
static int
by_target(const void *pa, const void *pb)
{
	const struct verify_op *a = pa, *b = pb;
	bool a_attr = a->what == OP_ATTR, b_attr = b->what == OP_ATTR;
	int d = compare(a_attr, b_attr);

	if (d == 0)
		d = a_attr ? compare(a->entity, b->entity)
			   : compare(a->fact, b->fact);
	if (d == 0 && a_attr)
		d = compare(a->key, b->key);
	return d != 0 ? d : compare(a->seq, b->seq);
}

static int
by_entity(const void *pa, const void *pb)
{
	const struct verify_op *a = pa, *b = pb;

	return compare(a->entity, b->entity);
}

/* 1 there is such a span; *ret_removed of the one added by the change. */
static int
span_added(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op, int64_t *ret_removed)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(v->st, MOD_VERIFY, V_SPAN_ADDED);
	int r;

	bind_i(s, 1, op->fact);
	bind_i(s, 2, o->branch);
	bind_i(s, 3, o->change);
	r = stmt_row(v->st, s, v->e);
	if (r == 1)
		*ret_removed = sqlite3_column_int64(s, 0);
	return r;
}

static int
span_removed(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(v->st, MOD_VERIFY, V_SPAN_REMOVED);

	bind_i(s, 1, op->fact);
	bind_i(s, 2, o->branch);
	bind_i(s, 3, o->change);
	return stmt_row(v->st, s, v->e);
}

static int
missing(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op, const char *what)
{
	return verify_problem(v, "span",
		"change %" PRId64 " %s fact %" PRId64 ", but no span says so",
		o->change, what, op->fact);
}

/* All ops of one fact, first..last. */
static int
check_fact(struct verify *v, struct verify_ops *o,
	const struct verify_op *first, const struct verify_op *last)
{
	bool shown = false, is_main = o->branch == STORE_MAIN;
	bool closes_older = first->what == OP_HIDE;
	int64_t removed = STORE_OPEN_END;
	int r = 0;

	for (const struct verify_op *op = first; op <= last; op++)
		shown |= op->what == OP_SHOW;
	if (shown) {
		r = span_added(v, o, first, &removed);
		if (r == 0)
			r = missing(v, o, first, "shows");
		else if (r == 1)
			r = (last->what == OP_HIDE) !=
					(removed == o->change)
				? missing(v, o, first, "shows or hides") : 0;
	}
	if (r == 0 && closes_older && is_main) {
		/* The span of an older change, not the empty one of this. */
		r = span_removed(v, o, first);
		r = r == 0 ? missing(v, o, first, "hides") : r < 0 ? r : 0;
	}
	if (r != 0 || !is_main)
		return r;
	v->mark->spans += shown;
	v->mark->closed += closes_older + (shown && last->what == OP_HIDE);
	o->new_past += closes_older;
	return 0;
}

static int
check_attr(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(v->st, MOD_VERIFY, V_ATTR_OF);
	int r;

	bind_i(s, 1, op->entity);
	bind_i(s, 2, o->branch);
	bind_i(s, 3, op->key);
	bind_i(s, 4, o->change);
	r = stmt_row(v->st, s, v->e);
	if (r < 0 || (r == 1 && sqlite3_column_int64(s, 0) == op->value))
		return r < 0 ? r : 0;
	return verify_problem(v, "attribute",
		"change %" PRId64 " sets attribute %" PRId64 " of entity %"
		PRId64 ", but it is not there", o->change, op->key, op->entity);
}

static bool
same_target(const struct verify_op *a, const struct verify_op *b)
{
	if ((a->what == OP_ATTR) != (b->what == OP_ATTR))
		return false;
	return a->what == OP_ATTR
		? a->entity == b->entity && a->key == b->key
		: a->fact == b->fact;
}

static void
count_versions(struct verify *v, struct verify_ops *o)
{
	qsort(o->rows, o->n, sizeof(*o->rows), by_entity);
	for (size_t i = 0; i < o->n; i++)
		v->mark->versions += i == 0 ||
			o->rows[i].entity != o->rows[i - 1].entity;
}

int
verify_ops_check(struct verify *v, struct verify_ops *o)
{
	int r = 0;

	if (o->n == 0)
		return 0;
	qsort(o->rows, o->n, sizeof(*o->rows), by_target);
	for (size_t i = 0, j; r == 0 && i < o->n; i = j) {
		struct verify_op *first = &o->rows[i];

		for (j = i + 1; j < o->n && same_target(first, &o->rows[j]);)
			j++;
		if (first->what == OP_SHOW && first->fact > o->fact_max)
			o->fact_max = first->fact;
		if (first->what == OP_ATTR)
			r = check_attr(v, o, &o->rows[j - 1]);
		else if (first->what == OP_SHOW || first->what == OP_HIDE)
			r = check_fact(v, o, first, &o->rows[j - 1]);
	}
	if (r == 0)
		count_versions(v, o);
	return r;
}
