/* Verify, every fact: its digest is computed anew from its text and its
 * fields; its spans must follow each other; an existence fact must have the
 * name of its entity. Spans, versions and attributes that are found are taken
 * off the sums that the ops made (verify_changes.c). */
#include "memory-db/store/check/verify_int.h"

#include <inttypes.h>
#include <string.h>

#include "memory-db/store/log/derivations.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/check/repair.h"
#include "memory-db/store/facts/fact_key.h"

/* --- facts ---------------------------------------------------------------- */
static int
tell_minus_zero(struct verify *v, const struct log_fact *f,
	const struct minus_zero *m)
{
	const char *which = m->weight ? "weight" : "confidence";
	int rc;

	if (m->weight && m->confidence)
		which = "weight and confidence";
	v->mendable = f->id;
	rc = verify_problem(v, "digest",
		"fact %" PRId64 " of entity %" PRId64 " was written with the "
		"%s -0.0, which is stored as 0 and does not match its digest; "
		"'memoryctl repair' mends it",
		f->id, f->entity, which);
	v->mendable = 0;
	return rc;
}

static int
verify_facts_check_digest(struct verify *v, const struct log_fact *f)
{
	struct minus_zero m;
	int rest = 1;

	if (!f->damaged && f->body)
		rest = codec_check_rest(&v->st->codec, f->body, f->body_n,
			f->text_n, v->e);
	if (rest < 0)
		return rest;
	if (rest == 1 && repair_matches(f))
		return 0;
	if (rest == 1 && repair_is_minus_zero(f, &m))
		return tell_minus_zero(v, f, &m);
	return verify_problem(v, "digest",
		"fact %" PRId64 " of entity %" PRId64 " does not match its "
		"digest",
		f->id, f->entity);
}

/* A fact without salt was forgotten: an op must say so. */
static int
check_erased(struct verify *v, const struct log_fact *f)
{
	AUTO_STMT sqlite3_stmt *whole = NULL, *s = NULL;
	int rc;

	/* Nearly always the entity went, and it has many. */
	if (v->looked_at != f->entity) {
		whole = stmt_use(v->st, MOD_VERIFY, V_FORGOTTEN);
		bind_i(whole, 1, f->entity);
		rc = stmt_row(v->st, whole, v->e);
		if (rc < 0)
			return rc;
		v->looked_at = f->entity;
		v->is_forgotten = rc == 1;
	}
	if (v->is_forgotten)
		return 0;
	s = stmt_use(v->st, MOD_VERIFY, V_ERASED);
	bind_i(s, 1, f->entity);
	bind_i(s, 2, f->id);
	rc = stmt_row(v->st, s, v->e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return verify_problem(v, "digest",
		"fact %" PRId64 " has no text, and no change forgot it", f->id);
}

static int
check_same(struct verify *v, const struct log_fact *f)
{
	int64_t same = -1;
	int rc = 0;

	if (f->kind == FACT_OBSERVATION)
		rc = fact_key_of_text(v->st, f->text, f->text_n, &same, v->e);
	else if (f->kind == FACT_RELATION)
		same = fact_key_of_relation(v->st, f->peer, f->label_id);
	else if (fact_is_mark(f->kind))
		same = fact_key_of_mark(v->st, f->supersedes);
	if (rc != 0 || same == f->same)
		return rc;
	return verify_problem(v, "fact",
		"fact %" PRId64 " cannot be found by its content", f->id);
}

/* The present name of an entity leads to it. */
static int
verify_facts_check_name(struct verify *v, const struct log_fact *f)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc;

	if (f->first_name && f->first_name_n == f->text_n &&
		memcmp(f->first_name, f->text, f->text_n) == 0)
		return 0;
	s = stmt_use(v->st, MOD_VERIFY, V_ALIAS_OF);
	bind_i(s, 1, f->ns);
	bind_t(s, 2, f->text, f->text_n);
	bind_i(s, 3, f->entity);
	rc = stmt_row(v->st, s, v->e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return verify_problem(v, "name",
		"entity %" PRId64 " is not found by its name '%.200s'",
		f->entity, f->text);
}

/* Derived facts carry a mark, and so do relations that say so. (The mark alone
 * does no harm: what a fact was derived from may have held no facts.) */
static int
check_flags(struct verify *v, const struct log_fact *f)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_DERIVED_OF);
	/* A reversed one says so of the other end. */
	bool says_so = f->kind == FACT_RELATION && f->text_n == 0 &&
		       f->label != NULL && strcmp(f->label, DERIVED_FROM) == 0;
	int rc;

	bind_i(s, 1, f->id);
	rc = stmt_row(v->st, s, v->e);
	if (rc < 0 || f->flags & FACT_DERIVED || (rc == 0 && !says_so))
		return rc < 0 ? rc : 0;
	return verify_problem(v, "derivation",
		"fact %" PRId64 " is derived and not marked so", f->id);
}

struct spans {
	int64_t n;
	bool is_open; /* on main */
};

static void
sum_span(struct verify *v, int64_t fact, int64_t branch, int64_t added,
	int64_t removed)
{
	const int64_t start[4] = {fact, branch, added, 0};
	const int64_t end[4] = {fact, branch, removed, 0};

	if (added <= v->mark->change)
		verify_sum(v, &v->mark->spans, -1, ROW_ADDED, start);
	if (removed <= v->mark->change)
		verify_sum(v, &v->mark->closed, -1, ROW_REMOVED, end);
}

/* Intervals of a branch follow each other, and belong to the entity. */
static int
check_spans(struct verify *v, const struct log_fact *f, struct spans *ret)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_SPANS);
	int64_t branch = 0, end = 0;
	int rc, told = 0;

	bind_i(s, 1, f->id);
	for (; (rc = stmt_row(v->st, s, v->e)) == 1; ret->n++) {
		int64_t added = sqlite3_column_int64(s, 1);
		int64_t removed = sqlite3_column_int64(s, 2);
		bool is_main = sqlite3_column_int64(s, 0) == STORE_MAIN;

		if (sqlite3_column_int64(s, 0) != branch)
			end = 0;
		branch = sqlite3_column_int64(s, 0);
		if (added < end || added > removed ||
			sqlite3_column_int64(s, 3) != f->entity)
			told = verify_problem(v, "span",
				"the spans of fact %" PRId64 " are damaged",
				f->id);
		if (told != 0)
			return told;
		end = removed;
		ret->is_open |= is_main && removed == STORE_OPEN_END;
		sum_span(v, f->id, branch, added, removed);
	}
	return rc;
}

static int
check_one(struct verify *v, const struct log_fact *f)
{
	struct spans spans = {0};
	int rc = verify_rises(v, v->mark->a, f->id);

	if (rc != 0)
		return rc;
	rc = !f->salt ? check_erased(v, f) : verify_facts_check_digest(v, f);
	if (rc != 0)
		return rc;
	if (f->salt && !f->damaged)
		rc = check_same(v, f);
	if (rc != 0)
		return rc;
	rc = check_flags(v, f);
	if (rc != 0)
		return rc;
	rc = check_spans(v, f, &spans);
	if (rc != 0)
		return rc;
	if (spans.n == 0)
		return verify_problem(v, "span", "fact %" PRId64 " has no span",
			f->id);
	if (f->kind == FACT_EXISTENCE && spans.is_open && f->text)
		return verify_facts_check_name(v, f);
	return 0;
}

static int
verify_facts_check_fact(void *ctx, const struct log_fact *f)
{
	struct verify *v = ctx;
	int rc = check_one(v, f);

	v->mark->a = f->id;
	v->mark->facts++;
	return rc != 0 ? rc : verify_is_late(v);
}

int
verify_facts(struct verify *v)
{
	int rc = log_facts_after(v->st, v->mark->a, verify_facts_check_fact, v,
		v->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (v->mark->spans != 0 || v->mark->closed != 0)
		rc = verify_problem(v, "span",
			"the spans of facts are not those that the changes "
			"made: some are missing, altered or added");
	return rc != 0 ? rc : 1;
}

/* --- versions ------------------------------------------------------------- */
struct version {
	int64_t entity, branch, n, change;
};

/* Of the versions of a base the oldest and the newest are left, and those that
 * tell of something forgotten. */
static bool
version_follows(const struct version *x, const struct version *last,
	int64_t base)
{
	bool goes_on = x->entity == last->entity && x->branch == last->branch;

	if (x->change <= base)
		return !goes_on || (x->n > last->n && x->change > last->change);
	if (!goes_on)
		return x->n == 1 || x->branch != STORE_MAIN;
	return x->n == last->n + 1 && x->change > last->change;
}

static int
verify_facts_check_version(struct verify *v, sqlite3_stmt *s,
	struct version *last)
{
	struct version x = {sqlite3_column_int64(s, 0),
		sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
		sqlite3_column_int64(s, 3)};
	int64_t bytes = sqlite3_column_int64(s, 6), base;
	const int64_t key[4] = {x.entity, x.branch, x.change, 0};
	int rc = verify_base(v, sqlite3_column_int64(s, 5), &base);
	bool is_damaged =
		!version_follows(&x, last, base) ||
		sqlite3_column_type(s, 4) == SQLITE_NULL ||
		sqlite3_column_int64(s, 4) != sqlite3_column_int64(s, 5) ||
		bytes < 0;

	if (rc != 0)
		return rc;
	*last = x;
	if (x.change > base && x.change <= v->mark->change)
		verify_sum(v, &v->mark->versions, -1, ROW_VERSION, key);
	if (!is_damaged)
		return 0;
	return verify_problem(v, "version",
		"version %" PRId64 " of entity %" PRId64 " does not fit the "
		"changes that touched it",
		x.n, x.entity);
}

int
verify_versions(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_VERSIONS);
	struct version last = {0};
	int rc;

	bind_i(s, 1, v->mark->a);
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		if (sqlite3_column_int64(s, 0) != last.entity) {
			v->mark->a = last.entity > 0 ? last.entity : v->mark->a;
			if (last.entity > 0 && verify_is_late(v))
				return 0;
			rc = verify_rises(v, v->mark->a,
				sqlite3_column_int64(s, 0));
			if (rc != 0)
				return rc;
		}
		rc = verify_facts_check_version(v, s, &last);
		if (rc != 0)
			return rc;
	}
	if (rc != 0)
		return rc;
	if (v->mark->versions != 0)
		rc = verify_problem(v, "version",
			"the versions are not those that the changes made: "
			"some are missing, altered or added");
	if (rc != 0)
		return rc;
	return 1;
}

/* --- attributes ----------------------------------------------------------- */
struct attr {
	int64_t entity, branch, key, added, removed, value;
};

static bool
verify_facts_is_same(const struct attr *a, const struct attr *b)
{
	return a->entity == b->entity && a->branch == b->branch &&
	       a->key == b->key;
}

/* The intervals of an attribute follow each other without a gap, the last one
 * is open. last: the row before, all 0 at first; x: NULL after the last row. */
static int
check_order(struct verify *v, const struct attr *last, const struct attr *x)
{
	bool goes_on = x != NULL && verify_facts_is_same(last, x);
	bool fits =
		goes_on ? x->added == last->removed
			: last->entity == 0 || last->removed == STORE_OPEN_END;

	if (fits && (!x || x->removed > x->added))
		return 0;
	return verify_problem(v, "attribute",
		"the intervals of an attribute of entity %" PRId64 " do not "
		"follow each other",
		goes_on || !fits ? last->entity : x->entity);
}

static int
verify_facts_check_attr(struct verify *v, const struct attr *last,
	const struct attr *x)
{
	const int64_t key[4] = {x->entity, x->branch, x->added * 16 + x->key,
		x->value};

	if (x->added <= v->mark->change)
		verify_sum(v, &v->mark->attrs, -1, ROW_ATTR, key);
	return check_order(v, last, x);
}

int
verify_attrs(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_ATTRS);
	struct attr last = {0};
	int rc;

	bind_i(s, 1, v->mark->a);
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		struct attr x = {sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4),
			sqlite3_column_int64(s, 5)};

		if (last.entity > 0 && x.entity != last.entity) {
			v->mark->a = last.entity;
			if (verify_is_late(v))
				return check_order(v, &last, NULL);
			rc = verify_rises(v, v->mark->a, x.entity);
			if (rc != 0)
				return rc;
		}
		rc = verify_facts_check_attr(v, &last, &x);
		if (rc != 0)
			return rc;
		last = x;
	}
	if (rc != 0)
		return rc;
	rc = check_order(v, &last, NULL);
	if (rc != 0)
		return rc;
	if (v->mark->attrs != 0)
		rc = verify_problem(v, "attribute",
			"tiers and pins are not those that the changes set: "
			"some are missing, altered or added");
	if (rc != 0)
		return rc;
	return 1;
}
