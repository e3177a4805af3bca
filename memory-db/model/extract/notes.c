/* Lines of notes, which say without a sentence what is to be kept.
 *
 *   Decision: use Kafka                          project  decided to use Kafka
 *   Action: Hugo - shard the tests by 4 Sept     hugo     will shard the tests by ..
 *   - [ ] Replace Moment.js (Aisha, due 13 Nov)  aisha    will Replace Moment.js
 *   - [x] Upgrade Postgres to 16 (Chen)          chen     did: Upgrade Postgres to 16
 *   TODO: rotate the keys                        project  to do: rotate the keys
 *   Owner of the app: Fatima                     project  Owner of the app is Fatima */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

/* Words of what stands before a colon, and of what may stand behind it. */
#define KEY_WORDS	   6
#define VALUE_WORDS_OF_KEY 12

/* Is there a colon before word i? */
static bool
has_colon(const struct extract_words *w, int i)
{
	const char *s = w->v[i].s;

	while (s > w->text && (s[-1] == ' ' || s[-1] == '"'))
		s--;
	return s > w->text && s[-1] == ':';
}

static int
decided(struct reader *r, int end, struct err *e)
{
	const struct extract_words *w = &r->w;
	char subject[NAME_BYTES];
	unsigned form = 0;
	int first = 0, verb = rules_verb(extract_low(w, 0), &form);

	sayings_project(r, subject);
	if (extract_in(extract_low(w, 0), "we|i"))
		verb = rules_verb(extract_low(w, ++first), &form);
	return sayings_keep(r, EXTRACT_DECISION, subject,
		verb && form & FORM_BASE ? "decided to" : "decided:", first,
		end, 0.86, e);
}

/* "- Bob to send the report" says so without a heading. */
static bool
is_task_of(const struct reader *r, int end)
{
	const struct extract_words *w = &r->w;
	unsigned form = 0;

	if (!r->said->is_bullet || r->said->section != SECTION_NONE ||
		!(w->v[0].flags & W_CAPITAL) ||
		rules_verb(extract_low(w, 0), &form) != 0 || end < 4)
		return false;
	return extract_is(w, 1, "to") ||
	       (extract_is(w, 2, "to") && w->v[1].flags & W_CAPITAL);
}

/* Where a task ends: its brackets are no part of it. */
static int
task_end(const struct extract_words *w, int from)
{
	for (int i = from; i < w->words; i++)
		if (w->v[i].flags & W_BREAK &&
			!extract_in(extract_low(w, i), "by|due|until"))
			return i;
	return w->words;
}

/* "Bob: send the report", "Bob to send the report", "Bob - ..": the word behind his
 * name, 0: nobody is named. */
static int
task_name(const struct extract_words *w)
{
	static const char *const nobody =
		"we|i|it|they|he|she|you|this|that|all|everyone|everybody";
	unsigned form = 0;
	int k = 0;

	/* "Upgrade Postgres to 16" */
	if (rules_verb(extract_low(w, 0), &form) != 0 && form & FORM_BASE &&
		!people_is_first_name(extract_low(w, 0)))
		return 0;
	while (k < w->words && k < 4 &&
		(w->v[k].flags & W_CAPITAL ||
			extract_in(extract_low(w, k), "and|team")))
		if (k > 0 && w->v[k].flags & W_BREAK)
			break;
		else
			k++;
	if (k == 0 || k >= w->words || extract_in(extract_low(w, 0), nobody))
		return 0;
	return w->v[k].flags & W_BREAK || extract_in(extract_low(w, k),
						  "to|will|should|must")
		       ? k
		       : 0;
}

/* "(Aisha, due Nov 13)" at the end of a task. 0: nobody. */
static int
task_owner(const struct extract_words *w, int at)
{
	const char *s = at < w->words ? w->v[at].s : w->text;

	if (at >= w->words || s == w->text || !(w->v[at].flags & W_CAPITAL))
		return 0;
	return s[-1] == '(' || s[-1] == '@' || s[-1] == '[';
}

static int
task(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int behind = task_name(w), first = 0, end, owner;
	char subject[NAME_BYTES];

	if (behind > 0) {
		render_name(w, 0, behind, subject);
		first = behind + extract_in(extract_low(w, behind),
					 "to|will|should|must");
	} else {
		sayings_project(r, subject);
	}
	end = task_end(w, first + 1);
	owner = end;
	/* "@aisha replace .." stands in front as well. */
	if (behind == 0 && task_owner(w, owner)) {
		int k = owner + 1;

		while (k < w->words && w->v[k].flags & W_CAPITAL &&
			!(w->v[k].flags & (W_COMMA | W_BREAK)))
			k++;
		render_name(w, owner, k, subject);
		behind = 1;
	}
	if (end - first < 2)
		return 0;
	if (r->said->is_done)
		return sayings_keep(r, EXTRACT_EVENT, subject, "did:", first,
			end, 0.8, e);
	return sayings_keep(r, EXTRACT_PLAN, subject,
		behind > 0 ? "will" : "to do:", first, end,
		behind > 0 ? 0.84 : 0.74, e);
}

/* "answer in British English" below "some rules for you:". */
static int
rule_of_list(struct reader *r, int end, struct err *e)
{
	char who[NAME_BYTES];

	if (!r->said->is_bullet && r->said->label == r->said->section)
		return 0;
	facts_speaker(r, who);
	return sayings_keep(r, EXTRACT_INSTRUCTION, who,
		"wants the assistant to follow:", 0, end, 0.82, e);
}

/* "the account holds 3,120 euros", behind "Finances:" */
static bool
is_sentence(const struct extract_words *w, int first, int end)
{
	for (int i = first + 1; i < end; i++)
		if (clause_is_finite(w, i, false, false))
			return true;
	return false;
}

/* "Owner of the mobile app: Fatima", "Budget: 120k": what is known by its name. */
static int
key_and_value(struct reader *r, struct err *e)
{
	static const char *const no_keys =
		"i|we|you|he|she|it|they|if|when|what|how|why|who|where|please|"
		"is|are|was|were|do|does|did|have|has|will|would|can|could|note|"
		"btw|ps|edit|update|hi|hello|hey|thanks|dear|error|warning|info|"
		"said|says|example|e.g|ie|i.e|user|assistant|re|fwd|re|subject|"
		"sorry|yes|no|ok|and|but|so|also|question|idea|ideas|maybe|risk|"
		"risks|present|attendees|apologies|absent|went|improve|good|bad|"
		"problem|todo|step|this|that|these|those|here|there|remember|"
		"from|to|cc|date|time|http|https|traceback|file|line";
	const struct extract_words *w = &r->w;
	int i = extract_in(extract_low(w, 0), "the|our|my"), k = i + 1, end;
	char subject[NAME_BYTES];
	AUTO_BUF struct buf what = {0};

	while (k < w->words && k <= i + KEY_WORDS && !(w->v[k].flags & W_BREAK))
		k++;
	if (k >= w->words || k > i + KEY_WORDS || !has_colon(w, k) ||
		r->turn->role == ROLE_ASSISTANT)
		return 0;
	for (int n = i; n < k; n++)
		if (extract_in(extract_low(w, n), no_keys) ||
			w->v[n].flags & W_COMMA || w->v[n].flags & W_QUOTED)
			return 0;
	/* "Bob: finished the login page" */
	if (clause_note_name(w, 0) > 0)
		return 0;
	end = render_trim(r, k, w->words);
	if (end <= k || end - k > VALUE_WORDS_OF_KEY ||
		(!facts_is_concrete(w, k, end) && !facts_has_time(r, k, end)))
		return 0;
	if (extract_is(w, 0, "my"))
		facts_speaker(r, subject);
	else
		sayings_project(r, subject);
	if (render_words(r, i, k, &what) != 0 ||
		buf_adds(&what, is_sentence(w, k, end) ? ":" : " is") != 0)
		return err_nomem(e);
	if (sayings_keep(r, EXTRACT_TOOL, subject, buf_str(&what), k, end, 0.72,
		    e) != 0)
		return e->code;
	return 1;
}

int
notes_read(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int end = render_trim(r, 0, w->words);
	char subject[NAME_BYTES];

	if (!r->said->is_first || w->words < 2)
		return 0;
	sayings_project(r, subject);
	switch (r->said->section) {
	case SECTION_FIX:
		return end < 2 ? 0
			       : sayings_keep(r, EXTRACT_FIX, subject,
					 "fix:", 0, end, 0.8, e);
	case SECTION_DECISION:
		return end < 2 ? 0 : decided(r, end, e);
	case SECTION_ACTION:
		return task(r, e);
	case SECTION_PREFERENCE:
		return end < 2 ? 0 : rule_of_list(r, w->words, e);
	case SECTION_OTHER:
		return r->said->is_bullet ? key_and_value(r, e) : 0;
	case SECTION_NONE:
		break;
	}
	if (r->said->is_box || is_task_of(r, end))
		return task(r, e);
	return key_and_value(r, e);
}
