/* Lines of counters (export_uses.c, export_outcomes.c). */
#include "memory-db/model/transfer/import.h"

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/store/beside/outcomes.h"
#include "memory-db/store/beside/uses.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"

static int
put_use(struct importer *im, const json_t *o, enum use_kind kind)
{
	struct use u = {0};
	const struct import_number numbers[] = {{"entity", &u.entity, true},
		{"n", &u.n, true}, {"at", &u.last_at, true},
		{"confirmed", &u.confirmed_at, kind == USE_READS},
		{"ok", &u.ok, kind == USE_RUNS},
		{"us", &u.us, kind == USE_RUNS}};
	AUTO_BUF struct buf name = {0};
	int64_t ns = 0;
	int rc = import_read_numbers(o, numbers, ARRAY_LEN(numbers), 0, im->e);

	if (rc != 0)
		return rc;
	rc = entity_first_name(im->st, u.entity, &ns, &name, im->e);
	if (rc == 1)
		rc = import_may_write(im, ns);
	return rc == 1 ? uses_put(im->st, kind, &u, im->e) : rc;
}

int
replay_usage(struct importer *im, const json_t *o)
{
	return put_use(im, o, USE_READS);
}

int
replay_runs(struct importer *im, const json_t *o)
{
	return put_use(im, o, USE_RUNS);
}

/* What an outcome counts at most: more than a service shows in a lifetime. */
#define OUTCOMES_MOST INT64_C(1000000000)
/* The day 9999-12-31. */
#define DAY_MOST INT64_C(2932896)

/* A count. Backups of an older version may have one below zero, or more that
 * agents had asked for themselves than there were: they are to be restored. */
static int
read_count(const json_t *o, int outcome, int64_t most, int64_t *ret,
	struct err *e)
{
	int rc = jx_int(o, outcome_name((enum outcome)outcome), JX_REQUIRED,
		-OUTCOMES_MOST, OUTCOMES_MOST, ret, e);

	if (rc < 0)
		return rc;
	if (*ret > most)
		*ret = most;
	if (*ret < 0)
		*ret = 0;
	return 0;
}

/* 1 with the row of a namespace that may be written to; 0: it may not. */
static int
read_outcome(struct importer *im, const json_t *o, const char *key,
	int64_t most, struct outcome_row *ret)
{
	AUTO_BUF struct buf name = {0};
	int rc = jx_int(o, "ns", JX_REQUIRED, 1, INT64_MAX, &ret->ns, im->e);

	if (rc < 0)
		return rc;
	rc = jx_int(o, key, JX_REQUIRED, 0, most, &ret->fact, im->e);
	for (int k = 0; k < OUTCOME_MAX; k++) {
		if (rc < 0)
			return rc;
		rc = read_count(o, k, OUTCOMES_MOST, &ret->n[k], im->e);
	}
	if (rc < 0)
		return rc;
	rc = namespace_name(im->st, ret->ns, &name, im->e);
	return rc == 1 ? import_may_write(im, ret->ns) : rc;
}

int
replay_outcome(struct importer *im, const json_t *o)
{
	struct outcome_row row = {0};
	int rc = read_outcome(im, o, "fact", INT64_MAX, &row);

	if (rc != 1)
		return rc;
	/* Nobody is shown facts of another project. */
	if (fact_namespace(row.fact) != row.ns &&
		fact_namespace(row.fact) != NAMESPACE_DEFAULT)
		return 0;
	rc = jx_int(o, "at", JX_REQUIRED, 0, INT64_MAX, &row.last_at, im->e);
	if (rc < 0)
		return rc;
	return outcome_put(im->st, &row, im->q->continues, im->e);
}

int
replay_outcome_day(struct importer *im, const json_t *o)
{
	const json_t *recalled = json_object_get(o, "recalled");
	struct outcome_row row = {0};
	int rc = read_outcome(im, o, "day", DAY_MOST, &row);

	for (int k = 0; rc == 1 && recalled && k < OUTCOME_MAX; k++) {
		int bad = read_count(recalled, k, row.n[k], &row.recalled[k],
			im->e);

		if (bad < 0)
			return bad;
	}
	if (rc != 1)
		return rc;
	return outcome_day_put(im->st, &row, im->q->continues, im->e);
}
