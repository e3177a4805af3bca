/* What entities have to do with one another; related.h lists the kinds of
 * reasons.
 *
 * Each reason that is found gives its entity a likelihood, and reasons are
 * taken for independent: with .7 from a relation and .4 from a tag it is 1 -
 * .3 * .6 = .82. What many entities have in common says little, so a tag that
 * few have counts for more. All steps are bounded, and end at a deadline: what
 * was found by then is answered.
 *
 * This file has relations, tags, sessions and the order of all; words and
 * names stand in related_words.c, sentences in related_reasons.c. */
#include "memory-db/model/order/related.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/vec.h"
#include "memory-db/model/order/related_internal.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/search/filter_entities.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/filter_index.h"
#include "memory-db/store/log/log.h"

/* Entities in a result; what comes after them is not near. */
#define ROWS_MAX 1000
/* Relations read of the start and of each entity beside it, and how many of
 * these are gone through: some 10 ms of a reader. */
#define FIRST_STEP  500
#define SECOND_STEP 100
#define THROUGH_MAX 50
/* Tags looked at, and entities of one: more have a tag that says nothing. */
#define TAGS_MAX   16
#define TAGGED_MAX 300
/* Sessions of the start, the newest; changes of each; ops of a change. */
#define SESSIONS_MAX	3
#define SESSION_CHANGES 50
#define CHANGE_OPS	500

#define LIKELY_STEP    0.7
#define LIKELY_TWO     0.35
#define LIKELY_TAG     0.4
#define LIKELY_SESSION 0.15

/* --- rows ------------------------------------------------------------------ */
bool
related_is_late(struct relating *x)
{
	if (x->request->deadline_ns != 0 &&
		clock_mono_ns() > x->request->deadline_ns)
		x->ret->is_partial = true;
	return x->ret->is_partial;
}

struct related_row *
related_row_of(struct relating *x, int64_t entity, int *ret_rc)
{
	struct related *r = x->ret;
	int64_t *place;

	*ret_rc = 0;
	if (entity == 0 || entity == x->request->entity)
		return NULL;
	if (r->n == ROWS_MAX && !idset_has(&r->at, entity))
		return NULL;
	place = idset_put(&r->at, entity);
	if (!place) {
		*ret_rc = err_nomem(x->e);
		return NULL;
	}
	if (*place > 0)
		return &r->rows[*place - 1];
	if (vec_room(r->rows, r->n, r->cap) != 0) {
		*ret_rc = err_nomem(x->e);
		return NULL;
	}
	r->rows[r->n] = (struct related_row){.entity = entity, .miss = 1};
	*place = (int64_t)r->n + 1;
	return &r->rows[r->n++];
}

void
related_add(struct related_row *row, double likely,
	const struct related_why *why)
{
	row->miss *= 1 - likely;
	row->kinds |= 1u << why->kind;
	if (row->why_n < RELATED_WHY)
		row->why[row->why_n++] = *why;
}

double
related_score(const struct related_row *row)
{
	return 1 - row->miss;
}

/* Less for each of many that have it in common. */
static double
related_shared(double likely, size_t n)
{
	return likely / log2(1 + (double)(n > 1 ? n : 1));
}

/* --- relations ------------------------------------------------------------- */
struct related_step {
	int64_t entity, label;
	double weight;
	bool is_incoming;
};

struct related_steps {
	struct relating *x;
	int64_t from;
	struct related_step v[FIRST_STEP];
	size_t n, most;
};

static int
related_take_step(void *ctx, const struct fact *f)
{
	struct related_steps *s = ctx;
	bool is_own = f->entity == s->from;

	if (s->n == s->most)
		return 1;
	s->v[s->n++] =
		(struct related_step){.entity = is_own ? f->peer : f->entity,
			.label = f->label,
			.weight = f->weight < 0 ? 1 : f->weight,
			.is_incoming = is_own == fact_is_reversed(f)};
	return 0;
}

/* The relations of an entity in both directions. 1: there are more. */
static int
related_read_steps(struct related_steps *s, int64_t entity, size_t most)
{
	struct relating *x = s->x;
	int rc;

	s->from = entity;
	s->n = 0;
	s->most = most;
	rc = fact_each(x->st, entity, 1u << FACT_RELATION, related_take_step, s,
		x->e);
	if (rc)
		return rc;
	return fact_each_incoming(x->st, entity, related_take_step, s, x->e);
}

/* What is two steps away, through one that is one step away. */
static int
related_second_step(struct relating *x, const struct related_step *first,
	struct related_steps *s)
{
	int rc = related_read_steps(s, first->entity, SECOND_STEP), failed = 0;

	if (rc < 0)
		return rc;
	for (size_t i = 0; failed == 0 && i < s->n; i++) {
		struct related_row *row =
			related_row_of(x, s->v[i].entity, &failed);
		struct related_why why = {RELATED_RELATIONS, first->label,
			first->entity, s->v[i].label, false};

		if (row)
			related_add(row,
				related_shared(LIKELY_TWO * first->weight *
						       s->v[i].weight,
					s->n),
				&why);
	}
	return failed;
}

static int
related_by_relations(struct relating *x)
{
	AUTO_FREE struct related_steps *first = calloc(1, sizeof(*first));
	AUTO_FREE struct related_steps *second = calloc(1, sizeof(*second));
	int rc;

	if (!first || !second)
		return err_nomem(x->e);
	first->x = second->x = x;
	rc = related_read_steps(first, x->request->entity, FIRST_STEP);
	x->ret->is_partial |= rc == 1;
	if (rc < 0)
		return rc;
	rc = 0;
	for (size_t i = 0; i < first->n; i++) {
		struct related_step *step = &first->v[i];
		struct related_row *row = related_row_of(x, step->entity, &rc);
		struct related_why why = {RELATED_RELATIONS, step->label, 0, 0,
			step->is_incoming};

		if (row)
			related_add(row, LIKELY_STEP * (1 + step->weight) / 2,
				&why);
		if (rc != 0)
			return rc;
	}
	for (size_t i = 0; i < first->n && i < THROUGH_MAX; i++) {
		if (!related_is_late(x))
			rc = related_second_step(x, &first->v[i], second);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- tags ------------------------------------------------------------------ */
struct related_tags {
	json_t *list; /* owned; each once */
	struct err *e;
};

static int
related_put_tag(struct related_tags *t, const char *text, size_t n)
{
	if (json_array_size(t->list) >= TAGS_MAX ||
		fact_tags_is_in(t->list, text, n))
		return 0;
	return jx_add(t->list, json_stringn(text, n)) != 0 ? err_nomem(t->e)
							   : 0;
}

static int
related_take_tag(void *ctx, const struct fact *f)
{
	struct related_tags *t = ctx;
	AUTO_JSON json_t *j = NULL;
	json_t *tag;
	size_t i;
	int rc = 0;

	if (f->erased)
		return 0;
	if (f->kind == FACT_TAG)
		return related_put_tag(t, f->text, f->text_n);
	j = jx_parse(f->text, f->text_n, t->e);
	if (!j)
		return MDB_E_NOMEM;
	json_array_foreach(json_object_get(j, "tags"), i, tag) {
		if (json_is_string(tag))
			rc = related_put_tag(t, json_string_value(tag),
				json_string_length(tag));
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
related_find_tagged(struct relating *x, int64_t label, struct filter_ids *ids)
{
	const struct scope *scope = x->request->scope;

	for (int i = 0; i < scope->n; i++) {
		struct search_range range;
		int rc;

		if (scope->ns[i] == 0)
			continue;
		rc = search_range(x->st, scope->ns[i], &range, x->e);
		if (rc != 0)
			return rc;
		rc = filter_index_tagged(x->st, &range, label, filter_ids_add,
			ids, x->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
related_add_tagged(struct relating *x, const struct filter_ids *ids,
	const json_t *wanted, int64_t label)
{
	struct related_why why = {RELATED_TAGS, label, 0, 0, false};

	for (size_t i = 0; i < ids->n; i++) {
		struct related_row *row;
		int rc = fact_tags_any(x->st, ids->v[i], wanted, x->e);

		if (rc == 0)
			continue;
		if (rc < 0)
			return rc;
		rc = 0;
		row = related_row_of(x, ids->v[i], &rc);
		if (rc != 0)
			return rc;
		if (row)
			related_add(row, related_shared(LIKELY_TAG, ids->n),
				&why);
	}
	return 0;
}

static int
related_by_tag(struct relating *x, json_t *tag, int64_t label)
{
	AUTO_JSON json_t *wanted = json_pack("[O]", tag);
	struct filter_ids ids = {.most = TAGGED_MAX, .e = x->e};
	int rc =
		!wanted ? err_nomem(x->e) : related_find_tagged(x, label, &ids);

	/* 1: so many have it that it says nothing. */
	if (rc == 0)
		rc = related_add_tagged(x, &ids, wanted, label);
	filter_ids_done(&ids);
	return rc < 0 ? rc : 0;
}

static int
related_by_tags(struct relating *x)
{
	struct related_tags t = {.list = json_array(), .e = x->e};
	json_t *tag;
	size_t i;
	int rc = !t.list ? err_nomem(x->e)
			 : fact_each(x->st, x->request->entity,
				   1u << FACT_TAG | 1u << FACT_METADATA,
				   related_take_tag, &t, x->e);

	json_array_foreach(t.list, i, tag) {
		int64_t label = 0;

		if (rc != 0 || related_is_late(x))
			break;
		rc = label_find(x->st, json_string_value(tag), &label, x->e);
		if (rc == 1)
			rc = related_by_tag(x, tag, label);
	}
	json_decref(t.list);
	return rc < 0 ? rc : 0;
}

/* --- sessions -------------------------------------------------------------- */
struct related_session {
	struct relating *x;
	int64_t sessions[SESSIONS_MAX];
	int n;
	int64_t changes[SESSION_CHANGES];
	int changes_n;
	struct idset entities;
};

static int
related_take_session(void *ctx, const struct log_change *c)
{
	struct related_session *s = ctx;

	if (c->session == 0)
		return 0;
	for (int i = 0; i < s->n; i++)
		if (s->sessions[i] == c->session)
			return 0;
	s->sessions[s->n++] = c->session;
	return s->n == SESSIONS_MAX;
}

static int
related_take_change(void *ctx, const struct log_change *c)
{
	struct related_session *s = ctx;

	s->changes[s->changes_n++] = c->id;
	return s->changes_n == SESSION_CHANGES;
}

static int
related_take_op(void *ctx, const struct log_op *op)
{
	struct related_session *s = ctx;

	if (op->what != OP_SHOW || op->entity == 0)
		return 0;
	if (!idset_put(&s->entities, op->entity))
		return err_nomem(s->x->e);
	return op->seq >= CHANGE_OPS;
}

static int
related_by_session(struct related_session *s, int64_t session)
{
	struct relating *x = s->x;
	struct related_why why = {RELATED_SESSION, session, 0, 0, false};
	int rc = 0;

	s->changes_n = 0;
	idset_done(&s->entities);
	for (int i = 0; i < x->request->scope->n; i++) {
		if (x->request->scope->ns[i] == 0 ||
			s->changes_n >= SESSION_CHANGES)
			continue;
		rc = log_newest(x->st, x->request->scope->ns[i], session,
			x->request->scope->change + 1, related_take_change, s,
			x->e);
		if (rc < 0)
			return rc;
	}
	for (int i = 0; i < s->changes_n; i++) {
		rc = log_ops(x->st, s->changes[i], 0, 0, related_take_op, s,
			x->e);
		if (rc < 0)
			return rc;
	}
	rc = 0;
	for (size_t i = 0; i < s->entities.cap; i++) {
		struct related_row *row =
			related_row_of(x, s->entities.slots[i].id, &rc);

		if (row)
			related_add(row,
				related_shared(LIKELY_SESSION, s->entities.n),
				&why);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
related_by_sessions(struct relating *x)
{
	struct related_session s = {.x = x};
	int rc = log_of_entity(x->st, x->request->entity,
		x->request->scope->change + 1, related_take_session, &s, x->e);

	for (int i = 0; i < s.n && !related_is_late(x); i++) {
		if (rc < 0)
			break;
		rc = related_by_session(&s, s.sessions[i]);
	}
	idset_done(&s.entities);
	return rc < 0 ? rc : 0;
}

/* --- all ------------------------------------------------------------------- */
static int
related_nearest_first(const void *a, const void *b)
{
	const struct related_row *x = a, *y = b;

	if (x->miss < y->miss || x->miss > y->miss)
		return x->miss < y->miss ? -1 : 1;
	return x->entity < y->entity ? -1 : x->entity > y->entity;
}

int
related_find(struct store *st, const struct related_request *request,
	struct related *ret, struct err *e)
{
	struct relating x = {st, request, ret, e};
	unsigned kinds = request->kinds;
	size_t n = 0;
	int rc = 0;

	*ret = (struct related){0};
	if (request->entity != 0 && (kinds & 1u << RELATED_RELATIONS))
		rc = related_by_relations(&x);
	if (rc)
		return rc;
	if ((kinds & (1u << RELATED_WORDS | 1u << RELATED_NAMES)))
		rc = related_by_words(&x);
	if (rc)
		return rc;
	if (request->entity != 0 && (kinds & 1u << RELATED_TAGS))
		rc = related_by_tags(&x);
	if (rc)
		return rc;
	if (request->entity != 0 && (kinds & 1u << RELATED_SESSION))
		rc = related_by_sessions(&x);
	if (rc != 0)
		return rc;
	/* Looked at, and nothing in common. */
	for (size_t i = 0; i < ret->n; i++)
		if (ret->rows[i].kinds != 0)
			ret->rows[n++] = ret->rows[i];
	ret->n = n;
	if (n > 1)
		qsort(ret->rows, n, sizeof(*ret->rows), related_nearest_first);
	return 0;
}

void
related_done(struct related *r)
{
	for (size_t i = 0; i < r->words_n; i++)
		free(r->words[i].word);
	free(r->rows);
	idset_done(&r->at);
	memset(r, 0, sizeof(*r));
}
