/* The list of what was forgotten, for an older copy that is brought back.
 * erasures.h has an example; here is how the list is read page by page and
 * how an entry of it is applied.
 *
 * An entry is applied when the fact it names is there with the same digest
 * and is not erased. Anything else is passed over: the copy is older than
 * the fact, or another fact has its id by now. */
#include "memory-db/model/time/erasures.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/time/forget.h"
#include "memory-db/store/check/erase.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/log/log.h"

/* --- the list ------------------------------------------------------------- */
struct erasures_list {
	struct store *st;
	json_t *list; /* borrowed */
	int64_t limit, change, seq;
	bool is_full;
	struct err *e;
};

struct erasures_fact {
	int64_t id;
	unsigned char digest[FACT_DIGEST_BYTES];
	bool is_there, is_erased;
};

static int
note_digest(void *ctx, const struct log_fact *f)
{
	struct erasures_fact *x = ctx;

	x->id = f->id;
	x->is_erased = !f->salt;
	x->is_there = f->digest != NULL;
	if (f->digest)
		memcpy(x->digest, f->digest, FACT_DIGEST_BYTES);
	return 0;
}

static int
erasures_look(struct store *st, bool is_whole, int64_t entity, int64_t fact,
	struct erasures_fact *ret, struct err *e)
{
	int rc;

	*ret = (struct erasures_fact){0};
	rc = is_whole ? log_existence(st, entity, note_digest, ret, e)
		      : log_fact(st, fact, note_digest, ret, e);
	return rc < 0 ? rc : 0;
}

static int
add_erasure(void *ctx, const struct log_op *op)
{
	struct erasures_list *l = ctx;
	bool is_whole = op->key == ERASE_ENTITY;
	struct erasures_fact f;
	json_t *o AUTO_JSON = NULL;
	int rc;

	if ((int64_t)json_array_size(l->list) >= l->limit) {
		l->is_full = true;
		return 1;
	}
	l->change = op->change;
	l->seq = op->seq;
	rc = erasures_look(l->st, is_whole, op->entity, op->fact, &f, l->e);
	if (rc != 0 || !f.is_there)
		return rc;
	o = json_pack("{s:I,s:I,s:I,s:I,s:b}", "change", (json_int_t)op->change,
		"seq", (json_int_t)op->seq, "entity", (json_int_t)op->entity,
		"fact", (json_int_t)f.id, "whole", is_whole);
	if (!o)
		return err_nomem(l->e);
	rc = member_set_hex(o, "digest", f.digest, FACT_DIGEST_BYTES, l->e);
	if (rc != 0)
		return rc;
	if (jx_add(l->list, take_ptr(o)) != 0)
		return err_nomem(l->e);
	return 0;
}

int
erasures_page(struct store *st, int64_t *change, int64_t *seq, int64_t limit,
	json_t *list, bool *ret_more, struct err *e)
{
	struct erasures_list l = {.st = st,
		.list = list,
		.limit = limit,
		.change = *change,
		.seq = *seq,
		.e = e};
	int rc = log_ops_of_kind(st, OP_ERASE, *change, *seq, add_erasure, &l,
		e);

	if (rc < 0)
		return rc;
	*change = l.change;
	*seq = l.seq;
	*ret_more = l.is_full;
	return 0;
}

/* --- once more ------------------------------------------------------------ */
struct again {
	struct store *st;
	const struct context *ctx;
	struct change *change; /* owned; NULL: nothing to do so far */
	int64_t ns;
	struct erasures_done *done;
	struct err *e;
};

static int
erasures_begin(struct again *a, int64_t ns)
{
	const struct change_info info = {.ns = ns,
		.branch = STORE_MAIN,
		.kind = CHANGE_FORGET,
		.actor = a->ctx->actor,
		.client = a->ctx->client,
		.session = a->ctx->session,
		.message = "forgotten after the backup that is restored here"};
	int rc;

	if (a->change)
		return 0;
	a->ns = ns;
	rc = lens_apply_main(a->st, a->e);
	if (rc != 0)
		return rc;
	return change_begin(a->st, &info, &a->change, a->e);
}

/* 0; 1: the change is full, or of another namespace. */
static int
erase_again(struct again *a, const json_t *o)
{
	int64_t entity = json_integer_value(json_object_get(o, "entity"));
	int64_t fact = json_integer_value(json_object_get(o, "fact"));
	bool is_whole = json_is_true(json_object_get(o, "whole"));
	unsigned char digest[FACT_DIGEST_BYTES];
	struct erasures_fact f;
	int64_t facts = 0;
	int rc = erasures_look(a->st, is_whole, entity, fact, &f, a->e);

	if (rc != 0)
		return rc;
	if (member_hex(jx_text(o, "digest"), digest, sizeof(digest)) != 0)
		return err_param(a->e, MDB_E_INVALID, "erasures",
			"`digest` must be %d hexadecimal digits, as "
			"list_erasures gives it",
			2 * FACT_DIGEST_BYTES);
	if (!f.is_there || f.id != fact ||
		memcmp(f.digest, digest, sizeof(digest)) != 0)
		return 0;
	/* Without its text it may be all the same: of a log that was exported
	 * later and replayed up to a change before the op. */
	rc = f.is_erased ? log_is_erased(a->st, entity, fact, a->e) : 0;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (a->change && (fact_namespace(fact) != a->ns ||
				 change_ops(a->change) >= LIMIT_RUN_ERASED))
		return 1;
	rc = erasures_begin(a, fact_namespace(fact));
	if (rc != 0)
		return rc;
	rc = forget_again(a->change, a->st, entity, fact,
		is_whole ? ERASE_ENTITY : ERASE_FACT, &facts, a->e);
	a->done->facts += facts;
	return rc;
}

/* 1: the change is full; the rest is for the next call. */
static int
erase_list(struct again *a, const json_t *list)
{
	for (; a->done->n < json_array_size(list); a->done->n++) {
		int rc = erase_again(a, json_array_get(list, a->done->n));

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
erasures_again(struct store *st, const struct context *ctx, const json_t *list,
	struct erasures_done *ret, struct err *e)
{
	struct again a = {.st = st, .ctx = ctx, .done = ret, .e = e};
	int rc;

	*ret = (struct erasures_done){0};
	rc = erase_list(&a, list);
	if (rc >= 0 && a.change)
		rc = change_seal(take_ptr(a.change), &ret->change, &ret->at, e);
	change_drop(a.change);
	return rc < 0 ? rc : 0;
}
