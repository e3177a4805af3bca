/* Shared by verify.c and verify_*.c. Not included elsewhere. */
#ifndef STORE_CHECK_VERIFY_INT_H
#define STORE_CHECK_VERIFY_INT_H

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/check/verify.h"

enum verify_statement {
	V_TABLE,
	V_INTEGRITY,
	V_FOREIGN,
	V_NAMESPACES,
	V_NS_MAX,
	V_CHANGES,
	V_BEFORE,
	V_OPS,
	V_SPAN_ADDED,
	V_SPAN_REMOVED,
	V_ATTR_OF,
	V_SPANS,
	V_FORGOTTEN,
	V_ERASED,
	V_ALIAS_OF,
	V_VERSIONS,
	V_ATTRS,
	V_PAST,
	V_PAST_COUNT,
	V_ORPHAN_OPS,
	V_ALIASES,
	V_NO_DICTIONARY,
	V_TALLY,
	V_HEAD,
	V_TOTALS,
	V_DERIVED,
	V_DERIVED_OF,
	V_BRANCH,
	V_MERGED,
	V_BESIDE,
	V_VECTORS,
	V_FOLD,
	V_STATEMENTS
};

struct verify {
	struct store *st;
	struct verify_mark *mark;
	int64_t until_ns;
	verify_problem_fn fn;
	int64_t looked_at;     /* last entity of an erased fact */
	int64_t base_ns, base; /* of a namespace (store/log/base.h) */
	bool base_is_open;
	bool is_forgotten; /* it, as a whole */
	void *ctx;
	int64_t mendable; /* fact of the next problem, or 0 */
	struct err *e;
};

/* Tells of a problem; non-zero stops. */
int verify_problem(struct verify *v, const char *what, const char *fmt, ...)
	MUST_CHECK __attribute__((format(printf, 3, 4)));
bool verify_is_late(const struct verify *v);
/* The last change of the base of a namespace, 0: it has none. */
int verify_base(struct verify *v, int64_t ns, int64_t *ret) MUST_CHECK;

/* A damaged tree may give rows out of order, and for ever: keys that do not
 * rise end the step. 0, or MDB_E_CORRUPT. */
int verify_rises(struct verify *v, int64_t before, int64_t key) MUST_CHECK;

/* The sums of the mark: a row that an op asks for goes in with its hash, the
 * row found comes out. So each side is read once, in its own order, and a
 * change of 10,000 ops costs no search among them for each row. */
enum verify_row { ROW_ADDED, ROW_REMOVED, ROW_VERSION, ROW_ATTR };
void verify_sum(struct verify *v, int64_t *sum, int sign, enum verify_row row,
	const int64_t key[4]);

/* Is there a step of this name (tables.h)? */
bool verify_has_step(const char *name);
/* The steps: 1 the step is done, 0 it goes on in the next slice, negative. */
int verify_tables(struct verify *v) MUST_CHECK;
int verify_namespaces(struct verify *v) MUST_CHECK;
int verify_changes(struct verify *v) MUST_CHECK;
int verify_facts(struct verify *v) MUST_CHECK;
int verify_versions(struct verify *v) MUST_CHECK;
int verify_attrs(struct verify *v) MUST_CHECK;
int verify_past(struct verify *v) MUST_CHECK;
int verify_names(struct verify *v) MUST_CHECK;
int verify_beside(struct verify *v) MUST_CHECK;
int verify_tally(struct verify *v) MUST_CHECK;
int verify_vectors(struct verify *v) MUST_CHECK;
int verify_dictionaries(struct verify *v) MUST_CHECK;
int verify_text(struct verify *v) MUST_CHECK;

/* Ops of one change, sorted: what they do to spans, versions and attributes
 * (verify_ops.c). */
struct verify_op {
	int64_t seq, what, entity, fact, key, value;
};
struct verify_ops {
	struct verify_op *rows; /* owned */
	size_t n, cap;
	int64_t change, branch;
	int64_t new_past; /* rows of `past` that they ask for */
	int64_t fact_max; /* highest fact shown */
	bool is_folded;	  /* into a base: its versions may be gone */
};
int verify_ops_add(struct verify_ops *o, const struct verify_op *op) MUST_CHECK;
int verify_ops_check(struct verify *v, struct verify_ops *o) MUST_CHECK;

#endif
