/* Updating one step of a plan. The caller says what it believes of the step
 * (its state, or the version of the plan it has read); if that is no longer
 * so, the update is refused and the error says what the step is now. So two
 * agents cannot both take the same step.
 *
 *   step 2 is todo    A: doing, expected todo   done
 *                     B: doing, expected todo   refused: step 2 is doing */
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/plan/plan_internal.h"
#include "memory-db/store/log/base.h"

static int
plan_refuse_twice(const struct plan *p, int64_t number, struct err *e)
{
	AUTO_BUF struct buf list = {0};

	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].number == number &&
			buf_addf(&list, "%s%lld (%s: %.60s)",
				list.len > 0 ? ", " : "",
				(long long)p->steps[i].fact,
				jx_text(p->steps[i].said, "state"),
				jx_text(p->steps[i].said, "text")) != 0)
			return err_nomem(e);
	if (!buf_str(&list))
		return err_nomem(e);
	return err_param(e, MDB_E_CONFLICT, "fact",
		"step %lld was set on two branches and stands twice; say which "
		"one counts by `fact`: %s",
		(long long)number, list.data);
}

static int
plan_find_step(const struct plan *p, const json_t *params,
	const struct plan_step **ret, struct err *e)
{
	int64_t number = json_integer_value(json_object_get(params, "step"));
	int64_t fact = json_integer_value(json_object_get(params, "fact"));
	const struct plan_step *found = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].number == number &&
			(fact == 0 || p->steps[i].fact == fact))
			found = &p->steps[i];
	if (found && found->is_contested && fact == 0)
		return plan_refuse_twice(p, number, e);
	if (found) {
		*ret = found;
		return 0;
	}
	if (fact != 0)
		return err_param(e, MDB_E_NOT_FOUND, "fact",
			"step %lld of the plan does not stand in fact %lld "
			"(now); get_implementation_plan tells the fact of each "
			"step",
			(long long)number, (long long)fact);
	return err_param(e, MDB_E_NOT_FOUND, "step",
		"the plan has no step %lld; get_implementation_plan lists its "
		"%zu steps",
		(long long)number, p->n);
}

/* What the caller believes of the step must still hold. A version is that of
 * the plan: other steps may have changed since, this one not. */
static int
plan_check_expected(struct write *w, const struct plan *p,
	const struct plan_step *step, const json_t *params, struct err *e)
{
	const json_t *version = json_object_get(params, "expected_version");
	const char *state = jx_text(params, "expected_state");
	int64_t change = 0;
	int rc;

	if (state && strcmp(state, jx_text(step->said, "state")) != 0)
		return err_param(e, MDB_E_CONFLICT, "expected_state",
			"step %lld is %s, not %s: somebody has set it since. "
			"Look at it (get_implementation_plan) and decide anew",
			(long long)step->number, jx_text(step->said, "state"),
			state);
	if (!version)
		return 0;
	rc = log_base_version(w->st, p->entity, json_integer_value(version),
		&change, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_param(e, MDB_E_INVALID, "expected_version",
			"the plan has no version %lld; "
			"get_implementation_plan tells which it has",
			(long long)json_integer_value(version));
	if (step->added <= change)
		return 0;
	return err_param(e, MDB_E_CONFLICT, "expected_version",
		"step %lld has changed since version %lld of the plan: it is "
		"%s now. Look at it (get_implementation_plan) and decide anew",
		(long long)step->number, (long long)json_integer_value(version),
		jx_text(step->said, "state"));
}

/* Who says which of two facts counts takes the other away, if it is the same
 * step; a different one keeps the number, and this one gets a new one. */
static int
plan_settle(struct write *w, const struct plan *p, const struct plan_step *step,
	int64_t *ret_number, struct err *e)
{
	const char *text = jx_text(step->said, "text");
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_step *other = &p->steps[i];
		int rc = 0;

		if (other == step || other->number != step->number)
			continue;
		if (strcmp(jx_text(other->said, "text"), text) == 0)
			rc = write_hide_marked(w, p->entity, other->fact, e);
		else
			*ret_number = plan_last(p) + 1;
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
plan_update(struct write *w, int64_t entity, const json_t *params,
	enum plan_state *ret_was, int64_t *ret_number, struct err *e)
{
	AUTO_PLAN struct plan plan = {0};
	AUTO_JSON json_t *said = NULL;
	const struct plan_step *step = NULL;
	int64_t number;
	int rc = plan_read(w->st, entity, &plan, e);

	if (rc != 0)
		return rc;
	rc = plan_find_step(&plan, params, &step, e);
	if (rc != 0)
		return rc;
	rc = plan_check_expected(w, &plan, step, params, e);
	if (rc != 0)
		return rc;
	number = step->number;
	rc = plan_settle(w, &plan, step, &number, e);
	if (rc != 0)
		return rc;
	rc = plan_step_with(step->said, number, params, &said, e);
	if (rc != 0)
		return rc;
	if (!json_equal(step->said, said))
		rc = plan_put_step(w, entity, said, step->fact, "step", e);
	*ret_was = plan_step_state(step);
	*ret_number = number;
	return rc;
}
