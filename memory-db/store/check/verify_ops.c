/* What the ops of a change must have left in spans, versions and attributes.
 *
 * Each op is looked up in the tables it changed. The rows that all ops together
 * ask for go into sums (verify_sum), and come out where the tables are read
 * (verify_facts.c): so a row that no op explains is seen too. */
#include "memory-db/store/check/verify_int.h"
#include "common/vec.h"

#include <inttypes.h>

#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/facts.h"

int
verify_ops_add(struct verify_ops *o, const struct verify_op *op)
{
	if (vec_room(o->rows, o->n, o->cap) != 0)
		return MDB_E_NOMEM;
	o->rows[o->n++] = *op;
	return 0;
}

static int
verify_ops_compare(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

enum verify_ops_class { FACTS, ATTRS, ERASES, OTHERS };

static enum verify_ops_class
verify_ops_class_of(const struct verify_op *op)
{
	if (op->what == OP_SHOW || op->what == OP_HIDE)
		return FACTS;
	if (op->what == OP_ATTR)
		return ATTRS;
	if (op->what == OP_ERASE)
		return ERASES;
	return OTHERS;
}

/* 0 when both ops are about one fact, or one attribute of an entity. */
static int
compare_targets(const struct verify_op *a, const struct verify_op *b)
{
	enum verify_ops_class class = verify_ops_class_of(a);
	int d = verify_ops_compare(class, verify_ops_class_of(b));

	if (d == 0 && class == FACTS)
		d = verify_ops_compare(a->fact, b->fact);
	if (d == 0 && class == ATTRS)
		d = verify_ops_compare(a->entity, b->entity);
	if (d == 0 && class == ATTRS)
		d = verify_ops_compare(a->key, b->key);
	return d;
}

static int
by_target(const void *a, const void *b)
{
	int d = compare_targets(a, b);

	return d != 0 ? d
		      : verify_ops_compare(((const struct verify_op *)a)->seq,
				((const struct verify_op *)b)->seq);
}

/* Sorts ops: those that make versions come first, by entity. */
static int
verify_ops_by_entity(const void *pa, const void *pb)
{
	const struct verify_op *a = pa, *b = pb;
	int d = verify_ops_compare(verify_ops_class_of(a) == OTHERS,
		verify_ops_class_of(b) == OTHERS);

	return d != 0 ? d : verify_ops_compare(a->entity, b->entity);
}

/* 1 there is such a span; *ret_removed of the one added by the change. */
static int
span_added(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op, int64_t *ret_removed)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_SPAN_ADDED);
	int rc;

	bind_i(s, 1, op->fact);
	bind_i(s, 2, o->branch);
	bind_i(s, 3, o->change);
	rc = stmt_row(v->st, s, v->e);
	if (rc == 1)
		*ret_removed = sqlite3_column_int64(s, 0);
	return rc;
}

/* How many spans of the fact end with the change. */
static int
spans_removed(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op, int *ret_n)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_SPAN_REMOVED);
	int rc;

	bind_i(s, 1, op->fact);
	bind_i(s, 2, o->branch);
	bind_i(s, 3, o->change);
	rc = stmt_row(v->st, s, v->e);
	*ret_n = rc == 1 ? sqlite3_column_int(s, 0) : 0;
	return rc < 0 ? rc : 0;
}

static int
missing(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op, const char *what)
{
	return verify_problem(v, "span",
		"change %" PRId64 " %s fact %" PRId64 ", but no span says so",
		o->change, what, op->fact);
}

/* What the ops of one fact, first..last, ask of its spans. */
struct verify_ops_asked {
	bool shown, hidden; /* at all */
	bool closes_older;  /* hidden first: it was visible before */
	bool ends_hidden;
};

static void
read_asked(const struct verify_op *first, const struct verify_op *last,
	struct verify_ops_asked *a)
{
	*a = (struct verify_ops_asked){.closes_older = first->what == OP_HIDE,
		.ends_hidden = last->what == OP_HIDE};
	for (const struct verify_op *op = first; op <= last; op++) {
		a->shown |= op->what == OP_SHOW;
		a->hidden |= op->what == OP_HIDE;
	}
}

/* The span that the change added: asked for when it shows the fact. On a
 * branch hiding may add one too, an empty one, which masks the parent's. */
static int
check_added(struct verify *v, const struct verify_ops *o,
	const struct verify_op *first, const struct verify_ops_asked *a)
{
	const int64_t key[4] = {first->fact, o->branch, o->change, 0};
	int64_t removed = 0;
	int rc = span_added(v, o, first, &removed);

	if (rc < 0)
		return rc;
	if (a->shown || (rc == 1 && o->branch != STORE_MAIN))
		verify_sum(v, &v->mark->spans, 1, ROW_ADDED, key);
	if (a->shown && (rc == 0 || a->ends_hidden != (removed == o->change)))
		return missing(v, o, first, "shows or hides");
	return 0;
}

/* The spans that end with it. On main that of an older change, and its own
 * when it is hidden again; on a branch the parent's may be masked instead,
 * until the fact is shown again. */
static int
check_removed(struct verify *v, struct verify_ops *o,
	const struct verify_op *first, const struct verify_ops_asked *a)
{
	const int64_t key[4] = {first->fact, o->branch, o->change, 0};
	bool is_main = o->branch == STORE_MAIN;
	int asked = a->closes_older + (a->shown && a->ends_hidden), n;
	int rc = spans_removed(v, o, first, &n);

	if (rc != 0)
		return rc;
	for (int i = 0; i < (is_main ? asked : n); i++)
		verify_sum(v, &v->mark->closed, 1, ROW_REMOVED, key);
	if (is_main)
		o->new_past += a->closes_older;
	return n == 0 && a->closes_older && (is_main || !a->shown)
		       ? missing(v, o, first, "hides")
		       : 0;
}

static int
verify_ops_check_fact(struct verify *v, struct verify_ops *o,
	const struct verify_op *first, const struct verify_op *last)
{
	struct verify_ops_asked a;
	int rc;

	read_asked(first, last, &a);
	if (a.shown && first->fact > o->fact_max)
		o->fact_max = first->fact;
	rc = check_added(v, o, first, &a);
	return rc == 0 && a.hidden ? check_removed(v, o, first, &a) : rc;
}

static int
verify_ops_check_attr(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_ATTR_OF);
	const int64_t key[4] = {op->entity, o->branch, o->change * 16 + op->key,
		op->value};
	int rc;

	verify_sum(v, &v->mark->attrs, 1, ROW_ATTR, key);
	bind_i(s, 1, op->entity);
	bind_i(s, 2, o->branch);
	bind_i(s, 3, op->key);
	bind_i(s, 4, o->change);
	rc = stmt_row(v->st, s, v->e);
	if (rc < 0 || (rc == 1 && sqlite3_column_int64(s, 0) == op->value))
		return rc < 0 ? rc : 0;
	return verify_problem(v, "attribute",
		"change %" PRId64 " sets attribute %" PRId64
		" of entity %" PRId64 ", but it is not there",
		o->change, op->key, op->entity);
}

/* --- branches and derivations --------------------------------------------- */
static int
check_branch(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_BRANCH);
	AUTO_STMT sqlite3_stmt *m = NULL;
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
		fits = r == 1 &&
		       sqlite3_column_int64(m, 0) ==
			       (op->fact != 0 ? op->fact : o->change - 1);
	}
	return fits ? 0
		    : verify_problem(v, "branch",
			      "branch %" PRId64 " is not as change %" PRId64
			      " left it",
			      op->value, o->change);
}

static int
verify_ops_check_other(struct verify *v, const struct verify_ops *o,
	const struct verify_op *op)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc;

	if (op->what == OP_BRANCH)
		return check_branch(v, o, op);
	if (op->what != OP_DERIVE)
		return 0;
	s = stmt_use(v->st, MOD_VERIFY, V_DERIVED);
	bind_i(s, 1, op->value);
	bind_i(s, 2, op->fact);
	rc = stmt_row(v->st, s, v->e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return verify_problem(v, "derivation",
		"fact %" PRId64 " was derived from %" PRId64
		" by change %" PRId64 ", but no edge says so",
		op->fact, op->value, o->change);
}

/* One version for each entity that the change touched. */
static void
sum_versions(struct verify *v, struct verify_ops *o)
{
	qsort(o->rows, o->n, sizeof(*o->rows), verify_ops_by_entity);
	for (size_t i = 0;
		i < o->n && verify_ops_class_of(&o->rows[i]) != OTHERS; i++) {
		const int64_t key[4] = {o->rows[i].entity, o->branch, o->change,
			0};

		if (i == 0 || o->rows[i].entity != o->rows[i - 1].entity)
			verify_sum(v, &v->mark->versions, 1, ROW_VERSION, key);
	}
}

int
verify_ops_check(struct verify *v, struct verify_ops *o)
{
	int rc = 0;

	if (o->n == 0)
		return 0;
	qsort(o->rows, o->n, sizeof(*o->rows), by_target);
	for (size_t i = 0, j; i < o->n; i = j) {
		struct verify_op *first = &o->rows[i];
		enum verify_ops_class class = verify_ops_class_of(first);

		j = i + 1;
		while (class != OTHERS && j < o->n &&
			compare_targets(first, &o->rows[j]) == 0)
			j++;
		if (class == FACTS)
			rc = verify_ops_check_fact(v, o, first,
				&o->rows[j - 1]);
		else if (class == ATTRS)
			rc = verify_ops_check_attr(v, o, &o->rows[j - 1]);
		else
			rc = verify_ops_check_other(v, o, first);
		if (rc != 0)
			return rc;
	}
	if (!o->is_folded)
		sum_versions(v, o);
	return 0;
}
