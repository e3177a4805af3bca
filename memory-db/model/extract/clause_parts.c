/* Verb phrases: which verb a clause has, and in which form.
 *
 * A phrase is read word by word: helpers ("has been", "will", "don't") decide
 * about the tense and about whether it is denied, adverbs are passed over, and
 * the first word that is a verb in a form which the helper allows ends it.
 *
 *   "will probably not be able to come"    will: what comes, probably: it is
 *                                          doubted, not: denied
 *   "used to live in Rome"                 live, in the past
 *
 * A verb that rules.c does not know is taken only where its form and the words
 * behind it leave no doubt ("rotates them"). */
#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/extract/clause.h"

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
	"clearly|pretty much|later|long|soon|quickly|ultimately|first";
static const char *const often = "always|usually|often|sometimes|regularly|"
				 "normally|typically|frequently|occasionally|"
				 "rarely|seldom|never|hardly|generally";
static const char *const hedges =
	"probably|maybe|perhaps|possibly|likely|supposedly|allegedly";

static const char *const helpers =
	"is|are|was|were|am|has|have|had|will|would|can|could|should|must|might|"
	"may|do|does|did|shall";

static const char *const kin =
	"wife|husband|partner|spouse|fiance|fiancee|girlfriend|boyfriend|mother|"
	"father|mom|mum|dad|sister|brother|son|daughter|child|kid|kids|children|"
	"twins|uncle|aunt|cousin|niece|nephew|grandmother|grandfather|grandma|"
	"grandpa|pal|penpal|mate|grandson|granddaughter|parents|in-laws|mother-in-law|"
	"father-in-law|sister-in-law|brother-in-law|boss|manager|supervisor|"
	"mentor|colleague|coworker|co-worker|teammate|assistant|roommate|"
	"flatmate|housemate|neighbor|neighbour|friend|landlord|doctor|dentist|"
	"therapist|lawyer|accountant|vet|teacher|professor|advisor|coach|lead|"
	"cofounder|co-founder|client|ex|ex-wife|ex-husband|nanny|tutor|trainer|"
	"stepmother|stepfather|stepson|stepdaughter|dog|cat|pet|puppy|kitten|"
	"parrot|hamster|rabbit|horse|grandparents|grandchildren|buddy|sisters|"
	"brothers|sons|daughters|cats|dogs|cousins|friends|babysitter|stepdad|"
	"oldest|youngest|eldest|stepmom|godmother|godfather|team|company|family";

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

/* "performance issues in my portfolio", "audiobook formats for it": things, more
 * often than what somebody does. */
static bool
is_plural(const struct extract_words *w, int i)
{
	static const char *const things =
		"issues|formats|features|problems|results|tests|plans|notes|points|"
		"questions|answers|reports|changes|updates|requests|needs|costs|"
		"claims|reviews|posts|photos|records|scores|figures|benefits|"
		"studies|books|lists|models|projects|files|images|functions|"
		"objects|programs|signs|stages|steps|supplies|surveys|trades|"
		"visits|views|walks|talks|calls|prints|designs|drawings|sketches|"
		"layers|levels|limits|links|labels|hooks|forms|frames|filters|"
		"fields|errors|clicks|checks|charts|blocks|batches|backups|"
		"queries|prices|parts|patterns|orders|names|markets|matches|"
		"lessons|interests|increases|influences|guides|grades|goals|"
		"goods|discounts|displays|delays|deals|dates|comments|classes|"
		"choices|causes|challenges|cards|captions|campaigns|breaks|"
		"articles|approaches|amounts|adjustments|activities|accents";
	const char *low = extract_low(w, i);

	return extract_in(low, things) && i > 0 &&
	       extract_in(extract_low(w, i + 1),
		       "in|for|of|with|to|on|from|at|about|and|or|between|than|"
		       "like|as|that|which") &&
	       !extract_in(extract_low(w, i - 1),
		       "he|she|it|who|which|that|this|usually|always|also|often|"
		       "sometimes|never|and");
}

/* "hired a designer", "waters the plants": a verb that has no rules is one where an
 * object or a place follows, not before the verb of the sentence ("the hired
 * designer is"). */
static bool
reads_as_verb(const struct extract_words *w, int i, int general)
{
	static const char *const behind =
		"a|an|the|my|our|his|her|their|its|them|it|us|me|him|this|that|"
		"these|those|every|all|two|three|four|five|six|seven|eight|nine|"
		"ten|both|each|some|any|no|another|more|at|in|on|to|for|with|"
		"into|from|by|about|up|down|out|off|away|back|over|around|"
		"there|here|through|under|after|before|until|since|last|next|yesterday|"
		"today|again|together|across|along|onto|between|within|between";
	const char *next = extract_low(w, i + 1);
	size_t n = strlen(next);

	if (i + 1 >= w->words || w->v[i + 1].flags & (W_COMMA | W_BREAK))
		return general == 1;
	if (extract_in(next, helpers) || is_plural(w, i))
		return false;
	if (extract_in(next, behind) ||
		w->v[i + 1].flags & (W_NUMBER | W_CAPITAL))
		return true;
	if (general == 2 || extract_in(extract_low(w, i + 2), helpers))
		return false;
	return n > 3 && (strcmp(next + n - 2, "ly") == 0 ||
				strcmp(next + n - 1, "s") == 0 ||
				strcmp(next + n - 3, "ing") == 0);
}

/* May word i be the verb of a third person, or of many? */
bool
clause_is_finite(const struct extract_words *w, int i, bool many, bool comma)
{
	const char *low = extract_low(w, i);
	unsigned form = 0;
	int verb;

	if (extract_in(low, helpers))
		return true;
	/* "the integration tests are flaky", "ten minutes with the hose" */
	if (extract_in(low, "minutes|hours|seconds|weeks|months|miles|kilos|"
			    "pounds|dollars|euros") ||
		extract_in(extract_low(w, i + 1), "is|are|was|were"))
		return false;
	if (w->v[i].flags & (W_BREAK | W_CAPITAL) ||
		(w->v[i].flags & W_COMMA && !comma))
		return false;
	verb = rules_verb(low, &form);
	if (verb == 0)
		return looks_finite(w, i) ||
		       (many && extract_in(extract_low(w, i + 1), "every"));
	if (rules_general(verb) != 0 &&
		!reads_as_verb(w, i, rules_general(verb)))
		return false;
	return (form & (FORM_THIRD | FORM_PAST)) != 0 ||
	       (many && form & FORM_BASE);
}

/* Over adverbs and "not"; *ret_n counts the latter. */
int
clause_over_adverbs(const struct extract_words *w, int i, int end,
	struct clause *c)
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

		next = clause_over_adverbs(w, i + 1, end, &ahead);
		if (next >= end ||
			(next == i + 1 && !is_form(w, next, FORM_BASE)))
			return i;
		c->tense = strcmp(low, "did") == 0 ? T_PAST : T_NOW;
	} else if (extract_in(low, "have|has|had")) {
		struct clause ahead = *c;

		next = clause_over_adverbs(w, i + 1, end, &ahead);
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

	if (was)
		c->tense = T_WAS;
	else if (before == T_PERFECT)
		c->tense = T_BEEN;
	else
		c->tense = before != T_NOW ? before : T_IS;
	c->has_be = before != T_NOW && before != T_PERFECT && before != T_USED;
	i = clause_over_adverbs(w, i + 1, end, c);
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
		return clause_over_adverbs(w, i + 2, end, c);
	}
	if (i < end && is_form(w, i, FORM_ING) &&
		!extract_in(extract_low(w, i), "interesting|boring|amazing|"
					       "annoying|missing|pending"))
		c->has_be = false;
	if (i < end && is_form(w, i, FORM_ING) && !c->has_be) {
		if (c->tense == T_BEEN)
			c->tense = T_PERFECT_ON;
		else if (c->tense == T_IS)
			c->tense = T_GOING_ON;
	}
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

		i = clause_over_adverbs(w, i, end, c);
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
	/* "Hassan doesn't because of his diabetes": the verb was said before. */
	if (i >= end || extract_in(extract_low(w, i), "because|since|of|but"))
		return false;
	c->verb_at = i;
	c->verb = rules_verb(extract_low(w, i), &c->form);
	if (c->has_got)
		c->verb_at = clause_over_adverbs(w, i + 1, end, c);
	if (c->tense == T_NOW && c->verb != 0 &&
		!(c->form & (FORM_BASE | FORM_THIRD)) && c->form & FORM_PAST)
		c->tense = T_PAST;
	if (c->tense == T_NOW && c->is_going_on && c->form == FORM_ING)
		c->tense = T_GOING_ON;
	c->has_verb = true;
	return true;
}
