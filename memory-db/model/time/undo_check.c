/* What stands in the way of an undo: later changes that build on what would
 * go, or that contradict what would come back.
 *
 * For example, change 5 created Ada, change 6 stored that she likes tea.
 * Undo of 5 would leave a fact about nobody, so change 6 is a blocker. And
 * when change 5 deleted "lives in Rome" and change 7 stored the same text
 * anew, undo of 5 would show the text twice: change 7 is a blocker. */
#include "memory-db/model/time/undo_internal.h"

#include <sodium.h>

#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/log/log.h"

/* --- what builds on it ---------------------------------------------------- */
/* Does the entity exist after the plan? *ret_since: what hides it. */
struct exists {
	struct undo *u;
	bool yes;
	struct err *e;
};

static int
see_existence(void *ctx, const struct fact *f)
{
	struct exists *x = ctx;
	const int64_t *at = idset_get(&x->u->fact_index, f->id);

	if (!at || x->u->facts[*at - 1].is)
		x->yes = true;
	return 0;
}

/* Answers are kept, as many facts ask about one entity. */
enum { EXISTS = 1, EXISTS_NOT };

static int
exists_after(struct undo *u, int64_t entity, bool *ret, struct err *e)
{
	struct exists x = {u, false, e};
	int64_t *known = idset_put(&u->homes, entity);
	int rc = 0;

	if (!known)
		return err_nomem(e);
	if (*known != 0) {
		*ret = *known == EXISTS;
		return 0;
	}
	for (size_t i = 0; i < u->facts_n; i++)
		if (u->facts[i].entity == entity && u->facts[i].is &&
			u->facts[i].kind == FACT_EXISTENCE)
			x.yes = true;
	if (!x.yes)
		rc = fact_each(u->w->st, entity, 1u << FACT_EXISTENCE,
			see_existence, &x, e);
	*ret = x.yes;
	known = idset_get(&u->homes, entity);
	if (known != NULL)
		*known = x.yes ? EXISTS : EXISTS_NOT;
	return rc;
}

struct remains {
	struct undo *u;
	int64_t entity;
	struct err *e;
};

/* A visible fact that the plan does not hide needs its entity. */
static int
see_remaining(void *ctx, const struct fact *f)
{
	struct remains *x = ctx;
	const int64_t *at = idset_get(&x->u->fact_index, f->id);

	if (f->kind == FACT_EXISTENCE || (at && !x->u->facts[*at - 1].is))
		return 0;
	/* Shown by one of the changes and yet to stay: an earlier one, which is
	 * not among them, showed it first. */
	return undo_ours(x->u, f->added)
		       ? undo_block_any(x->u, x->entity, x->e)
		       : undo_block(x->u, f->added, x->entity, x->e);
}

static int
see_curated(void *ctx, const struct log_change *c)
{
	*(bool *)ctx = c->kind == CHANGE_CURATE;
	return 1;
}

/* A tier that curation gave, or a use that it noted, is no work of anybody: it
 * goes with what it was of, and says nothing against that. */
static int
goes_along(struct undo *u, int64_t entity, enum attr_key key, int64_t since,
	bool *ret, struct err *e)
{
	struct undo_attr *a;
	int rc;

	*ret = false;
	if (key != ATTR_TIER && key != ATTR_CONFIRMED)
		return 0;
	rc = log_get(u->w->st, since, see_curated, ret, e);
	if (rc < 0 || !*ret)
		return rc < 0 ? rc : 0;
	rc = undo_attr_of(u, entity, key, &a, e);
	if (rc)
		return rc;
	a->is = 0;
	a->since = UNDONE;
	a->along = true;
	return 0;
}

/* Its tier and pin would outlive it, and what is created under its name again
 * begins anew. */
static int
check_values(struct undo *u, int64_t entity, struct err *e)
{
	static const enum attr_key keys[] = ATTR_KEYS;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int64_t value, since;
		bool along;
		int rc = branch_attr(u->w->st, entity, keys[i],
			&u->w->scope.lens, &value, &since, e);

		if (rc)
			return rc;
		if (value == 0 || undo_ours(u, since))
			continue;
		rc = goes_along(u, entity, keys[i], since, &along, e);
		if (rc)
			return rc;
		if (along)
			continue;
		rc = undo_block(u, since, entity, e);
		if (rc)
			return rc;
	}
	return 0;
}

/* The entity vanishes: nothing of it, and no relation to it, may remain. */
static int
check_vanishing(struct undo *u, int64_t entity, struct err *e)
{
	struct remains x = {u, entity, e};
	bool exists;
	int rc = exists_after(u, entity, &exists, e);

	if (rc != 0 || exists)
		return rc;
	rc = fact_each(u->w->st, entity, ~0u, see_remaining, &x, e);
	if (rc != 0)
		return rc;
	rc = fact_each_incoming(u->w->st, entity, see_remaining, &x, e);
	if (rc != 0)
		return rc;
	return check_values(u, entity, e);
}

struct last {
	int64_t change;
};

static int
get_change(void *ctx, const struct log_change *c)
{
	((struct last *)ctx)->change = c->id;
	return 1;
}

/* Nothing particular lies between, as the changes chosen leave holes: the
 * newest other change of the entity stands in the way. */
struct undo_check_other {
	struct undo *u;
	int64_t change;
};

static int
find_other(void *ctx, const struct log_change *c)
{
	struct undo_check_other *x = ctx;

	if (undo_ours(x->u, c->id))
		return 0;
	x->change = c->id;
	return 1;
}

int
undo_block_any(struct undo *u, int64_t entity, struct err *e)
{
	struct undo_check_other x = {u, 0};
	int rc = log_of_entity(u->w->st, entity, INT64_MAX, find_other, &x, e);

	if (rc < 0 || x.change == 0)
		return rc < 0 ? rc : 0;
	return undo_block(u, x.change, entity, e);
}

/* A fact comes back: its entity (and the other end) must exist. Where it does
 * not, either a later change took it away, or the fact itself was added after
 * what is undone. */
static int
check_home(struct undo *u, const struct undo_fact *f, int64_t entity,
	struct err *e)
{
	struct last last = {0};
	bool exists;
	int rc = exists_after(u, entity, &exists, e);

	if (rc != 0 || exists)
		return rc;
	rc = log_of_entity(u->w->st, entity, INT64_MAX, get_change, &last, e);
	if (rc >= 0 && undo_ours(u, last.change))
		rc = branch_shown(u->w->st, f->fact, &u->w->scope.lens,
			&last.change, e);
	if (rc < 0)
		return rc;
	return undo_ours(u, last.change)
		       ? undo_block_any(u, entity, e)
		       : undo_block(u, last.change, entity, e);
}

/* --- what would stand there twice ----------------------------------------- */
struct undo_check_twin {
	struct buf text;
	int64_t peer, label, of;
	struct err *e;
};

static int
undo_check_get_text(void *ctx, const struct fact *f)
{
	struct undo_check_twin *x = ctx;

	x->peer = f->peer;
	x->label = f->label;
	x->of = fact_is_mark(f->kind) ? f->supersedes : 0;
	if (f->kind == FACT_EXISTENCE) /* one an entity, whatever it says */
		x->label = 0;
	else if (f->kind == FACT_NOTE) /* one a fact */
		return 0;
	else if (buf_add(&x->text, f->text, f->text_n) != 0)
		return err_nomem(x->e);
	return 0;
}

/* The fact a mark is said of. */
static int
get_of(void *ctx, const struct fact *f)
{
	*(int64_t *)ctx = f->supersedes;
	return 0;
}

static int
find_existence(void *ctx, const struct fact *f)
{
	*(int64_t *)ctx = f->id;
	return 0;
}

/* A visible fact that says the same: *ret 0 for none. */
static int
find_twin(struct undo *u, const struct undo_fact *f,
	const struct undo_check_twin *x, int64_t *ret, struct err *e)
{
	struct store *st = u->w->st;
	int rc;

	*ret = 0;
	if (f->kind == FACT_EXISTENCE)
		return fact_each(st, f->entity, 1u << FACT_EXISTENCE,
			find_existence, ret, e);
	if (f->kind == FACT_RELATION)
		rc = fact_find_relation(st, f->entity, x->peer, x->label,
			x->text.len > 0, ret, e);
	else if (fact_is_mark(f->kind))
		rc = fact_find_mark(st, f->entity, x->of, f->kind,
			f->kind == FACT_TAG ? x->text.data : NULL, x->text.len,
			ret, e);
	else
		rc = fact_find_text(st, f->entity, f->kind,
			x->text.data != NULL ? x->text.data : "", x->text.len,
			ret, e);
	return rc < 0 ? rc : 0;
}

/* Two facts that the plan shows say the same: what showed the later one lies
 * between the changes to be undone and is not among them. */
int
undo_block_between(struct undo *u, const struct undo_fact *a,
	const struct undo_fact *b, struct err *e)
{
	int64_t x, y;
	int rc = branch_shown(u->w->st, a->fact, &u->w->scope.lens, &x, e);

	if (rc != 0)
		return rc;
	rc = branch_shown(u->w->st, b->fact, &u->w->scope.lens, &y, e);
	if (rc != 0)
		return rc;
	if (undo_ours(u, x) || (y > x && !undo_ours(u, y)))
		x = y;
	return undo_ours(u, x) ? undo_block_any(u, a->entity, e)
			       : undo_block(u, x, a->entity, e);
}

static int
undo_check_check_plan(struct undo *u, const struct undo_fact *f,
	const struct undo_check_twin *x, struct err *e)
{
	static const unsigned char no_key[crypto_shorthash_KEYBYTES];
	int64_t head[6] = {f->entity, (int64_t)f->kind, x->peer, x->label,
		x->of, 0};
	int64_t *at, hash;

	crypto_shorthash((unsigned char *)&head[5],
		(const unsigned char *)(x->text.data ? x->text.data : ""),
		x->text.len, no_key);
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)head,
		sizeof(head), no_key);
	hash = (hash & INT64_MAX) | 1; /* positive */
	at = idset_put(&u->twins, hash);
	if (!at)
		return err_nomem(e);
	if (*at != 0)
		return undo_block_between(u, f, &u->facts[*at - 1], e);
	*at = (int64_t)(f - u->facts) + 1;
	return 0;
}

/* A fact that says the same (text, triple, name) stands there by now, or two
 * of the facts to come back say the same. */
static int
check_twin(struct undo *u, const struct undo_fact *f, struct err *e)
{
	struct undo_check_twin x = {.e = e};
	const int64_t *at;
	int64_t twin = 0, since;
	bool visible;
	int rc = fact_get(u->w->st, f->fact, undo_check_get_text, &x, e);

	if (rc == 1)
		rc = find_twin(u, f, &x, &twin, e);
	if (rc == 0)
		rc = undo_check_check_plan(u, f, &x, e);
	buf_done(&x.text);
	if (rc != 0 || twin == 0)
		return rc;
	at = idset_get(&u->fact_index, twin);
	if (twin == f->fact || (at && !u->facts[*at - 1].is))
		return 0;
	rc = branch_sees(u->w->st, twin, &u->w->scope.lens, &visible, &since,
		e);
	if (rc != 0)
		return rc;
	return undo_ours(u, since) ? undo_block_any(u, f->entity, e)
				   : undo_block(u, since, f->entity, e);
}

/* --- all of it ------------------------------------------------------------ */
struct derived {
	struct undo *u;
	int64_t entity; /* of the source: left alone by UNDO_SKIP */
	struct err *e;
};

static int
see_mark(void *ctx, const struct fact *f)
{
	struct derived *x = ctx;
	const int64_t *at = idset_get(&x->u->fact_index, f->id);

	if (at && !x->u->facts[*at - 1].is)
		return 0;
	/* As for what remains of an entity: one that stays although one of the
	 * changes showed it was shown by an earlier one before. */
	return undo_ours(x->u, f->added)
		       ? undo_block_any(x->u, x->entity, x->e)
		       : undo_block(x->u, f->added, x->entity, x->e);
}

/* A mark comes back: what it is said of must be there. */
static int
check_of(struct undo *u, const struct undo_fact *f, struct err *e)
{
	const int64_t *at;
	int64_t of = 0, since;
	bool visible;
	int rc = fact_get(u->w->st, f->fact, get_of, &of, e);

	if (rc < 0)
		return rc;
	at = idset_get(&u->fact_index, of);
	if (at && u->facts[*at - 1].is)
		return 0;
	rc = branch_sees(u->w->st, of, &u->w->scope.lens, &visible, &since, e);
	if (rc != 0 || (visible && !at))
		return rc;
	return undo_ours(u, since) ? undo_block_any(u, f->entity, e)
				   : undo_block(u, since, f->entity, e);
}

static int
see_derived(void *ctx, int64_t fact)
{
	struct derived *x = ctx;
	const int64_t *at = idset_get(&x->u->fact_index, fact);
	int64_t since;
	bool visible;
	int rc = branch_sees(x->u->w->st, fact, &x->u->w->scope.lens, &visible,
		&since, x->e);

	if (rc != 0 || !visible || (at && !x->u->facts[*at - 1].is))
		return rc;
	return undo_ours(x->u, since)
		       ? 0
		       : undo_block(x->u, since, x->entity, x->e);
}

/* A tier or pin comes back: to an entity that exists. */
int
undo_check_attr(struct undo *u, const struct undo_attr *a, struct err *e)
{
	struct last last = {0};
	bool exists;
	int rc = 0;

	if (a->was == a->is || a->is == 0)
		return 0;
	rc = exists_after(u, a->entity, &exists, e);
	if (rc != 0 || exists)
		return rc;
	rc = log_of_entity(u->w->st, a->entity, INT64_MAX, get_change, &last,
		e);
	if (rc < 0)
		return rc;
	return undo_ours(u, last.change)
		       ? undo_block_any(u, a->entity, e)
		       : undo_block(u, last.change, a->entity, e);
}

int
undo_check(struct undo *u, const struct undo_fact *f, struct err *e)
{
	struct derived d = {u, f->entity, e};
	int r = 0;

	if (f->was == f->is)
		return 0;
	if (!f->is && f->kind == FACT_EXISTENCE)
		return check_vanishing(u, f->entity, e);
	if (!f->is) {
		r = derivations_each_dependant(u->w->st, f->fact, see_derived,
			&d, e);
		return r == 0 && f->kind == FACT_OBSERVATION
			       ? fact_each_mark(u->w->st, f->entity, f->fact,
					 FACT_MARKS, see_mark, &d, e)
			       : r;
	}
	if (f->kind == FACT_EXISTENCE) {
		r = check_twin(u, f, e);
		if (r != 0)
			return r;
		return undo_check_name(u, f, e);
	}
	r = check_home(u, f, f->entity, e);
	if (r != 0)
		return r;
	if (f->kind == FACT_RELATION)
		r = check_home(u, f, f->peer, e);
	if (r != 0)
		return r;
	if (fact_is_mark(f->kind))
		r = check_of(u, f, e);
	if (r != 0)
		return r;
	return check_twin(u, f, e);
}
