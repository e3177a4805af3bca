/* Decisions that two people make together: the one proposes, the next turn
 * accepts.
 *
 *   Bob: Let's use Kafka for events.   kept as a proposal, for one turn
 *   Ada: Sounds good!                  project  decided to use Kafka for ..
 *
 * A turn that makes two proposals leaves it open which one is accepted, so
 * neither is kept. Words like "but" in the answer make it no agreement. Among
 * friends ("let's keep spreading kindness") only a proposal that names
 * something is kept. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/model/extract/internal.h"

/* "Let's go with Redis", by somebody who speaks with a machine: it is decided. */
int
sayings_decide(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0), end;
	char subject[NAME_BYTES];

	if (r->turn->role != ROLE_USER || !extract_is(w, i, "let") ||
		!extract_is(w, i + 1, "us") ||
		extract_match(w, i + 2,
			"use|go with|go for|stick with|stick to|"
			"switch to|keep|adopt|move to|drop|settle "
			"on|stay with|call it|name it|target") == 0)
		return 0;
	for (end = i + 3; end < w->words; end++)
		if (clause_begins(w, end, w->words) > 0)
			break;
	end = render_trim(r, i + 2, end);
	if (end - i < 4 || extract_in(extract_low(w, end - 1), "it|that|this"))
		return 0;
	sayings_project(r, subject);
	return sayings_keep(r, EXTRACT_DECISION, subject, "decided to", i + 2,
		end, 0.8, e);
}

/* --- agreement ----------------------------------------------------------------------------- */
/* A decision needs somebody who means it, on one side at least:
 *
 *   "Let's use Kafka."            "Sounds good."      decided
 *   "What about Kafka?"           "Let's do that."    decided
 *   "What about Kafka?"           "Sounds good."      nobody decided anything
 *   "Maybe we should use Kafka."  "Sure."             nor here */
static const char *const proposes =
	"let's|let us|we should|shall we|should we|i propose we|i propose|my "
	"proposal is to|i vote for|i vote we|i say we";
static const char *const suggests =
	"we could|how about we|what if we|why don't we|why not|how about|"
	"i suggest we|i suggest|i'd suggest|i would suggest|i recommend|i'd "
	"recommend|i would recommend|maybe we should|maybe we could|my "
	"suggestion is to|i think we should|i'd go with|i would go with|what "
	"about|can we|could we|i'd use|i would use|i'd say we";
static const char *const decides =
	"agreed|let us do that|let us do it|let us do this|do it|do that|go "
	"ahead|go for it|deal|absolutely|definitely|i agree|+1|please "
	"do|approved|lgtm|ship it|that is what we will do|yes let us|yes do "
	"that|yes please|works for me|ok let us|okay let us|sure let us|"
	"yeah let us|let us go with|let us go for|let us use";
static const char *const accepts =
	"yes|yep|yeah|yup|sure|ok|okay|sounds good|sounds great|sounds like "
	"a plan|perfect|good idea|great idea|fine by me|fine "
	"with me|makes sense|that works|love it|i like that|i like it|"
	"good call|good plan|fine";
/* Who says so leaves it open. */
static const char *const hedges =
	"maybe|perhaps|possibly|someday|eventually|sometime|might|consider|"
	"wonder|later|thinking|think|whether";

static bool
is_hedged(const struct extract_words *w)
{
	for (int i = 0; i < w->words; i++)
		if (extract_in(extract_low(w, i), hedges))
			return true;
	return false;
}

/* Notes what a sentence proposes. */
static void
note_proposal(struct reader *r)
{
	const struct extract_words *w = &r->w;
	struct proposal *p = &r->now;
	int i = clause_skip_courtesy(w, 0), n, end;
	AUTO_BUF struct buf text = {0};
	bool is_meant;

	n = extract_match(w, i, proposes);
	if (n == 0 && extract_is(w, i, "let") && extract_is(w, i + 1, "us"))
		n = 2;
	is_meant = n > 0 && !is_hedged(w);
	if (n == 0)
		n = extract_match(w, i, suggests);
	if (n == 0)
		return;
	i += n;
	end = render_trim(r, i, w->words);
	if (end - i < 2 || end - i > 20 ||
		extract_in(extract_low(w, i),
			"be|see|know|say|go|try|talk|look|"
			"help|explain|think|just|start|"
			"check|discuss|take|you|not|it|"
			"i|that"))
		return;
	if (render_words(r, i, end, &text) != 0 || text.len >= sizeof(p->text))
		return;
	/* Of two, nobody knows which is agreed to. */
	p->is_there = p->text[0] == '\0';
	p->is_meant = is_meant;
	memcpy(p->text, text.data, text.len);
	p->text[text.len] = '\0';
	p->is_concrete = facts_is_concrete(w, i, end) || r->whens_n > 0;
	p->line_no = r->said->line_no;
	snprintf(p->line, sizeof(p->line), "%.*s",
		(int)text_cut(r->said->s, r->said->n < sizeof(p->line) - 1
						  ? r->said->n
						  : sizeof(p->line) - 1),
		r->said->s);
}

static bool
is_accepted(const struct reader *r)
{
	const struct extract_words *w = &r->w;
	bool is_meant = extract_match(w, 0, decides) > 0;

	/* +1 */
	if (w->words == 1 && extract_is(w, 0, "1") && w->v[0].flags & W_PLUS)
		is_meant = true;
	if (!r->last.is_there || w->is_question)
		return false;
	if (!is_meant &&
		(!r->last.is_meant || extract_match(w, 0, accepts) == 0))
		return false;
	for (int i = 0; i < w->words; i++)
		if (extract_in(extract_low(w, i), "but|not|no|actually|instead|"
						  "rather|however|though|wait|"
						  "unless|except|later|first"))
			return false;
	return true;
}

static int
agrees(struct reader *r, struct err *e)
{
	AUTO_DRAFT struct draft d = {.kind = EXTRACT_DECISION,
		.sureness = 0.82};
	unsigned form = 0;
	char first[WORD_BYTES] = "";
	size_t k;
	bool verb;

	k = strcspn(r->last.text, " ");
	if (k < sizeof(first))
		memcpy(first, r->last.text, k);
	verb = rules_verb(first, &form) != 0 ||
	       (first[0] && islower((unsigned char)first[0]));
	sayings_project(r, d.subject);
	if (buf_adds(&d.attribute, verb && !(form == FORM_ING)
					   ? "decided to"
					   : "decided on") != 0 ||
		buf_adds(&d.value, r->last.text) != 0)
		return err_nomem(e);
	r->last.is_there = false;
	/* "let's keep spreading kindness": friends cheer each other up. */
	if (!r->is_work && !r->has_assistant && !r->last.is_concrete)
		return 0;
	/* "Let's verify your approach" is the task of the moment. */
	if (strstr(buf_str(&d.value), "your ") ||
		strstr(buf_str(&d.value), "you "))
		return 0;
	return facts_keep(r, &d, e);
}

int
sayings_agree(struct reader *r, struct err *e)
{
	note_proposal(r);
	return is_accepted(r) ? agrees(r, e) : 0;
}
