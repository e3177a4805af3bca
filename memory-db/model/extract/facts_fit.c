/* Does a rule hold for a clause? Its tense, its person, and its value are
 * asked.
 *
 * Most sentences with a verb that has a rule are not worth keeping: "I use
 * this function here" has the same verb as "We use Postgres". The value
 * decides. A rule says what its value must have (english.def: a name, a
 * number, a place, a tool), and here stands how that is told from the words.
 *
 *   "We use Postgres"            a tool, by the list below: kept
 *   "I need a minute"            a need of the moment, by the list `passing`
 *   "We moved to the new API"    no place to live: a decision, by another rule
 */
#include <ctype.h>
#include <string.h>

#include "memory-db/model/extract/internal.h"

const char *const extract_tools =
	"postgres|postgresql|mysql|mariadb|sqlite|mongodb|mongo|redis|kafka|"
	"rabbitmq|nats|elasticsearch|opensearch|clickhouse|duckdb|cassandra|"
	"dynamodb|snowflake|bigquery|aws|gcp|azure|hetzner|digitalocean|heroku|"
	"vercel|netlify|cloudflare|kubernetes|k8s|docker|podman|nomad|terraform|"
	"ansible|pulumi|github|gitlab|bitbucket|jenkins|circleci|travis|jira|"
	"linear|notion|slack|teams|zoom|figma|react|vue|svelte|angular|nextjs|"
	"next.js|nuxt|node|node.js|deno|bun|python|java|kotlin|scala|go|golang|"
	"rust|ruby|rails|django|flask|fastapi|spring|laravel|php|typescript|"
	"javascript|elixir|phoenix|haskell|clojure|swift|c++|c#|.net|dotnet|"
	"graphql|grpc|rest|webpack|vite|esbuild|rollup|babel|eslint|prettier|"
	"black|ruff|mypy|pytest|jest|vitest|mocha|cypress|playwright|selenium|"
	"npm|yarn|pnpm|pip|poetry|uv|conda|cargo|maven|gradle|bazel|make|cmake|"
	"nginx|apache|caddy|traefik|haproxy|envoy|istio|prometheus|grafana|"
	"datadog|sentry|splunk|linux|ubuntu|debian|fedora|arch|nixos|macos|"
	"windows|android|ios|vim|neovim|emacs|vscode|intellij|pycharm|zed|git|"
	"svn|mercurial|s3|ec2|lambda|ecs|eks|gke|rds|celery|airflow|dbt|spark|"
	"flink|hadoop|tensorflow|pytorch|numpy|pandas|scikit-learn|jupyter|"
	"tailwind|bootstrap|sass|htmx|electron|tauri|flutter|okta|auth0|"
	"keycloak|stripe|adyen|twilio|sendgrid|fastmail|postfix|tailscale|"
	"wireguard|vault|consul|monorepo|microservices|serverless|trunk";

/* "sister Clara": the name in a noun phrase; 0: none. */
int
facts_name_in(const struct extract_words *w, int first, int end)
{
	for (int i = first + 1; i < end; i++)
		if (w->v[i].flags & W_CAPITAL &&
			clause_is_kin(extract_low(w, i - 1)))
			return i;
	return 0;
}

bool
facts_noun_is_person(const struct extract_words *w, const struct clause *c)
{
	return clause_is_kin(extract_low(w, c->noun_end - 1)) ||
	       facts_name_in(w, c->noun, c->noun_end) > 0;
}

/* "Our rent is 950": of a home, not of a project. */
bool
facts_is_private(const struct reader *r, const struct clause *c)
{
	return c->who == WHO_OUR &&
	       (extract_is(&r->w, c->noun - 1, "our") ||
		       (!r->is_work &&
			       extract_is(&r->w, c->noun - 1, "the"))) &&
	       extract_in(extract_low(&r->w, c->noun_end - 1),
		       "rent|mortgage|wedding|honeymoon|anniversary|house|flat|"
		       "apartment|garden|kitchen|car|baby|holiday|vacation|trip|"
		       "marriage|neighborhood|neighbourhood|savings|school");
}

/* --- whether a rule holds ------------------------------------------------------------ */
static bool
has_name(const struct extract_words *w, int first, int end)
{
	for (int i = first; i < end; i++) {
		const struct extract_word *x = &w->v[i];

		if (strcmp(x->low, "i") == 0)
			continue;
		if (x->flags & (W_CAPITAL | W_NUMBER))
			return true;
		for (size_t b = 1; b + 1 < x->n; b++)
			if (strchr("._/-@", x->s[b]) != NULL)
				return true;
	}
	return false;
}

static bool
has_number(const struct extract_words *w, int first, int end)
{
	static const char *const numbers =
		"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
		"twenty|thirty|fifty|hundred|thousand|an|half|daily|hourly|third|"
		"fourth|fifth|sixth|seventh|eighth|ninth|tenth|ground|top";

	for (int i = first; i < end; i++)
		if (w->v[i].flags & W_NUMBER ||
			extract_in(extract_low(w, i), numbers))
			return true;
	return false;
}

bool
facts_is_concrete(const struct extract_words *w, int first, int end)
{
	return has_name(w, first, end) || has_number(w, first, end);
}

bool
facts_has_time(const struct reader *r, int first, int end)
{
	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].first >= first && r->whens[i].last < end)
			return true;
	return false;
}

/* Some time further off than today and tomorrow: no errand. */
static bool
is_later(const struct reader *r, const struct clause *c)
{
	for (int i = 0; i < r->whens_n; i++)
		if (r->whens[i].first >= c->first &&
			r->whens[i].last < r->w.words &&
			(r->whens[i].grain >= WHEN_MONTH ||
				r->whens[i].from > r->today + 1))
			return true;
	return false;
}

bool
facts_has_often(const struct reader *r, const struct clause *c)
{
	static const char *const list =
		"every|daily|weekly|monthly|twice|mornings|evenings|weekends|"
		"mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|"
		"each|nightly|everyday|nights|yearly|regularly|per|hours";

	if (c->often >= 0 || c->is_denied)
		return true;
	for (int i = c->first; i < c->clause_end; i++)
		if (extract_in(extract_low(&r->w, i), list) ||
			extract_match(&r->w, i,
				"in the morning|in the evening|at "
				"night|on weekends|once a|a day|"
				"a week|for breakfast|for lunch|"
				"for dinner|before bed|for fun|"
				"after work|in my free time|in "
				"my spare time") > 0)
			return true;
	return false;
}

/* What one has for long. */
static bool
is_owned(const struct extract_words *w, int first, int end)
{
	static const char *const owned =
		"brother|brothers|sister|sisters|sibling|siblings|kid|kids|child|"
		"children|son|sons|daughter|daughters|twins|twin|baby|wife|husband|"
		"girlfriend|boyfriend|fiance|partner|grandchildren|grandson|"
		"granddaughter|niece|nieces|nephew|nephews|cousin|cousins|stepson|"
		"stepdaughter|grandkids|dog|dogs|cat|cats|puppy|kitten|pet|pets|"
		"parrot|hamster|rabbit|rabbits|horse|horses|chickens|goats|fish|"
		"turtle|tortoise|snake|bees|labrador|beagle|poodle|retriever|house|"
		"apartment|flat|cabin|cottage|garden|farm|car|bike|boat|van|truck|"
		"motorcycle|motorbike|telescope|piano|guitar|allergy|allergies|"
		"asthma|diabetes|adhd|autism|dyslexia|anxiety|depression|migraines|"
		"insomnia|arthritis|epilepsy|celiac|eczema|condition|intolerance|"
		"tinnitus|scoliosis|hypertension|degree|phd|master's|masters|"
		"bachelor's|mba|license|licence|diploma|certificate|certification|"
		"black|tattoo|tattoos|passport|citizenship|green|visa|blog|podcast|"
		"channel|newsletter|website|startup|company|business|shop|"
		"restaurant|bakery|store|employees|engineers|developers|subscribers|"
		"collection|phobia|fear|crush|job|scar|eyes|hair|mortgage|"
		"appointment|interview|exam|flight|surgery|"
		"roommate|roommates|background|membership|subscription|budget|"
		"laptop|macbook|tesla|toyota|honda|standup|retro|demo|pacemaker|"
		"monthly|weekly|daily|disease|syndrome|cancer|disorder|lupus|"
		"anemia|gout|hemophilia|parkinson's|alzheimer's|glaucoma|"
		"experience|accent|garage|pool|balcony|sauna|stutter|reflux|hives|"
		"stove|oven|dishwasher|printer|washing|fridge|treadmill|kayak|tent|"
		"caravan|camper|scooter|drum|drums|violin|cello|ukulele|saxophone|"
		"pressure|implants|braces|glasses|hernia|psoriasis|thyroid|"
		"vertigo|sibling|stepkids|guinea|goldfish|budgie|ferret|loan|debt|"
		"pension|lease|contract|deadline|lesson|lessons|feet|foot|knee|"
		"knees|shoulder|shoulders|skin|vision|eyesight|metabolism|ankle|"
		"newborn|toddler|toddlers|teenagers|teenager|stepchildren|hip|stomach|bladder|immune|tolerance|rosacea|gallstones";

	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), owned))
			return true;
	return false;
}

static bool
is_meal(const struct extract_words *w, const struct clause *c)
{
	for (int i = c->verb_at; i < c->clause_end; i++)
		if (extract_match(w, i,
			    "for breakfast|for lunch|for dinner|with "
			    "breakfast|with lunch|with dinner") > 0)
			return true;
	return c->often >= 0 && !c->is_denied;
}

/* Something that one moves to without moving house. */
static bool
is_tech(const struct extract_words *w, int first, int end)
{
	static const char *const homes =
		"house|apartment|flat|city|town|village|country|place|home|suburbs|"
		"suburb|countryside|neighborhood|neighbourhood|street|road|coast|"
		"island|farm|building|studio|room|office";

	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), homes))
			return false;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), extract_tools))
			return true;
	return !(w->v[first].flags & W_CAPITAL) || has_number(w, first, end);
}

/* What a project has. */
static bool
is_shop(const struct extract_words *w, int first, int end)
{
	static const char *const list =
		"microservices|services|environments|replicas|nodes|shards|"
		"customers|users|servers|regions|tenants|repos|repositories|"
		"clusters|workers|engineers|developers|employees|branches|stores|"
		"databases|queues|pods|deployments|endpoints|tables|partners|"
		"offices|sprints|releases|members";

	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), list))
			return has_number(w, first, end);
	return false;
}

/* What one buys or gets: a thing, not a feeling. */
static bool
is_thing(const struct reader *r, const struct clause *c, int first, int end)
{
	static const char *const got =
		"job|offer|promotion|raise|degree|tattoo|license|scholarship|"
		"internship|visa|puppy|kitten|dog|cat|car|house|apartment|bike|"
		"tickets|ticket|certification|diploma|laptop|phone|divorce|dogs|"
		"cats|grant|passport|citizenship|phd|mba|role|position|flat|baby";
	const char *low = extract_low(&r->w, first);

	if (strcmp(rules_base(c->verb), "get") == 0) {
		for (int i = first; i < end; i++)
			if (extract_in(extract_low(&r->w, i), got))
				return true;
		return false;
	}
	return extract_in(low,
		       "a|an|the|my|our|two|three|four|some|new|another") ||
	       r->w.v[first].flags & (W_CAPITAL | W_NUMBER);
}

/* A value that says nothing by itself. */
static const char *const empty_starts =
	"it|that|this|them|him|her|me|you|your|those|these|ones|what|how|why|"
	"here|there|"
	"when|where|whatever|yours|us|so|to it|more|less|same|such|which|who|if|"
	"whether|myself|each|other";
static const char *const empty_alone =
	"something|anything|everything|nothing|someone|stuff|things|people|me|one|"
	"expected|intended|usual|many|few|lot|lots|much|well|good|bad|fine|work|time|fun|home";
static const char *const passing =
	"help|a minute|a hand|a break|a moment|a second|a sec|coffee|some coffee|"
	"some help|some advice|some sleep|advice|info|information|more info|more "
	"time|more information|more details|more context|time|some time|some "
	"rest|rest|sleep|an idea|ideas|a favor|a favour|your help|food|water|a "
	"drink|a nap|to go|to know|to ask|to see|to check|to talk|to say|to "
	"leave|to try|to do|to understand|to find|to look|to help|to think|to "
	"figure|to make sure|to be sure|to get|to give|to take|to tell|to hear|"
	"to have|to be|to add|to fix|to write|to put|to keep|to start|to stop|to "
	"update|to change|to show|to clarify|to point|to mention|to share|to "
	"thank|to run|to set|to use|to let|to stay|to come|to sit|to eat|to run|"
	"to head|to call|to finish|to debug|to test|to send|to remember|to "
	"double|to verify|to confirm|to wait|to work|to pick|to grab|to avoid|to "
	"focus|to hop|to catch|to discuss|to decide|to review|a bit|a lot|the "
	"same|an update|an answer|a quick|suggestions|some ideas|some "
	"suggestions|clarification|some|any|feedback|some feedback|a new one|a "
	"way|the way|the idea|your|an example|examples|a list|a summary|a plan|a "
	"script|a function|a regex|a query|a recipe|a poem|a joke|a "
	"recommendation|recommendations|the sound|the look|the following|fun|the "
	"best|the code|the output|the file|the answer|a solution|to split|to "
	"push|to rename|to remove|to delete|to create|to open|to close|to read";

/* "To open a shop", among friends, is no errand. */
static bool
is_ambition(const struct reader *r, int first, int end)
{
	const struct extract_words *w = &r->w;

	return !r->is_work && !r->has_assistant && extract_is(w, first, "to") &&
	       end - first > 3 &&
	       extract_in(extract_low(w, first + 1),
		       "open|start|write|run|create|find|get|take|add|give") &&
	       extract_in(extract_low(w, first + 2), "a|an|my|our") &&
	       facts_content(w, first + 3, end) > 1;
}

/* "Likes holding them", "would love to compress them": whom or what, nobody knows
 * later. "Them" in "this car" or "her garden" is none. */
static bool
is_unresolved(const struct reader *r, int first, int end)
{
	static const char *const nouns =
		"it|them|those|ones|him|this|these|that";
	const struct extract_words *w = &r->w;
	bool found = false;

	for (int i = first; i < end && i < first + 3; i++)
		found |= extract_in(extract_low(w, i), nouns) &&
			 (i + 1 == end ||
				 extract_in(extract_low(w, i),
					 "it|them|ones|him") ||
				 extract_in(extract_low(w, i + 1),
					 "because|so|and|to|for|in|on|at|with|"
					 "is|was|again|someday|soon|later"));
	return found && facts_content(w, first, end) <= 2 &&
	       !facts_is_concrete(w, first, end) && !r->is_work;
}

static bool
is_named_rule(const struct rule *rule, enum tense tense)
{
	return rule->flags & R_NAMED ||
	       (rule->flags & R_PASTNAMED && tense == T_PAST);
}

bool
facts_fit_tense(const struct rule *rule, const struct clause *c)
{
	unsigned f = rule->flags;

	if (f & R_CANNOT)
		return c->tense == T_CAN && c->is_denied;
	if (f & R_NOT && !c->is_denied)
		return false;
	switch (c->tense) {
	case T_NOW:
		return (f & R_NOW) != 0 ||
		       (c->is_never && (f & (R_PERF | R_PAST)) == 0);
	case T_PAST:
		return (f & (R_PAST | R_PASTNAMED)) != 0;
	case T_GOING_ON:
		return (f & R_ING) != 0;
	case T_PERFECT:
		return (f & (R_PERF | R_PAST)) != 0;
	case T_PERFECT_ON:
		return (f & (R_PERF_ING | R_ING | R_NOW)) != 0;
	case T_CAN:
		return (f & R_CAN) != 0;
	case T_WILL:
		return (f & R_WILL) != 0;
	case T_USED:
		return (f & R_NOW) != 0;
	case T_GOING:
	case T_MUST:
	case T_WOULD:
	case T_MAYBE:
	case T_IS:
	case T_WAS:
	case T_BEEN:
		return false;
	}
	return false;
}

bool
facts_fit_person(const struct reader *r, const struct rule *rule,
	const struct clause *c)
{
	bool thing =
		c->who == WHO_OUR || c->who == WHO_THING || c->who == WHO_IT;

	if ((c->who == WHO_MY || c->who == WHO_HIS) &&
		!facts_noun_is_person(&r->w, c))
		thing = true;
	if (rule->flags & R_WHO && thing)
		return c->who == WHO_OUR && facts_noun_is_person(&r->w, c);
	if (rule->flags & R_THING && !thing && c->who != WHO_NAME)
		return false;
	return true;
}

/* The value from `first` on: *ret_end is where it ends. */
bool
facts_fit_value(const struct reader *r, const struct rule *rule,
	const struct clause *c, int first, int *ret_end)
{
	const struct extract_words *w = &r->w;
	int end = render_trim(r, first, c->clause_end);
	unsigned f = rule->flags, form = 0;
	bool infinitive =
		extract_is(w, first, "to") &&
		!(w->v[first + 1 < end ? first + 1 : first].flags & W_CAPITAL);

	*ret_end = end;
	if (end - first > VALUE_WORDS)
		return false;
	if (end <= first)
		return (f & R_BARE) != 0 || c->tense == T_USED;
	if (extract_in(extract_low(w, first), empty_starts) &&
		!(extract_in(extract_low(w, first), "more|less") &&
			extract_is(w, first + 1, "than")) &&
		!(c->who == WHO_NAME && end - first > 2 &&
			extract_in(extract_low(w, first), "me|us")) &&
		!(extract_is(w, first, "it") &&
			extract_in(extract_low(w, first + 1), "when|that")) &&
		!(rule->kind == EXTRACT_PLACE &&
			extract_in(extract_low(w, first), "us|me")))
		return false;
	if (end == first + 1 &&
		extract_in(extract_low(w, first), empty_alone) && !(f & R_BARE))
		return false;
	if (!c->is_denied && extract_match(w, first, passing) > 0 &&
		!is_later(r, c) && !is_ambition(r, first, end) &&
		!(r->is_work && has_number(w, first, end) &&
			extract_in(extract_low(w, first + 1), "stay|be|keep")))
		return false;
	for (int i = first; i < end; i++)
		if (extract_in(extract_low(w, i), "you|your|yours"))
			return false;
	if (!(f & R_TO) && infinitive)
		return false;
	if (is_unresolved(r, first, end) ||
		(infinitive && end == first + 2 &&
			extract_in(extract_low(w, first + 1),
				"visit|try|see|share|explore|do|know|go|help|make|"
				"take|get|find|have|say|join|come|meet")))
		return false;
	if (end == first + 1 &&
		extract_in(extract_low(w, first),
			"up|out|down|off|on|in|away|back|over|around"))
		return false;
	if (c->has_got && extract_in(extract_low(w, first),
				  "from|to|for|of|by|with|in|on|at"))
		return false;
	/* "Love the colors!" is said of something of the other's. */
	if (c->is_elided && rule->kind == EXTRACT_PREFERENCE &&
		extract_in(extract_low(w, first), "the|that|this|his|her|how"))
		return false;
	if (!(f & R_TO) && rules_verb(extract_low(w, first), &form) != 0 &&
		form == FORM_ING && !(f & R_BARE) && rule->words[0] == '\0' &&
		end == first + 1)
		return false;
	if (is_named_rule(rule, c->tense) && !has_name(w, first, end))
		return false;
	if (f & R_NUMBER && !has_number(w, first, end))
		return false;
	if (f & R_OWNS && !is_owned(w, first, end))
		return false;
	if (f & R_MEAL && !is_meal(w, c))
		return false;
	if (f & R_TECH && c->who == WHO_WE && !is_tech(w, first, end))
		return false;
	if (f & R_SHOP && !is_shop(w, first, end))
		return false;
	if (f & R_THINGS && !is_thing(r, c, first, end))
		return false;
	if (f & R_DATED && !facts_has_time(r, c->first, c->clause_end))
		return false;
	return !(f & R_OFTEN) || facts_has_often(r, c);
}

/* "2,400 euros" */
bool
facts_is_measure(const struct extract_words *w, int i)
{
	return extract_in(extract_low(w, i),
		"euro|euros|eur|dollars|dollar|usd|pounds|gbp|kr|sek|nok|dkk|"
		"chf|francs|yen|k|mb|gb|tb|kb|ms|seconds|minutes|hours|days|"
		"weeks|months|percent|people|users|km|miles|meters|metres|kg|"
		"grams|lbs|requests|characters|lines|words|bucks|rupees|"
		"points|rows|items|pages|employees|guests|seats|m2|sqm");
}

/* "1.70", "v2.3.1" */
bool
facts_is_version(const struct extract_word *x)
{
	size_t k = x->low[0] == 'v', dots = 0;

	for (size_t i = k; x->low[i] != '\0'; i++) {
		if (!isdigit((unsigned char)x->low[i]) && x->low[i] != '.')
			return false;
		dots += x->low[i] == '.';
	}
	return dots > 0;
}
