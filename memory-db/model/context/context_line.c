/* One line of a context: the number of a fact, when it was said and by whom, the
 * name of its entity and its text. Where a text comes from stands before the
 * text, and all that others wrote stands in quotes, so that a stored text cannot
 * pass for a word of the service.
 *
 *   - #12 (2026-03-04, by "Ada", contested (conflict #7)) "Ada": "lives in Oslo"
 */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/context/context_internal.h"
#include "memory-db/model/read/contested.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/recall.h"

#define DAY_MS	  INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)

int
context_line_quote(struct buf *out, const struct buf *b)
{
	return context_quote(out, b->data ? b->data : "", b->len);
}

static int
context_add_day(const struct context_writing *w, struct buf *out, int64_t ms)
{
	int64_t local = ms + w->minutes * MINUTE_MS;
	struct clock_date d =
		clock_date_of(local / DAY_MS - (local % DAY_MS < 0));

	return buf_addf(out, "%04lld-%02d-%02d", (long long)d.year, d.month,
		d.day);
}

static int
context_add_label(struct context_writing *w, const char *before, int64_t label)
{
	AUTO_BUF struct buf text = {0};
	int rc = label == 0 ? 0 : label_text(w->g.st, label, &text, w->g.e);

	if (rc == 1 && (buf_adds(&w->line, before) != 0 ||
			       context_line_quote(&w->line, &text) != 0))
		return err_nomem(w->g.e);
	return rc < 0 ? rc : 0;
}

/* ' "name": ', once a line. */
static int
context_add_name(struct context_writing *w)
{
	const struct context_item *x = w->item;

	w->item = NULL;
	if (!x)
		return 0;
	return buf_addc(&w->line, ' ') ||
	       context_line_quote(&w->line, &w->name) ||
	       (x->conflict != 0 &&
		       buf_addf(&w->line, ", %s",
			       context_conflict_word(x->conflict_kind)));
}

/* "by speaker, session s" */
static int
add_said(struct context_writing *w, const struct fact *f)
{
	int rc = context_add_label(w, ", by ", f->speaker);

	if (rc != 0)
		return rc;
	return context_add_label(w, ", session ", f->source);
}

/* The same as an agent says it, and when. */
static int
add_claims(struct context_writing *w, const struct fact *f)
{
	if (f->speaker == 0 && f->source == 0 && f->source_at == FACT_NO_TIME)
		return 0;
	if (buf_adds(&w->line, ", claimed: said") != 0 ||
		(f->source_at != FACT_NO_TIME &&
			(buf_addc(&w->line, ' ') != 0 ||
				context_add_day(w, &w->line, f->source_at) !=
					0)))
		return err_nomem(w->g.e);
	return add_said(w, f);
}

/* Who wrote it, when that is not who reads. */
static int
add_from(struct context_writing *w)
{
	static const char *const members[][2] = {{"namespace", ", of project "},
		{"session", ", written in "}, {"client", " by "}};
	AUTO_JSON json_t *row = json_object();
	const json_t *from;
	int rc = !row ? err_nomem(w->g.e)
		      : provenance_from(w->g.st, w->g.scope, &w->origin, row,
				w->g.e);

	from = json_object_get(row, "from");
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *text = jx_text(from, members[i][0]);

		if (text && (buf_adds(&w->line, members[i][1]) != 0 ||
				    context_quote(&w->line, text,
					    strlen(text)) != 0))
			rc = err_nomem(w->g.e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
context_add_contest(struct context_writing *w, int64_t fact)
{
	struct contest c; /* ", contested (conflict #7), until 2026-05-01" */
	int rc = contested_find(w->g.st, fact, &c, w->g.e);

	if (rc != 0)
		return rc;
	if ((c.conflict != 0 &&
		    buf_addf(&w->line, ", contested (conflict #%lld)",
			    (long long)c.conflict) != 0) ||
		(c.later != 0 &&
			(buf_adds(&w->line, ", until ") != 0 ||
				context_add_day(w, &w->line, c.until) != 0)))
		return err_nomem(w->g.e);
	return 0;
}

/* '#id (date, by "speaker", session "s", suspect) "name": "text"': where it
 * comes from before what others wrote. */
static int
context_add_fact(void *ctx, const struct fact *f)
{
	struct context_writing *w = ctx;
	bool is_claim = f->flags & FACT_CLAIMED;
	int64_t source = 0, at;
	int rc = 0;

	if (f->erased)
		return 0;
	w->key = context_key(&w->name, f);
	rc = provenance_origin(w->g.st, f->id, &w->origin, w->g.e);
	if (rc < 0)
		return rc;
	at = f->source_at != FACT_NO_TIME ? f->source_at : w->at;
	if (buf_addf(&w->line, "#%lld (", (long long)f->id) != 0 ||
		context_add_day(w, &w->line, is_claim ? w->origin.at : at) != 0)
		return err_nomem(w->g.e);
	rc = is_claim ? add_claims(w, f) : add_said(w, f);
	if (rc != 0)
		return rc;
	rc = add_from(w);
	if (rc != 0)
		return rc;
	if (f->flags & FACT_DERIVED)
		rc = derivations_suspect(w->g.st, f->id, &source, w->g.e);
	if (rc == 1 && buf_addf(&w->line, ", suspect: its source #%lld is gone",
			       (long long)source) != 0)
		rc = err_nomem(w->g.e);
	if (rc < 0)
		return rc;
	rc = context_add_contest(w, f->id);
	if (rc < 0)
		return rc;
	if (w->alike > 0 && buf_addf(&w->line, ", +%d alike", w->alike) != 0)
		return err_nomem(w->g.e);
	if (is_instruction(f->text, f->text_n) &&
		buf_adds(&w->line, ", " INSTRUCTION_TAG) != 0)
		return err_nomem(w->g.e);
	if (buf_addc(&w->line, ')') != 0 || context_add_name(w) != 0 ||
		buf_adds(&w->line, ": ") != 0 ||
		context_quote(&w->line, f->text, f->text_n) != 0)
		return err_nomem(w->g.e);
	return 0;
}

int
context_line_name(struct context_writing *w, int64_t entity)
{
	int rc;

	w->name.len = 0;
	rc = fact_existence(w->g.st, entity, NULL, NULL, &w->name, w->g.e);
	return rc < 0 ? rc : 0;
}

int
context_line_make(struct context_writing *w, const struct context_item *x)
{
	struct recall_row row;
	int rc = context_line_name(w, x->entity);

	w->line.len = 0;
	w->at = x->at;
	w->alike = x->alike;
	w->item = x;
	if (rc != 0)
		return rc;
	if (x->at == 0 && x->fact != 0) {
		rc = recall_row(w->g.st, x->fact, &row, w->g.e);
		if (rc != 1)
			return rc;
		w->at = row.at;
		rc = 0;
	}
	if (buf_adds(&w->line, x->fact != 0 ? "- " : "-") != 0)
		return err_nomem(w->g.e);
	if (x->fact != 0)
		rc = fact_get(w->g.st, x->fact, context_add_fact, w, w->g.e);
	if (rc < 0)
		return rc;
	if (context_add_name(w) != 0)
		return err_nomem(w->g.e);
	if (x->other != 0 && buf_adds(&w->line, " against ") != 0)
		return err_nomem(w->g.e);
	if (x->other != 0)
		rc = fact_get(w->g.st, x->other, context_add_fact, w, w->g.e);
	if (rc < 0)
		return rc;
	if (x->conflict != 0 && x->fact == 0 &&
		buf_addf(&w->line, ": conflict #%lld",
			(long long)x->conflict) != 0)
		return err_nomem(w->g.e);
	if (buf_addc(&w->line, '\n') != 0)
		return err_nomem(w->g.e);
	return 0;
}
