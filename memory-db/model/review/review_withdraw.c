/* An agent takes its own staged changes back. A change that builds on a
 * withdrawn one would lose its ground, so it must go as well: without
 * `cascade` the call says which they are and does nothing.
 *
 *   staged  21 creates bob    22 "bob likes tea"    23 creates zoe
 *   undo of 21       refused: 22 builds on it
 *   with cascade     21 and 22 go, 23 stays
 *
 * A change can only build on earlier ones, so one pass in order of ids finds
 * all of them. */
#include <stdlib.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/review/review_int.h"

struct withdrawing {
	struct call *c;
	int64_t ns, session;
	struct idset gone;    /* to be taken back */
	struct idset waiting; /* of the session; value: 1 looked at */
	struct err *e;
};

static int
add_waiting(void *ctx, const struct staged *s)
{
	struct withdrawing *x = ctx;

	return !idset_put(&x->waiting, s->change) ? err_nomem(x->e) : 0;
}

/* 1 all of them wait and are of the session. */
static int
select_all(struct withdrawing *x, const json_t *changes)
{
	json_t *id;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)changes, i, id) {
		if (!idset_has(&x->waiting, json_integer_value(id)))
			return 0;
		if (!idset_put(&x->gone, json_integer_value(id)))
			return err_nomem(x->e);
	}
	return x->gone.n > 0;
}

/* 1 the change builds on one that is to go. */
static int
builds_on(struct withdrawing *x, int64_t change)
{
	AUTO_REVIEW_VIEW struct review_view v = {0};
	AUTO_REVIEW_ROW struct review_row r = {.by = NULL};
	int rc = staged_get(x->c->st, change, review_row_copy, &r, x->e);
	json_t *need;
	size_t i;

	if (rc == MDB_E_NOMEM)
		return err_nomem(x->e);
	if (rc == 1)
		rc = review_look(x->c->st, x->c->ctx, &r.s, false,
			LIMIT_REPLY_BYTES, &v, x->e);
	if (rc != 0)
		return rc;
	json_array_foreach(v.needs, i, need)
		if (idset_has(&x->gone, json_integer_value(need)))
			return 1;
	return 0;
}

static int
review_withdraw_by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* A change builds on earlier ones alone: one pass in order finds all. */
static int
add_builders(struct withdrawing *x, struct buf *others)
{
	AUTO_FREE int64_t *v = calloc(x->waiting.n + 1, sizeof(*v));
	size_t n = 0;
	if (!v)
		return err_nomem(x->e);
	for (size_t i = 0; i < x->waiting.cap; i++)
		if (x->waiting.slots[i].id != 0)
			v[n++] = x->waiting.slots[i].id;
	qsort(v, n, sizeof(*v), review_withdraw_by_id);
	for (size_t i = 0; i < n; i++) {
		int rc;

		if (idset_has(&x->gone, v[i]))
			continue;
		rc = builds_on(x, v[i]);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		if (!idset_put(&x->gone, v[i]) ||
			buf_addf(others, "%s%lld", others->len > 0 ? ", " : "",
				(long long)v[i]) != 0)
			return err_nomem(x->e);
	}
	return 0;
}

static int
withdraw_all(struct withdrawing *x)
{
	bool more;
	int rc = 0;

	for (size_t i = 0; i < x->gone.cap; i++) {
		struct staged s = {.change = x->gone.slots[i].id,
			.state = STAGED_WITHDRAWN,
			.decided = clock_now_ms(),
			.told = true,
			.by = "its agent"};

		if (s.change != 0)
			rc = staged_decide(x->c->st, &s, x->e);
		if (rc != 0)
			return rc;
	}
	return review_settle(x->c, x->ns, LIMIT_REVIEW_SETTLE, &more, x->e);
}

static void
withdrawing_done(struct withdrawing *x)
{
	idset_done(&x->gone);
	idset_done(&x->waiting);
}

int
review_withdraw(struct call *c, int64_t ns, int64_t session,
	const json_t *changes, bool cascade, int64_t *ret_n, struct err *e)
{
	__attribute__((cleanup(withdrawing_done))) struct withdrawing x =
		{.c = c, .ns = ns, .session = session, .e = e};
	AUTO_BUF struct buf others = {0};
	int rc = staged_each(c->st, ns, STAGED_WAITING, session, 0, add_waiting,
		&x, e);

	*ret_n = 0;
	if (rc != 0)
		return rc;
	rc = select_all(&x, changes);
	if (rc != 1)
		return rc;
	rc = add_builders(&x, &others);
	if (rc != 0)
		return rc;
	if (others.len > 0 && !cascade)
		return !buf_str(&others)
			       ? err_nomem(e)
			       : err_set(e, MDB_E_CONFLICT,
					 "staged changes that still wait build "
					 "on it: %.300s. Undo them too with "
					 "on_conflict:\"cascade\"",
					 others.data);
	rc = withdraw_all(&x);
	if (rc != 0)
		return rc;
	*ret_n = (int64_t)x.gone.n;
	return 0;
}
