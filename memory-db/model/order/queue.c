/* The queue of conflicts: rows, and the state of each. queue.h has the states.
 *
 * No row stores its state. It follows from what the reader's lens sees: is one
 * of the two facts hidden, has the entity the attribute of a decision? So on a
 * branch, in the past and after an undo each row has the state that is right
 * there, and no write has to bring the queue up to date.
 *
 * A filter by state must therefore judge row by row. A page looks at LOOKED
 * rows at most and gives the place to go on, even when nothing passed. */
#include "memory-db/model/order/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "memory-db/model/order/conflicts.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/read/relation_text.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/log.h"

/* Rows looked at for one page: a memory with many old ones pages on. */
#define LOOKED 4000
/* Rows read at a time: the statement is free again before they are judged. */
#define CHUNK 64

const char *
queue_state_name(enum queue_state state)
{
	static const char *const names[QUEUE_STATE_MAX] = {"pending",
		"resolved", "settled", "gone"};

	return names[state];
}

void
queue_row_done(struct queue_row *r)
{
	free((char *)(uintptr_t)r->c.notes);
	r->c.notes = NULL;
}

/* --- the state ------------------------------------------------------------ */
static int
queue_is_there(struct store *st, int64_t fact, bool *ret, struct err *e)
{
	struct recall_row row;
	int rc = recall_head(st, fact, &row, e);

	*ret = rc == 1;
	return rc < 0 ? rc : 0;
}

static int
judge_facts(struct store *st, struct queue_row *r, struct err *e)
{
	bool ours, theirs = false;
	int rc = queue_is_there(st, r->c.ours, &ours, e);

	if (rc)
		return rc;
	if (ours)
		rc = queue_is_there(st, r->c.theirs, &theirs, e);
	if (!ours || !theirs)
		r->state = QUEUE_GONE;
	else if (r->c.kind == CONFLICT_SUCCESSION)
		r->state = QUEUE_SETTLED;
	else
		r->state = QUEUE_PENDING;
	return rc;
}

static int
judge(struct store *st, const struct lens *lens, struct queue_row *r,
	struct err *e)
{
	int rc = branch_attr(st, r->c.entity, conflict_attr(r->c.id), lens,
		&r->decision, &r->since, e);

	r->state = QUEUE_RESOLVED;
	if (rc != 0 || r->decision != DECIDED_NOT)
		return rc;
	if (conflict_is_of_facts(r->c.kind))
		return judge_facts(st, r, e);
	if (r->c.state != 0)
		return 0;
	rc = fact_existence(st, r->c.entity, NULL, NULL, NULL, e);
	r->state = rc == 1 ? QUEUE_PENDING : QUEUE_GONE;
	return rc < 0 ? rc : 0;
}

/* --- one row -------------------------------------------------------------- */
static int
copy_row(void *ctx, const struct conflict *c)
{
	struct queue_row *r = ctx;

	*r = (struct queue_row){.c = *c};
	r->c.notes = c->notes ? strdup(c->notes) : NULL;
	return c->notes && !r->c.notes ? MDB_E_NOMEM : 0;
}

int
queue_get(struct store *st, const struct lens *lens, int64_t id,
	struct queue_row *ret, struct err *e)
{
	int rc;

	memset(ret, 0, sizeof(*ret));
	rc = conflict_get(st, id, copy_row, ret, e);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 1)
		return rc;
	rc = judge(st, lens, ret, e);
	if (rc)
		return rc;
	return 1;
}

/* --- who reads it --------------------------------------------------------- */
static int
note_branch(void *ctx, const struct log_change *c)
{
	*(int64_t *)ctx = c->branch;
	return 0;
}

/* 1: the fact was never seen through the lens, and came by an inbox. */
static int
is_of_inbox(struct store *st, const struct lens *lens, int64_t fact,
	struct err *e)
{
	int64_t change = 0, branch = 0;
	bool is_inbox = false;
	int rc = branch_shown(st, fact, lens, &change, e);

	if (rc != 0 || change != 0)
		return rc;
	rc = log_first_shown(st, fact, &change, e);
	if (rc == 1)
		rc = log_get(st, change, note_branch, &branch, e);
	if (rc == 1)
		rc = inbox_is(st, branch, &is_inbox, e);
	return rc < 0 ? rc : is_inbox;
}

int
queue_is_closed(struct store *st, const struct scope *scope,
	const struct queue_row *row, struct err *e)
{
	int rc;

	if (!scope->reader.is_agent || row->state == QUEUE_PENDING ||
		!conflict_is_of_facts(row->c.kind))
		return 0;
	rc = is_of_inbox(st, &scope->lens, row->c.ours, e);
	if (rc != 0)
		return rc;
	return is_of_inbox(st, &scope->lens, row->c.theirs, e);
}

/* --- its two sides -------------------------------------------------------- */
void
queue_side_done(struct queue_side *s)
{
	buf_done(&s->name);
	buf_done(&s->text);
}

struct loading {
	struct store *st;
	struct queue_side *side;
	bool found;
	struct err *e;
};

static int
load_side(void *ctx, const struct fact *f)
{
	struct loading *x = ctx;
	struct queue_side *s = x->side;

	if (f->erased ||
		(f->kind != FACT_OBSERVATION && f->kind != FACT_RELATION))
		return 0;
	s->entity = f->entity;
	s->from = f->valid_from;
	s->to = f->valid_to == FACT_NO_TIME ? INT64_MAX : f->valid_to;
	s->at = f->source_at;
	x->found = true;
	if (f->kind == FACT_RELATION)
		return relation_text(x->st, f, &s->text, x->e);
	if (buf_add(&s->text, f->text, f->text_n) != 0 || !buf_str(&s->text))
		return err_nomem(x->e);
	return 0;
}

static int
queue_side(struct store *st, int64_t fact, struct queue_side *ret,
	struct err *e)
{
	struct loading x = {st, ret, false, e};
	struct origin origin = {0};
	int rc = fact_get(st, fact, load_side, &x, e);

	ret->fact = fact;
	if (rc < 0 || !x.found)
		return rc < 0 ? rc : 0;
	rc = fact_existence(st, ret->entity, NULL, NULL, &ret->name, e);
	if (rc == 0)
		rc = entity_first_name(st, ret->entity, NULL, &ret->name, e);
	if (rc < 0)
		return rc;
	if (!buf_str(&ret->name))
		return err_nomem(e);
	rc = queue_is_there(st, fact, &ret->is_there, e);
	if (rc != 0)
		return rc;
	if (ret->at == FACT_NO_TIME) {
		rc = provenance_origin(st, fact, &origin, e);
		ret->at = origin.at;
	}
	return rc < 0 ? rc : 1;
}

int
queue_sides(struct store *st, const struct conflict *c, struct queue_side *ours,
	struct queue_side *theirs, struct err *e)
{
	int rc = queue_side(st, c->ours, ours, e);

	return rc == 1 ? queue_side(st, c->theirs, theirs, e) : rc;
}

int
queue_compare(const struct queue_side *ours, const struct queue_side *theirs,
	struct fact_verdict *ret, struct err *e)
{
	struct fact_said a = {.text = ours->text.data,
		.from = ours->from,
		.to = ours->to};
	struct fact_said b = {.text = theirs->text.data,
		.from = theirs->from,
		.to = theirs->to};
	double sure;
	int rc = conflicts_subjects(ours->name.data, theirs->name.data, &a, &b,
		&sure);

	*ret = (struct fact_verdict){0};
	if (rc >= 0)
		rc = fact_compare(&a, &b, ret);
	return rc < 0 ? err_nomem(e) : 0;
}

/* --- the list ------------------------------------------------------------- */
/* The next rows of one namespace. */
struct queue_chunk {
	int64_t ns, before;
	struct queue_row v[CHUNK];
	size_t n, at;
	bool is_last;
};

static int
queue_take_row(void *ctx, const struct conflict *c)
{
	struct queue_chunk *x = ctx;
	int rc = copy_row(&x->v[x->n], c);

	if (rc != 0)
		return rc;
	return ++x->n == CHUNK;
}

static void
chunk_done(struct queue_chunk *x)
{
	for (; x->at < x->n; x->at++)
		queue_row_done(&x->v[x->at]);
}

/* Its next row, NULL: there is none. */
static int
chunk_peek(struct store *st, struct queue_chunk *x, int64_t entity,
	struct queue_row **ret, struct err *e)
{
	int rc = 0;

	if (x->at == x->n && !x->is_last) {
		x->at = x->n = 0;
		rc = conflict_newest(st, x->ns, entity, x->before,
			queue_take_row, x, e);
		x->is_last = rc == 0;
		if (x->n > 0)
			x->before = x->v[x->n - 1].c.id;
	}
	*ret = x->at < x->n ? &x->v[x->at] : NULL;
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	return rc < 0 ? rc : 0;
}

static bool
queue_passes(const struct queue_filter *f, const struct queue_row *r)
{
	if (f->kind != 0 && r->c.kind != f->kind)
		return false;
	if (f->kind == 0 && r->c.kind == CONFLICT_SUCCESSION)
		return false;
	return f->state < 0 || (int)r->state == f->state;
}

/* The newest of those that the namespaces have next. *ret: its owner is the
 * caller. */
static int
next_row(struct store *st, struct queue_chunk *chunks, int n, int64_t entity,
	struct queue_row *ret, struct err *e)
{
	struct queue_row *best = NULL;
	struct queue_chunk *from = NULL;

	for (int i = 0; i < n; i++) {
		struct queue_row *r;
		int rc = chunk_peek(st, &chunks[i], entity, &r, e);

		if (rc != 0)
			return rc;
		if (r && (!best || r->c.id > best->c.id)) {
			best = r;
			from = &chunks[i];
		}
	}
	if (!best)
		return 0;
	*ret = *best;
	from->at++;
	return 1;
}

/* 1: it is one that is asked for, and that the reader may see. */
static int
judge_for(struct store *st, const struct scope *scope,
	const struct queue_filter *filter, struct queue_row *r, struct err *e)
{
	int rc = judge(st, &scope->lens, r, e);

	if (rc != 0 || !queue_passes(filter, r))
		return rc;
	rc = queue_is_closed(st, scope, r, e);
	return rc < 0 ? rc : rc == 0;
}

static int
queue_read_page(struct store *st, const struct scope *scope,
	const struct queue_filter *filter, size_t most,
	struct queue_chunk *chunks, struct queue_row *ret, size_t *ret_n,
	int64_t *ret_next, struct err *e)
{
	int most_looked = filter->looked > 0 ? filter->looked : LOOKED;
	int64_t last = 0;

	for (int looked = 0;; looked++) {
		struct queue_row r = {0};
		int rc;

		if (*ret_n == most || looked == most_looked) {
			*ret_next = last;
			return 0;
		}
		rc = next_row(st, chunks, scope->n, filter->entity, &r, e);
		if (rc != 1)
			return rc;
		last = r.c.id;
		rc = judge_for(st, scope, filter, &r, e);
		if (rc != 1) {
			queue_row_done(&r);
			if (rc < 0)
				return rc;
			continue;
		}
		ret[(*ret_n)++] = r;
	}
}

int
queue_page(struct store *st, const struct scope *scope,
	const struct queue_filter *filter, size_t most, struct queue_row *ret,
	size_t *ret_n, int64_t *ret_next, struct err *e)
{
	AUTO_FREE struct queue_chunk *chunks = calloc(2, sizeof(*chunks));
	int rc;

	assert(scope->n >= 1 && scope->n <= 2 && most > 0);
	*ret_n = 0;
	*ret_next = 0;
	if (!chunks)
		return err_nomem(e);
	for (int i = 0; i < scope->n; i++) {
		chunks[i].ns = scope->ns[i];
		chunks[i].before = filter->before;
	}
	rc = queue_read_page(st, scope, filter, most, chunks, ret, ret_n,
		ret_next, e);
	chunk_done(&chunks[0]);
	chunk_done(&chunks[1]);
	return rc;
}

/* --- what was found ------------------------------------------------------- */
static const int kinds[FACTS_KIND_MAX] = {[FACTS_DUPLICATE] =
						  CONFLICT_DUPLICATE,
	[FACTS_UPDATE] = CONFLICT_UPDATE,
	[FACTS_CONTRADICTION] = CONFLICT_CONTRADICTION,
	[FACTS_SUCCESSION] = CONFLICT_SUCCESSION};

static enum conflict_decision
decision_of(const char *action)
{
	if (strcmp(action, "merge") == 0)
		return DECIDED_MERGE;
	if (strcmp(action, "update") == 0)
		return DECIDED_UPDATE;
	return DECIDED_KEEP_BOTH;
}

int
queue_add(struct store *st, const struct queue_found *f, int64_t *ret_id,
	struct err *e)
{
	struct conflict c = {.entity = f->entity,
		.kind = kinds[f->kind],
		.other = f->by_entity != f->entity ? f->by_entity : 0,
		.base = CONFLICT_NONE,
		.ours = f->fact,
		.theirs = f->by_fact,
		.action = decision_of(f->action),
		.found = clock_now_ms(),
		.confidence = f->confidence};
	int rc;

	assert((size_t)f->kind < ARRAY_LEN(kinds));
	if (f->fact == f->by_fact || c.kind == 0)
		return 0;
	rc = conflict_of_pair(st, f->fact, f->by_fact, ret_id, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = conflict_add(st, &c, ret_id, e);
	if (rc != 0)
		return rc;
	if (*ret_id > CONFLICT_ID_MAX)
		return err_set(e, MDB_E_LIMIT,
			"the queue of conflicts has had %d rows; no more can "
			"be told apart",
			CONFLICT_ID_MAX);
	return 1;
}

int
queue_is_kept(struct store *st, int64_t a, int64_t b, struct err *e)
{
	struct queue_row r = {.state = QUEUE_GONE};
	int64_t id;
	int rc = conflict_of_pair(st, a, b, &id, e);

	if (rc == 1)
		rc = queue_get(st, lens_of(st), id, &r, e);
	queue_row_done(&r);
	return rc < 0 ? rc : r.decision == DECIDED_KEEP_BOTH;
}
