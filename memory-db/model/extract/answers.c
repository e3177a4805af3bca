/* Answers that are no sentences: they say something only with the question of the
 * turn before.
 *
 *   Bob: When is your next appointment?
 *   Ada: On 3 March at 10am.             ada      next appointment is on 3 March ..
 *   assistant: Which library should I use?
 *   user: httpx, please.                 project  uses httpx */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "memory-db/model/extract/internal.h"

/* A longer answer speaks for itself. */
#define ANSWER_WORDS 10

/* "when is your next appointment", "may I have your name": of what somebody has. */
static int
asks_for_noun(const struct extract_words *w, int i, int *ret_end)
{
	bool bare = extract_in(extract_low(w, i), "and|any") &&
		    !extract_in(extract_low(w, i + 1),
			    "what|who|when|where|how|do|is|are|you|i|now");
	int n = extract_match(w, i,
		"when is|when are|what is|what are|who is|who are|where is|"
		"where are|how old is|may i have|may i ask|can i have|could i "
		"have|can you tell me|could you tell me|please tell me|what "
		"was|which is|what about|and what is|and|could i get|can i "
		"get|may i get|is there a|is there|do you have a|any|and who is|"
		"and when is|and where is|how big is|how long is|how much is|"
		"could you give me|can you give me|could you "
		"confirm|can you confirm|please confirm");
	int first = i + n, end = w->words, at;

	if (n == 0)
		return 0;
	/* "Any allergies?", "Is there a phone number?" */
	if (bare ||
		extract_match(w, i, "is there a|is there|do you have a") > 0) {
		bool owned = extract_in(extract_low(w, first), "your|the|a");

		for (int k = first; k < end; k++)
			if (extract_in(extract_low(w, k), "for|in|at|on"))
				end = k;
		if (end - first - owned < 1 || end - first - owned > 3 ||
			rules_noun(w, first + owned, end, false, &at) == NULL)
			return 0;
		*ret_end = end;
		return first + owned;
	}
	if (!extract_in(extract_low(w, first), "your|the"))
		return 0;
	if (end - first < 2 || end - first > 7)
		return 0;
	for (int k = first + 1; k < end; k++)
		if (w->v[k].flags & (W_COMMA | W_BREAK) ||
			extract_in(extract_low(w, k),
				"you|that|this|it|i|we|about|like|mean|is|are|"
				"best|point|difference|problem|matter|plan|"
				"capital|use|way|status|error|log"))
			return 0;
	*ret_end = end;
	return first + 1;
}

/* What the sentence asks, for the turn that answers it. */
int
answers_note(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	struct question *q = &r->asked_now;
	int i = clause_skip_courtesy(w, 0), end = 0, first, n;
	AUTO_BUF struct buf text = {0};
	char room[WORD_BYTES + 4];
	unsigned form = 0;

	*q = (struct question){.is_there = false};
	if (!w->is_question)
		return 0;
	first = asks_for_noun(w, i, &end);
	if (first > 0) {
		if (render_words(r, first, end, &text) != 0 ||
			buf_adds(&text, " is") != 0)
			return err_nomem(e);
		q->is_project = extract_is(w, first - 1, "the");
		q->is_goal = extract_in(extract_low(w, end - 1), "goal|goals");
		if (q->is_project && !rules_noun(w, first, end, true, &n))
			return 0;
	} else if ((n = extract_match(w, i,
			    "when do you|when will you|where do you|what do "
			    "you|when are you|when did you|where did you")) >
			   0 &&
		   rules_verb(extract_low(w, i + n), &form) != 0 &&
		   w->words - i - n <= 2 &&
		   !extract_in(extract_low(w, i + n),
			   "think|mean|want|need|see|say|get|have|do|know")) {
		int verb = rules_verb(extract_low(w, i + n), &form);

		if (form & FORM_ING)
			n = buf_addf(&text, "is %s", extract_low(w, i + n));
		else if (extract_is(w, i + 1, "did"))
			n = buf_adds(&text, rules_past(verb));
		else
			n = buf_adds(&text,
				rules_third(verb, extract_low(w, i + n), room));
		if (n != 0)
			return err_nomem(e);
		q->is_place = extract_is(w, i, "where");
	} else if (extract_in(extract_low(w, i), "which|what") &&
		   w->words - i < 9) {
		/* "which library should I use?" */
		for (int k = i + 2; k + 2 < w->words; k++)
			if (extract_match(w, k,
				    "should i use|should we use|do you use|are "
				    "you using|do we use|shall i use|would you "
				    "use|shall we use") == 3 &&
				k + 3 >= w->words - 2)
				q->is_project = true;
		if (q->is_project && buf_adds(&text, "uses") != 0)
			return err_nomem(e);
	}
	if (text.len == 0) {
		if (asks_frame(r, i, &text) < 0)
			return err_nomem(e);
		q->is_open = text.len > 0;
		q->is_place = extract_is(w, i, "where");
	}
	if (text.len == 0 || text.len >= sizeof(q->text))
		return 0;
	memcpy(q->text, text.data, text.len);
	q->text[text.len] = '\0';
	q->is_there = true;
	return 0;
}

/* Answers that answer nothing. */
static const char *const none =
	"yes|no|nope|yeah|yep|nah|sure|ok|okay|not|none|nothing|maybe|dunno|"
	"unsure|why|what|who|how|idk|hmm|never|you|soon|good|fine|great|well|"
	"depends|it|that|this|they|he|she|there|because|both|either|neither|"
	"whatever|any|anything|thanks|thank|hm|uh|um|haha|lol|oh|ah|up|doing|"
	"much|please|let|just|still|all|same|always|sorry|i|we|my|our|the|a|an|his|her|their";

/* "Four years, in Wroclaw": more of the answer. */
static bool
goes_on(const struct extract_words *w, int i)
{
	if (!(w->v[i].flags & W_COMMA) || w->v[i].flags & W_BREAK ||
		!extract_in(extract_low(w, i),
			"in|at|on|from|with|every|twice|once|near|by|as"))
		return false;
	for (int k = i; k < w->words; k++)
		if (clause_is_finite(w, k, false, false))
			return false;
	return true;
}

/* "How have you been sleeping?" "Badly." */
static bool
is_adverb(const struct extract_words *w, int first, int end)
{
	size_t n = strlen(extract_low(w, first));

	return end == first + 1 && n > 3 &&
	       strcmp(extract_low(w, first) + n - 2, "ly") == 0;
}

static bool
names_a_speaker(const struct reader *r, int first, int end)
{
	for (size_t i = 0; i < r->speakers_n && end == first + 1; i++)
		if (strcasecmp(r->speakers[i], extract_low(&r->w, first)) == 0)
			return true;
	return false;
}

int
answers_read(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	struct question q = r->asked;
	AUTO_DRAFT struct draft d = {.kind = EXTRACT_IDENTITY,
		.sureness = 0.78,
		.is_person = true};
	struct clause clauses[CLAUSES];
	bool dated = r->whens_n > 0 && r->whens[0].first <= 1;
	int first = 0, end;

	r->asked.is_there = false;
	if (!q.is_there || w->is_question || !r->said->is_first ||
		r->turn->role == ROLE_ASSISTANT)
		return 0;
	first = clause_skip_courtesy(w, 0);
	for (end = first + 1; end < w->words; end++)
		if ((w->v[end].flags & (W_COMMA | W_BREAK) &&
			    !(w->v[end].flags & (W_CAPITAL | W_NUMBER)) &&
			    !(q.is_open && goes_on(w, end))) ||
			(q.is_open && extract_in(extract_low(w, end),
					      "since|because|but|so|when|as")))
			break;
	end = render_trim(r, first, end);
	if (end <= first || end - first > ANSWER_WORDS)
		return 0;
	if (!dated && extract_in(extract_low(w, first), none) && !q.is_place &&
		!(q.is_open && extract_in(extract_low(w, first),
				       "the|a|an|my|our|his|her|their|both")))
		return 0;
	/* "No app, a tutor", and a name that is only spoken to. */
	if (q.is_open &&
		((facts_content(w, first, end) == 0 && !dated) ||
			(first > 0 && extract_is(w, first - 1, "no") &&
				!(w->v[first].flags & (W_COMMA | W_BREAK))) ||
			is_adverb(w, first, end) ||
			names_a_speaker(r, first, end)))
		return 0;
	if (!dated && !q.is_place && !q.is_project && !q.is_goal &&
		!q.is_open && !(w->v[first].flags & (W_CAPITAL | W_NUMBER)) &&
		!facts_is_concrete(w, first, end))
		return 0;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i),
			    "i|we|you|it|not|is|are|am|was|yet|sure|know|"
			    "your"))
			return 0;
	if (q.is_project && (end - first > 4 || extract_low(w, first)[0] < 'a'))
		return 0;
	if (clauses_read(w, r->whens, r->whens_n, clauses) > 0 &&
		clauses[0].first <= first && clauses[0].verb_at < end &&
		!q.is_project)
		return 0;
	facts_speaker(r, d.subject);
	if (q.is_project) {
		sayings_project(r, d.subject);
		d.is_person = false;
		d.kind = EXTRACT_TOOL;
	}
	d.first = first;
	d.end = end;
	if (buf_adds(&d.attribute, q.text) != 0 ||
		render_words(r, first, end, &d.value) != 0)
		return err_nomem(e);
	/* "On 3 June" stood in front. */
	if (d.value.len > 0 &&
		extract_in(extract_low(w, first),
			"on|in|at|the|around|about|by|from|since|a|near|next"))
		d.value.data[0] = (char)tolower((unsigned char)d.value.data[0]);
	return d.value.len == 0 ? 0 : facts_keep(r, &d, e);
}
