#include "memory-db/cli/lib/agents.h"

#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/jscan.h"
#include "memory-db/cli/lib/programs.h"

/* --namespace of args before MEMORY_NAMESPACE of env, as memory-mcp has it. */
static const char *
agents_namespace_of(const json_t *entry)
{
	const json_t *args = json_object_get(entry, "args"), *a;
	const char *text;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)args, i, a) {
		text = json_string_value(a);
		if (!text)
			continue;
		if (strncmp(text, "--namespace=", 12) == 0)
			return text + 12;
		if (strcmp(text, "--namespace") == 0)
			return json_string_value(json_array_get(args, i + 1));
	}
	return cli_str(json_object_get(entry, "env"), "MEMORY_NAMESPACE", NULL);
}

/* The first of the servers that is ours. */
static const char *
said_by(const json_t *servers)
{
	const char *name, *said;
	json_t *s;

	json_object_foreach((json_t *)(uintptr_t)servers, name, s) {
		if (strcmp(programs_base(cli_str(s, "command", "")),
			    "memory-mcp") != 0)
			continue;
		said = agents_namespace_of(s);
		return said != NULL ? said : "";
	}
	return NULL;
}

/* The value of a member of the object at `at`, parsed: new, or NULL. */
static json_t *
agents_member(const struct clientfile *cf, size_t at, const char *name)
{
	AUTO_BUF struct buf plain = {0};
	struct jmember m;

	if (jscan_find(cf->text.data, cf->text.len, at, name, &m) != 1)
		return NULL;
	if (jscan_plain(cf->text.data + m.value.at, m.value.end - m.value.at,
		    &plain) != 0)
		return NULL;
	return jx_parse_any(plain.data, plain.len, NULL);
}

/* The file may have tens of MB: what is not asked for is passed over. */
static int
agents_look_into(bool is_project, const char *folder, struct buf *out,
	bool *ret_found)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	AUTO_JSON json_t *own = NULL, *all = NULL;
	struct jmember projects, project;
	const char *said = NULL, *s;
	char path[PATH_MAX];
	size_t root;

	if (clients_file(clients_named("claude-code"), is_project, path,
		    NULL) != 0 ||
		clientfile_load(&cf, path, NULL) != 0 || !cf.exists)
		return 0;
	s = cf.text.data;
	root = jscan_space(s, cf.text.len, 0);
	if (!is_project && folder &&
		jscan_find(s, cf.text.len, root, "projects", &projects) == 1 &&
		jscan_find(s, cf.text.len, projects.value.at, folder,
			&project) == 1) {
		own = agents_member(&cf, project.value.at, "mcpServers");
		said = said_by(own);
	}
	if (!said) {
		all = agents_member(&cf, root, "mcpServers");
		said = said_by(all);
	}
	*ret_found = said != NULL;
	return said != NULL ? buf_adds(out, said) : 0;
}

int
agents_namespace(struct buf *out)
{
	AUTO_FREE char *folder = getcwd(NULL, 0);
	bool is_found = false;
	int rc = agents_look_into(true, folder, out, &is_found);

	if (rc != 0)
		return MDB_E_NOMEM;
	if (!is_found)
		rc = agents_look_into(false, folder, out, &is_found);
	return rc != 0 || !buf_str(out) ? MDB_E_NOMEM : 0;
}
