/* The tool list as functions of scripts. */
#include "memory-db/work/script_methods.h"

#include <string.h>

#include "common/contract/tools.h"
#include "memory-db/model/script/script.h"

/* Room kept for script_own and the end of the list. */
#define OWN_MAX 8

/* Arguments by position: search_nodes("tea", 5). */
static const struct {
	const char *name, *positional;
} positions[] = {
	{"search_nodes", "query limit"},
	{"recall", "query limit"},
	{"open_nodes", "names"},
	{"read_graph", "cursor limit"},
	{"create_entities", "entities mode"},
	{"add_observations", "observations"},
	{"create_relations", "relations"},
	{"delete_entities", "entityNames"},
	{"delete_observations", "deletions"},
	{"delete_relations", "relations"},
	{"rename_entity", "name new_name"},
	{"memory_history", "name limit"},
	{"memory_diff", "name"},
	{"memory_revert", "name version"},
	{"memory_undo", "change"},
	{"changes_since", "cursor limit"},
	{"save_skill", "name code description params"},
	{"load_skill", "name"},
	{"list_skills", "query limit"},
	{"read_file", "name"},
	{"write_file", "name content"},
	{"delete_file", "name"},
};

/* Names of the guide's API. */
static const char *const shorter[] = {"history", "diff", "revert", "undo",
	"get_status", NULL};

static const char *
positional_of(const char *tool)
{
	for (size_t i = 0; i < ARRAY_LEN(positions); i++)
		if (strcmp(positions[i].name, tool) == 0)
			return positions[i].positional;
	return "";
}

static void
script_methods_add(struct sandbox_method *list, size_t *n, const char *name)
{
	const struct tool *t = script_tool(name);

	if (t == NULL || *n + OWN_MAX >= SCRIPT_METHODS_MAX)
		return;
	list[(*n)++] = (struct sandbox_method){
		.name = name,
		.doc = t->text,
		.positional = positional_of(t->name),
		.is_global = true,
		.is_write = t->flags & TF_WRITE,
	};
}

const struct sandbox_method *
script_methods(void)
{
	static struct sandbox_method list[SCRIPT_METHODS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < tools_n; i++)
		script_methods_add(list, &n, tools[i].name);
	for (size_t i = 0; shorter[i] != NULL; i++)
		script_methods_add(list, &n, shorter[i]);
	for (const struct script_own *o = script_own; o->name != NULL; o++)
		list[n++] = (struct sandbox_method){
			.name = o->name,
			.doc = o->doc,
			.positional = o->positional,
			.is_global = *o->doc != '\0',
		};
	list[n].name = NULL;
	return list;
}

void
script_methods_without(const struct context *ctx,
	const char *out[SCRIPT_METHODS_MAX])
{
	const struct tool *run_skill = tool_find("run_skill");
	size_t n = 0;

	for (size_t i = 0; i < tools_n; i++)
		if (script_tool(tools[i].name) != NULL &&
			!script_has(ctx, &tools[i]))
			out[n++] = tools[i].name;
	for (size_t i = 0; shorter[i] != NULL; i++)
		if (!script_has(ctx, script_tool(shorter[i])))
			out[n++] = shorter[i];
	/* Scripts have it from the helpers. */
	if (!script_has(ctx, run_skill))
		out[n++] = run_skill->name;
	out[n] = NULL;
}
