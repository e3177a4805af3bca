/* What the assistant shall do from now on, and how somebody wants to be
 * called.
 *
 * An order is kept when it holds for later as well; what is asked for now is
 * not.
 *
 *   "Always use tabs"          wants the assistant to always use tabs
 *   "Call me Sam"              is called Sam
 *   "Please fix this test"     nothing: that is the task of the moment
 *
 * A cue ("always", "never", "from now on", "please don't") is looked for, and
 * behind it a verb that may be an order. Verbs that tell a tale behind the
 * same cue ("I always had") are in lists. */
#include <stdio.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"

/* --- what the assistant shall do --------------------------------------------------------- */
/* Behind "always" and its like: words that tell of something instead. */
static const char *const tales =
	"been|mind|said|had|heard|seen|was|thought|knew|know|again|a|the|really|"
	"liked|too|happened|works|worked|wanted|tried|got|met|there|fails|did|"
	"have|understood|gets|is|will|i|we|it|in|on|at|been|so|my";
static const char *const no_orders =
	"worry|forget|you|be|get|hesitate|know|think|let|mind|bother|panic|have|"
	"see|want|like|need|understand|believe|care|tell|go|say|feel|remember|"
	"agree|even|really|work|understand|recall|give|lie|ask|look|love";

/* A cue at word i that somebody shall do something. The words of it, 0: none. */
static int
order_at(const struct extract_words *w, int i, bool is_first)
{
	static const char *const cues =
		"always|never|from now on|going forward|in future|in the future|"
		"make sure to always|remember to always|from here on|make sure "
		"you always|make sure you never";
	static const char *const denied = "do not ever|do not";
	const char *low;
	unsigned form = 0;
	int n = extract_match(w, i, cues);

	low = extract_low(w, i + n);
	if (n > 0)
		return !extract_in(low, tales) &&
				       (!rules_verb(low, &form) ||
					       form & FORM_BASE) &&
				       (is_first || form & FORM_BASE)
			       ? n
			       : 0;
	n = extract_match(w, i, denied);
	low = extract_low(w, i + n);
	return n > 0 && is_first && w->words - i > 3 &&
			       !extract_in(low, no_orders)
		       ? n
		       : 0;
}

/* "Please use British spelling", "prefer composition over inheritance", "use
 * snake_case for variables". */
static int
style_at(const struct extract_words *w, int i)
{
	static const char *const texts =
		"answer|answers|reply|replies|response|responses|suggestions|"
		"explanations|messages|comments|summaries|code|commits|"
		"functions|sentences|emails|examples|output|tests|files|names";
	bool please = i > 0 && extract_is(w, i - 1, "please"), how = false;

	/* "keep the plan in kilometers please" */
	if (extract_is(w, i, "keep") && w->words - i >= 4 &&
		extract_in(extract_low(w, i + 1), "the|all|any") &&
		(please || extract_in(extract_low(w, w->words - 1), "please") ||
			extract_in(extract_low(w, w->words - 2), "not|please")))
		return 1;
	/* "keep your answers short" */
	if (extract_match(w, i, "keep|make") > 0 && w->words - i >= 4 &&
		extract_in(extract_low(w, i + 1), "your|the|all|my") &&
		extract_in(extract_low(w, i + 2), texts))
		return 1;
	if (extract_match(w, i,
		    "use|prefer|avoid|stick to|stay with|keep to|write|"
		    "name|format|indent") == 0)
		return 0;
	for (int k = i + 1; k < w->words; k++) {
		const char *low = extract_low(w, k);

		if (extract_in(low,
			    "this|that|it|these|those|above|following|me|"
			    "below|now|here|first|again|your|you|a|"
			    "them|his|her"))
			return 0;
		how = how || extract_in(low, "for|over|instead|everywhere|only|"
					     "all|unless|never|always");
	}
	return extract_in(extract_low(w, i), "prefer|avoid") || how ||
			       (please && extract_is(w, i, "use"))
		       ? 1
		       : 0;
}

/* "Always use tabs", "please don't use emojis", "I hate tabs, always indent with
 * two spaces". */
static int
orders_given(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = 0, end, n = 0;
	char who[NAME_BYTES];

	/* "Never give up!" is for a friend. */
	if (r->turn->role == ROLE_ASSISTANT || r->turn->role == ROLE_OTHER ||
		(r->turn->role == ROLE_PERSON && !r->has_assistant &&
			!r->is_work))
		return 0;
	i += extract_match(w, i,
		"please|so|and|ok|okay|also|oh and|one more "
		"thing|btw|by the way|remember|note|important|"
		"reminder|then|but|rule|new rule|yes|no");
	i += extract_match(w, i, "please");
	n = order_at(w, i, true);
	if (n == 0)
		n = style_at(w, i);
	for (int k = i + 1; n == 0 && k < w->words; k++)
		if ((w->v[k].flags & (W_COMMA | W_BREAK) ||
			    extract_in(extract_low(w, k - 1),
				    "and|so|but|please")) &&
			order_at(w, k, w->v[k].flags & W_BREAK) > 0) {
			i = k;
			n = order_at(w, k, w->v[k].flags & W_BREAK);
		}
	if (n == 0)
		return 0;
	facts_speaker(r, who);
	for (end = i + n; end < w->words; end++)
		if (clause_begins(w, end, w->words) > 0)
			break;
	end = render_trim(r, i, end);
	if (end - i < 3 || end - i > 30)
		return 0;
	return sayings_keep(r, EXTRACT_INSTRUCTION, who,
		"wants the assistant to", i, end,
		extract_is(w, i, "do") ? 0.72 : 0.86, e);
}

/* "When I ask for summaries, keep them below 150 words": a condition that comes again,
 * and what to do then. */
static int
orders_when(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0), k, end, next, rc;
	int n = extract_match(w, i,
		"when i ask|whenever i ask|if i ask|when i say|whenever i say|"
		"if i say|when i type|when i write|whenever i type|when i send|"
		"whenever i send|when i paste|whenever i paste|when i request|"
		"whenever i request|when i share|whenever i share|when i mention|"
		"whenever i mention|each time i ask|every time i ask|if i paste|"
		"if i send");
	unsigned form = 0;
	char who[NAME_BYTES];

	if (n == 0 || r->turn->role == ROLE_ASSISTANT ||
		r->turn->role == ROLE_OTHER || w->is_question)
		return 0;
	/* Behind it an order: a verb in its base form, of nobody. */
	for (k = i + n + 1; k < w->words; k++)
		if (extract_in(extract_low(w, k),
			    "please|just|always|never|do") ||
			((w->v[k].flags & (W_COMMA | W_BREAK) ||
				 k > i + n + 2) &&
				rules_verb(extract_low(w, k), &form) != 0 &&
				form & FORM_BASE &&
				!extract_in(extract_low(w, k - 1),
					"to|a|an|the|my|i|we|you|and|for|of|can|"
					"could|would|should|will|not")))
			break;
	for (end = k + 1; end < w->words; end++)
		if (clause_begins(w, end, w->words) > 0 ||
			(extract_is(w, end, "and") &&
				rules_verb(extract_low(w, end + 1), &form) !=
					0 &&
				form & FORM_BASE))
			break;
	facts_speaker(r, who);
	next = end + 1;
	end = render_trim(r, i, end);
	if (k + 1 >= end || end - i > 40)
		return 0;
	rc = sayings_keep(r, EXTRACT_INSTRUCTION, who,
		"wants the assistant to follow:", i, end, 0.82, e);
	if (rc != 0 || !extract_is(w, next - 1, "and"))
		return rc;
	/* ".. and use bullet points" */
	for (end = next + 1; end < w->words; end++)
		if (clause_begins(w, end, w->words) > 0)
			break;
	end = render_trim(r, next, end);
	if (end - next < 2)
		return 0;
	return sayings_keep(r, EXTRACT_INSTRUCTION, who,
		"wants the assistant to", next, end, 0.8, e);
}

/* "Remind me to buy fondant on Saturday", "note to self: order fondant". */
static int
orders_reminders(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0), end;
	int n = extract_match(w, i,
		"remind me to|please remind me to|can you remind me to|could you "
		"remind me to|don't let me forget to|do not let me forget to|i "
		"must not forget to|i mustn't forget to|note to self|reminder to "
		"self|mental note|i have to remember to|i need to remember to|set "
		"a reminder to");
	unsigned form = 0;
	char who[NAME_BYTES];

	if (n == 0 || r->turn->role == ROLE_ASSISTANT ||
		r->turn->role == ROLE_OTHER)
		return 0;
	end = render_trim(r, i + n, w->words);
	if (end - i - n < 2 || end - i - n > 24 ||
		(rules_verb(extract_low(w, i + n), &form) != 0 &&
			!(form & FORM_BASE)))
		return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_NEED, who, "wants to remember to", i + n,
		end, 0.8, e);
}

/* "Call me Sam". */
static int
orders_names(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0);
	int n = extract_match(w, i,
		"call me|people call me|everyone calls me|my "
		"friends call me|friends call me|you can call "
		"me|please call me");
	char who[NAME_BYTES];

	int end;

	if (n == 0 || i + n >= w->words || !(w->v[i + n].flags & W_CAPITAL))
		return 0;
	/* "Dr. Lindqvist" */
	for (end = i + n + 1; end < w->words && end < i + n + 3; end++)
		if (!(w->v[end].flags & W_CAPITAL) ||
			w->v[end].flags & (W_COMMA | W_BREAK))
			break;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_IDENTITY, who, "is called", i + n, end,
		0.86, e);
}

/* "I want you to answer in bullet points": how, not what. */
static int
orders_wants(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	static const char *const manners =
		"answer|respond|reply|keep|be|speak|address|avoid|always|never|"
		"call|format|explain|stay|stop|use|write|not|focus|include|act";
	int i = clause_skip_courtesy(w, 0), end;
	int n = extract_match(w, i,
		"i want you to|i'd like you to|i would like you "
		"to|i need you to|i prefer you to|i prefer if "
		"you|i expect you to");
	char who[NAME_BYTES];

	if (n == 0 && extract_match(w, i, "i would like you to") == 0)
		return 0;
	end = render_trim(r, i + n, w->words);
	if (!extract_in(extract_low(w, i + n), manners) || end - i - n < 2 ||
		r->turn->role == ROLE_ASSISTANT)
		return 0;
	for (int k = i + n; k < end; k++)
		if (extract_in(extract_low(w, k),
			    "this|it|that|following|these"))
			return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_INSTRUCTION, who,
		"wants the assistant to", i + n, end, 0.8, e);
}

/* "answer in German", "be brief", "no emojis please", "run the tests before each
 * commit": how to go about it from now on, in words that ask for nothing now. */
static int
manner_at(const struct extract_words *w, int i, bool please)
{
	static const char *const now =
		"this|that|it|these|those|above|following|below|now|first|again|"
		"you|me|question|him|her";
	static const char *const ever =
		"before|after|whenever|every|each|unless|always|ever|only|"
		"everywhere|without";
	static const char *const no_wants =
		"one|i|problem|worries|thanks|thank|idea|way|need|it|that|wait|"
		"not|but|we|you|rush|longer|more|matter|clue|joke|kidding|doubt|"
		"luck|he|she|they|this|there|pets|worry|hurry|reason|sign|errors|"
		"error|changes|wonder|response|answer";
	unsigned form = 0;
	bool lasts = false;

	for (int k = i; k < w->words; k++)
		lasts = lasts || extract_in(extract_low(w, k), ever);
	if (extract_is(w, i, "no") && i + 1 < w->words)
		return !extract_in(extract_low(w, i + 1), no_wants) &&
				       (please || lasts ||
					       extract_is(w, i - 1, "so")) &&
				       w->words - i < 10
			       ? 1
			       : 0;
	if (extract_match(w, i, "be") > 0)
		return extract_in(extract_low(w, i + 1),
			       "brief|concise|direct|short|honest|specific|"
			       "precise|terse|polite|formal|informal|casual|"
			       "blunt|critical|thorough")
			       ? 1
			       : 0;
	if (extract_match(w, i, "stop") > 0)
		return rules_verb(extract_low(w, i + 1), &form) != 0 &&
				       form == FORM_ING && w->words - i > 2
			       ? 1
			       : 0;
	for (int k = i; k < w->words; k++)
		if (extract_in(extract_low(w, k), now))
			return 0;
	if (extract_match(w, i, "answer|reply|respond|speak|talk|write") > 0)
		return extract_in(extract_low(w, i + 1),
			       "in|with|only|briefly|using|without|like")
			       ? 1
			       : 0;
	return lasts && w->words - i > 3 &&
			       rules_verb(extract_low(w, i), &form) != 0 &&
			       form & FORM_BASE &&
			       extract_in(extract_low(w, i),
				       "run|use|ask|add|include|keep|write|put|"
				       "check|update|format|test|name|start|"
				       "commit|push|prefix|end|begin|squash|"
				       "rebase|sign|document|show|warn|tell")
		       ? 1
		       : 0;
}

static int
orders_manner(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0), end;
	bool please = extract_is(w, i, "please") ||
		      extract_is(w, w->words - 1, "please");
	char who[NAME_BYTES];

	if (r->turn->role != ROLE_USER ||
		(r->turn->speaker[0] == '\0' && r->is_notes))
		return 0;
	i += extract_match(w, i, "please|so|and|also|but|then");
	i += extract_match(w, i, "please");
	/* "I use Rider, so no Visual Studio instructions please" */
	for (int k = i; k < w->words && manner_at(w, i, please) == 0; k++)
		if (k > 0 &&
			(extract_in(extract_low(w, k - 1),
				 "so|and|but|please") ||
				w->v[k].flags & (W_COMMA | W_BREAK)) &&
			manner_at(w, k, please) > 0)
			i = k;
	/* "named exports only" */
	if (w->words - i > 1 && w->words - i < 6 && !w->is_question &&
		extract_is(w, w->words - 1, "only") &&
		facts_content(w, i, w->words - 1) > 0) {
		facts_speaker(r, who);
		return sayings_keep(r, EXTRACT_INSTRUCTION, who,
			"wants the assistant to follow:", i, w->words, 0.76, e);
	}
	if (manner_at(w, i, please) == 0)
		return 0;
	for (end = i + 1; end < w->words; end++)
		if (clause_begins(w, end, w->words) > 0)
			break;
	end = render_trim(r, i, end);
	if (end - i < 2 || end - i > 24)
		return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_INSTRUCTION, who,
		"wants the assistant to follow:", i, end, 0.8, e);
}

/* "call it /livez", "cap the memory at 512 MB", "use the useBreakpoint hook": what is
 * asked for now, by a name or a number that stays true of the project. */
static int
orders_values(struct reader *r, struct err *e)
{
	static const char *const verbs =
		"use|call|name|set|keep|make|cap|limit|tag|split|store|prefix|"
		"pin|target|ignore|exclude|include|default|expose|cache|serve|"
		"require|bind|mount|point|log";
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0), end;
	bool named = false;
	char who[NAME_BYTES];

	if (r->turn->role != ROLE_USER || !r->has_assistant || w->is_question)
		return 0;
	i += extract_match(w, i, "please|then please|now|also|then");
	if (!extract_in(extract_low(w, i), verbs) || i + 2 > w->words)
		return 0;
	for (end = i + 1; end < w->words; end++)
		if (clause_begins(w, end, w->words) > 0)
			break;
	end = render_trim(r, i, end);
	if (end - i < 3 || end - i > 16)
		return 0;
	for (int k = i + 1; k < end; k++) {
		const struct extract_word *x = &w->v[k];

		if (extract_in(x->low, "this|that|these|those|above|below|me|"
				       "you|your|again|first|line|example"))
			return 0;
		named = named || x->s[0] == '/' || x->s[0] == '-' ||
			x->flags & W_NUMBER;
		for (size_t b = 1; b + 1 < x->n; b++)
			named = named || strchr("._=/", x->s[b]) != NULL ||
				(b > 1 && x->s[b] >= 'A' && x->s[b] <= 'Z' &&
					x->s[b - 1] >= 'a');
	}
	if (!named)
		return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_INSTRUCTION, who,
		"wants the assistant to", i, end, 0.66, e);
}

/* "You can reach me at ada@example.org". */
static int
orders_reach(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	char who[NAME_BYTES];

	for (int i = 0; i < w->words; i++) {
		int n = extract_match(w, i,
			"reach me at|reach me on|reach me under|email me at|"
			"mail me at|call me at|call me on|text me at|"
			"contact me at|find me at|message me on|ping me on");
		int end = render_trim(r, i + n, w->words);

		if (n == 0 || end <= i + n || !facts_is_concrete(w, i + n, end))
			continue;
		facts_speaker(r, who);
		return sayings_keep(r, EXTRACT_IDENTITY, who,
			"can be reached at", i + n, end, 0.86, e);
	}
	return 0;
}

int
orders_read(struct reader *r, struct err *e)
{
	static int (*const ways[])(struct reader *,
		struct err *) = {orders_when, orders_reminders, orders_given,
		orders_names, orders_wants, orders_manner, orders_reach,
		orders_values};
	size_t had = r->x->n;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		int rc = ways[i](r, e);

		if (rc != 0 || r->x->n > had)
			return rc;
	}
	return 0;
}
