/* The observations of a plan: sentences for people, and words for recall. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/plan/plan.h"

/* " Evidence: commit 1f2e." Nothing for an empty text. A sentence that has its
 * own end gets no second one. */
static int
plan_add_sentence(struct buf *out, const char *lead, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n == 0)
		return 0;
	return buf_addf(out, "%s%s%s", lead, text,
		strchr(".!?", text[n - 1]) ? "" : ".");
}

/* " Accepted by: `make test`, `make lint`." */
static int
plan_add_commands(struct buf *out, const json_t *list)
{
	const json_t *j;
	size_t i;

	json_array_foreach(list, i, j)
		if (buf_addf(out, "%s`%s`", i == 0 ? " Accepted by: " : ", ",
			    json_string_value(j)) != 0)
			return MDB_E_NOMEM;
	return json_array_size(list) > 0 ? buf_addc(out, '.') : 0;
}

int
plan_step_text(const json_t *said, struct buf *out, struct err *e)
{
	int bad = buf_addf(out, "Step %lld (%s)",
		(long long)json_integer_value(json_object_get(said, "step")),
		jx_text(said, "state"));

	bad |= plan_add_sentence(out, ": ", jx_text(said, "text"));
	bad |= plan_add_sentence(out, " Note: ", jx_text(said, "note"));
	bad |= plan_add_sentence(out, " Evidence: ", jx_text(said, "evidence"));
	bad |= plan_add_commands(out, json_object_get(said, "acceptance"));
	return bad != 0 || !buf_str(out) ? err_nomem(e) : 0;
}

int
plan_head_text(const json_t *head, struct buf *out, struct err *e)
{
	int bad = plan_add_sentence(out, "Plan: ", jx_text(head, "title"));

	bad |= plan_add_sentence(out, " Goal: ", jx_text(head, "goal"));
	bad |= plan_add_sentence(out, " Notes: ", jx_text(head, "notes"));
	bad |= plan_add_commands(out, json_object_get(head, "acceptance"));
	return bad != 0 || !buf_str(out) ? err_nomem(e) : 0;
}
