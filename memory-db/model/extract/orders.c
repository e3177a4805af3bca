/* What the assistant shall do from now on, and how somebody wants to be called. */
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

	if (r->turn->role == ROLE_ASSISTANT || r->turn->role == ROLE_OTHER)
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
			order_at(w, k, false) > 0) {
			i = k;
			n = order_at(w, k, false);
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

	if (n == 0 || i + n >= w->words || !(w->v[i + n].flags & W_CAPITAL))
		return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_IDENTITY, who, "is called", i + n,
		i + n + 1, 0.86, e);
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

int
orders_read(struct reader *r, struct err *e)
{
	static int (*const ways[])(struct reader *,
		struct err *) = {orders_given, orders_names, orders_wants};
	size_t had = r->x->n;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		int rc = ways[i](r, e);

		if (rc != 0 || r->x->n > had)
			return rc;
	}
	return 0;
}
