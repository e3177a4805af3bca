/* JSON Schema from parameter tables. Every byte costs every agent tokens, so
 * only what steers a model is written: no titles, no lengths, nothing that is
 * the default, no lower bound that goes without saying.
 *
 * One type a value: `"type":["integer","string"]` and `anyOf` are JSON Schema,
 * but not of the subset that Gemini's API takes, which refuses the whole
 * request for one of them. Where a value may also be something else, the
 * schema shows the form that a model should write and the check takes both. */
#include "common/contract/schema.h"

#include "common/jx.h"

/* Beside the flags of members to hide: no other members. */
#define CLOSED (1u << 31)

static int value_schema(const struct param *p, unsigned hidden, json_t *out);

static int
schema_json_set_text(json_t *out, const char *key, const char *text)
{
	return jx_set(out, key, json_string(text));
}

/* properties and required of a table, into out. */
static int
members_schema(const struct param *table, unsigned hidden, json_t *out)
{
	AUTO_JSON json_t *properties = json_object();
	AUTO_JSON json_t *required = json_array();

	if (!properties || !required)
		return MDB_E_NOMEM;
	for (const struct param *p = table; p && p->name; p++) {
		AUTO_JSON json_t *one = NULL;

		if (p->flags & hidden)
			continue;
		one = json_object();
		if (!one || value_schema(p, hidden, one) < 0 ||
			json_object_set(properties, p->name, one) < 0)
			return MDB_E_NOMEM;
		if ((p->flags & PF_REQUIRED) &&
			jx_add(required, json_string(p->name)) < 0)
			return MDB_E_NOMEM;
	}
	if (schema_json_set_text(out, "type", "object") < 0 ||
		json_object_set(out, "properties", properties) < 0)
		return MDB_E_NOMEM;
	if (json_array_size(required) > 0 &&
		json_object_set(out, "required", required) < 0)
		return MDB_E_NOMEM;
	return hidden & CLOSED
		       ? jx_set(out, "additionalProperties", json_false())
		       : 0;
}

static int
string_schema(const struct param *p, json_t *out)
{
	AUTO_JSON json_t *choices = NULL;

	if (schema_json_set_text(out, "type", "string") < 0)
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
	bool has_least = p->min > 1 || (p->min < 0 && p->min != INT64_MIN);

	if (schema_json_set_text(out, "type",
		    p->type == P_INT ? "integer" : "number") < 0)
		return MDB_E_NOMEM;
	if (has_least && jx_set(out, "minimum", json_integer(p->min)) < 0)
		return MDB_E_NOMEM;
	if (bounded && jx_set(out, "maximum", json_integer(p->max)) < 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
array_schema(const struct param *p, unsigned hidden, json_t *out)
{
	AUTO_JSON json_t *items = NULL;

	if (schema_json_set_text(out, "type", "array") < 0)
		return MDB_E_NOMEM;
	if (!p->item)
		return 0;
	items = json_object();
	if (!items || value_schema(p->item, hidden, items) < 0 ||
		json_object_set(out, "items", items) < 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
type_schema(const struct param *p, unsigned hidden, json_t *out)
{
	switch (p->type) {
	case P_STRING:
		return string_schema(p, out);
	case P_INT:
	case P_NUMBER:
		return number_schema(p, out);
	case P_BOOL:
		return schema_json_set_text(out, "type", "boolean");
	case P_ARRAY:
		return array_schema(p, hidden, out);
	case P_TEXT_OR_OBJECT:
		if (p->flags & PF_AS_OBJECT)
			break;
		return schema_json_set_text(out, "type", "string");
	case P_POINT:
		return schema_json_set_text(out, "type", "string");
	case P_ANY:
		return 0;
	case P_OBJECT:
		break;
	}
	return p->sub ? members_schema(p->sub, hidden, out)
		      : schema_json_set_text(out, "type", "object");
}

static int
value_schema(const struct param *p, unsigned hidden, json_t *out)
{
	if (type_schema(p, hidden, out) < 0)
		return MDB_E_NOMEM;
	return p->text ? schema_json_set_text(out, "description", p->text) : 0;
}

json_t *
schema_json(const struct param *table, unsigned hidden)
{
	AUTO_JSON json_t *out = json_object();

	if (!out || members_schema(table, hidden, out) < 0)
		return NULL;
	return take_ptr(out);
}

json_t *
schema_json_closed(const struct param *table)
{
	return schema_json(table, CLOSED);
}
