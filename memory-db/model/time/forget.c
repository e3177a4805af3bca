/* Forgetting erases contents; the history of changes stays whole.
 *
 * For example, change 3 stored "her number is 555-1234" and change 9 forgets
 * it. Change 9 hides the fact as a deletion would, then the text and the
 * salt of fact 7 are wiped from the table, from the indexes, and from the
 * messages and notes that quote the fact. The digest of fact 7 stays: the
 * chain over change 3 can still be verified, and nobody can guess the text
 * from the digest, because the salt is gone. */
#include "memory-db/model/time/forget.h"

#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/check/erase.h"
#include "memory-db/store/engine/lens.h"

/* Facts to be erased: rows must not change under an open loop. */
struct forget_targets {
	struct target {
		int64_t fact, entity;
	} * v;
	size_t n, cap;
	struct err *e;
};

static void
targets_done(struct forget_targets *t)
{
	free(t->v);
}
#define AUTO_TARGETS __attribute__((cleanup(targets_done)))

static int
add_target(void *ctx, int64_t fact, int64_t entity)
{
	struct forget_targets *t = ctx;

	if (vec_room(t->v, t->n, t->cap) != 0)
		return err_nomem(t->e);
	t->v[t->n++] = (struct target){fact, entity};
	return 0;
}

static int
hide_visible(struct write *w, const struct forget_targets *t, struct err *e)
{
	bool visible;
	int rc = 0;

	for (size_t i = 0; i < t->n; i++) {
		rc = branch_sees(w->st, t->v[i].fact, &w->scope.lens, &visible,
			NULL, e);
		if (rc != 0)
			return rc;
		if (visible)
			rc = write_hide(w, t->v[i].fact, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Relations of others to a forgotten entity get an op of their own, as do
 * single observations. */
static int
erase_targets(struct erasure *x, const struct forget_targets *t, int64_t whole,
	struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < t->n; i++) {
		rc = erase_fact(x, t->v[i].entity, t->v[i].fact,
			t->v[i].entity != whole, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
erase_all(struct write *w, int64_t entity, bool whole,
	const struct forget_targets *t, struct forget_result *ret,
	struct err *e)
{
	AUTO_ERASURE struct erasure x = {0};
	int rc =
		whole ? write_hide_entity(w, entity, e) : hide_visible(w, t, e);

	if (rc != 0)
		return rc;
	rc = erase_begin(&x, w->change, e);
	if (rc != 0)
		return rc;
	rc = erase_targets(&x, t, whole ? entity : 0, e);
	if (rc != 0)
		return rc;
	if (whole)
		rc = erase_names(&x, entity, e);
	if (rc != 0)
		return rc;
	rc = erase_end(&x, true, e);
	*ret = (struct forget_result){x.facts, x.names, x.messages, x.notes,
		x.index.words, 0};
	return rc;
}

int
forget_apply(struct write *w, int64_t entity, const char *text, size_t n,
	struct forget_result *ret, struct err *e)
{
	AUTO_TARGETS struct forget_targets t = {.e = e};
	int r = erase_each(w->st, entity, text, n, add_target, &t, e);

	if (r != 0)
		return r;
	if (text && t.n == 0)
		return 0;
	r = erase_all(w, entity, !text, &t, ret, e);
	r = sliced_run_refuse(w, (int64_t)t.n, r, e);
	return r == 0 ? 1 : r;
}

int
forget_one(struct write *w, int64_t entity, int64_t fact,
	struct forget_result *ret, struct err *e)
{
	AUTO_TARGETS struct forget_targets t = {.e = e};
	int rc = add_target(&t, fact, entity);

	if (rc != 0)
		return rc;
	return erase_all(w, entity, false, &t, ret, e);
}

static int
erase_part(struct write *w, struct forget_targets *t, size_t room,
	struct forget_result *ret, struct err *e)
{
	AUTO_ERASURE struct erasure x = {0};
	int64_t left = (int64_t)(t->n - room);
	int rc;

	t->n = room;
	rc = hide_visible(w, t, e);
	if (rc != 0)
		return rc;
	rc = erase_begin(&x, w->change, e);
	if (rc != 0)
		return rc;
	rc = erase_targets(&x, t, 0, e);
	if (rc != 0)
		return rc;
	rc = erase_end(&x, false, e);
	*ret = (struct forget_result){x.facts, x.names, x.messages, x.notes,
		x.index.words, left};
	return rc;
}

int
forget_slice(struct write *w, int64_t entity, size_t room,
	struct forget_result *ret, struct err *e)
{
	AUTO_TARGETS struct forget_targets t = {.e = e};
	int rc = erase_each(w->st, entity, NULL, 0, add_target, &t, e);

	if (rc != 0)
		return rc;
	return t.n > room ? erase_part(w, &t, room, ret, e)
			  : erase_all(w, entity, true, &t, ret, e);
}

int
forget_replay(struct change *c, struct store *st, int64_t entity, int64_t fact,
	int64_t scope, int64_t *ret_facts, struct err *e)
{
	AUTO_TARGETS struct forget_targets t = {.e = e};
	AUTO_ERASURE struct erasure x = {0};
	int rc = erase_begin(&x, c, e);

	if (rc != 0)
		return rc;
	if (scope == ERASE_ENTITY)
		rc = erase_each(st, entity, NULL, 0, add_target, &t, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < t.n; i++) {
		if (t.v[i].entity == entity)
			rc = erase_fact(&x, entity, t.v[i].fact, false, e);
		if (rc != 0)
			return rc;
	}
	rc = scope == ERASE_ENTITY ? erase_names(&x, entity, e)
				   : erase_fact(&x, entity, fact, true, e);
	if (rc != 0)
		return rc;
	if (x.facts + x.names > 0)
		rc = erase_end(&x, true, e);
	*ret_facts = x.facts;
	return rc;
}

static int
add_visible(void *ctx, const struct fact *f)
{
	return add_target(ctx, f->id, f->entity);
}

/* What main shows of it: also facts without a text, of a log that was exported
 * after they were forgotten. */
static int
hide_on_main(struct change *c, struct store *st, int64_t entity, int64_t fact,
	bool is_whole, struct err *e)
{
	AUTO_TARGETS struct forget_targets t = {.e = e};
	struct lens main;
	bool visible = true;
	int rc = lens_make(st, STORE_MAIN, STORE_OPEN_END, &main, e);

	if (rc != 0)
		return rc;
	if (is_whole)
		rc = fact_each_incoming(st, entity, add_visible, &t, e);
	if (rc != 0)
		return rc;
	if (is_whole)
		rc = branch_each_open(st, entity, add_target, &t, e);
	if (rc != 0)
		return rc;
	if (!is_whole)
		rc = branch_sees(st, fact, &main, &visible, NULL, e);
	if (rc != 0)
		return rc;
	if (!is_whole && visible)
		rc = add_target(&t, fact, entity);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < t.n; i++) {
		rc = change_hide(c, t.v[i].fact, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
forget_again(struct change *c, struct store *st, int64_t entity, int64_t fact,
	int64_t scope, int64_t *ret_facts, struct err *e)
{
	AUTO_TARGETS struct forget_targets t = {.e = e};
	AUTO_ERASURE struct erasure x = {0};
	bool is_whole = scope == ERASE_ENTITY;
	int rc = is_whole ? erase_each(st, entity, NULL, 0, add_target, &t, e)
			  : add_target(&t, fact, entity);

	if (rc != 0)
		return rc;
	rc = hide_on_main(c, st, entity, fact, is_whole, e);
	if (rc != 0)
		return rc;
	rc = erase_begin(&x, c, e);
	if (rc != 0)
		return rc;
	rc = erase_targets(&x, &t, is_whole ? entity : 0, e);
	if (rc != 0)
		return rc;
	if (is_whole)
		rc = erase_names(&x, entity, e);
	if (rc != 0)
		return rc;
	if (x.facts + x.names > 0)
		rc = erase_end(&x, true, e);
	*ret_facts = x.facts;
	return rc;
}
