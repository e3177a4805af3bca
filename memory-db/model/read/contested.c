/* Conflicts of a fact, for reads; contested.h has the rules.
 *
 * A read may show thousands of facts, so the usual case must cost nothing: a
 * memory without a single row in the table of conflicts is recognised by one
 * look. Otherwise the rows of the fact are read, and each is judged under the
 * lens of the read: a conflict is open there if both facts are visible and no
 * decision is. For example, on a branch that hid one of two addresses the
 * other one is not contested, while on main both still are. */
#include "memory-db/model/read/contested.h"

#include "common/jx.h"
#include "memory-db/model/read/relation_text.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/conflicts.h"

/* Rows of one fact, or of one entity, that are looked at. */
#define ROWS 20

struct contest_rows {
	struct conflict v[ROWS];
	int n;
};

static int
note_row(void *ctx, const struct conflict *c)
{
	struct contest_rows *x = ctx;

	if (!conflict_is_of_facts(c->kind) || c->kind == CONFLICT_DUPLICATE)
		return 0;
	x->v[x->n] = *c;
	x->v[x->n++].notes = NULL;
	return x->n == ROWS;
}

/* 1 the fact is visible; its times in *ret. */
static int
is_visible(struct store *st, int64_t fact, struct recall_row *ret,
	struct err *e)
{
	return recall_head(st, fact, ret, e);
}

/* 1: both facts are there and nobody decided. */
static int
is_open(struct store *st, const struct conflict *c, struct err *e)
{
	struct recall_row row;
	int64_t decision, since;
	int rc = branch_attr(st, c->entity, conflict_attr(c->id), lens_of(st),
		&decision, &since, e);

	if (rc != 0 || decision != DECIDED_NOT)
		return rc;
	rc = is_visible(st, c->ours, &row, e);
	return rc == 1 ? is_visible(st, c->theirs, &row, e) : rc;
}

static int64_t
begin_of(const struct recall_row *row)
{
	return row->valid_from != FACT_NO_TIME ? row->valid_from : row->at;
}

/* Which of the two followed: the one that began later. */
static int
contested_note_later(struct store *st, const struct conflict *c, int64_t fact,
	struct contest *ret, struct err *e)
{
	int64_t other = c->ours == fact ? c->theirs : c->ours;
	struct recall_row own, its;
	int rc = is_visible(st, fact, &own, e);

	if (rc == 1)
		rc = is_visible(st, other, &its, e);
	if (rc == 1 && begin_of(&its) > begin_of(&own) &&
		(ret->later == 0 || begin_of(&its) < ret->until)) {
		ret->later = other;
		ret->until = begin_of(&its);
	}
	return rc < 0 ? rc : 0;
}

int
contested_find(struct store *st, int64_t fact, struct contest *ret,
	struct err *e)
{
	struct contest_rows x = {.n = 0};
	int rc = conflict_any(st, e);

	*ret = (struct contest){0};
	if (rc == 1)
		rc = conflict_each_of(st, fact, note_row, &x, e);
	if (rc < 0)
		return rc;
	for (int i = 0; i < x.n; i++) {
		const struct conflict *c = &x.v[i];

		rc = c->kind == CONFLICT_SUCCESSION
			     ? contested_note_later(st, c, fact, ret, e)
			     : is_open(st, c, e);
		if (rc < 0)
			return rc;
		if (rc == 1 && c->id > ret->conflict)
			ret->conflict = c->id;
	}
	return 0;
}

int
contested_set(struct store *st, int64_t fact, json_t *j, struct err *e)
{
	struct contest c;
	int rc = contested_find(st, fact, &c, e);

	if (rc)
		return rc;
	if (c.conflict != 0) {
		rc = member_set_bool(j, "contested", true, e);
		if (rc != 0)
			return rc;
		rc = member_set_int(j, "conflict", c.conflict, e);
	}
	if (rc)
		return rc;
	if (c.later != 0) {
		rc = member_set_int(j, "later", c.later, e);
		if (rc != 0)
			return rc;
		rc = member_set_time(j, "until", c.until, e);
	}
	return rc;
}

/* --- of an entity --------------------------------------------------------- */
static int
add_side(struct store *st, const struct conflict *c, int64_t fact, json_t *list,
	struct err *e)
{
	json_t *row = json_pack("{s:I,s:I}", "conflict", (json_int_t)c->id,
		"fact", (json_int_t)fact);

	AUTO_BUF struct buf text = {0};
	int64_t begins;
	int rc;

	if (jx_add(list, row) != 0)
		return err_nomem(e);
	rc = relation_text_of(st, fact, &text, &begins, e);
	if (rc == 1)
		return member_set_text(row, "text", text.data, text.len, e);
	return rc < 0 ? rc : member_set_fact(st, row, "text", fact, e);
}

static int
add_sides(struct store *st, const struct conflict *c, int64_t entity,
	json_t *list, struct err *e)
{
	bool has_ours = c->entity == entity;
	bool has_theirs = c->other > 0 ? c->other == entity : has_ours;
	int rc = has_ours ? add_side(st, c, c->ours, list, e) : 0;

	if (rc)
		return rc;
	if (!has_theirs)
		return 0;
	return add_side(st, c, c->theirs, list, e);
}

int
contested_set_entity(struct store *st, int64_t entity, json_t *j, struct err *e)
{
	struct contest_rows x = {.n = 0};
	AUTO_JSON json_t *list = NULL;
	int rc = conflict_any(st, e);

	if (rc == 1)
		rc = conflict_each_of_entity(st, entity, note_row, &x, e);
	if (rc < 0 || x.n == 0)
		return rc < 0 ? rc : 0;
	list = json_array();
	if (!list)
		return err_nomem(e);
	for (int i = 0; i < x.n; i++) {
		if (x.v[i].kind == CONFLICT_SUCCESSION)
			continue;
		rc = is_open(st, &x.v[i], e);
		if (rc == 1)
			rc = add_sides(st, &x.v[i], entity, list, e);
		if (rc < 0)
			return rc;
	}
	if (json_array_size(list) == 0)
		return 0;
	return member_set_new(j, "contested", json_incref(list), e);
}
