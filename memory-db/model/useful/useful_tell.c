/* The figures of usefulness: of a period, its days, and the facts that stand out. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/useful/useful.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/branch.h"

#define DAY_MS INT64_C(86400000)

/* Of the text of a fact that is told: what it is about. */
#define TOLD_BYTES 500

struct telling {
	struct store *st;
	const struct scope *scope;
	json_t *days, *facts; /* owned by the reply */
	json_t *row;	      /* of the fact under way */
	int64_t n[OUTCOME_MAX], recalled[OUTCOME_MAX];
	struct err *e;
};

/* {shown, used, ignored, contradicted}. NULL: no memory. */
static json_t *
counts_json(const int64_t n[OUTCOME_MAX])
{
	return json_pack("{s:I,s:I,s:I,s:I}", "shown",
		(json_int_t)(n[OUTCOME_USED] + n[OUTCOME_IGNORED] +
			     n[OUTCOME_CONTRADICTED]),
		"used", (json_int_t)n[OUTCOME_USED], "ignored",
		(json_int_t)n[OUTCOME_IGNORED], "contradicted",
		(json_int_t)n[OUTCOME_CONTRADICTED]);
}

/* The same, and beside it what agents had asked for themselves. */
static json_t *
both_json(const int64_t n[OUTCOME_MAX], const int64_t recalled[OUTCOME_MAX])
{
	AUTO_JSON json_t *o = counts_json(n);

	if (!o || jx_set(o, "recalled", counts_json(recalled)) != 0)
		return NULL;
	return take_ptr(o);
}

static int
set_day(json_t *o, const char *key, int64_t day)
{
	struct clock_date d = clock_date_of(day);
	char text[40];

	snprintf(text, sizeof(text), "%04lld-%02d-%02d", (long long)d.year,
		d.month, d.day);
	return jx_set(o, key, json_string(text));
}

static int
tell_day(void *ctx, const struct outcome_row *row)
{
	struct telling *t = ctx;
	json_t *o = both_json(row->n, row->recalled);

	if (jx_add(t->days, o) != 0 || set_day(o, "day", row->fact) != 0)
		return err_nomem(t->e);
	for (int i = 0; i < OUTCOME_MAX; i++) {
		t->n[i] += row->n[i];
		t->recalled[i] += row->recalled[i];
	}
	return 0;
}

struct fact_head {
	json_t *row;
	int64_t entity;
};

static int
set_text(void *ctx, const struct fact *f)
{
	struct fact_head *x = ctx;

	if (f->erased)
		return 0;
	x->entity = f->entity;
	return jx_set(x->row, "text",
		json_stringn(f->text, f->text_n > TOLD_BYTES
					      ? text_cut(f->text, TOLD_BYTES)
					      : f->text_n));
}

/* What is hidden by now, or not seen from here, is not told. */
static int
tell_fact(void *ctx, const struct outcome_row *row)
{
	struct telling *t = ctx;
	AUTO_JSON json_t *o = counts_json(row->n);
	AUTO_BUF struct buf name = {0};
	struct fact_head x = {.row = o};
	bool is_visible = false;
	int rc;

	if (!o)
		return err_nomem(t->e);
	rc = branch_sees(t->st, row->fact, &t->scope->lens, &is_visible, NULL,
		t->e);
	if (rc != 0 || !is_visible)
		return rc;
	rc = fact_get(t->st, row->fact, set_text, &x, t->e);
	if (rc < 0)
		return rc == MDB_E_NOMEM ? err_nomem(t->e) : rc;
	if (x.entity == 0)
		return 0;
	rc = fact_existence(t->st, x.entity, NULL, NULL, &name, t->e);
	if (rc < 0)
		return rc;
	if (jx_set(o, "id", json_integer(row->fact)) != 0 ||
		(name.len > 0 &&
			jx_set(o, "name", json_stringn(name.data, name.len)) !=
				0) ||
		set_day(o, "last", row->last_at / DAY_MS) != 0 ||
		jx_add(t->facts, take_ptr(o)) != 0)
		return err_nomem(t->e);
	return 0;
}

/* The most used ones, then those that were shown and never used. */
static int
tell_facts(struct telling *t, int64_t from, int limit)
{
	static const enum outcome order[] = {OUTCOME_USED, OUTCOME_IGNORED};

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		int rc = outcomes_most(t->st, t->scope->ns[0], order[i],
			from > 0 ? from * DAY_MS : 0, limit, tell_fact, t,
			t->e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int
useful_tell(struct store *st, const struct scope *scope, int64_t from,
	int64_t to, int limit, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *days = json_array(), *facts = json_array(), *o = NULL;
	struct telling t = {.st = st,
		.scope = scope,
		.days = days,
		.facts = facts,
		.e = e};
	int rc;

	if (!days || !facts)
		return err_nomem(e);
	if (scope->ns[0] != 0) {
		rc = outcome_days_each(st, scope->ns[0], scope->ns[0], -1, from,
			to, tell_day, &t, e);
		if (rc < 0)
			return rc;
		rc = tell_facts(&t, from, limit);
		if (rc < 0)
			return rc;
	}
	o = both_json(t.n, t.recalled);
	if (jx_set(o, "days", json_incref(days)) != 0 ||
		jx_set(o, "facts", json_incref(facts)) != 0)
		return err_nomem(e);
	*ret = take_ptr(o);
	return 0;
}
