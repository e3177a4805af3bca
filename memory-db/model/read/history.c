/* History: each change as what it added, removed and set.
 *
 * A new type or name is recorded as one existence fact hidden and another
 * shown; the same holds for metadata. Such a pair is told as `set`. */
#include "memory-db/model/read/history_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/contract/tools.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/conflicts.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

static const char *const list_names[LISTS] = {"added", "removed", "set"};

static void
telling_clear(struct telling *t)
{
	for (int l = ADDED; l <= REMOVED; l++)
		for (size_t i = 0; i < t->n[l]; i++) {
			json_decref(t->items[l][i].value);
			json_decref(t->items[l][i].name);
		}
	json_decref(t->set);
	memset(t, 0, sizeof(*t));
}

/* --- set ------------------------------------------------------------------ */
static int
history_add_set(struct history_reader *rd, int64_t entity, const char *member,
	json_t *from, json_t *to)
{
	struct telling *t = rd->t;
	AUTO_JSON json_t *o = json_object();
	int rc;

	if (!o)
		return err_nomem(rd->e);
	rc = history_set_name(rd, o, "entity", entity);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "member", json_string(member), rd->e);
	if (rc != 0)
		return rc;
	if (from)
		rc = member_set_new(o, "from", json_incref(from), rd->e);
	if (rc != 0)
		return rc;
	if (to)
		rc = member_set_new(o, "to", json_incref(to), rd->e);
	if (rc != 0)
		return rc;
	if (!t->set && (t->set = json_array()) == NULL)
		return err_nomem(rd->e);
	if (t->n[SET] == HISTORY_LIST_MAX) {
		t->more++;
		return 0;
	}
	t->n[SET]++;
	t->bytes += encode_size(o) + 1;
	return jx_add(t->set, json_incref(o)) == 0 ? 0 : err_nomem(rd->e);
}

static json_t *
attr_value(int64_t key, int64_t value)
{
	if (key == ATTR_PIN || key == ATTR_PIN_ASKED)
		return json_boolean(value != 0);
	if (key == ATTR_TIER && value >= 0 && value < 4)
		return json_string(tool_tiers[value]);
	if (key >= ATTR_CONFIRMED && key <= ATTR_FACT_EXPIRES && value > 0) {
		char text[CLOCK_TEXT_SIZE];

		clock_format(value, text);
		return json_string(text);
	}
	if (key > ATTR_CONFLICT)
		return json_string(
			value == 0 ? "pending" : conflict_decision_name(value));
	return json_integer(value);
}

static int
tell_attr(struct history_reader *rd, const struct log_op *op)
{
	static const char *const names[] = {[ATTR_TIER] = "tier",
		[ATTR_PIN] = "pin",
		[ATTR_PIN_ASKED] = "pin_unconfirmed",
		[ATTR_CONFIRMED] = "confirmed_at",
		[ATTR_EXPIRES] = "expires_at",
		[ATTR_FACT_EXPIRES] = "facts_expire_at"};
	char conflict[32];
	/* op->fact is the value before + 1; 0: it was unset. */
	json_t *from AUTO_JSON =
		op->fact != 0 ? attr_value(op->key, op->fact - 1) : NULL;
	AUTO_JSON json_t *to = attr_value(op->key, op->value);

	if (!to || (op->fact != 0 && !from))
		return err_nomem(rd->e);
	if (op->key < (int64_t)ARRAY_LEN(names))
		return history_add_set(rd, op->entity, names[op->key], from,
			to);
	snprintf(conflict, sizeof(conflict), "conflict #%lld",
		(long long)(op->key - ATTR_CONFLICT));
	return history_add_set(rd, op->entity, conflict, from, to);
}

/* The other half of a pair, still in its list; NULL: none. */
static struct item *
find_half(struct telling *t, enum list l, const struct item *it)
{
	if (it->kind != FACT_EXISTENCE && it->kind != FACT_METADATA)
		return NULL;
	for (size_t i = t->n[l]; i-- > 0;) {
		struct item *o = &t->items[l][i];

		if (o->value && o->entity == it->entity && o->kind == it->kind)
			return o;
	}
	return NULL;
}

static int
set_if_other(struct history_reader *rd, int64_t entity, const char *member,
	json_t *from, json_t *to)
{
	return json_equal(from, to)
		       ? 0
		       : history_add_set(rd, entity, member, from, to);
}

static int
tell_pair(struct history_reader *rd, const struct item *from,
	const struct item *to)
{
	int rc;

	if (to->kind == FACT_METADATA)
		return history_add_set(rd, to->entity, "metadata",
			json_object_get(from->value, "metadata"),
			json_object_get(to->value, "metadata"));
	rc = set_if_other(rd, to->entity, "entityType",
		json_object_get(from->value, "entityType"),
		json_object_get(to->value, "entityType"));
	return rc != 0 ? rc
		       : set_if_other(rd, to->entity, "name", from->name,
				 to->name);
}

/* Puts the item into its list, or ends the pair it completes. Takes it. */
static int
add_item(struct history_reader *rd, enum list l, struct item *it)
{
	struct telling *t = rd->t;
	struct item *half = find_half(t, l == ADDED ? REMOVED : ADDED, it);
	size_t bytes = encode_size(it->value) + 1;
	int rc = 0;

	if (half)
		rc = l == ADDED ? tell_pair(rd, half, it)
				: tell_pair(rd, it, half);
	else if (t->n[l] == HISTORY_LIST_MAX ||
		 (t->bytes > 0 &&
			 rd->bytes + t->bytes + bytes > rd->q->max_bytes))
		t->more++;
	else {
		t->items[l][t->n[l]++] = *it;
		t->bytes += bytes;
		return 0;
	}
	if (half) {
		json_decref(half->value);
		json_decref(half->name);
		half->value = half->name = NULL;
	}
	json_decref(it->value);
	json_decref(it->name);
	return rc;
}

static int
tell_op(void *ctx, const struct log_op *op)
{
	struct history_reader *rd = ctx;
	struct telling *t = rd->t;
	struct item it = {0};
	enum list l = op->what == OP_SHOW ? ADDED : REMOVED;
	int rc;

	if (op->what == OP_ATTR)
		return tell_attr(rd, op);
	if (op->what == OP_BRANCH) {
		t->branch = op->value;
		t->action = op->key;
	}
	if (op->what != OP_SHOW && op->what != OP_HIDE)
		return 0;
	if (t->n[l] == HISTORY_LIST_MAX && t->n[1 - l] == 0) {
		t->more++; /* full, and no half to look for */
		return 0;
	}
	rc = history_tell_fact(rd, op, &it);
	return rc != 0 ? rc : add_item(rd, l, &it);
}

/* --- a change ------------------------------------------------------------- */
static int
history_set_branch(struct history_reader *rd, json_t *o, const char *key,
	int64_t branch)
{
	AUTO_BUF struct buf name = {0};
	const char *end;
	int rc = lens_branch_name(rd->st, branch, &name, rd->e);

	if (rc != 1)
		return rc;
	/* A discarded one is named "name#id". */
	end = memchr(name.data, '#', name.len);
	return member_set_text(o, key, name.data,
		end != NULL ? (size_t)(end - name.data) : name.len, rd->e);
}

/* Where it happened, and what it is about: a branch, a change undone. */
static int
set_about(struct history_reader *rd, json_t *o, const struct log_change *c)
{
	int rc = c->branch == STORE_MAIN
			 ? 0
			 : history_set_branch(rd, o, "branch", c->branch);

	if (rc != 0 || c->about == 0)
		return rc;
	return c->kind == CHANGE_MERGE
		       ? history_set_branch(rd, o, "merged", c->about)
		       : member_set_int(o, "about", c->about, rd->e);
}

/* Names the namespace of a change, where that is not the one asked about. */
static int
history_set_namespace(struct history_reader *rd, json_t *o, int64_t ns)
{
	AUTO_BUF struct buf name = {0};
	int rc = namespace_name(rd->st, ns, &name, rd->e);

	return rc < 0 ? rc
		      : member_set_text(o, "namespace",
				name.data != NULL ? name.data : "", name.len,
				rd->e);
}

static int
history_set_head(struct history_reader *rd, json_t *o,
	const struct log_change *c)
{
	int rc = member_set_int(o, "change", c->id, rd->e);

	if (rc != 0)
		return rc;
	rc = member_set_time(o, "at", c->at, rd->e);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "kind", json_string(change_kind_name(c->kind)),
		rd->e);
	if (rc != 0)
		return rc;
	if (c->version > 0)
		rc = member_set_int(o, "version", c->version, rd->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(rd->st, o, "actor", c->actor, rd->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(rd->st, o, "client", c->client, rd->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(rd->st, o, "session", c->session, rd->e);
	if (rc != 0)
		return rc;
	rc = set_about(rd, o, c);
	if (rc != 0)
		return rc;
	if (!rd->q->oldest_first && c->ns != rd->scope->ns[0])
		rc = history_set_namespace(rd, o, c->ns);
	if (rc != 0)
		return rc;
	if (c->message)
		return member_set_text(o, "message", c->message, c->message_n,
			rd->e);
	return 0;
}

static int
set_list(struct history_reader *rd, json_t *o, enum list l)
{
	struct telling *t = rd->t;
	json_t *a = NULL;

	for (size_t i = 0; i < t->n[l]; i++) {
		json_t *v = take_ptr(t->items[l][i].value);

		if (!v)
			continue;
		if (!a) {
			a = json_array();
			if (member_set_new(o, list_names[l], a, rd->e) != 0) {
				json_decref(v);
				return MDB_E_NOMEM;
			}
		}
		if (jx_add(a, v) != 0)
			return err_nomem(rd->e);
	}
	return 0;
}

/* What was replaced says by what: the other half is in the same change. */
static int
link_replaced(struct history_reader *rd)
{
	struct telling *t = rd->t;

	for (size_t i = 0; i < t->n[ADDED]; i++) {
		struct item *new = &t->items[ADDED][i];

		for (size_t k = 0; new->replaces != 0 && k < t->n[REMOVED];
			k++) {
			struct item *old = &t->items[REMOVED][k];
			json_t *text = json_object_get(new->value, "text");

			if (old->fact == new->replaces &&
				text !=
					NULL &&jx_set(old->value, "replaced_by",
						json_incref(text)) != 0)
				return err_nomem(rd->e);
		}
	}
	return 0;
}

static int
history_set_lists(struct history_reader *rd, json_t *o)
{
	struct telling *t = rd->t;
	int rc = link_replaced(rd);

	if (rc != 0)
		return rc;
	rc = set_list(rd, o, ADDED);
	if (rc != 0)
		return rc;
	rc = set_list(rd, o, REMOVED);
	if (rc != 0)
		return rc;
	if (t->set)
		rc = member_set_new(o, "set", take_ptr(t->set), rd->e);
	if (rc != 0)
		return rc;
	if (t->action == BRANCH_OP_CREATE)
		rc = history_set_branch(rd, o, "created_branch", t->branch);
	if (rc != 0)
		return rc;
	if (t->action == BRANCH_OP_DISCARD)
		rc = history_set_branch(rd, o, "discarded_branch", t->branch);
	if (rc != 0)
		return rc;
	if (t->more > 0)
		return member_set_int(o, "more", t->more, rd->e);
	return 0;
}

/* What other sessions staged is no agent's to read. */
static bool
is_closed(const struct history_reader *rd, int64_t branch)
{
	bool is_inbox = false;

	return rd->scope->reader.is_agent &&
	       (inbox_is(rd->st, branch, &is_inbox, NULL) != 0 || is_inbox);
}

/* True when the change lies in a namespace of the scope, and on its branch or
 * on a parent before the fork. The feed follows all branches. */
static bool
in_scope(const struct history_reader *rd, const struct log_change *c)
{
	const struct scope *s = rd->scope;
	bool is_seen = rd->q->oldest_first && !is_closed(rd, c->branch);
	bool is_inside = false;

	for (int i = 0; i < s->n; i++)
		is_inside |= s->ns[i] == c->ns;
	for (int i = 0; i < s->lens.n; i++)
		is_seen |= s->lens.level[i].branch == c->branch &&
			   c->id <= lens_limit(&s->lens, i, c->ns);
	return is_inside && is_seen;
}

static int
tell_change(void *ctx, const struct log_change *c)
{
	struct history_reader *rd = ctx;
	AUTO_JSON json_t *o = NULL;
	int rc;

	if (!rd->q->oldest_first && c->id < rd->q->since)
		return 1;
	if (rd->q->entity == 0 && !in_scope(rd, c))
		return 0;
	if (json_array_size(rd->changes) >= (size_t)rd->q->limit ||
		(rd->bytes > 0 && rd->bytes >= rd->q->max_bytes)) {
		rd->more = true;
		return 1;
	}
	o = json_object();
	if (!o)
		return err_nomem(rd->e);
	rc = history_set_head(rd, o, c);
	if (rc != 0)
		return rc;
	if (rd->bytes > 0 && rd->bytes + encode_size(o) > rd->q->max_bytes) {
		rd->more = true;
		return 1;
	}
	rc = log_ops(rd->st, c->id, rd->q->entity, 0, tell_op, rd, rd->e);
	if (rc == 0)
		rc = history_set_lists(rd, o);
	telling_clear(rd->t);
	if (rc < 0)
		return rc;
	rd->bytes += encode_size(o) + 1;
	rd->last = c->id;
	return jx_add(rd->changes, json_incref(o)) == 0 ? 0 : err_nomem(rd->e);
}

int
history_read(struct store *st, const struct scope *scope,
	const struct history_query *q, json_t **ret, int64_t *ret_next,
	struct err *e)
{
	AUTO_JSON json_t *changes = json_array();
	AUTO_JSON json_t *names = json_object();
	AUTO_FREE struct telling *t = calloc(1, sizeof(*t));
	struct history_reader rd = {.st = st,
		.scope = scope,
		.q = q,
		.e = e,
		.changes = changes,
		.names = names,
		.t = t};
	int rc;

	if (!changes || !names || !t)
		return err_nomem(e);
	if (q->oldest_first)
		rc = log_feed(st, scope->n == 1 ? scope->ns[0] : 0, q->after,
			tell_change, &rd, e);
	else if (q->entity != 0)
		rc = log_of_entity(st, q->entity, q->before, tell_change, &rd,
			e);
	else
		rc = log_newest(st, scope->n == 1 ? scope->ns[0] : 0,
			q->session, q->before, tell_change, &rd, e);
	telling_clear(t);
	if (rc < 0)
		return rc;
	*ret_next = rd.more ? rd.last : 0;
	*ret = take_ptr(changes);
	return 0;
}

int
history_tell_ops(struct store *st, const struct scope *scope,
	const struct log_op *ops, size_t n, size_t max_bytes, json_t *o,
	struct err *e)
{
	const struct history_query q = {.max_bytes = max_bytes};
	AUTO_JSON json_t *names = json_object();
	struct history_reader rd = {.st = st,
		.scope = scope,
		.q = &q,
		.e = e,
		.names = names,
		.t = calloc(1, sizeof(struct telling))};
	int rc = !names || !rd.t ? err_nomem(e) : 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = tell_op(&rd, &ops[i]);
	if (rc == 0)
		rc = history_set_lists(&rd, o);
	if (rd.t)
		telling_clear(rd.t);
	free(rd.t);
	return rc;
}
