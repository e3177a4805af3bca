/* Shapes of the nine tools' results. What memory-db answers, and what the
 * agent sent, in; structuredContent and text, as the reference server gives
 * them, out. */
#include "mcp-server/mcp/compat.h"

#include <string.h>

#include "common/err.h"
#include "common/jx.h"

/* --- entities and relations ----------------------------------------------- */

/* Copies a member if it is there; 0 or MDB_E_NOMEM. */
static int
compat_copy(json_t *to, const char *as, json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	return v ? jx_set(to, as, json_incref(v)) : 0;
}

static json_t *
shape_entity(json_t *stored, bool compat)
{
	AUTO_JSON json_t *e = json_object();

	if (!e || compat_copy(e, "name", stored, "name") ||
		compat_copy(e, "entityType", stored, "type") ||
		compat_copy(e, "observations", stored, "observations"))
		return NULL;
	if (!compat &&
		(compat_copy(e, "omitted", stored, "omitted") ||
			compat_copy(e, "namespace", stored, "namespace") ||
			compat_copy(e, "from", stored, "from") ||
			compat_copy(e, "sources", stored, "sources")))
		return NULL;
	return take_ptr(e);
}

static json_t *
shape_relation(json_t *stored, bool compat)
{
	AUTO_JSON json_t *r = json_object();

	if (!r || compat_copy(r, "from", stored, "from") ||
		compat_copy(r, "to", stored, "to") ||
		compat_copy(r, "relationType", stored, "relationType"))
		return NULL;
	if (!compat &&
		(compat_copy(r, "weight", stored, "weight") ||
			compat_copy(r, "from_namespace", stored,
				"from_namespace") ||
			compat_copy(r, "to_namespace", stored, "to_namespace")))
		return NULL;
	return take_ptr(r);
}

static json_t *
compat_list_of(json_t *stored, bool compat, json_t *(*one)(json_t *, bool))
{
	AUTO_JSON json_t *list = json_array();
	json_t *j;
	size_t i;

	if (!list)
		return NULL;
	json_array_foreach(stored, i, j)
		if (jx_add(list, one(j, compat)))
			return NULL;
	return take_ptr(list);
}

/* --- reads ---------------------------------------------------------------- */

static json_t *
shape_graph(bool compat, const json_t *args, json_t *reply)
{
	AUTO_JSON json_t *g = json_object();
	json_t *entities = json_object_get(reply, "results");

	(void)args;
	if (!entities)
		entities = json_object_get(reply, "entities");
	if (!g ||
		jx_set(g, "entities",
			compat_list_of(entities, compat, shape_entity)) ||
		jx_set(g, "relations",
			compat_list_of(json_object_get(reply, "relations"),
				compat, shape_relation)))
		return NULL;
	if (compat)
		return take_ptr(g);
	if ((json_array_size(json_object_get(reply, "missing")) > 0 &&
		    compat_copy(g, "missing", reply, "missing")) ||
		compat_copy(g, "partial", reply, "partial") ||
		compat_copy(g, "next", reply, "next"))
		return NULL;
	return take_ptr(g);
}

/* --- writes --------------------------------------------------------------- */

/* The texts of a list of observations, each once. */
static json_t *
compat_texts_of(const json_t *observations)
{
	AUTO_JSON json_t *list = json_array();
	AUTO_JSON json_t *seen = json_object();
	json_t *o;
	size_t i;

	if (!list || !seen)
		return NULL;
	json_array_foreach(observations, i, o) {
		json_t *text =
			json_is_object(o) ? json_object_get(o, "text") : o;

		if (!json_is_string(text) ||
			json_object_get(seen, json_string_value(text)))
			continue;
		if (jx_set(seen, json_string_value(text), json_true()) ||
			jx_add(list, json_incref(text)))
			return NULL;
	}
	return take_ptr(list);
}

static json_t *
created_entity(json_t *sent)
{
	AUTO_JSON json_t *e = json_object();

	if (!e || compat_copy(e, "name", sent, "name") ||
		compat_copy(e, "entityType", sent, "entityType") ||
		jx_set(e, "observations",
			compat_texts_of(json_object_get(sent, "observations"))))
		return NULL;
	return take_ptr(e);
}

static bool
is_action(json_t *result, const char *action)
{
	const char *a = json_string_value(json_object_get(result, "action"));

	return a && strcmp(a, action) == 0;
}

/* Outside compat a write's answer does not repeat what was sent: names, counts,
 * and what was not done as it was said. */
static int
copy_told(json_t *to, json_t *result)
{
	static const char *const told[] = {"note", "same_as", "similar"};

	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (compat_copy(to, told[i], result, told[i]))
			return MDB_E_NOMEM;
	return 0;
}

/* Entries that were not stored, texts that were stored with a marker in the
 * place of a secret, that all of it waits for review, and which stored facts
 * the new ones are at odds with. */
static int
copy_trouble(json_t *to, json_t *reply)
{
	static const char *const told[] = {"failed", "marked", "staged",
		"review", "conflicts", "conflict_count", "conflicts_later"};

	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (compat_copy(to, told[i], reply, told[i]))
			return MDB_E_NOMEM;
	return 0;
}

static json_t *
counted_entity(json_t *result)
{
	AUTO_JSON json_t *u = json_object();

	if (!u || compat_copy(u, "name", result, "name") ||
		compat_copy(u, "added", result, "added") ||
		copy_told(u, result))
		return NULL;
	return take_ptr(u);
}

static json_t *
shape_create_entities(bool compat, const json_t *args, json_t *reply)
{
	AUTO_JSON json_t *shape = json_object();
	AUTO_JSON json_t *created = json_array();
	AUTO_JSON json_t *updated = json_array();
	json_t *sent = json_object_get(args, "entities");
	json_t *result;
	size_t i;

	if (!shape || !created || !updated)
		return NULL;
	json_array_foreach(json_object_get(reply, "results"), i, result) {
		bool is_new = is_action(result, "created");
		json_t *one = compat && is_new
				      ? created_entity(json_array_get(sent, i))
				      : counted_entity(result);

		if (jx_add(is_new ? created : updated, one))
			return NULL;
	}
	if (jx_set(shape, "entities", json_incref(created)))
		return NULL;
	if (!compat &&
		((json_array_size(updated) > 0 &&
			 jx_set(shape, "updated", json_incref(updated))) ||
			copy_trouble(shape, reply)))
		return NULL;
	return take_ptr(shape);
}

static json_t *
shape_create_relations(bool compat, const json_t *args, json_t *reply)
{
	AUTO_JSON json_t *shape = json_object();
	AUTO_JSON json_t *created = json_array();
	json_int_t unchanged = 0;
	json_t *result;
	size_t i;

	(void)args;
	if (!shape || !created)
		return NULL;
	json_array_foreach(json_object_get(reply, "results"), i, result) {
		if (!is_action(result, "created"))
			unchanged++;
		else if (jx_add(created, shape_relation(result, true)))
			return NULL;
	}
	if (compat)
		return jx_set(shape, "relations", json_incref(created))
			       ? NULL
			       : take_ptr(shape);
	if (jx_set(shape, "created",
		    json_integer((json_int_t)json_array_size(created))) ||
		(unchanged > 0 &&
			jx_set(shape, "unchanged", json_integer(unchanged))) ||
		copy_trouble(shape, reply))
		return NULL;
	return take_ptr(shape);
}

static json_t *
shape_addition(bool compat, json_t *result)
{
	AUTO_JSON json_t *one = json_object();
	json_t *added = json_object_get(result, "addedObservations");

	if (!one || compat_copy(one, "entityName", result, "entityName"))
		return NULL;
	if (compat)
		return jx_set(one, "addedObservations", json_incref(added))
			       ? NULL
			       : take_ptr(one);
	if (jx_set(one, "added",
		    json_integer((json_int_t)json_array_size(added))) ||
		compat_copy(one, "action", result, "action") ||
		copy_told(one, result))
		return NULL;
	return take_ptr(one);
}

static json_t *
shape_add_observations(bool compat, const json_t *args, json_t *reply)
{
	AUTO_JSON json_t *shape = json_object();
	AUTO_JSON json_t *results = json_array();
	json_t *result;
	size_t i;

	(void)args;
	if (!shape || !results)
		return NULL;
	json_array_foreach(json_object_get(reply, "results"), i, result)
		if (jx_add(results, shape_addition(compat, result)))
			return NULL;
	if (jx_set(shape, "results", json_incref(results)) ||
		(!compat && copy_trouble(shape, reply)))
		return NULL;
	return take_ptr(shape);
}

/* In compat {success, message} of the reference, whatever was there. Else what
 * went, and what was not there to go. */
static json_t *
deleted(bool compat, const char *message, json_int_t n, json_t *missing,
	json_t *reply)
{
	json_t *hints = json_object_get(reply, "hints");
	AUTO_JSON json_t *shape = compat ? json_pack("{s:b, s:s}", "success", 1,
						   "message", message)
					 : json_pack("{s:b, s:I}", "success",
						   n > 0, "deleted", n);

	if (compat || !shape)
		return take_ptr(shape);
	if ((n == 0 &&
		    jx_set(shape, "message", json_string("nothing deleted"))) ||
		(json_array_size(missing) > 0 &&
			jx_set(shape, "missing", json_incref(missing))) ||
		(json_array_size(hints) > 0 &&
			jx_set(shape, "hints", json_incref(hints))) ||
		copy_trouble(shape, reply))
		return NULL;
	return take_ptr(shape);
}

static json_t *
shape_delete_entities(bool compat, const json_t *args, json_t *reply)
{
	size_t n = json_array_size(json_object_get(reply, "deleted"));

	(void)args;
	return deleted(compat, "Entities deleted successfully", (json_int_t)n,
		json_object_get(reply, "missing"), reply);
}

static json_t *
shape_delete_observations(bool compat, const json_t *args, json_t *reply)
{
	AUTO_JSON json_t *missing = json_array();
	json_int_t n = 0;
	json_t *result;
	size_t i;

	(void)args;
	if (!missing)
		return NULL;
	json_array_foreach(json_object_get(reply, "results"), i, result) {
		AUTO_JSON json_t *one = json_object();

		n += json_integer_value(json_object_get(result, "deleted"));
		if (json_array_size(json_object_get(result, "missing")) == 0)
			continue;
		if (!one ||
			compat_copy(one, "entityName", result, "entityName") ||
			compat_copy(one, "observations", result, "missing") ||
			compat_copy(one, "nearest", result, "nearest") ||
			compat_copy(one, "hints", result, "hints") ||
			jx_add(missing, json_incref(one)))
			return NULL;
	}
	return deleted(compat, "Observations deleted successfully", n, missing,
		reply);
}

static json_t *
shape_delete_relations(bool compat, const json_t *args, json_t *reply)
{
	AUTO_JSON json_t *missing = json_array();
	json_t *sent = json_object_get(args, "relations");
	json_t *at;
	size_t i;

	if (!missing)
		return NULL;
	json_array_foreach(json_object_get(reply, "missing_at"), i, at) {
		json_t *one =
			json_array_get(sent, (size_t)json_integer_value(at));

		if (one && json_array_append(missing, one))
			return NULL;
	}
	return deleted(compat, "Relations deleted successfully",
		json_integer_value(json_object_get(reply, "deleted")), missing,
		reply);
}

/* --- the table ------------------------------------------------------------ */

/* By the shape that the record of a method names. NULL: none of the nine. */
static json_t *(*const makers[SHAPE_MAX])(bool compat, const json_t *args,
	json_t *reply) = {
	[SHAPE_GRAPH] = shape_graph,
	[SHAPE_CREATED_ENTITIES] = shape_create_entities,
	[SHAPE_CREATED_RELATIONS] = shape_create_relations,
	[SHAPE_ADDED_OBSERVATIONS] = shape_add_observations,
	[SHAPE_DELETED_ENTITIES] = shape_delete_entities,
	[SHAPE_DELETED_OBSERVATIONS] = shape_delete_observations,
	[SHAPE_DELETED_RELATIONS] = shape_delete_relations,
};

json_t *
compat_shape(const struct tool *t, bool compat, const json_t *args,
	json_t *reply)
{
	return makers[t->shape] ? makers[t->shape](compat, args, reply)
				: json_incref(reply);
}
