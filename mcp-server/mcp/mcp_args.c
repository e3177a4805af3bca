/* Some parameters belong to memory-mcp: where a call goes (namespace,
 * session, key) and what shape comes back (fields, budgets). An agent that
 * sends them is not obeyed. Nested members are memory-db's to judge, except in
 * compat, where all that the schema does not show is dropped. */
#include "mcp-server/mcp/mcp_args.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"

static const struct param *
mcp_args_find(const struct param *table, const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* --- filter --------------------------------------------------------------- */

static bool
mcp_args_is_exact(const struct tool *t, const struct profile *p)
{
	return p->compat && (t->flags & TF_COMPAT);
}

unsigned
mcp_args_hidden(const struct tool *t, const struct profile *p)
{
	if (mcp_args_is_exact(t, p))
		return PF_SOCKET_ONLY | PF_EXTRA;
	return (p->set & TP_ORDER) ? PF_SOCKET_ONLY : PF_SOCKET_ONLY | PF_ORDER;
}

static bool
mcp_args_is_allowed(const struct tool *t, const struct profile *p,
	const char *name)
{
	bool plain = !p->compat || !(t->flags & TF_COMPAT);
	const struct param *own = mcp_args_find(t->params, name);

	/* What is hidden only to keep the list short may be sent. */
	if (own)
		return !(own->flags & mcp_args_hidden(t, p) &
			 ~(unsigned)PF_ORDER);
	if (strcmp(name, "confirm") == 0 || strcmp(name, "allow_secret") == 0)
		return !(t->flags & TF_ADMIN) &&
		       (t->flags & (TF_WRITE | TF_SCRIPT));
	if (strcmp(name, "branch") == 0)
		return p->history;
	if (strcmp(name, "as_of") == 0)
		return p->history && (t->flags & (TF_READ | TF_SCRIPT));
	if (strcmp(name, "scope") == 0 || strcmp(name, "message") == 0)
		return plain && (t->flags & (TF_WRITE | TF_SCRIPT));
	return false;
}

static void mcp_args_drop_unknown(const struct param *table, json_t *object);

static void
drop_unknown_in(const struct param *p, json_t *value)
{
	json_t *entry;
	size_t i;

	if (p->item && json_is_array(value))
		json_array_foreach(value, i, entry)
			drop_unknown_in(p->item, entry);
	if (p->sub && json_is_object(value))
		mcp_args_drop_unknown(p->sub, value);
}

/* Recursion ends with the tables: three levels. */
static void
mcp_args_drop_unknown(const struct param *table, json_t *object)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, name, value) {
		const struct param *p = mcp_args_find(table, name);

		if (!p || (p->flags & (PF_SOCKET_ONLY | PF_EXTRA)))
			json_object_del(object, name);
		else
			drop_unknown_in(p, value);
	}
}

/* A slip of the pen is memory-db's to explain; it knows the nearest name. */
static bool
is_known_there(const struct tool *t, const char *name)
{
	return mcp_args_find(t->params, name) ||
	       mcp_args_find(tools_common, name);
}

/* Reads cover the project's memory and the user's, and say which a fact is
 * from: nothing is lost without it. */
static bool
is_harmless(const struct tool *t, const char *name)
{
	return (t->flags & TF_READ) && strcmp(name, "scope") == 0;
}

int
mcp_args_filter(const struct tool *t, const struct profile *p, json_t *args,
	json_t *ignored, struct err *e)
{
	bool exact = mcp_args_is_exact(t, p);
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(args, next, name, value) {
		const struct param *own = mcp_args_find(t->params, name);

		if (mcp_args_is_allowed(t, p, name)) {
			if (exact && own)
				drop_unknown_in(own, value);
			continue;
		}
		if (!exact && !is_known_there(t, name))
			continue;
		if (!(t->flags & TF_COMPAT) && !is_harmless(t, name))
			return err_param(e, MDB_E_INVALID, name,
				"parameter '%s' cannot be set here; leave it "
				"out",
				name);
		if (jx_add(ignored, json_string(name)))
			return err_nomem(e);
		json_object_del(args, name);
	}
	return 0;
}

/* --- completion ----------------------------------------------------------- */

static json_t *
arg_value(const struct tool_arg *a)
{
	switch (a->is) {
	case ARG_TEXT:
		return json_string(a->text);
	case ARG_TRUE:
		return json_true();
	case ARG_INT:
		return json_integer((json_int_t)a->number);
	case ARG_REAL:
		break;
	}
	return json_real(a->number);
}

/* What the record of the tool says: budgets, modes. */
static int
add_args(const struct tool_arg *a, json_t *args)
{
	for (; a && a->name; a++)
		if ((!a->may_stay || !json_object_get(args, a->name)) &&
			jx_set(args, a->name, arg_value(a)))
			return MDB_E_NOMEM;
	return 0;
}

int
mcp_args_complete(const struct tool *t, const struct profile *p,
	const char *client, json_t *args)
{
	bool exact = mcp_args_is_exact(t, p);

	/* Of a read, so that what others wrote can be told apart. */
	if ((t->flags & TF_READ) && client[0] && !exact &&
		jx_set(args, "client", json_string(client)))
		return MDB_E_NOMEM;
	if (add_args(exact ? t->compat.args : t->args, args))
		return MDB_E_NOMEM;
	return (t->flags & (TF_WRITE | TF_SCRIPT)) && client[0]
		       ? jx_set(args, "client", json_string(client))
		       : 0;
}

/* --- schema --------------------------------------------------------------- */

/* Takes schema_new. A parameter of the tool's own stays as it is. */
static int
mcp_args_add_member(json_t *members, const char *name, json_t *schema_new)
{
	if (schema_new && json_object_get(members, name)) {
		json_decref(schema_new);
		return 0;
	}
	return jx_set(members, name, schema_new);
}

/* memory_diff, memory_branch and their kin name branches and times in their
 * own parameters. */
static bool
is_about_branches(const struct tool *t)
{
	for (const struct param *own = t->params; own && own->name; own++)
		if (strstr(own->name, "branch"))
			return true;
	return false;
}

int
mcp_args_schema(const struct tool *t, const struct profile *p, json_t *schema)
{
	json_t *members = json_object_get(schema, "properties");

	if (t->flags & TF_ADMIN)
		return 0;
	if ((t->flags & TF_WRITE) && mcp_args_is_allowed(t, p, "scope") &&
		mcp_args_add_member(members, "scope",
			json_pack("{s:s, s:[ss], s:s}", "type", "string",
				"enum", "user", "project", "description",
				"user: for every project")))
		return MDB_E_NOMEM;
	/* Any that writes takes it. */
	if ((t->flags & TF_HIDES) && !mcp_args_is_exact(t, p) &&
		mcp_args_add_member(members, "confirm",
			json_pack("{s:s, s:s}", "type", "boolean",
				"description",
				"to hide over 50 facts a minute")))
		return MDB_E_NOMEM;
	if (!p->history || is_about_branches(t))
		return 0;
	if ((t->flags & (TF_READ | TF_SCRIPT)) &&
		mcp_args_add_member(members, "as_of",
			json_pack("{s:s, s:s}", "type", "string", "description",
				"state at this change id or time")))
		return MDB_E_NOMEM;
	if ((t->flags & (TF_READ | TF_WRITE | TF_SCRIPT)) &&
		mcp_args_add_member(members, "branch",
			json_pack("{s:s, s:s}", "type", "string", "description",
				"default main")))
		return MDB_E_NOMEM;
	return 0;
}

/* --- paths ---------------------------------------------------------------- */

const char *
mcp_args_at(json_t *args, const char *path)
{
	char name[64];
	json_t *at = args;

	while (*path && at) {
		size_t n = strcspn(path, ".[");
		int64_t index = 0;

		if (*path == '[') {
			n = strcspn(++path, "]");
			if (n == 0 || n >= sizeof(name) || path[n] != ']')
				return NULL;
			memcpy(name, path, n);
			name[n] = '\0';
			if (text_int(name, 0, INT32_MAX, &index))
				return NULL;
			at = json_array_get(at, (size_t)index);
			path += n + 1;
		} else {
			if (n == 0 || n >= sizeof(name))
				return NULL;
			memcpy(name, path, n);
			name[n] = '\0';
			at = json_object_get(at, name);
			path += n;
		}
		path += *path == '.';
	}
	return json_string_value(at);
}
