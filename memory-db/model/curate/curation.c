/* Looking: what the rules of curation would do to the entities of a namespace,
 * and how a verdict is told. What a rule says of one entity stands in judge.c;
 * here entities are read page by page and shown to it. A preview looks in the
 * same way as a run, so that what it announces is what the run does. */
#include "memory-db/model/curate/curation.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/contract/tools.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/model/curate/days.h"
#include "memory-db/model/curate/gather.h"
#include "memory-db/model/curate/sequences.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"

int
curation_settings_read(struct store *st, int64_t ns,
	struct curation_settings *ret, struct err *e)
{
	AUTO_JSON json_t *value = NULL;
	int rc = settings_get(st, ns, SETTING_curation, &value, e);

	if (rc != 0)
		return rc;
	return curation_settings_of(value, ret, e);
}

int
curation_rules_of(const struct curation_settings *s, const json_t *names,
	uint64_t *ret, struct err *e)
{
	const json_t *name;
	size_t i;

	*ret = 0;
	if (json_array_size(names) == 0) {
		for (int k = 0; k < CURATION_RULES; k++)
			*ret |= (uint64_t)s->rules[k].is_on << k;
		return 0;
	}
	json_array_foreach((json_t *)(uintptr_t)names, i, name) {
		const char *text = json_string_value(name);
		enum curation_rule_id id;

		if (!text || !curation_rule_find(text, &id, e))
			return err_param(e, MDB_E_INVALID, "rules", "rules: %s",
				text && e ? e->text : "names of rules");
		*ret |= (uint64_t)1 << id;
	}
	return 0;
}

/* --- looking -------------------------------------------------------------- */
#define PAGE		64 /* entities read before they are judged */
#define SEQUENCES_SHOWN 40 /* texts of one that are followed in a preview */

struct curation_page {
	int64_t entity[PAGE], existence[PAGE];
	int n;
};

static int
page_add(void *ctx, const struct fact *f)
{
	struct curation_page *p = ctx;

	p->entity[p->n] = f->entity;
	p->existence[p->n] = f->id;
	return ++p->n == PAGE ? 1 : 0;
}

static int
list_add(struct curation_list *l, const struct verdict_move *v, struct err *e)
{
	if (vec_room(l->v, l->n, l->cap) != 0)
		return err_nomem(e);
	l->v[l->n++] = *v;
	return 0;
}

void
curation_list_done(struct curation_list *l)
{
	free(l->v);
	l->v = NULL;
}

/* The group that it would lead, in a preview. */
static int
judge_group(const struct judging *j, int64_t ns, int64_t entity,
	struct curation_list *ret)
{
	struct verdict_move v = {.rule = CURATION_consolidate,
		.entity = entity};
	struct gather_group g;
	int rc = gather_find(j, ns, entity, &g);

	v.uses = v.becomes = g.n;
	return rc == 0 && g.n > 0 ? list_add(ret, &v, j->e) : rc;
}

struct observations {
	int64_t fact[SEQUENCES_SHOWN];
	int n;
};

static int
add_observation(void *ctx, const struct fact *f)
{
	struct observations *o = ctx;

	o->fact[o->n++] = f->id;
	return o->n == SEQUENCES_SHOWN ? 1 : 0;
}

/* The procedures that would begin with a text of it, in a preview. */
static int
judge_sequences(const struct judging *j, int64_t ns, int64_t entity,
	struct curation_list *ret)
{
	struct verdict_move v = {.rule = CURATION_procedure, .entity = entity};
	struct observations o = {.n = 0};
	int rc = fact_each(j->st, entity, 1u << FACT_OBSERVATION,
		add_observation, &o, j->e);

	if (rc < 0)
		return rc;
	for (int i = 0; i < o.n; i++) {
		struct sequence s;

		rc = sequence_find(j, ns, o.fact[i], &s);
		v.was = s.steps;
		v.uses = v.becomes = s.tracks;
		if (rc == 0 && s.tracks > 0)
			rc = list_add(ret, &v, j->e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What would be made of an entity. */
static int
judge_making(const struct judging *j, int64_t ns, int64_t entity,
	struct curation_list *ret)
{
	int rc = 0;

	if (j->rules >> CURATION_consolidate & 1)
		rc = judge_group(j, ns, entity, ret);
	if (rc != 0)
		return rc;
	if (j->rules >> CURATION_procedure & 1)
		return judge_sequences(j, ns, entity, ret);
	return 0;
}

/* The days that would be summarised, with the first page of a preview. */
static int
judge_days(const struct judging *j, int64_t ns, int64_t deadline_ns,
	struct curation_list *ret)
{
	int64_t day, end;
	int rc = day_range(j, ns, &day, &end);

	if (rc != 0)
		return rc;
	for (; day < end && clock_mono_ns() < deadline_ns; day++) {
		struct verdict_move v = {.rule = CURATION_day_summary,
			.was = day};
		struct day d;

		rc = day_find(j, ns, day, &d);
		v.uses = v.becomes = d.n;
		if (rc != 0)
			return rc;
		if (d.n > 0)
			rc = list_add(ret, &v, j->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* What the rules say of one entity. */
static int
curation_judge_one(const struct judging *j, int64_t ns, int64_t entity,
	struct curation_list *ret)
{
	struct verdict_move v[VERDICTS_MOST];
	int n, rc = judge_entity(j, entity, v, &n);

	if (rc != 0)
		return rc;
	for (int k = 0; k < n; k++) {
		rc = list_add(ret, &v[k], j->e);
		if (rc != 0)
			return rc;
	}
	return j->is_preview ? judge_making(j, ns, entity, ret) : 0;
}

static int
judge_page(const struct judging *j, int64_t ns, const struct curation_page *p,
	size_t most, int64_t deadline_ns, struct curation_list *ret)
{
	for (int i = 0; i < p->n; i++) {
		int rc;

		/* At least one a slice, or a run would never end. */
		if (ret->looked > 0 &&
			(ret->n >= most || clock_mono_ns() > deadline_ns))
			return 1;
		rc = curation_judge_one(j, ns, p->entity[i], ret);
		if (rc != 0)
			return rc;
		ret->looked++;
		ret->after = p->existence[i];
	}
	return 0;
}

int
curation_look(const struct judging *j, int64_t ns, int64_t after, size_t most,
	int64_t deadline_ns, struct curation_list *ret)
{
	int rc = 0;

	ret->after = after;
	if (j->is_preview && after == 0 &&
		(j->rules >> CURATION_day_summary & 1))
		rc = judge_days(j, ns, deadline_ns, ret);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	while (!ret->is_end) {
		struct curation_page p = {.n = 0};

		rc = fact_each_entity(j->st, ns, ret->after, page_add, &p,
			j->e);
		if (rc < 0)
			return rc;
		rc = judge_page(j, ns, &p, most, deadline_ns, ret);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		ret->is_end = p.n < PAGE;
	}
	return 0;
}

/* --- telling -------------------------------------------------------------- */
static json_t *
curation_value_of(const struct curation_rule *r, int64_t value)
{
	char text[CLOCK_TEXT_SIZE];

	if (r->act == CURATE_MOVE || (r->act == CURATE_HIDE && value >= 0))
		return json_string(tool_tiers[value & 3]);
	if (r->act == CURATE_GATHER || r->act == CURATE_SEQUENCE ||
		r->act == CURATE_DAY || value <= 0)
		return json_null();
	clock_format(value, text);
	return json_string(text);
}

/* What was hidden has the name that it was made with; a day whose entity is not
 * made yet has that of the day. 1: there is one. */
static int
curation_name_of(struct store *st, const struct verdict_move *v,
	struct buf *out, struct err *e)
{
	int rc;

	if (v->entity == 0)
		return day_name(v->was, out) == 0 ? 1 : err_nomem(e);
	rc = fact_existence(st, v->entity, NULL, NULL, out, e);
	if (rc != 0)
		return rc;
	return entity_first_name(st, v->entity, NULL, out, e);
}

int
curation_row(struct store *st, const struct verdict_move *v, json_t **ret,
	struct err *e)
{
	struct curation_settings defaults;
	AUTO_BUF struct buf name = {0}, reason = {0};
	AUTO_JSON json_t *row = json_object();
	const struct curation_rule *r;
	int rc = curation_settings_of(NULL, &defaults, e);

	*ret = NULL;
	if (rc != 0)
		return rc;
	rc = curation_name_of(st, v, &name, e);
	if (rc != 1)
		return rc;
	r = &defaults.rules[v->rule];
	if (judge_reason(v, &reason) != 0 || !row ||
		member_set_text(row, "entity", name.data ? name.data : "",
			name.len, e) != 0 ||
		jx_set(row, "rule", json_string(r->name)) != 0 ||
		jx_set(row, "from", curation_value_of(r, v->was)) != 0 ||
		jx_set(row, "to",
			r->act == CURATE_EXPIRE
				? json_null()
				: curation_value_of(r, v->becomes)) != 0 ||
		member_set_text(row, "reason", reason.data, reason.len, e) != 0)
		return err_nomem(e);
	*ret = take_ptr(row);
	return 0;
}
