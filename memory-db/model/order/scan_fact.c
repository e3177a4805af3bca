/* One fact of a scan. */
#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "memory-db/model/order/conflicts.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/order/scan_internal.h"
#include "memory-db/model/read/relation_text.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/index/recall.h"

#define THRESHOLD 0.85
/* Facts compared with one: with its words, older ones of its entity. */
#define CANDIDATES 40
#define NEWEST	   24
/* Findings of one fact. */
#define MOST 16

/* The row of a pair: the newer one of the two comes second, whichever of them was
 * looked at. */
static struct queue_found
pair_of(const struct conflict_found *c, int64_t entity, int64_t fact)
{
	struct queue_found f = {.entity = c->entity,
		.fact = c->fact,
		.by_entity = entity,
		.by_fact = fact,
		.kind = c->kind,
		.confidence = c->confidence,
		.action = c->action};

	if (f.fact < f.by_fact)
		return f;
	f.entity = entity;
	f.fact = fact;
	f.by_entity = c->entity;
	f.by_fact = c->fact;
	return f;
}

static void
note_all(struct scan *x, const struct conflicts *found, int64_t entity,
	int64_t fact)
{
	struct scan_place *p = x->p;

	assert(p->n + found->n <= SCAN_FOUND_MAX);
	for (size_t i = 0; i < found->n; i++)
		if (found->v[i].fact != fact)
			p->found[p->n++] = pair_of(&found->v[i], entity, fact);
}

static int
compare_fact(struct scan *x, const struct scope *scope,
	const struct fact_said *said, const char *name,
	const struct recall_row *row, bool with_newer)
{
	struct conflicts found = {0};
	struct conflicts_request q = {.scope = scope,
		.name = name,
		.said = said,
		.said_n = 1,
		.threshold = THRESHOLD,
		.most = SCAN_MOST,
		.candidates = CANDIDATES,
		.newest = NEWEST,
		.before = with_newer ? 0 : row->id,
		.attributes = x->attributes,
		.pause = x->p->pause,
		.entity = row->entity,
		.is_relation = row->kind == FACT_RELATION};
	int rc = conflicts_find(x->st, &q, &found, x->e);

	if (rc == 0)
		note_all(x, &found, row->entity, row->id);
	conflicts_done(&found);
	return rc;
}

/* What a fact says; 1, 0: it is of a kind that is not compared. */
static int
scan_fact_text(struct scan *x, const struct recall_row *row, struct buf *text)
{
	int64_t entity;

	if (row->kind == FACT_RELATION)
		return relation_text_of(x->st, row->id, text, &entity, x->e);
	if (row->kind != FACT_OBSERVATION)
		return 0;
	if (buf_add(text, row->text, row->text_n) != 0 || !buf_str(text))
		return err_nomem(x->e);
	return 1;
}

/* An observation or a relation that main shows. */
int
scan_fact(struct scan *x, const struct scope *scope, int64_t fact,
	bool with_newer)
{
	AUTO_BUF struct buf text = {0}, name = {0};
	struct recall_entity entity;
	struct recall_row row;
	struct fact_said said;
	int rc = recall_row(x->st, fact, &row, x->e);

	if (rc == 1)
		rc = scan_fact_text(x, &row, &text);
	if (rc != 1)
		return rc < 0 ? rc : 0;
	rc = recall_entity(x->st, row.entity, &name, &entity, x->e);
	if (rc != 1)
		return rc < 0 ? rc : 0;
	if (!buf_str(&name))
		return err_nomem(x->e);
	x->p->checked++;
	said = (struct fact_said){.text = text.data,
		.from = row.valid_from,
		.to = row.valid_to == FACT_NO_TIME ? INT64_MAX : row.valid_to};
	return compare_fact(x, scope, &said, name.data, &row, with_newer);
}
