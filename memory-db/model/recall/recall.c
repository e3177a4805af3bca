/* Recall: from a question to the facts that answer it, in steps.
 *
 *   "Where does Ada live?"
 *   recall_query      the words that count: ada, live
 *   recall_gather     facts that the text index finds by these words, and by
 *                     dates, tags and vectors where there are any
 *   recall_score      each gets points: words, the entity's name, age, use
 *   recall_useful     what answers used stands before its equals
 *   near_copies       of facts that say the same the best one stays
 *   recall_page       the best rows as JSON, and how sure the whole is
 *
 * A question of several sentences asks each, and keeps the best of all. */
#include "memory-db/model/recall/recall.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/model/recall/sentences.h"
#include "memory-db/store/facts/facts.h"

/* Several sentences of so many bytes are asked as one as well: the one may say
 * whom the other is about. */
#define SHORT_BYTES 120
/* Time kept for writing the reply. */
#define RESERVE_NS (INT64_C(100) * 1000 * 1000)

const char *
recall_part_name(enum recall_part p)
{
	static const char *const names[PART_MAX] = {[PART_WORDS] = "words",
		[PART_NEAR] = "near",
		[PART_SESSION] = "session",
		[PART_SPEAKER] = "speaker",
		[PART_ENTITY] = "entity",
		[PART_DATE] = "date",
		[PART_TIME] = "time",
		[PART_RELATION] = "relation",
		[PART_RECENCY] = "recency",
		[PART_USE] = "use",
		[PART_SALIENCE] = "salience",
		[PART_TIER] = "tier",
		[PART_PIN] = "pin",
		[PART_LENGTH] = "length",
		[PART_MEANING] = "meaning",
		[PART_RULE] = "rule",
		[PART_CONFIRMED] = "confirmed",
		[PART_USEFUL] = "useful"};

	return names[p];
}

static double
confidence_of(const struct recalling *r, bool *ret_relevant)
{
	double confidence = recall_confidence(r);
	bool is_near = r->w.near > 0 && r->nearest >= r->w.near;

	if (is_near)
		confidence = fmax(confidence, fmin(r->nearest, 1));
	*ret_relevant = is_near || confidence >= r->w.relevant;
	return confidence;
}

/* All candidates of one question with their scores. */
static int
recall_steps(struct recalling *r)
{
	const struct recall_request *q = r->request;
	int k;

	if (clock_zone_minutes(q->zone && q->zone[0] ? q->zone : "UTC", q->now,
		    &r->minutes) < 0)
		r->minutes = 0;
	if (recall_question(q->query, q->query_n, recall_day(r, q->now),
		    recall_month_first(q->zone ? q->zone : ""), &r->question,
		    &r->words) < 0)
		return err_nomem(r->e);
	k = query_init(&r->query, r->words.data ? r->words.data : "",
		r->words.len, true, r->e);
	if (k == 0)
		k = recall_gather(r);
	if (k == 0 && recall_question_names(q->query, q->query_n,
			      r->terms[0].stem, &r->question) < 0)
		k = err_nomem(r->e);
	if (k == 0)
		k = recall_vectors_nearest(r);
	if (k == 0)
		k = recall_score(r);
	if (k == 0)
		k = recall_vectors_scores(r);
	if (k == 0)
		k = recall_spread(r);
	if (k == 0)
		k = recall_name_all(r);
	if (k == 0)
		k = recall_vectors_scores(r);
	if (k == 0)
		k = recall_confirmed(r);
	if (k == 0)
		recall_features(r);
	return k;
}

static void
init(struct recalling *r, struct store *st, const struct recall_request *q,
	struct err *e)
{
	*r = (struct recalling){.st = st, .request = q, .e = e, .sentences = 1};
	r->w = q->weights ? *q->weights : recall_weights_default;
}

void
recalling_done(struct recalling *r)
{
	query_done(&r->query);
	for (int i = 0; i < 2; i++) {
		query_terms_done(&r->terms[i]);
		free(r->few[i].facts);
	}
	recall_vectors_done(r);
	free(r->c);
	free(r->names);
	idmap_done(&r->index);
	idmap_done(&r->names_index);
	idmap_done(&r->passed);
	buf_done(&r->words);
	buf_done(&r->tmp);
	buf_done(&r->text);
}

/* One question. pool: what was found is added to it; NULL: it is the result. */
static int
recall_ask(struct store *st, const struct recall_request *q,
	struct recalling *pool, int sentence, struct recall_result *ret,
	struct err *e)
{
	struct recalling r;
	bool is_relevant;
	double confidence;
	int k;

	init(&r, st, q, e);
	r.ret = ret;
	if (pool)
		r.sentences = pool->sentences;
	k = expiry_begin(st, q->now, &r.expiry, e);
	if (k == 0)
		k = recall_steps(&r);
	if (k == 0) {
		confidence = confidence_of(&r, &is_relevant);
		k = pool ? recall_pool(pool, &r, confidence, sentence)
			 : recall_fold(&r, confidence);
		ret->is_relevant |= is_relevant;
		ret->partial |= r.late;
	}
	recalling_done(&r);
	return k;
}

/* A question among other sentences is found as if it stood alone: words of the
 * others would say nothing about it. What is short is asked as a whole, too. */
static int
ask_each(struct store *st, const struct recall_request *q,
	const struct sentence *v, int n, struct recall_result *ret,
	struct err *e)
{
	struct recall_request one = *q;
	struct recalling pool;
	int k = 0;

	init(&pool, st, q, e);
	pool.ret = ret;
	pool.sentences = n;
	for (int i = 0; k == 0 && i < n && !ret->partial; i++) {
		one.query = v[i].s;
		one.query_n = v[i].n;
		k = recall_ask(st, &one, &pool, i, ret, e);
	}
	if (k == 0 && q->query_n <= SHORT_BYTES)
		k = recall_ask(st, q, &pool, n, ret, e);
	if (k == 0)
		k = recall_fold(&pool, pool.sure);
	recalling_done(&pool);
	return k;
}

int
recall_run(struct store *st, const struct recall_request *request,
	struct recall_result *ret, struct err *e)
{
	struct sentence sentences[SENTENCES_MAX];
	struct recall_request q = *request;
	int n = sentences_of(q.query, q.query_n, sentences), k;

	*ret = (struct recall_result){0};
	if (q.deadline_ns != 0)
		q.deadline_ns -= RESERVE_NS;
	k = recall_facts_begin(st, e);
	if (k == 0)
		k = n > 1 ? ask_each(st, &q, sentences, n, ret, e)
			  : recall_ask(st, &q, NULL, 0, ret, e);
	ret->is_relevant = ret->is_relevant && ret->n > 0;
	if (k < 0)
		recall_result_done(ret);
	return k;
}

void
recall_floor(struct recall_result *r, double least)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->rows[i].fit < least)
			continue;
		r->rows[n] = r->rows[i];
		r->rows[n].score = fmax(r->rows[n].score, least);
		n++;
	}
	r->n = n;
}

void
recall_result_done(struct recall_result *r)
{
	free(r->rows);
	*r = (struct recall_result){0};
}
