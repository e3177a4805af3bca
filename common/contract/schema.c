/* Validation of parameters against their tables, which also settles what each
 * number is. The place of a value is kept
 * as a chain of frames on the stack and becomes text ("entities[3].name") only
 * when there is an error. */
#include "common/contract/schema.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"

#define KNOWN_MAX   64 /* members of one object, for the nearest name */
#define IGNORED_MAX 20 /* names reported under `ignored` */
#define POINT_BYTES 64

struct schema_place {
	const struct schema_place *up;
	const char *name; /* NULL: an entry of an array */
	size_t index;
};

struct schema_check {
	json_t *ignored; /* NULL: unknown members are errors */
	struct err *e;
};

static void
write_place(const struct schema_place *at, char *out, size_t size)
{
	size_t n;

	if (!at) {
		out[0] = '\0';
		return;
	}
	write_place(at->up, out, size);
	n = strlen(out);
	if (!at->name)
		snprintf(out + n, size - n, "[%zu]", at->index);
	else
		snprintf(out + n, size - n, "%s%s", n > 0 ? "." : "", at->name);
}

/* The same, cut between characters. */
static void
place_text(const struct schema_place *at, char *out, size_t size)
{
	write_place(at, out, size);
	out[text_cut(out, strlen(out))] = '\0';
}

static int schema_wrong(struct schema_check *c, const struct schema_place *at,
	const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
schema_wrong(struct schema_check *c, const struct schema_place *at,
	const char *fmt, ...)
{
	char path[sizeof(c->e->param)], text[sizeof(c->e->text)];
	va_list ap;

	if (!c->e)
		return MDB_E_INVALID;
	place_text(at, path, sizeof(path));
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_param(c->e, MDB_E_INVALID, path, "%s: %s", path, text);
}

static const char *
schema_wanted(enum param_type type)
{
	switch (type) {
	case P_STRING:
		return "a string";
	case P_INT:
		return "an integer";
	case P_NUMBER:
		return "a number";
	case P_BOOL:
		return "a boolean (true or false)";
	case P_OBJECT:
		return "an object";
	case P_ARRAY:
		return "an array";
	case P_POINT:
		return "an integer (change id) or a string (time)";
	case P_ANY:
		return "any value";
	case P_TEXT_OR_OBJECT:
		break;
	}
	return "a string or an object";
}

static int
schema_wrong_type(struct schema_check *c, const struct schema_place *at,
	const struct param *p, const json_t *v)
{
	if (json_is_real(v) && (p->type == P_INT || p->type == P_POINT))
		return schema_wrong(c, at, "must be %s, is %.17g",
			schema_wanted(p->type), json_real_value(v));
	return schema_wrong(c, at, "must be %s, is %s", schema_wanted(p->type),
		jx_type_name(v));
}

static int
check_choice(struct schema_check *c, const struct schema_place *at,
	const struct param *p, const char *s)
{
	const char *nearest;
	char list[256] = "";
	size_t n = 0;

	for (size_t i = 0; p->choices[i]; i++)
		if (strcmp(p->choices[i], s) == 0)
			return 0;
	for (size_t i = 0; p->choices[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
			i > 0 ? ", " : "", p->choices[i]);
	nearest = text_nearest(s, p->choices);
	if (nearest)
		return schema_wrong(c, at,
			"must be one of %s, is '%.64s'; did you mean '%s'?",
			list, s, nearest);
	return schema_wrong(c, at, "must be one of %s, is '%.64s'", list, s);
}

static int
check_string(struct schema_check *c, const struct schema_place *at,
	const struct param *p, const json_t *v)
{
	size_t n = json_string_length(v);
	int64_t min = p->min;

	if (p->choices)
		return check_choice(c, at, p, json_string_value(v));
	if (min < 1 && (p->flags & PF_NOT_EMPTY))
		min = 1;
	if (n >= (uint64_t)min && (p->max == 0 || n <= (uint64_t)p->max))
		return 0;
	if (p->max == 0)
		return schema_wrong(c, at, "must not be empty");
	if (min > 0)
		return schema_wrong(c, at, "must be %lld to %lld bytes, is %zu",
			(long long)min, (long long)p->max, n);
	return schema_wrong(c, at, "must be at most %lld bytes, is %zu",
		(long long)p->max, n);
}

/* Puts v_new, the form of a number that handlers read, in its place. */
static int
schema_put(struct schema_check *c, json_t *v_new, json_t **ret)
{
	*ret = v_new;
	return v_new ? 0 : err_nomem(c->e);
}

/* ret: a new value to stand in the place of v; untouched when v may stay. */
static int
check_int(struct schema_check *c, const struct schema_place *at,
	const struct param *p, const json_t *v, json_t **ret)
{
	int64_t i;

	if (!jx_integral(v, &i))
		return schema_wrong_type(c, at, p, v);
	if (i >= p->min && (p->max == 0 || i <= p->max))
		return json_is_real(v) ? schema_put(c, json_integer(i), ret)
				       : 0;
	if (p->max == 0 || p->max == INT64_MAX)
		return schema_wrong(c, at, "must be at least %lld, is %lld",
			(long long)p->min, (long long)i);
	return schema_wrong(c, at, "must be from %lld to %lld, is %lld",
		(long long)p->min, (long long)p->max, (long long)i);
}

static int
schema_check_number(struct schema_check *c, const struct schema_place *at,
	const struct param *p, const json_t *v, json_t **ret)
{
	double d = jx_real(v);

	if (!json_is_number(v))
		return schema_wrong_type(c, at, p, v);
	if (d >= (double)p->min && (p->max == 0 || d <= (double)p->max))
		return signbit(json_real_value(v)) != signbit(d)
			       ? schema_put(c, json_real(d), ret)
			       : 0;
	return schema_wrong(c, at, "must be from %lld to %lld, is %g",
		(long long)p->min, (long long)p->max, d);
}

static int
check_point(struct schema_check *c, const struct schema_place *at,
	const struct param *p, const json_t *v, json_t **ret)
{
	int64_t i;

	if (jx_integral(v, &i) && i < 0)
		return schema_wrong(c, at,
			"a change id is not negative, is %lld", (long long)i);
	if (jx_integral(v, &i))
		return json_is_real(v) ? schema_put(c, json_integer(i), ret)
				       : 0;
	if (!json_is_string(v))
		return schema_wrong_type(c, at, p, v);
	if (json_string_length(v) == 0 && (p->flags & PF_MAY_BE_EMPTY))
		return 0;
	if (json_string_length(v) < 1 || json_string_length(v) > POINT_BYTES)
		return schema_wrong(c, at,
			"must be a time like 2026-11-20T08:05:00Z or "
			"'yesterday', or a change id");
	return 0;
}

static int schema_check_members(struct schema_check *c,
	const struct schema_place *at, const struct param *table,
	const struct param *extra, json_t *object);
static int check_value(struct schema_check *c, const struct schema_place *at,
	const struct param *p, json_t *v, json_t **ret);

static int
check_array(struct schema_check *c, const struct schema_place *at,
	const struct param *p, json_t *v)
{
	size_t n = json_array_size(v);
	struct schema_place entry = {.up = at};

	if (n == 0 && (p->min > 0 || (p->flags & PF_NOT_EMPTY)))
		return schema_wrong(c, at, "must not be empty");
	if (p->max > 0 && n > (uint64_t)p->max)
		return schema_wrong(c, at,
			"must have at most %lld entries, has %zu",
			(long long)p->max, n);
	for (size_t i = 0; p->item && i < n; i++) {
		json_t *other = NULL;
		int rc;

		entry.index = i;
		rc = check_value(c, &entry, p->item, json_array_get(v, i),
			&other);
		if (rc < 0)
			return rc;
		if (other && json_array_set_new(v, i, other) < 0)
			return err_nomem(c->e);
	}
	return 0;
}

static int
check_value(struct schema_check *c, const struct schema_place *at,
	const struct param *p, json_t *v, json_t **ret)
{
	switch (p->type) {
	case P_STRING:
		return json_is_string(v) ? check_string(c, at, p, v)
					 : schema_wrong_type(c, at, p, v);
	case P_INT:
		return check_int(c, at, p, v, ret);
	case P_NUMBER:
		return schema_check_number(c, at, p, v, ret);
	case P_BOOL:
		return json_is_boolean(v) ? 0 : schema_wrong_type(c, at, p, v);
	case P_POINT:
		return check_point(c, at, p, v, ret);
	case P_ANY:
		return 0;
	case P_ARRAY:
		return json_is_array(v) ? check_array(c, at, p, v)
					: schema_wrong_type(c, at, p, v);
	case P_TEXT_OR_OBJECT:
		if (json_is_string(v))
			return check_string(c, at, p, v);
		break;
	case P_OBJECT:
		break;
	}
	if (!json_is_object(v))
		return schema_wrong_type(c, at, p, v);
	return p->sub ? schema_check_members(c, at, p->sub, NULL, v) : 0;
}

static const struct param *
param_find(const struct param *table, const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* A member that the table requires and the object lacks? */
static bool
lacks_required(const struct param *table, const json_t *object)
{
	for (; table && table->name; table++)
		if ((table->flags & PF_REQUIRED) &&
			!json_object_get(object, table->name))
			return true;
	return false;
}

/* The known name that is nearest to this one; NULL: none is near. What every
 * call may say (extra) is guessed only when nothing of its own is missing:
 * who sends `name` to a tool that requires `entity` means no `namespace`. */
static const char *
nearest_member(const struct param *table, const struct param *extra,
	const json_t *object, const char *name)
{
	const char *known[KNOWN_MAX + 1], *nearest;
	size_t n = 0;

	for (const struct param *p = table; p->name && n < KNOWN_MAX; p++)
		known[n++] = p->name;
	known[n] = NULL;
	nearest = text_nearest(name, known);
	if (nearest || lacks_required(table, object))
		return nearest;
	n = 0;
	for (; extra && extra->name && n < KNOWN_MAX; extra++)
		known[n++] = extra->name;
	known[n] = NULL;
	return text_nearest(name, known);
}

static int
unknown_member(struct schema_check *c, const struct schema_place *up,
	const struct param *table, const struct param *extra,
	const json_t *object, const char *name)
{
	const struct schema_place at = {.up = up, .name = name};
	const char *nearest, *what = up ? "member" : "parameter";
	char path[sizeof(c->e->param)], list[256] = "";
	size_t used = 0;

	place_text(&at, path, sizeof(path));
	if (c->ignored) {
		if (json_array_size(c->ignored) >= IGNORED_MAX)
			return 0;
		return jx_add(c->ignored, json_string(path)) < 0
			       ? err_nomem(c->e)
			       : 0;
	}
	nearest = nearest_member(table, extra, object, name);
	if (nearest)
		return err_param(c->e, MDB_E_INVALID, path,
			"unknown %s '%s'; did you mean '%s'?", what, path,
			nearest);
	for (const struct param *p = table; p->name && used < sizeof(list); p++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
			"%s%s%s", used > 0 ? ", " : "", p->name,
			p->flags & PF_REQUIRED ? " (required)" : "");
	return err_param(c->e, MDB_E_INVALID, path,
		"unknown %s '%s'; known here: %s", what, path,
		used > 0 ? list : "none");
}

/* A member of object that may be a slip of the pen for name; NULL: none. Where
 * unknown members pass, it explains why a required one is missing. */
static const char *
mistaken(const struct param *table, const json_t *object, const char *name)
{
	const char *const only[] = {name, NULL};
	json_t *o = (json_t *)(uintptr_t)object;

	for (void *it = json_object_iter(o); it;
		it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

		if (!param_find(table, key) && text_nearest(key, only))
			return key;
	}
	return NULL;
}

static int
check_required(struct schema_check *c, const struct schema_place *up,
	const struct param *table, const json_t *object)
{
	for (const struct param *p = table; p && p->name; p++) {
		const struct schema_place at = {.up = up, .name = p->name};
		const char *slip;
		const json_t *v;

		if (!(p->flags & PF_REQUIRED))
			continue;
		v = json_object_get(object, p->name);
		if (v && !json_is_null(v))
			continue;
		slip = mistaken(table, object, p->name);
		if (slip)
			return schema_wrong(c, &at,
				"is missing; '%.64s' is not known, write '%s'",
				slip, p->name);
		return schema_wrong(c, &at,
			"is missing; it is required and must be %s",
			schema_wanted(p->type));
	}
	return 0;
}

static int
schema_check_members(struct schema_check *c, const struct schema_place *at,
	const struct param *table, const struct param *extra, json_t *object)
{
	int rc = 0;

	/* Unknown members first: a slip of the pen explains a missing one. */
	for (void *it = json_object_iter(object); it;
		it = json_object_iter_next(object, it)) {
		const char *name = json_object_iter_key(it);
		const struct schema_place member = {.up = at, .name = name};
		json_t *v = json_object_iter_value(it), *other = NULL;
		const struct param *p = param_find(table, name);

		if (!p)
			p = param_find(extra, name);
		if (!p)
			rc = unknown_member(c, at, table, extra, object, name);
		else if (!json_is_null(v))
			rc = check_value(c, &member, p, v, &other);
		if (rc != 0)
			return rc;
		/* Another value of a name that is there moves nothing. */
		if (other && json_object_iter_set_new(object, it, other) < 0)
			return err_nomem(c->e);
	}
	return check_required(c, at, table, object);
}

int
schema_check(const struct param *table, const struct param *extra,
	json_t *object, json_t **ret_ignored, struct err *e)
{
	AUTO_JSON json_t *ignored = NULL;
	struct schema_check c = {.e = e};
	int rc;

	if (ret_ignored) {
		c.ignored = ignored = json_array();
		if (!ignored)
			return err_nomem(e);
	}
	rc = schema_check_members(&c, NULL, table, extra, object);
	if (rc != 0)
		return rc;
	if (ret_ignored)
		*ret_ignored = take_ptr(ignored);
	return 0;
}
