/* What is said without a subject, and often without a verb: the pieces of a sentence
 * that no clause has.
 *
 *   Ada: Moved to Oslo last week.           ada      moved to Oslo ..
 *   Ada: found a flat, moving in May        ada      is moving in May
 *   Ada: allergic to nuts btw               ada      is allergic to nuts
 *   Ada: can't eat gluten                   ada      cannot eat gluten
 *   Ada: physio twice a week                ada      physio twice a week
 *
 * A sentence is cut at its marks and at words that join. A piece of which something is
 * kept already, or that stands in a clause, is left out. Each of the others is looked
 * at by how it begins: a verb makes it a clause of whom the sentence speaks, a state
 * one of "is", and a noun before a time, a number or a place is a fact about that
 * noun. */
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

static bool
is_edge(const struct extract_words *w, int i)
{
	unsigned form = 0;

	if (w->v[i].flags & (W_COMMA | W_BREAK | W_PLUS))
		return true;
	/* "a dog named Rex who is allergic to chicken" */
	if (extract_is(w, i, "who") && i > 1 && !(w->v[i - 1].flags & W_PART) &&
		(w->v[i - 1].flags & W_CAPITAL ||
			clause_is_kin(extract_low(w, i - 1))))
		return true;
	/* "quit in spring and moved to Graz" */
	if (extract_is(w, i, "but"))
		return true;
	return extract_in(extract_low(w, i), "and|so|then|plus") &&
	       ((rules_verb(extract_low(w, i + 1), &form) != 0 &&
			form & (FORM_PAST | FORM_ING) && !(form & FORM_BASE)) ||
		       extract_in(extract_low(w, i + 1),
			       "can|do|did|have|am|will|no|never"));
}

static bool
is_read(const struct reader *r, int first, int end)
{
	for (int i = first; i < end; i++)
		if (r->read[i])
			return true;
	return false;
}

/* "Rex who is allergic", "my brother who lives in Bonn": of whom. */
static bool
of_whom(const struct extract_words *w, int who, struct clause *c)
{
	int i = who - 1;

	if (i < 0)
		return false;
	if (w->v[i].flags & W_CAPITAL) {
		while (i > 0 && i > who - 3 && w->v[i - 1].flags & W_CAPITAL)
			i--;
		c->who = WHO_NAME;
	} else if (extract_is(w, i - 1, "my") || extract_is(w, i - 1, "our")) {
		c->who = WHO_MY;
	} else {
		return false;
	}
	c->noun = i;
	c->noun_end = who;
	c->phrase = who + 1;
	c->is_elided = false;
	return true;
}

/* "Dede moving to Tucson": whom a headline is about. 0: nobody. */
static int
named_first(const struct extract_words *w, int i, int end)
{
	int k = i;
	unsigned form = 0;

	while (k < end && k < i + 2 && w->v[k].flags & W_CAPITAL &&
		!(k > i && w->v[k].flags & (W_COMMA | W_BREAK)))
		k++;
	if (k == i || k + 1 >= end ||
		extract_in(extract_low(w, i),
			"the|a|an|my|our|your|his|her|their|this|that|these|"
			"those|no|all|some|any|not|also|so|and|but|i|we|just") ||
		(i == 0 && k == 1 && !people_is_first_name(extract_low(w, i)) &&
			rules_verb(extract_low(w, i), &form) != 0))
		return 0;
	return rules_verb(extract_low(w, k), &form) != 0 && form == FORM_ING &&
			       !(w->v[k].flags & W_CAPITAL)
		       ? k
		       : 0;
}

/* The clause that a piece makes when "I" (or whom the last clause is about) is put in
 * front of it. False: it makes none. */
static bool
as_clause(const struct reader *r, const struct clause *last, int first, int end,
	struct clause *ret)
{
	const struct extract_words *w = &r->w;
	struct clause c = {.first = first,
		.end = end,
		.who = WHO_I,
		.phrase = first,
		.is_going_on = true,
		.is_elided = true,
		.often = -1};

	if (named_first(w, first, end) > 0) {
		c.who = WHO_NAME;
		c.noun = first;
		c.noun_end = c.phrase = named_first(w, first, end);
		c.is_elided = false;
	} else if (extract_is(w, first, "who")) {
		if (!of_whom(w, first, &c))
			return false;
	} else if (last) {
		c.who = last->who;
		c.noun = last->noun;
		c.noun_end = last->noun_end;
		c.owner = last->owner;
		c.owner_end = last->owner_end;
	} else if (r->is_notes) {
		c.who = WHO_WE;
	}
	if (!clause_phrase(w, end, &c) || c.verb_at >= end)
		return false;
	c.clause_end = end;
	*ret = c;
	return true;
}

/* How a piece begins that lacks its subject. */
static bool
begins_as_verb(const struct reader *r, int i, int end)
{
	static const char *const denied =
		"can|do|have|did|could|will|does|has|had";
	static const char *const own =
		"love|hate|prefer|live|work|need|do|play|use|have|own|teach|"
		"study|speak|run|drive|miss|want|collect|avoid";
	const struct extract_words *w = &r->w;
	const char *low = extract_low(w, i);
	unsigned form = 0;
	int k = i + extract_in(low, "just|also|recently|finally|always|never|"
				    "still|usually|already|only|mostly|now|"
				    "even|actually|currently");

	/* "Don't forget the milk" is an order. */
	if (extract_is(w, k, "do") && extract_is(w, k + 1, "not"))
		return extract_in(extract_low(w, k + 2),
			"have|like|eat|drink|know|need|want|own|smoke|speak|drive|"
			"work|live|use|mind|trust|play|really|even|own|do|"
			"want|watch|celebrate|believe|support");
	if (extract_in(extract_low(w, k), denied) &&
		(extract_is(w, k + 1, "not") ||
			extract_in(extract_low(w, k + 1), "never")))
		return true;
	if (extract_match(w, k, "used to") == 2)
		return true;
	if (rules_verb(extract_low(w, k), &form) == 0 || k + 1 >= end)
		return false;
	/* "Pinning numpy fixed it" has its own verb. */
	if (form == FORM_ING) {
		for (int n = k + 1; n < end; n++)
			if (clause_is_finite(w, n, false, false))
				return false;
		return !extract_in(extract_low(w, k),
			"looking|hoping|wishing|"
			"sounding|seeing|sending");
	}
	/* "focused and resilient" */
	if (extract_in(extract_low(w, k + 1), "and|or|but|too|again"))
		return false;
	if (form & FORM_PAST && !(form & (FORM_BASE | FORM_THIRD)))
		return !extract_in(extract_low(w, k + 1), "by|in by") ||
		       !(form & FORM_PART);
	if (form & FORM_PAST && form & FORM_BASE &&
		extract_in(extract_low(w, k), "quit|cut|hit|put|set"))
		return extract_in(extract_low(w, k), "quit");
	/* "Do lindy hop now": friends do not order each other about. */
	return form & FORM_BASE && !r->has_assistant && !r->is_work &&
	       (k > i || extract_in(extract_low(w, k), own)) &&
	       !extract_in(extract_low(w, i), "just|even|now|finally") &&
	       !extract_in(extract_low(w, k + 1), "it|that|this|me|not|you");
}

static int
by_verb(struct reader *r, const struct clause *last, int first, int end,
	struct err *e)
{
	struct clause c;
	size_t had = r->x->n;
	int rc;

	if ((!extract_is(&r->w, first, "who") &&
		    named_first(&r->w, first, end) == 0 &&
		    !begins_as_verb(r, first, end)) ||
		!as_clause(r, last, first, end, &c) || c.is_hedged)
		return 0;
	rc = facts_of_clause(r, &c, e);
	if (rc != 0 || r->x->n > had)
		return rc;
	return frame_clause(r, &c, e);
}

/* "allergic to nuts", "based in Oslo", "vegan". */
static int
by_state(struct reader *r, const struct clause *last, int first, int end,
	struct err *e)
{
	struct clause c = {.first = first,
		.end = end,
		.who = WHO_I,
		.phrase = first,
		.verb_at = first,
		.clause_end = end,
		.tense = T_IS,
		.often = -1,
		.has_verb = true};
	const struct rule *rule;
	int n = 0;

	if (last) {
		c.who = last->who;
		c.noun = last->noun;
		c.noun_end = last->noun_end;
		c.owner = last->owner;
		c.owner_end = last->owner_end;
	}
	first += extract_is(&r->w, first, "not");
	c.is_denied = first > c.verb_at;
	c.verb_at = first;
	rule = rules_state(&r->w, first, &n);
	if (!rule || rule->flags & R_PERF || n == 0 ||
		(n == 1 && extract_in(extract_low(&r->w, first),
				   "in|to|on|off|into|against|behind")) ||
		(extract_is(&r->w, first, "from") &&
			!(r->w.v[first + 1 < end ? first + 1 : first].flags &
				W_CAPITAL)) ||
		extract_match(&r->w, first, "at the|at my|at a|at an|at our") >
			0)
		return 0;
	return states_by_rule(r, &c, e);
}

/* "no emojis!", "never floats for money", "short answers", "biome instead": said to a
 * machine, it holds from now on. */
static int
by_order(struct reader *r, int first, int end, struct err *e)
{
	static const char *const no_wants =
		"one|i|problem|worries|thanks|thank|idea|way|need|it|that|wait|"
		"not|but|we|you|rush|longer|more|matter|clue|joke|kidding|doubt|"
		"luck|he|she|they|this|there|worry|hurry|reason|sign|errors|"
		"error|changes|wonder|response|answer|output|result|results|"
		"change|difference|effect|success|the|my|sorry|actually|never|"
		"no|just|so|a|still|mind|again|been|thought|seen|heard|is|if";
	static const char *const texts =
		"answers|replies|responses|spelling|sentences|explanations|"
		"summaries|paragraphs|points|english|comments|names|commits";
	const struct extract_words *w = &r->w;
	bool instead = extract_is(w, w->words - 1, "instead") &&
		       w->words - first < 5 && w->words - first > 1;
	bool style = end - first > 1 && end - first < 4 &&
		     extract_in(extract_low(w, end - 1), texts) && first == 0;
	char who[NAME_BYTES];

	if (r->turn->role != ROLE_USER || !r->has_assistant)
		return 0;
	end = instead ? w->words : render_trim(r, first, end);
	if (!instead && !style &&
		(!extract_in(extract_low(w, first), "no|never|always") ||
			end - first > 7 ||
			extract_in(extract_low(w, first + 1), no_wants)))
		return 0;
	if (end - first < 2 || w->v[first + 1].flags & (W_COMMA | W_BREAK) ||
		facts_content(w, first, end) == 0)
		return 0;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i),
			    "is|are|was|were|has|have|will|can|do|does|did|had|"
			    "i|we|it|they"))
			return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_INSTRUCTION, who, "wants", first, end,
		0.7, e);
}

static int
read_piece(struct reader *r, const struct clause *last, int first, int end,
	struct err *e)
{
	size_t had = r->x->n;
	int rc;

	while (first < end) {
		int to = clause_skip_courtesy(&r->w, first);

		/* "no teaching assistant": no answer */
		if (to == first ||
			(to == first + 1 && extract_is(&r->w, first, "no") &&
				to < end &&
				!(r->w.v[to].flags & (W_COMMA | W_BREAK))))
			break;
		first = to;
	}
	if (first >= end || end - first > PIECE_WORDS + 4)
		return 0;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(&r->w, i), "you|your|yours|u|ur|if"))
			return 0;
	rc = by_verb(r, last, first, end, e);
	if (rc != 0 || r->x->n > had)
		return rc;
	rc = by_state(r, last, first, end, e);
	if (rc != 0 || r->x->n > had)
		return rc;
	rc = pieces_by_duration(r, first, end, e);
	if (rc != 0 || r->x->n > had)
		return rc;
	rc = by_order(r, first, end, e);
	if (rc != 0 || r->x->n > had)
		return rc;
	return pieces_by_noun(r, first, end, e);
}

int
pieces_read(struct reader *r, const struct clause *clauses, int n,
	struct err *e)
{
	const struct extract_words *w = &r->w;

	if (r->turn->role == ROLE_ASSISTANT || w->is_question)
		return 0;
	for (int i = 0, end; i < w->words; i = end) {
		const struct clause *last = NULL;
		int rc, first = i;

		for (end = i + 1; end < w->words && !is_edge(w, end); end++)
			;
		for (int k = 0; k < n; k++)
			if (clauses[k].first < first)
				last = &clauses[k];
		first += extract_in(extract_low(w, first),
			"and|but|so|then|plus");
		if (is_read(r, first, end))
			continue;
		rc = read_piece(r, last, first, end, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}
