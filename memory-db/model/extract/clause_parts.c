/* Subjects and verb phrases: who is spoken of, and in which form of the verb. */
#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/extract/clause.h"

/* A subject of more words is none. */
#define NOUN_WORDS 7

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

bool
clause_is_own_kin(const char *low)
{
	return extract_in(low, "mom|mum|mama|dad|papa|grandma|grandpa|granny");
}

/* --- verbs ---------------------------------------------------------------------- */
/* "rotates them", "includes three nodes": a word that nobody knows and that only a
 * verb can be. */
static bool
looks_finite(const struct extract_words *w, int i)
{
	static const char *const objects =
		"a|an|the|my|our|his|their|its|them|it|us|me|every|all|two|"
		"three|four|five|six|seven|eight|nine|ten|each|both|no|any";
	const char *low = extract_low(w, i);
	size_t n = strlen(low);
	bool before = i > 0 && !extract_in(extract_low(w, i - 1), objects) &&
		      !(w->v[i].flags & (W_COMMA | W_BREAK | W_NUMBER));

	if (n < 5 || !before || w->v[i].flags & W_CAPITAL)
		return false;
	if (strcmp(low + n - 2, "ed") != 0 &&
		(low[n - 1] != 's' || strchr("su'i", low[n - 2]) != NULL))
		return false;
	if (i + 1 >= w->words || w->v[i + 1].flags & (W_COMMA | W_BREAK))
		return false;
	return extract_in(extract_low(w, i + 1), objects) ||
	       (w->v[i + 1].flags & (W_NUMBER | W_CAPITAL)) != 0;
}

/* May word i be the verb of a third person, or of many? */
static bool
is_finite(const struct extract_words *w, int i, bool many, bool comma)
{
	const char *low = extract_low(w, i);
	unsigned form = 0;

	if (extract_in(low, helpers))
		return true;
	if (w->v[i].flags & (W_BREAK | W_CAPITAL) ||
		(w->v[i].flags & W_COMMA && !comma))
		return false;
	if (rules_verb(low, &form) == 0)
		return looks_finite(w, i) ||
		       (many && extract_in(extract_low(w, i + 1), "every"));
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
		if (next < end && extract_is(w, next, "got") &&
			strcmp(low, "had") != 0) {
			c->has_got = true; /* a dog */
			return i;
		}
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
	c->has_be = before != T_NOW && before != T_PERFECT && before != T_USED;
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
		c->has_be = false;
	if (i < end && is_form(w, i, FORM_ING) && !c->has_be)
		c->tense = c->tense == T_BEEN ? T_PERFECT_ON
			   : c->tense == T_IS ? T_GOING_ON
					      : c->tense;
	return i;
}

bool
clause_phrase(const struct extract_words *w, int end, struct clause *c)
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
	if (c->has_got)
		c->verb_at = over_adverbs(w, i + 1, end, c);
	if (c->tense == T_NOW && c->verb != 0 &&
		!(c->form & (FORM_BASE | FORM_THIRD)) && c->form & FORM_PAST)
		c->tense = T_PAST;
	if (c->tense == T_NOW && c->is_going_on && c->form == FORM_ING)
		c->tense = T_GOING_ON;
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
		/* "on-call this week is Piotr" */
		if (extract_is(w, k, "this") &&
			extract_in(extract_low(w, k + 1),
				"week|month|quarter|year|sprint|time|term|"
				"season|weekend")) {
			k++;
			continue;
		}
		if (extract_in(extract_low(w, k), pronouns) &&
			(!extract_is(w, k, "i") || w->v[k].flags & W_COMMA))
			return 0;
		if (extract_in(before, "of|for|the|a|in|on|to|and|at|from|'s"))
			continue;
		if (is_finite(w, over_adverbs(w, k, end, &c), many,
			    (w->v[k - 1].flags & W_CAPITAL) != 0) &&
			!extract_is(w, k, "and"))
			return k;
	}
	return 0;
}

/* Words that begin a sentence with a capital and are no names. */
static const char *const no_names =
	"the|a|an|this|that|these|those|it|he|she|they|we|you|i|my|our|your|his|"
	"mine|ours|yours|hers|theirs|"
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

		return is_finite(w, over_adverbs(w, k, end, &ahead), false,
			       false)
			       ? k
			       : 0;
	}
}

/* "Bob's contract ends", "Bob's birthday is": what somebody has. */
static int
read_owner(const struct extract_words *w, int i, int end, struct clause *c)
{
	int k = i, noun;

	while (k < end && k < i + 3 && w->v[k].flags & W_CAPITAL &&
		!extract_in(extract_low(w, k), no_names) &&
		!(k > i && w->v[k].flags & (W_COMMA | W_BREAK)))
		k++;
	if (k == i || !extract_is(w, k, "'s") || k + 1 >= end)
		return 0;
	noun = noun_end(w, k + 1, end);
	if (noun == 0)
		return 0;
	c->who = WHO_HIS;
	c->owner = i;
	c->owner_end = k;
	c->noun = k + 1;
	c->noun_end = noun;
	return noun;
}

/* "MSRV is 1.70", "Visitors have to register": a capital that makes no name. */
static bool
is_no_person(const struct extract_words *w, const struct clause *c)
{
	const struct extract_word *x = &w->v[c->noun];
	const char *next = extract_low(w, c->noun_end);
	bool loud = x->n > 1;
	unsigned form = 0;

	for (size_t i = 0; i < x->n; i++)
		loud = loud && !islower((unsigned char)x->s[i]);
	if (loud)
		return true;
	if (c->noun != 0 || x->n < 4 || x->s[x->n - 1] != 's' ||
		x->s[x->n - 2] == 's')
		return false;
	if (extract_in(next, "are|were|have|do"))
		return true;
	return rules_verb(next, &form) != 0 && form & FORM_BASE &&
	       !(form & (FORM_THIRD | FORM_PAST));
}

int
clause_note_name(const struct extract_words *w, int i)
{
	static const char *const labels =
		"update|fix|result|status|bug|problem|cause|note|done|todo|edit|"
		"warning|error|info|question|answer|reminder|news|bonus";
	int k = i, at;
	unsigned form = 0;

	while (k < w->words && k < i + 2 && w->v[k].flags & W_CAPITAL &&
		!(k > i && w->v[k].flags & (W_COMMA | W_BREAK)) &&
		!extract_in(extract_low(w, k), no_names) &&
		!extract_in(extract_low(w, k), labels))
		k++;
	if (k == i || k + 2 > w->words || !(w->v[k].flags & W_BREAK) ||
		w->v[k].flags & W_CAPITAL || rules_noun(w, i, k, true, &at))
		return 0;
	if (extract_in(extract_low(w, k), "will|is|has|was"))
		return k;
	return rules_verb(extract_low(w, k), &form) != 0 &&
			       (form & (FORM_PAST | FORM_THIRD)) != 0
		       ? k
		       : 0;
}

static const char *const many_of_us =
	"the team|our team|the two of us|my wife and i|my husband and i|my partner "
	"and i|my girlfriend and i|my boyfriend and i|me and my wife|me and my "
	"husband|my family and i|my family";

int
clause_subject(const struct extract_words *w, int i, int end, struct clause *c)
{
	static const struct {
		const char *words;
		enum who who;
	} ones[] = {{"i", WHO_I}, {"we", WHO_WE}, {"you", WHO_YOU},
		{"he|she", WHO_HE},
		{"it|this|that|there|they|these|those", WHO_IT}};
	const char *low = extract_low(w, i);
	struct clause ahead = {0};
	int k = extract_match(w, i, many_of_us);

	if (k > 0 && is_finite(w, over_adverbs(w, i + k, end, &ahead), true,
			     false)) {
		c->who = WHO_WE;
		return i + k;
	}
	for (size_t o = 0; o < ARRAY_LEN(ones); o++)
		if (extract_in(low, ones[o].words)) {
			c->who = ones[o].who;
			/* "this server runs" */
			if (c->who == WHO_IT && extract_in(low, "this|these")) {
				k = noun_end(w, i + 1, end);
				if (k > 0 &&
					!is_finite(w, i + 1, true, false)) {
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
							  : WHO_HIS;
		c->noun = i + 1;
		c->noun_end = k;
		return k;
	}
	/* "Dad had a stroke": mine. */
	if (clause_is_own_kin(low) &&
		is_finite(w, over_adverbs(w, i + 1, end, &ahead), false,
			false)) {
		c->who = WHO_MY;
		c->noun = i;
		c->noun_end = i + 1;
		return i + 1;
	}
	k = read_owner(w, i, end, c);
	if (k > 0)
		return k;
	k = read_name(w, i, end, c);
	if (k > 0) {
		int at;

		/* "Retro moves", "CI runs on" */
		if (c->who == WHO_NAME && c->noun_end == c->noun + 1 &&
			(rules_noun(w, c->noun, c->noun_end, true, &at) ||
				is_no_person(w, c)))
			c->who = WHO_THING;
		return k;
	}
	if (i == end ||
		(extract_in(low, no_names) && !extract_in(low, "next|last")) ||
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

bool
clause_starts(const struct extract_words *w, int i, int end)
{
	struct clause c = {0};

	return clause_subject(w, i, end, &c) > 0;
}
