/* A draft becomes a fact of the extraction, once, with its line and its times.
 *
 * All readers end here (facts_keep), so what holds for every fact is asked
 * here alone: is it sure enough, has it a subject, was it said before in the
 * same words, is there still room? The times that its own words name become
 * the span in which it holds: "moved to Rome in 2025" holds from then on,
 * whatever else the sentence says. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "common/vec.h"
#include "memory-db/model/extract/internal.h"

#define DAY_MS	   86400000LL
#define LINE_BYTES 400

void
draft_done(struct draft *d)
{
	buf_done(&d->attribute);
	buf_done(&d->value);
	buf_done(&d->text);
}

/* --- keeping ------------------------------------------------------------------ */
static int64_t
day_ms(const struct reader *r, int64_t day)
{
	return day * DAY_MS - (int64_t)r->q->zone_minutes * 60000;
}

/* The times that the words of a draft name. */
static void
set_times(const struct reader *r, const struct draft *d, struct extracted *x)
{
	for (int i = 0; i < r->whens_n; i++) {
		const struct when *t = &r->whens[i];

		if (t->first < d->first || t->last >= d->end)
			continue;
		if (t->is_since)
			x->from = day_ms(r, t->from);
		else if (t->is_until)
			x->to = day_ms(r, t->to + 1) - 1;
		if (x->time == EXTRACT_NO_TIME)
			x->time = day_ms(r, t->from);
		if (d->kind == EXTRACT_EVENT && !t->is_until &&
			x->from == EXTRACT_NO_TIME && t->from <= r->today)
			x->from = day_ms(r, t->from);
	}
}

static struct extracted *
new_fact(struct extraction *x)
{
	if (vec_room(x->v, x->n, x->cap) != 0)
		return NULL;
	x->v[x->n] = (struct extracted){.time = EXTRACT_NO_TIME,
		.from = EXTRACT_NO_TIME,
		.to = EXTRACT_NO_TIME};
	return &x->v[x->n++];
}

static char *
copy(const char *s, size_t n)
{
	char *p = malloc(n + 1);

	if (p) {
		memcpy(p, s, n);
		p[n] = '\0';
	}
	return p;
}

static int
put(struct reader *r, struct draft *d, struct err *e)
{
	const struct spoken *said = r->said;
	struct extracted *x = new_fact(r->x);
	size_t line = said->line_n < LINE_BYTES
			      ? said->line_n
			      : text_cut(said->line, LINE_BYTES);
	const char *from = said->line;

	if (!x)
		return err_nomem(e);
	/* Of a long line, the sentence. */
	if (said->line_n > LINE_BYTES) {
		from = said->s;
		line = text_cut(said->s,
			said->n < LINE_BYTES ? said->n : LINE_BYTES);
	}
	x->kind = d->kind;
	x->subject = copy(d->subject, strlen(d->subject));
	x->text = copy(d->text.data, d->text.len);
	x->attribute = copy(d->attribute.data ? d->attribute.data : "",
		d->attribute.len);
	x->value = copy(d->value.data ? d->value.data : "", d->value.len);
	x->speaker = copy(r->turn->speaker, strlen(r->turn->speaker));
	x->line = copy(from, line);
	x->line_no = said->line_no;
	x->turn = r->turn_no;
	x->is_person = d->is_person;
	x->is_denied = d->is_denied;
	x->confidence = d->sureness;
	x->said_at = r->turn->at;
	set_times(r, d, x);
	for (int i = d->first; i < d->end && i < SENTENCE_WORDS; i++)
		r->read[i] = true;
	return x->subject && x->text && x->attribute && x->value &&
			       x->speaker && x->line
		       ? 0
		       : err_nomem(e);
}

/* Was it said before, in these words? */
static bool
is_said(const struct reader *r, const struct draft *d)
{
	for (size_t i = r->x->n; i-- > 0;) {
		const struct extracted *x = &r->x->v[i];

		if (!x->is_gone &&
			strncmp(x->text, d->text.data, d->text.len) == 0 &&
			x->text[d->text.len] == '\0' &&
			strcmp(x->subject, d->subject) == 0)
			return true;
	}
	return false;
}

/* Is there a value, or an attribute that needs none? */
static bool
says_something(const struct draft *d)
{
	static const char *const open[] = {" on", " in", " at", " to", " for",
		" of", " with", " from", " about", " is", " by", " into"};

	for (size_t i = 0; i < d->value.len; i++)
		if (isalnum((unsigned char)d->value.data[i]) ||
			(unsigned char)d->value.data[i] >= 0x80)
			return true;
	if (d->value.len > 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(open); i++) {
		size_t n = strlen(open[i]);

		if (d->attribute.len > n &&
			memcmp(d->attribute.data + d->attribute.len - n,
				open[i], n) == 0)
			return false;
	}
	return true;
}

/* Friends who speak of no work have no project: "it turned out she had no other
 * family" is no fact of one. What they decide and plan is kept. */
static bool
is_nobodys(const struct reader *r, const struct draft *d)
{
	char project[NAME_BYTES];

	if (r->is_work || r->is_notes || r->has_assistant ||
		r->turn->role != ROLE_PERSON || d->kind == EXTRACT_DECISION ||
		d->kind == EXTRACT_PLAN)
		return false;
	sayings_project(r, project);
	return strcmp(project, d->subject) == 0 &&
	       (d->kind == EXTRACT_FIX || d->kind == EXTRACT_IDENTITY);
}

int
facts_keep(struct reader *r, struct draft *d, struct err *e)
{
	int rc = 0;

	if (d->sureness < SURE_ENOUGH || d->subject[0] == '\0' ||
		is_nobodys(r, d))
		return 0;
	if (d->text.len == 0)
		rc = buf_addf(&d->text, "%.*s%s%.*s", (int)d->attribute.len,
			d->attribute.data ? d->attribute.data : "",
			d->value.len > 0 && d->attribute.len > 0 ? " " : "",
			(int)d->value.len, d->value.data ? d->value.data : "");
	if (rc != 0)
		return err_nomem(e);
	/* "is working on", "favorite game is !" */
	if (!says_something(d))
		return 0;
	if (d->text.len == 0 || !text_is_utf8(d->text.data, d->text.len))
		return 0;
	/* "Emil's name is Emil" */
	if (is_said(r, d) || (d->value.len == strlen(d->subject) &&
				     strncasecmp(d->value.data, d->subject,
					     d->value.len) == 0))
		return 0;
	if (r->x->n >= r->q->most) {
		r->x->partial = true;
		return 0;
	}
	return put(r, d, e);
}

/* --- keeping by hand -------------------------------------------------------------- */
int
sayings_keep(struct reader *r, enum extract_kind kind, const char *subject,
	const char *attribute, int first, int end, double sureness,
	struct err *e)
{
	AUTO_DRAFT struct draft d = {.kind = kind,
		.sureness =
			sureness - (r->turn->role == ROLE_ASSISTANT ? 0.5 : 0),
		.first = first,
		.end = end};
	char project[NAME_BYTES];
	unsigned form = 0;

	r->me = NULL;
	sayings_project(r, project);
	d.is_person = strcmp(subject, project) != 0;
	snprintf(d.subject, NAME_BYTES, "%s", subject);
	if (buf_adds(&d.attribute, attribute) != 0 ||
		render_words(r, first, end, &d.value) != 0)
		return err_nomem(e);
	/* "Always use tabs" is said within a sentence now. */
	if (kind == EXTRACT_INSTRUCTION && d.value.len > 1 &&
		(rules_verb(r->w.v[first].low, &form) != 0 ||
			extract_in(r->w.v[first].low,
				"always|never|please|when|whenever|if|no|from")) &&
		islower((unsigned char)d.value.data[1]))
		d.value.data[0] = (char)tolower((unsigned char)d.value.data[0]);
	return d.value.len == 0 ? 0 : facts_keep(r, &d, e);
}

void
sayings_project(const struct reader *r, char out[NAME_BYTES])
{
	render_low(r->q->project, out);
}
