/* From a conversation to its facts. What a sentence means depends on what was
 * said before: after "When is your flight?" the answer "On 3 March" is a fact
 * of its own. struct reader keeps that. Each sentence is shown to those who
 * may be done with it (ways[]); what they leave is taken apart into clauses. */
#include "memory-db/model/extract/extract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"
#include "memory-db/model/order/lexicon.h"

#define DAY_MS 86400000LL

const char *
extract_kind_name(enum extract_kind kind)
{
	static const char *const names[EXTRACT_KIND_MAX] = {"preference",
		"need", "habit", "decision", "plan", "identity", "place",
		"event", "relation", "tool", "fix", "instruction"};

	return names[kind];
}

static void
free_fact(struct extracted *x)
{
	free(x->subject);
	free(x->name);
	free(x->text);
	free(x->attribute);
	free(x->value);
	free(x->speaker);
	free(x->line);
}

void
extract_done(struct extraction *x)
{
	for (size_t i = 0; i < x->n; i++)
		free_fact(&x->v[i]);
	free(x->v);
	*x = (struct extraction){0};
}

static int64_t
day_of(int64_t ms, int zone_minutes)
{
	int64_t local = ms + (int64_t)zone_minutes * 60000;

	return (local >= 0 ? local : local - DAY_MS + 1) / DAY_MS;
}

/* Does the sentence tell of what is to come? */
static bool
looks_ahead(const struct extract_words *w)
{
	for (int i = 0; i < w->words; i++) {
		const char *low = extract_low(w, i);
		unsigned form = 0;

		if (extract_in(low,
			    "will|going|by|plan|plans|planning|next|due|"
			    "deadline|until|scheduled|tomorrow|need|needs|"
			    "must|is|are|am|expires|ships|starts|ends|"
			    "postponed|rescheduled|delayed|scheduled|"
			    "planned|booked|moves|joins|leaves|turns|"
			    "opens|closes|begins|launches|till|tickets|"
			    "reservation") ||
			extract_match(w, i,
				"been moved|been pushed|got moved|got pushed|was moved|was pushed|pushed to|have got|has "
				"got|wish me|fingers crossed|have my|have an "
				"appointment") > 0)
			return true;
		/* "I meant 5 June" */
		if (strcmp(low, "meant") == 0)
			continue;
		if (extract_in(low, "was|has|have") &&
			extract_in(extract_low(w, i + 1),
				"agreed|decided|booked|scheduled|approved"))
			continue;
		/* "Agreed to freeze on 31 January" */
		if (extract_in(low,
			    "agreed|decided|booked|scheduled|planned|signed|"
			    "approved|registered|promised|invited"))
			return true;
		if (rules_verb(low, &form) != 0 && form & FORM_PAST &&
			(!(form & FORM_BASE) || extract_in(low, "quit|split")))
			return false;
	}
	return true;
}

static bool
is_joke(const struct extract_words *w)
{
	for (int i = 0; i < w->words; i++)
		if (extract_match(w, i,
			    "just kidding|jk|kidding|joking|just "
			    "joking|j/k|not really") > 0)
			return true;
	return false;
}

/* What was said in jest is taken back: the facts of the turn, or of the one
 * before it by the same speaker. */
static void
take_back(struct reader *r)
{
	struct extraction *x = r->x;
	size_t last = 0;

	for (size_t i = x->n; i-- > 0 && last == 0;)
		if (strcmp(x->v[i].speaker, r->turn->speaker) == 0)
			last = x->v[i].turn;
	for (size_t i = x->n; i-- > 0 && x->v[i].turn + 4 > r->turn_no;)
		if (x->v[i].turn == last)
			x->v[i].is_gone = true;
}

/* "because I don't have a car": what a reason says, when no fact has it. */
static int
read_reason(struct reader *r, const struct clause *c, struct err *e)
{
	struct clause why = {.first = c->reason, .end = c->reason_end};

	why.phrase = clause_subject(&r->w, c->reason + 1, c->reason_end, &why);
	if (why.phrase == 0 || why.who == WHO_IT || why.who == WHO_THING ||
		!clause_phrase(&r->w, c->reason_end, &why))
		return 0;
	why.clause_end = c->reason_end;
	return facts_of_clause(r, &why, e);
}

/* What a clause has is not read again: of one that says nothing, up to the next mark;
 * behind a condition, nothing is meant. */
static void
note_read(struct reader *r, const struct clause *c, bool is_kept)
{
	int end = c->is_condition ? r->w.words : c->clause_end;

	for (int i = c->first; i < end; i++) {
		if (!is_kept && !c->is_condition && i > c->verb_at &&
			r->w.v[i].flags & (W_COMMA | W_BREAK))
			return;
		/* "a dog named Rex who is allergic to chicken" */
		if (i > c->verb_at && extract_is(&r->w, i, "who"))
			return;
		r->read[i] = true;
	}
}

static int
read_clause(struct reader *r, const struct clause *c, struct err *e)
{
	size_t had = r->x->n;
	int rc = facts_of_clause(r, c, e);
	enum extract_kind kind;

	if (rc != 0)
		return rc;
	if (r->x->n == had) {
		rc = frame_clause(r, c, e);
		if (rc != 0)
			return rc;
	}
	kind = r->x->n > had ? r->x->v[r->x->n - 1].kind : EXTRACT_EVENT;
	note_read(r, c, r->x->n > had);
	facts_note_thing(r, c);
	/* "My mom had the same. She lives with us." */
	if (c->who == WHO_MY &&
		clause_is_kin(extract_low(&r->w, c->noun_end - 1)) &&
		c->noun_end - c->noun < 3) {
		AUTO_BUF struct buf noun = {0};
		char speaker[NAME_BYTES];

		facts_speaker(r, speaker);
		if (render_words(r, c->noun, c->noun_end, &noun) != 0)
			return err_nomem(e);
		facts_person(r, speaker, buf_str(&noun));
	}
	/* "My mum's birthday .. and she" */
	if (c->who == WHO_MY && clause_is_kin(extract_low(&r->w, c->noun)) &&
		extract_is(&r->w, c->noun + 1, "'s")) {
		char speaker[NAME_BYTES];

		facts_speaker(r, speaker);
		facts_person(r, speaker, extract_low(&r->w, c->noun));
	}
	if (c->reason == 0 || c->is_condition || kind == EXTRACT_DECISION ||
		kind == EXTRACT_PREFERENCE || kind == EXTRACT_TOOL ||
		kind == EXTRACT_FIX)
		return 0;
	return read_reason(r, c, e);
}

static int
read_clauses(struct reader *r, struct err *e)
{
	struct clause clauses[CLAUSES];
	int n = clauses_read(&r->w, r->whens, r->whens_n, clauses), rc;

	people_named_note(r);
	for (int i = 0; i < n; i++) {
		rc = read_clause(r, &clauses[i], e);
		if (rc != 0)
			return rc;
	}
	if (n == 0) {
		rc = facts_of_fragment(r, e);
		if (rc != 0)
			return rc;
	}
	rc = pieces_read(r, clauses, n, e);
	return rc != 0 ? rc : people_named_kin(r, e);
}

/* A birthday is on its day of every year. */
static void
keep_yearly(struct reader *r)
{
	for (int i = 0; i < r->w.words; i++)
		if (extract_in(extract_low(&r->w, i),
			    "birthday|birthdays|anniversary|christmas|easter"))
			for (int k = 0; k < r->whens_n; k++)
				if (r->whens[k].is_named)
					r->whens[k].is_relative = false;
}

/* "the first Thursday of each month" is no day. */
static void
drop_monthly(struct reader *r)
{
	int n = 0;

	for (int k = 0; k < r->whens_n; k++)
		if (extract_match(&r->w, r->whens[k].last + 1,
			    "of each|of every|of the month|of a month") == 0)
			r->whens[n++] = r->whens[k];
	r->whens_n = n;
}

/* "Mr Behrens reported that the repair cost 14,200": of minutes, what was reported. */
static void
drop_reporter(struct reader *r)
{
	struct extract_words *w = &r->w;
	int i = 0;

	if (!r->is_notes)
		return;
	while (i < 4 && i < w->words && w->v[i].flags & W_CAPITAL &&
		!(i > 0 && w->v[i].flags & (W_COMMA | W_BREAK)))
		i++;
	if (i == 0 || i + 3 >= w->words ||
		!extract_in(extract_low(w, i),
			"reported|announced|noted|explained|confirmed|stated|"
			"informed|mentioned|said|reminded") ||
		!extract_is(w, i + 1, "that"))
		return;
	i += 2;
	w->words -= i;
	memmove(w->v, w->v + i, (size_t)w->words * sizeof(w->v[0]));
	w->v[0].flags &= ~(unsigned)(W_COMMA | W_BREAK);
}

static int
read_sentence(struct reader *r, struct err *e)
{
	/* Each may be done with the sentence: 1. */
	static int (*const ways[])(struct reader *,
		struct err *) = {answers_note, answers_read, correct_read,
		sayings_read};

	int rc;

	if (r->said->is_quoted ||
		!extract_words_read(r->said->s, r->said->n, &r->w))
		return 0;
	/* "when do you close": in chats the mark is saved. */
	r->w.is_question |=
		extract_in(extract_low(&r->w, 0),
			"what|where|when|why|how|who|which|whats|wheres") &&
		extract_in(extract_low(&r->w, 1),
			"do|does|did|are|is|was|were|can|will|would|have|has") &&
		extract_in(extract_low(&r->w, 2),
			"you|we|they|he|she|it|i|your|that");
	drop_reporter(r);
	people_capitals(r);
	r->whens_n = extract_dates(&r->w, r->today, r->q->us,
		looks_ahead(&r->w), r->whens);
	keep_yearly(r);
	drop_monthly(r);
	if (r->said->line_no == r->head_line)
		return 0;
	if (r->said->is_first)
		r->line_person[0] = '\0';
	people_asked_of(r);
	rc = polar_read(r, e);
	if (rc != 0)
		return rc;
	memset(r->read, 0, sizeof(r->read));
	polar_note(r);
	people_told(r);
	if (is_joke(&r->w) && r->w.words < 8) {
		take_back(r);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		rc = ways[i](r, e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return read_clauses(r, e);
}

static bool
is_late(const struct reader *r)
{
	return r->q->deadline_ns != 0 && clock_mono_ns() > r->q->deadline_ns;
}

/* The day in the head of minutes: "Standup 2026-03-02", "Call with Acme, 3 Nov". */
static void
read_head(struct reader *r, const struct turn *turn)
{
	struct extract_words w;
	struct when whens[WHENS];
	const char *s = turn->text, *end;

	if (turn->speaker[0] != '\0' || turn->role != ROLE_USER ||
		turn->at != EXTRACT_NO_TIME)
		return;
	for (int i = 0; i < 2; i++) {
		size_t left = turn->n - (size_t)(s - turn->text), n;

		end = memchr(s, '\n', left);
		n = end ? (size_t)(end - s) : left;
		/* A heading is short and no sentence. */
		if (n > 0 && n < 90 && s[n - 1] != '.' && end &&
			extract_words_read(s, n, &w) &&
			extract_dates(&w, r->today, r->q->us, false, whens) >
				0 &&
			whens[0].grain == WHEN_DAY && w.words < 10 &&
			!extract_in(extract_low(&w, 0), "i|we|my|our|the")) {
			r->today = whens[0].from;
			r->head_line = turn->line_no + (size_t)i;
			return;
		}
		if (!end)
			return;
		s = end + 1;
	}
}

static int
read_turn(struct reader *r, const struct turn *turn, struct err *e)
{
	struct speech l;
	struct spoken said;
	int64_t at = turn->at != EXTRACT_NO_TIME ? turn->at : r->q->at;
	size_t from = r->x->n;
	int rc;

	r->turn = turn;
	r->thing[0] = '\0';
	r->today = day_of(at, r->q->zone_minutes);
	if (r->turn_no == 0)
		read_head(r, turn);
	else if (turn->at == EXTRACT_NO_TIME && r->head != 0)
		r->today = r->head;
	if (r->turn_no == 0)
		r->head = r->today;
	people_turn(r);
	if (turn->role != ROLE_ASSISTANT)
		snprintf(r->last_speaker, sizeof(r->last_speaker), "%s",
			turn->speaker);
	r->last = r->now;
	r->asked = r->asked_now;
	r->asked_now.is_there = false;
	r->polar = r->polar_now;
	r->polar_now.is_there = false;
	r->now = (struct proposal){.is_there = false};
	if (turn->role == ROLE_OTHER)
		return 0;
	r->turn_no++;
	speech_begin(&l, turn);
	l.is_doubted = r->x->foreign > r->x->lines;
	while (!r->x->partial && speech_next(&l, &said)) {
		if (is_late(r)) {
			r->x->partial = true;
			break;
		}
		r->said = &said;
		rc = read_sentence(r, e);
		if (rc != 0)
			return rc;
	}
	r->x->lines += l.read;
	r->x->foreign += l.foreign;
	r->x->pasted += l.pasted;
	return correct_settle(r->x, from, e);
}

static size_t
lines_of(const char *s, size_t n)
{
	size_t lines = 1;

	for (size_t i = 0; i + 1 < n; i++)
		lines += s[i] == '\n';
	return lines;
}

/* Takes out what was taken back. */
static void
sweep(struct extraction *x)
{
	struct extraction rest = {.v = x->v};

	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].is_gone)
			free_fact(&x->v[i]);
		else
			rest.v[rest.n++] = x->v[i];
	x->n = rest.n;
}

/* All that the turns say, as far as the bounds of the request reach. */
static int
read_turns(struct reader *r, const struct turns *turns, struct err *e)
{
	const struct extract_request *q = r->q;

	r->is_work = people_at_work(q->text, q->n);
	r->is_notes = turns->n == 1 && turns->v[0].speaker[0] == '\0' &&
		      lines_of(q->text, q->n) > 2;
	for (size_t i = 0; i < turns->n; i++)
		r->has_assistant =
			r->has_assistant || turns->v[i].role == ROLE_ASSISTANT;
	for (size_t i = 0; i < turns->n; i++) {
		int rc = read_turn(r, &turns->v[i], e);

		if (rc != 0 || r->x->partial)
			return rc;
	}
	return 0;
}

int
extract_facts(const struct extract_request *q, struct extraction *ret,
	struct err *e)
{
	AUTO_FREE struct reader *r = calloc(1, sizeof(*r));
	struct turns turns = {0};
	int rc;

	*ret = (struct extraction){0};
	if (!r || lexicon_ready() != 0)
		return err_nomem(e);
	r->q = q;
	r->x = ret;
	rc = turns_read(q, &turns, e);
	if (rc == 0)
		rc = read_turns(r, &turns, e);
	sweep(ret);
	turns_done(&turns);
	return rc != 0 ? rc : written_names(q, ret, e);
}
