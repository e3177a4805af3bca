/* Reading a plan from its facts, and what follows from its steps. plan.h
 * says how a plan is stored.
 *
 * For example three steps, done, doing and todo where the third needs the
 * second: the plan is `active`, the step under way is 2, and 3 is not ready.
 * A step that stands twice (set on two branches that were merged) is
 * contested, and the plan says so until it is set again. */
#include "memory-db/model/plan/plan.h"

#include <string.h>

#include "common/contract/tools.h"
#include "common/jx.h"
#include "common/vec.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/labels.h"

const char *
plan_state_name(enum plan_state state)
{
	return tool_plan_states[state];
}

int
plan_state_of(const char *name)
{
	for (int i = 0; name != NULL && i < PLAN_STATES; i++)
		if (strcmp(name, tool_plan_states[i]) == 0)
			return i;
	return -1;
}

enum plan_state
plan_step_state(const struct plan_step *s)
{
	return (enum plan_state)plan_state_of(jx_text(s->said, "state"));
}

void
plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		json_decref(p->steps[i].said);
		free(p->steps[i].text);
	}
	free(p->steps);
	json_decref(p->head);
	memset(p, 0, sizeof(*p));
}

/* --- from facts ------------------------------------------------------------ */
/* Metadata of observations that make a plan, by the fact it is said of. */
struct plan_note {
	int64_t of;
	json_t *said; /* owned */
	bool is_head;
};

struct plan_reading {
	struct plan *plan;
	struct plan_note *notes; /* by `of`; owned */
	size_t n, cap;
	struct err *e;
};

static void
plan_reading_done(struct plan_reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		json_decref(r->notes[i].said);
	free(r->notes);
}
#define AUTO_READING __attribute__((cleanup(plan_reading_done)))

/* Anybody may set metadata; what is no plan as we write one is none. */
static bool
plan_has_commands(const json_t *said)
{
	const json_t *list = json_object_get(said, "acceptance"), *j;
	size_t i;

	json_array_foreach(list, i, j)
		if (!json_is_string(j))
			return false;
	return !list || json_is_array(list);
}

static bool
plan_is_head(const json_t *said)
{
	return jx_text(said, "title") != NULL && plan_has_commands(said);
}

static bool
plan_is_step(const json_t *said)
{
	return json_integer_value(json_object_get(said, "step")) > 0 &&
	       jx_text(said, "text") != NULL && plan_has_commands(said) &&
	       plan_state_of(jx_text(said, "state")) >= 0;
}

static int
plan_take_note(void *ctx, const struct fact *f)
{
	struct plan_reading *r = ctx;
	AUTO_JSON json_t *j = NULL;
	json_t *head, *step;

	if (f->erased)
		return 0;
	j = jx_parse(f->text, f->text_n, r->e);
	if (!j)
		return MDB_E_NOMEM;
	head = json_object_get(j, "plan");
	step = json_object_get(j, "plan_step");
	if (!plan_is_head(head))
		head = NULL;
	if (!head && !plan_is_step(step))
		return 0;
	if (vec_room(r->notes, r->n, r->cap) != 0)
		return err_nomem(r->e);
	r->notes[r->n++] = (struct plan_note){.of = f->supersedes,
		.said = json_incref(head ? head : step),
		.is_head = head != NULL};
	return 0;
}

static int
plan_compare_notes(const void *a, const void *b)
{
	int64_t x = ((const struct plan_note *)a)->of;
	int64_t y = ((const struct plan_note *)b)->of;

	return x < y ? -1 : x > y;
}

static int
plan_add_step(struct plan_reading *r, const struct fact *f, json_t *said)
{
	struct plan *p = r->plan;
	char *text = malloc(f->text_n + 1);

	if (!text)
		return err_nomem(r->e);
	memcpy(text, f->text, f->text_n);
	text[f->text_n] = '\0';
	if (vec_room(p->steps, p->n, p->cap) != 0) {
		free(text);
		return err_nomem(r->e);
	}
	p->steps[p->n++] =
		(struct plan_step){.number = json_integer_value(
					   json_object_get(said, "step")),
			.fact = f->id,
			.added = f->added,
			.said = json_incref(said),
			.text = text};
	return 0;
}

static int
plan_take_observation(void *ctx, const struct fact *f)
{
	struct plan_reading *r = ctx;
	struct plan *p = r->plan;
	struct plan_note key = {.of = f->id}, *note;

	if (f->erased)
		return 0;
	note = r->n == 0 ? NULL
			 : bsearch(&key, r->notes, r->n, sizeof(key),
				   plan_compare_notes);
	if (!note) {
		p->others++;
		return 0;
	}
	if (!note->is_head)
		return plan_add_step(r, f, note->said);
	/* Facts come in the order of their ids: the newest counts. */
	p->is_contested = p->head != NULL;
	json_decref(p->head);
	p->head = json_incref(note->said);
	p->head_fact = f->id;
	return 0;
}

/* --- their order ----------------------------------------------------------- */
/* A step that the head does not name (it came with a merge) is behind those
 * that it does. */
static size_t
plan_place(const json_t *order, int64_t number)
{
	const json_t *j;
	size_t i;

	json_array_foreach(order, i, j)
		if (json_integer_value(j) == number)
			return i;
	return SIZE_MAX;
}

static int
plan_compare_steps(const void *a, const void *b, void *order)
{
	const struct plan_step *x = a, *y = b;
	size_t at = plan_place(order, x->number);
	size_t to = plan_place(order, y->number);

	if (at != to)
		return at < to ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

static void
plan_sort(struct plan *p)
{
	if (p->n < 2)
		return;
	qsort_r(p->steps, p->n, sizeof(*p->steps), plan_compare_steps,
		json_object_get(p->head, "order"));
	for (size_t i = 1; i < p->n; i++)
		if (p->steps[i].number == p->steps[i - 1].number)
			p->steps[i].is_contested =
				p->steps[i - 1].is_contested = true;
}

int
plan_read(struct store *st, int64_t entity, struct plan *ret, struct err *e)
{
	AUTO_PLAN struct plan plan = {.entity = entity};
	AUTO_READING struct plan_reading r = {.plan = &plan, .e = e};
	int rc = fact_each(st, entity, 1u << FACT_NOTE, plan_take_note, &r, e);

	if (rc != 0)
		return rc;
	if (r.n > 1)
		qsort(r.notes, r.n, sizeof(*r.notes), plan_compare_notes);
	rc = fact_each(st, entity, 1u << FACT_OBSERVATION,
		plan_take_observation, &r, e);
	if (rc != 0)
		return rc;
	plan_sort(&plan);
	*ret = plan;
	memset(&plan, 0, sizeof(plan));
	return 0;
}

int
plan_check_type(struct store *st, int64_t entity, const char *name,
	struct err *e)
{
	AUTO_BUF struct buf type = {0};
	int64_t label = 0;
	int rc = fact_existence(st, entity, NULL, &label, NULL, e);

	if (rc >= 0)
		rc = label_text(st, label, &type, e);
	if (rc < 0)
		return rc;
	if (!buf_str(&type))
		return err_nomem(e);
	if (strcmp(type.data, PLAN_TYPE) == 0)
		return 0;
	return err_param(e, MDB_E_NOT_FOUND, "name",
		"'%s' is no plan but an entity of the type '%s'; "
		"get_implementation_plan without `name` lists the plans",
		name, type.data);
}

/* --- what follows from it -------------------------------------------------- */
static bool
plan_has_state(const struct plan *p, enum plan_state state)
{
	for (size_t i = 0; i < p->n; i++)
		if (plan_step_state(&p->steps[i]) == state)
			return true;
	return false;
}

bool
plan_is_over(const struct plan *p)
{
	return !plan_has_state(p, PLAN_TODO) &&
	       !plan_has_state(p, PLAN_DOING) &&
	       !plan_has_state(p, PLAN_BLOCKED);
}

const struct plan_step *
plan_next(const struct plan *p)
{
	static const enum plan_state wanted[] = {PLAN_DOING, PLAN_TODO};

	for (size_t k = 0; k < ARRAY_LEN(wanted); k++)
		for (size_t i = 0; i < p->n; i++)
			if (plan_step_state(&p->steps[i]) == wanted[k])
				return &p->steps[i];
	return NULL;
}

int
plan_set_outlook(const struct plan *p, json_t *o, struct err *e)
{
	const struct plan_step *next = plan_next(p);
	json_int_t counts[PLAN_STATES] = {0};
	json_t *j = json_object(), *step;

	if (jx_set(o, "counts", j) != 0)
		return err_nomem(e);
	for (size_t i = 0; i < p->n; i++)
		counts[plan_step_state(&p->steps[i])]++;
	for (int i = 0; i < PLAN_STATES; i++)
		if (jx_set(j, tool_plan_states[i], json_integer(counts[i])) !=
			0)
			return err_nomem(e);
	if (jx_set(o, "state",
		    json_string(plan_is_over(p) ? "done" : "open")) != 0)
		return err_nomem(e);
	if (!next)
		return 0;
	step = json_pack("{s:I,s:O,s:O,s:O*}", "step", (json_int_t)next->number,
		"state", json_object_get(next->said, "state"), "text",
		json_object_get(next->said, "text"), "acceptance",
		json_object_get(next->said, "acceptance"));
	return jx_set(o, "next_step", step) != 0 ? err_nomem(e) : 0;
}

int
plan_step_json(struct store *st, const struct plan_step *s, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *j = jx_copy(s->said);
	AUTO_BUF struct buf text = {0};
	struct origin origin = {0};
	int rc = !j ? err_nomem(e) : plan_step_text(s->said, &text, e);

	if (rc != 0)
		return rc;
	rc = provenance_origin(st, s->fact, &origin, e);
	if (rc != 0)
		return rc;
	rc = member_set_int(j, "fact", s->fact, e);
	if (rc != 0)
		return rc;
	rc = member_set_time(j, "at", origin.at, e);
	if (rc != 0)
		return rc;
	rc = member_set_label(st, j, "session", origin.session, e);
	if (rc != 0)
		return rc;
	if (s->is_contested)
		rc = member_set_bool(j, "contested", true, e);
	/* Somebody has put other words in the place of ours. */
	if (rc)
		return rc;
	if (strcmp(s->text, text.data) != 0)
		rc = member_set_text(j, "observation", s->text, strlen(s->text),
			e);
	if (rc)
		return rc;
	*ret = take_ptr(j);
	return 0;
}
