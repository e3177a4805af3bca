/* Entries by shape: which members a client wants for a server, and how it
 * calls them. One client has {"command": .., "args": ..}, another a list
 * ["memory-mcp", ..] or a name of its own inside of the entry; a row of a
 * table says it for each shape, so that no other file knows any client's
 * words. */
#include "memory-db/cli/lib/cliententry.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/programs.h"

#define PROGRAM "memory-mcp"

static const struct shape {
	const char *first;   /* members before, as JSON without braces */
	const char *name;    /* member with the server's name, or NULL */
	const char *command; /* member with the program */
	bool is_list;	     /* of program and arguments */
	const char *args;    /* NULL: left out when there are none */
	const char *env;
	bool has_env; /* written even when empty */
	const char *last;
} shapes[SHAPE_MAX] = {
	[SHAPE_PLAIN] = {"", NULL, "command", false, "args", "env", true, ""},
	[SHAPE_BARE] = {"", NULL, "command", false, NULL, "env", false, ""},
	[SHAPE_STDIO] = {"\"type\":\"stdio\"", NULL, "command", false, "args",
		"env", true, ""},
	/* Copilot CLI starts only tools that are listed. */
	[SHAPE_LOCAL] = {"\"type\":\"local\"", NULL, "command", false, "args",
		"env", true, "\"tools\":[\"*\"]"},
	[SHAPE_CUSTOM] = {"\"source\":\"custom\"", NULL, "command", false,
		"args", "env", true, ""},
	[SHAPE_ARRAY] = {"\"type\":\"local\"", NULL, "command", true, NULL,
		"environment", false, "\"enabled\":true"},
	[SHAPE_NAMED] = {"", "name", "command", false, NULL, "env", false,
		"\"transport\":\"stdio\""},
	[SHAPE_NAMED_PLAIN] = {"", "name", "command", false, NULL, "env", false,
		""},
	/* Goose drops an entry without a name and says nothing. */
	[SHAPE_GOOSE] = {"\"enabled\":true,\"type\":\"stdio\"", "name", "cmd",
		false, "args", "envs", true, "\"timeout\":300"},
};

/* Adds the members of "\"a\":1" to o. */
static int
add_fixed(json_t *o, const char *members)
{
	AUTO_BUF struct buf text = {0};
	AUTO_JSON json_t *fixed = NULL;

	if (members[0] == '\0')
		return 0;
	if (buf_addf(&text, "{%s}", members) != 0)
		return MDB_E_NOMEM;
	fixed = jx_parse_any(text.data, text.len, NULL);
	return !fixed || json_object_update(o, fixed) != 0 ? MDB_E_NOMEM : 0;
}

static int
add_env(json_t *o, const struct shape *s, const struct entry_words *w)
{
	AUTO_JSON json_t *env = json_object();

	if (!env ||
		(w->namespace_ && jx_set(env, "MEMORY_NAMESPACE",
					  json_string(w->namespace_)) != 0) ||
		(w->branch && jx_set(env, "MEMORY_BRANCH",
				      json_string(w->branch)) != 0) ||
		(w->database && jx_set(env, "MEMORY_DB_PATH",
					json_string(w->database)) != 0) ||
		(w->socket && jx_set(env, "MEMORY_DB_SOCKET",
				      json_string(w->socket)) != 0))
		return MDB_E_NOMEM;
	if (!s->has_env && json_object_size(env) == 0)
		return 0;
	return jx_set(o, s->env, json_incref(env));
}

json_t *
cliententry_new(enum client_shape shape, const struct entry_words *w)
{
	const struct shape *s = &shapes[shape];
	AUTO_JSON json_t *o = json_object();
	json_t *command = s->is_list ? json_pack("[s]", w->command)
				     : json_string(w->command);

	if (!o || add_fixed(o, s->first) != 0 ||
		(s->name && jx_set(o, s->name, json_string(w->name)) != 0)) {
		json_decref(command);
		return NULL;
	}
	if (jx_set(o, s->command, command) != 0 ||
		(s->args && jx_set(o, s->args, json_array()) != 0) ||
		add_env(o, s, w) != 0 || add_fixed(o, s->last) != 0)
		return NULL;
	return take_ptr(o);
}

const char *
cliententry_command(enum client_shape shape, const json_t *entry)
{
	const json_t *c = json_object_get(entry, shapes[shape].command);

	if (json_is_array(c))
		c = json_array_get(c, 0);
	return json_string_value(c);
}

bool
cliententry_is_ours(enum client_shape shape, const json_t *entry)
{
	const char *command = cliententry_command(shape, entry);

	return command && strcmp(programs_base(command), PROGRAM) == 0;
}

const char *
cliententry_env(enum client_shape shape, const json_t *entry, const char *name)
{
	return cli_str(json_object_get(entry, shapes[shape].env), name, NULL);
}

const char *
cliententry_arg(enum client_shape shape, const json_t *entry, size_t i)
{
	const json_t *c = json_object_get(entry, shapes[shape].command);

	if (json_is_array(c))
		return json_string_value(json_array_get(c, i + 1));
	return json_string_value(
		json_array_get(json_object_get(entry, "args"), i));
}

json_t *
cliententry_program(enum client_shape shape, const json_t *entry,
	const char *command, const char **ret_member)
{
	const json_t *old = json_object_get(entry, shapes[shape].command);
	AUTO_JSON json_t *list = NULL;

	*ret_member = shapes[shape].command;
	if (!json_is_array(old))
		return json_string(command);
	list = jx_copy((json_t *)(uintptr_t)old);
	if (!list || json_array_set_new(list, 0, json_string(command)) != 0)
		return NULL;
	return take_ptr(list);
}

json_t *
cliententry_with(enum client_shape shape, const json_t *entry,
	const struct entry_words *w)
{
	const struct entry_words said = {.branch = w->branch,
		.database = w->database,
		.socket = w->socket};
	AUTO_JSON json_t *o = jx_copy((json_t *)(uintptr_t)entry),
			 *fresh = json_object();
	const char *member, *env = shapes[shape].env;
	json_t *command =
		cliententry_program(shape, entry, w->command, &member);
	json_t *had, *named;

	if (!command || !o || !fresh || json_object_set_new(o, member, command))
		return NULL;
	if (add_env(fresh, &shapes[shape], &said) != 0)
		return NULL;
	named = json_object_get(fresh, env);
	had = json_object_get(o, env);
	if (json_object_size(named) > 0 &&
		(json_is_object(had) ? json_object_update(had, named)
				     : json_object_set(o, env, named)) != 0)
		return NULL;
	return take_ptr(o);
}

/* In a list of entries each says its name. */
static json_t *
named_in(const json_t *list, const char *name)
{
	json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x)
		if (strcmp(cli_str(x, "name", ""), name) == 0)
			return x;
	return NULL;
}

int
cliententry_find(const struct client *cl, const json_t *all, const char *name,
	json_t **ret_entry, json_t **ret_holder, struct err *e)
{
	json_t *at = (json_t *)(uintptr_t)all;
	bool is_list = cl->shape == SHAPE_NAMED;
	const char *key = cl->key;

	*ret_entry = NULL;
	if (ret_holder)
		*ret_holder = NULL;
	while (*key != '\0' && at) {
		size_t n = strcspn(key, "/");
		char part[64];

		if (n >= sizeof(part) || !json_is_object(at))
			break;
		memcpy(part, key, n);
		part[n] = '\0';
		at = json_object_get(at, part);
		key += n + (key[n] == '/');
	}
	/* YAML writes an empty mapping as nothing. */
	if (!at || (json_is_null(at) && cl->format == CLIENT_YAML))
		return 0;
	if (*key != '\0' ||
		(is_list ? !json_is_array(at) : !json_is_object(at)))
		return err_set(e, MDB_E_INVALID, "%s is no %s", cl->key,
			is_list ? "list" : "object");
	if (ret_holder)
		*ret_holder = at;
	*ret_entry = is_list ? named_in(at, name) : json_object_get(at, name);
	return 0;
}
