/* Which tier a text belongs to: each fact in it has a vote. classify.h has
 * examples.
 *
 *   "Always use tabs. We met Bob at the office yesterday."
 *   procedural   2.5, an instruction
 *   episodic     at most 1, an event, as sure as extraction is of it
 *   the answer   procedural; the evidence names both
 *
 * An instruction or a list of steps weighs more than what else is said,
 * because a text that has one is kept for its sake. The confidence is the
 * share of the winner in all votes. */
#include "memory-db/model/curate/classify.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/contract/tools.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/extract/extract.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/model/scope/json_members.h"

enum tier { WORKING, EPISODIC, SEMANTIC, PROCEDURAL, TIERS };

#define EVIDENCE_MOST 10
#define FACTS_MOST    100
#define WEIGHT_STEPS  2.0
#define WEIGHT_RULE   2.5

/* What a kind of fact speaks for. */
static const struct classify_kind {
	enum tier tier;
	const char *type, *name, *why;
} kinds[EXTRACT_KIND_MAX] = {
	[EXTRACT_PREFERENCE] = {SEMANTIC, "preference", "preference",
		"what somebody prefers holds until it changes"},
	[EXTRACT_NEED] = {SEMANTIC, "need", "need",
		"what somebody needs holds until it changes"},
	[EXTRACT_HABIT] = {SEMANTIC, "habit", "habit",
		"what somebody does as a rule holds until it changes"},
	[EXTRACT_DECISION] = {SEMANTIC, "decision", "decision",
		"a decision holds until it is changed"},
	[EXTRACT_PLAN] = {PROCEDURAL, "plan", "plan",
		"a plan says what is to be done"},
	[EXTRACT_IDENTITY] = {SEMANTIC, "person", "identity",
		"who or what something is holds"},
	[EXTRACT_PLACE] = {SEMANTIC, "person", "place",
		"where somebody lives or works holds until it changes"},
	[EXTRACT_EVENT] = {EPISODIC, "event", "event",
		"it tells what happened"},
	[EXTRACT_RELATION] = {SEMANTIC, "person", "relation",
		"how two are related holds"},
	[EXTRACT_TOOL] = {SEMANTIC, "tool", "tool",
		"what is used, in which version, holds until it changes"},
	[EXTRACT_FIX] = {PROCEDURAL, "fix", "fix",
		"a fix that worked says how to do it"},
	[EXTRACT_INSTRUCTION] = {PROCEDURAL, "instruction", "instruction",
		"an instruction says how to act"},
};

struct votes {
	double weight[TIERS];
	const char *type[TIERS], *why[TIERS]; /* of the first vote */
	json_t *evidence;
	struct err *e;
};

static int
vote(struct votes *v, enum tier tier, double weight, const char *type,
	const char *kind, const char *why, const char *text, size_t n)
{
	AUTO_JSON json_t *row = json_object();

	v->weight[tier] += weight;
	if (!v->type[tier]) {
		v->type[tier] = type;
		v->why[tier] = why;
	}
	if (json_array_size(v->evidence) >= EVIDENCE_MOST)
		return 0;
	if (!row || jx_set(row, "kind", json_string(kind)) != 0 ||
		jx_set(row, "tier", json_string(tool_tiers[tier])) != 0 ||
		member_set_text(row, "text", text, n, v->e) != 0 ||
		jx_add(v->evidence, json_incref(row)) != 0)
		return err_nomem(v->e);
	return 0;
}

/* --- lines: instructions and steps ---------------------------------------- */
/* "1. run make", "2) ...", "- [ ] ...", "step 3: ...", "$ make". */
static bool
is_step(const char *s, size_t n)
{
	size_t i = 0;

	if (n > 5 && strncasecmp(s, "step ", 5) == 0 &&
		isdigit((unsigned char)s[5]))
		return true;
	if (n > 2 && s[0] == '$' && s[1] == ' ')
		return true;
	if (n > 5 && strncmp(s, "- [", 3) == 0 && s[4] == ']')
		return true;
	while (i < n && i < 3 && isdigit((unsigned char)s[i]))
		i++;
	return i > 0 && i + 1 < n && (s[i] == '.' || s[i] == ')') &&
	       s[i + 1] == ' ';
}

static bool
classify_has_word(const char *s, size_t n, const char *word)
{
	size_t k = strlen(word);

	for (size_t i = 0; i + k <= n; i++)
		if (strncasecmp(s + i, word, k) == 0 &&
			(i == 0 || !isalpha((unsigned char)s[i - 1])) &&
			(i + k == n || !isalpha((unsigned char)s[i + k])))
			return true;
	return false;
}

/* "First run make, then make test." */
static bool
is_sequence(const char *s, size_t n)
{
	static const char *const later[] = {"then", "after that", "next",
		"finally", "afterwards"};

	if (!classify_has_word(s, n, "first") && !classify_has_word(s, n, "to"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (classify_has_word(s, n, later[i]))
			return classify_has_word(s, n, "first") ||
			       strncasecmp(s, "to ", 3) == 0;
	return false;
}

struct classify_lines {
	int steps;
	const char *first; /* step */
	size_t first_n;
};

static int
vote_line(struct votes *v, struct classify_lines *l, const char *s, size_t n)
{
	while (n > 0 && isspace((unsigned char)*s))
		s++, n--;
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	if (n == 0)
		return 0;
	if (is_step(s, n)) {
		if (l->steps++ == 0) {
			l->first = s;
			l->first_n = n;
		}
		return 0;
	}
	if (is_sequence(s, n))
		return vote(v, PROCEDURAL, WEIGHT_STEPS, "procedure", "steps",
			"it tells steps in their order", s, n);
	if (is_instruction(s, n))
		return vote(v, PROCEDURAL, WEIGHT_RULE, "instruction",
			"instruction", kinds[EXTRACT_INSTRUCTION].why, s, n);
	return 0;
}

static int
vote_lines(struct votes *v, const char *text, size_t n)
{
	struct classify_lines l = {0};
	int rc = 0;

	for (size_t i = 0; i < n;) {
		const char *end = memchr(text + i, '\n', n - i);
		size_t k = end ? (size_t)(end - text) - i : n - i;

		rc = vote_line(v, &l, text + i, k);
		i += k + 1;
		if (rc != 0)
			return rc;
	}
	if (l.steps >= 2)
		rc = vote(v, PROCEDURAL, WEIGHT_STEPS + l.steps, "procedure",
			"steps", "it is a list of steps", l.first, l.first_n);
	return rc;
}

static int
vote_fact(struct votes *v, const struct extracted *f)
{
	const struct classify_kind *k = &kinds[f->kind];
	bool is_fact = k->tier == SEMANTIC && !f->is_person &&
		       strcmp(k->type, "person") == 0;

	/* It was counted by its line. */
	if (f->is_gone || f->kind == EXTRACT_INSTRUCTION)
		return 0;
	return vote(v, k->tier, f->confidence, is_fact ? "fact" : k->type,
		k->name, k->why, f->text, strlen(f->text));
}

/* --- facts ---------------------------------------------------------------- */
static int
vote_facts(struct votes *v, const struct extract_request *q)
{
	struct extraction x = {0};
	int rc = extract_facts(q, &x, v->e);

	for (size_t i = 0; i < x.n; i++) {
		if (rc != 0)
			break;
		rc = vote_fact(v, &x.v[i]);
	}
	extract_done(&x);
	return rc;
}

/* --- the answer ----------------------------------------------------------- */
static int
classify_answer(const struct votes *v, json_t **ret)
{
	double sum = 0;
	int best = WORKING;
	char reason[160];
	json_t *j;

	for (int t = 0; t < TIERS; t++) {
		sum += v->weight[t];
		if (v->weight[t] > v->weight[best])
			best = t;
	}
	snprintf(reason, sizeof(reason), "%s",
		sum > 0 ? v->why[best]
			: "no fact, event, instruction or step was found in "
			  "it: it stays in the working set until its use shows "
			  "what it is");
	j = json_pack("{s:s,s:s,s:f,s:s,s:O}", "tier", tool_tiers[best], "type",
		v->type[best] ? v->type[best] : "note", "confidence",
		sum > 0 ? v->weight[best] / (sum + 0.25) : 0.3, "reason",
		reason, "evidence", v->evidence);
	*ret = j;
	return j ? 0 : err_nomem(v->e);
}

int
classify_content(const char *text, size_t n, const char *zone,
	int64_t deadline_ns, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *evidence = json_array();
	struct votes v = {.evidence = evidence, .e = e};
	struct extract_request q = {.text = text,
		.n = n,
		.user = "user",
		.project = "project",
		.at = clock_now_ms(),
		.most = FACTS_MOST,
		.deadline_ns = deadline_ns};
	int rc = evidence ? 0 : err_nomem(e);

	if (rc != 0)
		return rc;
	if (zone[0] != '\0' &&
		clock_zone_minutes(zone, q.at, &q.zone_minutes) != 0)
		q.zone_minutes = 0;
	rc = vote_lines(&v, text, n);
	if (rc)
		return rc;
	rc = vote_facts(&v, &q);
	if (rc)
		return rc;
	return classify_answer(&v, ret);
}
