/* What no rule of its own knows: any clause about somebody or about a thing of the
 * project that names something, so that it still says something next week.
 *
 *   Ada: I closed on the house in Ghent.   ada      closed on the house in Ghent
 *   Our cluster has three nodes.           project  cluster has three nodes
 *   Ada: I looked at it.                   nothing
 *
 * It is less sure than what a rule says, and comes after all of them. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

/* What goes on longer is a story. */
#define GENERAL_WORDS 16

/* Talk about the talk and the work of the moment: nobody needs it later. */
static const char *const talk =
	"say|tell|ask|think|see|be|do|try|look|talk|mention|feel|know|want|need|"
	"forget|remember|notice|hear|find|seem|happen|come|let|check|review|"
	"reply|send|guess|mean|hope|wish|wonder|believe|suppose|agree|bet|"
	"promise|swear|thank|apologize|apologise|appreciate|understand|debug|"
	"restart|reboot|rerun|fail|crash|break|hang|click|type|paste|copy|"
	"expect|assume|doubt|figure|recommend|suggest|propose|help|miss|laugh|"
	"joke|cry|wait|stare|sound|regret|admit|imagine|pretend|deserve|bother|"
	"care|like|love|hate|enjoy|reckon|concur|insist|claim|argue|recall|"
	"realize|realise|matter|complain|explain|describe|answer|congratulate|"
	"welcome|greet|owe|kill|blow|freak|lie|chat|discuss|compile|have|go|get|"
	"confuse|google|search|investigate|dig|struggle|encounter|face|push|"
	"commit|merge|rebase|throw|print|return|contain|laugh|give|show";
/* The same of the speaker, when an object follows at once: "I closed the
 * window", not "I closed on the house". */
static const char *const acts =
	"put|add|fix|keep|make|take|set|read|update|change|delete|hit|open|"
	"close|enter|use|start|stop|turn|report|work|run|write|build|test|"
	"deploy|install|create|remove|rename|move|die|spend|leave|bring|pull|"
	"quit|wake|sleep|eat|drink|cook|sit|stand|download|upload|edit|save|"
	"clear|drop|refactor|patch|adjust|tweak|increase|reduce|lower|raise|"
	"bump|cache|configure|enable|disable|mock|replace|split|comment|revert|"
	"reset|reinstall|upgrade|downgrade|execute|call|pass|attach";
/* What somebody did on a day like others. */
const char *const general_everyday =
	"eat|drink|sleep|cook|sit|stand|wake|watch|bake|walk|play|read|write|run|"
	"open|pass|call|drop|pick|wash|clean|order|carry|wear|hug|kiss|shout|"
	"park|ride|dance|sing|smile|grab|upload|attach|clone|paste|scroll";
/* Lines and functions say what a program does, which the program says better. */
static const char *const code_nouns =
	"line|lines|function|method|class|file|page|test|tests|query|log|logs|"
	"pr|loop|variable|script|output|error|errors|exception|warning|message|"
	"command|call|request|response|commit|patch|diff|column|row|regex|"
	"stack|trace|traceback|result|results|it|snippet|example|value|"
	"parameter|argument|field|button|screen|link|weather|sun|rain|bus|train|"
	"build|builds";
static const char *const under_way = "write|build|create|design|make|use";
static const char *const particles =
	"on|in|at|from|for|to|into|with|under|through|until|across|between";
/* Such verbs in the form of the past. */
static const char *const passing_forms =
	"looked|talked|tried|asked|mentioned|noticed|checked|reviewed|pushed|"
	"merged|committed|needed|seemed|happened|called|replied|failed|crashed|"
	"guess|swear|wonder|bet|mean|doubt|hope|reckon|wish";
/* Behind such a verb an object of these says when it is meant. */
static const char *const empty_objects =
	"it|that|this|them|these|those|what|how|why|where|when|whether|if|you|"
	"your|yours|so|here|there|something|anything|nothing|everything|the "
	"same|one|ones|some|same|not|like|as|who|which|because|too|up|down|"
	"out|off|away|back|around|over|along|together|yet|again";

bool
general_of_somebody(const struct reader *r, const struct clause *c)
{
	return c->who == WHO_I || c->who == WHO_WE || c->who == WHO_HE ||
	       c->who == WHO_NAME ||
	       ((c->who == WHO_MY || c->who == WHO_OUR ||
			c->who == WHO_THING) &&
		       facts_noun_is_person(&r->w, c));
}

/* Is a form of one of the verbs listed, be the verb known or not: "added", "adding",
 * "stopped"? */
bool
general_any_of(const struct clause *c, const char *low, const char *list)
{
	static const struct {
		const char *end, *instead;
	} ends[] = {{"s", ""}, {"es", ""}, {"ies", "y"}, {"ed", ""}, {"d", ""},
		{"ied", "y"}, {"ing", ""}, {"ing", "e"}};
	size_t n = strlen(low);
	char base[WORD_BYTES + 4];

	if (extract_in(low, list))
		return true;
	/* Of a verb that is known, the base is; the rest is guessed. */
	if (c->verb != 0)
		return extract_in(rules_base(c->verb), list);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t k = strlen(ends[i].end);

		if (n < k + 2 || strcmp(low + n - k, ends[i].end) != 0)
			continue;
		snprintf(base, sizeof(base), "%.*s%s", (int)(n - k), low,
			ends[i].instead);
		if (extract_in(base, list))
			return true;
		/* "stopped" */
		k = strlen(base);
		if (k > 3 && base[k - 1] == base[k - 2]) {
			base[k - 1] = '\0';
			if (extract_in(base, list))
				return true;
		}
	}
	return false;
}

/* Is the verb of the moment, and not of what lasts? */
static bool
is_passing(const struct reader *r, const struct clause *c)
{
	const char *low = extract_low(&r->w, c->verb_at);
	bool own = c->who == WHO_I || c->who == WHO_WE;

	if (extract_in(low, passing_forms) || general_any_of(c, low, talk))
		return true;
	if (c->tense == T_GOING_ON && general_any_of(c, low, under_way))
		return false;
	/* "I deployed 3.14.2" */
	if (facts_is_version(&r->w.v[c->verb_at + 1]) &&
		strlen(extract_low(&r->w, c->verb_at + 1)) > 4)
		return false;
	/* "We mock Prisma with ..": always, not now. */
	if (c->who == WHO_WE && c->tense == T_NOW && r->is_work &&
		c->clause_end - c->verb_at > 3)
		return false;
	return own && general_any_of(c, low, acts) &&
	       !extract_in(extract_low(&r->w, c->verb_at + 1), particles);
}

bool
general_tense(const struct clause *c)
{
	switch (c->tense) {
	case T_NOW:
	case T_PAST:
	case T_GOING_ON:
	case T_PERFECT:
	case T_PERFECT_ON:
		return true;
	case T_CAN:
		return c->is_denied;
	case T_WILL:
	case T_GOING:
	case T_MUST:
	case T_USED:
	case T_WOULD:
	case T_MAYBE:
	case T_IS:
	case T_WAS:
	case T_BEEN:
		return false;
	}
	return false;
}

/* A verb that nobody knows has no tense but by its ending. */
bool
general_past(const struct reader *r, const struct clause *c)
{
	const char *low = extract_low(&r->w, c->verb_at);
	size_t n = strlen(low);

	return c->tense == T_PAST || c->tense == T_PERFECT ||
	       (c->verb == 0 && c->tense == T_NOW && n > 3 &&
		       strcmp(low + n - 2, "ed") == 0);
}

/* In the past, most is of the day: it must name more than what lasts needs to. */
static bool
is_past_worth(const struct reader *r, const struct clause *c, int first,
	int end)
{
	const struct extract_words *w = &r->w;
	bool dated = facts_has_time(r, c->first, c->clause_end);
	int names = 0, numbers = 0;

	/* "deployed 3.14.2" */
	if (first < end && facts_is_version(&w->v[first]) &&
		strlen(extract_low(w, first)) > 4)
		return true;

	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].from >= r->today - 1 &&
			r->whens[i].to <= r->today)
			return false;
	for (int i = first; i < end; i++) {
		names += (w->v[i].flags & W_CAPITAL) != 0;
		numbers += (w->v[i].flags & W_NUMBER) != 0;
	}
	if (!general_of_somebody(r, c))
		return names > 0 || numbers > 1;
	if (general_any_of(c, extract_low(w, c->verb_at), general_everyday))
		return false;
	/* "grepped": who knows what that is */
	if (c->verb == 0 && !dated)
		return false;
	return names > 0 || dated || c->who == WHO_NAME;
}

/* Is the subject a part of a program, or of the moment? */
bool
facts_is_of_code(const struct reader *r, const struct clause *c)
{
	if (c->who != WHO_OUR && c->who != WHO_THING && c->who != WHO_MY &&
		c->who != WHO_NAME && c->who != WHO_HIS)
		return false;
	for (int i = c->noun; i < c->noun_end; i++)
		if (extract_in(extract_low(&r->w, i), code_nouns) ||
			(c->who == WHO_NAME && extract_in(extract_low(&r->w, i),
						       extract_tools)))
			return true;
	return false;
}

/* Does it speak of the assistant, or of nothing? */
static bool
is_empty(const struct reader *r, int first, int end)
{
	unsigned form = 0;

	if (end <= first || end - first > GENERAL_WORDS ||
		extract_in(extract_low(&r->w, first), empty_objects))
		return true;
	/* "moves to every Thursday", but not "to open the file" */
	if (extract_is(&r->w, first, "to") &&
		rules_verb(extract_low(&r->w, first + 1), &form) != 0 &&
		form & FORM_BASE)
		return true;
	if (end == first + 1 && !(r->w.v[first].flags & W_CAPITAL) &&
		r->w.v[first].flags & W_NUMBER)
		return true;
	if (extract_in(extract_low(&r->w, first), "me|him|her|us") &&
		end - first < 3)
		return true;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(&r->w, i), "you|your|yours"))
			return true;
	return false;
}

/* "12 euros" of "go up to 12 euros a month from January". */
static bool
has_measure(const struct extract_words *w, int first, int end)
{
	for (int i = first; i + 1 < end; i++)
		if (w->v[i].flags & W_NUMBER && facts_is_measure(w, i + 1) &&
			!extract_in(extract_low(w, i + 1),
				"minutes|hours|days|weeks|months|seconds"))
			return true;
	return false;
}

/* "link time went from 40s to 6s", "the load test showed 1,200 rps": a measured
 * thing and its number. */
static int
by_number(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule is = {EXTRACT_TOOL, "", R_TO, 72};
	const struct extract_words *w = &r->w;
	int first = c->verb_at + 1, end = render_trim(r, first, c->clause_end);
	bool number = false;
	int numbers = 0;

	if ((c->who != WHO_OUR && c->who != WHO_THING && c->who != WHO_NAME) ||
		general_of_somebody(r, c) != (c->who == WHO_NAME) ||
		!general_tense(c) || end <= first || end - first > 14 ||
		!general_any_of(c, extract_low(w, c->verb_at),
			"show|go|drop|rise|grow|fall|improve|increase|"
			"decrease|reach|hit|climb|double|jump|shrink|bring|"
			"reduce|take|use|average|exceed|cost|stay|remain|last|"
			"handle|process|serve|support|have|get|come|peak"))
		return 0;
	for (int i = first; i < end; i++)
		number = number || w->v[i].flags & W_NUMBER;
	for (int i = first; i < end; i++)
		numbers += (w->v[i].flags & W_NUMBER) != 0;
	if (!number ||
		(numbers < 3 && facts_has_time(r, first, end) &&
			!has_measure(w, first, end)) ||
		(c->who == WHO_NAME &&
			people_is_first_name(extract_low(w, c->noun))))
		return 0;
	return facts_keep_verb(r, c, &is, first, end, e);
}

static int
by_action(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule any = {EXTRACT_EVENT, "", 0, 66};
	static const struct rule now = {EXTRACT_HABIT, "", 0, 68};
	static const struct rule ours = {EXTRACT_TOOL, "", 0, 68};
	const struct extract_words *w = &r->w;
	int first = c->verb_at + 1, end = render_trim(r, first, c->clause_end);
	bool often = facts_has_often(r, c) && c->tense == T_NOW;
	bool some = general_of_somebody(r, c);
	const struct rule *rule = general_past(r, c) ? &any : &now;

	if (!some)
		rule = &ours;

	if (!general_tense(c) || is_empty(r, first, end) ||
		(!often && !(c->tense == T_CAN && c->is_denied) &&
			is_passing(r, c)) ||
		facts_is_of_code(r, c) ||
		(general_past(r, c) && !is_past_worth(r, c, first, end)))
		return 0;
	/* "Irina approves the release" */
	if (!(c->who == WHO_NAME && c->tense == T_NOW && !general_past(r, c) &&
		    end - first > 1 &&
		    extract_in(extract_low(w, first), "the|our|all|every")) &&
		!facts_is_concrete(w, first, end) &&
		!facts_has_time(r, c->first, c->clause_end) && !often)
		return 0;
	return facts_keep_verb(r, c, rule, first, end, e);
}

int
facts_in_general(struct reader *r, const struct clause *c, struct err *e)
{
	size_t had;
	int rc;

	if (c->is_hedged || c->who == WHO_NOBODY || c->who == WHO_YOU ||
		c->who == WHO_IT)
		return 0;
	had = r->x->n;
	rc = facts_told(r, c, e);
	if (rc != 0 || r->x->n > had)
		return rc;
	rc = by_action(r, c, e);
	return rc != 0 || r->x->n > had ? rc : by_number(r, c, e);
}

/* --- what has no verb ---------------------------------------------------------- */
static int
keep_fragment(struct reader *r, const char *attribute, int first, int end,
	struct err *e)
{
	char subject[NAME_BYTES];

	sayings_project(r, subject);
	return sayings_keep(r, EXTRACT_TOOL, subject, attribute, first, end,
		0.7, e);
}

int
facts_of_fragment(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0), end = w->words, at, k;
	bool found = false;
	AUTO_BUF struct buf what = {0};

	while (end > i && extract_in(extract_low(w, end - 1),
				  "please|everywhere|here|now|thanks"))
		end--;
	if (w->is_question || end <= i)
		return 0;
	/* "mysql 8 in docker, port 3307" */
	if (r->turn->role == ROLE_USER || r->is_work)
		for (at = i; at + 1 < end; at++) {
			int rc, to = at + 2;
			bool port = extract_is(w, at, "port");

			if ((at > i &&
				    !(w->v[at].flags & (W_COMMA | W_BREAK)) &&
				    !extract_is(w, at - 1, "and")) ||
				(!port && !extract_in(extract_low(w, at),
						  extract_tools)) ||
				!(w->v[at + 1].flags & W_NUMBER) ||
				w->v[at + 1].flags & (W_COMMA | W_BREAK))
				continue;
			if (extract_in(extract_low(w, to), "in|on|with|via") &&
				to + 1 < end &&
				extract_in(extract_low(w, to + 1),
					extract_tools))
				to += 2;
			if (to < end &&
				!(w->v[to].flags & (W_COMMA | W_BREAK)) &&
				!extract_in(extract_low(w, to),
					"and|since|because"))
				continue;
			rc = keep_fragment(r, port ? "port is" : "uses",
				at + port, to, e);
			if (rc != 0)
				return rc;
			found = true;
			at = to - 1;
		}
	if (found)
		return 0;
	/* "Next meeting on October 14 at 10:00" */
	for (at = i + 1; at < end && at < i + 6 && r->whens_n > 0 &&
			 (r->is_work || r->is_notes);
		at++)
		if (!extract_in(extract_low(w, i),
			    "about|around|roughly|every|each|maybe|probably|so|"
			    "just|only|back|see") &&
			!(w->v[i].flags & W_NUMBER) &&
			extract_in(extract_low(w, at),
				"on|at|by|until|from|in") &&
			r->whens[0].first <= at + 1 &&
			r->whens[0].first >= at &&
			!(w->v[at].flags & (W_COMMA | W_BREAK)) &&
			r->whens[0].grain == WHEN_DAY &&
			facts_content(w, i, at) > 0 && end - at < 9) {
			if (render_words(r, i, at, &what) != 0 ||
				buf_adds(&what, " is") != 0)
				return err_nomem(e);
			return keep_fragment(r, buf_str(&what), at, end, e);
		}
	/* "Node 20." */
	if (end - i == 2 && extract_in(extract_low(w, i), extract_tools) &&
		w->v[i + 1].flags & W_NUMBER && !(w->v[i + 1].flags & W_COMMA))
		return keep_fragment(r, "uses", i, end, e);
	i += extract_in(extract_low(w, i), "the|our");
	/* "Timeouts of 10 seconds", "Base URL: https://.." */
	for (k = i + 1; k < end && k < i + 4; k++)
		if (w->v[k].flags & W_BREAK ||
			extract_in(extract_low(w, k), "of|at"))
			break;
	at = k + !(k < end && w->v[k].flags & W_BREAK);
	if (k >= end || k >= i + 4 || end - at > 8 || end <= at ||
		rules_noun(w, i, k, true, &at) == NULL)
		return 0;
	at = k + !(w->v[k].flags & W_BREAK);
	if (end <= at || !facts_is_concrete(w, at, end))
		return 0;
	end = render_trim(r, at, end);
	/* "timeouts of", "base URL is" */
	if (render_words(r, i, extract_is(w, k, "of") ? at : k, &what) != 0 ||
		(!extract_is(w, k, "of") && buf_adds(&what, " is") != 0))
		return err_nomem(e);
	return keep_fragment(r, buf_str(&what), at, end, e);
}
