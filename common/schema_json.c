/* JSON Schema from parameter tables. Every byte costs every agent tokens, so
 * only what steers a model is written: no titles, no lengths, nothing that is
 * the default. */
#include "common/schema.h"

#include "common/jx.h"

static int value_schema(const struct param *p, json_t *out);

static bool
is_visible(const struct param *p)
{
	return !(p->flags & PF_SOCKET_ONLY);
}

static size_t
visible_members(const struct param *table)
{
	size_t n = 0;

	for (; table && table->name; table++)
		n += is_visible(table);
	return n;
}

static int
set_text(json_t *out, const char *key, const char *text)
{
	return jx_set(out, key, json_string(text));
}

/* properties and required of a table, into out. */
static int
members_schema(const struct param *table, json_t *out)
{
	AUTO_JSON json_t *properties = json_object();
	AUTO_JSON json_t *required = json_array();

	if (!properties || !required)
		return MDB_E_NOMEM;
	for (const struct param *p = table; p && p->name; p++) {
		AUTO_JSON json_t *one = NULL;

		if (!is_visible(p))
			continue;
		one = json_object();
		if (!one || value_schema(p, one) < 0 ||
			json_object_set(properties, p->name, one) < 0)
			return MDB_E_NOMEM;
		if ((p->flags & PF_REQUIRED) &&
			jx_add(required, json_string(p->name)) < 0)
			return MDB_E_NOMEM;
	}
	if (set_text(out, "type", "object") < 0 ||
		json_object_set(out, "properties", properties) < 0)
		return MDB_E_NOMEM;
	if (json_array_size(required) > 0 &&
		json_object_set(out, "required", required) < 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
string_schema(const struct param *p, json_t *out)
{
	AUTO_JSON json_t *choices = NULL;

	if (set_text(out, "type", "string") < 0)
		return MDB_E_NOMEM;
	if (!p->choices)
		return 0;
	choices = json_array();
	for (size_t i = 0; choices && p->choices[i]; i++)
		if (jx_add(choices, json_string(p->choices[i])) < 0)
			return MDB_E_NOMEM;
	if (!choices || json_object_set(out, "enum", choices) < 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
number_schema(const struct param *p, json_t *out)
{
	bool bounded = p->max != 0 && p->max != INT64_MAX;
	bool has_least = p->min != INT64_MIN && (p->max != 0 || p->min != 0);

	if (set_text(out, "type", p->type == P_INT ? "integer" : "number") < 0)
		return MDB_E_NOMEM;
	if (has_least && jx_set(out, "minimum", json_integer(p->min)) < 0)
		return MDB_E_NOMEM;
	if (bounded && jx_set(out, "maximum", json_integer(p->max)) < 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
array_schema(const struct param *p, json_t *out)
{
	AUTO_JSON json_t *items = NULL;

	if (set_text(out, "type", "array") < 0)
		return MDB_E_NOMEM;
	if (!p->item)
		return 0;
	items = json_object();
	if (!items || value_schema(p->item, items) < 0 ||
		json_object_set(out, "items", items) < 0)
		return MDB_E_NOMEM;
	return 0;
}

/* An object whose only visible member is the text says no more than the
 * text. */
static int
text_or_object_schema(const struct param *p, json_t *out)
{
	AUTO_JSON json_t *text = NULL, *object = NULL, *both = NULL;

	if (visible_members(p->sub) <= 1)
		return set_text(out, "type", "string");
	text = json_object();
	object = json_object();
	both = json_array();
	if (!text || !object || !both || set_text(text, "type", "string") < 0 ||
		members_schema(p->sub, object) < 0 ||
		json_array_append(both, text) < 0 ||
		json_array_append(both, object) < 0 ||
		json_object_set(out, "anyOf", both) < 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
point_schema(json_t *out)
{
	return jx_set(out, "type", json_pack("[ss]", "integer", "string"));
}

static int
type_schema(const struct param *p, json_t *out)
{
	switch (p->type) {
	case P_STRING:
		return string_schema(p, out);
	case P_INT:
	case P_NUMBER:
		return number_schema(p, out);
	case P_BOOL:
		return set_text(out, "type", "boolean");
	case P_ARRAY:
		return array_schema(p, out);
	case P_POINT:
		return point_schema(out);
	case P_ANY:
		return 0;
	case P_TEXT_OR_OBJECT:
		return text_or_object_schema(p, out);
	case P_OBJECT:
		break;
	}
	return p->sub ? members_schema(p->sub, out)
		      : set_text(out, "type", "object");
}

static int
value_schema(const struct param *p, json_t *out)
{
	if (type_schema(p, out) < 0)
		return MDB_E_NOMEM;
	return p->text ? set_text(out, "description", p->text) : 0;
}

json_t *
schema_json(const struct param *table, bool lenient)
{
	AUTO_JSON json_t *out = json_object();

	if (!out || members_schema(table, out) < 0)
		return NULL;
	if (!lenient &&
		jx_set(out, "additionalProperties", json_false()) < 0)
		return NULL;
	return take_ptr(out);
}
