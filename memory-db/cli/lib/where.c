/* Which namespace a command means, and where things are that are not in it.
 *
 * A folder that is a repository has its namespace by its remote; looking
 * claims nothing. When nothing was found there, other namespaces are asked for
 * a moment, and a remark on stderr names the command that finds it: `memoryctl
 * show ada` in the folder of one project says that another one has an ada, and
 * how to show her. */
#include "memory-db/cli/lib/where.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/client/project.h"
#include "common/client/project_map.h"
#include "common/text.h"
#include "memory-db/cli/lib/agents.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/shellword.h"

/* How long other namespaces are asked when nothing was found, and how many
 * are named. */
#define ASK_MS	 2000
#define TOLD_MAX 5

/* The namespace of a folder, into c->place. Looking claims nothing: a remote
 * belongs to the first folder in which an agent works. */
static int
find_project(struct cli *c, const char *folder, bool *ret_is_repository)
{
	struct project_choice choice;
	char database[PATH_MAX] = "";
	int rc;

	if (c->database && c->database[0] != '\0' &&
		cli_absolute(c->database, database, sizeof(database)) != CLI_OK)
		database[0] = '\0';
	rc = project_choose(folder, database, false, &c->place, &choice);
	if (rc != 0)
		return rc;
	if (choice.note[0] != '\0')
		cli_note(c, "%s", choice.note);
	if (ret_is_repository != NULL)
		*ret_is_repository = choice.is_repository;
	return rc;
}

/* "auto": the branch of the code in the working directory. */
static int
where_branch(struct cli *c)
{
	AUTO_FREE char *folder = NULL;

	if (c->branch && strcmp(c->branch, "auto") == 0)
		c->follows_code = true;
	if (!c->follows_code)
		return CLI_OK;
	folder = getcwd(NULL, 0);
	buf_clear(&c->code, 0);
	if (!folder)
		return cli_fail(CLI_SYSTEM,
			"cannot tell the branch: no working directory (%m); "
			"name a --branch");
	if (project_branch(folder, &c->code) != 0 ||
		(c->branch = buf_str(&c->code)) == NULL)
		return cli_nomem();
	return CLI_OK;
}

int
where_read(struct cli *c)
{
	AUTO_FREE char *folder = NULL;

	if (where_branch(c) != CLI_OK)
		return CLI_SYSTEM;
	c->is_named = c->namespace_ != NULL && c->namespace_[0] != '\0';
	if (!c->is_named || strcmp(c->namespace_, "auto") != 0)
		return CLI_OK;
	c->is_named = false;
	folder = getcwd(NULL, 0);
	if (!folder)
		return cli_fail(CLI_SYSTEM,
			"cannot tell the project: no "
			"working directory (%m); name a --namespace");
	if (find_project(c, folder, NULL) != 0 ||
		(c->namespace_ = buf_str(&c->place)) == NULL)
		return cli_nomem();
	c->is_chosen = true;
	return CLI_OK;
}

/* --- which one ------------------------------------------------------------ */
int
where_names(struct cli *c, json_t **ret)
{
	AUTO_JSON json_t *reply = NULL, *names = json_array();
	const json_t *n, *a;
	size_t i, k;
	int rc = cli_ask(c, "list_namespaces", json_object(), &reply);

	if (rc != CLI_OK)
		return rc;
	json_array_foreach(json_object_get(reply, "namespaces"), i, n) {
		if (jx_add(names, json_string(cli_str(n, "name", ""))) != 0)
			return cli_nomem();
		json_array_foreach(json_object_get(n, "aliases"), k, a)
			if (jx_add(names, json_incref((json_t *)(uintptr_t)a)))
				return cli_nomem();
	}
	*ret = take_ptr(names);
	return CLI_OK;
}

static bool
where_has_name(const json_t *names, const char *name)
{
	const json_t *n;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)names, i, n)
		if (strcmp(json_string_value(n), name) == 0)
			return true;
	return strcmp(name, "default") == 0;
}

static int
no_such(const char *name, const json_t *names)
{
	size_t n = json_array_size(names);
	AUTO_FREE const char **list = calloc(n + 1, sizeof(*list));
	AUTO_BUF struct buf some = {0};
	const char *near;

	if (!list)
		return cli_nomem();
	for (size_t i = 0; i < n; i++)
		list[i] = json_string_value(json_array_get(names, i));
	near = text_nearest(name, list);
	/* Of "host/team/app" people type the last part. */
	for (size_t i = 0; !near && i < n; i++)
		if (strstr(list[i], name))
			near = list[i];
	if (near)
		return cli_fail(CLI_PROBLEM, "no namespace '%s'; similar: '%s'",
			name, near);
	for (size_t i = 0; i < n && i < TOLD_MAX; i++)
		if (buf_addf(&some, "%s'%s'", i > 0 ? ", " : "", list[i]) != 0)
			return cli_nomem();
	return cli_fail(CLI_PROBLEM, "no namespace '%s'; there %s %s%s", name,
		n == 1 ? "is" : "are", buf_str(&some) != NULL ? some.data : "",
		n > TOLD_MAX ? " and more: memoryctl namespace lists them"
			     : "");
}

/* The namespace of the working directory becomes that of the command. */
static int
where_choose(struct cli *c, const json_t *names, bool *ret_again)
{
	AUTO_FREE char *folder = getcwd(NULL, 0);
	AUTO_BUF struct buf said = {0};
	bool is_repository = false;
	const char *project;
	int rc;

	if (!folder)
		return CLI_OK;
	buf_clear(&c->place, 0);
	if (find_project(c, folder, &is_repository) != 0 ||
		(project = buf_str(&c->place)) == NULL)
		return cli_nomem();
	if (strcmp(project, "default") != 0 && where_has_name(names, project)) {
		c->namespace_ = project;
	} else {
		rc = agents_namespace(&said);
		if (rc != 0)
			return cli_nomem();
		/* A folder that is no repository becomes a project when an
		 * agent writes in it, not because somebody stands in it. */
		if (strcmp(said.data, "auto") == 0 && is_repository)
			c->namespace_ = project;
		else if (said.len > 0 && strcmp(said.data, "auto") != 0) {
			buf_clear(&c->place, 0);
			if (buf_adds(&c->place, said.data) != 0 ||
				(c->namespace_ = buf_str(&c->place)) == NULL)
				return cli_nomem();
		}
	}
	c->is_chosen = c->namespace_ && strcmp(c->namespace_, "default") != 0;
	*ret_again = c->is_chosen;
	return CLI_OK;
}

int
where_decide(struct cli *c, bool *ret_again)
{
	AUTO_JSON json_t *names = NULL;
	bool is_unknown;
	int rc;

	*ret_again = false;
	if (c->is_chosen ||
		(c->is_named && !c->command->looks && !c->command->writes))
		return CLI_OK;
	rc = where_names(c, &names);
	/* Nobody answers, which was said. */
	if (rc == CLI_SYSTEM)
		return rc;
	/* The command's own call has the words for what is wrong. */
	if (rc != CLI_OK)
		return CLI_OK;
	if (!c->is_named)
		return where_choose(c, names, ret_again);
	is_unknown = !where_has_name(names, c->namespace_);
	if (is_unknown && !c->command->makes)
		return no_such(c->namespace_, names);
	/* These make it; a slip of the pen should be seen. */
	if (is_unknown)
		cli_note(c, "namespace '%s' is new", c->namespace_);
	return CLI_OK;
}

/* --- entities and sessions ------------------------------------------------ */
static const char *
home_of(const struct cli *c)
{
	return c->namespace_ != NULL && c->namespace_[0] != '\0' ? c->namespace_
								 : "default";
}

int
where_entity(struct cli *c, const char *name)
{
	AUTO_JSON json_t *reply = NULL;
	bool is_home = false, is_users = false;
	const json_t *e;
	size_t i;
	int rc;

	c->asked = name;
	if ((rc = cli_connect(c)) != CLI_OK)
		return rc;
	if (!c->is_chosen || c->branch)
		return CLI_OK;
	rc = cli_ask(c, "open_nodes",
		json_pack("{s:[s],s:[s,s],s:b}", "names", name, "fields",
			"name", "namespace", "relations", 0),
		&reply);
	if (rc != CLI_OK)
		return rc == CLI_PROBLEM ? CLI_OK : rc;
	json_array_foreach(json_object_get(reply, "entities"), i, e)
		if (strcmp(cli_str(e, "namespace", "default"), "default") == 0)
			is_users = true;
		else
			is_home = true;
	if (is_users && !is_home)
		c->in = "default";
	return CLI_OK;
}

/* Reads of a namespace cover `default` as well, so that one is asked first. */
int
where_change(struct cli *c, int64_t change)
{
	AUTO_JSON json_t *names = NULL;
	const int64_t end = clock_mono_ns() + ASK_MS * 1000000LL;
	const json_t *n;
	size_t i;
	int rc = cli_connect(c);

	if (rc != CLI_OK || c->is_named || c->branch ||
		where_names(c, &names) != CLI_OK)
		return rc;
	if (json_array_insert_new(names, 0, json_string("default")) != 0)
		return cli_nomem();
	json_array_foreach(names, i, n) {
		AUTO_JSON json_t *reply = NULL;

		if (clock_mono_ns() < end &&
			cli_ask(c, "memory_history",
				json_pack("{s:O,s:I,s:i}", "namespace", n,
					"until", (json_int_t)change, "limit",
					1),
				&reply) == CLI_OK &&
			cli_int(json_array_get(json_object_get(reply,
						       "changes"),
					0),
				"change", 0) == change) {
			buf_clear(&c->found, 0);
			if (buf_adds(&c->found, json_string_value(n)) != 0 ||
				(c->in = buf_str(&c->found)) == NULL)
				return cli_nomem();
			return CLI_OK;
		}
	}
	return CLI_OK;
}

/* --- elsewhere ------------------------------------------------------------ */

/* Whether a namespace answers with rows. Names in it that are the same as the
 * one of the command line count as looked at. */
static bool
where_answers(struct cli *c, const char *name, const char *method,
	const char *list, const json_t *params)
{
	AUTO_JSON json_t *p = jx_copy(params), *reply = NULL;

	if (!p || json_object_set_new(p, "namespace", json_string(name)) != 0 ||
		json_object_set_new(p, "limit", json_integer(1)) != 0)
		return false;
	if (strcmp(method, "open_nodes") == 0)
		json_object_del(p, "limit");
	return cli_ask(c, method, take_ptr(p), &reply) == CLI_OK &&
	       !json_is_false(json_object_get(reply, "relevant")) &&
	       json_array_size(json_object_get(reply, list)) > 0;
}

static int
add_command(const struct cli *c, const char *name, struct buf *out)
{
	int rc = buf_adds(out, "memoryctl --namespace ");

	if (rc != 0)
		return rc;
	rc = shellword_add(out, name);
	if (rc != 0)
		return rc;
	if (buf_addc(out, ' ') != 0)
		return MDB_E_NOMEM;
	rc = shellword_add(out, c->command->name);
	if (rc != 0)
		return rc;
	for (int i = 0; i < c->argc; i++)
		if (buf_addc(out, ' ') != 0 ||
			shellword_add(out, c->argv[i]) != 0)
			return MDB_E_NOMEM;
	return 0;
}

static int
add_told(const struct cli *c, const json_t *found, struct buf *out)
{
	size_t n = json_array_size(found);
	int rc = buf_addf(out, "%s", n == 1 ? "namespace " : "namespaces ");

	if (rc != 0)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < n && i < TOLD_MAX; i++)
		if (buf_addf(out, "%s'%s'", i > 0 ? ", " : "",
			    json_string_value(json_array_get(found, i))) != 0)
			return MDB_E_NOMEM;
	if (n > TOLD_MAX)
		rc = buf_addf(out, " and %zu more", n - TOLD_MAX);
	if (rc != 0)
		return MDB_E_NOMEM;
	rc = buf_addf(out, " %s: ", n == 1 ? "has it" : "have it");
	if (rc != 0)
		return MDB_E_NOMEM;
	rc = add_command(c, json_string_value(json_array_get(found, 0)), out);
	return rc != 0 || !buf_str(out) ? MDB_E_NOMEM : 0;
}

void
where_tell(struct cli *c, const char *method, const char *list,
	const json_t *params)
{
	AUTO_JSON json_t *names = NULL, *found = json_array();
	AUTO_BUF struct buf text = {0};
	const int64_t end = clock_mono_ns() + ASK_MS * 1000000LL;
	size_t left = 0;
	const json_t *n;
	size_t i;

	/* Remarks are not to be had: then nothing is asked either. */
	if (c->quiet || !found || where_names(c, &names) != CLI_OK)
		return;
	json_array_foreach(names, i, n) {
		const char *name = json_string_value(n);

		if (clock_mono_ns() > end)
			left++;
		else if (strcmp(name, home_of(c)) != 0 &&
			 strcmp(name, "default") != 0 &&
			 where_answers(c, name, method, list, params) &&
			 json_array_append(found, (json_t *)(uintptr_t)n) != 0)
			return;
	}
	if (json_array_size(found) > 0 && add_told(c, found, &text) == 0)
		cli_note(c, "%s", text.data);
	if (left > 0)
		cli_note(c,
			"%zu of %zu namespaces were not asked, for want of "
			"time; --namespace NAME asks one",
			left, json_array_size(names));
}

void
where_tell_entity(struct cli *c)
{
	AUTO_JSON json_t *params = NULL;

	if (!c->asked)
		return;
	params = json_pack("{s:s}", "name", c->asked);
	c->asked = NULL;
	if (params)
		where_tell(c, "memory_history", "changes", params);
}

json_t *
where_fields(const struct cli *c, json_t *params)
{
	json_t *fields = json_object_get(params, "fields");
	int rc = 0;

	if (!params || strcmp(home_of(c), "default") == 0)
		return params;
	if (!fields) {
		fields = json_pack("[s,s,s,s]", "id", "name", "type",
			"observations");
		rc = jx_set(params, "fields", fields);
	}
	if (rc != 0 || jx_add(fields, json_string("namespace")) != 0) {
		json_decref(params);
		return NULL;
	}
	return params;
}

const char *
where_said(const struct cli *c)
{
	static char text[300];
	const char *in = c->in != NULL ? c->in : home_of(c);

	if (!c->is_chosen)
		return "";
	snprintf(text, sizeof(text), " in %.256s", in);
	return text;
}
