/* From receipts to counters.
 *
 *   recall gives       receipt r7k2..: facts 12, 15, 19
 *   the hook shows     12 and 15, and keeps the name of the receipt
 *   the agent answers  with a word of 12 that nobody asked with
 *   useful_judge       fact 12: used + 1, fact 15: ignored + 1; r7k2.. is judged
 *
 * A receipt says what was really given, so nobody can praise a fact that was
 * never shown; it counts once, however often a transcript is read. The next
 * prompt may still deny what was judged ("no, it is on falcon"): then the one
 * count becomes the other. */
#include "memory-db/model/useful/useful.h"

#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/facts/facts.h"

struct judging {
	struct store *st;
	const struct scope *scope;
	const struct judge *j;
	const json_t *only; /* facts that were shown; NULL: all of a receipt */
	json_t *outcomes;   /* of the receipt at hand: [fact, outcome, ...] */
	int64_t now;
	int64_t n[OUTCOME_MAX], judged, corrected;
	struct err *e;
};

/* --- one fact ------------------------------------------------------------- */
struct fact_copy {
	struct buf text, name;
	int64_t entity;
	bool is_there;
};

static void
fact_copy_done(struct fact_copy *x)
{
	buf_done(&x->text);
	buf_done(&x->name);
}
#define AUTO_FACT_COPY __attribute__((cleanup(fact_copy_done)))

static int
copy_fact(void *ctx, const struct fact *f)
{
	struct fact_copy *x = ctx;

	if (f->erased || f->kind != FACT_OBSERVATION)
		return 0;
	x->entity = f->entity;
	x->is_there = true;
	return buf_add(&x->text, f->text, f->text_n);
}

/* 1 with the fact, 0: there is none to judge. */
static int
read_fact(struct store *st, int64_t fact, struct fact_copy *x,
	struct judged_fact *ret, struct err *e)
{
	int rc = fact_get(st, fact, copy_fact, x, e);

	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc < 0 || !x->is_there)
		return rc < 0 ? rc : 0;
	rc = fact_existence(st, x->entity, NULL, NULL, &x->name, e);
	if (rc < 0)
		return rc;
	*ret = (struct judged_fact){.name = x->name.data ? x->name.data : "",
		.name_n = x->name.len,
		.text = x->text.data ? x->text.data : "",
		.text_n = x->text.len};
	return 1;
}

static bool
was_shown(const json_t *only, int64_t fact)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)only, i, x)
		if (json_integer_value(x) == fact)
			return true;
	return only == NULL;
}

/* Notes a judgement; OUTCOME_MAX in its place: the day had enough of the fact,
 * and there is no count that could be corrected. */
static int
note_outcome(struct judging *x, int64_t fact, enum outcome what)
{
	if (jx_add(x->outcomes, json_integer(fact)) != 0 ||
		jx_add(x->outcomes, json_integer(what)) != 0)
		return err_nomem(x->e);
	return 0;
}

static int
judge_one(struct judging *x, int64_t fact)
{
	AUTO_FACT_COPY struct fact_copy copy = {0};
	struct judged_fact f;
	enum outcome what;
	bool is_counted;
	int rc;

	if (x->judged >= USEFUL_FACTS || !was_shown(x->only, fact))
		return 0;
	rc = read_fact(x->st, fact, &copy, &f, x->e);
	if (rc != 1)
		return rc;
	rc = judge_fact(x->j, &f, &what, x->e);
	if (rc != 1)
		return rc;
	rc = outcome_add(x->st, x->scope->ns[0], fact, what, x->now,
		&is_counted, x->e);
	if (rc != 0)
		return rc;
	x->judged++;
	x->n[what] += is_counted;
	return note_outcome(x, fact, is_counted ? what : OUTCOME_MAX);
}

/* --- receipts ------------------------------------------------------------- */
static int
judge_receipt(void *ctx, const struct receipt *r)
{
	struct judging *x = ctx;

	/* Of a namespace that nobody had written to the receipt has none. */
	if (r->ns != x->scope->ns[0] && r->ns != 0)
		return 0;
	if (r->kind == RECEIPT_RECALL && !r->is_relevant)
		return 0;
	for (size_t i = 0; i < r->n; i++) {
		int rc = judge_one(x, r->rows[i].fact);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
put_judged(struct judging *x, const char *id)
{
	AUTO_BUF struct buf text = {0};

	if (jx_dump(x->outcomes, &text) != 0)
		return err_nomem(x->e);
	return judged_put(x->st, id, text.data, text.len, x->e);
}

static int
judge_shown(struct judging *x, const json_t *shown)
{
	const char *id = jx_text(shown, "receipt");
	AUTO_BUF struct buf known = {0};
	AUTO_JSON json_t *outcomes = NULL;
	int rc = judged_get(x->st, id, &known, x->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	outcomes = json_array();
	if (!outcomes)
		return err_nomem(x->e);
	x->outcomes = outcomes;
	x->only = json_object_get(shown, "facts");
	rc = receipt_find(x->st, id, judge_receipt, x, x->e);
	if (rc < 0)
		return rc;
	return json_array_size(outcomes) > 0 ? put_judged(x, id) : 0;
}

/* Of a fact that was judged already: does the prompt deny it? */
static int
deny_one(struct judging *x, int64_t fact, size_t at)
{
	AUTO_FACT_COPY struct fact_copy copy = {0};
	int64_t was = json_integer_value(json_array_get(x->outcomes, at));
	struct judged_fact f;
	int rc;

	if (was < 0 || was >= OUTCOME_CONTRADICTED)
		return 0;
	rc = read_fact(x->st, fact, &copy, &f, x->e);
	if (rc == 1)
		rc = judge_denied(x->j, &f, x->e);
	if (rc != 1)
		return rc;
	rc = outcome_correct(x->st, x->scope->ns[0], fact, (enum outcome)was,
		OUTCOME_CONTRADICTED, x->now, x->e);
	if (rc != 0)
		return rc;
	x->corrected++;
	if (json_array_set_new(x->outcomes, at,
		    json_integer(OUTCOME_CONTRADICTED)) != 0)
		return err_nomem(x->e);
	return 0;
}

static int
note_namespace(void *ctx, const struct receipt *r)
{
	*(int64_t *)ctx = r->ns;
	return 0;
}

static int
judge_before(struct judging *x, const char *id)
{
	AUTO_BUF struct buf text = {0};
	AUTO_JSON json_t *outcomes = NULL;
	const int64_t corrected = x->corrected;
	int64_t ns = -1;
	int rc = receipt_find(x->st, id, note_namespace, &ns, x->e);

	if (rc < 0 || (ns != x->scope->ns[0] && ns != 0))
		return rc < 0 ? rc : 0;
	rc = judged_get(x->st, id, &text, x->e);
	if (rc != 1)
		return rc;
	outcomes = jx_parse_any(text.data, text.len, NULL);
	x->outcomes = outcomes;
	for (size_t i = 0; i + 1 < json_array_size(outcomes); i += 2) {
		rc = deny_one(x,
			json_integer_value(json_array_get(outcomes, i)), i + 1);
		if (rc != 0)
			return rc;
	}
	return x->corrected > corrected ? put_judged(x, id) : 0;
}

static int
judge_all(struct judging *x, const json_t *shown, const json_t *before)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)before, i, one) {
		int rc = judge_before(x, json_string_value(one));

		if (rc != 0)
			return rc;
	}
	json_array_foreach((json_t *)(uintptr_t)shown, i, one) {
		int rc = judge_shown(x, one);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
useful_judge(struct store *st, const struct scope *scope, const struct judge *j,
	const json_t *shown, const json_t *before, int64_t now, json_t **ret,
	struct err *e)
{
	struct judging x = {.st = st,
		.scope = scope,
		.j = j,
		.now = now,
		.e = e};
	int rc = scope->ns[0] != 0 ? judge_all(&x, shown, before) : 0;

	if (rc != 0)
		return rc;
	*ret = json_pack("{s:I,s:I,s:I,s:I}", "judged", (json_int_t)x.judged,
		"used", (json_int_t)x.n[OUTCOME_USED], "ignored",
		(json_int_t)x.n[OUTCOME_IGNORED], "contradicted",
		(json_int_t)x.n[OUTCOME_CONTRADICTED]);
	if (!*ret ||
		(x.corrected > 0 &&
			jx_set(*ret, "corrected",
				json_integer((json_int_t)x.corrected)) != 0))
		return err_nomem(e);
	return 0;
}
