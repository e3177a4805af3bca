/* A request with a key happens once; its retry gets the first answer.
 *
 * For example create_entities with key "k1" was answered, and the answer got
 * lost. The same key comes again: the answer of then lies in the table and
 * is given, with "repeated":true, whatever became of Ada meanwhile. When the
 * same key comes with other parameters, which the hash of what was asked
 * tells, the request is refused. */
#include "memory-db/work/once.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/store/facts/labels.h"

static const char note[] =
	"this request was done when its key came first; how it was answered is "
	"not kept any more. memory_history tells what is there now";

/* What the client asked: a script on its way to the writer is packed. */
static const json_t *
asked_params(const struct job *j)
{
	const json_t *request = json_object_get(j->params, "request");

	return (j->tool->flags & TF_SCRIPT) && request != NULL ? request
							       : j->params;
}

/* The method, where it goes, and its own parameters in the order of their
 * table. Who asks does not matter: a retry may come from another connection. */
static int
hash_asked(struct store *st, const struct job *j, int64_t *ret, struct err *e)
{
	const json_t *params = asked_params(j);
	AUTO_BUF struct buf b = {0};
	int rc = buf_addf(&b, "%s\n%s\n%s\n%d\n", j->tool->name,
		j->ctx.namespace_, j->ctx.branch, j->ctx.user_scope);

	if (rc != 0)
		return err_nomem(e);
	for (const struct param *p = j->tool->params; p && p->name; p++) {
		const json_t *v = json_object_get(params, p->name);

		if (v && (buf_addf(&b, "%s:", p->name) || jx_dump(v, &b)))
			return err_nomem(e);
	}
	*ret = key_hash(st, b.data, b.len);
	return 0;
}

static int
mark(json_t *answer, struct err *e)
{
	return jx_set(answer, "repeated", json_true()) != 0 ? err_nomem(e) : 0;
}

/* Done, and nothing else is known. */
static int
plain_answer(const struct once *o, json_t **ret_answer, struct err *e)
{
	json_t *a AUTO_JSON =
		json_pack("{s:b,s:s}", "repeated", 1, "note", note);

	if (!a ||
		(o->seen.change > 0 &&
			jx_set(a, "change",
				json_integer((json_int_t)o->seen.change)) != 0))
		return err_nomem(e);
	*ret_answer = take_ptr(a);
	return 0;
}

int
once_look(struct store *st, const struct job *j, struct once *o,
	json_t **ret_answer, struct err *e)
{
	AUTO_BUF struct buf body = {0};
	AUTO_JSON json_t *a = NULL;
	int rc;

	memset(o, 0, sizeof(*o));
	if (!j->ctx.key)
		return 0;
	rc = hash_asked(st, j, &o->asked, e);
	if (rc != 0)
		return rc;
	rc = key_find(st, j->ctx.key, &o->seen, &body, e);
	if (rc <= 0)
		return rc;
	o->is_seen = true;
	if (o->seen.is_known && o->seen.asked != o->asked)
		return err_param(e, MDB_E_INVALID, "key",
			"this key was used within a day by another request; "
			"give each request its own key, or none");
	if (!o->seen.has_answer)
		return 0;
	a = jx_parse_any(body.data, body.len, e);
	if (!a)
		return e->code;
	rc = mark(a, e);
	if (rc != 0)
		return rc;
	*ret_answer = take_ptr(a);
	return 0;
}

int
once_look_script(struct store *st, const struct job *j, json_t **ret_answer,
	struct err *e)
{
	struct once o;
	int64_t change;
	int rc;

	if (!j->ctx.key)
		return 0;
	rc = store_script_begin(st, &change, e);
	if (rc != 0)
		return rc;
	rc = once_look(st, j, &o, ret_answer, e);
	if (rc == 0 && o.is_seen && !*ret_answer)
		rc = plain_answer(&o, ret_answer, e);
	store_script_end(st);
	return rc;
}

/* Failures of the service, not of what was asked. */
static bool
is_trouble(int code)
{
	return code == MDB_E_NOMEM || code == MDB_E_STORE ||
	       code == MDB_E_CORRUPT || code == MDB_E_DISK_LOW ||
	       code == MDB_E_BUSY || code == MDB_E_TIMEOUT ||
	       code == MDB_E_CANCELLED || code == MDB_E_INTERNAL;
}

int
once_again(const struct once *o, const struct call *c, int r, json_t **result,
	struct err *e)
{
	if (is_trouble(r))
		return r;
	/* A handler that did not look for the key has acted anew: its
	 * savepoint is rolled back, and its answer is none. */
	if (r == 0 && c->is_retry)
		return mark(*result, e);
	json_decref(*result);
	*result = NULL;
	return plain_answer(o, result, e);
}

static int64_t
once_texts_of(struct store *st, const struct job *j, struct err *e)
{
	const char *name = j->ctx.user_scope ? "default" : j->ctx.namespace_;
	unsigned flags = j->tool->flags;
	int64_t ns = KEY_TEXTS_ANY;
	int rc;

	if (flags & TF_NO_TEXTS)
		return KEY_TEXTS_NONE;
	if (flags & (TF_SCRIPT | TF_IMPORT))
		return KEY_TEXTS_ANY;
	if ((flags & TF_BOTH_TEXTS) && strcmp(name, "default") != 0)
		return KEY_TEXTS_ANY;
	rc = namespace_find(st, name, &ns, e);
	return rc == 1 ? ns : KEY_TEXTS_ANY;
}

int
once_keep(struct store *st, const struct job *j, const struct once *o,
	const struct call *c, const json_t *result, struct err *e)
{
	AUTO_BUF struct buf body = {0};
	bool is_short;

	if (!j->ctx.key)
		return 0;
	if (jx_dump(result, &body) != 0)
		return err_nomem(e);
	/* A leased branch goes with its connection: the handler says. */
	is_short = body.len <= LIMIT_KEY_ANSWER_BYTES &&
		   !effects_find(&c->effects, EFFECT_LEASE);
	return key_keep(st, j->ctx.key, o->asked, once_texts_of(st, j, e),
		is_short ? &body : NULL, e);
}
