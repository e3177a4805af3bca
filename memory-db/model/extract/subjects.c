/* Which entity a clause is about, and what stands before its verb then.
 *
 *   "my dog eats grass"        ada      "dog eats grass"
 *   "his name is Tom"          the man who was named last, "name is Tom"
 *   "our CI runs nightly"      project  "CI runs nightly"
 *   "her husband Tom works"    tom      "works": the noun has a name
 *
 * "We" and "our" are the project where the text speaks of work, else the
 * speaker (people.c). */
#include <stdio.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

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

/* "his name", "Bob's contract": of whom, and the noun as the attribute. */
static int
subject_of_his(struct reader *r, const struct clause *c,
	const struct rule *rule, struct draft *d)
{
	int name = facts_name_in(&r->w, c->noun, c->noun_end);
	const struct person *who = &r->person;

	if (c->owner_end > c->owner) {
		render_name(&r->w, c->owner, c->owner_end, d->subject);
		facts_person(r, d->subject, "");
	} else {
		/* "their" may be of many. */
		if (extract_is(&r->w, c->noun - 1, "their") &&
			(rule->flags & R_WHO || who->noun[0] != '\0'))
			return 0;
		who = people_meant(r, c->noun - 1);
		snprintf(d->subject, NAME_BYTES, "%s", who->name);
		d->sureness -= 0.08;
	}
	if (d->subject[0] == '\0')
		return 0;
	/* "her husband Tom works at": it is about Tom. */
	if (name > 0) {
		render_name(&r->w, name, c->noun_end, d->subject);
		return 1;
	}
	if (c->owner_end == c->owner && who->noun[0] != '\0' &&
		buf_addf(&d->attribute, "%s's", who->noun) != 0)
		return -1;
	if (render_words(r, c->noun, c->noun_end, &d->attribute) != 0)
		return -1;
	return buf_addc(&d->attribute, ' ') == 0 ? 1 : -1;
}

/* "It holds 220 people": the thing that the same turn named last. */
static int
subject_of_it(struct reader *r, const struct clause *c, struct draft *d)
{
	if (r->thing[0] == '\0' || c->tense == T_WAS)
		return 0;
	if (r->is_work || r->is_notes) {
		render_low(r->q->project, d->subject);
		d->is_person = false;
	} else {
		facts_speaker(r, d->subject);
	}
	d->sureness -= 0.06;
	return buf_addf(&d->attribute, "%s ", r->thing) == 0 ? 1 : -1;
}

void
facts_note_thing(struct reader *r, const struct clause *c)
{
	static const char *const vague =
		"way|time|bit|lot|look|break|chance|day|week|month|year|while|"
		"moment|thing|things|idea|question|problem|weekend|morning|"
		"evening|afternoon|night|hour|minute|couple|few|reason|rest";
	const struct extract_words *w = &r->w;
	int i = c->verb_at + 1, end;

	if (c->who == WHO_IT) {
		/* "it's the nightly vacuum, it runs at 2" */
		if (c->tense != T_IS || !extract_is(w, c->noun, "it") ||
			!extract_in(extract_low(w, c->verb_at), "the|a|an|my"))
			return;
		i = c->verb_at;
	}
	r->thing[0] = '\0';
	/* The object: "the Aula" of "visited the Aula on Thursday". */
	for (; i < c->clause_end && i < c->verb_at + 4; i++)
		if (extract_in(extract_low(w, i), "a|an|the|my|our"))
			break;
	if (i >= c->clause_end || i >= c->verb_at + 4)
		return;
	for (end = i + 1; end < c->clause_end && end < i + 4; end++)
		if (w->v[end].flags & (W_COMMA | W_BREAK | W_PART) ||
			extract_in(extract_low(w, end),
				"in|on|at|of|for|with|to|from|by|about|and|or|"
				"that|which|who|because|so|but|where|last|next|"
				"this|yesterday|today|tomorrow|called|named"))
			break;
	/* "I adopted a dog. His name is .." */
	if (extract_in(extract_low(w, end - 1),
		    "dog|cat|puppy|kitten|horse|parrot|rabbit|hamster|pet") &&
		(c->who == WHO_I || c->who == WHO_WE)) {
		char speaker[NAME_BYTES];

		facts_speaker(r, speaker);
		facts_person(r, speaker, extract_low(w, end - 1));
	}
	if (end == i + 1 || clause_is_kin(extract_low(w, end - 1)) ||
		extract_in(extract_low(w, end - 1), vague) ||
		facts_content(w, i + 1, end) == 0)
		return;
	render_name(w, i + 1, end, r->thing);
}

static bool
is_of_friends(const struct reader *r, const struct clause *c)
{
	int at;

	return !r->is_work && !r->is_notes &&
	       rules_noun(&r->w, c->noun, c->noun_end, true, &at) == NULL &&
	       !people_is_of_work(&r->w, c->noun, c->noun_end);
}

static int subject_of(struct reader *r, const struct clause *c,
	const struct rule *rule, struct draft *d);

/* "Jonas takes over from me": of Jonas, "takes over from Petra". */
static void
note_me(struct reader *r, const struct clause *c, const struct draft *d)
{
	char speaker[NAME_BYTES];

	facts_speaker(r, speaker);
	if ((c->who == WHO_NAME || c->who == WHO_HE || c->who == WHO_HIS ||
		    c->who == WHO_MY) &&
		d->is_person && strcmp(speaker, d->subject) != 0 &&
		r->turn->role != ROLE_ASSISTANT)
		r->me = r->turn->speaker[0] ? r->turn->speaker : "the user";
}

int
facts_subject(struct reader *r, const struct clause *c, const struct rule *rule,
	struct draft *d)
{
	int rc;

	r->me = NULL;
	rc = subject_of(r, c, rule, d);
	if (rc > 0)
		note_me(r, c, d);
	return rc;
}

/* "Tough times can ..", "Gather documents": the first word of a sentence has a
 * capital, and no name is like these. */
static bool
is_no_name(const struct reader *r, const struct clause *c)
{
	static const char *const words =
		"tough|good|great|nice|such|many|most|some|new|mixed|excited|hard|"
		"being|having|gather|talked|big|small|little|real|true|more|few|"
		"several|other|same|different|amazing|awesome|cool|fun|best|worst|"
		"better|worse|good|bad|happy|sad|glad|lucky|sorry|sure|only|just|"
		"even|every|each|any|no|all|both|half|early|late|late|old|young";
	const char *low = extract_low(&r->w, c->noun);
	size_t n = strlen(low);
	unsigned form = 0;

	if (c->noun != 0 || c->noun_end != 1 || people_is_first_name(low) ||
		c->is_elided)
		return false;
	return extract_in(low, words) ||
	       (n > 5 && strcmp(low + n - 3, "ing") == 0 &&
		       rules_verb(low, &form) != 0);
}

static int
subject_of(struct reader *r, const struct clause *c, const struct rule *rule,
	struct draft *d)
{
	const struct extract_words *w = &r->w;
	const struct person *who;
	int name;

	d->is_person = true;
	switch (c->who) {
	case WHO_I:
		if (c->is_elided && r->line_person[0] != '\0')
			snprintf(d->subject, NAME_BYTES, "%s", r->line_person);
		else
			facts_speaker(r, d->subject);
		return 1;
	case WHO_WE:
		facts_speaker(r, d->subject);
		if ((rule->flags & R_WE && r->is_work) ||
			(r->is_notes && c->is_elided)) {
			render_low(r->q->project, d->subject);
			d->is_person = false;
		}
		return 1;
	case WHO_HE:
		who = people_meant(r, c->noun);
		snprintf(d->subject, NAME_BYTES, "%s", who->name);
		d->sureness -= 0.1;
		if (who->noun[0] != '\0' &&
			buf_addf(&d->attribute, "%s ", who->noun) != 0)
			return -1;
		return who->name[0] != '\0';
	case WHO_HIS:
		return subject_of_his(r, c, rule, d);
	case WHO_NAME:
		if (is_no_name(r, c))
			return 0;
		render_name(w, c->noun, c->noun_end, d->subject);
		d->is_person = (rule->flags & R_THING) == 0;
		if (c->is_elided && d->is_person)
			snprintf(r->line_person, NAME_BYTES, "%s", d->subject);
		if (d->is_person)
			facts_person(r, d->subject, "");
		return 1;
	case WHO_MY:
		name = facts_name_in(w, c->noun, c->noun_end);
		if (name > 0) {
			render_name(w, name, c->noun_end, d->subject);
			facts_person(r, d->subject, "");
			return 1;
		}
		facts_speaker(r, d->subject);
		if (render_words(r, c->noun, c->noun_end, &d->attribute) != 0 ||
			!buf_str(&d->attribute))
			return -1;
		if (facts_noun_is_person(w, c))
			facts_person(r, d->subject, d->attribute.data);
		return buf_addc(&d->attribute, ' ') == 0 ? 1 : -1;
	case WHO_OUR:
	case WHO_THING:
		/* Friends speak of their own: "the kids", "the boiler". */
		if ((facts_noun_is_person(w, c) || facts_is_private(r, c) ||
			    is_of_friends(r, c)) &&
			(c->who == WHO_THING || facts_is_private(r, c) ||
				is_of_friends(r, c) ||
				extract_is(w, c->noun - 1, "our")) &&
			!extract_in(extract_low(w, c->noun_end - 1),
				"team|company|client|lead")) {
			struct clause mine = *c;

			mine.who = WHO_MY;
			return subject_of(r, &mine, rule, d);
		}
		d->is_person = false;
		render_low(r->q->project, d->subject);
		if (render_words(r, c->noun, c->noun_end, &d->attribute) != 0)
			return -1;
		return buf_addc(&d->attribute, ' ') == 0 ? 1 : -1;
	case WHO_IT:
		if (extract_is(w, c->noun, "it"))
			return subject_of_it(r, c, d);
		/* "they use SAP", in the notes of a call with a client */
		if (!r->is_notes || !extract_is(w, c->noun, "they"))
			return 0;
		d->is_person = false;
		render_low(r->q->project, d->subject);
		return 1;
	case WHO_NOBODY:
	case WHO_YOU:
		return 0;
	}
	return 0;
}
