/* What somebody or something is: clauses whose verb is "to be".
 *
 * "Is" alone says nothing: whether "is X" is worth keeping depends on X.
 * Several readers are asked in turn:
 *
 *   "I am allergic to nuts"   an adjective with a rule of its own (english.def)
 *   "I am 34"                 an age, of a person: "is 34 years old"
 *   "I'm a nurse"             what somebody is, but not "I'm a bit tired"
 *   "I'm Ada Lovelace"        "name is Ada Lovelace"
 *
 * What a thing is ("the deadline is Friday") stands in states_noun.c. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

/* "a bit tired", "a mess": no identity. */
static const char *const no_identity =
	"bit|little|lot|mess|few|couple|while|bad|good|great|nice|huge|problem|"
	"pain|shame|joke|pity|must|no-brainer|thing|mistake|question|idea|way|"
	"disaster|nightmare|relief|surprise|lie|dream|success|big|total|complete|"
	"long|quick|small|fan|genius|idiot|moron|legend|lifesaver|star|hero|"
	"millionaire|robot|potato|sucker|better|fair|real|super|very|really|"
	"pretty|weird|strange|different|simple|common|typical|valid|perfect|"
	"concern|bug|issue|blocker|treat|blast|rush|hurry|position|tad|wreck|"
	"journey|ride|adventure|struggle|challenge|rollercoaster|magical";
/* Feelings and the like, behind "is". */
static bool
is_people_word(const char *low)
{
	static const char *const peoples =
		"italian|german|french|spanish|american|british|canadian|"
		"australian|indian|chinese|japanese|korean|mexican|brazilian|dutch|"
		"swedish|norwegian|danish|finnish|polish|russian|ukrainian|greek|"
		"turkish|portuguese|irish|scottish|welsh|english|swiss|austrian|"
		"belgian|czech|hungarian|romanian|vietnamese|thai|filipino|"
		"indonesian|nigerian|kenyan|egyptian|moroccan|israeli|iranian|"
		"persian|arab|argentinian|chilean|colombian|peruvian|cuban|"
		"jewish|muslim|christian|catholic|buddhist|hindu|sikh|mormon|"
		"capricorn|aquarius|pisces|aries|taurus|gemini|leo|virgo|libra|"
		"scorpio|sagittarius|lebanese|pakistani|ethiopian|jamaican|"
		"icelandic|estonian|latvian|lithuanian|croatian|serbian|slovak|"
		"bulgarian|catalan|basque|kiwi|texan|canadian";

	return extract_in(low, peoples);
}

/* "The logs are kept": as it was said, where the noun stands before it. */
static bool
is_of_many(const struct reader *r, const struct clause *c)
{
	if (c->tense != T_IS ||
		(c->who != WHO_OUR && c->who != WHO_THING && c->who != WHO_MY))
		return false;
	for (int i = c->phrase; i < c->verb_at; i++)
		if (extract_is(&r->w, i, "are"))
			return true;
	return false;
}

const char *
states_copula(const struct reader *r, const struct clause *c)
{
	if (is_of_many(r, c))
		return "are";
	switch (c->tense) {
	case T_WAS:
		return "was";
	case T_BEEN:
		return "has been";
	case T_WILL:
		return "will be";
	case T_MUST:
		return "must be";
	case T_NOW:
	case T_PAST:
	case T_GOING_ON:
	case T_PERFECT:
	case T_PERFECT_ON:
	case T_CAN:
	case T_GOING:
	case T_USED:
	case T_WOULD:
	case T_MAYBE:
	case T_IS:
		break;
	}
	return "is";
}

/* Who a state is of; what stands before it. False: nobody. */
int
states_begin(struct reader *r, const struct clause *c, const struct rule *rule,
	struct draft *d, struct err *e)
{
	const struct extract_words *w = &r->w;
	int rc;

	*d = (struct draft){.kind = rule->kind,
		.sureness = rule->sureness / 100.0 - (c->is_hedged ? 0.3 : 0) -
			    (r->turn->role == ROLE_ASSISTANT ? 0.5 : 0),
		.is_denied = c->is_denied || c->is_never,
		.first = c->verb_at,
		.end = c->clause_end};
	rc = facts_subject(r, c, rule, d);
	if (rc <= 0)
		return rc < 0 ? err_nomem(e) : 0;
	(void)w;
	return 1;
}

/* The verb, `phrase` words that belong to it, and a value. */
int
states_keep(struct reader *r, const struct clause *c, const struct rule *rule,
	int value, int end, struct err *e)
{
	AUTO_DRAFT struct draft d;
	int rc = states_begin(r, c, rule, &d, e);

	if (rc <= 0)
		return rc;
	d.end = end;
	if (c->tense == T_USED)
		rc = buf_adds(&d.attribute, "used to be");
	else
		rc = c->tense == T_BEEN && (c->is_never || c->is_denied)
			     ? buf_adds(&d.attribute, c->is_never
							      ? "has never been"
							      : "has not been")
			     : buf_addf(&d.attribute, "%s%s",
				       states_copula(r, c),
				       c->is_denied ? " not" : "");
	if (rc != 0 ||
		(value > c->verb_at && render_words(r, c->verb_at, value,
					       &d.attribute) != 0) ||
		render_words(r, value, end, &d.value) != 0 ||
		facts_rest(r, c, &d) != 0)
		return err_nomem(e);
	return facts_keep(r, &d, e);
}

/* --- "is allergic to" ---------------------------------------------------------------- */
static bool
fits_version(const struct reader *r, int first, int end)
{
	for (int i = first; i < end; i++)
		if (i > first && facts_is_version(&r->w.v[i]))
			return true;
		else if (r->w.v[i].flags & W_NUMBER)
			return r->w.v[first].flags & W_CAPITAL ||
			       extract_in(extract_low(&r->w, first),
				       "version|python|node|postgres|java|v|.net") ||
			       extract_in(extract_low(&r->w, first),
				       extract_tools);
	return false;
}

/* "We were in Morocco in October" */
static bool
was_there(const struct reader *r, const struct clause *c,
	const struct rule *rule, int n)
{
	return rule->kind == EXTRACT_PLACE && rule->flags & R_NAMED &&
	       !(rule->flags & R_PERF) && !r->is_work &&
	       r->w.v[c->verb_at + n].flags & W_CAPITAL &&
	       facts_has_time(r, c->first, c->clause_end);
}

int
states_by_rule(struct reader *r, const struct clause *c, struct err *e)
{
	int n, end, value;
	const struct rule *rule = rules_state(&r->w, c->verb_at, &n);

	if (!rule || rule->flags & R_NEVER || !facts_fit_person(r, rule, c))
		return 0;
	if (c->tense == T_WAS && rule->kind != EXTRACT_EVENT &&
		rule->kind != EXTRACT_TOOL && !was_there(r, c, rule, n) &&
		extract_match(&r->w, c->verb_at,
			"born|raised|diagnosed|promoted|named|hired|based|"
			"married|employed") == 0)
		return 0;
	if (rule->flags & R_PERF && c->tense != T_BEEN)
		return 0;
	value = c->verb_at + n;
	end = render_trim(r, value, c->clause_end);
	/* "was at my cousin's wedding in Savannah", not "was at the shop" */
	if (rule->flags & R_PAST &&
		(c->tense != T_WAS ||
			(!facts_is_concrete(&r->w, value, end) &&
				!facts_has_time(r, c->first, c->clause_end))))
		return 0;
	if (rule->flags & R_VERSION && !fits_version(r, value, end))
		return 0;
	if (end <= value && !(rule->flags & R_BARE))
		return 0;
	if (end > value && extract_in(extract_low(&r->w, value),
				   "it|that|this|you|your|them"))
		return 0;
	/* "off dairy", not "off to work" */
	if (n == 1 && extract_is(&r->w, c->verb_at, "off") &&
		extract_in(extract_low(&r->w, value),
			"to|work|on|topic|for|today|the|my|duty|again|and"))
		return 0;
	if (end - value > STATE_WORDS ||
		(rule->flags & R_DATED &&
			!facts_has_time(r, c->first, c->clause_end)))
		return 0;
	/* "in Vienna", not "in Sales meetings all day" */
	if (rule->flags & R_NAMED &&
		(!(r->w.v[value].flags & W_CAPITAL) || end - value > 4 ||
			(facts_has_time(r, value - 1, end) &&
				c->tense != T_WAS)))
		return 0;
	return states_keep(r, c, rule, value, end, e);
}

/* "Lily is 7", "my son is 4": where nobody speaks of versions. */
static bool
is_child(const struct reader *r, const struct clause *c)
{
	const char *low = extract_low(&r->w, c->noun);

	return !r->is_work &&
	       ((c->who == WHO_NAME && people_is_first_name(low)) ||
		       c->who == WHO_HE || facts_noun_is_person(&r->w, c));
}

/* "34", "34 years old". */
static int
by_age(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule age = {EXTRACT_IDENTITY, "", R_WHO, 88};
	const char *low = extract_low(&r->w, c->verb_at);
	int i = c->verb_at;
	AUTO_DRAFT struct draft d = {0};
	int rc;

	/* "Postgres is 15" */
	if ((c->who == WHO_NAME || c->who == WHO_THING) &&
		extract_in(extract_low(&r->w, c->noun_end - 1), extract_tools))
		return 0;
	if (strspn(low, "0123456789") != strlen(low) || strlen(low) > 2 ||
		(strlen(low) == 1 && !is_child(r, c)) ||
		!facts_fit_person(r, &age, c) || c->tense == T_WAS)
		return 0;
	if (i + 1 < c->clause_end &&
		extract_match(&r->w, i + 1,
			"years old|year old|years of age|now|"
			"today|and") == 0)
		return 0;
	rc = states_begin(r, c, &age, &d, e);
	if (rc <= 0)
		return rc;
	if (buf_adds(&d.attribute, states_copula(r, c)) != 0 ||
		buf_addf(&d.value, "%s years old", low) != 0)
		return err_nomem(e);
	for (int k = 0; k < r->whens_n; k++) {
		char text[WHEN_BYTES];

		extract_when_text(&r->w, &r->whens[k], text);
		if (r->whens[k].first > i &&
			buf_addf(&d.value, " %s", text) != 0)
			return err_nomem(e);
	}
	return facts_keep(r, &d, e);
}

/* "Tea is my favourite drink" is about me. */
static int
by_favourite(struct reader *r, const struct clause *c, int end, struct err *e)
{
	AUTO_DRAFT struct draft d = {.kind = EXTRACT_PREFERENCE,
		.sureness = 0.9 - (r->turn->role == ROLE_ASSISTANT ? 0.5 : 0),
		.is_person = true,
		.is_denied = c->is_denied,
		.first = c->verb_at,
		.end = end};

	if (c->who != WHO_NAME && c->who != WHO_THING && c->who != WHO_OUR)
		return 0;
	facts_speaker(r, d.subject);
	if (render_words(r, c->verb_at + 1, end, &d.attribute) != 0 ||
		buf_adds(&d.attribute, " is") != 0 ||
		render_words(r, c->noun, c->noun_end, &d.value) != 0)
		return err_nomem(e);
	return facts_keep(r, &d, e);
}

/* --- "a nurse", "the tech lead", "my sister", "Italian" ------------------------------------ */
static int
by_kind(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule what = {EXTRACT_IDENTITY, "", R_WHO, 86};
	static const struct rule ours = {EXTRACT_RELATION, "", R_WHO, 86};
	static const struct rule thing = {EXTRACT_TOOL, "", R_THING, 74};
	const struct extract_words *w = &r->w;
	const char *low = extract_low(w, c->verb_at);
	int i = c->verb_at, end = render_trim(r, i, c->clause_end);
	bool some = extract_in(low, "a|an"), people = is_people_word(low);
	bool role = extract_in(low, "the|my|our|one");
	const struct rule *rule = people || some ? &what : &ours;

	if (extract_in(low, "half|part|native") &&
		is_people_word(extract_low(w, i + 1)))
		people = true, rule = &what;
	if (c->tense == T_WAS || end - i > STATE_WORDS ||
		end <= i + (some || role))
		return 0;
	if (extract_match(w, i, "my favorite|my favourite") > 0)
		return by_favourite(r, c, end, e);
	/* "Dance is my stress relief" */
	if (!r->is_work && extract_is(w, i, "my") && end - i > 1 &&
		!clause_is_kin(extract_low(w, i + 1)) &&
		(c->who == WHO_THING || c->who == WHO_OUR ||
			(c->who == WHO_NAME && c->noun_end == c->noun + 1 &&
				!people_is_first_name(
					extract_low(w, c->noun))))) {
		struct clause mine = *c;

		mine.who = WHO_MY;
		return facts_content(w, i + 1, end) == 0
			       ? 0
			       : states_keep(r, &mine, &ours, i, end, e);
	}
	if (!people && !some && !role)
		return 0;
	for (int k = i + 1; k < end && k < i + 3; k++)
		if (extract_in(extract_low(w, k), no_identity))
			return 0;
	if (c->who == WHO_OUR || c->who == WHO_THING) {
		if (!some || c->who == WHO_THING)
			return 0;
		rule = &thing;
	} else if (!facts_fit_person(r, rule, c))
		return 0;
	/* "Bob is the best", "I'm the one who" */
	if (role && extract_match(w, i, "the one who|the only one") == 0 &&
		(extract_in(extract_low(w, i + 1),
			 "best|one|only|first|last|same|worst|reason|problem|"
			 "most|way|kind|point|case|type|guy|person") ||
			c->who == WHO_MY))
		return 0;
	return states_keep(r, c, rule, i, end, e);
}

/* "I'm Ada", "I am Ada Lovelace". */
static int
by_own_name(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule name = {EXTRACT_IDENTITY, "", R_WHO, 86};
	const struct extract_words *w = &r->w;
	int i = c->verb_at, end = i;
	AUTO_DRAFT struct draft d = {0};
	int rc;

	while (end < c->clause_end && w->v[end].flags & W_CAPITAL &&
		end < i + 3 && !(end > i && w->v[end].flags & W_COMMA))
		end++;
	if (c->who != WHO_I || c->tense != T_IS || end == i || c->is_denied ||
		is_people_word(extract_low(w, i)) || w->v[i].flags & W_NUMBER ||
		(end < c->clause_end &&
			!(w->v[end].flags & (W_COMMA | W_BREAK)) &&
			!extract_in(extract_low(w, end),
				"from|and|a|the|by|btw|here|your")) ||
		extract_in(extract_low(w, i), "ok|okay|ocd|adhd|so|not|i"))
		return 0;
	rc = states_begin(r, c, &name, &d, e);
	if (rc <= 0)
		return rc;
	d.end = end;
	if (buf_adds(&d.attribute, "name is") != 0 ||
		render_words(r, i, end, &d.value) != 0)
		return err_nomem(e);
	rc = facts_keep(r, &d, e);
	if (rc != 0)
		return rc;
	/* "I'm Ada, a nurse from Rome" */
	if (end + 1 < c->clause_end &&
		extract_in(extract_low(w, end), "a|an|the|from")) {
		struct clause more = *c;

		more.verb_at = end;
		return extract_is(w, end, "from") ? states_by_rule(r, &more, e)
						  : by_kind(r, &more, e);
	}
	return 0;
}

int
facts_of_state(struct reader *r, const struct clause *c, struct err *e)
{
	static int (*const ways[])(struct reader *, const struct clause *,
		struct err *) = {states_by_rule, by_age, states_of_noun,
		by_kind, by_own_name, states_of_place};
	size_t had = r->x->n;

	if (c->tense != T_IS && c->tense != T_WAS && c->tense != T_BEEN &&
		c->tense != T_USED && c->tense != T_GOING_ON &&
		!(c->has_be && (c->tense == T_WILL || c->tense == T_MUST)))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		int rc = ways[i](r, c, e);

		if (rc != 0 || r->x->n > had)
			return rc;
	}
	return 0;
}
