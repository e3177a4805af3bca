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

/* Names that are common in chats and no words of English besides. */
static const char *const first_names =
	"aaron|abigail|adam|adrian|ahmed|aisha|alan|albert|alejandro|alex|alexa|"
	"alexander|alexandra|alice|alicia|alina|alison|amanda|amir|amy|ana|"
	"anders|andrea|andreas|andrei|andrew|andy|angela|anika|anita|anna|anne|"
	"annie|anthony|antonio|anya|arjun|arthur|ashley|astrid|ben|benjamin|"
	"bernd|beth|bianca|bjorn|brandon|brenda|brian|bruno|caitlin|camille|"
	"carla|carlos|carmen|carol|caroline|catherine|cecilia|chiara|chloe|"
	"chris|christian|christina|christine|christoph|claire|clara|claudia|"
	"colin|connor|craig|cristina|dan|dana|daniel|daniela|dave|david|debbie|"
	"deepak|denise|dennis|derek|diana|diego|dimitri|dmitri|donna|dylan|"
	"edward|elena|eleanor|eli|elias|elif|elisa|elizabeth|ella|ellen|emil|"
	"emily|emma|enrique|eric|erik|erika|erin|esther|ethan|eva|evan|evelyn|"
	"fabian|farid|fatima|felix|fernando|fiona|florian|frances|francesca|"
	"francesco|francois|frank|fred|frida|gabriel|gabriela|gareth|gary|"
	"george|gina|giovanni|giulia|gordon|greg|greta|gustav|hamid|hannah|"
	"hans|harriet|hassan|heather|heidi|helen|helena|henrik|henry|hugo|ian|"
	"ibrahim|ines|ingrid|irene|irina|isaac|isabel|isabella|ivan|jacob|jake|"
	"james|jamie|jan|jana|jane|janet|jasmine|jason|javier|jeff|jen|jenna|"
	"jennifer|jenny|jeremy|jess|jessica|jill|jim|joan|joanna|joao|joe|joel|"
	"johan|johanna|john|johnny|jon|jonas|jonathan|jordan|jorge|jose|joseph|"
	"josh|joshua|juan|judith|julia|julian|julie|justin|kai|karen|karim|"
	"karin|karl|karolina|kate|katherine|kathy|katie|katja|keith|kelly|ken|"
	"kenji|kevin|khalid|kim|kristina|kyle|lara|lars|laura|lauren|layla|lea|"
	"lena|leo|leon|leona|liam|lina|linda|lisa|louis|louise|luca|lucas|lucia|"
	"lucy|luis|lukas|luke|maja|malik|manuel|marc|marco|marcus|margaret|"
	"maria|marie|marina|mario|marta|martha|martin|mary|mateo|matt|matteo|"
	"matthew|maya|megan|mei|melanie|melissa|mia|michael|michelle|miguel|"
	"mike|mikhail|mila|milan|milo|mira|miriam|mohamed|mohammed|monica|"
	"monika|nadia|nadine|nancy|naomi|natalie|natasha|nathan|neha|neil|niall|"
	"nicholas|nicolas|nicole|nikhil|nikolai|nina|noah|noor|nora|oleg|olga|"
	"oliver|olivia|omar|oscar|otto|owen|pablo|paolo|patricia|patrick|paul|"
	"paula|pavel|pedro|pete|peter|petra|phil|philip|pierre|piotr|priya|"
	"rachel|rafael|raj|rajesh|ralph|raquel|ravi|rebecca|ricardo|richard|"
	"rita|rob|robert|roberto|roger|rohan|roland|ron|rosa|ruth|ryan|sabine|"
	"sally|sam|samantha|samira|samuel|sandra|sanjay|sara|sarah|scott|sean|"
	"sebastian|sergei|sergio|shane|sharon|shreya|silvia|simon|simone|sofia|"
	"sonia|sophia|sophie|stefan|steffi|stella|stephanie|stephen|steve|"
	"steven|stuart|susan|susanne|suresh|sven|svetlana|sylvia|tamara|tanya|"
	"tariq|teresa|theo|theresa|thomas|tim|timothy|tina|tobias|tom|tomas|"
	"tony|tracy|ulrich|umar|ursula|valentina|valeria|vanessa|vera|victor|"
	"victoria|vijay|vincent|viktor|wei|wendy|william|xavier|yara|yasmin|"
	"yuki|yusuf|yvonne|zahra|zoe|zoey|mochi|grandpa|grandma|granny";

/* Words of work: where a conversation has them, "we" are a project. */
static const char *const work_words =
	"deploy|deploys|deployed|deployment|deployments|repo|repository|commit|"
	"commits|branch|branches|pr|prs|api|apis|server|servers|database|"
	"databases|release|releases|sprint|sprints|ticket|tickets|staging|"
	"production|prod|build|builds|ci|pipeline|pipelines|code|codebase|test|"
	"tests|bug|bugs|cluster|schema|endpoint|endpoints|refactor|merge|config|"
	"backend|frontend|standup|retro|roadmap|client|clients|customer|"
	"customers|stakeholder|stakeholders|minutes|agenda|kickoff|milestone|"
	"milestones|invoice|invoices|feature|features|migration|migrations|"
	"linter|compiler|library|framework|package|version|sdk|backlog|decision|"
	"decisions|actions|q1|q2|q3|q4|kpi|okr|okrs|revenue|vendor|vendors|"
	"supplier|suppliers|warehouse|launch|onboarding|dashboard|runbook|"
	"incident|outage|postmortem|monitoring|logs|service|services|queue|"
	"cache|proxy|docs|module|modules|function|functions|class|json|yaml|sql|"
	"css|html|script|scripts|app|website|campaign|newsletter|team|teams|"
	"committee|chair|treasurer|agm|quarter|department|hr|sales|marketing|"
	"product|products|project|projects|orders|board|members|shop|store";

/* Does the text have two words of work, or code? */
bool
people_at_work(const char *s, size_t n)
{
	const char *seen = "";
	size_t seen_n = 0;
	int found = 0;

	if (memmem(s, n, "```", 3) || memmem(s, n, "\n$ ", 3))
		return true;
	for (size_t i = 0; i < n && found < 2;) {
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
		if ((extract_in(low, work_words) ||
			    extract_in(low, extract_tools)) &&
			!(k == seen_n && strncasecmp(seen, s + i, k) == 0)) {
			found++;
			seen = s + i;
			seen_n = k;
		}
		i += k > 0 ? k : 1;
	}
	return found >= 2;
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
		if (extract_in(x->low, first_names) ||
			(strlen(x->low) > 2 && is_speaker(r, x->low) &&
				!rules_verb(x->low, &(unsigned){0})))
			x->flags |= W_CAPITAL;
	}
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
		if (!extract_in(extract_low(w, i), first_names) &&
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

void
people_turn(struct reader *r)
{
	char name[NAME_BYTES];

	facts_speaker(r, name);
	/* Nobody calls himself "he". */
	if (r->turn->role != ROLE_ASSISTANT && strcmp(name, r->person) == 0)
		r->person[0] = r->person_noun[0] = '\0';
	/* A sister of the speaker before is "your" sister now. */
	if (r->turn->role != ROLE_ASSISTANT && r->person_noun[0] != '\0' &&
		strcmp(r->last_speaker, r->turn->speaker) != 0 &&
		strcmp(name, r->person) == 0)
		r->person[0] = r->person_noun[0] = '\0';
	for (size_t i = 0; i < r->speakers_n; i++)
		if (strcmp(r->speakers[i], r->turn->speaker) == 0)
			return;
	if (r->speakers_n < ARRAY_LEN(r->speakers) && r->turn->speaker[0])
		r->speakers[r->speakers_n++] = r->turn->speaker;
}
