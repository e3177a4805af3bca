/* Of what use facts were, as lines beside those of other counters
 * (export_uses.c). The mark of a page: the namespace (ns), and the fact or the
 * day (a) of the last line. */
#include "memory-db/model/transfer/export.h"

#include "common/jx.h"
#include "memory-db/store/beside/outcomes.h"

#define DAY_MS INT64_C(86400000)

/* A count of a day may lie below zero in a database that an older version has
 * written to: then none is told. */
static json_t *
count_of(int64_t n)
{
	return json_integer(n > 0 ? (json_int_t)n : 0);
}

/* Members that facts and days share. Takes line_new. */
static int
push_outcome(struct export_page *p, const struct outcome_row *row,
	json_t *line_new)
{
	int rc;

	for (int o = 0; line_new && o < OUTCOME_MAX; o++)
		if (jx_set(line_new, outcome_name((enum outcome)o),
			    count_of(row->n[o])) != 0) {
			json_decref(line_new);
			line_new = NULL;
		}
	rc = export_push(p, line_new);
	if (rc != 0)
		return rc;
	p->mark->ns = row->ns;
	p->mark->a = row->fact;
	return 0;
}

static int
push_fact(void *ctx, const struct outcome_row *row)
{
	return push_outcome(ctx, row,
		json_pack("{s:s,s:I,s:I,s:I}", "type", "outcome", "ns",
			(json_int_t)row->ns, "fact", (json_int_t)row->fact,
			"at", (json_int_t)row->last_at));
}

/* Of what agents had asked for themselves, which is some of the whole. NULL: no
 * memory. */
static json_t *
recalled_of(const struct outcome_row *row)
{
	AUTO_JSON json_t *o = json_object();

	for (int k = 0; o && k < OUTCOME_MAX; k++)
		if (jx_set(o, outcome_name((enum outcome)k),
			    count_of(row->recalled[k] < row->n[k]
					     ? row->recalled[k]
					     : row->n[k])) != 0)
			return NULL;
	return take_ptr(o);
}

static int
push_day(void *ctx, const struct outcome_row *row)
{
	bool has_recalled = false;
	json_t *line = json_pack("{s:s,s:I,s:I}", "type", "outcome_day", "ns",
		(json_int_t)row->ns, "day", (json_int_t)row->fact);

	for (int k = 0; k < OUTCOME_MAX; k++)
		has_recalled |= row->recalled[k] != 0;
	if (has_recalled && line &&
		jx_set(line, "recalled", recalled_of(row)) != 0) {
		json_decref(line);
		line = NULL;
	}
	return push_outcome(ctx, row, line);
}

int
export_outcomes(struct export_page *p, bool is_days, int64_t since_ms)
{
	if (!is_days)
		return outcomes_each(p->st, p->q->ns, p->mark->ns, p->mark->a,
			since_ms, push_fact, p, p->e);
	return outcome_days_each(p->st, p->q->ns, p->mark->ns, p->mark->a,
		since_ms > 0 ? since_ms / DAY_MS - OUTCOME_DAYS_BACK : 0,
		INT64_MAX, push_day, p, p->e);
}
