/* Subjects: who is spoken of, and where the verb phrase begins.
 *
 * The words before a verb are tried as a pronoun ("we"), as a name ("Bob and
 * Alice"), as what somebody has ("Bob's contract"), and as a noun of somebody
 * or of nobody ("my sister Clara", "the deploy"). A capital alone makes no
 * name: at the head of a sentence "Traffic" or "MSRV" is a thing, so lists of
 * such words decide.
 *
 *   "My sister Clara lives in Oslo"   of Clara, "lives in Oslo"
 *   "Bob's contract ends in May"      of Bob, "contract ends in May" */
#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/extract/clause.h"
#include "memory-db/model/extract/names.h"

/* A subject of more words is none. */
#define NOUN_WORDS 7

static const char *const pronouns =
	"i|we|you|he|she|they|it|this|that|there|these|those|who|everyone|"
	"everybody|someone|nobody|people|anyone";

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
		if (w->v[k].flags & W_COMMA &&
			!(w->v[k - 1].flags & W_CAPITAL) &&
			!(w->v[k].flags & W_CAPITAL && clause_is_kin(before)))
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
		if (clause_is_finite(w, clause_over_adverbs(w, k, end, &c),
			    many, (w->v[k - 1].flags & W_CAPITAL) != 0) &&
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
clause_subject_read_name(const struct extract_words *w, int i, int end,
	struct clause *c)
{
	int k = i;
	unsigned form = 0;

	while (k < end && k < i + 3 && w->v[k].flags & W_CAPITAL &&
		!extract_in(extract_low(w, k), no_names) &&
		!(k > i && w->v[k].flags & (W_COMMA | W_BREAK)) &&
		!extract_is(w, k, "'s"))
		k++;
	if (k == i)
		return 0;
	/* "Bring dates": an order. */
	if (i == 0 && k == 1 && rules_verb(extract_low(w, 0), &form) != 0 &&
		form == FORM_BASE &&
		rules_general(rules_verb(extract_low(w, 0), &form)) != 2 &&
		!people_is_first_name(extract_low(w, 0)))
		return 0;
	/* "Bob and I", "Bob and Alice" */
	if (extract_is(w, k, "and") && extract_is(w, k + 1, "i")) {
		c->who = WHO_WE;
		return k + 2;
	}
	if (extract_is(w, k, "'s") || (w->v[k].flags & (W_COMMA | W_BREAK)))
		return 0;
	/* "Yes, John, let's keep going" */
	if (extract_is(w, k, "let"))
		return 0;
	c->who = WHO_NAME;
	c->noun = i;
	c->noun_end = k;
	{
		struct clause ahead = {0};

		return clause_is_finite(w,
			       clause_over_adverbs(w, k, end, &ahead), false,
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

/* Nouns with which a sentence of notes may begin. */
static const char *const plain_nouns =
	"churn|revenue|traffic|latency|throughput|conversion|growth|budget|rent|"
	"coverage|uptime|downtime|retention|attendance|membership|parking|"
	"catering|hosting|billing|onboarding|training|recruiting|hiring|"
	"marketing|engineering|legal|finance|accounting|procurement|security|"
	"support|sales|design|research|delivery|shipping|storage|memory|disk|"
	"cpu|access|feedback|demand|supply|inventory|turnover|profit|cost|"
	"price|pricing|fee|tax|insurance|payment|rollout|launch|release|"
	"deployment|migration|backup|restore|failover|monitoring|logging|"
	"alerting|testing|documentation|compliance|audit|maintenance|"
	"construction|registration|enrollment|admission|lunch|dinner|"
	"breakfast|coffee|food|water|heating|electricity|internet|school|"
	"college|university|kindergarten|daycare|work|life|love|dance|music|"
	"art|painting|pottery|running|yoga|reading|cooking|gardening|swimming|"
	"hiking|cycling|photography|travel|nature|family|money|time|health|"
	"sleep|everything|production|staging|development|prod|master|main|"
	"login|checkout|signup|search|indexing|ingestion|replication|queue|"
	"cache|parser|compiler|linter|build|authentication|authorization|"
	"encryption|compression|retro|standup|planning|refinement|capacity|"
	"velocity|scope|timeline|deadline|contract|invoice|lease|venue";

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
	if (loud || (c->noun == 0 && extract_in(x->low, plain_nouns)))
		return true;
	/* "Pool closes on 4 October" */
	if (c->noun == 0 && c->noun_end == 1 && !people_is_first_name(x->low) &&
		rules_verb(x->low, &form) != 0 && form & FORM_BASE &&
		rules_general(rules_verb(x->low, &form)) == 2)
		return true;
	/* "Return is on the 21st" */
	if (c->noun == 0 && extract_in(next, "is|was") &&
		extract_in(extract_low(w, c->noun_end + 1),
			"due|scheduled|on|at") &&
		!people_is_first_name(x->low))
		return true;
	if (c->noun != 0 || x->n < 4 || x->s[x->n - 1] != 's' ||
		x->s[x->n - 2] == 's')
		return false;
	if (extract_in(next, "are|were|have|do") ||
		(extract_in(next, "must|will|can|should|may") &&
			!people_is_first_name(x->low)))
		return true;
	return rules_verb(next, &form) != 0 && form & FORM_BASE &&
	       !(form & (FORM_THIRD | FORM_PAST));
}

int
clause_note_name(const struct extract_words *w, int i)
{
	static const char *const labels =
		"update|fix|result|status|bug|problem|cause|note|done|todo|edit|"
		"warning|error|info|question|answer|reminder|news|bonus|blocked|"
		"blocker|pending|next|also|plan|goal|risk|decision|today|"
		"yesterday|tomorrow|later|then|open|closed|feedback|idea|tip";
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
			       (form & (FORM_PAST | FORM_THIRD | FORM_ING)) != 0
		       ? k
		       : 0;
}

static const char *const bare_kin =
	"wife|husband|partner|girlfriend|boyfriend|fiance|fiancee|sister|"
	"brother|daughter|son|boss|landlord|roommate|flatmate|mother|father|"
	"aunt|uncle|neighbor|neighbour|gf|bf|hubby|doctor|vet|dentist|"
	"physio|gp|mechanic|optician|therapist|midwife|surgeon";

static const char *const many_of_us =
	"the team|our team|the two of us|my wife and i|my husband and i|my partner "
	"and i|my girlfriend and i|my boyfriend and i|me and my wife|me and my "
	"husband|my family and i|my family";

/* "Dad had a stroke", "partner is vegan", "neither of us speaks": the speaker's own
 * without "my". The word behind, 0: it is none. */
static int
read_own_kin(const struct extract_words *w, int i, int end, struct clause *c)
{
	const char *low = extract_low(w, i);
	struct clause ahead = {0};
	int k = extract_match(w, i, "neither of us|none of us");

	if (k > 0) {
		c->who = WHO_WE;
		c->is_denied = true;
	} else if ((clause_is_own_kin(low) || extract_in(low, bare_kin)) &&
		   clause_is_finite(w,
			   clause_over_adverbs(w, i + 1, end, &ahead), false,
			   false)) {
		c->who = WHO_MY;
		k = 1;
	} else {
		return 0;
	}
	c->noun = i;
	c->noun_end = i + k;
	return i + k;
}

int
clause_subject(const struct extract_words *w, int i, int end, struct clause *c)
{
	static const struct {
		const char *words;
		enum who who;
	} ones[] = {{"i", WHO_I}, {"we", WHO_WE}, {"you", WHO_YOU},
		{"he|she", WHO_HE},
		{"it|this|that|there|they|these|those|someone|somebody",
			WHO_IT}};
	const char *low = extract_low(w, i);
	struct clause ahead = {0};
	int k = extract_match(w, i, many_of_us);

	if (k > 0 &&
		clause_is_finite(w, clause_over_adverbs(w, i + k, end, &ahead),
			true, false)) {
		c->who = WHO_WE;
		return i + k;
	}
	for (size_t o = 0; o < ARRAY_LEN(ones); o++)
		if (extract_in(low, ones[o].words)) {
			c->who = ones[o].who;
			c->noun = i;
			c->noun_end = i + 1;
			/* "this server runs" */
			if (c->who == WHO_IT && extract_in(low, "this|these")) {
				k = noun_end(w, i + 1, end);
				if (k > 0 && !clause_is_finite(w, i + 1, true,
						     false)) {
					c->who = WHO_OUR;
					c->noun = i + 1;
					c->noun_end = k;
					return k;
				}
			}
			return i + 1;
		}
	/* "My colleagues and I went" */
	if (strcmp(low, "my") == 0)
		for (k = i + 2; k < i + 5 && k + 1 < end; k++)
			if (extract_is(w, k, "and") &&
				extract_is(w, k + 1, "i")) {
				c->who = WHO_WE;
				return k + 2;
			}
	if (extract_in(low, "my|our|the|his|her|their|its")) {
		k = noun_end(w, i + 1, end);
		if (k == 0)
			return 0;
		c->who = extract_in(low, "our|the|its") ? WHO_OUR : WHO_HIS;
		if (strcmp(low, "my") == 0)
			c->who = WHO_MY;
		c->noun = i + 1;
		c->noun_end = k;
		return k;
	}
	k = read_own_kin(w, i, end, c);
	if (k > 0)
		return k;
	k = read_owner(w, i, end, c);
	if (k > 0)
		return k;
	k = clause_subject_read_name(w, i, end, c);
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
