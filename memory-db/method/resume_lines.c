/* The sections of resume that other methods have as rows already: plans,
 * notes, staged changes, conflicts, what recall finds. Each becomes lines; a
 * text is quoted up to QUOTE_BYTES, as open_nodes has the whole of it. What
 * waits for review is counted and not quoted: only the session that wrote it
 * may read it. */
#include "memory-db/method/resume_lines.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/method/carry_rows.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/within.h"
#include "memory-db/model/context/context_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/staged.h"

#define PLANS_MAX     10
#define HANDOFFS_MAX  10
#define CONFLICTS_MAX 10
#define RELEVANT_MAX  20
/* Rows of recall that score less than this share of the best fit less. */
#define RELEVANT_CUT 0.4
/* Of a text in a line: open_nodes has the rest. Of a note: claiming has it. */
#define QUOTE_BYTES 300
#define NOTE_BYTES  1000

/* --- lines ----------------------------------------------------------------- */
/* Of a text in quotes, at most so many bytes. */
static int
resume_quote_most(struct buf *out, const char *before, const char *s,
	size_t most)
{
	size_t n = s ? strlen(s) : 0, cut = n > most ? text_cut(s, most) : n;

	if (!s)
		return 0;
	return buf_adds(out, before) != 0 || context_quote(out, s, cut) != 0 ||
	       (cut < n && buf_adds(out, "..") != 0);
}

int
resume_quote(struct buf *out, const char *before, const char *s)
{
	return resume_quote_most(out, before, s, QUOTE_BYTES);
}

int
resume_line(struct resume *r, enum carry_section section, int bad,
	const struct buf *line)
{
	return bad ? err_nomem(r->e)
		   : carry_text_add(&r->text, section, line, r->e);
}

/* ", by "codex/0.171"", unless the reader wrote it. */
int
resume_by(const struct resume *r, const json_t *change, struct buf *out)
{
	const char *session = jx_text(change, "session");
	const char *own = r->c->ctx->session;

	if (session && own && strcmp(session, own) == 0)
		return 0;
	return resume_quote(out, ", by ", jx_text(change, "client"));
}

/* --- plans, notes, review, conflicts --------------------------------------- */
static int
resume_plan(struct resume *r, const json_t *plan)
{
	const json_t *counts = json_object_get(plan, "counts");
	const json_t *next = json_object_get(plan, "next_step");
	AUTO_BUF struct buf line = {0};
	int64_t all = 0;
	const char *key;
	json_t *n;
	int bad;

	json_object_foreach((json_t *)(uintptr_t)counts, key, n)
		all += json_integer_value(n);
	bad = resume_quote(&line, "- ", jx_text(plan, "name")) ||
	      buf_addf(&line, " (%lld of %lld done",
		      (long long)json_integer_value(
			      json_object_get(counts, "done")),
		      (long long)all) ||
	      (json_integer_value(json_object_get(counts, "blocked")) > 0 &&
		      buf_addf(&line, ", %lld blocked",
			      (long long)json_integer_value(
				      json_object_get(counts, "blocked")))) ||
	      buf_addc(&line, ')');
	if (!bad && next)
		bad = buf_addf(&line, ", next: step %lld (%s)",
			      (long long)json_integer_value(
				      json_object_get(next, "step")),
			      jx_text(next, "state")) ||
		      resume_quote(&line, ": ", jx_text(next, "text"));
	return resume_line(r, CARRY_PLANS, bad, &line);
}

int
resume_plans(struct resume *r)
{
	AUTO_JSON json_t *params = json_pack("{s:i}", "limit", PLANS_MAX);
	AUTO_JSON json_t *found = NULL;
	const json_t *plan;
	size_t i;
	int rc = !params ? err_nomem(r->e)
			 : within_run(r->c, m_get_implementation_plan, params,
				   &found, r->e);

	if (rc != 0)
		return rc;
	json_array_foreach(json_object_get(found, "plans"), i, plan) {
		rc = resume_plan(r, plan);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
resume_handoffs(struct resume *r)
{
	AUTO_JSON json_t *rows = NULL;
	const json_t *row;
	size_t i;
	int rc = handoff_open_rows(r->c, HANDOFFS_MAX, &rows, r->e);

	if (rc != 0)
		return rc;
	json_array_foreach(rows, i, row) {
		AUTO_BUF struct buf line = {0};

		rc = resume_line(r, CARRY_HANDOFFS,
			buf_addf(&line, "- #%lld (%.10s",
				(long long)json_integer_value(
					json_object_get(row, "id")),
				jx_text(row, "at")) ||
				resume_by(r, row, &line) ||
				buf_addc(&line, ')') ||
				resume_quote(&line, " for ",
					jx_text(row, "to")) ||
				resume_quote(&line, " on ",
					jx_text(row, "task")) ||
				resume_quote_most(&line, ": ",
					jx_text(row, "note"), NOTE_BYTES),
			&line);
		if (rc != 0)
			return rc;
	}
	return 0;
}

struct resume_staged {
	struct resume *r;
	int64_t waiting, rejected;
	struct buf note; /* of the newest that was rejected */
};

static int
resume_staged_row(void *ctx, const struct staged *s)
{
	struct resume_staged *x = ctx;

	x->waiting += s->state == STAGED_WAITING;
	if (s->state != STAGED_REJECTED)
		return 0;
	x->rejected++;
	buf_clear(&x->note, LIMIT_MESSAGE_BYTES);
	return s->note && buf_adds(&x->note, s->note) != 0 ? err_nomem(x->r->e)
							   : 0;
}

static int
resume_review_of(struct resume *r, struct resume_staged *x)
{
	AUTO_BUF struct buf line = {0};
	int64_t sessions[2] = {-1, r->has_last ? r->last.session : -1};
	const char *own = r->c->ctx->session;
	int rc = own ? label_find(r->c->st, own, &sessions[0], r->e) : 0;
	int bad;

	if (rc < 0)
		return rc;
	for (int i = 0; i < 2; i++) {
		if (sessions[i] <= 0 || r->scope.ns[0] == 0)
			continue;
		rc = staged_each(r->c->st, r->scope.ns[0], STAGED_ANY,
			sessions[i], 0, resume_staged_row, x, r->e);
		if (rc < 0)
			return rc;
	}
	if (x->waiting + x->rejected == 0)
		return 0;
	bad = buf_addf(&line, "- %lld of your changes wait for review",
		      (long long)x->waiting) ||
	      (x->rejected > 0 && buf_addf(&line, ", %lld rejected",
					  (long long)x->rejected)) ||
	      (x->note.len > 0 &&
		      (buf_adds(&line, ", the last one because ") ||
			      context_quote(&line, x->note.data, x->note.len)));
	rc = resume_line(r, CARRY_REVIEW, bad, &line);
	return rc < 0 ? rc : 0;
}

/* Counts, and why: the texts themselves are read by the session alone that
 * wrote them. */
int
resume_review(struct resume *r)
{
	struct resume_staged x = {.r = r};
	int rc = resume_review_of(r, &x);

	buf_done(&x.note);
	return rc;
}

static int
resume_conflict(struct resume *r, const json_t *row)
{
	const json_t *ours = json_object_get(row, "existing");
	const json_t *theirs = json_object_get(row, "new");
	AUTO_BUF struct buf line = {0};

	return resume_line(r, CARRY_CONFLICTS,
		buf_addf(&line, "- conflict #%lld, %s:",
			(long long)json_integer_value(
				json_object_get(row, "id")),
			jx_text(row, "conflict_type")) ||
			resume_quote(&line, " ",
				jx_text(row, "existing_entity")) ||
			resume_quote(&line, ": ", jx_text(ours, "text")) ||
			resume_quote(&line, " against ",
				jx_text(theirs, "text")),
		&line);
}

int
resume_conflicts(struct resume *r)
{
	AUTO_JSON json_t *params = json_pack("{s:i,s:s}", "limit",
		CONFLICTS_MAX, "state", "pending");
	AUTO_JSON json_t *found = NULL;
	const json_t *row;
	size_t i;
	int rc = !params ? err_nomem(r->e)
			 : within_run(r->c, m_list_conflicts, params, &found,
				   r->e);

	if (rc != 0)
		return rc;
	json_array_foreach(json_object_get(found, "conflicts"), i, row) {
		rc = resume_conflict(r, row);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- what fits the task ---------------------------------------------------- */
int
resume_relevant(struct resume *r)
{
	json_t *task = json_object_get(r->c->params, "task");
	AUTO_JSON json_t *params = NULL, *found = NULL;
	const json_t *row;
	size_t i;
	int rc;

	if (json_string_length(task) == 0)
		return 0;
	params = json_pack("{s:O,s:i,s:f}", "query", task, "limit",
		RELEVANT_MAX, "cut", RELEVANT_CUT);
	rc = !params ? err_nomem(r->e)
		     : within_run(r->c, m_recall, params, &found, r->e);
	if (rc != 0)
		return rc;
	r->receipt = json_incref(json_object_get(found, "receipt"));
	if (!json_is_true(json_object_get(found, "relevant")))
		return 0;
	json_array_foreach(json_object_get(found, "results"), i, row) {
		AUTO_BUF struct buf line = {0};

		rc = resume_line(r, CARRY_RELEVANT,
			buf_addf(&line, "- #%lld (%.10s)",
				(long long)json_integer_value(
					json_object_get(row, "id")),
				jx_text(row, "date")) ||
				resume_quote(&line, " ",
					jx_text(row, "name")) ||
				resume_quote(&line, ": ", jx_text(row, "text")),
			&line);
		if (rc != 0)
			return rc;
	}
	return 0;
}
