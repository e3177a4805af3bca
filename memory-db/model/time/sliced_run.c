/* Runs: work that is too large for one change is a series of changes.
 *
 * For example, memory_undo of a session that wrote 30,000 facts, sliced: the
 * first call takes back 10,000 and answers {"run":"run-4","done":false}. The
 * state of the run lies in the database, in two rows of `meta`
 * (sliced_run.h), written in the transaction of the slice. A service that is
 * killed now has either the slice and the new state or neither of them, and
 * the same call goes on. */
#include "memory-db/model/time/sliced_run.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/engine/meta.h"

/* Old runs are looked for when one ends, each so many times: all are read then. */
#define TRIM_EVERY 32

void
sliced_run_done(struct sliced_run *r)
{
	json_decref(r->state);
	r->state = NULL;
}

static void
sliced_run_make_key(struct sliced_run *r, int64_t ns, const char *method,
	const char *target)
{
	crypto_generichash_state h;
	unsigned char hash[16];
	char hex[2 * sizeof(hash) + 1];

	crypto_generichash_init(&h, NULL, 0, sizeof(hash));
	crypto_generichash_update(&h, (const unsigned char *)&ns, sizeof(ns));
	crypto_generichash_update(&h, (const unsigned char *)method,
		strlen(method) + 1);
	crypto_generichash_update(&h, (const unsigned char *)target,
		strlen(target));
	crypto_generichash_final(&h, hash, sizeof(hash));
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(r->open_key, sizeof(r->open_key), META_RUN_OPEN "%s", hex);
}

/* 1 found. */
static int
sliced_run_load(struct store *st, const char *id, json_t **ret, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	char key[sizeof(META_RUN) + RUN_ID_SIZE];
	int rc;

	snprintf(key, sizeof(key), META_RUN "%s", id);
	rc = meta_get(st, key, &text, e);
	if (rc != 1)
		return rc;
	*ret = jx_parse(text.data, text.len, e);
	return !*ret ? e->code : 1;
}

static int
save(struct store *st, const char *id, const json_t *state, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	char key[sizeof(META_RUN) + RUN_ID_SIZE];

	snprintf(key, sizeof(key), META_RUN "%s", id);
	if (jx_dump(state, &text) != 0)
		return err_nomem(e);
	return meta_set(st, key, text.data, text.len, e);
}

int
sliced_run_find(struct sliced_run *r, struct store *st, int64_t ns,
	const char *method, const char *target, struct err *e)
{
	AUTO_BUF struct buf id = {0};
	int rc;

	*r = (struct sliced_run){.st = st};
	sliced_run_make_key(r, ns, method, target);
	rc = meta_get(st, r->open_key, &id, e);
	if (rc != 1)
		return rc;
	snprintf(r->id, sizeof(r->id), "%.*s", (int)id.len, id.data);
	return sliced_run_load(st, r->id, &r->state, e);
}

int
sliced_run_begin(struct sliced_run *r, const struct write *w,
	const char *method, const char *target, int64_t branch, struct err *e)
{
	int rc = sliced_run_find(r, w->st, w->ns, method, target, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	snprintf(r->id, sizeof(r->id), "run-%08" PRIx32, randombytes_random());
	r->is_new = true;
	r->state = json_pack("{s:s,s:s,s:I,s:I,s:b,s:s,s:[],s:{}}", "id", r->id,
		"method", method, "ns", (json_int_t)w->ns, "branch",
		(json_int_t)branch, "open", 1, "key", r->open_key, "changes",
		"totals");
	return !r->state ? err_nomem(e) : 0;
}

void
sliced_run_room(struct sliced_run *r, const json_t *params, int64_t most)
{
	int64_t wanted = (int64_t)json_integer_value(
		json_object_get(params, "slice_facts"));

	r->room = wanted > 0 && wanted < most ? wanted : most;
}

int64_t
sliced_run_total(struct sliced_run *r, const char *key, int64_t more)
{
	json_t *totals = json_object_get(r->state, "totals");
	int64_t n = (int64_t)json_integer_value(json_object_get(totals, key));

	if (more != 0 && jx_set(totals, key, json_integer(n + more)) != 0)
		return n; /* without memory the reply fails, too */
	return n + more;
}

int
sliced_run_end(struct sliced_run *r, int64_t change, int64_t remaining,
	struct err *e)
{
	json_t *changes = json_object_get(r->state, "changes");
	int rc = 0;

	assert(r->state && remaining >= 0);
	if ((change != 0 && jx_add(changes, json_integer(change)) != 0) ||
		jx_set(r->state, "remaining", json_integer(remaining)) != 0 ||
		jx_set(r->state, "open", json_boolean(remaining > 0)) != 0)
		return err_nomem(e);
	if (remaining > 0)
		rc = meta_set(r->st, r->open_key, r->id, strlen(r->id), e);
	else if (!r->is_new) /* one of a single slice was never open */
		rc = meta_drop_one(r->st, r->open_key, e);
	if (rc != 0)
		return rc;
	if (remaining == 0 && randombytes_uniform(TRIM_EVERY) == 0) {
		rc = sliced_run_trim(r->st, e);
		if (rc != 0)
			return rc;
	}
	/* A slice may only have looked at what is to be left alone. */
	if (remaining == 0 && json_array_size(changes) == 0 && r->is_new)
		return 0;
	return save(r->st, r->id, r->state, e);
}

int
sliced_run_reply(const struct sliced_run *r, json_t *reply, struct err *e)
{
	const json_t *changes = json_object_get(r->state, "changes");
	const json_t *open = json_object_get(r->state, "open");
	json_t *left = json_object_get(r->state, "remaining");

	if (jx_set(reply, "done", json_boolean(!json_is_true(open))) != 0 ||
		jx_set(reply, "run", json_string(r->id)) != 0 ||
		jx_set(reply, "slices",
			json_integer((json_int_t)json_array_size(changes))) !=
			0 ||
		json_object_set(reply, "remaining", left) != 0)
		return err_nomem(e);
	return 0;
}

int
sliced_run_reply_again(struct store *st, int64_t ns, const char *method,
	const char *target, json_t *reply, struct err *e)
{
	AUTO_RUN struct sliced_run run = {0};
	int rc = sliced_run_find(&run, st, ns, method, target, e);

	if (rc == 1)
		return sliced_run_reply(&run, reply, e);
	if (rc < 0)
		return rc;
	return jx_set(reply, "done", json_true()) != 0 ? err_nomem(e) : 0;
}

/* --- by id ---------------------------------------------------------------- */
static int
need(struct store *st, const char *id, json_t **ret, struct err *e)
{
	int r = strlen(id) < RUN_ID_SIZE ? sliced_run_load(st, id, ret, e) : 0;

	if (r != 0)
		return r;
	return err_param(e, MDB_E_NOT_FOUND, "run",
		"no run '%.40s'; the reply of a sliced call names it, "
		"memory_branch (action list) lists those half done. One that "
		"changed nothing is not kept",
		id);
}

int
sliced_run_changes(struct store *st, const char *id, int64_t ns,
	struct idset *ret, struct err *e)
{
	json_t *state AUTO_JSON = NULL, *change;
	size_t i;
	int rc = need(st, id, &state, e);

	if (rc < 0)
		return rc;
	if (json_integer_value(json_object_get(state, "ns")) != ns)
		return err_param(e, MDB_E_NOT_FOUND, "run",
			"run '%.40s' is of another namespace; pass it as "
			"`namespace`",
			id);
	json_array_foreach(json_object_get(state, "changes"), i, change)
		if (idset_put(ret, json_integer_value(change)) == NULL)
			return err_nomem(e);
	return 0;
}

int
sliced_run_close(struct store *st, const char *id, struct err *e)
{
	AUTO_JSON json_t *state = NULL;
	const char *key;
	int rc = need(st, id, &state, e);

	if (rc < 0 || !json_is_true(json_object_get(state, "open")))
		return rc < 0 ? rc : 0;
	key = jx_text(state, "key");
	if (jx_set(state, "open", json_false()) != 0)
		return err_nomem(e);
	rc = key != NULL ? meta_drop_one(st, key, e) : 0;
	if (rc != 0)
		return rc;
	return save(st, id, state, e);
}

int
sliced_run_state(struct store *st, const char *id, int64_t ns,
	const char *method, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *state = NULL;
	const char *of;
	int rc = need(st, id, &state, e);

	if (rc < 0)
		return rc;
	of = jx_text(state, "method");
	if (json_integer_value(json_object_get(state, "ns")) != ns || !of ||
		strcmp(of, method) != 0)
		return err_param(e, MDB_E_NOT_FOUND, "run",
			"run '%.40s' is of another namespace, or no run of "
			"`%s`",
			id, method);
	*ret = take_ptr(state);
	return 0;
}

struct sliced_run_walk {
	int64_t ns;
	const char *method;
	sliced_run_fn fn;
	void *ctx;
	json_t *states; /* of the namespace and the method, owned */
	struct err *e;
};

static int
sliced_run_walk_one(void *ctx, const char *text, size_t n)
{
	struct sliced_run_walk *x = ctx;
	json_t *state = jx_parse(text, n, x->e);
	const char *of;

	if (!state)
		return x->e->code;
	of = jx_text(state, "method");
	if (of && strcmp(of, x->method) == 0 &&
		json_integer_value(json_object_get(state, "ns")) == x->ns)
		return jx_add(x->states, state) != 0 ? err_nomem(x->e) : 0;
	json_decref(state);
	return 0;
}

/* Keys are random: the time of the begin puts runs in order. */
static int
order_of_runs(const void *a, const void *b)
{
	json_int_t x = json_integer_value(
		json_object_get(*(json_t *const *)a, "begun"));
	json_int_t y = json_integer_value(
		json_object_get(*(json_t *const *)b, "begun"));

	return (x > y) - (x < y);
}

int
sliced_run_each(struct store *st, int64_t ns, const char *method,
	sliced_run_fn fn, void *ctx, struct err *e)
{
	AUTO_JSON json_t *states = json_array();
	struct sliced_run_walk x = {ns, method, fn, ctx, states, e};
	AUTO_FREE json_t **v = NULL;
	size_t n;
	int rc = states ? meta_each(st, META_RUN, META_RUN_LAST,
				  sliced_run_walk_one, &x, e)
			: err_nomem(e);

	if (rc < 0)
		return rc;
	n = json_array_size(states);
	v = calloc(n + 1, sizeof(*v));
	if (!v)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		v[i] = json_array_get(states, i);
	qsort(v, n, sizeof(*v), order_of_runs);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		rc = fn(ctx, v[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

struct sliced_run_listing {
	struct store *st;
	int64_t ns;
	json_t *list, *row; /* row: borrowed, of the run at hand */
	bool is_merge;
	struct err *e;
};

/* The run cannot go on, and is not listed. */
#define BRANCH_IS_GONE 2

/* 2 the run is not told. */
static int
tell_branch(void *ctx, const struct branch_row *b)
{
	struct sliced_run_listing *x = ctx;

	if (b->id == STORE_MAIN)
		return 0;
	if (b->state != BRANCH_DISCARDED)
		return jx_set(x->row, "branch", json_string(b->name)) != 0
			       ? err_nomem(x->e)
			       : 0;
	if (!x->is_merge)
		return BRANCH_IS_GONE;
	return jx_set(x->row, "discarded", json_true()) != 0 ? err_nomem(x->e)
							     : 0;
}

static int
sliced_run_list_one(void *ctx, const char *text, size_t n)
{
	struct sliced_run_listing *x = ctx;
	json_t *state AUTO_JSON = NULL, *row AUTO_JSON = NULL;
	char id[RUN_ID_SIZE];
	const struct tool *tool;
	int r;

	snprintf(id, sizeof(id), "%.*s", (int)n, text);
	r = sliced_run_load(x->st, id, &state, x->e);
	if (r != 1)
		return r;
	if (!json_is_true(json_object_get(state, "open")) ||
		json_integer_value(json_object_get(state, "ns")) != x->ns)
		return 0;
	x->row = row = json_pack("{s:O,s:O,s:O,s:O}", "run",
		json_object_get(state, "id"), "method",
		json_object_get(state, "method"), "remaining",
		json_object_get(state, "remaining"), "changes",
		json_object_get(state, "changes"));
	if (!row)
		return err_nomem(x->e);
	tool = tool_find(jx_text(row, "method"));
	x->is_merge = tool != NULL && (tool->flags & TF_MERGES);
	r = branch_get(x->st,
		json_integer_value(json_object_get(state, "branch")),
		tell_branch, x, x->e);
	if (r < 0 || r == BRANCH_IS_GONE)
		return r < 0 ? r : 0;
	return jx_add(x->list, json_incref(row)) != 0 ? err_nomem(x->e) : 0;
}

int
sliced_run_list(struct store *st, int64_t ns, json_t *ret_list, struct err *e)
{
	struct sliced_run_listing x = {.st = st,
		.ns = ns,
		.list = ret_list,
		.e = e};

	return meta_each(st, META_RUN_OPEN, META_RUN_OPEN_LAST,
		sliced_run_list_one, &x, e);
}

int
sliced_run_too_large(int64_t facts, struct err *e)
{
	return err_param(e, MDB_E_LIMIT, "sliced",
		"this touches %lld facts, more than the %d of one change; pass "
		"sliced:true (memoryctl: --sliced) to have it done in several, "
		"and call again while the reply says done:false",
		(long long)facts, LIMIT_CHANGE_FACTS);
}

int
sliced_run_refuse(const struct write *w, int64_t facts, int r, struct err *e)
{
	return r == MDB_E_LIMIT && w->change &&
			       change_ops(w->change) >= LIMIT_CHANGE_FACTS
		       ? sliced_run_too_large(facts, e)
		       : r;
}
