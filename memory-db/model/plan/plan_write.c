/* The facts of a plan. A step is an observation; whoever changes it replaces
 * the observation by one that says the new state and supersedes the old one,
 * along with its metadata and its tag. History therefore tells every state a
 * step ever had, and an undo brings back the one before. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/plan/plan_internal.h"
#include "memory-db/model/write/fact_tags_write.h"

static const char *const plan_step_members[] = {"text", "state", "acceptance",
	"note", "evidence"};

/* --- members --------------------------------------------------------------- */
int
plan_overlay(json_t *said, const json_t *given, const char *const *members,
	size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		json_t *v = json_object_get(given, members[i]);
		bool is_empty = json_is_string(v) ? json_string_length(v) == 0
						  : json_array_size(v) == 0;

		if (!v || json_is_null(v))
			continue;
		if (is_empty)
			(void)json_object_del(said, members[i]);
		else if (json_object_set(said, members[i], v) != 0)
			return err_nomem(e);
	}
	return 0;
}

int
plan_step_with(const json_t *was, int64_t number, const json_t *given,
	json_t **ret, struct err *e)
{
	AUTO_JSON json_t *said =
		was ? jx_copy(was)
		    : json_pack("{s:I,s:s}", "step", (json_int_t)number,
			      "state", plan_state_name(PLAN_TODO));
	int rc;

	if (!said)
		return err_nomem(e);
	if (json_is_string(given))
		rc = json_object_set(said, "text", (json_t *)(uintptr_t)given)
			     ? err_nomem(e)
			     : 0;
	else
		rc = plan_overlay(said, given, plan_step_members,
			ARRAY_LEN(plan_step_members), e);
	if (rc)
		return rc;
	rc = jx_set(said, "step", json_integer(number)) != 0 ? err_nomem(e) : 0;
	if (rc)
		return rc;
	*ret = take_ptr(said);
	return 0;
}

/* --- facts ----------------------------------------------------------------- */
struct plan_fact {
	const char *member; /* of the metadata: plan, plan_step */
	const json_t *said;
	const char *text;
	bool is_open;
	int64_t replaces; /* a fact; 0: none */
	const char *path;
};

/* Marks of the fact that takes a place: metadata, and the tag of open steps. */
static int
plan_put_marks(struct write *w, int64_t entity, int64_t fact,
	const struct plan_fact *x, struct err *e)
{
	AUTO_JSON json_t *note =
		json_pack("{s:O}", x->member, (json_t *)(uintptr_t)x->said);
	AUTO_JSON json_t *tags = json_pack("[s]", PLAN_OPEN_TAG);
	int rc = !note || !tags
			 ? err_nomem(e)
			 : fact_tags_note(w, entity, fact, note, x->path, e);

	return rc == 0 && x->is_open
		       ? fact_tags_add(w, entity, fact, tags, x->path, e)
		       : rc;
}

/* What is replaced is not out of sight: it does not count as hidden, or an agent
 * that works fast would have to confirm its steps. */
static int
plan_put_fact(struct write *w, int64_t entity, const struct plan_fact *x,
	struct err *e)
{
	struct fact f = write_fact(entity, FACT_OBSERVATION);
	int64_t fact = 0, hidden = w->hidden;
	int rc = fact_find_text(w->st, entity, FACT_OBSERVATION, x->text,
		strlen(x->text), &fact, e);

	if (rc < 0)
		return rc;
	if (rc == 1 && fact == x->replaces)
		rc = write_hide_marks(w, entity, fact, FACT_MARKS, NULL, e);
	else if (rc == 1)
		rc = 0;
	else {
		f.text = x->text;
		f.text_n = strlen(x->text);
		f.supersedes = x->replaces;
		rc = write_add(w, &f, e);
		fact = w->last_fact;
	}
	if (rc != 0)
		return rc;
	rc = plan_put_marks(w, entity, fact, x, e);
	if (rc != 0)
		return rc;
	if (x->replaces != 0 && x->replaces != fact)
		rc = write_hide_marked(w, entity, x->replaces, e);
	w->hidden = hidden;
	return rc;
}

int
plan_put_step(struct write *w, int64_t entity, const json_t *said,
	int64_t replaces, const char *path, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	struct plan_fact x = {.member = "plan_step",
		.said = said,
		.replaces = replaces,
		.path = path};
	int rc = plan_step_text(said, &text, e);

	x.text = text.data;
	x.is_open = plan_state_of(jx_text(said, "state")) <= PLAN_BLOCKED;
	if (rc != 0)
		return rc;
	return plan_put_fact(w, entity, &x, e);
}

int
plan_put_head(struct write *w, const struct plan *p, const json_t *head,
	struct err *e)
{
	AUTO_BUF struct buf text = {0};
	struct plan_fact x = {.member = "plan",
		.said = head,
		.replaces = p->head_fact,
		.path = "title"};
	int rc;

	if (p->head && json_equal(p->head, head))
		return 0;
	rc = plan_head_text(head, &text, e);
	x.text = text.data;
	if (rc != 0)
		return rc;
	return plan_put_fact(w, p->entity, &x, e);
}

int64_t
plan_last(const struct plan *p)
{
	int64_t last = json_integer_value(json_object_get(p->head, "last"));

	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].number > last)
			last = p->steps[i].number;
	return last > 0 ? last : 0;
}
