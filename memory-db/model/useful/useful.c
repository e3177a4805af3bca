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
 * count becomes the other.
 *
 * What the agent asked for itself stands in the client's transcript as a call,
 * not as a receipt: its words name the receipt that the memory gave for them.
 *
 *   the transcript has  mcp__memory__recall {"query": "build cache host"}
 *   receipts            m3x9..: asked "build cache host" a minute ago, in this
 *                       namespace, not judged yet
 *   useful_judge        as above; a fact that the hook showed, too, counts as
 *                       shown by the hook alone */
#include "memory-db/model/useful/useful.h"

#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/useful/useful_graph.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/facts/facts.h"

/* Added to the outcome of what the agent had asked for, where it is noted. */
#define RECALLED 4

struct judging {
	struct store *st;
	const struct scope *scope;
	struct judge *j;
	const json_t *only; /* facts that were shown; NULL: all of a receipt */
	json_t *outcomes;   /* of the receipt at hand: [fact, outcome, ...] */
	json_t *receipts;   /* owned by the reply: those that were recalled */
	struct idset seen;  /* facts of this call: none counts twice */
	bool is_recalled;   /* the receipt at hand: the agent asked */
	bool is_graph;	    /* the same: it read all there is */
	int64_t ns;	    /* that was given it */
	int64_t now;
	int64_t n[OUTCOME_MAX], judged, recalled, corrected;
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
	int code = (int)what + (x->is_recalled ? RECALLED : 0);

	if (jx_add(x->outcomes, json_integer(fact)) != 0 ||
		jx_add(x->outcomes, json_integer(code)) != 0)
		return err_nomem(x->e);
	return 0;
}

/* 1: it was shown before in this turn; 0; or an error. */
static int
was_seen(struct judging *x, int64_t fact)
{
	int64_t *times = idset_put(&x->seen, fact);

	if (!times)
		return err_nomem(x->e);
	return (*times)++ > 0;
}

static int
judge_one(struct judging *x, int64_t fact)
{
	AUTO_FACT_COPY struct fact_copy copy = {0};
	struct outcome_said said = {.ns = x->ns,
		.fact = fact,
		.is_recalled = x->is_recalled};
	struct judged_fact f;
	bool is_counted;
	int rc;

	if (x->judged >= USEFUL_FACTS || !was_shown(x->only, fact))
		return 0;
	rc = was_seen(x, fact);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = read_fact(x->st, fact, &copy, &f, x->e);
	if (rc != 1)
		return rc;
	rc = judge_fact(x->j, &f, &said.what, x->e);
	if (rc != 1)
		return rc;
	if (x->is_graph && said.what == OUTCOME_IGNORED)
		return 0;
	rc = outcome_add(x->st, &said, x->now, &is_counted, x->e);
	if (rc != 0)
		return rc;
	x->judged++;
	x->recalled += x->is_recalled;
	x->n[said.what] += is_counted;
	return note_outcome(x, fact, is_counted ? said.what : OUTCOME_MAX);
}

/* --- receipts ------------------------------------------------------------- */
/* Nobody asked for each fact of it, so what was left aside is not blamed. */
static int
judge_graph(struct judging *x, const struct receipt *r)
{
	int64_t facts[USEFUL_GRAPH_FACTS];
	size_t n = 0;
	int rc = useful_graph(x->st, x->scope, r->change, facts, &n, x->e);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		rc = judge_one(x, facts[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
judge_receipt(void *ctx, const struct receipt *r)
{
	struct judging *x = ctx;
	int rc;

	/* Of a namespace that nobody had written to the receipt has none. What
	 * an agent was given by a second memory, of another namespace, counts
	 * there: its transcript has the name of the receipt. */
	if (r->ns != x->scope->ns[0] && r->ns != 0 && !x->is_recalled)
		return 0;
	if (r->kind == RECEIPT_RECALL && !r->is_relevant)
		return 0;
	x->ns = r->ns != 0 ? r->ns : x->scope->ns[0];
	if (x->ns == 0)
		return 0;
	rc = judge_asked_with(x->j, r->query, r->query_n, x->e);
	if (rc != 0)
		return rc;
	x->is_graph = r->kind == RECEIPT_GRAPH;
	if (x->is_graph)
		return judge_graph(x, r);
	for (size_t i = 0; i < r->n; i++) {
		rc = judge_one(x, r->rows[i].fact);
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

/* 1: it is judged now; 0: it was, or there is nothing to judge. */
static int
judge_named(struct judging *x, const char *id, const json_t *only)
{
	AUTO_BUF struct buf known = {0};
	AUTO_JSON json_t *outcomes = NULL;
	int rc = judged_get(x->st, id, &known, x->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	outcomes = json_array();
	if (!outcomes)
		return err_nomem(x->e);
	x->outcomes = outcomes;
	x->only = only;
	rc = receipt_find(x->st, id, judge_receipt, x, x->e);
	if (rc < 0)
		return rc;
	if (json_array_size(outcomes) == 0)
		return 0;
	rc = put_judged(x, id);
	return rc != 0 ? rc : 1;
}

/* --- what the agent asked for --------------------------------------------- */

/* Receipts that fit the questions, newest first: [name, which question, ...]. */
struct finding {
	json_t *found; /* owned */
	struct err *e;
};

static int
note_found(void *ctx, const char *id, size_t query)
{
	struct finding *f = ctx;

	if (json_array_size(f->found) >= 2 * USEFUL_RECEIPTS)
		return 1;
	if (jx_add(f->found, json_string(id)) != 0 ||
		jx_add(f->found, json_integer((json_int_t)query)) != 0)
		return err_nomem(f->e);
	return 0;
}

static int
judge_recalled(struct judging *x, const char *id)
{
	int rc = judge_named(x, id, NULL);

	if (rc == 1 && jx_add(x->receipts, json_string(id)) != 0)
		return err_nomem(x->e);
	return rc;
}

/* Each question of the transcript has one receipt. */
static int
judge_questions(struct judging *x, json_t *queries, int64_t since)
{
	AUTO_JSON json_t *found = json_array();
	struct finding f = {found, x->e};
	int rc;

	if (!found)
		return err_nomem(x->e);
	rc = receipts_asked(x->st, x->scope->ns[0], since, queries, note_found,
		&f, x->e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i + 1 < json_array_size(found); i += 2) {
		size_t which = (size_t)json_integer_value(
			json_array_get(found, i + 1));

		/* It was answered by a newer one. */
		if (json_string_length(json_array_get(queries, which)) == 0)
			continue;
		rc = judge_recalled(x,
			json_string_value(json_array_get(found, i)));
		if (rc < 0)
			return rc;
		if (rc == 1 && json_array_set_new(queries, which,
				       json_string("")) != 0)
			return err_nomem(x->e);
	}
	return 0;
}

static int
judge_calls(struct judging *x, const struct useful_shown *shown)
{
	const json_t *one;
	size_t i;

	x->is_recalled = true;
	json_array_foreach((json_t *)(uintptr_t)shown->receipts, i, one) {
		int rc = judge_recalled(x, json_string_value(one));

		if (rc < 0)
			return rc;
	}
	if (json_array_size(shown->queries) == 0 || x->scope->ns[0] == 0)
		return 0;
	return judge_questions(x, shown->queries, shown->since);
}

/* --- what was judged before ----------------------------------------------- */

/* Of a fact that was judged already: does the prompt deny it? */
static int
deny_one(struct judging *x, int64_t fact, size_t at)
{
	AUTO_FACT_COPY struct fact_copy copy = {0};
	int64_t code = json_integer_value(json_array_get(x->outcomes, at));
	struct outcome_said said = {.ns = x->ns,
		.fact = fact,
		.is_recalled = code >= RECALLED};
	int64_t was = code - (said.is_recalled ? RECALLED : 0);
	struct judged_fact f;
	int rc;

	if (was < 0 || was >= OUTCOME_CONTRADICTED ||
		(!said.is_recalled && x->ns != x->scope->ns[0]))
		return 0;
	said.what = (enum outcome)was;
	rc = read_fact(x->st, fact, &copy, &f, x->e);
	if (rc == 1)
		rc = judge_denied(x->j, &f, x->e);
	if (rc != 1)
		return rc;
	rc = outcome_correct(x->st, &said, OUTCOME_CONTRADICTED, x->now, x->e);
	if (rc != 0)
		return rc;
	x->corrected++;
	if (json_array_set_new(x->outcomes, at,
		    json_integer(code - was + OUTCOME_CONTRADICTED)) != 0)
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

	if (rc < 0 || ns < 0)
		return rc < 0 ? rc : 0;
	x->ns = ns != 0 ? ns : x->scope->ns[0];
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
judge_all(struct judging *x, const struct useful_shown *shown)
{
	const json_t *one;
	size_t i;
	int rc;

	json_array_foreach((json_t *)(uintptr_t)shown->before, i, one) {
		rc = judge_before(x, json_string_value(one));
		if (rc != 0)
			return rc;
	}
	if (x->scope->ns[0] == 0)
		return judge_calls(x, shown);
	json_array_foreach((json_t *)(uintptr_t)shown->injected, i, one) {
		rc = judge_named(x, jx_text(one, "receipt"),
			json_object_get(one, "facts"));
		if (rc < 0)
			return rc;
	}
	return judge_calls(x, shown);
}

static int
useful_reply(const struct judging *x, json_t **ret)
{
	AUTO_JSON json_t *o = json_pack("{s:I,s:I,s:I,s:I,s:I}", "judged",
		(json_int_t)x->judged, "used", (json_int_t)x->n[OUTCOME_USED],
		"ignored", (json_int_t)x->n[OUTCOME_IGNORED], "contradicted",
		(json_int_t)x->n[OUTCOME_CONTRADICTED], "recalled",
		(json_int_t)x->recalled);

	if (!o ||
		(x->corrected > 0 &&
			jx_set(o, "corrected",
				json_integer((json_int_t)x->corrected)) != 0) ||
		(json_array_size(x->receipts) > 0 &&
			json_object_set(o, "receipts", x->receipts) != 0))
		return err_nomem(x->e);
	*ret = take_ptr(o);
	return 0;
}

int
useful_judge(struct store *st, const struct scope *scope, struct judge *j,
	const struct useful_shown *shown, int64_t now, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *receipts = json_array();
	struct judging x = {.st = st,
		.scope = scope,
		.j = j,
		.receipts = receipts,
		.now = now,
		.e = e};
	int rc = receipts ? judge_all(&x, shown) : err_nomem(e);

	idset_done(&x.seen);
	return rc != 0 ? rc : useful_reply(&x, ret);
}
