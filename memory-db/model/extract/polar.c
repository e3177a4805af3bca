/* Yes and no: the question says it, the answer makes it so.
 *
 *   Liam: are you still closing on mondays?
 *   Noor: yep                                noor  is still closing on mondays
 *   assistant: Do you eat meat?
 *   user: No, never.                         user  does not eat meat
 *
 * The question becomes the sentence that the other one would have said ("I am still
 * closing on mondays"), and the rules read that like any other sentence; what they
 * would not keep of it is not kept of the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"

/* A longer question has more in it than its answer says yes to. */
#define ASKED_WORDS 14

/* "are you", "do you", ..: what the sentence begins with instead, and denied. */
static const struct {
	const char *asks, *is, *is_not;
} turned[] = {
	{"are you", "I am", "I am not"},
	{"do you have", "I have", "I do not have"},
	{"have you got", "I have", "I do not have"},
	{"do you", "I", "I do not"},
	{"did you", NULL, "I did not"},
	{"were you", "I was", "I was not"},
	{"are we", "we are", "we are not"},
	{"do we", "we", "we do not"},
	{"is your", "my", NULL},
	{"are your", "my", NULL},
};

void
polar_note(struct reader *r)
{
	const struct extract_words *w = &r->w;
	struct polar *p = &r->polar_now;
	int i = clause_skip_courtesy(w, 0);

	p->is_there = false;
	if (!w->is_question || w->words - i > ASKED_WORDS || w->words - i < 3)
		return;
	/* "tea or coffee?" is not answered by yes, and "are you sure" says
	 * nothing. */
	for (int k = i; k < w->words; k++)
		if (extract_in(extract_low(w, k),
			    "or|it|this|that|them|there|sure|ok|okay|ready|"
			    "free|mind|want|think|know|mean|need|serious|"
			    "kidding|joking|coming|see|remember|done"))
			return;
	for (size_t k = 0; k < ARRAY_LEN(turned); k++) {
		int n = extract_match(w, i, turned[k].asks);
		AUTO_BUF struct buf rest = {0};
		const char *from;

		if (n == 0)
			continue;
		from = w->v[i + n].s;
		if (i + n >= w->words || strlen(from) >= sizeof(p->rest))
			return;
		snprintf(p->rest, sizeof(p->rest), "%s", from);
		p->rest[strcspn(p->rest, "?")] = '\0';
		/* "is your sister vegan": "my sister is vegan" */
		p->noun_n = turned[k].is_not ? 0 : strcspn(p->rest, " ");
		p->verb = extract_is(w, i, "are") ? "are" : "is";
		p->way = (int)k;
		p->is_there = true;
		return;
	}
}

/* 1: yes, -1: no, 0: neither. */
static int
says(const struct extract_words *w)
{
	static const char *const yes =
		"yes|yep|yeah|yup|yea|ya|sure do|i do|i am|we are|we do|correct|"
		"exactly|that's right|right|indeed|of course|always|absolutely|"
		"definitely|true|yes i am|yes i do|yes we do|yes we are";
	static const char *const no =
		"no|nope|nah|never|not really|not anymore|not any more|no i "
		"don't|i don't|i'm not";
	int n = extract_match(w, 0, no);

	if (n > 0)
		return w->words - n == 0 ||
				       w->v[n].flags & (W_COMMA | W_BREAK) ||
				       extract_in(extract_low(w, n),
					       "never|not|i|we|and|but|sorry")
			       ? -1
			       : 0;
	/* "Do you still help out?" "Every other Sunday." */
	if (extract_match(w, 0,
		    "every|twice|once a|sometimes|mostly|usually|since|on "
		    "weekends|on mondays|on sundays|most days|all the time") >
		0)
		return 1;
	n = extract_match(w, 0, yes);
	return n > 0 && !extract_in(extract_low(w, n), "but|no|not") ? 1 : 0;
}

/* Reads `text` as if the speaker of the turn had said it. */
static int
read_as_said(struct reader *r, const char *text, struct err *e)
{
	struct extract_words *own = malloc(sizeof(*own));
	struct when whens[WHENS];
	struct clause clauses[CLAUSES];
	int whens_n = r->whens_n, n, rc = 0;
	size_t had = r->x->n;

	if (!own)
		return err_nomem(e);
	*own = r->w;
	memcpy(whens, r->whens, sizeof(whens));
	if (extract_words_read(text, strlen(text), &r->w)) {
		people_capitals(r);
		r->whens_n = extract_dates(&r->w, r->today, r->q->us, true,
			r->whens);
		n = clauses_read(&r->w, r->whens, r->whens_n, clauses);
		if (n > 0)
			rc = facts_of_clause(r, &clauses[0], e);
		if (n > 0 && rc == 0 && r->x->n == had)
			rc = frame_clause(r, &clauses[0], e);
	}
	/* Its words point into its own text, which is back as well. */
	r->w = *own;
	memcpy(r->whens, whens, sizeof(whens));
	r->whens_n = whens_n;
	free(own);
	return rc;
}

int
polar_read(struct reader *r, struct err *e)
{
	struct polar *p = &r->polar;
	char text[sizeof(p->rest) + 32];
	int is;

	if (!p->is_there || !r->said->is_first ||
		r->turn->role == ROLE_ASSISTANT || r->w.is_question)
		return 0;
	p->is_there = false;
	is = says(&r->w);
	if (is == 0)
		return 0;
	if (p->noun_n > 0)
		snprintf(text, sizeof(text), "My %.*s %s%s%s", (int)p->noun_n,
			p->rest, p->verb, is < 0 ? " not" : "",
			p->rest + p->noun_n);
	else if (is > 0 && !turned[p->way].is)
		return 0;
	else
		snprintf(text, sizeof(text), "%s %s",
			is > 0 ? turned[p->way].is : turned[p->way].is_not,
			p->rest);
	return read_as_said(r, text, e);
}
