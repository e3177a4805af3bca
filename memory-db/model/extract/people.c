/* Who is spoken of: names that are written without capitals, the one whom "he" and
 * "she" mean, and whether "we" are a project or friends.
 *
 *   jess: dan is allergic to cats       dan      is allergic to cats
 *   Stan: And Mei?                      (Mei is whom they speak of)
 *   Ada: She reports to the CTO.        mei      reports to the CTO
 *   Ada: We have two rabbits.           ada      has two rabbits
 *   Ada: We deploy with Ansible.        project  deploys with Ansible */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"
#include "memory-db/model/extract/names.h"

/* So many points make a text one of work, and one in so many words. */
#define WORK_LEAST 2
#define WORK_WORDS 35

/* Names that are common in chats and no words of English besides. */
static const char *const women =
	"abigail|ada|agnes|aisha|alexa|alexandra|alice|alicia|alina|aline|"
	"alison|alma|amanda|amelia|amina|amy|ana|angela|anika|anita|anja|"
	"anna|anne|annie|antonia|anya|ashley|astrid|ava|bea|beatrice|beth|"
	"bianca|brenda|caitlin|camille|carina|carla|carmen|carol|caroline|"
	"catherine|cecilia|charlotte|chiara|chloe|christina|christine|claire|"
	"clara|claudia|cristina|daisy|dana|daniela|debbie|denise|diana|donna|"
	"ebba|edith|elaine|eleanor|elena|elif|elisa|elizabeth|ella|ellen|"
	"elsa|emily|emma|erica|erika|erin|esther|eva|evelyn|fatima|femke|"
	"fiona|frances|francesca|frida|gabriela|gemma|gerda|gina|giulia|"
	"grandma|granny|greta|hanna|hannah|harriet|heather|heidi|helen|"
	"helena|hilde|ines|inge|ingrid|irene|irina|isabel|isabella|ivy|"
	"jacqueline|jana|jane|janet|jasmine|jen|jenna|jennifer|jenny|jess|"
	"jessica|jill|joan|joanna|johanna|josephine|joyce|judith|julia|julie|"
	"kamila|karen|karin|karolina|katarina|kate|katherine|kathy|katie|"
	"katja|kristina|lara|laura|lauren|layla|lea|lena|leona|lia|lilian|"
	"lily|lina|linda|lisa|lottie|louise|lucia|lucy|lydia|mabel|magda|"
	"maggie|maja|margaret|margot|maria|marianne|maribel|marie|marina|"
	"marlene|marta|martha|mary|maya|megan|mei|melanie|melissa|mia|"
	"michelle|mila|mira|miriam|mona|monica|monika|nadia|nadine|nadja|"
	"nancy|naomi|natalia|natalie|natasha|neha|nicola|nicole|nina|noemi|"
	"noor|nora|norma|olga|olivia|patricia|paula|pauline|penny|petra|pia|"
	"priya|rachel|raquel|rebecca|rita|ronja|rosa|ruth|sabine|sally|"
	"samantha|samira|sandra|sara|sarah|selma|sharon|shreya|sigrid|silke|"
	"silvia|simone|sofia|sonia|sophia|sophie|stella|stephanie|susan|"
	"susanne|svetlana|sylvia|tamara|tanya|teresa|tess|theresa|tilda|tina|"
	"tracy|trudy|ulla|ursula|valentina|valeria|vanessa|vera|victoria|"
	"vivian|wanda|wendy|yara|yasmin|yuki|yvonne|zahra|zara|zoe|zoey";
static const char *const men =
	"aaron|abdul|adam|adrian|ahmad|ahmed|alan|albert|alberto|alejandro|"
	"alexander|alfred|ali|amir|anders|andreas|andrei|andrew|anthony|"
	"anton|antonio|archie|arjun|arthur|axel|bart|basil|ben|benjamin|"
	"bernd|bjorn|boris|brad|brandon|brian|bruce|bruno|carlos|cedric|"
	"charles|christian|christoph|claus|colin|connor|craig|curt|cyril|dan|"
	"daniel|darren|dave|david|deepak|dennis|derek|devon|diego|dimitri|"
	"dirk|dmitri|dominic|doug|dylan|eduardo|edward|edwin|eli|elias|emil|"
	"enrique|eric|erik|ernest|ethan|eugene|evan|ezra|fabian|farid|felipe|"
	"felix|fernando|finn|florian|francesco|francois|frank|fred|fritz|"
	"gabriel|gareth|gary|georg|george|gerald|gerhard|gilbert|giorgio|"
	"giovanni|gordon|graham|grandpa|greg|guillermo|gustav|günter|hamid|"
	"hamza|hans|harald|harold|harvey|hassan|heinz|henrik|henry|herbert|"
	"howard|hugo|ian|ibrahim|ignacio|igor|isaac|ivan|ivo|jacob|jake|"
	"jakob|james|jason|javier|jeff|jens|jeremy|jerome|jim|joao|joe|joel|"
	"johan|john|johnny|jon|jonas|jonathan|jorge|joris|jose|joseph|josh|"
	"joshua|juan|julian|jun|jurgen|justin|kamal|karim|karl|keith|ken|"
	"kenji|kevin|khalid|kofi|kurt|kyle|lamar|lars|leo|leon|leonard|levi|"
	"liam|lloyd|lorenzo|louis|luca|lucas|ludwig|luis|lukas|luke|malik|"
	"manuel|marc|marcel|marco|marcus|mario|martin|mateo|mats|matt|matteo|"
	"matthew|maurice|michael|miguel|mike|mikhail|milan|milo|milton|mitch|"
	"mohamed|mohammad|mohammed|moritz|murray|nate|nathan|neil|niall|"
	"nicholas|nico|nicolas|nicole|nigel|nikhil|nikolai|nils|noah|norman|"
	"oleg|oliver|omar|oscar|oskar|otis|otto|owen|pablo|paolo|patrick|"
	"paul|paulo|pavel|pedro|percy|pete|peter|phil|philip|pierre|piet|"
	"piotr|quentin|rafael|raj|rajesh|ralph|ramon|randy|ravi|raymond|"
	"reinhard|rene|ricardo|richard|rob|robert|roberto|roger|rohan|roland|"
	"ron|rudolf|rui|russell|ryan|salim|samuel|sanjay|santiago|scott|sean|"
	"sebastian|sergei|sergey|sergio|shane|sid|simon|stan|stefan|steffi|"
	"stephen|steve|steven|stuart|sunil|suresh|sven|tariq|ted|terry|theo|"
	"thomas|tim|timothy|tobias|todd|tom|tomas|tony|tyler|ulrich|umar|"
	"victor|vijay|vikram|viktor|vincent|vladimir|walter|werner|wilhelm|"
	"william|wolfgang|xavier|yannick|yosef|yusuf|zach";
static const char *const either =
	"alex|andrea|andy|chris|jamie|jan|jean|jordan|kai|kelly|kim|mochi|"
	"robin|sam|wei";
/* Words of English that are names as well, with a capital. */
static const char *const men_too =
	"max|will|mark|bill|jack|art|drew|grant|chase|hunter|carter|miles|gus|"
	"nick|rich|dean|frank|rob|ray|sandy";
static const char *const women_too =
	"rose|grace|hope|faith|joy|june|april|may|amber|ruby|pearl|iris|violet|"
	"summer|dawn|eve|holly|sue|gail|bea|ana|candy|melody";
/* The same of those who have no name: "my sister". */
static const char *const female_nouns =
	"mother|mom|mum|mama|sister|wife|daughter|aunt|niece|grandmother|grandma|"
	"granny|granddaughter|girlfriend|fiancee|stepmother|stepmom|stepdaughter|"
	"stepsister|godmother|mother-in-law|sister-in-law|ex-wife|landlady";
static const char *const male_nouns =
	"father|dad|papa|brother|husband|son|uncle|nephew|grandfather|grandpa|"
	"grandson|boyfriend|fiance|stepfather|stepdad|stepson|stepbrother|"
	"godfather|father-in-law|brother-in-law|ex-husband|landlord";

bool
people_is_first_name(const char *low)
{
	return extract_in(low, women) || extract_in(low, men) ||
	       extract_in(low, either);
}

/* The last word of "mother" or "older sister"; the first of a name. */
static void
key_of(const char *name, const char *noun, char ret[NAME_BYTES])
{
	const char *last = strrchr(noun, ' ');

	if (noun[0] != '\0')
		snprintf(ret, NAME_BYTES, "%s", last ? last + 1 : noun);
	else
		snprintf(ret, NAME_BYTES, "%.*s", (int)strcspn(name, " "),
			name);
}

void
facts_person(struct reader *r, const char *name, const char *noun)
{
	struct person p;
	char key[NAME_BYTES];

	snprintf(p.name, NAME_BYTES, "%s", name);
	snprintf(p.noun, NAME_BYTES, "%s", noun);
	key_of(name, noun, key);
	r->person = p;
	if (!extract_in(key, women) && !extract_in(key, women_too) &&
		!extract_in(key, female_nouns))
		r->he = p;
	if (!extract_in(key, men) && !extract_in(key, men_too) &&
		!extract_in(key, male_nouns))
		r->she = p;
}

const struct person *
people_meant(const struct reader *r, int i)
{
	const struct person *p = &r->person;

	if (extract_in(extract_low(&r->w, i), "he|his|him"))
		p = &r->he;
	if (extract_in(extract_low(&r->w, i), "she|her|hers"))
		p = &r->she;
	/* Of a name that no list has nobody knows which of the two. */
	return p->name[0] != '\0' ? p : &r->person;
}

/* Words of work: where a conversation has them, "we" are a project. */
static const char *const work_words =
	"deploy|deploys|deployed|deployment|deployments|repo|repository|commit|"
	"commits|pr|prs|api|apis|server|servers|database|"
	"databases|sprint|sprints|staging|"
	"prod|ci|codebase|bug|bugs|endpoint|endpoints|refactor|"
	"backend|frontend|standup|retro|roadmap|"
	"stakeholder|stakeholders|kickoff|milestone|"
	"milestones|invoice|invoices|migration|migrations|"
	"linter|compiler|sdk|backlog|"
	"replica|replicas|cron|cronjob|tls|dns|vpn|rollback|changelog|tsx|jsx|"
	"localhost|webhook|webhooks|middleware|namespace|cli|crud|npm|regex|"
	"stderr|stdout|stacktrace|segfault|mutex|async|monorepo|makefile|"
	"q1|q2|q3|q4|kpi|okr|okrs|vendor|vendors|"
	"onboarding|runbook|"
	"postmortem|agm|json|yaml|sql|css|html|treasurer";
/* The same, which people use at home too: "the football team", "a project". */
static const char *const work_words_too =
	"release|releases|ticket|tickets|branch|branches|production|build|"
	"builds|pipeline|pipelines|code|test|tests|cluster|schema|merge|config|"
	"client|clients|customer|customers|agenda|feature|features|"
	"library|framework|package|version|decision|decisions|actions|revenue|"
	"warehouse|launch|dashboard|incident|outage|monitoring|logs|service|"
	"services|queue|cache|proxy|docs|module|modules|function|functions|"
	"class|script|scripts|app|website|campaign|newsletter|team|teams|"
	"cms|svg|png|branding|wireframe|wireframes|mockup|mockups|"
	"firmware|bootloader|schematic|schematics|pcb|sensor|sensors|mcu|"
	"microcontroller|oscilloscope|capacitor|resistor|voltage|brownout|"
	"committee|chair|quarter|department|hr|sales|marketing|product|"
	"products|project|projects|orders|board|members|shop|store|"
	"supplier|suppliers|disk|cert|certs|certificate|latency|gateway|partition|partitions|"
	"consumer|consumers|producer|producers|node|nodes|pod|pods|"
	"bucket|buckets|token|tokens|component|components|"
	"sidebar|hex|px|parser|plugin|plugins|timeout|timeouts|"
	"retry|retries|cache|caching|ssh|proxy|"
	"shard|shards|replication|indexes|query|queries|"
	"container|containers|fixture|fixtures|mock|"
	"mocks|emulator|esp32|arduino|gpio|"
	"rollout|oncall|"
	"sso|bandwidth|subnet|rpc|"
	"rebase|diff|snapshot";
/* Names of software that are other words as well. */
static const char *const no_tools =
	"go|rest|make|black|slack|teams|linear|"
	"notion|rails|spring|swift|react|phoenix|"
	"python|java|ruby|rust|zoom|windows|bun|arch|"
	"vault|consul|spark|poetry|uv|lambda|trunk|"
	"figma|stripe|sentry|zed|envoy|node";

/* How much a word says that the text is of work; "the same word again" says it
 * once. */
static int
work_points(const char *low)
{
	if (extract_in(low, work_words))
		return 2;
	if (extract_in(low, extract_tools))
		return extract_in(low, no_tools) ? 1 : 3;
	return extract_in(low, work_words_too);
}

bool
people_is_of_work(const struct extract_words *w, int first, int end)
{
	for (int i = first; i < end; i++)
		if (work_points(extract_low(w, i)) > 0 ||
			extract_in(extract_low(w, i), "deadline|node|nodes"))
			return true;
	return false;
}

/* "useBreakpoint", "tokens.ts": written for a machine. */
static bool
is_of_code(const char *s, size_t n)
{
	for (size_t i = 1; i + 1 < n; i++)
		if ((islower((unsigned char)s[0]) &&
			    islower((unsigned char)s[i]) && n > 6 &&
			    isupper((unsigned char)s[i + 1])) ||
			(s[i] == '.' && n > 4 &&
				islower((unsigned char)s[i - 1]) &&
				islower((unsigned char)s[i + 1]) && n - i < 6))
			return true;
	return false;
}

/* Has the text words of work, or code? A long one needs more of them: friends
 * speak of a project or a team sooner or later. */
bool
people_at_work(const char *s, size_t n)
{
	const char *seen = "";
	size_t seen_n = 0, words = 0, found = 0;

	if (memmem(s, n, "```", 3) || memmem(s, n, "\n$ ", 3))
		return true;
	for (size_t i = 0; i < n;) {
		char low[WORD_BYTES];
		size_t k = 0;

		while (i + k < n &&
			(isalnum((unsigned char)s[i + k]) ||
				strchr(".-", s[i + k]) != NULL) &&
			s[i + k] != '\0')
			k++;
		for (size_t b = 0; b < k && b + 1 < WORD_BYTES; b++)
			low[b] = (char)tolower((unsigned char)s[i + b]);
		low[k < WORD_BYTES ? k : 0] = '\0';
		if (k > 0 && low[k < WORD_BYTES ? k - 1 : 0] == '.')
			low[k < WORD_BYTES ? k - 1 : 0] = '\0';
		words += k > 0;
		found += k > 4 && is_of_code(s + i, k) &&
			 !(i > 0 && strchr("@/.", s[i - 1]) != NULL);
		if (k > 0 && work_points(low) > 0 &&
			!(k == seen_n && strncasecmp(seen, s + i, k) == 0)) {
			found += (size_t)work_points(low);
			seen = s + i;
			seen_n = k;
		}
		i += k > 0 ? k : 1;
	}
	return found >= WORK_LEAST && found * WORK_WORDS >= words;
}

static bool
is_speaker(const struct reader *r, const char *low)
{
	char name[NAME_BYTES];

	for (size_t i = 0; i < r->speakers_n; i++) {
		render_low(r->speakers[i], name);
		if (strcmp(name, low) == 0)
			return true;
	}
	return false;
}

/* "dan is allergic": a capital that the writer saved. */
void
people_capitals(struct reader *r)
{
	for (int i = 0; i < r->w.words; i++) {
		struct extract_word *x = &r->w.v[i];

		if (x->flags & W_CAPITAL || x->low[0] == '\0')
			continue;
		if (people_is_first_name(x->low) ||
			(strlen(x->low) > 2 && is_speaker(r, x->low) &&
				!rules_verb(x->low, &(unsigned){0})))
			x->flags |= W_CAPITAL;
	}
}

/* "we hired a baker, his name is Emil": whom "he" means then. */
static void
people_named(struct reader *r)
{
	const struct extract_words *w = &r->w;
	char name[NAME_BYTES];

	for (int i = 0; i + 3 < w->words; i++) {
		int n = extract_match(w, i,
			"his name is|her name is|their name is|he is called|"
			"she is called");

		/* "I adopted a dog. His name is Biscuit": of the dog. */
		if (n == 0 || !(w->v[i + n].flags & W_CAPITAL) ||
			people_meant(r, i)->noun[0] != '\0')
			continue;
		render_name(w, i + n, i + n + 1, name);
		facts_person(r, name, "");
	}
}

/* "my mum's birthday is on the 24th and she's vegan, could you do a cake?": what is
 * asked stands at the end, what is told before it. */
void
people_told(struct reader *r)
{
	static const char *const asks =
		"could|can|would|do|does|did|is|are|was|what|how|which|when|"
		"where|who|should|shall|will|why|have|has|right|any|or|know";
	struct extract_words *w = &r->w;
	int at = 0;

	people_named(r);
	if (!w->is_question)
		return;
	for (int k = 3; k < w->words; k++)
		if ((w->v[k].flags & (W_COMMA | W_BREAK) &&
			    extract_in(extract_low(w, k), asks)) ||
			/* "I got a pot, so something for that?" */
			(w->v[k].flags & (W_COMMA | W_BREAK) &&
				extract_match(w, k + extract_is(w, k, "so"),
					"something|anything|any|ideas|"
					"thoughts|you|suggestions|tips|"
					"advice|how about|what about|"
					"recommendations") > 0) ||
			(extract_in(extract_low(w, k - 1), "and|so|but") &&
				extract_in(extract_low(w, k), asks) && k > 4 &&
				extract_in(extract_low(w, k + 1),
					"you|i|we|there|it|that|the")))
			at = k -
			     extract_in(extract_low(w, k - 1), "and|so|but");
	if (at < 3 || extract_in(extract_low(w, 0), asks) ||
		extract_in(extract_low(w, 0), "if|unless|suppose|imagine") ||
		!clause_starts(w, clause_skip_courtesy(w, 0), at))
		return;
	w->words = at;
	w->is_question = false;
}

/* "have you heard from Ravi?", "And Mei?": the turn that answers speaks of them. */
void
people_asked_of(struct reader *r)
{
	const struct extract_words *w = &r->w;
	char name[NAME_BYTES], low[NAME_BYTES];

	if (!w->is_question)
		return;
	for (int i = w->words - 1; i >= 0; i--) {
		if (!(w->v[i].flags & W_CAPITAL) || w->v[i].flags & W_PART)
			continue;
		/* "how are you, Bob?" */
		if (i > 0 && w->v[i].flags & W_COMMA)
			continue;
		if (!people_is_first_name(extract_low(w, i)) &&
			!extract_in(extract_low(w, i - 1),
				"is|and|about|from|with|does|did|has|how's|to"))
			continue;
		if (extract_in(extract_low(w, i), extract_tools) ||
			strlen(extract_low(w, i)) < 3)
			continue;
		facts_speaker(r, low);
		render_name(w, i, i + 1, name);
		if (strcmp(name, low) == 0)
			continue;
		facts_person(r, name, "");
		return;
	}
}

static void
forget_if(struct person *p, const char *name)
{
	/* "My daughter is Noor. She .." is no speaker. */
	if (strcmp(p->name, name) == 0 && p->noun[0] == '\0')
		*p = (struct person){.name = ""};
}

void
people_turn(struct reader *r)
{
	char name[NAME_BYTES];

	facts_speaker(r, name);
	/* Nobody calls himself "he". */
	if (r->turn->role != ROLE_ASSISTANT) {
		forget_if(&r->person, name);
		forget_if(&r->he, name);
		forget_if(&r->she, name);
	}
	for (size_t i = 0; i < r->speakers_n; i++)
		if (strcmp(r->speakers[i], r->turn->speaker) == 0)
			return;
	if (r->speakers_n < ARRAY_LEN(r->speakers) && r->turn->speaker[0])
		r->speakers[r->speakers_n++] = r->turn->speaker;
}
