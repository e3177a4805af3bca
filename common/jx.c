/* Typed getters over jansson that name the failing parameter. */
#include "common/jx.h"

#include <string.h>

const char *
jx_type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "integer";
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

bool
jx_integral(const json_t *v, int64_t *ret)
{
	double d;

	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return true;
	}
	if (!json_is_real(v))
		return false;
	d = json_real_value(v);
	if (!(d > -9007199254740992.0 && d < 9007199254740992.0))
		return false;
	if ((double)(int64_t)d != d)
		return false;
	*ret = (int64_t)d;
	return true;
}

double
jx_real(const json_t *v)
{
	return json_number_value(v) + 0.0; /* -0.0 + 0.0 is 0.0 */
}

/* 0 and *ret, 1 absent, or an error. */
static int
jx_find(const json_t *o, const char *key, bool required, json_t **ret,
	const char *type, struct err *e)
{
	json_t *v = json_object_get(o, key);

	if (v && !json_is_null(v)) {
		*ret = v;
		return 0;
	}
	if (!required)
		return 1;
	return err_param(e, MDB_E_INVALID, key,
		"%s: is missing; it is required and must be %s", key, type);
}

static int
jx_wrong_type(const json_t *v, const char *key, const char *type, struct err *e)
{
	return err_param(e, MDB_E_INVALID, key, "%s: must be %s, is %s", key,
		type, jx_type_name(v));
}

const char *
jx_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

int
jx_string(const json_t *o, const char *key, bool required, const char **ret,
	size_t *ret_n, struct err *e)
{
	json_t *v = NULL;
	int rc = jx_find(o, key, required, &v, "a string", e);

	if (rc != 0)
		return rc;
	if (!json_is_string(v))
		return jx_wrong_type(v, key, "a string", e);
	*ret = json_string_value(v);
	if (ret_n)
		*ret_n = json_string_length(v);
	return 0;
}

int
jx_int(const json_t *o, const char *key, bool required, int64_t min,
	int64_t max, int64_t *ret, struct err *e)
{
	json_t *v = NULL;
	int rc = jx_find(o, key, required, &v, "an integer", e);
	int64_t i;

	if (rc != 0)
		return rc;
	if (!jx_integral(v, &i))
		return jx_wrong_type(v, key, "an integer", e);
	if (i < min || i > max)
		return err_param(e, MDB_E_INVALID, key,
			"%s: must be from %lld to %lld, is %lld", key,
			(long long)min, (long long)max, (long long)i);
	*ret = i;
	return 0;
}

int
jx_number(const json_t *o, const char *key, bool required, double min,
	double max, double *ret, struct err *e)
{
	json_t *v = NULL;
	int rc = jx_find(o, key, required, &v, "a number", e);
	double d;

	if (rc != 0)
		return rc;
	if (!json_is_number(v))
		return jx_wrong_type(v, key, "a number", e);
	d = jx_real(v);
	if (!(d >= min && d <= max))
		return err_param(e, MDB_E_INVALID, key,
			"%s: must be from %g to %g, is %g", key, min, max, d);
	*ret = d;
	return 0;
}

int
jx_bool(const json_t *o, const char *key, bool required, bool *ret,
	struct err *e)
{
	json_t *v = NULL;
	int rc = jx_find(o, key, required, &v, "true or false", e);

	if (rc != 0)
		return rc;
	if (!json_is_boolean(v))
		return jx_wrong_type(v, key, "true or false", e);
	*ret = json_is_true(v);
	return 0;
}

int
jx_array(const json_t *o, const char *key, bool required, json_t **ret,
	struct err *e)
{
	json_t *v = NULL;
	int rc = jx_find(o, key, required, &v, "an array", e);

	if (rc != 0)
		return rc;
	if (!json_is_array(v))
		return jx_wrong_type(v, key, "an array", e);
	*ret = v;
	return 0;
}

int
jx_object(const json_t *o, const char *key, bool required, json_t **ret,
	struct err *e)
{
	json_t *v = NULL;
	int rc = jx_find(o, key, required, &v, "an object", e);

	if (rc != 0)
		return rc;
	if (!json_is_object(v))
		return jx_wrong_type(v, key, "an object", e);
	*ret = v;
	return 0;
}

int
jx_set(json_t *o, const char *key, json_t *value_new)
{
	if (!value_new || json_object_set_new(o, key, value_new) < 0)
		return MDB_E_NOMEM;
	return 0;
}

int
jx_settle_integer(json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	int64_t i;

	if (!json_is_real(v) || !jx_integral(v, &i))
		return 0;
	return jx_set(o, key, json_integer(i));
}

int
jx_add(json_t *a, json_t *value_new)
{
	if (!value_new || json_array_append_new(a, value_new) < 0)
		return MDB_E_NOMEM;
	return 0;
}

/* As deep as what the parser takes. */
json_t *
jx_copy(const json_t *v)
{
	json_t *from = (json_t *)(uintptr_t)v, *member;
	AUTO_JSON json_t *copy = NULL;
	const char *key;
	size_t i;

	if (json_is_string(v))
		return json_stringn_nocheck(json_string_value(v),
			json_string_length(v));
	if (json_is_integer(v))
		return json_integer(json_integer_value(v));
	if (json_is_real(v))
		return json_real(json_real_value(v));
	if (!json_is_object(v) && !json_is_array(v))
		return json_incref(from); /* true, false, null: one of each */
	copy = json_is_object(v) ? json_object() : json_array();
	if (!copy)
		return NULL;
	json_object_foreach(from, key, member)
		if (jx_set(copy, key, jx_copy(member)) != 0)
			return NULL;
	json_array_foreach(from, i, member)
		if (jx_add(copy, jx_copy(member)) != 0)
			return NULL;
	return take_ptr(copy);
}
