/* The tool list as functions of scripts. */
#include "memory-db/work/script_methods.h"

#include "common/contract/tools.h"
#include "memory-db/model/script/script.h"

/* Room kept for script_own and the end of the list. */
#define OWN_MAX 8

static void
script_methods_add(struct sandbox_method *list, size_t *n, const char *name)
{
	const struct tool *t = script_tool(name);

	if (!t || *n + OWN_MAX >= SCRIPT_METHODS_MAX)
		return;
	list[(*n)++] = (struct sandbox_method){
		.name = name,
		.doc = t->text,
		.positional = t->script.positional ? t->script.positional : "",
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
	for (size_t i = 0; i < tools_n; i++)
		if (tools[i].script.alias)
			script_methods_add(list, &n, tools[i].script.alias);
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
	size_t n = 0;

	for (size_t i = 0; i < tools_n; i++) {
		const struct tool *t = &tools[i];

		if (!script_tool(t->name) || script_has(ctx, t))
			continue;
		out[n++] = t->name;
		if (t->script.alias)
			out[n++] = t->script.alias;
	}
	/* Scripts have it from the helpers. */
	if (!script_has(ctx, TOOL_OF(run_skill)))
		out[n++] = TOOL_NAME(run_skill);
	out[n] = NULL;
}
