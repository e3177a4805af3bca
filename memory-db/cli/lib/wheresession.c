/* Where a session wrote: namespaces, and the branches in them.
 *
 *   an import    /srv/shop: import-codex, default: import-codex
 *   a terminal   default: main
 *
 * What somebody named, a namespace or a branch, narrows that down. The branch
 * of the code (MEMORY_BRANCH=auto) was named by nobody. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/where.h"

int
where_session(struct cli *c, const char *session, json_t **ret)
{
	AUTO_JSON json_t *reply = NULL, *names = NULL;
	int rc = cli_connect(c);

	if (rc != CLI_OK)
		return rc;
	if (c->is_named) {
		names = json_pack("[s]", c->namespace_);
		if (!names)
			return cli_nomem();
		*ret = take_ptr(names);
		return CLI_OK;
	}
	rc = cli_call(c, "list_sessions",
		json_pack("{s:s}", "session", session), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	names = json_incref(
		json_object_get(json_array_get(json_object_get(reply,
						       "sessions"),
					0),
			"namespaces"));
	if (json_array_size(names) == 0)
		return cli_fail(CLI_PROBLEM,
			"no session '%s' has written "
			"here; memoryctl sessions lists them",
			session);
	*ret = take_ptr(names);
	return CLI_OK;
}

/* Those places that were not excluded by what was named. */
static int
add_places(const struct cli *c, const json_t *reply, json_t *places)
{
	const json_t *x;
	size_t i;

	json_array_foreach(json_object_get(json_array_get(json_object_get(reply,
								  "sessions"),
						   0),
				   "places"),
		i, x) {
		if (c->is_named &&
			strcmp(cli_str(x, "namespace", ""), c->namespace_) != 0)
			continue;
		if (c->branch && !c->follows_code &&
			strcmp(cli_str(x, "branch", ""), c->branch) != 0)
			continue;
		if (json_array_append(places, (json_t *)(uintptr_t)x) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

/* A name of the namespace that it had before, or a branch that is gone: the
 * service says what is wrong. */
static int
add_as_named(struct cli *c, const char *session, json_t *places)
{
	AUTO_JSON json_t *names = NULL;
	int rc = where_session(c, session, &names);
	const json_t *name;
	size_t i;

	if (rc != CLI_OK)
		return rc;
	json_array_foreach(names, i, name)
		if (jx_add(places, json_pack("{s:O}", "namespace", name)) != 0)
			return cli_nomem();
	return CLI_OK;
}

int
where_session_places(struct cli *c, const char *session, json_t **ret)
{
	AUTO_JSON json_t *reply = NULL, *places = json_array();
	int rc = cli_connect(c);

	if (rc != CLI_OK)
		return rc;
	if (!places)
		return cli_nomem();
	rc = cli_call(c, "list_sessions",
		json_pack("{s:s}", "session", session), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	rc = add_places(c, reply, places);
	if (rc == CLI_OK && json_array_size(places) == 0)
		rc = add_as_named(c, session, places);
	if (rc != CLI_OK)
		return rc;
	*ret = take_ptr(places);
	return CLI_OK;
}
