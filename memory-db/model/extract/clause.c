/* A sentence as clauses. clause.h says what a clause is, with an example.
 *
 * A sentence is walked from left to right. At each place three questions are
 * asked: what may be skipped in front ("Actually,", "last year"), who is
 * spoken of, and which verb follows. A clause that has all three is taken, and
 * the walk goes on behind it; otherwise it goes on at the next word that may
 * begin a clause.
 *
 *   "Last year we moved to Rome and bought a boat, because we like the sea."
 *    lead      who  verb               verb of the    reason of that
 *                                      same "we"      clause
 *
 * The second clause inherits its subject from the first one: "bought" stands
 * in the form of "moved" and no subject stands before it (goes_on). In chats a
 * subject is often left out altogether: "Finished the search page" is told of
 * the speaker (is_elided). */
#include "memory-db/model/extract/clause.h"

#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"

#define LEAD_WORDS 8

static const char *const courtesy =
	"note that|keep in mind that|fyi|just so you know|heads up|for context|be aware that|so|well|oh|ah|yeah|yes|yep|yup|ok|okay|yea|ya|thx|ty|sweet|ofc|morning|good morning|actually no|anyway|anyways|btw|by the way|"
	"actually|honestly|frankly|hey|hi|hello|and|but|also|plus|fyi|for the "
	"record|just so you know|so you know|as you know|remember that|remember|"
	"note that|please note that|please note|please remember that|please "
	"remember|keep in mind that|keep in mind|bear in mind that|mind you|just fyi|quick fyi|i should mention that|i should mention|i "
	"should add that|i should say that|i must admit|i have to say|i mean|to "
	"be honest|to be fair|in fact|of course|thing is|the thing is|turns out "
	"that|turns out|it turns out that|it turns out|i think that|i think|i "
	"believe that|i believe|i'd say|i would say|tbh|like i said|as i said|as "
	"i mentioned|i told you that|you should know that|one thing|another "
	"thing|first|firstly|second|secondly|finally|lastly|thanks|thank you|"
	"great|good|nice|cool|right|sure|perfect|awesome|haha|lol|wow|hmm|um|uh|"
	"no|nope|wait|sorry|correction|update|small update|quick update|quick "
	"note|note to self|reminder|just a reminder|just|personally|basically|"
	"generally|in general|overall|normally|currently|right now|now|these "
	"days|nowadays|lately|recently|at the moment|for now|since then|today|as "
	"for me|for me|for context|some context|background|a bit about me|about "
	"me|in my case|fwiw|for what it's worth|as of now|as of today|good news|"
	"guess what|you know|you know what|did you know that|did you know|see|"
	"look|listen|again|still|then|yay|alright|all right|unfortunately|"
	"luckily|fortunately|sadly|happily|obviously|clearly|apparently|in any "
	"case|either way|after all|in the end|eventually|to clarify|to be clear|"
	"to recap|to summarize|to sum up|in short|long story short|last thing|"
	"meanwhile|also note that|also remember that|and also|oh and|one more "
	"thing|make a note that|make a note|save this|remember this|don't "
	"forget that|please don't forget that|for reference|for future "
	"reference|for your information|not sure if i mentioned but|like|same|"
	"exactly|true|agreed|decided|confirmed|done|fair|makes sense|got it|"
	"indeed|either|too|because|hm|ugh|phew|god|man|dude|guys|folks|team|all|"
	"everyone|mate|buddy|my bad|no worries|absolutely|definitely|ever since|"
	"fun fact|true story|seriously|as usual|yesterday|though|even though|"
	"although|from now on|going forward|as of today|anyhow|heads up|quick heads up|it's official|congrats";

int
clause_skip_courtesy(const struct extract_words *w, int i)
{
	for (int n = extract_match(w, i, courtesy); n > 0;
		n = extract_match(w, i, courtesy))
		i += n;
	return i;
}

/* --- sentences into clauses ------------------------------------------------------- */
static const char *const reasons =
	"because|since|as|due to|so that|given that|"
	"given|in order to|thanks to|cause|cuz|'cause";

/* Is word i the first of a reason? "since" and "as" only before a subject. */
static bool
is_reason(const struct extract_words *w, int i, int end)
{
	if (extract_in(extract_low(w, i), "since|as"))
		return extract_in(extract_low(w, i + 1),
			       "i|we|it|they|he|she|there|our|the|my|that|this") &&
		       clause_starts(w, i + 1, end);
	return extract_match(w, i, reasons) > 0;
}

/* "no toast please i hate avocado": where people write without marks, a second
 * sentence begins with its "I". */
static bool
starts_anew(const struct extract_words *w, int i)
{
	static const char *const not_behind =
		"that|if|when|what|where|who|whom|which|because|since|as|than|"
		"like|how|why|while|before|after|once|until|unless|whether|of|"
		"think|thought|know|guess|hope|wish|said|say|says|believe|bet|"
		"swear|time|way|thing|place|one|everything|all|something|"
		"anything|things|reason|day|moment|for|to|in|on|at|with|and|"
		"or|only|not|feel|mean|suppose|sure|told|where|cause|did|do|"
		"am|can|should|could|would|may|will|have|had|is|was|so|but";

	return i > 1 && extract_is(w, i, "i") &&
	       extract_in(extract_low(w, i + 1),
		       "hate|love|prefer|live|work|am|have|do|use|need|want|"
		       "like|can|moved|got|bought|started|always|never|will|"
		       "usually|also|was|collect|play|drink|eat|study|speak") &&
	       !extract_in(extract_low(w, i - 1), not_behind);
}

int
clause_begins(const struct extract_words *w, int i, int end)
{
	const char *low = extract_low(w, i);
	bool mark = (w->v[i].flags & (W_COMMA | W_BREAK)) != 0;
	int k = i;

	if (w->v[i].flags & W_BREAK)
		return i;
	if (starts_anew(w, i))
		return i;
	if (extract_in(low, "but|however|whereas|yet|although|though"))
		return i + 1;
	/* ", so mind the cake" */
	if (strcmp(low, "so") == 0 && w->v[i].flags & W_COMMA &&
		!extract_is(w, i + 1, "that"))
		return i + 1;
	if (extract_in(low, "and|so|then|plus|while"))
		k = i + 1 + extract_in(extract_low(w, i + 1), "then|also|now");
	else if (!mark)
		return 0;
	k += extract_match(w, k, "actually|also|now|in fact|instead|currently");
	if (k >= end)
		return 0;
	if (extract_in(extract_low(w, k), "i|we|he|she") ||
		(k == i && extract_in(extract_low(w, k),
				   "you|they|anything|everything|nothing")))
		return k;
	/* "The base URL is X, auth is Y" */
	if (k == i && (w->v[k].flags & W_CAPITAL) == 0 &&
		!extract_in(extract_low(w, k), "my|our|the|it") &&
		!clause_is_own_kin(extract_low(w, k)) &&
		!extract_in(extract_low(w, k + 1),
			"is|are|was|were|must|has|have|can|will|needs|runs|uses"))
		return 0;
	return clause_starts(w, k, end) ? k : 0;
}

/* "and work at Acme": a verb in the form of the one before. */
static bool
goes_on(const struct extract_words *w, int i, const struct clause *c)
{
	struct rule_fit fit[RULES_FIT];
	unsigned form = 0;
	int k = i + 1, verb, n;

	/* "in Vienna, working at the library" */
	if ((c->tense == T_IS || c->tense == T_GOING_ON) &&
		(w->v[i].flags & W_COMMA || extract_is(w, i, "and"))) {
		k = i + extract_is(w, i, "and");
		verb = rules_verb(extract_low(w, k), &form);
		if (verb != 0 && form & FORM_ING &&
			rules_of_verb(w, verb, k + 1, fit) > 0)
			return true;
		k = i + 1;
	}
	/* "found a flat, moving in June": of what comes, not "read a book,
	 * sitting in the sun" */
	if (w->v[i].flags & W_COMMA && c->tense == T_PAST &&
		extract_in(extract_low(w, i),
			"moving|starting|leaving|flying|joining|heading|"
			"planning|bringing") &&
		i + 1 < w->words)
		return true;
	if (!extract_in(extract_low(w, i), "and|but|then"))
		return false;
	k += extract_match(w, k,
		"also|always|usually|often|never|then|now|still");
	k += extract_match(w, k, "don't|do not|does not|did not");
	if (extract_in(extract_low(w, k), "am|is|have|has|was") &&
		(c->who == WHO_I || c->who == WHO_WE || c->who == WHO_HE ||
			c->who == WHO_NAME || c->who == WHO_MY))
		return true;
	verb = rules_verb(extract_low(w, k), &form);
	if (verb == 0 || c->tense == T_GOING_ON || c->tense > T_PERFECT_ON)
		return false;
	if (c->tense == T_PAST && !(form & FORM_PAST) && k == i + 1)
		return false;
	if (c->tense == T_NOW && k == i + 1 &&
		!(form & (c->who == WHO_I || c->who == WHO_WE ? FORM_BASE
							      : FORM_THIRD)) &&
		!(form & FORM_PAST))
		return false;
	/* "painted the hall and hired a gardener" */
	if (rules_general(verb) == 1 && c->tense == T_PAST &&
		form & FORM_PAST &&
		extract_in(extract_low(w, k + 1),
			"a|an|the|my|our|his|her|two|three|four|to|into|from|"
			"some|all"))
		return true;
	/* "likes to read and write": needs a particle or an object. */
	n = rules_of_verb(w, verb, k + 1, fit);
	return n > 0 && k + 1 < w->words &&
	       (fit[0].n > 0 || !extract_is(w, c->verb_at + 1, "to"));
}

/* Where what is said of the subject ends, from its verb on. */
static int
clause_end(const struct extract_words *w, int end, struct clause *c)
{
	for (int i = c->verb_at + 1; i < end; i++) {
		if (c->is_elided && w->v[i].flags & W_COMMA &&
			extract_is(w, i, "will"))
			return i;
		if (is_reason(w, i, end) && c->reason == 0) {
			c->reason = i;
			c->reason_end = end;
			for (int k = i + 1; k < end; k++)
				if (clause_begins(w, k, end) > 0 &&
					(w->v[k].flags & W_COMMA ||
						extract_in(extract_low(w, k),
							"but|so"))) {
					c->reason_end = k;
					break;
				}
			return i;
		}
		if (extract_in(extract_low(w, i), "if|unless") ||
			clause_begins(w, i, end) > 0 || goes_on(w, i, c)) {
			/* "small PRs, if you can" */
			if (extract_in(extract_low(w, i), "if|unless") &&
				extract_match(w, i + 1,
					"you can|possible|needed|necessary|you "
					"want|you like|that helps|so|you "
					"don't mind|i remember|i recall|"
					"i'm not mistaken|anyone|at all|that "
					"matters|you wonder|you ask me") == 0)
				c->is_condition = true;
			return i;
		}
	}
	return end;
}

/* Over what may stand before a subject. Sets c->lead. */
static int
skip_lead(const struct extract_words *w, int i, int end,
	const struct when *whens, int whens_n, struct clause *c)
{
	int start;

	for (int turns = 0; turns < 6; turns++) {
		int before = i;

		i = clause_skip_courtesy(w, i);
		for (int k = 0; k < whens_n; k++)
			if (whens[k].first == i)
				i = whens[k].last + 1;
		if (i == before)
			break;
	}
	start = i;
	if (!extract_in(extract_low(w, i),
		    "in|at|for|on|as|with|during|after|before|since|until|by|"
		    "when|outside|besides|every|each|once|per|under|instead|to|"
		    "growing|back|mondays|tuesdays|wednesdays|thursdays|fridays|"
		    "saturdays|sundays|weekends|mornings|evenings|weekdays|nights|"
		    "afternoons"))
		return i;
	for (int k = i + 1; k < end && k <= i + LEAD_WORDS; k++) {
		bool sure = extract_in(extract_low(w, k), "i|we");

		if ((w->v[k].flags & W_COMMA || sure) &&
			!extract_is(w, i, "when") && clause_starts(w, k, end)) {
			c->lead = start;
			c->lead_end = k;
			return k;
		}
	}
	return start;
}

/* "Finished the search page, will start on billing": I did. */
static bool
is_elided(const struct extract_words *w, int k, bool goes_on)
{
	struct rule_fit fit[RULES_FIT];
	unsigned form = 0;
	int verb = rules_verb(extract_low(w, k), &form);

	if (goes_on && extract_is(w, k, "will"))
		return true;
	if (!(w->v[k].flags & W_CAPITAL) &&
		!extract_in(extract_low(w, k + 1),
			"my|a|an|the|our|to|with|us|some|two|three|into|at|in|"
			"off|for|up|it|accepted|promoted|engaged|married|"
			"hired|fired|another|new"))
		return false;
	if (verb == 0 || w->words <= k + 2)
		return false;
	/* "Starting at Deloitte in May" */
	if (form == FORM_ING && k == 0)
		return rules_of_verb(w, verb, k + 1, fit) > 0 && fit[0].n > 0;
	return k == 0 && form & FORM_PAST && !(form & (FORM_BASE | FORM_THIRD));
}

int
clauses_read(const struct extract_words *w, const struct when *whens,
	int whens_n, struct clause ret[CLAUSES])
{
	int n = 0, i = 0;

	while (i < w->words && n < CLAUSES) {
		struct clause c = {.first = i, .end = w->words};
		int k = skip_lead(w, i, w->words, whens, whens_n, &c), next;
		bool cond;

		if (n > 0 && extract_in(extract_low(w, k),
				     "while|whereas|yet|however"))
			k++;
		cond = extract_in(extract_low(w, k),
			"if|unless|suppose|imagine|when|whenever|once|what|"
			"whether|assuming|until|as");

		c.is_condition = cond;
		if (n > 0 && goes_on(w, i, &ret[n - 1])) {
			c.who = ret[n - 1].who;
			c.noun = ret[n - 1].noun;
			c.noun_end = ret[n - 1].noun_end;
			c.inherits = true;
			c.is_condition = ret[n - 1].is_condition;
			c.phrase = i + extract_in(extract_low(w, i),
					       "and|but|then");
			c.is_going_on = ret[n - 1].tense == T_IS ||
					ret[n - 1].tense == T_GOING_ON ||
					c.phrase == i;
		} else if (n == 0 && (c.noun_end = clause_note_name(w, k))) {
			c.who = WHO_NAME;
			c.noun = k;
			c.is_elided = true;
			c.phrase = c.noun_end;
		} else if (is_elided(w, k, n > 0 && ret[n - 1].is_elided)) {
			c.who = n > 0 ? ret[n - 1].who : WHO_I;
			c.noun = n > 0 ? ret[n - 1].noun : 0;
			c.noun_end = n > 0 ? ret[n - 1].noun_end : 0;
			c.is_elided = true;
			c.is_going_on = true;
			c.phrase = k;
		} else {
			c.phrase = clause_subject(w, k + cond, w->words, &c);
		}
		if ((c.phrase > 0 || c.is_elided) &&
			clause_phrase(w, w->words, &c)) {
			c.clause_end = clause_end(w, w->words, &c);
			ret[n++] = c;
			i = c.reason_end > 0 ? c.reason_end : c.clause_end;
			continue;
		}
		for (next = k + 1; next < w->words; next++) {
			int at = clause_begins(w, next, w->words);

			if (at > 0) {
				next = at > next ? at : next;
				break;
			}
		}
		i = next > i ? next : i + 1;
	}
	return n;
}
