#include "memory-db/model/extract/clause.h"

#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"

/* A subject of more words is none. */
#define NOUN_WORDS 7
#define LEAD_WORDS 8

static const char *const courtesy =
	"so|well|oh|ah|yeah|yes|yep|yup|ok|okay|anyway|anyways|btw|by the way|"
	"actually|honestly|frankly|hey|hi|hello|and|but|also|plus|fyi|for the "
	"record|just so you know|so you know|as you know|remember that|remember|"
	"note that|please note that|please note|please remember that|please "
	"remember|keep in mind that|i should mention that|i should mention|i "
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
	"although|anyhow|heads up|quick heads up|it's official|congrats";

static const char *const adverbs =
	"really|actually|just|also|still|currently|now|recently|finally|"
	"definitely|absolutely|basically|honestly|kinda|even|already|personally|"
	"simply|mostly|mainly|primarily|generally|totally|truly|both|all|"
	"officially|apparently|strongly|deeply|literally|certainly|proudly|"
	"happily|actively|only|then|therefore|ever|especially|particularly|"
	"secretly|sincerely|greatly|much|far|very|so|pretty|quite|fully|"
	"completely|successfully|initially|originally|exclusively|internally|"
	"automatically|unanimously|formally|tentatively|collectively|jointly|"
	"sadly|unfortunately|luckily|accidentally|well|eventually|once|solely|"
	"severely|mildly|deathly|highly|super|extremely|newly|happily|too|"
	"clearly|pretty much|later|long|together|soon|quickly|ultimately|first";
static const char *const often = "always|usually|often|sometimes|regularly|"
				 "normally|typically|frequently|occasionally|"
				 "rarely|seldom|never|hardly|generally";
static const char *const hedges =
	"probably|maybe|perhaps|possibly|likely|supposedly|allegedly";

static const char *const helpers =
	"is|are|was|were|am|has|have|had|will|would|can|could|should|must|might|"
	"may|do|does|did|shall";
static const char *const pronouns =
	"i|we|you|he|she|they|it|this|that|there|these|those|who|everyone|"
	"everybody|someone|nobody|people|anyone";

static const char *const kin =
	"wife|husband|partner|spouse|fiance|fiancee|girlfriend|boyfriend|mother|"
	"father|mom|mum|dad|sister|brother|son|daughter|child|kid|kids|children|"
	"twins|uncle|aunt|cousin|niece|nephew|grandmother|grandfather|grandma|"
	"grandpa|grandson|granddaughter|parents|in-laws|mother-in-law|"
	"father-in-law|sister-in-law|brother-in-law|boss|manager|supervisor|"
	"mentor|colleague|coworker|co-worker|teammate|assistant|roommate|"
	"flatmate|housemate|neighbor|neighbour|friend|landlord|doctor|dentist|"
	"therapist|lawyer|accountant|vet|teacher|professor|advisor|coach|lead|"
	"cofounder|co-founder|client|ex|ex-wife|ex-husband|nanny|tutor|trainer|"
	"stepmother|stepfather|stepson|stepdaughter|dog|cat|pet|puppy|kitten|"
	"parrot|hamster|rabbit|horse|grandparents|grandchildren|buddy|sisters|"
	"brothers|sons|daughters|cats|dogs|cousins|friends|babysitter|stepdad|"
	"stepmom|godmother|godfather|team|company|family";

bool
clause_is_kin(const char *low)
{
	return extract_in(low, kin);
}

int
clause_skip_courtesy(const struct extract_words *w, int i)
{
	for (int n = extract_match(w, i, courtesy); n > 0;
		n = extract_match(w, i, courtesy))
		i += n;
	return i;
}

/* --- verbs ---------------------------------------------------------------------- */
/* May word i be the verb of a third person, or of many? */
static bool
is_finite(const struct extract_words *w, int i, bool many)
{
	const char *low = extract_low(w, i);
	unsigned form = 0;

	if (extract_in(low, helpers))
		return true;
	if (w->v[i].flags & (W_COMMA | W_BREAK | W_CAPITAL))
		return false;
	if (rules_verb(low, &form) == 0)
		return false;
	return (form & (FORM_THIRD | FORM_PAST)) != 0 ||
	       (many && form & FORM_BASE);
}

/* Over adverbs and "not"; *ret_n counts the latter. */
static int
over_adverbs(const struct extract_words *w, int i, int end, struct clause *c)
{
	for (; i < end; i++) {
		const char *low = extract_low(w, i);

		if (strcmp(low, "not") == 0) {
			c->is_denied = !c->is_denied;
		} else if (extract_in(low, often)) {
			c->often = i;
			c->is_never = c->is_never || extract_in(low, "never");
		} else if (extract_in(low, hedges)) {
			c->is_hedged = true;
		} else if (extract_match(w, i,
				   "kind of|sort of|at least|more or "
				   "less|by default|no longer|a "
				   "little") > 1) {
			if (extract_match(w, i, "no longer") > 0)
				c->is_denied = true;
			i++;
		} else if (!extract_in(low, adverbs) ||
			   (w->v[i].flags & W_CAPITAL)) {
			break;
		}
	}
	return i;
}

static bool
is_form(const struct extract_words *w, int i, unsigned wanted)
{
	const char *low = extract_low(w, i);
	size_t n = strlen(low);
	unsigned form = 0;

	if (rules_verb(low, &form) != 0)
		return (form & wanted) != 0;
	if (wanted & FORM_ING)
		return n > 4 && strcmp(low + n - 3, "ing") == 0;
	if (wanted & FORM_PART)
		return n > 3 && strcmp(low + n - 2, "ed") == 0;
	return false;
}

/* What a helper makes of the rest. Returns the word behind it, or i. */
static int
read_helper(const struct extract_words *w, int i, int end, struct clause *c)
{
	const char *low = extract_low(w, i);
	int next;

	if (extract_in(low, "will|shall"))
		c->tense = T_WILL;
	else if (strcmp(low, "would") == 0)
		c->tense = T_WOULD;
	else if (strcmp(low, "can") == 0)
		c->tense = T_CAN;
	else if (extract_in(low, "could|should|might|may"))
		c->tense = T_MAYBE;
	else if (strcmp(low, "must") == 0)
		c->tense = T_MUST;
	else if (extract_match(w, i, "used to") && c->tense == T_NOW) {
		c->tense = T_USED;
		return i + 2;
	} else if (extract_match(w, i, "have to|has to") ||
		   extract_match(w, i, "ought to")) {
		c->tense = T_MUST;
		return i + 2;
	} else if (extract_in(low, "do|does|did")) {
		struct clause ahead = *c;

		next = over_adverbs(w, i + 1, end, &ahead);
		if (next >= end ||
			(next == i + 1 && !is_form(w, next, FORM_BASE)))
			return i;
		c->tense = strcmp(low, "did") == 0 ? T_PAST : T_NOW;
	} else if (extract_in(low, "have|has|had")) {
		struct clause ahead = *c;

		next = over_adverbs(w, i + 1, end, &ahead);
		if (next < end && extract_is(w, next, "got"))
			return next; /* has got a dog */
		if (next >= end || !is_form(w, next, FORM_PART) ||
			extract_is(w, next, "set"))
			return i;
		c->tense = T_PERFECT;
	} else
		return i;
	return i + 1;
}

/* Behind "is", "was", "been". */
static int
read_be(const struct extract_words *w, int i, int end, struct clause *c)
{
	bool was = extract_in(extract_low(w, i), "was|were");
	enum tense before = c->tense;

	c->tense = was			 ? T_WAS
		   : before == T_PERFECT ? T_BEEN
		   : before == T_USED	 ? T_USED
		   : before != T_NOW	 ? before
					 : T_IS;
	i = over_adverbs(w, i + 1, end, c);
	if (extract_match(w, i, "going to|about to") > 0 &&
		(is_form(w, i + 2, FORM_BASE) || extract_is(w, i + 2, "be") ||
			(i + 2 < end && !(w->v[i + 2].flags & W_CAPITAL) &&
				!extract_in(extract_low(w, i + 2),
					"the|a|an|my|our|bed|work|school|"
					"church|college|university|see")))) {
		if (!was)
			c->tense = T_GOING;
		else
			c->tense = T_MAYBE;
		return over_adverbs(w, i + 2, end, c);
	}
	if (i < end && is_form(w, i, FORM_ING) &&
		!extract_in(extract_low(w, i), "interesting|boring|amazing|"
					       "annoying|missing|pending"))
		c->tense = c->tense == T_BEEN ? T_PERFECT_ON
			   : c->tense == T_IS ? T_GOING_ON
					      : c->tense;
	return i;
}

/* The verb phrase from c->phrase on. False: there is no verb. */
static bool
read_phrase(const struct extract_words *w, int end, struct clause *c)
{
	int i = c->phrase;

	c->tense = T_NOW;
	c->often = -1;
	for (int turns = 0; turns < 6; turns++) {
		int next;

		i = over_adverbs(w, i, end, c);
		if (i >= end)
			return false;
		if (extract_in(extract_low(w, i),
			    "am|is|are|was|were|be|been|being")) {
			i = read_be(w, i, end, c);
			break;
		}
		next = read_helper(w, i, end, c);
		if (next == i)
			break;
		i = next;
	}
	if (i >= end)
		return false;
	c->verb_at = i;
	c->verb = rules_verb(extract_low(w, i), &c->form);
	if (c->tense == T_NOW && c->verb != 0 &&
		!(c->form & (FORM_BASE | FORM_THIRD)) && c->form & FORM_PAST)
		c->tense = T_PAST;
	c->has_verb = true;
	return true;
}

/* --- subjects ------------------------------------------------------------------- */
/* A noun phrase from i on that a verb follows. Returns the verb's word; 0. */
static int
noun_end(const struct extract_words *w, int i, int end)
{
	for (int k = i + 1; k < end && k <= i + NOUN_WORDS; k++) {
		const char *before = extract_low(w, k - 1);
		size_t n = strlen(before);
		bool many =
			n > 2 && before[n - 1] == 's' && before[n - 2] != 's';
		struct clause c = {0};

		if (w->v[k].flags & W_BREAK)
			return 0;
		/* "my sister, Clara, lives" */
		if (w->v[k].flags & W_COMMA && !(w->v[k].flags & W_CAPITAL) &&
			!(w->v[k - 1].flags & W_CAPITAL))
			return 0;
		if (extract_in(extract_low(w, k), pronouns) &&
			!extract_in(extract_low(w, k), "i"))
			return 0;
		if (extract_in(before, "of|for|the|a|in|on|to|and|at|from|'s"))
			continue;
		if (is_finite(w, over_adverbs(w, k, end, &c), many) &&
			!extract_is(w, k, "and"))
			return k;
	}
	return 0;
}

/* Words that begin a sentence with a capital and are no names. */
static const char *const no_names =
	"the|a|an|this|that|these|those|it|he|she|they|we|you|i|my|our|your|his|"
	"her|their|its|there|here|what|when|where|who|why|how|which|if|because|"
	"since|while|after|before|as|in|on|at|for|with|from|to|by|of|and|or|but|"
	"so|then|also|not|no|yes|all|some|any|every|each|both|most|many|much|few|"
	"more|one|two|three|let|please|maybe|perhaps|just|only|even|still|yet|"
	"now|today|tomorrow|yesterday|monday|tuesday|wednesday|thursday|friday|"
	"saturday|sunday|january|february|march|april|may|june|july|august|"
	"september|october|november|december|everyone|everybody|everything|"
	"nobody|nothing|someone|something|anyone|anything|people|is|are|was|were|"
	"do|does|did|can|could|will|would|should|have|has|had|get|got|go|see|"
	"thanks|ok|okay|well|great|good|sounds|looks|seems|make|use|using|add|"
	"fix|try|run|check|update|set|put|whoever|whatever|nice|sure|hope|once|"
	"unless|although|though|however|meanwhile|sometimes|usually|always|never|"
	"last|next|another|other|others|such|same|whether|either|neither|until";

static int
read_name(const struct extract_words *w, int i, int end, struct clause *c)
{
	int k = i;

	while (k < end && k < i + 3 && w->v[k].flags & W_CAPITAL &&
		!extract_in(extract_low(w, k), no_names) &&
		!(k > i && w->v[k].flags & (W_COMMA | W_BREAK)) &&
		!extract_is(w, k, "'s"))
		k++;
	if (k == i)
		return 0;
	/* "Bob and I", "Bob and Alice" */
	if (extract_is(w, k, "and") && extract_is(w, k + 1, "i")) {
		c->who = WHO_WE;
		return k + 2;
	}
	if (extract_is(w, k, "'s") || (w->v[k].flags & (W_COMMA | W_BREAK)))
		return 0;
	c->who = WHO_NAME;
	c->noun = i;
	c->noun_end = k;
	{
		struct clause ahead = {0};

		return is_finite(w, over_adverbs(w, k, end, &ahead), false) ? k
									    : 0;
	}
}

static const char *const many_of_us =
	"the team|our team|the two of us|my wife and i|my husband and i|my partner "
	"and i|my girlfriend and i|my boyfriend and i|me and my wife|me and my "
	"husband|my family and i|my family";

/* The subject at i. Returns the word behind it, 0: there is none. */
static int
read_subject(const struct extract_words *w, int i, int end, struct clause *c)
{
	static const struct {
		const char *words;
		enum who who;
	} ones[] = {{"i", WHO_I}, {"we", WHO_WE}, {"you", WHO_YOU},
		{"he|she", WHO_HE},
		{"it|this|that|there|they|these|those", WHO_IT}};
	const char *low = extract_low(w, i);
	int k = extract_match(w, i, many_of_us);
	if (k > 0 && is_finite(w, i + k, true)) {
		c->who = WHO_WE;
		return i + k;
	}
	for (size_t o = 0; o < ARRAY_LEN(ones); o++)
		if (extract_in(low, ones[o].words)) {
			c->who = ones[o].who;
			/* "this server runs" */
			if (c->who == WHO_IT && extract_in(low, "this|these")) {
				k = noun_end(w, i + 1, end);
				if (k > 0 && !is_finite(w, i + 1, true)) {
					c->who = WHO_OUR;
					c->noun = i + 1;
					c->noun_end = k;
					return k;
				}
			}
			return i + 1;
		}
	if (extract_in(low, "my|our|the|his|her|their|its")) {
		k = noun_end(w, i + 1, end);
		if (k == 0)
			return 0;
		c->who = strcmp(low, "my") == 0		  ? WHO_MY
			 : extract_in(low, "our|the|its") ? WHO_OUR
							  : WHO_NOBODY;
		c->noun = i + 1;
		c->noun_end = k;
		return k;
	}
	k = read_name(w, i, end, c);
	if (k > 0)
		return k;
	if (i == end || extract_in(low, no_names) ||
		extract_in(low, "if|when|what|how|why"))
		return 0;
	k = noun_end(w, i, end);
	if (k == 0 || k > i + 5)
		return 0;
	c->who = WHO_THING;
	c->noun = i;
	c->noun_end = k;
	return k;
}

static bool
starts_subject(const struct extract_words *w, int i, int end)
{
	struct clause c = {0};

	return read_subject(w, i, end, &c) > 0;
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
		       starts_subject(w, i + 1, end);
	return extract_match(w, i, reasons) > 0;
}

/* Does a clause of its own begin at i, and at which word? 0: none. */
static int
begins_clause(const struct extract_words *w, int i, int end)
{
	const char *low = extract_low(w, i);
	bool mark = (w->v[i].flags & (W_COMMA | W_BREAK)) != 0;
	int k = i;

	if (w->v[i].flags & W_BREAK)
		return i;
	if (extract_in(low, "but|however|whereas|yet|although|though"))
		return i + 1;
	if (extract_in(low, "and|so|then|plus|while"))
		k = i + 1 + extract_in(extract_low(w, i + 1), "then|also|now");
	else if (!mark)
		return 0;
	k += extract_match(w, k, "actually|also|now|in fact|instead|currently");
	if (k >= end)
		return 0;
	if (extract_in(extract_low(w, k), "i|we|he|she"))
		return k;
	if (k == i && (w->v[k].flags & W_CAPITAL) == 0 &&
		!extract_in(extract_low(w, k), "my|our|the|it"))
		return 0;
	return starts_subject(w, k, end) ? k : 0;
}

/* "and work at Acme": a verb in the form of the one before. */
static bool
goes_on(const struct extract_words *w, int i, const struct clause *c)
{
	struct rule_fit fit[RULES_FIT];
	unsigned form = 0;
	int k = i + 1, verb, n;

	if (!extract_in(extract_low(w, i), "and|but|then"))
		return false;
	k += extract_match(w, k,
		"also|always|usually|often|never|then|now|still");
	k += extract_match(w, k, "don't|do not|does not|did not");
	if (extract_in(extract_low(w, k), "am|is|have|has|was") &&
		(c->who == WHO_I || c->who == WHO_HE || c->who == WHO_NAME ||
			c->who == WHO_MY))
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
		if (is_reason(w, i, end) && c->reason == 0) {
			c->reason = i;
			c->reason_end = end;
			for (int k = i + 1; k < end; k++)
				if (begins_clause(w, k, end) > 0 &&
					(w->v[k].flags & W_COMMA ||
						extract_in(extract_low(w, k),
							"but|so"))) {
					c->reason_end = k;
					break;
				}
			return i;
		}
		if (extract_in(extract_low(w, i), "if|unless") ||
			begins_clause(w, i, end) > 0 || goes_on(w, i, c)) {
			if (extract_in(extract_low(w, i), "if|unless"))
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
		    "growing|back"))
		return i;
	for (int k = i + 1; k < end && k <= i + LEAD_WORDS; k++) {
		bool sure = extract_in(extract_low(w, k), "i|we");

		if ((w->v[k].flags & W_COMMA || sure) &&
			!extract_is(w, i, "when") &&
			starts_subject(w, k, end)) {
			c->lead = start;
			c->lead_end = k;
			return k;
		}
	}
	return start;
}

int
clauses_read(const struct extract_words *w, const struct when *whens,
	int whens_n, struct clause ret[CLAUSES])
{
	int n = 0, i = 0;

	while (i < w->words && n < CLAUSES) {
		struct clause c = {.first = i, .end = w->words};
		int k = skip_lead(w, i, w->words, whens, whens_n, &c), next;
		bool cond = extract_in(extract_low(w, k),
			"if|unless|suppose|imagine|when|whenever|once|what|"
			"whether|assuming|until|as");

		c.is_condition = cond;
		if (n > 0 && goes_on(w, i, &ret[n - 1])) {
			c.who = ret[n - 1].who;
			c.noun = ret[n - 1].noun;
			c.noun_end = ret[n - 1].noun_end;
			c.inherits = true;
			c.is_condition = ret[n - 1].is_condition;
			c.phrase = i + 1;
		} else {
			c.phrase = read_subject(w, k + cond, w->words, &c);
		}
		if (c.phrase > 0 && read_phrase(w, w->words, &c)) {
			c.clause_end = clause_end(w, w->words, &c);
			ret[n++] = c;
			i = c.reason_end > 0 ? c.reason_end : c.clause_end;
			continue;
		}
		for (next = k + 1; next < w->words; next++) {
			int at = begins_clause(w, next, w->words);

			if (at > 0) {
				next = at > next ? at : next;
				break;
			}
		}
		i = next > i ? next : i + 1;
	}
	return n;
}
