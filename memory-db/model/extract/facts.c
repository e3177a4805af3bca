/* Clauses into facts: which of them a rule keeps, of whom, and in what words.
 *
 * Several readers look at a clause, the most certain first: the rules of its
 * verb, plans ("will send the report by Friday"), states ("is a nurse"),
 * opinions, and at last what names something although no rule knows it. The
 * first that keeps something has read the clause.
 *
 *   "I work at Acme"        the rule of "work" with "at": ada  works at Acme
 *   "I'll fix it"           a plan without a day and without a name: nothing
 *   "I'd rather use tabs"   a preference
 *
 * How sure a fact is comes from its rule, and is less where the clause is
 * doubted, or where a machine said it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "common/vec.h"
#include "memory-db/model/extract/internal.h"

static double
sureness_of(const struct reader *r, const struct rule *rule,
	const struct clause *c)
{
	double s = rule->sureness / 100.0;

	s -= c->is_hedged ? 0.3 : 0;
	s -= c->is_condition ? 0.5 : 0;
	s -= r->turn->role == ROLE_ASSISTANT ? 0.5 : 0;
	s -= c->tense == T_USED ? 0.05 : 0;
	return s;
}

/* --- what is kept -------------------------------------------------------------------------- */
int
facts_rest(const struct reader *r, const struct clause *c, struct draft *d)
{
	/* They begin a sentence and say nothing. */
	static const char *const phrases =
		"on another note|on a side note|on the plus side|in fact|of course|"
		"by the way|for example|for instance|at first|as always|after all|"
		"to be honest|in general|in other news|on top of that|at the same "
		"time|on the other hand|in the end|at least|at the moment|for now|"
		"with that said|on that note|at this point|as a result|as for me|"
		"on a positive note|on the bright side|in my opinion|for sure";

	if (c->lead_end > c->lead && !facts_has_time(r, c->lead, c->lead_end) &&
		extract_match(&r->w, c->lead, phrases) == 0) {
		size_t at = d->value.len;

		if (render_words(r, c->lead, c->lead_end, &d->value) != 0)
			return MDB_E_NOMEM;
		/* "For logging," began the sentence. */
		while (at < d->value.len && d->value.data[at] == ' ')
			at++;
		if (at < d->value.len && c->lead == 0)
			d->value.data[at] =
				(char)tolower((unsigned char)d->value.data[at]);
	}
	if (c->reason > 0 &&
		(d->kind == EXTRACT_DECISION || d->kind == EXTRACT_PREFERENCE ||
			d->kind == EXTRACT_TOOL || d->kind == EXTRACT_FIX)) {
		int end = render_trim(r, c->reason, c->reason_end);

		if (render_words(r, c->reason, end, &d->value) != 0)
			return MDB_E_NOMEM;
		d->end = end;
	}
	/* A time in front belongs to it: "In 2019 I moved ..". */
	for (int i = 0; i < r->whens_n; i++) {
		const struct when *t = &r->whens[i];
		char text[WHEN_BYTES];

		if (t->first < c->first || t->last >= c->phrase)
			continue;
		extract_when_text(&r->w, t, text);
		if (buf_addf(&d->value, "%s%s", d->value.len > 0 ? " " : "",
			    text) != 0)
			return MDB_E_NOMEM;
		d->first = t->first;
	}
	return 0;
}

/* "My parents live in Hull": nobody of a name, and more than one. */
static bool
is_my_many(const struct reader *r, const struct clause *c)
{
	const char *low = extract_low(&r->w, c->noun_end - 1);
	size_t n = strlen(low);

	return c->who == WHO_MY && c->often < 0 && n > 2 &&
	       (low[n - 1] == 's' || strcmp(low, "children") == 0) &&
	       facts_name_in(&r->w, c->noun, c->noun_end) == 0 &&
	       (c->form & FORM_BASE) != 0;
}

/* "has a collie named Pip and two cats" is two facts: the word of the second, 0: it
 * is one. */
static int
second_thing(const struct reader *r, const struct clause *c, int value, int end)
{
	static const char *const begins =
		"a|an|two|three|four|five|six|seven|eight|nine|ten|my|our|another|"
		"his|her";
	const struct extract_words *w = &r->w;

	if (end - value < 5 || (!extract_in(extract_low(w, value), begins) &&
				       !(w->v[value].flags & W_NUMBER)))
		return 0;
	for (int i = value + 2; i + 1 < end; i++)
		if ((extract_is(w, i, "and") || w->v[i + 1].flags & W_PLUS) &&
			extract_in(extract_low(w, i + 1), begins) &&
			!facts_has_time(r, i, end) && c->tense != T_PAST)
			return i + 1;
	return 0;
}

/* A value, and where the words of the verb before it end. */
struct facts_value {
	int particle_end, first, end;
};

static int
keep_verb(struct reader *r, const struct clause *c, const struct rule *rule,
	const struct facts_value *v, struct err *e)
{
	int value = v->first, end = v->end;
	/* "We moved to Lyon", among friends, is where they live. */
	bool lives = rule->kind == EXTRACT_DECISION && rule->flags & R_TECH &&
		     !r->is_work;
	AUTO_DRAFT struct draft d = {.kind = lives ? EXTRACT_PLACE : rule->kind,
		.sureness = sureness_of(r, rule, c),
		.is_denied = c->is_denied || c->is_never,
		.first = c->verb_at,
		.end = end};
	int rc = facts_subject(r, c, rule, &d);

	if (rc <= 0)
		return rc < 0 ? err_nomem(e) : 0;
	/* Of things, the words as they are: "tests run on". */
	if ((c->who == WHO_OUR || c->who == WHO_THING || is_my_many(r, c)) &&
		c->tense == T_NOW && !c->is_denied)
		rc = buf_addf(&d.attribute, "%s",
			extract_low(&r->w, c->verb_at));
	else
		rc = render_verb(r, c, &d.attribute);
	if (rc != 0 ||
		(v->particle_end > c->verb_at + 1 &&
			render_words(r, c->verb_at + 1, v->particle_end,
				&d.attribute) != 0) ||
		render_words(r, value, end, &d.value) != 0 ||
		facts_rest(r, c, &d) != 0)
		return err_nomem(e);
	/* "I report to Helen. She .." */
	if (rule->kind == EXTRACT_RELATION && !d.is_denied &&
		value < r->w.words && r->w.v[value].flags & W_CAPITAL) {
		char name[NAME_BYTES];

		render_name(&r->w, value, value + 1, name);
		facts_person(r, name, "");
	}
	return facts_keep(r, &d, e);
}

int
facts_keep_verb(struct reader *r, const struct clause *c,
	const struct rule *rule, int value, int end, struct err *e)
{
	int second = second_thing(r, c, value, end), rc;

	if (second == 0)
		return keep_verb(r, c, rule,
			&(struct facts_value){value, value, end}, e);
	rc = keep_verb(r, c, rule,
		&(struct facts_value){value, value, second - 1}, e);
	if (rc != 0)
		return rc;
	return keep_verb(r, c, rule, &(struct facts_value){value, second, end},
		e);
}

/* "ran a charity race last Saturday": whatever somebody did on a day that is
 * named. */
static int
by_dated(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule event = {EXTRACT_EVENT, "", R_PAST | R_WHO,
		70};
	static const char *const saying =
		"say|tell|ask|think|see|have|do|be|try|look|talk|mention|feel|know|"
		"want|need|forget|notice|hear|call|like|love|hate|find|seem|"
		"happen|come|let|check|check|review|push|merge|commit|reply|send";
	const char *low = extract_low(&r->w, c->verb_at);
	size_t n = strlen(low);
	int end;

	if (c->tense != T_PAST &&
		!(c->tense == T_NOW && n > 3 && strcmp(low + n - 2, "ed") == 0))
		return 0;
	if (c->is_denied || c->who == WHO_OUR || c->who == WHO_THING ||
		(c->verb != 0 && extract_in(rules_base(c->verb), saying)) ||
		extract_in(low,
			"looked|talked|tried|asked|mentioned|noticed|"
			"checked|reviewed|pushed|merged|committed|needed|"
			"seemed|happened|called|replied") ||
		!facts_has_time(r, c->first, c->clause_end) ||
		!facts_fit_person(r, &event, c) ||
		!facts_fit_value(r, &event, c, c->verb_at + 1, &end) ||
		end < c->verb_at + 3 ||
		facts_content(&r->w, c->verb_at + 1, end) == 0)
		return 0;
	return facts_keep_verb(r, c, &event, c->verb_at + 1, end, e);
}

static int
by_verb(struct reader *r, const struct clause *c, struct err *e)
{
	struct rule_fit fit[RULES_FIT];
	int n, end, skip;

	struct clause was = *c;

	if (c->verb == 0)
		return by_dated(r, c, e);
	/* "I quit": now, or in the past. */
	if (c->tense == T_NOW && c->form & FORM_PAST && c->form & FORM_BASE)
		was.tense = T_PAST;
	skip = extract_in(extract_low(&r->w, c->verb_at + 1),
		"only|mostly|mainly|usually|exclusively|primarily|always|directly|"
		"still|currently");
	/* "got us tickets" */
	if (extract_in(extract_low(&r->w, c->verb_at + 1),
		    "us|me|myself|ourselves") &&
		extract_in(rules_base(c->verb),
			"get|buy|book|order|make|build"))
		skip = 1;
	n = rules_of_verb(&r->w, c->verb, c->verb_at + 1 + skip, fit);
	for (int i = 0; i < n; i++) {
		int value = c->verb_at + 1 + skip + fit[i].n;
		const struct clause *is = NULL;

		if (facts_fit_tense(fit[i].rule, c))
			is = c;
		else if (facts_fit_tense(fit[i].rule, &was))
			is = &was;
		/* "I'll keep pushing", among friends, decides nothing. */
		if (is && fit[i].rule->kind == EXTRACT_DECISION &&
			is->tense == T_WILL && !r->is_work && !r->is_notes &&
			!facts_has_time(r, c->first, c->clause_end))
			continue;
		if (!is || !facts_fit_person(r, fit[i].rule, is) ||
			!facts_fit_value(r, fit[i].rule, is, value, &end))
			continue;
		return facts_keep_verb(r, is, fit[i].rule, value, end, e);
	}
	return by_dated(r, c, e);
}

/* "plans to visit Rome", "will send the report by Friday", "must run offline". */
static int
by_plan(struct reader *r, const struct clause *c, struct err *e)
{
	static const char *const transient =
		"let|check|see|try|look|get|think|be|do|say|ask|tell|go|show|add|"
		"fix|make|give|take|need|have|help|keep|put|start|stop|want|know|"
		"continue|explain|wait|come|call|talk|just|use|need|find|like|love|"
		"hate|run|read|update|change|miss|regret|admit|pass|skip|leave";
	static const struct rule plan = {EXTRACT_PLAN, "", R_WE | R_TO, 84};
	static const struct rule need = {EXTRACT_NEED, "", R_WE | R_TO, 78};
	const struct rule *rule = c->tense == T_MUST ? &need : &plan;
	bool dated = facts_has_time(r, c->first, r->w.words);
	bool other = c->who == WHO_NAME;
	bool thing = c->who == WHO_OUR || c->who == WHO_THING;
	bool weak = extract_in(extract_low(&r->w, c->verb_at), transient);
	/* "has to cut out caffeine": not of the day. */
	bool lasts = extract_match(&r->w, c->verb_at,
			     "cut out|cut down on|give up|avoid|quit|limit|"
			     "reduce|wear|stay away from|stay off|stop "
			     "eating|stop drinking|stop smoking|take insulin|"
			     "take medication|follow a|lose weight") > 0;
	struct rule own = *rule;
	int end = 0;

	if (c->has_be || (c->tense != T_GOING && c->tense != T_WILL &&
				 c->tense != T_MUST))
		return 0;
	if (c->tense == T_WILL && !dated && !other)
		return 0;
	if (c->tense == T_MUST && c->who == WHO_I && lasts)
		weak = false;
	else if (c->tense == T_MUST &&
		 (c->who == WHO_I ? weak || !dated
				  : !thing && c->who != WHO_WE))
		return 0;
	if (weak && !dated && !thing)
		return 0;
	own.sureness -= dated ? 0 : 8;
	if (!facts_fit_value(r, &own, c, c->verb_at + 1, &end) &&
		(end > c->verb_at + 1 || !dated))
		return 0;
	return facts_keep_verb(r, c, &own, c->verb_at + 1, end, e);
}

/* "would like to learn Rust", "would rather use tabs". */
static int
by_would(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule want = {EXTRACT_NEED, "", R_TO | R_WHO, 78};
	static const struct rule prefer = {EXTRACT_PREFERENCE, "", R_TO | R_WHO,
		88};
	const char *low = extract_low(&r->w, c->verb_at);
	const struct rule *rule = NULL;
	int end;

	if (extract_in(low, "prefer|rather"))
		rule = &prefer;
	else if (extract_in(low, "like|love"))
		rule = &want;

	if (!rule ||
		(rule == &want && !extract_is(&r->w, c->verb_at + 1, "to")) ||
		!facts_fit_person(r, rule, c) ||
		!facts_fit_value(r, rule, c, c->verb_at + 1, &end))
		return 0;
	return facts_keep_verb(r, c, rule, c->verb_at + 1, end, e);
}

/* "The retry count should come from QUEUE_RETRIES": what is asked of a thing of the
 * project. */
static int
by_should(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule asked = {EXTRACT_NEED, "", R_WE | R_TO, 74};
	const struct extract_words *w = &r->w;
	bool should = false;
	int end;

	for (int i = c->phrase; i < c->verb_at; i++)
		should |= extract_in(extract_low(w, i), "should");
	/* "We should never power the motor from USB" */
	if (c->who == WHO_WE && !c->is_never &&
		!(c->often >= 0 && extract_is(w, c->often, "always")))
		should = false;
	if (!should || !r->is_work || w->is_question || c->is_hedged ||
		(c->who != WHO_OUR && c->who != WHO_THING &&
			c->who != WHO_WE) ||
		r->turn->role == ROLE_ASSISTANT ||
		general_any_of(c, extract_low(w, c->verb_at),
			"be|work|help|fix|do|look|see|have|pass|fail") ||
		!facts_fit_value(r, &asked, c, c->verb_at + 1, &end) ||
		!facts_is_concrete(w, c->verb_at + 1, end))
		return 0;
	return facts_keep_verb(r, c, &asked, c->verb_at + 1, end, e);
}

int
facts_of_clause(struct reader *r, const struct clause *c, struct err *e)
{
	static int (*const ways[])(struct reader *, const struct clause *,
		struct err *) = {by_verb, by_plan, facts_of_state,
		facts_opinion, facts_in_general};
	size_t had = r->x->n;

	if (c->is_condition)
		return 0;
	if (c->tense == T_MAYBE)
		return by_should(r, c, e);
	if (c->tense == T_WOULD)
		return by_would(r, c, e);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		int rc = ways[i](r, c, e);

		/* The first that keeps something has read the clause. */
		if (rc != 0 || r->x->n > had)
			return rc;
	}
	return 0;
}
