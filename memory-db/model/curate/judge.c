/* The numbers of an entity, and the rules that they fit.
 *
 * What somebody has decided stands: pinned entities and instructions never move,
 * a tier that was set by hand, or came back with an undo, is left alone for
 * `hold_days`. The costly question, whether one of its texts is an instruction,
 * is asked last, of the few that are to move. */
#include "memory-db/model/curate/judge.h"

#include <string.h>

#include "common/contract/tools.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/log/log.h"

#define DAY_MS	       (24 * 3600 * INT64_C(1000))
#define INSTRUCTION_IN 4000 /* texts of an entity that are looked through */

struct subject {
	int64_t entity;
	struct recall_entity e;
	int64_t content_at, confirmed_at;
	int64_t age_days, quiet_days;
};

static int64_t
days_since(int64_t now, int64_t at)
{
	return at <= 0 || at > now ? 0 : (now - at) / DAY_MS;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* 1 it exists, 0 not. */
static int
load_subject(const struct judging *j, int64_t entity, struct subject *ret)
{
	AUTO_BUF struct buf name = {0};
	int rc = recall_entity(j->st, entity, &name, &ret->e, j->e);

	ret->entity = entity;
	if (rc != 1)
		return rc;
	rc = curated_content_at(j->st, entity, &ret->content_at, j->e);
	if (rc)
		return rc;
	ret->confirmed_at =
		later(ret->e.confirmed_at, ret->e.fact_confirmed_at);
	ret->age_days = days_since(j->now, ret->content_at);
	ret->quiet_days = days_since(j->now,
		later(ret->content_at,
			later(ret->confirmed_at, ret->e.last_at)));
	return 1;
}

static bool
fits_numbers(const struct curation_rule *r, const struct subject *s)
{
	double uses = (double)s->e.hits;

	return (double)s->age_days >= r->age_days &&
	       (double)s->quiet_days >= r->quiet_days && uses >= r->uses &&
	       (r->uses_below <= 0 || uses < r->uses_below);
}

/* 1 the rule fits, 0 not. */
static int
judge_fits(const struct judging *j, const struct curation_rule *r,
	const struct subject *s)
{
	AUTO_BUF struct buf type = {0};
	int rc;

	if (!(r->from >> s->e.tier & 1) || !fits_numbers(r, s))
		return 0;
	if (!r->types)
		return 1;
	rc = label_text(j->st, s->e.type, &type, j->e);
	if (rc != 1)
		return rc < 0 ? rc : 0;
	return !buf_str(&type) ? err_nomem(j->e)
			       : curation_rule_takes_type(r, type.data);
}

/* --- what stands ---------------------------------------------------------- */
struct judge_looking {
	int left;
	bool found;
};

static int
look_for_instruction(void *ctx, const struct fact *f)
{
	struct judge_looking *l = ctx;

	l->found = !f->erased && is_instruction(f->text, f->text_n);
	return l->found || --l->left <= 0 ? 1 : 0;
}

static int
has_instruction(const struct judging *j, int64_t entity, bool *ret)
{
	struct judge_looking l = {.left = INSTRUCTION_IN};
	int rc = fact_each(j->st, entity, 1u << FACT_OBSERVATION,
		look_for_instruction, &l, j->e);

	*ret = l.found;
	return rc < 0 ? rc : 0;
}

/* Did somebody set the tier lately, other than by writing it with the entity? Or
 * take a confirmation back? */
static int
is_held(const struct judging *j, int64_t entity, enum attr_key key, bool *ret)
{
	int64_t value, since, at, kind;
	int rc = branch_attr(j->st, entity, key, lens_of(j->st), &value, &since,
		j->e);

	*ret = false;
	if (rc != 0 || since == 0)
		return rc;
	rc = curated_change(j->st, since, &at, &kind, j->e);
	*ret = kind != CHANGE_CURATE && kind != CHANGE_IMPORT &&
	       kind != CHANGE_CREATE && kind != CHANGE_MERGE &&
	       (double)days_since(j->now, at) < j->settings->hold_days;
	return rc;
}

/* 1 the rule may have its way, 0 not. */
static int
may_act(const struct judging *j, const struct curation_rule *r, int64_t entity)
{
	bool moves = r->act != CURATE_CONFIRM, stands = false;
	int rc =
		is_held(j, entity, moves ? ATTR_TIER : ATTR_CONFIRMED, &stands);

	if (rc != 0)
		return rc;
	if (moves && !stands)
		rc = has_instruction(j, entity, &stands);
	return rc < 0 ? rc : !stands;
}

/* --- verdicts ------------------------------------------------------------- */
static void
add_verdict(const struct subject *s, enum curation_rule_id rule, int64_t was,
	int64_t becomes, struct verdict_move *ret, int *n)
{
	ret[(*n)++] = (struct verdict_move){rule, s->entity, was, becomes,
		s->age_days, s->quiet_days, s->e.hits};
}

/* Given again since it was written or confirmed, and long enough after that to
 * be worth a change. */
static bool
was_used_since(const struct curation_rule *r, const struct subject *s)
{
	int64_t before = later(s->content_at, s->confirmed_at);

	return s->e.last_at > before &&
	       (double)(s->e.last_at - before) >= r->age_days * (double)DAY_MS;
}

static int
judge_rule(const struct judging *j, enum curation_rule_id id,
	const struct subject *s, bool *moves, struct verdict_move *ret, int *n)
{
	const struct curation_rule *r = &j->settings->rules[id];
	int rc;

	if (r->act == CURATE_CONFIRM ? !was_used_since(r, s) : *moves)
		return 0;
	if (r->act == CURATE_MOVE && s->e.tier == r->to)
		return 0;
	rc = judge_fits(j, r, s);
	if (rc == 1)
		rc = may_act(j, r, s->entity);
	if (rc != 1)
		return rc;
	if (r->act == CURATE_CONFIRM) {
		add_verdict(s, id, s->confirmed_at, s->e.last_at, ret, n);
		return 0;
	}
	*moves = true;
	add_verdict(s, id, s->e.tier, r->act == CURATE_HIDE ? -1 : r->to, ret,
		n);
	return 0;
}

/* Others are asked elsewhere, of groups or at a write. */
static bool
is_judged(const struct curation_rule *r)
{
	return r->act == CURATE_MOVE || r->act == CURATE_CONFIRM ||
	       r->act == CURATE_HIDE;
}

static int
judge_note_change(void *ctx, const struct log_change *c)
{
	*(struct log_change *)ctx = *c;
	return 0;
}

/* Of an undo: is what it undid the work of somebody else than curation? What
 * comes back with a fact that a person had deleted is no decision on its end. */
static int
undid_other(const struct judging *j, int64_t change, bool *ret)
{
	struct log_change undo = {0};
	int64_t at = 0, kind = 0;
	int rc = log_get(j->st, change, judge_note_change, &undo, j->e);

	*ret = false;
	if (rc < 0 || undo.kind != CHANGE_UNDO || undo.about == 0)
		return rc < 0 ? rc : 0;
	rc = curated_change(j->st, undo.about, &at, &kind, j->e);
	*ret = kind != CHANGE_CURATE;
	return rc;
}

/* Did an undo take a hiding back lately? key: of the end that was obeyed. */
static int
is_taken_back(const struct judging *j, int64_t entity, enum attr_key key,
	bool *ret)
{
	int64_t value, since, at = 0, kind = 0;
	bool other = false;
	int rc = branch_attr(j->st, entity, key, lens_of(j->st), &value, &since,
		j->e);

	*ret = false;
	if (rc || since == 0)
		return rc;
	rc = curated_change(j->st, since, &at, &kind, j->e);
	if (rc || (kind != CHANGE_UNDO && kind != CHANGE_REVERT))
		return rc;
	if (key == ATTR_FACT_EXPIRES)
		rc = undid_other(j, since, &other);
	*ret = !other &&
	       (double)days_since(j->now, at) < j->settings->hold_days;
	return rc;
}

/* The end that somebody gave it, or to a fact of it. 1 it has come. */
static int
judge_end(const struct judging *j, const struct subject *s,
	struct verdict_move *ret)
{
	int64_t at = 0, facts_at = 0;
	bool stands = false;
	int rc = expiry_is_over(&j->expiry, s->entity, j->e);

	if (rc < 0)
		return rc;
	if (rc == 1) {
		rc = is_taken_back(j, s->entity, ATTR_EXPIRES, &stands);
		if (rc || stands)
			return rc;
		rc = attr_get(j->st, s->entity, ATTR_EXPIRES, &at, j->e);
	} else {
		rc = attr_get(j->st, s->entity, ATTR_FACT_EXPIRES, &facts_at,
			j->e);
		if (rc || facts_at <= 0 || facts_at > j->now)
			return rc;
		rc = is_taken_back(j, s->entity, ATTR_FACT_EXPIRES, &stands);
		if (rc || stands)
			return rc;
	}
	*ret = (struct verdict_move){CURATION_expire, s->entity,
		at > 0 ? at : facts_at, at > 0, s->age_days, s->quiet_days,
		s->e.hits};
	return rc < 0 ? rc : 1;
}

int
judge_entity(const struct judging *j, int64_t entity,
	struct verdict_move ret[VERDICTS_MOST], int *ret_n)
{
	struct subject s = {0};
	bool moves = false, confirms = false;
	int rc = load_subject(j, entity, &s);

	*ret_n = 0;
	if (rc != 1 || s.e.is_pinned)
		return rc < 0 ? rc : 0;
	rc = 0;
	if (j->expiry.newest != 0 && (j->rules >> CURATION_expire & 1))
		rc = judge_end(j, &s, &ret[0]);
	if (rc != 0) {
		*ret_n = rc == 1;
		return rc < 0 ? rc : 0;
	}
	for (int i = 0; i < CURATION_RULES; i++) {
		bool is_confirm = j->settings->rules[i].act == CURATE_CONFIRM;
		int before = *ret_n;

		if (!(j->rules >> i & 1) || (is_confirm && confirms) ||
			!is_judged(&j->settings->rules[i]))
			continue;
		rc = judge_rule(j, (enum curation_rule_id)i, &s, &moves, ret,
			ret_n);
		if (rc != 0)
			return rc;
		confirms |= is_confirm && *ret_n > before;
	}
	return 0;
}

int
judge_reason(const struct verdict_move *v, struct buf *out)
{
	enum curation_rule_id id = v->rule;
	struct curation_settings defaults;

	if (curation_settings_of(NULL, &defaults, NULL) != 0)
		return MDB_E_NOMEM;
	if (defaults.rules[id].act == CURATE_SEQUENCE)
		return buf_addf(out, "%s: %lld steps, done %lld times",
			defaults.rules[id].about, (long long)v->was,
			(long long)v->uses);
	if (defaults.rules[id].act == CURATE_DAY)
		return buf_addf(out, "%s: %lld facts", defaults.rules[id].about,
			(long long)v->uses);
	if (defaults.rules[id].act == CURATE_GATHER)
		return buf_addf(out, "%s: %lld are alike",
			defaults.rules[id].about, (long long)v->uses);
	if (defaults.rules[id].act == CURATE_EXPIRE)
		return buf_addf(out, "%s%s", defaults.rules[id].about,
			v->becomes ? "" : " (single facts of it)");
	return buf_addf(out,
		"%s: %lld day%s old, quiet for %lld, given %lld "
		"time%s",
		defaults.rules[id].about, (long long)v->age_days,
		v->age_days == 1 ? "" : "s", (long long)v->quiet_days,
		(long long)v->uses, v->uses == 1 ? "" : "s");
}
