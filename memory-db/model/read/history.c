/* History: each change as who made it, when, and what it added, removed and set
 * (history_telling.c). Two texts of one change that belong together are shown
 * together: what was replaced says by what. */
#include "memory-db/model/read/history_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"

static const char *const list_names[LISTS] = {"added", "removed", "set"};

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
	struct history_telling *t = rd->t;
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
	struct history_telling *t = rd->t;

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
	struct history_telling *t = rd->t;
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
history_read_ops(struct history_reader *rd, const struct log_change *c,
	json_t *o)
{
	int rc = log_ops(rd->st, c->id, rd->q->entity, 0, history_tell_op, rd,
		rd->e);

	if (rc != 0)
		return rc;
	return history_set_lists(rd, o);
}

static int
history_tell_change(void *ctx, const struct log_change *c)
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
	rc = history_read_ops(rd, c, o);
	history_telling_clear(rd->t);
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
	AUTO_FREE struct history_telling *t = calloc(1, sizeof(*t));
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
			history_tell_change, &rd, e);
	else if (q->entity != 0)
		rc = log_of_entity(st, q->entity, q->before,
			history_tell_change, &rd, e);
	else
		rc = log_newest(st, scope->n == 1 ? scope->ns[0] : 0,
			q->session, q->before, history_tell_change, &rd, e);
	history_telling_clear(t);
	if (rc < 0)
		return rc;
	*ret_next = rd.more ? rd.last : 0;
	*ret = take_ptr(changes);
	return 0;
}

static int
history_take_ops(struct history_reader *rd, const struct log_op *ops, size_t n,
	json_t *o)
{
	for (size_t i = 0; i < n; i++) {
		int rc = history_tell_op(rd, &ops[i]);

		if (rc != 0)
			return rc;
	}
	return history_set_lists(rd, o);
}

int
history_tell_ops(struct store *st, const struct scope *scope,
	const struct log_op *ops, size_t n, size_t max_bytes, json_t *o,
	struct err *e)
{
	const struct history_query q = {.max_bytes = max_bytes};
	AUTO_JSON json_t *names = json_object();
	AUTO_FREE struct history_telling *t = calloc(1, sizeof(*t));
	struct history_reader rd = {.st = st,
		.scope = scope,
		.q = &q,
		.e = e,
		.names = names,
		.t = t};
	int rc;

	if (!names || !t)
		return err_nomem(e);
	rc = history_take_ops(&rd, ops, n, o);
	history_telling_clear(t);
	return rc;
}
