/* What the ops of a change must have left in spans and attributes.
 *
 * Each op is looked up; then the rows that all ops together ask for are
 * counted, and the rows found are taken off again where they are read
 * (verify_facts, verify_versions): so a row that no op explains is seen too,
 * without an index from a change to its rows. Hiding on a branch may leave a
 * mask or not, so the rows of branches are looked up the other way (verify_facts). */
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

enum class { FACTS, ATTRS, ERASES, OTHERS };

static enum class
class_of(const struct verify_op *op)
{
	if (op->what == OP_SHOW || op->what == OP_HIDE)
		return FACTS;
	return op->what == OP_ATTR ? ATTRS
		: op->what == OP_ERASE ? ERASES : OTHERS;
}

/* 0 when both ops are about one fact, or one attribute of an entity. */
static int
compare_targets(const struct verify_op *a, const struct verify_op *b)
{
	enum class class = class_of(a);
	int d = compare(class, class_of(b));

	if (d == 0 && class == FACTS)
		d = compare(a->fact, b->fact);
	if (d == 0 && class == ATTRS)
		d = compare(a->entity, b->entity);
	if (d == 0 && class == ATTRS)
		d = compare(a->key, b->key);
	return d;
}

static int
by_target(const void *a, const void *b)
{
	int d = compare_targets(a, b);

	return d != 0 ? d : compare(((const struct verify_op *)a)->seq,
				    ((const struct verify_op *)b)->seq);
}

/* Those that make versions first, by entity. */
static int
by_entity(const void *pa, const void *pb)
{
	const struct verify_op *a = pa, *b = pb;
	int d = compare(class_of(a) == OTHERS, class_of(b) == OTHERS);

	return d != 0 ? d : compare(a->entity, b->entity);
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
	if (shown && first->fact > o->fact_max)
		o->fact_max = first->fact;
	if (shown) {
		r = span_added(v, o, first, &removed);
		if (r == 0)
			r = missing(v, o, first, "shows");
		else if (r == 1)
			r = (last->what == OP_HIDE) !=
					(removed == o->change)
				? missing(v, o, first, "shows or hides") : 0;
	}
	/* On main the span of an older change ends here; on a branch it may be
	 * the parent's, which an empty span masks until it is shown again. */
	if (r == 0 && closes_older && (is_main || !shown)) {
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

/* --- branches and derivations ------------------------------------------------------- */
static int
check_branch(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(v->st, MOD_VERIFY, V_BRANCH);
	sqlite3_stmt *m AUTO_STMT = NULL;
	bool fits;
	int r;

	bind_i(s, 1, op->value);
	r = stmt_row(v->st, s, v->e);
	if (r < 0)
		return r;
	fits = r == 1;
	if (fits && op->key == BRANCH_OP_CREATE)
		fits = sqlite3_column_int64(s, 1) == op->fact;
	if (fits && op->key == BRANCH_OP_DISCARD)
		fits = sqlite3_column_int64(s, 2) == 2;
	if (fits && op->key == BRANCH_OP_MERGE) {
		m = stmt_use(v->st, MOD_VERIFY, V_MERGED);
		bind_i(m, 1, op->value);
		bind_i(m, 2, o->change);
		r = stmt_row(v->st, m, v->e);
		if (r < 0)
			return r;
		fits = r == 1 && sqlite3_column_int64(m, 0) == o->change - 1;
	}
	return fits ? 0 : verify_problem(v, "branch",
				  "branch %" PRId64 " is not as change %" PRId64
				  " left it", op->value, o->change);
}

static int
check_other(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op)
{
	sqlite3_stmt *s AUTO_STMT = NULL;
	int r;

	if (op->what == OP_BRANCH)
		return check_branch(v, o, op);
	if (op->what != OP_DERIVE)
		return 0;
	s = stmt_use(v->st, MOD_VERIFY, V_DERIVED);
	bind_i(s, 1, op->value);
	bind_i(s, 2, op->fact);
	r = stmt_row(v->st, s, v->e);
	if (r != 0)
		return r < 0 ? r : 0;
	return verify_problem(v, "derivation",
		"fact %" PRId64 " was derived from %" PRId64 " by change %"
		PRId64 ", but no edge says so", op->fact, op->value, o->change);
}

static void
count_versions(struct verify *v, struct verify_ops *o)
{
	qsort(o->rows, o->n, sizeof(*o->rows), by_entity);
	for (size_t i = 0; i < o->n && class_of(&o->rows[i]) != OTHERS; i++)
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
		enum class class = class_of(first);

		j = i + 1;
		while (class != OTHERS && j < o->n &&
			compare_targets(first, &o->rows[j]) == 0)
			j++;
		if (class == FACTS)
			r = check_fact(v, o, first, &o->rows[j - 1]);
		else if (class == ATTRS)
			r = check_attr(v, o, &o->rows[j - 1]);
		else
			r = check_other(v, o, first);
	}
	if (r == 0)
		count_versions(v, o);
	return r;
}
