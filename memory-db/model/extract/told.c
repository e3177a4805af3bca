/* What people tell friends of themselves, in words that no rule knows: what they did,
 * do, plan and think of, as long as it names something.
 *
 *   Ada: I restored my grandfather's bike.   ada  restored their grandfather's bike
 *   Ada: Dad sees the surgeon on the 21st.   ada  dad sees the surgeon on ..
 *   Ada: We're thinking about a dog.         ada  is thinking about a dog
 *   Ada: It made a huge difference.          nothing
 *
 * Only in texts that do not speak of work: there nearly every sentence is a deed of
 * the moment ("I restarted the server"), so general.c asks for more. */
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

/* What goes on longer is a story. */
#define TOLD_WORDS 24

/* "is thinking about adopting a dog", "has been looking for a flat". */
static bool
by_intent(const struct reader *r, const struct clause *c)
{
	const struct extract_words *w = &r->w;
	int i = c->verb_at;

	/* "I'm looking for tips": asked of the assistant, and done with. */
	if (r->has_assistant &&
		extract_in(extract_low(w, i), "looking|trying|planning"))
		return false;
	return (c->tense == T_GOING_ON || c->tense == T_PERFECT_ON) &&
	       ((extract_in(extract_low(w, i), "thinking|dreaming") &&
			extract_in(extract_low(w, i + 1), "about|of")) ||
		       (extract_in(extract_low(w, i), "looking") &&
			       extract_in(extract_low(w, i + 1),
				       "for|at|into")) ||
		       extract_in(extract_low(w, i),
			       "considering|trying|hoping|researching|"
			       "struggling|learning|taking|using|getting|"
			       "seeing|giving|helping|expecting|running|"
			       "selling|making|keeping|putting|planning"));
}

/* Talk of the day, feelings and compliments: no deeds. */
static const char *const small_talk =
	"say|tell|ask|think|see|be|do|look|mention|feel|know|want|need|forget|"
	"remember|notice|hear|find|seem|happen|come|let|check|reply|guess|mean|"
	"hope|wish|wonder|believe|suppose|agree|bet|promise|swear|thank|"
	"apologize|apologise|appreciate|understand|expect|assume|doubt|figure|"
	"recommend|suggest|propose|miss|laugh|joke|cry|wait|stare|sound|regret|"
	"admit|imagine|pretend|deserve|bother|care|like|love|hate|enjoy|reckon|"
	"insist|claim|argue|recall|realize|realise|matter|complain|explain|"
	"answer|congratulate|welcome|greet|owe|blow|freak|lie|chat|discuss|have|"
	"confuse|show|keep|try|stay|end|point|push|hit|inspire|motivate|"
	"picture|relate|value|support|encourage|remind|bring|admire|listen|"
	"respect|trust|judge|share|seem|text|message|worry|cheer|rock|totally|"
	"can|could|get|go|give|make|take|put|set|help|use";
/* Verbs of these that do say something before an object of one's own. */
static const char *const light_verbs =
	"get|go|give|make|take|put|set|help|use|bring|keep|have|show|share|"
	"support|find|try|see|visit|come|stay|leave";

/* Does the object begin as a thing of somebody does: "a bowl", "my mom", "to the
 * dentist", "two cats", "Lisbon"? */
static bool
begins_thing(const struct extract_words *w, int i)
{
	return extract_in(extract_low(w, i),
		       "a|an|my|our|his|her|their|the|two|three|four|five|six|"
		       "some|another|to|at|on|in|into|from|with|for|through|"
		       "around|over|across") ||
	       w->v[i].flags & (W_NUMBER | W_CAPITAL);
}

static bool
is_participle(const struct extract_words *w, int i)
{
	const char *low = extract_low(w, i);
	unsigned form = 0;

	return rules_verb(low, &form) != 0 && form & FORM_PART &&
	       !extract_in(low, "used|done|set|put|let|run|come|tired|scared");
}

/* What people tell friends of themselves: what they did, do, have and plan. In a
 * text that speaks of work nearly every sentence is a deed of the day, so there more
 * is asked for (by_action). */
static bool
is_told(const struct reader *r, const struct clause *c, int first, int end)
{
	const struct extract_words *w = &r->w;
	const char *low = extract_low(w, c->verb_at);
	bool dated = facts_has_time(r, c->first, c->clause_end);
	bool often = facts_has_often(r, c);
	bool lasting = c->tense == T_PERFECT_ON || c->tense == T_GOING_ON;
	int content = facts_content(w, first, end);

	if (end <= first || end - first > TOLD_WORDS || content == 0)
		return false;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), "you|your|yours|ya|u"))
			return false;
	/* "learned how to make soup" */
	if (extract_is(w, first, "how") && extract_is(w, first + 1, "to"))
		return content > 0;
	if (extract_in(extract_low(w, first),
		    "it|that|this|them|these|those|what|how|why|where|when|"
		    "whether|if|so|there|something|anything|everything|me|us|"
		    "him|because|like|as|who|which|same|not|here") &&
		!(extract_in(extract_low(w, first),
			  "me|us|him|them|that|this|these|those") &&
			content > (c->who == WHO_MY && lasting ? 0 : 1)))
		return false;
	if (by_intent(r, c))
		return content > 0;
	/* "flight got cancelled", "finds running therapeutic", "boss wants me to .." */
	if (general_any_of(c, low, "get") && is_participle(w, first))
		return true;
	if (general_any_of(c, low, "find|consider") && c->tense == T_NOW)
		return content > 1 && !extract_in(extract_low(w, first), "out");
	if (c->who != WHO_I && general_any_of(c, low, "want|need|expect|ask") &&
		extract_in(extract_low(w, first), "me|us") &&
		extract_is(w, first + 1, "to"))
		return content > 1;
	if (general_any_of(c, low, small_talk)) {
		if (!general_any_of(c, low, light_verbs) ||
			!begins_thing(w, first))
			return false;
		/* "made a huge difference", "got to meet her" */
		return content > 1 || dated || often || lasting ||
		       c->is_never || facts_is_concrete(w, first, end);
	}
	if (general_any_of(c, low, general_everyday))
		return dated || often || lasting || content > 2 ||
		       facts_is_concrete(w, first, end);
	return true;
}

/* "the thing", "my day": of nothing that could be asked for. */
static bool
names_nothing(const struct reader *r, const struct clause *c)
{
	return (c->who == WHO_MY || c->who == WHO_OUR || c->who == WHO_THING ||
		       c->who == WHO_HIS) &&
	       facts_content(&r->w, c->noun, c->noun_end) == 0 &&
	       !facts_noun_is_person(&r->w, c);
}

/* "Painting helps me explore my identity", "Dance is my stress relief": a thing that
 * does something to the speaker is of the speaker. */
static bool
is_of_speaker(const struct reader *r, const struct clause *c)
{
	const struct extract_words *w = &r->w;
	int i = c->verb_at + 1;

	if (c->who != WHO_THING && c->who != WHO_OUR && c->who != WHO_NAME)
		return false;
	if (c->who == WHO_NAME &&
		(people_is_first_name(extract_low(w, c->noun)) ||
			c->noun_end - c->noun > 1))
		return false;
	return extract_in(extract_low(w, i), "me|us|my") ||
	       (extract_in(extract_low(w, i), "to|for|with") &&
		       extract_in(extract_low(w, i + 1), "me|us"));
}

/* "I think remote work is better than the office because it saves time". */
int
facts_opinion(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule opinion = {EXTRACT_PREFERENCE, "", 0, 74};
	const struct extract_words *w = &r->w;
	int i = c->verb_at, end = render_trim(r, i, c->clause_end), n = 0;
	AUTO_DRAFT struct draft d = {.kind = opinion.kind,
		.sureness = 0.74 - (r->turn->role == ROLE_ASSISTANT ? 0.5 : 0),
		.is_person = true,
		.is_denied = c->is_denied,
		.first = i,
		.end = end};

	for (int k = 0; k < c->noun && n == 0; k++)
		n = extract_match(w, k,
			"i think|i still think|i really think|i believe|i still "
			"believe|in my opinion|imo|imho|personally|i always "
			"thought|i feel that|i'd say|i would say|i honestly "
			"think|if you ask me");
	if (n == 0 || c->tense != T_IS || end - i > TOLD_WORDS || end <= i ||
		(c->who != WHO_THING && c->who != WHO_OUR &&
			c->who != WHO_NAME && c->who != WHO_MY) ||
		facts_content(w, c->noun, c->noun_end) == 0 || c->is_hedged ||
		facts_is_of_code(r, c))
		return 0;
	if (c->reason == 0 && !extract_in(extract_low(w, i),
				      "better|worse|best|worst|easier|harder|"
				      "overrated|underrated|more|less|too|"
				      "cheaper|faster|safer|healthier|the|"
				      "important|essential|crucial|key"))
		return 0;
	facts_speaker(r, d.subject);
	if (buf_adds(&d.attribute, "thinks") != 0 ||
		render_words(r, c->noun, c->noun_end, &d.attribute) != 0 ||
		buf_addf(&d.attribute, " %s%s", extract_low(w, c->phrase),
			c->is_denied ? " not" : "") != 0 ||
		render_words(r, i, end, &d.value) != 0 ||
		facts_rest(r, c, &d) != 0)
		return err_nomem(e);
	return facts_keep(r, &d, e);
}

int
facts_told(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule did = {EXTRACT_EVENT, "", R_WHO | R_TO, 70};
	static const struct rule does = {EXTRACT_HABIT, "", R_WHO | R_TO, 70};
	const struct extract_words *w = &r->w;
	int first = c->verb_at + 1, end = render_trim(r, first, c->clause_end);
	int value = first;
	struct clause mine = *c;
	bool some = general_of_somebody(r, c) || c->who == WHO_MY ||
		    (c->who == WHO_HIS && facts_noun_is_person(w, c)) ||
		    ((c->who == WHO_OUR || c->who == WHO_THING) &&
			    (facts_has_time(r, c->first, c->clause_end) ||
				    facts_is_concrete(w, first, end)));

	if (is_of_speaker(r, c)) {
		mine.who = WHO_MY;
		some = true;
		value += extract_in(extract_low(w, value), "me|us");
	}
	/* "Bart is looking into parallel copies" */
	if (r->is_work && !(c->who == WHO_NAME && c->tense == T_GOING_ON &&
				  r->turn->role != ROLE_ASSISTANT))
		return 0;
	if (!some || !general_tense(c) || c->verb == 0 ||
		facts_is_of_code(r, c) || names_nothing(r, c))
		return 0;
	/* "have about 12,000 pictures", "get all my bread from" */
	value += extract_in(extract_low(w, value),
		"about|around|roughly|over|almost|nearly|approximately|like|"
		"maybe|all|both|just|only|also|finally");
	if (!is_told(r, c, value, end))
		return 0;
	return facts_keep_verb(r, &mine, general_past(r, c) ? &did : &does,
		first, end, e);
}
