/* Prints the records of the methods (common/contract/tools/) as JSON, for tests
 * that try every parameter, and for those that compare what is written about
 * the methods elsewhere. */
#include <jansson.h>
#include <stdio.h>

#include "common/contract/tools.h"

static json_t *dump_table(const struct param *table);

static json_t *
dump_param(const struct param *p)
{
	static const char *const types[] = {"string", "int", "number", "bool",
		"object", "array", "point", "text_or_object", "any"};
	json_t *o = json_pack("{s:s, s:s, s:b, s:b, s:b, s:I, s:I}", "name",
		p->name, "type", types[p->type], "required",
		p->flags & PF_REQUIRED, "not_empty", p->flags & PF_NOT_EMPTY,
		"socket_only", p->flags & PF_SOCKET_ONLY, "min",
		(json_int_t)p->min, "max", (json_int_t)p->max);

	if (p->choices) {
		json_t *list = json_array();

		for (size_t i = 0; p->choices[i]; i++)
			json_array_append_new(list, json_string(p->choices[i]));
		json_object_set_new(o, "choices", list);
	}
	if (p->sub)
		json_object_set_new(o, "sub", dump_table(p->sub));
	if (p->item)
		json_object_set_new(o, "item", dump_param(p->item));
	return o;
}

static json_t *
dump_table(const struct param *table)
{
	json_t *list = json_array();

	for (const struct param *p = table; p->name; p++)
		json_array_append_new(list, dump_param(p));
	return list;
}

static json_t *
dump_tool(const struct tool *t)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:s?, s:s?, "
			 "s:s?, s:s?}",
		"name", t->name, "title", t->title, "text", t->text, "flags",
		(int)t->flags, "profiles", (int)t->profiles, "order",
		(int)t->order, "params", dump_table(t->params), "result",
		dump_table(t->result), "example", t->example, "command",
		t->command, "positional", t->script.positional, "alias",
		t->script.alias);
}

int
main(void)
{
	json_t *methods = json_array(), *all;

	for (size_t i = 0; i < tools_n; i++)
		json_array_append_new(methods, dump_tool(&tools[i]));
	all = json_pack("{s:o, s:o, s:o}", "methods", methods, "common",
		dump_table(tools_common), "any_reply",
		dump_table(tools_any_reply));
	json_dumpf(all, stdout, JSON_INDENT(1));
	puts("");
	json_decref(all);
	return 0;
}
