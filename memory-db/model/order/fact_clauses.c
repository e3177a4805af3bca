/* A text that says several things is compared part by part where the two do not
 * compare as a whole:
 *
 *   "likes jazz"     "owns three cats and does not like jazz"
 *                     --------------      ------------------
 *                                         a contradiction
 *
 * A part begins behind a full stop or a semicolon, and behind "and", "but", "so"
 * where a verb or a pronoun follows: "bread and butter" is one. What two parts
 * have in common makes no duplicate of the whole. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/text.h"
#include "memory-db/model/order/fact_compare_internal.h"

#define CLAUSES 4
/* A part is a little less sure than a whole. */
#define LESS_SURE 0.02

struct clauses {
	char *text; /* owned; the parts in it end with 0 */
	const char *v[CLAUSES];
	size_t n;
};

static const char *const joints[] = {", and ", " and ", ", but ", " but ",
	", so ", "; ", ". ", ", "};

/* The first joint of the text; *ret_n: its length. NULL: none. */
static const char *
find_joint(const char *text, size_t *ret_n)
{
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(joints); i++) {
		const char *at = strstr(text, joints[i]);

		if (at && (!first || at < first)) {
			first = at;
			*ret_n = strlen(joints[i]);
		}
	}
	return first;
}

static bool
is_pronoun(const char *word, size_t n)
{
	static const char *const words[] = {"i", "he", "she", "they", "we",
		"it", "my", "his", "her", "their", "our", "its"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n &&
			strncasecmp(word, words[i], n) == 0)
			return true;
	return false;
}

/* Does what follows say something by itself? Behind a mere comma only a pronoun
 * does. 1, 0 or MDB_E_NOMEM. */
static int
begins_clause(const char *text, bool is_comma)
{
	AUTO_BUF struct buf low = {0};
	size_t n = strcspn(text, " ,.;'");
	uint64_t stem;

	if (n == 0)
		return 0;
	if (is_pronoun(text, n) || is_comma)
		return is_pronoun(text, n);
	if (text_fold(text, n, &low) < 0 ||
		lexicon_stem(low.data, low.len, &stem) < 0)
		return MDB_E_NOMEM;
	return (lexicon_flags(lexicon_find(&stem, 1, false)) &
		       (F_VERB | F_NOT | F_NOW)) != 0;
}

/* Cuts a copy of the text. 0 or MDB_E_NOMEM. */
static int
fact_clauses_cut(const char *text, struct clauses *c)
{
	char *from;
	size_t n = 0;

	c->text = strdup(text);
	if (!c->text)
		return MDB_E_NOMEM;
	from = c->text;
	c->v[c->n++] = from;
	while (c->n < CLAUSES) {
		char *at = (char *)(uintptr_t)find_joint(from, &n);
		int begins;

		if (!at)
			return 0;
		/* A full stop and a semicolon need no verb behind them. */
		begins = *at == '.' || *at == ';'
				 ? 1
				 : begins_clause(at + n, n == 2);
		if (begins < 0)
			return begins;
		from = at + n;
		if (!begins)
			continue;
		*at = '\0';
		c->v[c->n++] = from;
	}
	return 0;
}

static bool
fact_clauses_is_found(const struct fact_verdict *v)
{
	return v->kind == FACTS_UPDATE || v->kind == FACTS_CONTRADICTION ||
	       v->kind == FACTS_SUCCESSION;
}

/* One part of a with one part of b: kept when it is surer than what was found
 * before. 0 or MDB_E_NOMEM. */
static int
compare_parts(const struct fact_said *a, const struct fact_said *b,
	const struct fact_attributes *known, bool is_part,
	struct fact_verdict *ret)
{
	struct fact_verdict v = {0};
	int rc = fact_compare_whole(a, b, known, &v);

	v.confidence -= LESS_SURE;
	if (rc == 0 && fact_clauses_is_found(&v) &&
		(!fact_clauses_is_found(ret) ||
			v.confidence > ret->confidence)) {
		struct buf before = ret->reason;

		*ret = v;
		ret->is_part = is_part;
		if (is_part)
			ret->action = "keep_both";
		v.reason = before;
	}
	buf_done(&v.reason);
	return rc;
}

static int
compare_all(const struct fact_said *a, const struct fact_said *b,
	const struct clauses *x, const struct clauses *y,
	const struct fact_attributes *known, struct fact_verdict *ret)
{
	struct fact_said p = *a, q = *b;

	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < y->n; k++) {
			int rc;

			p.text = x->v[i];
			q.text = y->v[k];
			rc = compare_parts(&p, &q, known, x->n > 1, ret);
			if (rc < 0)
				return rc;
		}
	return 0;
}

static void
clauses_done(struct clauses *x)
{
	free(x->text);
}

int
fact_compare_known(const struct fact_said *a, const struct fact_said *b,
	const struct fact_attributes *known, struct fact_verdict *ret)
{
	__attribute__((cleanup(clauses_done))) struct clauses x = {.n = 0},
							      y = {.n = 0};
	size_t n;
	int rc = fact_compare_whole(a, b, known, ret);

	if (rc < 0 || ret->kind != FACTS_DIFFERENT ||
		(!find_joint(a->text, &n) && !find_joint(b->text, &n)))
		return rc;
	rc = fact_clauses_cut(a->text, &x);
	if (rc != 0)
		return rc;
	rc = fact_clauses_cut(b->text, &y);
	if (rc != 0)
		return rc;
	if (x.n + y.n > 2)
		return compare_all(a, b, &x, &y, known, ret);
	return 0;
}

int
fact_compare(const struct fact_said *a, const struct fact_said *b,
	struct fact_verdict *ret)
{
	return fact_compare_known(a, b, NULL, ret);
}
