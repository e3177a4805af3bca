/* What speaks for keeping a clause that no rule knows, and what against it, in points.
 *
 *   "My dress is at the seamstress"   two words that name something, a state
 *   "I was so tired today"            a state that passes, of today
 *
 * The points were weighed with candidates of labelled conversations: a logistic
 * regression said how much each sign makes a right fact likelier, and its numbers,
 * rounded, stand in points_of. What speaks most for a fact are words that name
 * something; a name or a number adds less than one would think. */
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

/* Talk about the talk, and what goes on in a head. */
const char *const signs_talk =
	"say|tell|ask|think|see|mention|feel|know|want|forget|remember|notice|"
	"hear|seem|happen|let|check|reply|guess|mean|hope|wish|wonder|believe|"
	"suppose|agree|bet|promise|swear|thank|apologize|apologise|appreciate|"
	"understand|expect|assume|doubt|figure|recommend|suggest|propose|laugh|"
	"joke|cry|wait|stare|sound|regret|admit|imagine|pretend|deserve|bother|"
	"reckon|insist|claim|argue|recall|realize|realise|matter|complain|"
	"explain|answer|congratulate|welcome|greet|owe|blow|freak|lie|chat|"
	"discuss|confuse|describe|google|show|look|try|come|help|call|"
	"text|message|ping|worry|cheer|rock|stop by|point|warn|remind|inspire|"
	"motivate|relate|encourage|judge|sigh|smile|hug|miss|wave|nod|love|like";
/* What is done in a minute and says nothing a week later, at work above all. */
static const char *const acts =
	"put|add|fix|keep|make|take|set|read|update|change|delete|hit|open|"
	"close|enter|turn|report|run|write|test|create|remove|rename|leave|"
	"bring|pull|push|click|type|paste|copy|save|clear|drop|patch|tweak|"
	"bump|comment|revert|reset|rerun|restart|reboot|execute|pass|attach|"
	"review|merge|commit|rebase|search|investigate|debug|compile|crash|"
	"fail|break|hang|throw|print|return|send|pick|grab|get|go|give|do|have|"
	"use|need|find|wash|clean|sit|stand|walk|watch|eat|drink|sleep";
/* Behind "is": how it is found, or how it is right now. */
const char *const signs_passing =
	"happy|sad|glad|sorry|excited|proud|nervous|fine|good|great|ok|okay|nice|"
	"cool|awesome|amazing|terrible|awful|bad|tough|hard|easy|fun|crazy|insane|"
	"weird|strange|funny|cute|lovely|beautiful|sweet|wonderful|fantastic|"
	"brilliant|perfect|ready|sure|right|wrong|true|done|back|here|there|late|"
	"early|busy|tired|hungry|bored|stuck|lost|jealous|curious|interested|"
	"grateful|thankful|lucky|worried|better|best|worse|worst|welcome|kidding|"
	"joking|serious|gone|up|down|nearly|almost|close|missing|broken|slow|"
	"fast|big|small|long|short|new|old|so|too|very|really|such|just|like|"
	"about|what|why|how|that|this|it|overwhelmed|relieved|surprised|upset|"
	"angry|mad|annoyed|frustrated|shocked|thrilled|pleased|impressed|"
	"delicious|gorgeous|stunning|cozy|hilarious|brutal|wild|huge|tiny|"
	"important|useful|helpful|possible|impossible|clear|obvious|unclear|"
	"different|same|similar|enough|more|less|over|out|off|on|around|alive|"
	"dead|asleep|awake|sick|cold|hot|warm|dark|late|smart|clever|stupid|"
	"silly|failing|coming|getting|being|doing|"
	"looking|feeling|trying|thinking|wondering|hoping|having|not|all|only|"
	"always|never|still|also|even|rough|okayish|meh|solid|decent|legit|"
	"sold|game|down|dying|screwed|toast|fair|enough|alright|scary|sad|"
	"interesting|boring|annoying|exhausting|amused|confused|unsure|afraid|"
	"motivated|concerned|determined|torn|tempted|blessed|introduced|key|"
	"crucial|essential|vital|refreshing|accepted|loved|focused|discouraged|"
	"hopeful|inspired|touched|honored|honoured|eager|keen|willing|able|"
	"unable|stressed|anxious|frustrating|rewarding|meaningful|powerful|"
	"incredible|special|secure|robust|reliable|efficient|accessible|"
	"comfortable|confident|capable|positive|resilient|challenging|tricky|"
	"daunting|overwhelming|inspiring|therapeutic|involved|familiar|used|"
	"aware|likely|unlikely|supposed|bound|due|worth|wise|necessary|needed|"
	"great|remarkable|priceless|truly|indeed|key|super|quite|rather|"
	"pretty|kinda|definitely|absolutely|totally|completely|my|your|our|"
	"being|because|when|where|if|one|someone|something|nothing|everything|"
	"what's|considered|supportive|proud|sunk|down|talking|telling|asking|"
	"saying|wanting|needing|struggling|experiencing|encountering";
/* What only this conversation knows. */
static const char *const unnamed =
	"it|that|this|them|these|those|what|how|why|where|when|whether|if|so|"
	"here|there|something|anything|nothing|everything|one|ones|some|same|"
	"him|her|us|me|because|as|who|which|like|up|out|off|away|back|around";

static bool
has_names(const struct extract_words *w, int first, int end)
{
	for (int i = first; i < end; i++)
		if (i > 0 && w->v[i].flags & W_CAPITAL &&
			!extract_is(w, i, "i"))
			return true;
	return false;
}

bool
signs_is_person(const struct reader *r, const struct clause *c)
{
	return general_of_somebody(r, c) || c->who == WHO_MY ||
	       (c->who == WHO_HIS && facts_noun_is_person(&r->w, c));
}

/* Is only today, tonight or tomorrow spoken of? */
static bool
is_of_the_day(const struct reader *r, const struct clause *c)
{
	bool some = false;

	for (int i = 0; i < r->whens_n; i++) {
		const struct when *t = &r->whens[i];

		if (t->first < c->first || t->last >= c->clause_end)
			continue;
		if (t->from < r->today - 1 || t->to > r->today)
			return false;
		some = true;
	}
	return some;
}

bool
signs_is_state(const struct clause *c)
{
	return c->tense == T_IS || c->tense == T_WAS || c->tense == T_BEEN ||
	       c->has_be;
}

enum sign {
	SIGN_CONTENT,	    /* words that name something, three at most */
	SIGN_NAME,	    /* a name in the value */
	SIGN_NUMBER,	    /* a number there */
	SIGN_TIME,	    /* a time */
	SIGN_OFTEN,	    /* how often, and when in the day */
	SIGN_SUBJECT,	    /* two words in the subject that name something */
	SIGN_PERSON,	    /* somebody else than the speaker */
	SIGN_NOW,	    /* what lasts: "I teach" */
	SIGN_STATE,	    /* "is" */
	SIGN_PAST,	    /* "bought" */
	SIGN_GOING_ON,	    /* "is building" */
	SIGN_AHEAD,	    /* "will", "must" */
	SIGN_UNDATED,	    /* the same without a day */
	SIGN_HABIT,	    /* who does it, now, and how often */
	SIGN_KIND,	    /* "is Orthodox" */
	SIGN_PLACED,	    /* "my dress is at the seamstress" */
	SIGN_RULE,	    /* "hotfixes skip staging" */
	SIGN_MINUTED,	    /* "Ola added log rotation", in minutes */
	SIGN_TALK,	    /* "says", "thinks" */
	SIGN_ACT,	    /* "opened": done in a minute */
	SIGN_EVERYDAY,	    /* "drank" */
	SIGN_UNNAMED,	    /* "it", "that one": only the conversation knows */
	SIGN_TODAY,	    /* only today and yesterday are spoken of */
	SIGN_LOUD,	    /* "!" */
	SIGN_HEDGED,	    /* "probably" */
	SIGN_PASSING,	    /* "is tired" */
	SIGN_PASSING_LATER, /* "is a bit tired" */
	SIGN_IT,	    /* said of "it" */
	SIGN_WORK_ACT,	    /* the speaker's work of the moment */
	SIGN_WORK_TALE,	    /* "the server responded with .." */
	SIGN_ABSTRACT,	    /* "painting is ..", with no name, number or time */
	SIGN_LONG,	    /* a long value */
	SIGN_STORY,	    /* a long sentence */
	SIGN_DENIED,
	SIGN_MAX
};

static const signed char points_of[SIGN_MAX] = {
	[SIGN_CONTENT] = 11,
	[SIGN_NAME] = 3,
	[SIGN_NUMBER] = 6,
	[SIGN_TIME] = 4,
	[SIGN_OFTEN] = 4,
	[SIGN_SUBJECT] = 3,
	[SIGN_PERSON] = 6,
	[SIGN_NOW] = 7,
	[SIGN_STATE] = 1,
	[SIGN_PAST] = -3,
	[SIGN_GOING_ON] = 4,
	[SIGN_AHEAD] = -1,
	[SIGN_TALK] = -30,
	[SIGN_ACT] = -6,
	[SIGN_EVERYDAY] = -5,
	[SIGN_UNNAMED] = -8,
	[SIGN_TODAY] = -5,
	[SIGN_LOUD] = -12,
	[SIGN_HEDGED] = -8,
	[SIGN_PASSING] = -30,
	[SIGN_PASSING_LATER] = -5,
	[SIGN_IT] = -8,
	[SIGN_WORK_ACT] = -8,
	[SIGN_LONG] = -5,
	[SIGN_DENIED] = -2,
	[SIGN_HABIT] = 8,
	[SIGN_KIND] = 10,
	[SIGN_PLACED] = 12,
	[SIGN_RULE] = 6,
	[SIGN_UNDATED] = -12,
	[SIGN_STORY] = -8,
	[SIGN_ABSTRACT] = -12,
	[SIGN_WORK_TALE] = -10,
	[SIGN_MINUTED] = 8,
};

static bool
has_daypart(const struct reader *r, const struct clause *c)
{
	for (int i = c->verb_at; i < c->clause_end; i++)
		if (extract_match(&r->w, i,
			    "before breakfast|before work|after work|after "
			    "school|at noon|at lunch|in the mornings|in the "
			    "evenings|in the morning|in the evening|at night|"
			    "in the afternoon|in the summer|in the winter|in "
			    "summer|in winter|all year|year round|on weekdays|"
			    "weekdays|afternoons|overnight|before bed") > 0)
			return true;
	return false;
}

static void
read_signs(const struct reader *r, const struct clause *c, int first, int end,
	int f[SIGN_MAX])
{
	const struct extract_words *w = &r->w;
	const char *low = extract_low(w, c->verb_at);
	bool own = c->who == WHO_I || c->who == WHO_WE,
	     state = signs_is_state(c);
	int content = facts_content(w, first, end);

	memset(f, 0, SIGN_MAX * sizeof(f[0]));
	f[SIGN_CONTENT] = content < 3 ? content : 3;
	f[SIGN_NAME] = has_names(w, first, end);
	f[SIGN_NUMBER] = facts_is_concrete(w, first, end) && !f[SIGN_NAME];
	f[SIGN_TIME] = facts_has_time(r, c->first, c->clause_end);
	f[SIGN_OFTEN] = (c->often >= 0 && !c->is_never) || has_daypart(r, c) ||
			(!c->is_denied && facts_has_often(r, c));
	if (c->who == WHO_MY || c->who == WHO_OUR || c->who == WHO_THING ||
		c->who == WHO_HIS)
		f[SIGN_SUBJECT] = facts_content(w, c->noun, c->noun_end) > 1;
	f[SIGN_PERSON] = !own && signs_is_person(r, c);
	f[SIGN_NOW] = c->tense == T_NOW;
	f[SIGN_STATE] = state && c->tense != T_WAS;
	f[SIGN_PAST] = general_past(r, c) || c->tense == T_WAS;
	f[SIGN_GOING_ON] = c->tense == T_GOING_ON || c->tense == T_PERFECT_ON;
	f[SIGN_AHEAD] = !state && (c->tense == T_WILL || c->tense == T_GOING ||
					  c->tense == T_MUST);
	if (!state) {
		f[SIGN_TALK] = general_any_of(c, low, signs_talk);
		f[SIGN_ACT] = !f[SIGN_TALK] && general_any_of(c, low, acts);
		f[SIGN_EVERYDAY] = general_any_of(c, low, general_everyday);
		f[SIGN_WORK_ACT] =
			r->is_work && own &&
			(f[SIGN_ACT] || f[SIGN_PAST] || f[SIGN_GOING_ON]);
		f[SIGN_UNDATED] = f[SIGN_AHEAD] && !f[SIGN_TIME];
	}
	f[SIGN_UNNAMED] =
		extract_in(extract_low(w, first), unnamed) &&
		!(extract_in(extract_low(w, first), "me|us|him|her") &&
			content > 0 && !own);
	f[SIGN_TODAY] = is_of_the_day(r, c);
	f[SIGN_LOUD] = w->is_loud;
	f[SIGN_HEDGED] = c->is_hedged;
	if (state)
		f[SIGN_PASSING] = extract_in(low, signs_passing);
	for (int i = first + (state ? 1 : 0); i < end; i++)
		f[SIGN_PASSING_LATER] |=
			state && extract_in(extract_low(w, i), signs_passing);
	f[SIGN_IT] = c->who == WHO_IT;
	f[SIGN_LONG] = end - first > 9;
	f[SIGN_DENIED] = c->is_denied || c->is_never;
	f[SIGN_HABIT] = (own || f[SIGN_PERSON]) && f[SIGN_NOW] &&
			f[SIGN_OFTEN] && !f[SIGN_TALK];
	f[SIGN_KIND] = state && (own || f[SIGN_PERSON]) && end - first <= 2 &&
		       w->v[first].flags & W_CAPITAL;
	f[SIGN_PLACED] =
		state && c->tense == T_IS &&
		(own || f[SIGN_PERSON] || c->who == WHO_HIS) &&
		extract_in(low, "at|in|with|on|under|from|behind|near");
	f[SIGN_RULE] = f[SIGN_NOW] && !own && !f[SIGN_PERSON] && r->is_work &&
		       c->who != WHO_IT && !f[SIGN_ACT];
	f[SIGN_MINUTED] = r->is_notes && c->who == WHO_NAME && f[SIGN_PAST];
	/* "haven't seen my parents since 2024" */
	if (c->tense == T_PERFECT && c->is_denied && f[SIGN_TIME])
		f[SIGN_TALK] = 0;
	f[SIGN_STORY] = w->words > 22;
	f[SIGN_ABSTRACT] = c->who == WHO_THING && !r->is_work &&
			   !f[SIGN_NAME] && !f[SIGN_NUMBER] && !f[SIGN_TIME];
	f[SIGN_WORK_TALE] = r->is_work && !own && !f[SIGN_PERSON] &&
			    f[SIGN_PAST] && c->who != WHO_NAME;
	/* "vet thinks arthritis" is no talk. */
	if (f[SIGN_TALK] && c->who == WHO_MY &&
		extract_in(extract_low(w, c->noun_end - 1),
			"doctor|vet|dentist|physio|gp|optician|therapist|"
			"midwife|surgeon|cardiologist|mechanic"))
		f[SIGN_TALK] = 0;
}

int
signs_points(const struct reader *r, const struct clause *c, int first, int end)
{
	int f[SIGN_MAX], n = 0;

	read_signs(r, c, first, end, f);
	for (int i = 0; i < SIGN_MAX; i++)
		n += f[i] * points_of[i];
	return n;
}
