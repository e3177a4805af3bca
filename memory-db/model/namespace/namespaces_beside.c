/* What stands beside the facts goes along when namespaces merge: of what use they
 * were, and conflicts. A row of a conflict names two facts of the source;
 * what they became in the target gets a row like it, and a decision that both
 * stay is set there, too.
 *
 *   source   row 7: "lives in Rome", "lives in Oslo", pending
 *   target   both moved: row 31 of the new facts, pending
 *
 * The two may move in different slices, between which nothing is remembered. So
 * each fact that moves looks for its rows, and for what the other one became, by
 * its text: the one that moves second finds it. One that was hidden before is
 * not there, and its row stays behind with it. */
#include "memory-db/model/namespace/namespaces_int.h"

#include <assert.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/vec.h"
#include "memory-db/store/beside/outcomes.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/log/conflicts.h"

/* --- what it became ------------------------------------------------------- */
/* 1 found. */
static int
entity_there(struct mover *m, int64_t entity, int64_t *ret)
{
	AUTO_BUF struct buf name = {0};
	int64_t ns = 0;
	int rc = fact_existence(m->st, entity, NULL, NULL, &name, m->e);

	if (rc == 0)
		rc = entity_first_name(m->st, entity, &ns, &name, m->e);
	if (rc != 1)
		return rc < 0 ? rc : 0;
	return entity_find(m->st, m->to, name.data ? name.data : "", name.len,
		ret, m->e);
}

static int
find_relation_there(struct mover *m, const struct fact *f, int64_t entity,
	int64_t *ret)
{
	int64_t ns = 0, peer = f->peer;
	int rc = entity_first_name(m->st, peer, &ns, NULL, m->e);

	if (rc == 1 && ns == m->from)
		rc = entity_there(m, f->peer, &peer);
	if (rc != 1)
		return rc;
	return fact_find_relation(m->st, entity, peer, f->label,
		fact_is_reversed(f), ret, m->e);
}

/* A row stays readable only until its statement is used again. */
struct copied {
	struct fact f;
	struct buf text;
};

static int
copy_fact(void *ctx, const struct fact *f)
{
	struct copied *x = ctx;

	x->f = *f;
	if (buf_add(&x->text, f->text, f->text_n) != 0 || !buf_str(&x->text))
		return MDB_E_NOMEM;
	x->f.text = x->text.data;
	return 0;
}

static int
find_there(struct mover *m, const struct fact *f, int64_t *ret)
{
	int64_t entity = 0;
	int rc = f->erased ? 0 : entity_there(m, f->entity, &entity);

	if (rc != 1)
		return rc;
	if (f->kind == FACT_RELATION)
		return find_relation_there(m, f, entity, ret);
	return fact_find_text(m->st, entity, f->kind, f->text, f->text_n, ret,
		m->e);
}

/* *ret 0: nothing. */
static int
fact_there(struct mover *m, int64_t fact, int64_t *ret)
{
	struct copied x = {.text = {0}};
	int64_t found = 0;
	int rc = fact_get(m->st, fact, copy_fact, &x, m->e);

	if (rc == MDB_E_NOMEM)
		err_nomem(m->e);
	if (rc == 1)
		rc = find_there(m, &x.f, &found);
	buf_done(&x.text);
	*ret = rc == 1 ? found : 0;
	return rc < 0 ? rc : 0;
}

/* --- rows ----------------------------------------------------------------- */
struct rows {
	struct conflict *v; /* owned; of two facts, so without notes */
	size_t n, cap;
};

static void
rows_done(struct rows *r)
{
	free(r->v);
}

static int
keep_row(void *ctx, const struct conflict *c)
{
	struct rows *r = ctx;

	if (vec_room(r->v, r->n, r->cap) != 0)
		return MDB_E_NOMEM;
	r->v[r->n] = *c;
	r->v[r->n++].notes = NULL;
	return 0;
}

/* Only that both stay is a decision about what is seen: another one has hidden
 * one of the two. */
static int
move_decision(struct mover *m, const struct conflict *from,
	const struct conflict *to)
{
	int64_t value;
	int rc = attr_get(m->st, from->entity, conflict_attr(from->id), &value,
		m->e);

	if (rc != 0 || value != DECIDED_KEEP_BOTH)
		return rc;
	return change_attr(m->change, to->entity, conflict_attr(to->id), value,
		m->e);
}

static int
move_row(struct mover *m, const struct conflict *from)
{
	struct conflict to = *from;
	int64_t id = 0;
	int rc = fact_there(m, from->ours, &to.ours);

	if (rc != 0 || to.ours == 0)
		return rc;
	rc = fact_there(m, from->theirs, &to.theirs);
	if (rc != 0 || to.theirs == 0 || to.ours == to.theirs)
		return rc;
	rc = conflict_of_pair(m->st, to.ours, to.theirs, &id, m->e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = entity_there(m, from->entity, &to.entity);
	if (rc == 1 && from->other > 0)
		rc = entity_there(m, from->other, &to.other);
	if (rc != 1)
		return rc;
	rc = conflict_add(m->st, &to, &to.id, m->e);
	return rc != 0 ? rc : move_decision(m, from, &to);
}

static int
move_conflicts(struct mover *m, int64_t fact)
{
	__attribute__((cleanup(rows_done))) struct rows rows = {0};
	int rc = conflict_any(m->st, m->e);

	if (rc != 1)
		return rc;
	rc = conflict_each_of(m->st, fact, keep_row, &rows, m->e);
	if (rc == MDB_E_NOMEM)
		return err_nomem(m->e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < rows.n; i++) {
		rc = move_row(m, &rows.v[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
namespaces_beside(struct mover *m, const struct fact *f, int64_t other)
{
	if (other != 0) {
		int rc =
			outcome_move(m->st, m->from, f->id, m->to, other, m->e);

		if (rc != 0)
			return rc;
	}
	return fact_is_mark(f->kind) ? 0 : move_conflicts(m, f->id);
}
