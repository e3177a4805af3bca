/* Runs as rows: an export tells of them, a restore brings them back, and old ones
 * go.
 *
 *   {"type":"run","id":"run-0a1b2c3d","method":..,"ns":2,"branch":1,
 *    "open":false,"remaining":0,"changes":[41,42],"totals":{...},...}
 *
 * The changes of a run are in the log; that they are one run is said here alone.
 * An export as of an earlier change has a run as far as it had come, and such a
 * run does not go on: where it stands is not known any more. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/engine/meta.h"

#define KEY_SIZE (sizeof(META_RUN) + RUN_ID_SIZE)

/* --- telling -------------------------------------------------------------- */
struct rows {
	int64_t ns, since, upto;
	sliced_run_row_fn fn;
	void *ctx;
	struct err *e;
};

/* Its changes up to one; *ret_last: the last of them. */
static int
cut_changes(json_t *state, int64_t upto, int64_t *ret_last)
{
	json_t *changes = json_object_get(state, "changes");
	size_t n = json_array_size(changes);

	*ret_last = 0;
	for (size_t i = n; i-- > 0;) {
		int64_t change = json_integer_value(json_array_get(changes, i));

		if (change > upto) {
			(void)json_array_remove(changes, i);
			continue;
		}
		*ret_last = change > *ret_last ? change : *ret_last;
	}
	if (json_array_size(changes) < n &&
		jx_set(state, "open", json_false()) != 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
tell_row(void *ctx, const char *text, size_t n)
{
	struct rows *x = ctx;
	AUTO_JSON json_t *state = jx_parse(text, n, x->e);
	int64_t last, ns;

	if (!state)
		return x->e->code;
	ns = json_integer_value(json_object_get(state, "ns"));
	if (x->ns != 0 && ns != x->ns)
		return 0;
	if (cut_changes(state, x->upto, &last) != 0)
		return err_nomem(x->e);
	if (last == 0 || (last <= x->since &&
				 !json_is_true(json_object_get(state, "open"))))
		return 0;
	return x->fn(x->ctx, state);
}

int
sliced_run_rows(struct store *st, const struct sliced_run_range *range,
	sliced_run_row_fn fn, void *ctx, struct err *e)
{
	struct rows x = {range->ns, range->since, range->upto, fn, ctx, e};
	char from[KEY_SIZE];

	snprintf(from, sizeof(from), META_RUN "run-%08" PRIx64, range->from);
	return meta_each(st, from, META_RUN_LAST, tell_row, &x, e);
}

bool
sliced_run_number(const json_t *state, int64_t *ret)
{
	const char *id = jx_text(state, "id");

	if (!id || strlen(id) != strlen("run-00000000") ||
		strncmp(id, "run-", 4) != 0 ||
		strspn(id + 4, "0123456789abcdef") != 8)
		return false;
	*ret = 0;
	for (const char *p = id + 4; *p; p++)
		*ret = *ret * 16 + (*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return true;
}

/* --- taking over ---------------------------------------------------------- */
int
sliced_run_put(struct store *st, const json_t *line, struct err *e)
{
	AUTO_JSON json_t *state = jx_copy(line);
	const char *key = jx_text(line, "key"), *id = jx_text(line, "id");
	AUTO_BUF struct buf text = {0};
	char row[KEY_SIZE];
	int rc = 0;

	if (!state)
		return err_nomem(e);
	(void)json_object_del(state, "type");
	if (key && (strncmp(key, META_RUN_OPEN, strlen(META_RUN_OPEN)) != 0 ||
			   strlen(key) >=
				   sizeof(((struct sliced_run *)0)->open_key)))
		return err_set(e, MDB_E_INVALID,
			"a run of the log has no proper key");
	if (key && json_is_true(json_object_get(line, "open")))
		rc = meta_set(st, key, id, strlen(id), e);
	else if (key)
		rc = meta_drop_one(st, key, e);
	if (rc != 0)
		return rc;
	if (jx_dump(state, &text) != 0)
		return err_nomem(e);
	snprintf(row, sizeof(row), META_RUN "%s", id);
	return meta_set(st, row, text.data, text.len, e);
}

/* --- old ones ------------------------------------------------------------- */
struct old_run {
	int64_t last;
	char id[RUN_ID_SIZE];
};
struct old_runs {
	struct old_run *v; /* owned; those that are closed */
	size_t n, cap;
	struct err *e;
};

static int
note_closed(void *ctx, const char *text, size_t n)
{
	struct old_runs *x = ctx;
	AUTO_JSON json_t *state = jx_parse(text, n, x->e);
	const char *id = jx_text(state, "id");
	const json_t *changes = json_object_get(state, "changes");
	size_t many = json_array_size(changes);

	if (!state)
		return x->e->code;
	if (!id || strlen(id) >= RUN_ID_SIZE ||
		json_is_true(json_object_get(state, "open")))
		return 0;
	if (vec_room(x->v, x->n, x->cap) != 0)
		return err_nomem(x->e);
	x->v[x->n].last =
		many > 0 ? json_integer_value(json_array_get(changes, many - 1))
			 : 0;
	snprintf(x->v[x->n++].id, RUN_ID_SIZE, "%s", id);
	return 0;
}

static int
newest_first(const void *a, const void *b)
{
	const struct old_run *x = a, *y = b;

	return (x->last < y->last) - (x->last > y->last);
}

static int
drop_old(struct store *st, struct old_runs *x)
{
	if (x->n > LIMIT_RUNS_KEPT)
		qsort(x->v, x->n, sizeof(*x->v), newest_first);
	for (size_t i = LIMIT_RUNS_KEPT; i < x->n; i++) {
		char key[KEY_SIZE];
		int rc;

		snprintf(key, sizeof(key), META_RUN "%s", x->v[i].id);
		rc = meta_drop_one(st, key, x->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
sliced_run_trim(struct store *st, struct err *e)
{
	struct old_runs x = {.e = e};
	int rc = meta_each(st, META_RUN, META_RUN_LAST, note_closed, &x, e);

	if (rc == 0)
		rc = drop_old(st, &x);
	free(x.v);
	return rc;
}
