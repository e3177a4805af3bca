/* Saving a plan. Whatever may be wrong is found before the first op; then each
 * observation that says something else is replaced by one that supersedes it.
 *
 * Saving a plan again: a step given by its number, or by the text that it has,
 * is that step and keeps what is not said of it; any other is new. A step that
 * is not given is hidden. Numbers are never given twice, which `last` of the
 * head remembers, so that "step 4" means the same in every note. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/plan/plan_internal.h"

static const char *const plan_head_members[] = {"title", "goal", "acceptance",
	"notes"};

/* A given step and the one of the plan that it is. */
struct plan_match {
	const struct plan_step *was; /* NULL: new */
	int64_t number;
	json_t *said; /* owned */
};

struct plan_saving {
	struct plan plan;
	struct plan_match *matches; /* one a given step; owned */
	size_t n;
	int64_t last; /* the highest number that was given */
};

static void
plan_saving_done(struct plan_saving *s)
{
	for (size_t i = 0; i < s->n; i++)
		json_decref(s->matches[i].said);
	free(s->matches);
	plan_done(&s->plan);
}
#define AUTO_SAVING __attribute__((cleanup(plan_saving_done)))

static bool
plan_is_taken(const struct plan_saving *s, const struct plan_step *step)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->matches[i].was == step)
			return true;
	return false;
}

static bool
plan_number_is_taken(const struct plan_saving *s, int64_t number)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->matches[i].number == number)
			return true;
	return false;
}

/* By its number; of two that have it, one with the given text, else the
 * newest. */
static const struct plan_step *
plan_find_number(const struct plan_saving *s, int64_t number, const char *text)
{
	const struct plan_step *found = NULL;

	for (size_t i = 0; i < s->plan.n; i++) {
		const struct plan_step *step = &s->plan.steps[i];

		if (step->number != number || plan_is_taken(s, step))
			continue;
		found = step;
		if (text && strcmp(jx_text(step->said, "text"), text) == 0)
			break;
	}
	return found;
}

static const struct plan_step *
plan_find_text(const struct plan_saving *s, const char *text)
{
	for (size_t i = 0; i < s->plan.n; i++) {
		const struct plan_step *step = &s->plan.steps[i];

		if (strcmp(jx_text(step->said, "text"), text) == 0 &&
			!plan_is_taken(s, step))
			return step;
	}
	return NULL;
}

static int
plan_match_by_number(struct plan_saving *s, size_t i, const json_t *given,
	int64_t number, struct err *e)
{
	char at[64];

	snprintf(at, sizeof(at), "steps[%zu].step", i);
	if (plan_number_is_taken(s, number))
		return err_param(e, MDB_E_INVALID, at,
			"step %lld is given twice; each step has its own "
			"number, and one without `step` gets the next",
			(long long)number);
	s->matches[i].was = plan_find_number(s, number, jx_text(given, "text"));
	if (!s->matches[i].was)
		return err_param(e, MDB_E_NOT_FOUND, at,
			"the plan has no step %lld; leave out `step` for a new "
			"one, which gets its number here",
			(long long)number);
	s->matches[i].number = number;
	return 0;
}

/* Steps given by number first, so that none of them is taken by its text. */
static int
plan_match_steps(struct plan_saving *s, const json_t *steps, struct err *e)
{
	const json_t *given;
	size_t i;
	json_array_foreach(steps, i, given) {
		int64_t number =
			json_integer_value(json_object_get(given, "step"));
		int rc = number > 0
				 ? plan_match_by_number(s, i, given, number, e)
				 : 0;

		if (rc != 0)
			return rc;
	}
	json_array_foreach(steps, i, given) {
		struct plan_match *m = &s->matches[i];
		const char *text = json_is_string(given)
					   ? json_string_value(given)
					   : jx_text(given, "text");

		if (m->number != 0)
			continue;
		m->was = plan_find_text(s, text);
		if (m->was && !plan_number_is_taken(s, m->was->number))
			m->number = m->was->number;
		else
			m->number = ++s->last;
	}
	return 0;
}

static int
plan_say_steps(struct plan_saving *s, const json_t *steps, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct plan_match *m = &s->matches[i];

		rc = plan_step_with(m->was ? m->was->said : NULL, m->number,
			json_array_get(steps, i), &m->said, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
plan_head_with(const struct plan_saving *s, const json_t *given, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *head =
		s->plan.head ? jx_copy(s->plan.head) : json_object();
	json_t *order = json_array();
	int rc;

	if (jx_set(head, "order", order) != 0)
		return err_nomem(e);
	for (size_t i = 0; i < s->n; i++)
		if (jx_add(order, json_integer(s->matches[i].number)) != 0)
			return err_nomem(e);
	if (jx_set(head, "last", json_integer(s->last)) != 0)
		return err_nomem(e);
	rc = plan_overlay(head, given, plan_head_members,
		ARRAY_LEN(plan_head_members), e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(head);
	return 0;
}

/* Hides the steps that are not given. Of a step that stood twice the one that
 * was not taken goes silently: it is the same step. */
static int
plan_remove_steps(struct write *w, const struct plan_saving *s, json_t *removed,
	struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->plan.n; i++) {
		const struct plan_step *step = &s->plan.steps[i];

		if (plan_is_taken(s, step))
			continue;
		if (!plan_number_is_taken(s, step->number) &&
			jx_add(removed, json_incref(json_object_get(step->said,
						"text"))) != 0)
			return err_nomem(e);
		rc = write_hide_marked(w, s->plan.entity, step->fact, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
plan_write_steps(struct write *w, const struct plan_saving *s, struct err *e)
{
	char at[64];
	int rc = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct plan_match *m = &s->matches[i];

		snprintf(at, sizeof(at), "steps[%zu]", i);
		if (!m->was || !json_equal(m->was->said, m->said))
			rc = plan_put_step(w, s->plan.entity, m->said,
				m->was ? m->was->fact : 0, at, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
plan_save(struct write *w, int64_t entity, const json_t *params,
	json_t **ret_removed, struct err *e)
{
	const json_t *steps = json_object_get(params, "steps");
	AUTO_JSON json_t *head = NULL, *removed = json_array();
	AUTO_SAVING struct plan_saving s = {0};
	int rc = plan_read(w->st, entity, &s.plan, e);

	if (rc != 0)
		return rc;
	s.matches = calloc(json_array_size(steps) + 1, sizeof(*s.matches));
	if (!s.matches || !removed)
		return err_nomem(e);
	s.n = json_array_size(steps);
	s.last = plan_last(&s.plan);
	rc = plan_match_steps(&s, steps, e);
	if (rc != 0)
		return rc;
	rc = plan_say_steps(&s, steps, e);
	if (rc != 0)
		return rc;
	rc = plan_head_with(&s, params, &head, e);
	if (rc != 0)
		return rc;
	rc = plan_put_head(w, &s.plan, head, e);
	if (rc != 0)
		return rc;
	rc = plan_remove_steps(w, &s, removed, e);
	if (rc != 0)
		return rc;
	rc = plan_write_steps(w, &s, e);
	if (rc != 0)
		return rc;
	*ret_removed = take_ptr(removed);
	return 0;
}
