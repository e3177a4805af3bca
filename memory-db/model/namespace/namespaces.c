/* Namespaces and sessions for the operator: lists, renaming, aliases.
 *
 * A namespace has one name, and aliases that lead to it as well. For example
 * the project "shop" is renamed to "webshop", and an alias "shop" lets an
 * agent that still says "shop" reach the same memory. */
#include "memory-db/model/namespace/namespaces.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/log/sessions.h"

struct lister {
	struct store *st;
	json_t *list; /* borrowed */
	int64_t change, limit, next;
	struct err *e;
};

/* Appends a new object to the list; NULL: no memory. Borrowed. */
static json_t *
append_object(struct lister *l)
{
	json_t *o = json_object();

	return o != NULL && jx_add(l->list, o) == 0 ? o : NULL;
}

/* --- namespaces ----------------------------------------------------------- */
static int
namespaces_add_alias(void *ctx, const char *name, size_t n)
{
	return jx_add(ctx, member_text(name, n));
}

static int
namespaces_set_aliases(struct lister *l, json_t *o, int64_t ns)
{
	json_t *aliases = json_array();
	int rc = member_set_new(o, "aliases", aliases, l->e);

	if (rc != 0)
		return rc;
	rc = namespace_each_alias(l->st, ns, namespaces_add_alias, aliases,
		l->e);
	return rc == MDB_E_NOMEM ? err_nomem(l->e) : rc;
}

static int
list_namespace(void *ctx, const struct namespace_row *row)
{
	struct lister *l = ctx;
	json_t *o = append_object(l);
	int rc = !o ? err_nomem(l->e)
		    : member_set_text(o, "name", row->name, strlen(row->name),
			      l->e);

	if (rc != 0)
		return rc;
	rc = namespaces_set_aliases(l, o, row->id);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "entities", row->entities, l->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "observations", row->observations, l->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "changes", row->changes, l->e);
	if (rc != 0)
		return rc;
	return member_set_hex(o, "head", row->head, 32, l->e);
}

int
namespaces_list(struct store *st, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	struct lister l = {.st = st, .list = list, .e = e};
	int rc = !list ? err_nomem(e)
		       : namespace_each(st, 0, list_namespace, &l, e);

	if (rc != 0)
		return rc;
	*ret = take_ptr(list);
	return rc;
}

static int
list_head(void *ctx, const struct namespace_row *row)
{
	struct lister *l = ctx;
	unsigned char head[32];
	int64_t change;
	json_t *o;
	int rc = log_head_at(l->st, row->id, l->change, head, &change, l->e);

	if (rc != 1)
		return rc;
	o = append_object(l);
	rc = !o ? err_nomem(l->e)
		: member_set_text(o, "namespace", row->name, strlen(row->name),
			  l->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "change", change, l->e);
	if (rc != 0)
		return rc;
	return member_set_hex(o, "head", head, 32, l->e);
}

int
namespaces_heads(struct store *st, int64_t ns, int64_t change, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	struct lister l = {.st = st, .list = list, .change = change, .e = e};
	int rc =
		!list ? err_nomem(e) : namespace_each(st, ns, list_head, &l, e);

	if (rc != 0)
		return rc;
	*ret = take_ptr(list);
	return rc;
}

/* --- sessions ------------------------------------------------------------- */
static int
namespaces_set_namespace(struct lister *l, json_t *o, int64_t ns)
{
	AUTO_BUF struct buf name = {0};
	int rc = namespace_name(l->st, ns, &name, l->e);

	return rc < 0 ? rc
		      : member_set_text(o, "namespace",
				name.data != NULL ? name.data : "", name.len,
				l->e);
}

static int
list_session(void *ctx, const struct session_row *row)
{
	struct lister *l = ctx;
	json_t *o;
	int rc;

	if ((int64_t)json_array_size(l->list) >= l->limit) {
		l->next = l->change;
		return 1;
	}
	l->change = row->last_change;
	o = append_object(l);
	if (!o)
		return err_nomem(l->e);
	rc = member_set_label(l->st, o, "session", row->session, l->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(l->st, o, "client", row->client, l->e);
	if (rc != 0)
		return rc;
	rc = member_set_time(o, "first", row->first_at, l->e);
	if (rc != 0)
		return rc;
	rc = member_set_time(o, "last", row->last_at, l->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "changes", row->changes, l->e);
	if (rc != 0)
		return rc;
	return namespaces_set_namespace(l, o, row->ns);
}

int
sessions_list(struct store *st, int64_t before, int64_t limit, json_t **ret,
	int64_t *ret_next, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	struct lister l = {.st = st, .list = list, .limit = limit, .e = e};
	int rc = !list ? err_nomem(e)
		       : session_each(st, before, list_session, &l, e);

	if (rc < 0)
		return rc;
	*ret_next = l.next;
	*ret = take_ptr(list);
	return 0;
}

static int
add_namespace(void *ctx, int64_t ns)
{
	AUTO_BUF struct buf name = {0};
	struct lister *l = ctx;
	int rc = namespace_name(l->st, ns, &name, l->e);

	if (rc < 0)
		return rc;
	return jx_add(l->list, member_text(name.data != NULL ? name.data : "",
				       name.len)) != 0
		       ? err_nomem(l->e)
		       : 0;
}

/* {namespace, branch} of one place that a session wrote to. */
static int
add_place(void *ctx, int64_t ns, int64_t branch)
{
	AUTO_BUF struct buf name = {0}, text = {0};
	struct lister *l = ctx;
	int rc = namespace_name(l->st, ns, &name, l->e);

	if (rc < 0)
		return rc;
	rc = lens_branch_name(l->st, branch, &text, l->e);
	if (rc < 0)
		return rc;
	if (!buf_str(&name) || !buf_str(&text))
		return err_nomem(l->e);
	/* What waits for review is taken back by a decision. */
	if (inbox_is_name(text.data))
		return 0;
	if (jx_add(l->list, json_pack("{s:s%,s:s%}", "namespace", name.data,
				    name.len, "branch", text.data, text.len)) !=
		0)
		return err_nomem(l->e);
	return 0;
}

int
sessions_one(struct store *st, const char *session, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *list = json_array(), *names = json_array();
	AUTO_JSON json_t *places = json_array();
	struct lister l = {.st = st, .list = list, .limit = 1, .e = e};
	struct session_row row;
	int64_t label;
	int rc = !list || !names || !places
			 ? err_nomem(e)
			 : label_find(st, session, &label, e);

	if (rc == 1)
		rc = session_get(st, label, &row, e);
	if (rc == 0)
		*ret = take_ptr(list);
	if (rc <= 0)
		return rc;
	rc = list_session(&l, &row);
	l.list = names;
	if (rc != 0)
		return rc;
	rc = session_namespaces(st, label, add_namespace, &l, e);
	if (rc != 0)
		return rc;
	rc = member_set_new(json_array_get(list, 0), "namespaces",
		take_ptr(names), e);
	if (rc != 0)
		return rc;
	l.list = places;
	rc = session_places(st, label, add_place, &l, e);
	if (rc != 0)
		return rc;
	rc = member_set_new(json_array_get(list, 0), "places", take_ptr(places),
		e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(list);
	return 0;
}

/* --- names ---------------------------------------------------------------- */
/* Its id and whether `name` is its name rather than an alias. */
static int
namespaces_find_namespace(struct store *st, const char *param, const char *name,
	int64_t *ret_ns, bool *ret_is_alias, struct err *e)
{
	AUTO_BUF struct buf own = {0};
	int rc = namespace_find(st, name, ret_ns, e);

	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, param,
			"no namespace '%.200s'; list_namespaces names them",
			name);
	if (rc == 1)
		rc = namespace_name(st, *ret_ns, &own, e);
	if (rc < 0)
		return rc;
	*ret_is_alias =
		own.len != strlen(name) || memcmp(own.data, name, own.len) != 0;
	return 0;
}

/* Makes `name` free to mean namespace ns: nothing has it, or an alias has. */
static int
free_name(struct store *st, const char *param, const char *name, bool any_alias,
	int64_t ns, struct err *e)
{
	AUTO_BUF struct buf own = {0};
	int64_t other;
	int rc = namespace_find(st, name, &other, e);

	if (rc == 1)
		rc = namespace_name(st, other, &own, e);
	if (rc <= 0)
		return rc;
	if (own.len == strlen(name) && memcmp(own.data, name, own.len) == 0)
		return err_param(e, MDB_E_EXISTS, param,
			"there is a namespace '%.200s'; rename it first, or "
			"move what it holds with merge_namespaces",
			name);
	if (other != ns && !any_alias)
		return err_param(e, MDB_E_EXISTS, param,
			"'%.100s' is an alias of namespace '%.*s'; choose "
			"another name, or let the alias mean another namespace "
			"first",
			name, (int)own.len, own.data);
	return namespace_unalias(st, name, e);
}

int
namespaces_rename(struct store *st, const char *from, const char *to,
	struct err *e)
{
	bool is_alias;
	int64_t ns;
	int rc = namespaces_find_namespace(st, "from", from, &ns, &is_alias, e);

	if (rc != 0)
		return rc;
	if (is_alias)
		return err_param(e, MDB_E_INVALID, "from",
			"'%.200s' is an alias; name the namespace itself",
			from);
	if (ns == NAMESPACE_DEFAULT)
		return err_param(e, MDB_E_DENIED, "from",
			"'default' is the user's own memory and keeps its "
			"name; merge_namespaces moves what it holds");
	if (strcmp(from, to) == 0)
		return 0;
	rc = free_name(st, "to", to, false, ns, e);
	if (rc != 0)
		return rc;
	return namespace_rename(st, ns, to, e);
}

int
namespaces_alias(struct store *st, const char *alias, const char *of,
	struct err *e)
{
	bool is_alias;
	int64_t ns;
	int rc = namespaces_find_namespace(st, "of", of, &ns, &is_alias, e);

	if (rc != 0)
		return rc;
	rc = free_name(st, "alias", alias, true, ns, e);
	if (rc != 0)
		return rc;
	return namespace_alias(st, ns, alias, e);
}
