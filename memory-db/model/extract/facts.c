/* Clauses into facts: which of them a rule keeps, of whom, and in what words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "memory-db/model/extract/internal.h"

#define DAY_MS	   86400000LL
#define LINE_BYTES 400

void
draft_done(struct draft *d)
{
	buf_done(&d->attribute);
	buf_done(&d->value);
	buf_done(&d->text);
}

void
facts_speaker(const struct reader *r, char out[NAME_BYTES])
{
	if (r->turn->role == ROLE_PERSON && r->turn->speaker[0])
		render_low(r->turn->speaker, out);
	else
		render_low(r->turn->role == ROLE_ASSISTANT ? "assistant"
							   : r->q->user,
			out);
}

/* --- keeping ------------------------------------------------------------------ */
static int64_t
day_ms(const struct reader *r, int64_t day)
{
	return day * DAY_MS - (int64_t)r->q->zone_minutes * 60000;
}

/* The times that the words of a draft name. */
static void
set_times(const struct reader *r, const struct draft *d, struct extracted *x)
{
	for (int i = 0; i < r->whens_n; i++) {
		const struct when *t = &r->whens[i];

		if (t->first < d->first || t->last >= d->end)
			continue;
		if (t->is_since)
			x->from = day_ms(r, t->from);
		else if (t->is_until)
			x->to = day_ms(r, t->to + 1) - 1;
		if (x->time == EXTRACT_NO_TIME)
			x->time = day_ms(r, t->from);
		if (d->kind == EXTRACT_EVENT && !t->is_until &&
			x->from == EXTRACT_NO_TIME && t->from <= r->today)
			x->from = day_ms(r, t->from);
	}
}

static struct extracted *
new_fact(struct extraction *x)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? x->cap * 2 : 16;
		struct extracted *v = realloc(x->v, cap * sizeof(*v));

		if (!v)
			return NULL;
		x->v = v;
		x->cap = cap;
	}
	x->v[x->n] = (struct extracted){.time = EXTRACT_NO_TIME,
		.from = EXTRACT_NO_TIME,
		.to = EXTRACT_NO_TIME};
	return &x->v[x->n++];
}

static char *
copy(const char *s, size_t n)
{
	char *p = malloc(n + 1);

	if (p) {
		memcpy(p, s, n);
		p[n] = '\0';
	}
	return p;
}

static int
put(struct reader *r, struct draft *d, struct err *e)
{
	const struct spoken *said = r->said;
	struct extracted *x = new_fact(r->x);
	size_t line = said->line_n < LINE_BYTES
			      ? said->line_n
			      : text_cut(said->line, LINE_BYTES);
	const char *from = said->line;

	if (!x)
		return err_nomem(e);
	/* Of a long line, the sentence. */
	if (said->line_n > LINE_BYTES) {
		from = said->s;
		line = text_cut(said->s,
			said->n < LINE_BYTES ? said->n : LINE_BYTES);
	}
	x->kind = d->kind;
	x->subject = copy(d->subject, strlen(d->subject));
	x->text = copy(d->text.data, d->text.len);
	x->attribute = copy(d->attribute.data ? d->attribute.data : "",
		d->attribute.len);
	x->value = copy(d->value.data ? d->value.data : "", d->value.len);
	x->speaker = copy(r->turn->speaker, strlen(r->turn->speaker));
	x->line = copy(from, line);
	x->line_no = said->line_no;
	x->is_person = d->is_person;
	x->is_denied = d->is_denied;
	x->confidence = d->sureness;
	x->said_at = r->turn->at;
	set_times(r, d, x);
	return x->subject && x->text && x->attribute && x->value &&
			       x->speaker && x->line
		       ? 0
		       : err_nomem(e);
}

int
facts_keep(struct reader *r, struct draft *d, struct err *e)
{
	int rc = 0;

	if (d->sureness < SURE_ENOUGH || d->subject[0] == '\0')
		return 0;
	if (d->text.len == 0)
		rc = buf_addf(&d->text, "%.*s%s%.*s", (int)d->attribute.len,
			d->attribute.data ? d->attribute.data : "",
			d->value.len > 0 ? " " : "", (int)d->value.len,
			d->value.data ? d->value.data : "");
	if (rc != 0)
		return err_nomem(e);
	if (d->text.len == 0 || !text_is_utf8(d->text.data, d->text.len))
		return 0;
	if (r->x->n >= r->q->most) {
		r->x->partial = true;
		return 0;
	}
	return put(r, d, e);
}

/* --- of whom ----------------------------------------------------------------------- */
/* "sister Clara": the name in a noun phrase; 0: none. */
static int
name_in(const struct extract_words *w, int first, int end)
{
	for (int i = first + 1; i < end; i++)
		if (w->v[i].flags & W_CAPITAL &&
			clause_is_kin(extract_low(w, i - 1)))
			return i;
	return 0;
}

static bool
noun_is_person(const struct extract_words *w, const struct clause *c)
{
	return clause_is_kin(extract_low(w, c->noun_end - 1)) ||
	       name_in(w, c->noun, c->noun_end) > 0;
}

int
facts_subject(struct reader *r, const struct clause *c, const struct rule *rule,
	struct draft *d)
{
	const struct extract_words *w = &r->w;
	int name;

	d->is_person = true;
	switch (c->who) {
	case WHO_I:
		facts_speaker(r, d->subject);
		return 1;
	case WHO_WE:
		facts_speaker(r, d->subject);
		if (rule->flags & R_WE) {
			render_low(r->q->project, d->subject);
			d->is_person = false;
		}
		return 1;
	case WHO_HE:
		snprintf(d->subject, NAME_BYTES, "%s", r->person);
		d->sureness -= 0.1;
		return r->person[0] != '\0';
	case WHO_NAME:
		render_name(w, c->noun, c->noun_end, d->subject);
		snprintf(r->person, NAME_BYTES, "%s", d->subject);
		d->is_person = (rule->flags & R_THING) == 0;
		return 1;
	case WHO_MY:
		name = name_in(w, c->noun, c->noun_end);
		if (name > 0) {
			render_name(w, name, c->noun_end, d->subject);
			snprintf(r->person, NAME_BYTES, "%s", d->subject);
			return 1;
		}
		facts_speaker(r, d->subject);
		return render_words(r, c->noun, c->noun_end, &d->attribute) == 0
			       ? buf_addc(&d->attribute, ' ') == 0 ? 1 : -1
			       : -1;
	case WHO_OUR:
	case WHO_THING:
		d->is_person = false;
		render_low(r->q->project, d->subject);
		return render_words(r, c->noun, c->noun_end, &d->attribute) == 0
			       ? buf_addc(&d->attribute, ' ') == 0 ? 1 : -1
			       : -1;
	case WHO_NOBODY:
	case WHO_YOU:
	case WHO_IT:
		return 0;
	}
	return 0;
}

/* --- whether a rule holds ------------------------------------------------------------ */
static bool
has_name(const struct extract_words *w, int first, int end)
{
	for (int i = first; i < end; i++) {
		const struct extract_word *x = &w->v[i];

		if (strcmp(x->low, "i") == 0)
			continue;
		if (x->flags & (W_CAPITAL | W_NUMBER))
			return true;
		for (size_t b = 1; b + 1 < x->n; b++)
			if (strchr("._/-@", x->s[b]) != NULL)
				return true;
	}
	return false;
}

static bool
has_number(const struct extract_words *w, int first, int end)
{
	static const char *const numbers =
		"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
		"twenty|thirty|fifty|hundred|thousand|an|half|daily|hourly";

	for (int i = first; i < end; i++)
		if (w->v[i].flags & W_NUMBER ||
			extract_in(extract_low(w, i), numbers))
			return true;
	return false;
}

static bool
has_time(const struct reader *r, int first, int end)
{
	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].first >= first && r->whens[i].last < end)
			return true;
	return false;
}

static bool
has_often(const struct reader *r, const struct clause *c)
{
	static const char *const list =
		"every|daily|weekly|monthly|twice|mornings|evenings|weekends|"
		"mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|"
		"each|nightly|everyday|nights|yearly|regularly|per|hours";

	if (c->often >= 0 || c->is_denied)
		return true;
	for (int i = c->first; i < c->clause_end; i++)
		if (extract_in(extract_low(&r->w, i), list) ||
			extract_match(&r->w, i,
				"in the morning|in the evening|at "
				"night|on weekends|once a|a day|"
				"a week|for breakfast|for lunch|"
				"for dinner|before bed|for fun|"
				"after work|in my free time|in "
				"my spare time") > 0)
			return true;
	return false;
}

/* What one has for long. */
static bool
is_owned(const struct extract_words *w, int first, int end)
{
	static const char *const owned =
		"brother|brothers|sister|sisters|sibling|siblings|kid|kids|child|"
		"children|son|sons|daughter|daughters|twins|twin|baby|wife|husband|"
		"girlfriend|boyfriend|fiance|partner|grandchildren|grandson|"
		"granddaughter|niece|nieces|nephew|nephews|cousin|cousins|stepson|"
		"stepdaughter|grandkids|dog|dogs|cat|cats|puppy|kitten|pet|pets|"
		"parrot|hamster|rabbit|rabbits|horse|horses|chickens|goats|fish|"
		"turtle|tortoise|snake|bees|labrador|beagle|poodle|retriever|house|"
		"apartment|flat|cabin|cottage|garden|farm|car|bike|boat|van|truck|"
		"motorcycle|motorbike|telescope|piano|guitar|allergy|allergies|"
		"asthma|diabetes|adhd|autism|dyslexia|anxiety|depression|migraines|"
		"insomnia|arthritis|epilepsy|celiac|eczema|condition|intolerance|"
		"tinnitus|scoliosis|hypertension|degree|phd|master's|masters|"
		"bachelor's|mba|license|licence|diploma|certificate|certification|"
		"black|tattoo|tattoos|passport|citizenship|green|visa|blog|podcast|"
		"channel|newsletter|website|startup|company|business|shop|"
		"restaurant|bakery|store|employees|engineers|developers|subscribers|"
		"collection|phobia|fear|crush|job|scar|eyes|hair|mortgage|"
		"appointment|interview|exam|flight|surgery|deadline|customers|users|"
		"microservices|services|environments|replicas|nodes|shards|"
		"roommate|roommates|background|membership|subscription|budget|"
		"laptop|macbook|tesla|toyota|honda|standup|retro|demo|pacemaker|"
		"monthly|weekly|daily";

	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), owned))
			return true;
	return false;
}

/* What one buys or gets: a thing, not a feeling. */
static bool
is_thing(const struct reader *r, const struct clause *c, int first, int end)
{
	static const char *const got =
		"job|offer|promotion|raise|degree|tattoo|license|scholarship|"
		"internship|visa|puppy|kitten|dog|cat|car|house|apartment|bike|"
		"tickets|ticket|certification|diploma|laptop|phone|divorce|dogs|"
		"cats|grant|passport|citizenship|phd|mba|role|position|flat|baby";
	const char *low = extract_low(&r->w, first);

	if (strcmp(rules_base(c->verb), "get") == 0) {
		for (int i = first; i < end; i++)
			if (extract_in(extract_low(&r->w, i), got))
				return true;
		return false;
	}
	return extract_in(low,
		       "a|an|the|my|our|two|three|four|some|new|another") ||
	       r->w.v[first].flags & (W_CAPITAL | W_NUMBER);
}

/* A value that says nothing by itself. */
static const char *const empty_starts =
	"it|that|this|them|him|her|you|your|those|these|one|ones|what|how|why|"
	"something|anything|everything|nothing|someone|stuff|things|here|there|"
	"when|where|whatever|yours|us|so|to it|more|less|same|such|which|who|if|"
	"whether|myself|each|other";
static const char *const passing =
	"help|a minute|a hand|a break|a moment|a second|a sec|coffee|some coffee|"
	"some help|some advice|some sleep|advice|info|information|more info|more "
	"time|more information|more details|more context|time|some time|some "
	"rest|rest|sleep|an idea|ideas|a favor|a favour|your help|food|water|a "
	"drink|a nap|to go|to know|to ask|to see|to check|to talk|to say|to "
	"leave|to try|to do|to understand|to find|to look|to help|to think|to "
	"figure|to make sure|to be sure|to get|to give|to take|to tell|to hear|"
	"to have|to be|to add|to fix|to write|to put|to keep|to start|to stop|to "
	"update|to change|to show|to clarify|to point|to mention|to share|to "
	"thank|to run|to set|to use|to let|to stay|to come|to sit|to eat|to run|"
	"to head|to call|to finish|to debug|to test|to send|to remember|to "
	"double|to verify|to confirm|to wait|to work|to pick|to grab|to avoid|to "
	"focus|to hop|to catch|to discuss|to decide|to review|a bit|a lot|the "
	"same|an update|an answer|a quick|suggestions|some ideas|some "
	"suggestions|clarification|some|any|feedback|some feedback|a new one|a "
	"way|the way|the idea|your|an example|examples|a list|a summary|a plan|a "
	"script|a function|a regex|a query|a recipe|a poem|a joke|a "
	"recommendation|recommendations|the sound|the look|the following|fun|the "
	"best|the code|the output|the file|the answer|a solution|to split|to "
	"push|to rename|to remove|to delete|to create|to open|to close|to read";

static bool
is_named_rule(const struct rule *rule, enum tense tense)
{
	return rule->flags & R_NAMED ||
	       (rule->flags & R_PASTNAMED && tense == T_PAST);
}

static bool
fits_tense(const struct rule *rule, const struct clause *c)
{
	unsigned f = rule->flags;

	if (f & R_CANNOT)
		return c->tense == T_CAN && c->is_denied;
	if (f & R_NOT && !c->is_denied)
		return false;
	switch (c->tense) {
	case T_NOW:
		return (f & R_NOW) != 0 ||
		       (c->is_never && (f & (R_PERF | R_PAST)) == 0);
	case T_PAST:
		return (f & (R_PAST | R_PASTNAMED)) != 0;
	case T_GOING_ON:
		return (f & R_ING) != 0;
	case T_PERFECT:
		return (f & (R_PERF | R_PAST)) != 0;
	case T_PERFECT_ON:
		return (f & (R_PERF_ING | R_ING | R_NOW)) != 0;
	case T_CAN:
		return (f & R_CAN) != 0;
	case T_WILL:
		return (f & R_WILL) != 0;
	case T_USED:
		return (f & R_NOW) != 0;
	case T_GOING:
	case T_MUST:
	case T_WOULD:
	case T_MAYBE:
	case T_IS:
	case T_WAS:
	case T_BEEN:
		return false;
	}
	return false;
}

bool
facts_fit_person(const struct reader *r, const struct rule *rule,
	const struct clause *c)
{
	bool thing = c->who == WHO_OUR || c->who == WHO_THING;

	if (c->who == WHO_MY && !noun_is_person(&r->w, c))
		thing = true;
	if (rule->flags & R_WHO && thing)
		return c->who == WHO_OUR && noun_is_person(&r->w, c);
	if (rule->flags & R_THING && !thing && c->who != WHO_NAME)
		return false;
	return true;
}

/* The value from `first` on: *ret_end is where it ends. */
static bool
fits_value(const struct reader *r, const struct rule *rule,
	const struct clause *c, int first, int *ret_end)
{
	const struct extract_words *w = &r->w;
	int end = render_trim(r, first, c->clause_end);
	unsigned f = rule->flags, form = 0;
	bool infinitive =
		extract_is(w, first, "to") &&
		!(w->v[first + 1 < end ? first + 1 : first].flags & W_CAPITAL);

	*ret_end = end;
	if (end - first > VALUE_WORDS)
		return false;
	if (end <= first)
		return (f & R_BARE) != 0;
	if (extract_in(extract_low(w, first), empty_starts) ||
		extract_match(w, first, passing) > 0)
		return false;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), "you|your|yours"))
			return false;
	if (!(f & R_TO) && infinitive)
		return false;
	if (!(f & R_TO) && rules_verb(extract_low(w, first), &form) != 0 &&
		form == FORM_ING && !(f & R_BARE) && rule->words[0] == '\0' &&
		end == first + 1)
		return false;
	if (is_named_rule(rule, c->tense) && !has_name(w, first, end))
		return false;
	if (f & R_NUMBER && !has_number(w, first, end))
		return false;
	if (f & R_OWNS && !is_owned(w, first, end))
		return false;
	if (f & R_THINGS && !is_thing(r, c, first, end))
		return false;
	if (f & R_DATED && !has_time(r, c->first, c->clause_end))
		return false;
	return !(f & R_OFTEN) || has_often(r, c);
}

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
	int rc = 0;

	if (c->lead_end > c->lead && !has_time(r, c->lead, c->lead_end)) {
		rc = buf_addc(&d->value, ' ');
		if (rc == 0)
			rc = render_words(r, c->lead, c->lead_end, &d->value);
	}
	if (rc == 0 && c->reason > 0 &&
		(d->kind == EXTRACT_DECISION || d->kind == EXTRACT_PREFERENCE ||
			d->kind == EXTRACT_TOOL || d->kind == EXTRACT_FIX)) {
		int end = render_trim(r, c->reason, c->reason_end);

		rc = render_words(r, c->reason, end, &d->value);
		d->end = end;
	}
	/* A time in front belongs to it: "In 2019 I moved ..". */
	for (int i = 0; rc == 0 && i < r->whens_n; i++) {
		const struct when *t = &r->whens[i];
		char text[WHEN_BYTES];

		if (t->first < c->first || t->last >= c->phrase)
			continue;
		extract_when_text(&r->w, t, text);
		rc = buf_addf(&d->value, "%s%s", d->value.len > 0 ? " " : "",
			text);
		d->first = t->first;
	}
	return rc;
}

/* A fact of a rule whose verb ends (with its particle) before word `value`. */
static int
keep_verb(struct reader *r, const struct clause *c, const struct rule *rule,
	int value, int end, struct err *e)
{
	AUTO_DRAFT struct draft d = {.kind = rule->kind,
		.sureness = sureness_of(r, rule, c),
		.is_denied = c->is_denied || c->is_never,
		.first = c->verb_at,
		.end = end};
	int rc = facts_subject(r, c, rule, &d);

	if (rc <= 0)
		return rc < 0 ? err_nomem(e) : 0;
	/* Of things, the words as they are: "tests run on". */
	if ((c->who == WHO_OUR || c->who == WHO_THING) && c->tense == T_NOW &&
		!c->is_denied)
		rc = buf_addf(&d.attribute, "%s",
			extract_low(&r->w, c->verb_at));
	else
		rc = render_verb(r, c, &d.attribute);
	if (rc == 0 && value > c->verb_at + 1)
		rc = render_words(r, c->verb_at + 1, value, &d.attribute);
	if (rc == 0)
		rc = render_words(r, value, end, &d.value);
	if (rc == 0)
		rc = facts_rest(r, c, &d);
	return rc != 0 ? err_nomem(e) : facts_keep(r, &d, e);
}

static int
by_verb(struct reader *r, const struct clause *c, struct err *e)
{
	struct rule_fit fit[RULES_FIT];
	int n, end;

	if (c->verb == 0)
		return 0;
	n = rules_of_verb(&r->w, c->verb, c->verb_at + 1, fit);
	for (int i = 0; i < n; i++) {
		int value = c->verb_at + 1 + fit[i].n;

		if (!fits_tense(fit[i].rule, c) ||
			!facts_fit_person(r, fit[i].rule, c) ||
			!fits_value(r, fit[i].rule, c, value, &end))
			continue;
		return keep_verb(r, c, fit[i].rule, value, end, e);
	}
	return 0;
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
	bool dated = has_time(r, c->first, r->w.words);
	bool other = c->who == WHO_NAME;
	bool thing = c->who == WHO_OUR || c->who == WHO_THING;
	bool weak = extract_in(extract_low(&r->w, c->verb_at), transient);
	struct rule own = *rule;
	int end = 0;

	if (c->tense == T_WILL && !dated && !other)
		return 0;
	if (c->tense == T_MUST &&
		(c->who == WHO_I ? weak || !dated : !thing && c->who != WHO_WE))
		return 0;
	if (weak && !dated)
		return 0;
	own.sureness -= dated ? 0 : 8;
	if (!fits_value(r, &own, c, c->verb_at + 1, &end) &&
		(end > c->verb_at + 1 || !dated))
		return 0;
	return keep_verb(r, c, &own, c->verb_at + 1, end, e);
}

/* "would like to learn Rust", "would rather use tabs". */
static int
by_would(struct reader *r, const struct clause *c, struct err *e)
{
	static const struct rule want = {EXTRACT_NEED, "", R_TO | R_WHO, 78};
	static const struct rule prefer = {EXTRACT_PREFERENCE, "", R_TO | R_WHO,
		88};
	const char *low = extract_low(&r->w, c->verb_at);
	const struct rule *rule = extract_in(low, "prefer|rather") ? &prefer
				  : extract_in(low, "like|love")   ? &want
								   : NULL;
	int end;

	if (!rule ||
		(rule == &want && !extract_is(&r->w, c->verb_at + 1, "to")) ||
		!facts_fit_person(r, rule, c) ||
		!fits_value(r, rule, c, c->verb_at + 1, &end))
		return 0;
	return keep_verb(r, c, rule, c->verb_at + 1, end, e);
}

int
facts_of_clause(struct reader *r, const struct clause *c, struct err *e)
{
	size_t had = r->x->n;
	int rc;

	if (c->is_condition || c->tense == T_MAYBE)
		return 0;
	if (c->tense == T_WOULD)
		return by_would(r, c, e);
	rc = by_verb(r, c, e);
	if (rc == 0 && r->x->n == had &&
		(c->tense == T_GOING || c->tense == T_WILL ||
			c->tense == T_MUST))
		rc = by_plan(r, c, e);
	if (rc == 0 && r->x->n == had)
		rc = facts_of_state(r, c, e);
	return rc;
}
