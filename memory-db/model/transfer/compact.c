/* The order of it: plan, fold, one change a namespace that holds the seal of its
 * base, COMMIT, and the room goes back to the file system. */
#include "memory-db/model/transfer/compact.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/vec.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/check/fold.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/change.h"

struct compact {
	const struct compact_query *q;
	struct store *st;
	json_t *rows; /* borrowed */
	struct fold_row *v;
	size_t n, cap;
};

static void
compact_done(struct compact *x)
{
	store_close(x->st);
	free(x->v);
}

static int
compact_collect(void *ctx, const struct fold_row *r)
{
	struct compact *x = ctx;

	if (vec_room(x->v, x->n, x->cap) != 0)
		return MDB_E_NOMEM;
	x->v[x->n++] = *r;
	return 0;
}

static int
compact_set_held(struct compact *x, const struct fold_row *r, json_t *o,
	struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int rc = r->held == 0 ? 0 : lens_branch_name(x->st, r->held, &name, e);

	if (rc != 1)
		return rc;
	return member_set_text(o, "held_by", name.data, name.len, e);
}

static int
compact_tell(struct compact *x, const struct fold_row *r, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	AUTO_JSON json_t *o = json_pack("{s:I,s:I,s:I,s:I,s:I}", "to",
		(json_int_t)r->floor, "changes",
		(json_int_t)(r->floor > r->base ? r->changes : 0),
		"changes_left", (json_int_t)r->changes_left, "facts",
		(json_int_t)r->facts, "facts_left", (json_int_t)r->facts_left);
	int rc = !o ? err_nomem(e) : namespace_name(x->st, r->ns, &name, e);

	if (rc < 0)
		return rc;
	rc = member_set_text(o, "namespace", name.data ? name.data : "",
		name.len, e);
	if (rc != 0)
		return rc;
	if (r->floor > 0)
		rc = member_set_time(o, "at", r->floor_at, e);
	if (rc != 0)
		return rc;
	rc = compact_set_held(x, r, o, e);
	if (rc != 0)
		return rc;
	return jx_add(x->rows, json_incref(o)) == 0 ? 0 : err_nomem(e);
}

/* The change that signs the base, at the end of the log. */
static int
compact_sign(struct compact *x, const struct fold_row *r, struct err *e)
{
	AUTO_CHANGE struct change *c = NULL;
	char at[CLOCK_TEXT_SIZE], message[200];
	struct change_info info = {.ns = r->ns,
		.branch = STORE_MAIN,
		.kind = CHANGE_FOLD,
		.actor = x->q->actor,
		.client = "memoryctl",
		.message = message,
		.about = r->floor};
	int64_t seal[4], change, time;
	int rc = fold_seal(x->st, r, seal, e);

	clock_format(r->floor_at, at);
	snprintf(message, sizeof(message),
		"%lld changes up to %s were folded into a base of %lld; %lld "
		"of %lld facts are left",
		(long long)r->changes, at, (long long)r->changes_left,
		(long long)r->facts_left, (long long)r->facts);
	if (rc != 0)
		return rc;
	rc = change_begin(x->st, &info, &c, e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < 4; i++) {
		rc = change_fold(c, i, seal[i], e);
		if (rc != 0)
			return rc;
	}
	return change_seal(take_ptr(c), &change, &time, e);
}

static int
compact_each(struct compact *x, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		bool is_folded = x->v[i].floor > x->v[i].base;
		int rc = 0;

		if (is_folded || x->v[i].held != 0)
			rc = compact_tell(x, &x->v[i], e);
		if (rc != 0)
			return rc;
		if (is_folded)
			rc = compact_sign(x, &x->v[i], e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
compact_work(struct store *st, void *ctx, struct err *e)
{
	struct compact *x = ctx;
	int64_t only = 0;
	int rc = x->q->namespace_
			 ? namespace_find(st, x->q->namespace_, &only, e)
			 : 1;

	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "namespace",
			"no namespace '%s'", x->q->namespace_);
	if (rc < 0)
		return rc;
	rc = fold_plan(st, x->q->before_ms, only, e);
	if (rc != 0)
		return rc;
	rc = fold_run(st, e);
	if (rc != 0)
		return rc;
	rc = fold_each(st, compact_collect, x, e);
	if (rc == 0)
		rc = compact_each(x, e);
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}

static int
compact_open(struct compact *x, struct database *db, struct err *e)
{
	int rc = database_needs_migration(db)
			 ? database_migrate(db, NULL, NULL, e)
			 : 0;

	if (rc != 0)
		return rc;
	return store_open(db, STORE_WRITER, &x->st, e);
}

static int
compact_database(struct compact *x, struct database *db, struct err *e)
{
	int rc = compact_open(x, db, e);

	if (rc != 0)
		return rc;
	rc = store_group_run(x->st, compact_work, x, e);
	if (rc != 0)
		return rc;
	return fold_shrink(x->st, e);
}

int
compact_file(const struct compact_query *q, json_t **ret, struct err *e)
{
	const struct database_options options = {.path = q->path};
	AUTO_JSON json_t *o = json_object();
	struct compact x = {.q = q, .rows = json_array()};
	struct database *db = NULL;
	int rc = member_set_new(o, "namespaces", x.rows, e);

	if (rc != 0)
		return rc;
	rc = database_open(&options, &db, e);
	if (rc != 0)
		return rc;
	rc = compact_database(&x, db, e);
	compact_done(&x);
	database_close(db);
	if (rc != 0)
		return rc;
	*ret = take_ptr(o);
	return 0;
}
