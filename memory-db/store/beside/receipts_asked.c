/* Receipts by the words that they were asked for with.
 *
 * Who reads in a transcript that an agent asked "which host has the cache" does
 * not know the name of the receipt. The newest receipt of the namespace with
 * these words is the one that the agent was given, or one that says the same:
 *
 *   waiting   r5..  "who approves deploys"          a second ago
 *   written   r4..  "which host has the cache"      a minute ago   <- this
 *             r1..  "which host has the cache"      yesterday: before `since`
 *
 * No index is kept for that: it is asked once a turn, and looks at the newest
 * rows alone. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/store/beside/receipts_int.h"
#include "memory-db/store/engine/store_internal.h"

/* Receipts that are looked through for questions: those of a long turn of one
 * agent beside many others. */
#define LOOKED_MAX 2000
/* A receipt waits for the writer no longer. */
#define ORDER_MS 60000

struct asking {
	int64_t ns, since;
	const json_t *queries;
	receipt_asked_fn fn;
	void *ctx;
};

/* Non-zero: what fn said. */
static int
ask_one(const struct asking *a, const char *id, const char *query, size_t n)
{
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)a->queries, i, one)
		if (json_string_length(one) == n &&
			memcmp(json_string_value(one), query, n) == 0)
			return a->fn(a->ctx, id, i);
	return 0;
}

/* Names of the waiting ones, for fn to be called without the lock: it may look
 * for a receipt itself. Newest last. 0 or MDB_E_NOMEM. */
static int
waiting_names(struct receipts *q, const struct asking *a, json_t *out)
{
	const struct receipts_waiting *lists[] = {q->written, q->first};

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		for (const struct receipts_waiting *w = lists[k]; w;
			w = w->next) {
			if (w->r.ns != a->ns || w->r.at < a->since)
				continue;
			if (jx_add(out, json_string(w->r.id)) != 0 ||
				jx_add(out, json_stringn(w->r.query,
						    w->r.query_n)) != 0)
				return MDB_E_NOMEM;
		}
	return 0;
}

static int
ask_waiting(struct store *st, const struct asking *a, struct err *e)
{
	struct receipts *q = st->base->receipts;
	AUTO_JSON json_t *names = json_array();
	int rc;

	if (!names)
		return err_nomem(e);
	pthread_mutex_lock(&q->lock);
	rc = waiting_names(q, a, names);
	pthread_mutex_unlock(&q->lock);
	if (rc != 0)
		return err_nomem(e);
	for (size_t i = json_array_size(names); i >= 2; i -= 2) {
		const json_t *query = json_array_get(names, i - 1);

		rc = ask_one(a, json_string_value(json_array_get(names, i - 2)),
			json_string_value(query), json_string_length(query));
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
receipts_asked(struct store *st, int64_t ns, int64_t since_ms,
	const json_t *queries, receipt_asked_fn fn, void *ctx, struct err *e)
{
	const struct asking a = {ns, since_ms, queries, fn, ctx};
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc = ask_waiting(st, &a, e);

	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_RECEIPTS, RECEIPTS_ASKED);
	bind_i(s, 1, ns);
	bind_i(s, 2, LOOKED_MAX);
	while ((rc = stmt_row(st, s, e)) == 1) {
		char id[RECEIPT_ID_SIZE + 1];

		/* They stand in the order of writing, which is about that of
		 * giving. */
		if (sqlite3_column_int64(s, 2) < since_ms - ORDER_MS)
			return 0;
		if (sqlite3_column_int64(s, 2) < since_ms)
			continue;
		snprintf(id, sizeof(id), "%s",
			(const char *)sqlite3_column_text(s, 0));
		rc = ask_one(&a, id, (const char *)sqlite3_column_text(s, 1),
			(size_t)sqlite3_column_bytes(s, 1));
		if (rc != 0)
			return rc;
	}
	return rc;
}
