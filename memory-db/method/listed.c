/* Lists of entries, each stored in whole or not at all.
 *
 *   create_entities [ada, "", bob]
 *     ada   checked, written
 *     ""    refused by the check: told in `failed`, nothing was written of it
 *     bob   checked, written
 *
 * An entry is checked in whole before its first op. So a failure that comes
 * before any op leaves nothing behind, and only such a failure is set aside; a
 * later one ends the call. With strict:true the first failure ends it. A
 * failure of the store (a full disk) is none of an entry. */
#include "memory-db/method/listed.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/order/on_conflict.h"

struct listed_listing {
	const struct listed *l;
	struct write w;
	struct on_conflict at_odds; /* what its new facts are at odds with */
	const json_t *params, *entries;
	json_t *rows, *failed;
	bool strict;
	struct err first; /* of the first entry that failed */
	size_t bad;
	bool *is_bad; /* by index */
};

/* What is wrong with an entry, and not with the store or the request. */
static bool
is_of_entry(int code)
{
	return code == MDB_E_INVALID || code == MDB_E_NOT_FOUND ||
	       code == MDB_E_EXISTS;
}

static int
set_aside(struct listed_listing *x, size_t i, const struct err *why,
	struct err *e)
{
	if (x->bad++ == 0)
		x->first = *why;
	x->is_bad[i] = true;
	return jx_add(x->failed,
		       json_pack("{s:I,s:s,s:s,s:s}", "index", (json_int_t)i,
			       "error", why->text, "code", err_name(why->code),
			       "param", why->param)) != 0
		       ? err_nomem(e)
		       : 0;
}

static int
apply_all(struct listed_listing *x, struct err *e)
{
	json_t *entry;
	char path[48];
	size_t i;
	int rc = 0;

	json_array_foreach((json_t *)(uintptr_t)x->entries, i, entry) {
		int64_t before = x->w.replay ? 0 : change_ops(x->w.change);

		snprintf(path, sizeof(path), "%s[%zu]", x->l->member, i);
		if (guard_entry(x->w.ctx, x->entries, i, path, e) != 0) {
			rc = x->strict ? e->code : set_aside(x, i, e, e);
			if (rc != 0)
				return rc;
			continue;
		}
		if (!x->w.replay)
			rc = x->l->apply(&x->w, x->params, entry, path, e);
		if (rc != 0 && !x->strict && is_of_entry(rc) &&
			change_ops(x->w.change) == before) {
			rc = set_aside(x, i, e, e);
			if (rc != 0)
				return rc;
			continue;
		}
		if (rc != 0)
			return rc;
		rc = write_note(&x->w, jx_text(entry, x->l->name), e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Nothing could be done at all: that is an error. */
static int
listed_refuse(const struct listed_listing *x, struct err *e)
{
	*e = x->first;
	if (x->bad > 1)
		err_prefix(e, "none of the %zu entries was stored; the first",
			x->bad);
	return e->code;
}

/* In a retry the entries that failed before have no row either. */
static int
listed_tell_all(struct listed_listing *x, struct err *e)
{
	json_t *entry;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)x->entries, i, entry) {
		int rc = x->is_bad[i] ? 0
				      : x->l->row(&x->w, x->params, entry,
						x->rows, e);

		if (rc != 0 && x->w.replay && !x->strict && is_of_entry(rc))
			rc = set_aside(x, i, e, e);
		if (rc != 0)
			return rc;
	}
	return x->bad > 0 && x->bad == json_array_size(x->entries)
		       ? listed_refuse(x, e)
		       : 0;
}

static int
listed_run(struct listed_listing *x, struct call *c, json_t **ret_result,
	struct err *e)
{
	json_t *result = NULL;
	int rc = write_begin(&x->w, c, x->l->kind, e);

	x->w.watch = !x->strict;
	if (rc != 0)
		return rc;
	rc = on_conflict_begin(&x->at_odds, &x->w,
		jx_text(c->params, "on_conflict"), e);
	if (rc != 0)
		return rc;
	rc = apply_all(x, e);
	if (rc != 0)
		return rc;
	if (x->bad > 0 && x->bad == json_array_size(x->entries))
		return listed_refuse(x, e);
	rc = write_end(&x->w, e);
	if (rc != 0)
		return rc;
	rc = listed_tell_all(x, e);
	if (rc != 0)
		return rc;
	result = json_pack("{s:O}", "results", x->rows);
	if (!result || (x->bad > 0 && json_object_set(result, "failed",
					      x->failed) != 0))
		rc = err_nomem(e);
	else
		rc = on_conflict_reply(&x->at_odds, result, e);
	if (rc != 0) {
		json_decref(result);
		return rc;
	}
	return reply_change(&x->w, result, ret_result, e);
}

static int
listed_all(struct listed_listing *x, struct call *c, json_t **ret_result,
	struct err *e)
{
	AUTO_JSON json_t *rows = json_array(), *failed = json_array();
	int rc;

	x->rows = rows;
	x->failed = failed;
	x->params = c->params;
	x->entries = json_object_get(c->params, x->l->member);
	x->is_bad = calloc(json_array_size(x->entries) + 1, sizeof(*x->is_bad));
	rc = !x->rows || !x->failed || !x->is_bad
		     ? err_nomem(e)
		     : listed_run(x, c, ret_result, e);
	write_done(&x->w);
	on_conflict_done(&x->at_odds);
	free(x->is_bad);
	return rc;
}

int
listed_write(const struct listed *l, struct call *c, json_t **ret_result,
	struct err *e)
{
	const char *const keys[] = {l->member, NULL};
	AUTO_GUARD struct guard guard = {0};
	struct listed_listing x = {.l = l,
		.strict = json_is_true(json_object_get(c->params, "strict"))};
	/* Refused is each entry for itself: guard_entry. */
	int rc = c->ctx->secrets == SECRETS_MARK
			 ? guard_params(&guard, c, keys, e)
			 : 0;

	if (rc != 0)
		return rc;
	rc = listed_all(&x, c, ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}
