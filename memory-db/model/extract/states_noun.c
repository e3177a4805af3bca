/* What a thing is. Its name and "is" are the attribute, and what follows is
 * the value:
 *
 *   "The deadline is Friday"        deadline is          2026-05-15
 *   "Max upload size is 25 MB"      Max upload size is   25 MB
 *   "The logs are kept in Loki"     logs are kept in     Loki
 *   "The build is broken"           nothing: a value of the moment */
#include <string.h>

#include "memory-db/model/extract/internal.h"

/* --- "my name is Ada", "the deadline is Friday" ------------------------------------------- */
static const char *const no_values =
	"great|good|bad|fine|ok|okay|broken|slow|awesome|amazing|terrible|nice|"
	"cool|killing|driving|being|getting|sick|tired|crazy|wrong|right|too|so|"
	"very|really|pretty|still|done|ready|failing|down|up|late|missing|weird|"
	"annoying|unclear|important|here|there|not|about|full|empty|huge|small|"
	"hard|easy|important|fun|boring|gone|stuck|safe|working|coming|going|"
	"always|what|how|why|when|where|that|it|this|you|your|obvious|nothing|"
	"everything|something|interesting|beautiful|delicious|worse|better|"
	"more|less|acting|asking|happy|sad|angry|upset|visiting|crashing|dead|"
	"asleep|awake|hungry|busy|sleeping|hurting|open|closed|the best|fixed";

/* "MSRV is 1.70", "max upload size is 25 MB": a number and what it measures. */
static bool
is_size(const struct reader *r, const struct clause *c, bool its, int i,
	int end)
{
	const struct extract_words *w = &r->w;
	const char *low = extract_low(w, i);
	bool number = i < end && w->v[i].flags & W_NUMBER;
	int comma = i;

	/* "Postgres is 15" */
	if ((c->who == WHO_NAME || its) && number &&
		extract_in(extract_low(w, c->noun_end - 1), extract_tools))
		return true;
	if (r->whens_n > 0 || facts_is_of_code(r, c))
		return false;
	if ((its || c->who == WHO_MY) && end - i == 1 &&
		facts_is_version(&w->v[i]))
		return true;
	while (comma < end && (comma == i || !(w->v[comma].flags & W_COMMA)))
		comma++;
	/* "The deposit is 2,400 euros, to be paid in May" */
	if (its && number && comma - i <= 4 && comma - i > 1 &&
		facts_is_measure(w, i + 1))
		return true;
	return its && end - i <= 4 && c->noun_end - c->noun > 1 &&
	       (number || extract_in(low, "two|three|four|five|six|seven|eight|"
					  "nine|ten|twelve"));
}

/* "My soil is clay": what somebody says of a thing of theirs, at home. */
static bool
is_own(const struct reader *r, const struct clause *c, int i, int end)
{
	const struct extract_words *w = &r->w;

	return c->who == WHO_MY && c->tense == T_IS && !r->is_work &&
	       !c->is_hedged && end - i <= 6 && c->noun_end - c->noun <= 3 &&
	       !facts_is_of_code(r, c) && !facts_noun_is_person(w, c) &&
	       facts_content(w, c->noun, c->noun_end) > 0 &&
	       facts_content(w, i, end) > 0 &&
	       !extract_in(extract_low(w, i), "a|an|the|in|on|at|to|like");
}

/* "The new conductor is Hanne Vik": who or what has a role, by name. */
static bool
is_name_of(const struct reader *r, const struct clause *c, int i, int end)
{
	const struct extract_words *w = &r->w;

	if (c->tense != T_IS || end - i > 3 ||
		!(r->is_work || r->is_notes || r->has_assistant) ||
		c->noun_end - c->noun > 4 || facts_is_of_code(r, c) ||
		c->is_hedged || facts_has_time(r, i, end))
		return false;
	for (int k = i; k < end; k++)
		if (!(w->v[k].flags & W_CAPITAL) || w->v[k].flags & W_NUMBER)
			return false;
	return end > i && facts_content(w, c->noun, c->noun_end) > 0;
}

/* What no word of its own has a rule for. */
static const struct rule any = {EXTRACT_RELATION, "", 0, 76};
static const struct rule size = {EXTRACT_TOOL, "", R_ITS, 70};
static const struct rule when = {EXTRACT_PLAN, "", R_ITS, 74};
static const struct rule own = {EXTRACT_IDENTITY, "", 0, 66};

struct noun_is {
	int of;	    /* behind the head of the noun */
	int i, end; /* the value */
	bool its;   /* of the project */
};

/* By which rule the value of a noun is kept; NULL: it is not. *ret_bare: a "my" was
 * saved. */
static const struct rule *
rule_of_noun(const struct reader *r, const struct clause *c,
	const struct noun_is *x, bool *ret_bare)
{
	const struct extract_words *w = &r->w;
	const struct rule *rule;
	int of = x->of, i = x->i, end = x->end, at = 0;
	bool its = x->its;

	rule = rules_noun(w, c->noun, of, its, &at);
	if (!rule && !its)
		rule = rules_noun(w, c->noun, of, true, &at);
	/* "supervisor is Prof. Maes": the "my" was saved. */
	if (!rule && c->who == WHO_THING && of == c->noun + 1 &&
		r->turn->role == ROLE_USER && w->v[i].flags & W_CAPITAL &&
		c->tense == T_IS) {
		rule = rules_noun(w, c->noun, of, false, &at);
		*ret_bare = rule != NULL;
	}
	if (!rule)
		for (int k = c->noun; k < of && !its; k++)
			if (extract_in(extract_low(w, k), "favorite|favourite"))
				rule = rules_noun(w, k, k + 1, false, &at);
	if (!rule && i > 0 &&
		!extract_in(extract_low(w, i), "a|an|the|in|on|at") &&
		extract_in(extract_low(w, c->noun - 1), "my|our|his|her|'s") &&
		c->tense == T_IS && end - i <= 5 && at == 0 &&
		(w->v[i].flags & (W_CAPITAL | W_NUMBER | W_QUOTED)))
		rule = &any;
	/* "The workshop is on the 12th" */
	if (!rule && its && (c->tense == T_IS || c->tense == T_WILL) &&
		end - i <= 8 && facts_has_time(r, i - 1, end) &&
		!facts_is_of_code(r, c) && !facts_noun_is_person(w, c) &&
		facts_content(w, c->noun, c->noun_end) > 0 &&
		(r->whens[0].first <= i + 1 ||
			extract_in(extract_low(w, i), "on|at|in")))
		rule = &when;
	if (!rule && c->tense == T_IS && is_size(r, c, its, i, end))
		rule = &size;
	if (!rule && is_own(r, c, i, end))
		rule = &own;
	if (!rule && its && is_name_of(r, c, i, end))
		rule = &any;
	return rule;
}

int
states_of_noun(struct reader *r, const struct clause *c, struct err *e)
{
	const struct extract_words *w = &r->w;
	bool its = c->who == WHO_OUR || c->who == WHO_THING;
	int i = c->verb_at, end = render_trim(r, i, c->clause_end);
	int of = c->noun_end;
	const struct rule *rule;
	AUTO_DRAFT struct draft d = {0};
	struct clause mine;
	bool bare = false;
	int rc;

	/* "Redis is 7.2" */
	if (c->who == WHO_NAME &&
		extract_in(extract_low(w, c->noun_end - 1), extract_tools))
		its = true;
	if ((c->who != WHO_MY && c->who != WHO_HIS && !its) || end <= i ||
		end - i > STATE_WORDS + 4)
		return 0;
	/* "the deadline for the report is": the head stands before "for". */
	for (int k = c->noun; k < c->noun_end; k++)
		if (extract_in(extract_low(w, k),
			    "of|for|on|in|at|to|this|next|today|tomorrow") &&
			k > c->noun) {
			of = k;
			break;
		}
	if (extract_in(extract_low(w, i),
		    "about|around|roughly|only|exactly") &&
		i + 1 < end && w->v[i + 1].flags & W_NUMBER)
		i++;
	/* "designer is Elif, ping her" */
	for (int k = i + 1; k < end && w->v[k - 1].flags & W_CAPITAL; k++)
		if (w->v[k].flags & W_COMMA && !(w->v[k].flags & W_CAPITAL))
			end = k;
	rule = rule_of_noun(r, c, &(struct noun_is){of, i, end, its}, &bare);
	if (!rule || extract_in(extract_low(w, i), no_values))
		return 0;
	/* "my sister is from Oslo" is a state. */
	if (clause_is_kin(extract_low(w, of - 1)) &&
		!(w->v[i].flags & W_CAPITAL) &&
		!extract_in(extract_low(w, i), "a|an|called|named|the"))
		return 0;
	if (c->tense == T_WAS && rule->kind != EXTRACT_FIX &&
		!(rule->flags & R_WHEN && r->whens_n > 0))
		return 0;
	if (rule->flags & R_WHEN && r->whens_n == 0)
		return 0;
	mine = *c;
	if (c->who == WHO_NAME)
		mine.who = WHO_THING;
	if (bare)
		mine.who = WHO_MY;
	rc = states_begin(r, &mine, rule, &d, e);
	if (rc <= 0)
		return rc;
	d.end = end;
	rc = buf_addf(&d.attribute, "%s%s", states_copula(r, c),
		c->is_denied ? " not" : "");
	if (rc != 0 || render_words(r, i, end, &d.value) != 0 ||
		facts_rest(r, c, &d) != 0)
		return err_nomem(e);
	/* "The conductor is Hanne Vik. She .." */
	if (rule == &any && end > i && w->v[i].flags & W_CAPITAL &&
		!d.is_denied) {
		char name[NAME_BYTES];

		render_name(w, i, end, name);
		facts_person(r, name, "");
	}
	return facts_keep(r, &d, e);
}

/* "are managed in Unleash", "are in Falkenstein": where and with what a thing is. */
int
states_of_place(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule thing = {EXTRACT_TOOL, "", R_THING, 68};
	const struct extract_words *w = &r->w;
	int i = c->verb_at, end = render_trim(r, i, c->clause_end), value = i;
	size_t n = strlen(extract_low(w, i));
	unsigned form = 0;
	bool done = n > 4 && strcmp(extract_low(w, i) + n - 2, "ed") == 0;

	if ((c->who != WHO_OUR && c->who != WHO_THING && c->who != WHO_HIS &&
		    c->who != WHO_MY) ||
		facts_noun_is_person(w, c) || facts_is_of_code(r, c))
		return 0;
	done = done || (rules_verb(extract_low(w, i), &form) != 0 &&
			       form & FORM_PART && !(form & FORM_BASE));
	/* "was opened in May", "has been extended until 2028" */
	if (c->tense != T_IS && !done)
		return 0;
	value += done;
	if (!extract_in(extract_low(w, value),
		    "in|at|on|by|with|via|through|from|under|behind|for|every|"
		    "after|within|until|as|to|into|over|since|before|between") ||
		extract_in(extract_low(w, i),
			"supposed|allowed|based|related|tired|worried|excited|"
			"expected|caused|failed|needed|called") ||
		end - value < 2 || end - value > 10 || c->is_hedged)
		return 0;
	if (done ? !facts_is_concrete(w, i, end) &&
				!facts_has_time(r, i, end) &&
				!(c->tense == T_IS &&
					extract_is(w, value, "by"))
		 : !(w->v[value + 1].flags & (W_CAPITAL | W_NUMBER)) &&
				!facts_is_concrete(w, value + 1,
					value + 3 < end ? value + 3 : end))
		return 0;
	if (!done && facts_has_time(r, c->first, c->clause_end))
		return 0;
	return states_keep(r, c, &thing, value + 1, end, e);
}
