/* Recall: the steps in order, and the reply's rows. */
#include "memory-db/model/recall.h"

#include <math.h>
#include <string.h>

#include "memory-db/model/recall_internal.h"
#include "memory-db/store/facts.h"

/* Time kept for writing the reply. */
#define RESERVE_NS (INT64_C(100) * 1000 * 1000)
#define DAY_MS	   INT64_C(86400000)

const char *
recall_part_name(enum recall_part p)
{
	static const char *const names[PART_MAX] = {
		[PART_WORDS] = "words", [PART_NEAR] = "near",
		[PART_SESSION] = "session", [PART_SPEAKER] = "speaker",
		[PART_ENTITY] = "entity", [PART_DATE] = "date",
		[PART_TIME] = "time", [PART_RELATION] = "relation",
		[PART_RECENCY] = "recency", [PART_USE] = "use",
		[PART_SALIENCE] = "salience", [PART_TIER] = "tier",
		[PART_PIN] = "pin", [PART_LENGTH] = "length",
		[PART_MEANING] = "meaning"};

	return names[p];
}

static int
give(struct recalling *r)
{
	double confidence = recall_confidence(r);
	bool is_near = r->w.near > 0 && r->nearest >= r->w.near;
	int k;

	if (is_near)
		confidence = fmax(confidence, fmin(r->nearest, 1));
	k = recall_fold(r, confidence);
	r->ret->is_relevant = r->ret->n > 0 &&
		(is_near || confidence >= r->w.relevant);
	r->ret->partial = r->late;
	return k;
}

static int
run(struct recalling *r)
{
	const struct recall_request *q = r->request;
	int64_t today = q->now / DAY_MS - (q->now % DAY_MS < 0);
	int k = query_init(&r->query, q->query, q->query_n, true, r->e);

	if (k == 0 && recall_question(q->query, q->query_n, today,
			      &r->question) < 0)
		k = err_nomem(r->e);
	if (k == 0)
		k = recall_facts_begin(r->st, r->e);
	if (k == 0)
		k = recall_gather(r);
	if (k == 0)
		k = recall_nearest(r);
	if (k == 0)
		k = recall_score(r);
	if (k == 0)
		k = recall_meanings(r);
	if (k == 0)
		k = recall_spread(r);
	if (k == 0)
		k = recall_name_all(r);
	if (k == 0)
		k = recall_meanings(r);
	if (k < 0)
		return k;
	recall_features(r);
	return give(r);
}

int
recall_run(struct store *st, const struct recall_request *request,
	struct recall_result *ret, struct err *e)
{
	struct recall_request q = *request;
	struct recalling r = {.st = st, .request = &q, .ret = ret, .e = e};
	int k;

	*ret = (struct recall_result){0};
	r.w = q.weights ? *q.weights : recall_weights_default;
	if (q.deadline_ns != 0)
		q.deadline_ns -= RESERVE_NS;
	k = run(&r);
	query_done(&r.query);
	for (int i = 0; i < 2; i++) {
		query_terms_done(&r.terms[i]);
		free(r.few[i].facts);
	}
	recall_meaning_done(&r);
	free(r.c);
	free(r.names);
	idmap_done(&r.index);
	idmap_done(&r.names_index);
	idmap_done(&r.passed);
	buf_done(&r.tmp);
	buf_done(&r.text);
	if (k < 0)
		recall_result_done(ret);
	return k;
}

void
recall_result_done(struct recall_result *r)
{
	free(r->rows);
	*r = (struct recall_result){0};
}
