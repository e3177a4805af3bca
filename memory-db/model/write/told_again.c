/* What is told again is confirmed; told_again.h has the idea and an example.
 * It is asked only when a repetition was found, so a write of new texts pays
 * nothing. The rule `confirm_told` says after how many days a repetition
 * counts: a session that repeats itself confirms nothing. */
#include "memory-db/model/write/told_again.h"

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/curate/rules/rules.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/log/branch.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

/* When the fact was shown; the time of the write when that is its own doing. */
static int
told_again_shown_at(struct write *w, int64_t fact, int64_t now, int64_t *ret,
	struct err *e)
{
	int64_t since = 0, kind = 0;
	int rc = branch_shown(w->st, fact, lens_of(w->st), &since, e);

	*ret = now;
	if (rc < 0 || since == 0 || since == change_id(w->change))
		return rc < 0 ? rc : 0;
	return curated_change(w->st, since, ret, &kind, e);
}

/* *ret_days: after how many a repetition counts; negative: never. */
static int
days_of_rule(struct write *w, double *ret_days, struct err *e)
{
	struct curation_settings settings;
	AUTO_JSON json_t *value = NULL;
	const struct curation_rule *r;
	int rc = settings_get(w->st, w->ns, SETTING_curation, &value, e);

	if (rc)
		return rc;
	rc = curation_settings_of(value, &settings, e);
	if (rc)
		return rc;
	r = &settings.rules[CURATION_confirm_told];
	*ret_days = r->is_on ? r->age_days : -1;
	return 0;
}

int
told_again(struct write *w, int64_t entity, int64_t fact, struct err *e)
{
	int64_t now = clock_now_ms(), at = 0, confirmed = 0;
	double days = -1;
	int rc;

	if (!w->change || w->is_staged)
		return 0;
	rc = attr_get(w->st, entity, ATTR_CONFIRMED, &confirmed, e);
	if (rc)
		return rc;
	rc = told_again_shown_at(w, fact, now, &at, e);
	if (rc)
		return rc;
	at = confirmed > at ? confirmed : at;
	if (now <= at)
		return 0;
	rc = days_of_rule(w, &days, e);
	if (rc || days < 0 || (double)(now - at) < days * (double)DAY_MS)
		return rc;
	return write_attr(w, entity, ATTR_CONFIRMED, now, e);
}

int
told_again_row(struct write *w, int64_t entity, json_t *row, struct err *e)
{
	if (!write_did_attr(w, entity, ATTR_CONFIRMED))
		return 0;
	return jx_set(row, "confirmed", json_true()) != 0 ? err_nomem(e) : 0;
}

/* --- of a time that is over ------------------------------------------------ */
struct validity {
	int64_t from, to;
};

static int
get_validity(void *ctx, const struct fact *f)
{
	*(struct validity *)ctx = (struct validity){f->valid_from, f->valid_to};
	return 0;
}

int
told_again_of_past(struct write *w, int64_t *have, const struct fact *f,
	int64_t *ret_past, struct err *e)
{
	struct validity v = {FACT_NO_TIME, FACT_NO_TIME};
	int64_t from = f->valid_from;
	int rc = *have == 0 ? 0 : fact_get(w->st, *have, get_validity, &v, e);

	*ret_past = 0;
	if (rc < 0 || v.to == FACT_NO_TIME)
		return rc < 0 ? rc : 0;
	if (from == FACT_NO_TIME) {
		/* The end alone: the same again, or another one. */
		if (f->valid_to != FACT_NO_TIME && f->valid_to <= v.to)
			return 0;
		from = clock_now_ms();
	}
	if (from < v.to)
		return 0;
	*ret_past = *have;
	*have = 0;
	return 0;
}

int
told_again_add(struct write *w, struct fact *f, int64_t past, struct err *e)
{
	int rc;

	if (past != 0)
		f->supersedes = past;
	rc = write_add_watched(w, f, e);
	if (rc || past == 0)
		return rc;
	return write_hide_marked(w, f->entity, past, e);
}
