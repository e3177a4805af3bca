/* The general path: whatever somebody says of himself, of somebody who is known, or of
 * a thing of his or of the project, in a clause that no rule knows.
 *
 *   Ada: My dress is at the seamstress.    ada      dress is at the seamstress
 *   Ada: The bank approved the mortgage.   ada      bank approved the mortgage
 *   Ada: I looked at it.                   nothing
 *
 * A rule knows its verb. Here nothing is known of it, so signs are counted: what speaks
 * for a fact that somebody asks for later (a name, a number, a time, how often, words
 * that name something), and what speaks against it (talk about the talk, a feeling, the
 * work of the moment, an object that only the conversation knows). Each has points, and
 * a clause with enough of them is kept, with less sureness than a rule gives. A sign
 * that is missing in one sentence is made up for by others, which lists of verbs
 * cannot do. */
#include <string.h>
#include <strings.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

/* What goes on longer is a story. */
#define FRAME_WORDS 16
/* Points that make a fact. */
#define ENOUGH 23
/* The same where the text speaks of work: most is of the moment there. */
#define ENOUGH_AT_WORK 29

/* Does a value say something of its own, about nobody that is spoken to? */
static bool
is_plain(const struct reader *r, int first, int end)
{
	if (end <= first || end - first > FRAME_WORDS ||
		facts_content(&r->w, first, end) == 0)
		return false;
	/* "We've made it, Mel" */
	if (end == first + 1)
		for (size_t i = 0; i < r->speakers_n; i++)
			if (strncasecmp(r->speakers[i],
				    extract_low(&r->w, first),
				    strlen(extract_low(&r->w, first))) == 0)
				return false;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(&r->w, i),
			    "you|your|yours|u|ya|ur|yourself") ||
			(extract_in(extract_low(&r->w, i),
				 "it|them|this|that|those|these") &&
				facts_content(&r->w, first, end) < 3))
			return false;
	return true;
}

/* Wishes and tries have rules of their own: what those leave is of the moment. */
static const char *const ruled =
	"want|need|hope|plan|try|aim|wish|like|love|enjoy|hate|prefer|look|"
	"feel|seem|appreciate|expect|intend|struggle|hesitate|manage|end";

/* Is the subject a noun, and not half a sentence: "finding a community where they"? */
static bool
is_clean_subject(const struct reader *r, const struct clause *c)
{
	const struct extract_words *w = &r->w;
	unsigned form = 0;

	if (c->who != WHO_MY && c->who != WHO_OUR && c->who != WHO_THING &&
		c->who != WHO_HIS)
		return true;
	if (c->noun_end - c->noun > 4)
		return false;
	for (int i = c->noun; i < c->noun_end; i++)
		if ((i > c->noun && w->v[i].flags & (W_COMMA | W_BREAK)) ||
			extract_in(extract_low(w, i),
				"i|we|you|they|he|she|it|where|when|after|that|"
				"which|who|before|while|and|or|can|could|is|"
				"are|has|have|especially|even|not|there|this"))
			return false;
	return rules_verb(extract_low(w, c->noun), &form) == 0 ||
	       form != FORM_ING || c->who != WHO_THING;
}

static bool
is_spoken_of(const struct reader *r, const struct clause *c)
{
	if (c->is_condition || c->who == WHO_NOBODY || c->who == WHO_YOU ||
		facts_is_of_code(r, c))
		return false;
	if (c->who == WHO_IT)
		return extract_is(&r->w, c->noun, "it");
	if (c->who == WHO_I || c->who == WHO_WE || c->who == WHO_HE ||
		c->who == WHO_NAME)
		return true;
	return facts_noun_is_person(&r->w, c) ||
	       facts_content(&r->w, c->noun, c->noun_end) > 0;
}

static enum extract_kind
kind_of(const struct reader *r, const struct clause *c)
{
	bool some = signs_is_person(r, c);

	switch (c->tense) {
	case T_WILL:
	case T_GOING:
		return EXTRACT_PLAN;
	case T_MUST:
		return EXTRACT_NEED;
	case T_PAST:
	case T_PERFECT:
	case T_USED:
	case T_WAS:
		return EXTRACT_EVENT;
	case T_NOW:
	case T_GOING_ON:
	case T_PERFECT_ON:
		return some ? EXTRACT_HABIT : EXTRACT_TOOL;
	case T_CAN:
	case T_WOULD:
	case T_MAYBE:
	case T_IS:
	case T_BEEN:
		break;
	}
	return some ? EXTRACT_IDENTITY : EXTRACT_TOOL;
}

/* How sure; "he" and "it" take off more (subjects.c). */
static struct rule
rule_of(const struct reader *r, const struct clause *c, int over)
{
	struct rule x = {kind_of(r, c), "", R_WE, 62};

	x.sureness += over < 20 ? over / 5 : 4;
	if (c->who == WHO_HE || c->who == WHO_IT || c->who == WHO_HIS)
		x.sureness += 10;
	if (c->is_hedged)
		x.sureness += 30;
	return x;
}

/* "They moved me over to pensions" (was moved ..), "someone stole my bike": what was
 * done to the speaker. 1; 0: nothing; negative. */
static int
frame_done_to(struct reader *r, const struct clause *c, struct err *e)
{
	const struct extract_words *w = &r->w;
	int first = c->verb_at + 1, end = render_trim(r, first, c->clause_end);
	bool me = extract_in(extract_low(w, first), "me|us") &&
		  c->form & FORM_PART;
	struct rule rule = {EXTRACT_EVENT, "", R_WHO, 66};
	struct clause mine = *c;
	AUTO_DRAFT struct draft d = {0};
	int rc;

	if (!extract_in(extract_low(w, c->noun), "they|someone|somebody") ||
		(!me && !extract_in(extract_low(w, first), "my|our")) ||
		c->tense != T_PAST || c->is_condition || c->is_hedged ||
		c->is_denied || !is_plain(r, first, end) ||
		facts_content(w, first, end) == 0 ||
		general_any_of(c, extract_low(w, c->verb_at), signs_talk))
		return 0;
	if (!me) {
		mine.who = WHO_MY;
		return facts_keep_verb(r, &mine, &rule, first, end, e);
	}
	mine.who = WHO_I;
	rc = states_begin(r, &mine, &rule, &d, e);
	if (rc <= 0)
		return rc;
	if (buf_addf(&d.attribute, "was %s", extract_low(w, c->verb_at)) != 0 ||
		render_words(r, first + 1, end, &d.value) != 0)
		return err_nomem(e);
	return facts_keep(r, &d, e);
}

/* "Is doing OK", "gets discouraged", "images are being served". */
static bool
is_empty_verb(const struct reader *r, const struct clause *c, int first)
{
	for (int i = c->phrase; i < c->verb_at; i++)
		if (extract_is(&r->w, i, "being"))
			return true;
	/* "Hassan doesn't because of his diabetes" */
	if (extract_in(extract_low(&r->w, c->verb_at),
		    "because|of|and|but|or|either|so|to|for|with|in|on|at|too|"
		    "if|when|that|than|as|the|a|my|it|anymore|yet"))
		return true;
	return general_any_of(c, extract_low(&r->w, c->verb_at),
		       "get|stay|do|keep|remain|be|become|go") &&
	       extract_in(extract_low(&r->w, first), signs_passing);
}

/* Is the time that a clause names over? */
static bool
is_over(const struct reader *r, const struct clause *c)
{
	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].first >= c->first &&
			r->whens[i].last < c->clause_end)
			return r->whens[i].to <= r->today;
	return false;
}

int
frame_clause(struct reader *r, const struct clause *of, struct err *e)
{
	struct clause own = *of;
	const struct clause *c = &own;
	const struct extract_words *w = &r->w;
	bool state = signs_is_state(c);
	int first = c->verb_at + (state ? 0 : 1);
	int end = render_trim(r, first, c->clause_end), value = first;
	int over;
	struct rule rule;

	if (r->turn->role == ROLE_ASSISTANT)
		return 0;
	/* "We split in August" */
	if (own.tense == T_NOW && own.form & FORM_PAST &&
		own.form & FORM_BASE && is_over(r, c))
		own.tense = T_PAST;
	if (c->who == WHO_IT && !extract_is(w, c->noun, "it"))
		return frame_done_to(r, c, e);
	if (!is_spoken_of(r, c) || !is_clean_subject(r, c) ||
		c->tense == T_WOULD || c->tense == T_MAYBE ||
		(c->tense == T_CAN && !c->is_denied) ||
		!is_plain(r, first, end) ||
		(!state && (is_empty_verb(r, c, first) ||
				   general_any_of(c, extract_low(w, c->verb_at),
					   ruled))))
		return 0;
	over = signs_points(r, c, first, end) -
	       (r->is_work ? ENOUGH_AT_WORK : ENOUGH);
	if (over < 0)
		return 0;
	rule = rule_of(r, c, over);
	/* "moved on to", "works for": the particle is of the attribute. */
	if (!state && first + 1 < end &&
		extract_in(extract_low(w, first),
			"in|at|on|to|for|with|from|into|about|over|of"))
		value++;
	return state ? states_keep(r, c, &rule, first, end, e)
		     : facts_keep_verb(r, c, &rule, value, end, e);
}
