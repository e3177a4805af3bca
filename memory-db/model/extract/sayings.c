/* What is said without a subject and a verb of its own, and what is not meant
 * at all.
 *
 * Two things are found here. Sentences that only sound like facts are refused:
 * questions, conditions, wishes, hearsay ("if I lived in Rome", "I heard that
 * Bob lives in Rome"). And what mended something is kept, as it is often told
 * without saying who did it:
 *
 *   "Pinning numpy fixed the build."     Pinning numpy fixed the build
 *   "Turns out the cache was stale."     turned out: the cache was stale
 *
 * Orders and agreements have files of their own (orders.c, agree.c). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/model/extract/internal.h"

/* --- what is not meant ---------------------------------------------------------- */
static const char *const unreal_starts =
	"if|suppose|supposing|imagine|what if|let's say|let's assume|assume|"
	"assuming|assume that|say|hypothetically|pretend|unless|whether|in case|"
	"i wish|if only|wish|i wonder|i'm wondering|i am wondering|i dreamed|i "
	"dreamt|i had a dream|as if|for example|e.g.|e.g|example|for instance|i "
	"never said|i didn't say|i did not say|i don't think|i do not think|i "
	"doubt|it's not true|it is not true|it's not that|not that|who said|they "
	"say|people say|some say|everyone says|everybody says|rumor has it|some "
	"people|most people|lots of people|many people|once upon a time|i "
	"pretended|in the movie|in the book|in the story|in the game|my "
	"character|the character|roleplay|you are|you're|act as|i was told|he "
	"said|she said|they said|he says|she says|he claims|she claims|someone "
	"said|i heard|i read that|apparently|supposedly|legend has it|i almost|i "
	"nearly|i could have|i should have|i would have|would you|could you|can "
	"you|do you|did you|are you|have you|will you|shall we|how about|what "
	"about|why don't|why not|either|knock knock|just kidding|jk|kidding|i'm "
	"kidding|i am kidding|i'm joking|translate|rewrite|rephrase|proofread|"
	"summarize|summarise|write|compose|generate|create|draft|tell me|give "
	"me|show me|explain|correct this|fix this sentence|repeat after me|he "
	"thinks|she thinks|they think|allegedly|in theory|in an ideal world|"
	"ideally|had i|were i|should i|should we|i used to think|i thought|we "
	"thought|i assumed|we assumed|we considered|i considered|at first i "
	"thought|it's not like|it isn't like|it's like|feels like|it feels like|"
	"looks like|sounds like|seems like|i feel like|i guess|no one|nobody";
/* Anywhere in the sentence. */
static const char *const unreal_inside =
	"would have|wouldn't mind being|just kidding|jk|not really|/s|in a "
	"parallel universe|wish i|wish we|what if|as if|let's say|let's pretend|"
	"in my dreams|i'm joking|i am joking|kidding aside|hypothetically|or "
	"maybe not|i don't know if|not sure if|not sure whether|i wonder if|"
	"whether|asked me if|asked if|wondering if|how do i|how do we|how can i|"
	"how can we|how should i|how should we|what should i|what should we|"
	"why is the|why does|why do";

static bool
sayings_is_inside(const struct extract_words *w, const char *list)
{
	for (int i = 0; i < w->words; i++)
		if (extract_match(w, i, list) > 0)
			return true;
	return false;
}

/* Auxiliaries that begin a question even without its mark. */
static bool
asks(const struct extract_words *w)
{
	return extract_match(w, 0,
		       "do|does|did|is|are|was|were|can|could|will|"
		       "would|should|has|have|shall|am") > 0 &&
	       extract_in(extract_low(w, 1),
		       "you|we|i|it|they|he|she|there|the|"
		       "my|this|that|your");
}

bool
sayings_is_unreal(const struct reader *r)
{
	const struct extract_words *w = &r->w;
	int i = clause_skip_courtesy(w, 0), quoted = 0;

	/* "I live in Rome, you know?" asks nothing. */
	if (w->is_question && !(extract_in(extract_low(w, w->words - 1),
				      "right|remember|ok|okay")))
		return true;
	if (asks(w) || extract_match(w, i, unreal_starts) > 0 ||
		extract_match(w, 0, unreal_starts) > 0 ||
		sayings_is_inside(w, unreal_inside))
		return true;
	for (int k = 0; k < w->words; k++)
		quoted += (w->v[k].flags & W_QUOTED) != 0;
	return quoted > 2 && quoted * 2 > w->words;
}

/* --- fixes ---------------------------------------------------------------------------- */
static const char *const mended =
	"fixed|solved|resolved|cured|mended|unblocked|sorted|did the trick|worked "
	"around|made it work|got rid of|got it working|got it to work|stopped the|"
	"made the|works around|fixes|solves|resolves|went away|is gone|are gone|works "
	"again|work again|works now|pass again|pass now|passes now|caused by";

/* Where "fixed" stands and is not denied; -1. */
static int
find_mended(const struct extract_words *w)
{
	for (int i = 0; i < w->words; i++)
		if (extract_match(w, i, mended) > 0) {
			for (int k = i - 1; k >= 0 && k > i - 4; k--)
				if (extract_in(extract_low(w, k),
					    "not|never|will|should|might|could|"
					    "may|would|hopefully|nothing|can") ||
					(k == i - 1 &&
						extract_in(extract_low(w, k),
							"be|to|is|are|get")))
					return -1;
			return i;
		}
	return -1;
}

/* "fixed it by pinning numpy", "adding an index fixed the slow query". */
static int
fixes(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	int at = find_mended(w), i = clause_skip_courtesy(w, 0), end, n;
	char subject[NAME_BYTES];

	sayings_project(r, subject);
	if (at < 0 || (!r->is_work && !r->has_assistant && !r->is_notes))
		return 0;
	n = extract_match(w, at, mended);
	for (int k = at + n; k < w->words; k++)
		if (extract_in(extract_low(w, k),
			    "by|with|after|once|since|now") ||
			extract_is(w, at + n - 1, "by")) {
			end = render_trim(r, at, w->words);
			if (end <= k + 1)
				return 0;
			/* "the 404s were caused by": of them it speaks */
			return sayings_keep(r, EXTRACT_FIX, subject, "",
				extract_match(w, at, "caused by") > 0 ? i : at,
				end, 0.86, e);
		}
	/* What did it stands in front. */
	if (at < i + 2 ||
		extract_in(extract_low(w, i), "i|we|it|that|this|he|she|"
					      "they|you|which|what"))
		return 0;
	end = render_trim(r, at, w->words);
	return sayings_keep(r, EXTRACT_FIX, subject, "", i, end, 0.84, e);
}

/* "downgraded webpack and the build passes again", "turns out we needed to clear the
 * cache", "it was a typo in the config". */
static int
works_again(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	static const char *const success =
		"now it works|it works now|works now|it works again|it started "
		"working|started working|tests pass|the tests pass|all tests pass|the "
		"build passes|the build is green|everything works|it's fixed|the "
		"error is gone|the error went away|problem solved|it's stable|it is "
		"stable|is stable|back to normal|now it runs|it runs fine|now works|"
		"now passes|passes again|all green|it builds again|it compiles|it "
		"worked|that fixed it|is fixed|it's green again|it is green again|green again|"
		"up again|it's up again|runs again|"
		"it is green now|is green now|green now|all good now|working now|"
		"it is working now|works fine now|are gone|is gone|no more errors|"
		"it runs now|runs now|it builds now|builds now|compiles now|"
		"it passes now|pass now|it loads now|loads now|it connects now|"
		"connects now|it is gone|works like a charm";
	static const char *const faults =
		"typo|missing|wrong|stale|race|leak|cache|permission|permissions|"
		"mismatch|config|firewall|timezone|encoding|outdated|expired|"
		"deadlock|conflict|version|incompatible|corrupted|path|header|quote|"
		"off-by-one|null|misconfigured|misconfiguration|bug";
	int i = clause_skip_courtesy(w, 0), end, n;
	char subject[NAME_BYTES];
	unsigned form = 0;

	sayings_project(r, subject);
	for (int k = i + 3; k < w->words; k++)
		if (extract_match(w, k, success) > 0) {
			i += extract_in(extract_low(w, i), "i|we");
			i += extract_match(w, i,
				"had to|just had to|just|also");
			if (rules_verb(extract_low(w, i), &form) == 0 &&
				!extract_in(extract_low(w, i + 1),
					"up|to|the|it"))
				return 0;
			end = k + extract_match(w, k, success);
			return sayings_keep(r, EXTRACT_FIX, subject, "", i, end,
				0.82, e);
		}
	n = extract_match(w, 0,
		"turns out that|turns out|it turns out that|it "
		"turns out|turned out that|turned out|it turned "
		"out that|it turned out");
	if (n > 0) {
		end = render_trim(r, n, w->words);
		return end - n < 3 ? 0
				   : sayings_keep(r, EXTRACT_FIX, subject,
					     "turned out:", n, end, 0.74, e);
	}
	n = extract_match(w, i,
		"it was just|it was actually|it was|it's just|the "
		"thing was");
	end = render_trim(r, i + n, w->words);
	if (n == 0 || end - i - n < 2 ||
		!extract_in(extract_low(w, i + n), "a|an|the|because|missing"))
		return 0;
	for (int k = i + n; k < end; k++)
		if (extract_in(extract_low(w, k), faults))
			return sayings_keep(r, EXTRACT_FIX, subject,
				"cause was", i + n, end, 0.74, e);
	return 0;
}

/* "the fix was to pin numpy", "turns out the cache was stale", "it was caused
 * by". */
static int
causes(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	static const char *const heads =
		"fix|solution|workaround|trick|answer|culprit|cause|root cause|"
		"actual problem|real problem|real issue|actual issue|problem|"
		"issue|bug|reason|real cause|underlying cause|key|actual cause|"
		"actual fix|real fix|remedy|correct fix|final fix";
	char subject[NAME_BYTES];
	int i = clause_skip_courtesy(w, 0), head = i, k, end;

	sayings_project(r, subject);
	/* "the flaky test turned out to be a race" */
	for (int m = i + 1; m < w->words && m < i + 8; m++)
		if (extract_match(w, m, "turned out to be|ended up being") >
				0 &&
			w->words - m > 5 &&
			!extract_in(extract_low(w, i), "it|that|this|he|she")) {
			end = render_trim(r, i, w->words);
			return sayings_keep(r, EXTRACT_FIX, subject, "", i, end,
				0.8, e);
		}
	head += extract_in(extract_low(w, head), "the|our|my|a");
	if (head == i || extract_match(w, head, heads) == 0)
		return 0;
	k = head + extract_match(w, head, heads);
	/* "the fix for the login bug was .." */
	for (int m = k; m < w->words && m < k + 9; m++)
		if (extract_match(w, m,
			    "was|is|turned out to be|ended up being") > 0) {
			if (m > k && !extract_in(extract_low(w, k),
					     "for|of|in|with|behind|here|on"))
				return 0;
			k = m;
			break;
		}
	if (extract_match(w, k, "was|is|turned out to be|ended up being") == 0)
		return 0;
	end = render_trim(r, k, w->words);
	k += extract_match(w, k, "was|is|turned out to be|ended up being");
	if (end <= k + 1 ||
		extract_in(extract_low(w, k),
			"not|still|gone|fixed|solved|unclear|that you|"
			"how|what|when|where|you|why|back|here"))
		return 0;
	return sayings_keep(r, EXTRACT_FIX, subject, "", head, end,
		extract_in(extract_low(w, head),
			"problem|issue|bug|reason|answer|"
			"key")
			? 0.76
			: 0.88,
		e);
}

/* "Agreed to freeze the API", "Rejected the idea of a cache": who did is everybody. */
static int
agreed(struct reader *r, struct err *e)
{
	const struct extract_words *w = &r->w;
	char subject[NAME_BYTES];
	int start = extract_match(w, 0,
		"it was|it has been|it is|we have|the team|everyone|all");
	int n = extract_match(w, start,
		"agreed to|agreed on|agreed that|decided to|decided on|decided "
		"that|decided against|rejected|approved|postponed|opted for|"
		"settled on|voted to|resolved to|chose|picked|dropped|"
		"deprecated|adopted|deferred|cancelled|canceled");
	int end = render_trim(r, 0, w->words);
	AUTO_BUF struct buf what = {0};

	if (n == 0)
		return 0;
	n += start;
	if (end - n < 2 || (!r->is_work && !r->is_notes) ||
		extract_in(extract_low(w, n), "it|that|this|them|by") ||
		r->turn->role == ROLE_ASSISTANT)
		return 0;
	for (int i = n; i < end; i++)
		if (i > n + 1 && clause_begins(w, i, end) > 0)
			end = i;
	end = render_trim(r, 0, end);
	sayings_project(r, subject);
	for (int i = start; i < n; i++)
		if (buf_addf(&what, "%s%s", i > start ? " " : "",
			    extract_low(w, i)) != 0)
			return err_nomem(e);
	return sayings_keep(r, EXTRACT_DECISION, subject, buf_str(&what), n,
		end, 0.82, e);
}

/* --- all of them --------------------------------------------------------------- */
int
sayings_read(struct reader *r, struct err *e)
{
	static int (*const ways[])(struct reader *, struct err *) = {notes_read,
		orders_read, fixes, causes, works_again, sayings_decide,
		agreed};
	size_t had = r->x->n;
	int rc = sayings_agree(r, e);

	if (rc != 0 || sayings_is_unreal(r))
		return rc < 0 ? rc : 1;
	for (size_t i = 0; i < ARRAY_LEN(ways) && r->x->n == had; i++) {
		rc = ways[i](r, e);
		if (rc != 0)
			return rc;
	}
	if (r->x->n == had)
		return 0;
	/* The sentence says no more than that. */
	return r->x->v[r->x->n - 1].kind == EXTRACT_FIX ||
	       r->x->v[r->x->n - 1].kind == EXTRACT_DECISION ||
	       (r->said->section != SECTION_NONE && r->said->is_first);
}
