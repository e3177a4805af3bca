/* recall_run, with answers kept: the same question of the same state of the
 * memory has the same answer.
 *
 * The key is therefore everything that an answer depends on, byte by byte: the
 * question, the filters, the weights, the lens, the newest change, the
 * counters of use, the vectors in memory, and the hour, since ages count by
 * the hour. A write makes a new newest change, so the old key is never asked
 * for again, and nothing has to be dropped. Whoever adds to recall something
 * new that an answer depends on must add it to struct key.
 *
 * While the end of a fact lies between two asks no key would tell it, so then
 * nothing is kept. */
#include "memory-db/model/recall/recall_cached.h"

#include <assert.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/recall/vectors_memory.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/answer_cache.h"
#include "memory-db/store/beside/outcomes.h"
#include "memory-db/store/beside/receipts.h"

#define HOUR_MS INT64_C(3600000)

/* All numbers that a result depends on; zeroed before it is filled, so that
 * there is nothing undefined between the members. */
struct key {
	struct recall_weights weights;
	double cut;
	int64_t change, usage, outcomes, past, vectors, asked, ns[2], since,
		until, valid_at, source, hour;
	int64_t limit, types_n, tiers, expired, levels;
	int64_t lens[2 * (LIMIT_LENS_DEPTH + 1)];
};

static int
recall_cached_make_key(struct store *st, const struct scope *scope,
	const struct recall_request *q, int64_t expired, struct buf *out,
	struct err *e)
{
	struct vectors_memory *m = vectors_memory_of(st);
	struct key k;
	int rc;

	memset(&k, 0, sizeof(k));
	k.weights = q->weights ? *q->weights : recall_weights_default;
	k.cut = q->cut;
	k.change = scope->change;
	k.usage = receipts_written(st);
	k.past = q->is_past;
	rc = outcomes_state(st, &k.outcomes, e);
	if (rc < 0)
		return rc;
	k.vectors = m != NULL ? vectors_memory_generation(m) : -1;
	/* Of a provider that is down the answer is another. */
	k.asked = q->question != NULL && q->question->v != NULL;
	k.ns[0] = q->ns[0];
	k.ns[1] = q->ns[1];
	k.since = q->since;
	k.until = q->until;
	k.valid_at = q->valid_at;
	k.source = q->source;
	k.hour = q->now / HOUR_MS;
	k.limit = q->limit;
	k.types_n = q->types_n;
	k.tiers = q->tiers;
	k.expired = expired;
	k.levels = scope->lens.n;
	for (int i = 0; i < scope->lens.n; i++) {
		k.lens[2 * i] = scope->lens.level[i].branch;
		k.lens[2 * i + 1] = scope->lens.level[i].limit;
	}
	if (buf_add(out, &k, sizeof(k)) != 0 ||
		(q->types_n > 0 &&
			buf_add(out, q->types,
				(size_t)q->types_n * sizeof(*q->types)) != 0) ||
		(q->tags && jx_dump(q->tags, out) != 0) ||
		buf_addc(out, '\0') != 0 || buf_adds(out, q->zone) != 0 ||
		buf_addc(out, '\0') != 0)
		return MDB_E_NOMEM;
	return buf_add(out, q->query, q->query_n);
}

static int
read_result(const struct buf *data, struct recall_result *ret)
{
	size_t n = (data->len - 1) / sizeof(*ret->rows);

	/* As recall_cached_keep wrote it: a flag, then whole rows. */
	assert(data->len == 1 + n * sizeof(*ret->rows));
	*ret = (struct recall_result){.n = n,
		.is_relevant = data->data[0] != 0,
		.rows = calloc(n + 1, sizeof(*ret->rows))};
	if (!ret->rows)
		return MDB_E_NOMEM;
	if (n > 0)
		memcpy(ret->rows, data->data + 1, n * sizeof(*ret->rows));
	return 0;
}

static void
recall_cached_keep(struct store *st, const struct buf *key,
	const struct recall_result *found)
{
	AUTO_BUF struct buf data = {0};

	if (found->partial || buf_addc(&data, found->is_relevant) != 0 ||
		buf_add(&data, found->rows, found->n * sizeof(*found->rows)) !=
			0)
		return;
	answer_cache_keep(st, key->data, key->len, data.data, data.len);
}

int
recall_run_cached(struct store *st, const struct scope *scope,
	const struct recall_request *request, struct recall_result *ret,
	struct err *e)
{
	AUTO_BUF struct buf key = {0}, data = {0};
	struct expiry expiry;
	bool is_moving = false;
	int rc = expiry_begin(st, request->now, &expiry, e);

	if (rc)
		return rc;
	if (expiry.newest != 0)
		rc = curated_facts_due(st, request->now, &is_moving, e);
	if (rc)
		return rc;
	if (is_moving)
		return recall_run(st, request, ret, e);
	/* What expires without a change makes another key. */
	rc = recall_cached_make_key(st, scope, request, expiry.newest, &key, e);
	if (rc == 0)
		rc = answer_cache_find(st, key.data, key.len, &data);
	if (rc == 1)
		rc = read_result(&data, ret) == 0 ? 1 : MDB_E_NOMEM;
	if (rc != 0)
		return rc < 0 ? err_nomem(e) : 0;
	rc = recall_run(st, request, ret, e);
	if (rc != 0)
		return rc;
	recall_cached_keep(st, &key, ret);
	return 0;
}
