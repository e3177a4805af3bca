/* What could be part of a context, each source best first. Writing it, and
 * what there is room for, is context.c.
 *
 * For example the task "plan Ada's trip": pinned gives what is pinned;
 * relevant gives what recall finds for the task, down to a share of the best
 * score; conflicts gives the open ones of these entities; recent gives the
 * newest facts. A fact that two sources name is one item, of the source that
 * came first. */
#include <math.h>
#include <string.h>

#include "memory-db/model/context/context_internal.h"
#include "common/vec.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/read/pins.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/recall/recall_cached.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/model/recall/recall_page.h"
#include "memory-db/model/recall/recall_settings.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/recall.h"
#include "memory-db/store/index/search.h"
#include "memory-db/store/engine/store.h"

#include <sodium.h>

/* Items of each source; of one pinned entity. */
#define PINNED_MAX   200
#define PINNED_FACTS 20
/* Facts of a pinned entity that are looked at for those that its pin vouches
 * for. */
#define PINNED_PAGES  50
#define RELEVANT_MAX  100
#define CONFLICTS_MAX 30
#define RECENT_MAX    60
/* Facts looked at for these: copies among them take no place. */
#define RECENT_LOOKED 240
/* Words of a name that are compared. */
#define NAME_WORDS 16
/* Rows of recall that score less than this share of the best are no part. */
#define RELEVANT_SHARE 0.4

static int
context_gather_add(struct gathering *g, const struct context_item *item)
{
	if (item->fact != 0 && item->conflict == 0) {
		if (idmap_get(&g->seen, item->fact, NULL))
			return 0;
		if (idmap_put(&g->seen, item->fact, 1) < 0)
			return err_nomem(g->e);
	}
	if (vec_room(g->items, g->n, g->cap) != 0)
		return err_nomem(g->e);
	g->items[g->n++] = *item;
	return g->left > 0 && --g->left == 0;
}

/* Who pinned an entity vouched for what it said then. What another project
 * writes to it afterwards is read as any other fact is, but not under the
 * user's pin: "always run this" would stand first in every project. */
static int
is_vouched(struct gathering *g, int64_t fact, int64_t pinned_at,
	struct origin *o)
{
	int rc = provenance_origin(g->st, fact, o, g->e);

	if (rc < 0 || o->change <= pinned_at)
		return rc < 0 ? rc : 1;
	rc = provenance_is_foreign(g->st, g->scope, o, g->e);
	return rc < 0 ? rc : rc == 0;
}

static int
add_pinned(void *ctx, int64_t entity)
{
	struct gathering *g = ctx;
	struct origin o = {0};
	int64_t facts[PINNED_FACTS], before = INT64_MAX, pinned_at = 0;
	int n = PINNED_FACTS, taken = 0;
	int rc = recall_pin_set(g->st, entity, &pinned_at, g->e);

	if (rc != 0)
		return rc;
	for (int page = 0; n == PINNED_FACTS && page < PINNED_PAGES &&
			   taken < PINNED_FACTS;
		page++) {
		rc = recall_newest_of(g->st, entity, before, PINNED_FACTS,
			facts, &n, g->e);
		if (rc != 0)
			return rc;
		for (int i = 0; i < n && taken < PINNED_FACTS; i++) {
			before = facts[i];
			rc = is_vouched(g, facts[i], pinned_at, &o);
			if (rc < 0)
				return rc;
			if (rc != 1)
				continue;
			taken++;
			rc = context_gather_add(g,
				&(struct context_item){.source = CONTEXT_PINNED,
					.fact = facts[i],
					.entity = entity});
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static int
pinned(struct gathering *g)
{
	int rc = pins_each(g->st, g->scope, add_pinned, g, &g->pins_over, g->e);

	return rc < 0 ? rc : 0;
}

static int
relevant(struct gathering *g)
{
	const struct context_request *q = g->request;
	struct recall_weights weights;
	struct recall_request request = {.weights = &weights,
		.query = q->task,
		.query_n = q->task_n,
		.limit = RELEVANT_MAX,
		.types_n = -1,
		.since = INT64_MIN,
		.until = INT64_MAX,
		.valid_at = g->scope->valid_at,
		.is_past = g->scope->is_past,
		.now = q->now,
		.zone = q->zone,
		.deadline_ns = q->deadline_ns,
		.question = q->question};
	AUTO_RECALL_RESULT struct recall_result found = {0};
	double best = 0;
	int rc = recall_settings_read(g->st, g->scope->ns[0], &weights, g->e);

	for (int i = 0; i < g->scope->n; i++)
		request.ns[i] = g->scope->ns[i];
	if (rc != 0)
		return rc;
	rc = recall_run_cached(g->st, g->scope, &request, &found, g->e);
	if (rc != 0)
		return rc;
	rc = recall_later_first(g->st, &found, g->e);
	if (rc != 0)
		return rc;
	g->is_relevant = found.is_relevant;
	for (size_t i = 0; i < found.n; i++)
		best = fmax(best, found.rows[i].fit);
	for (size_t i = 0; g->is_relevant && i < found.n; i++) {
		const struct recall_found *row = &found.rows[i];

		if (row->fit < RELEVANT_SHARE * best)
			continue;
		rc = context_gather_add(g,
			&(struct context_item){.source = CONTEXT_RELEVANT,
				.fact = row->fact,
				.entity = row->entity,
				.at = row->at,
				.score = row->score,
				.useful = row->score - row->fit});
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Rows of the queue that are asked for: more do not fit anyway. */
static int
add_conflict(struct gathering *g, const struct queue_row *r)
{
	bool facts = conflict_is_of_facts(r->c.kind);

	/* Those of a merge hold values instead of facts. */
	return context_gather_add(g,
		&(struct context_item){.source = CONTEXT_CONFLICTS,
			.entity = r->c.entity,
			.conflict = r->c.id,
			.at = r->c.found,
			.conflict_kind = (int)r->c.kind,
			.fact = facts ? r->c.ours : 0,
			.other = facts ? r->c.theirs : 0});
}

static int
conflicts(struct gathering *g)
{
	struct queue_row rows[CONFLICTS_MAX];
	struct queue_filter f = {.state = QUEUE_PENDING, .before = INT64_MAX};
	int64_t next;
	size_t n = 0;
	int rc = queue_page(g->st, g->scope, &f, CONFLICTS_MAX, rows, &n, &next,
		g->e);

	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			rc = add_conflict(g, &rows[i]);
		queue_row_done(&rows[i]);
	}
	return rc < 0 ? rc : 0;
}

/* What was said again in the same words is one item, with its number; what
 * differs in a number, a day, a negation or a name is another. */
struct recents {
	struct gathering *g;
	const char *stem;
	struct near_copy_set set;
	int *items; /* text of the set -> item + 1; RECENT_LOOKED */
	int looked;
	struct expiry expiry;
};

/* Words of an entity's name, as what copies are compared by. */
static int
context_gather_read_name(struct recents *x, int64_t entity, struct tokens *t,
	struct copy_text *ret)
{
	AUTO_BUF struct buf name = {0}, tmp = {0};
	int rc = fact_existence(x->g->st, entity, NULL, NULL, &name, x->g->e);

	if (rc >= 0 && tokens_add(t, name.data ? name.data : "", name.len,
			       x->stem, &tmp, NAME_WORDS) < 0)
		rc = err_nomem(x->g->e);
	*ret = (struct copy_text){.entity = entity,
		.name = t->v,
		.name_n = t->n};
	return rc < 0 ? rc : 0;
}

static int
compare_names(struct recents *x, int64_t a, int64_t b, struct tokens t[2])
{
	struct copy_text of_a, of_b;
	int rc = context_gather_read_name(x, a, &t[0], &of_a);

	if (rc != 0)
		return rc;
	rc = context_gather_read_name(x, b, &t[1], &of_b);
	if (rc != 0)
		return rc;
	return near_copy_names(&of_a, &of_b);
}

/* note-1 and note-2 may say the same once, Ada and Bob say it each. */
static int
has_name_of(struct recents *x, int64_t a, int64_t b)
{
	struct tokens t[2] = {{0}, {0}};
	int rc = compare_names(x, a, b, t);

	free(t[0].v);
	free(t[1].v);
	return rc;
}

/* 1 when it is a copy of an item, which counts it. */
static int
is_recent_copy(struct recents *x, int64_t fact)
{
	const struct recall_fact *f;
	struct copy_text t;
	struct context_item *item;
	enum copy_how how;
	size_t at;
	int rc = recall_fact(x->g->st, fact, x->stem, &f, x->g->e);

	if (rc != 1)
		return rc;
	t = recall_fact_copy_text(f);
	if (near_copy_set_put(&x->set, &t, &at, &how) != 0)
		return err_nomem(x->g->e);
	if (how == COPY_NOT)
		x->items[at] = (int)x->g->n + 1;
	if (how != COPY_SAME)
		return 0;
	item = &x->g->items[x->items[at] - 1];
	rc = has_name_of(x, item->entity, f->entity);
	item->alike += rc == 1;
	return rc;
}

/* Has the time of the fact come, or that of its entity? */
static int
is_recent_over(struct recents *x, const struct search_row *row)
{
	int rc = expiry_is_over(&x->expiry, row->entity, x->g->e);

	if (rc != 0)
		return rc;
	return expiry_fact_is_over(&x->expiry, row->entity, row->fact, x->g->e);
}

static int
add_recent(void *ctx, const struct search_row *row)
{
	struct recents *x = ctx;
	struct recall_row at;
	int rc;

	if (x->looked == RECENT_LOOKED)
		return 1;
	rc = recall_row(x->g->st, row->fact, &at, x->g->e);
	if (rc != 1 || at.kind != FACT_OBSERVATION)
		return rc < 0 ? rc : 0;
	x->looked++;
	if (idmap_get(&x->g->seen, row->fact, NULL))
		return 0;
	rc = is_recent_over(x, row);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = is_recent_copy(x, row->fact);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return context_gather_add(x->g,
		&(struct context_item){.source = CONTEXT_RECENT,
			.fact = row->fact,
			.entity = row->entity,
			.at = at.at});
}

static int
recent_of(struct gathering *g, int64_t ns)
{
	int items[RECENT_LOOKED] = {0};
	char stem[32];
	struct recents x = {.g = g, .stem = stem, .items = items};
	struct search_range range;
	int rc = namespace_stem(g->st, ns, stem, g->e);

	if (rc < 0)
		return rc;
	rc = expiry_begin(g->st, g->request->now, &x.expiry, g->e);
	if (rc < 0)
		return rc;
	rc = search_range(g->st, ns, &range, g->e);
	if (rc < 0)
		return rc;
	rc = search_facts(g->st, &range, add_recent, &x, g->e);
	near_copy_set_done(&x.set);
	return rc;
}

static int
recent(struct gathering *g)
{
	int rc = recall_facts_begin(g->st, g->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	for (int i = 0; i < g->scope->n; i++) {
		/* Of the user's own memory only what there is room for. */
		if (g->scope->ns[i] == 0)
			continue;
		rc = recent_of(g, g->scope->ns[i]);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

int
context_gather(struct gathering *g)
{
	static const struct {
		int (*fn)(struct gathering *);
		size_t max;
	} sources[CONTEXT_MAX] = {[CONTEXT_PINNED] = {pinned, PINNED_MAX},
		[CONTEXT_RELEVANT] = {relevant, RELEVANT_MAX},
		[CONTEXT_CONFLICTS] = {conflicts, CONFLICTS_MAX},
		[CONTEXT_RECENT] = {recent, RECENT_MAX}};
	unsigned wanted = g->request->sources;
	int rc = 0;

	for (unsigned i = 0; i < CONTEXT_MAX; i++) {
		if (wanted != 0 && !(wanted >> i & 1))
			continue;
		g->left = sources[i].max;
		rc = sources[i].fn(g);
		if (rc != 0)
			return rc;
	}
	return 0;
}

uint64_t
context_key(const struct buf *name, const struct fact *f)
{
	static const unsigned char no_key[crypto_shorthash_KEYBYTES];
	uint64_t parts[2] = {0, 0}, key;

	crypto_shorthash((unsigned char *)&parts[0],
		(const unsigned char *)(name->data ? name->data : ""),
		name->len, no_key);
	crypto_shorthash((unsigned char *)&parts[1],
		(const unsigned char *)f->text, f->text_n, no_key);
	crypto_shorthash((unsigned char *)&key, (const unsigned char *)parts,
		sizeof(parts), no_key);
	return key;
}

const char *
context_conflict_word(int kind)
{
	static const char *const words[] = {"conflict", "duplicate", "update",
		"contradiction", "attribute", "merge"};

	return kind > 0 && kind < (int)ARRAY_LEN(words) ? words[kind]
							: words[0];
}
