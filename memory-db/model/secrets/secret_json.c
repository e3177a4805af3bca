#include "memory-db/model/secrets/secret_json.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/secrets/secrets_int.h"

/* Looks at, or marks, a tree of values. The parser bounds how deep it is. */
struct walk {
	bool marks;
	json_t *places; /* borrowed, or NULL */
	int64_t marked; /* texts */
	struct secret_place found;
	struct err *e;
};

/* --- paths ------------------------------------------------------------------- */
/* A name in a path must not be a secret itself. */
static void
join_name(const char *path, const char *key, char *out, size_t size)
{
	struct secret s;

	if (secret_find(key, strlen(key), 0, &s))
		key = "(a name)";
	snprintf(out, size, "%s%s%s", path, *path != '\0' ? "." : "", key);
}

static void
join_index(const char *path, size_t i, char *out, size_t size)
{
	snprintf(out, size, "%s[%zu]", path, i);
}

/* --- one text ---------------------------------------------------------------- */
static bool
find_in(const char *key, const json_t *text, struct secret *ret)
{
	const char *s = json_string_value(text);
	size_t n = json_string_length(text);

	return secret_find(s, n, 0, ret) ||
	       (key != NULL && secret_named(key, s, n, ret));
}

static int
note_place(struct walk *w, const char *rule, const char *path)
{
	w->marked++;
	if (w->places != NULL &&
		jx_add(w->places, json_pack("{s:s,s:s}", "param", path, "rule",
					  rule)) != 0)
		return err_nomem(w->e);
	return 0;
}

/* The text with markers, new. One that only its name gives away goes in
 * whole. */
static json_t *
marked_text(const json_t *text, const struct secret *first)
{
	struct buf out AUTO_BUF = {0};
	size_t marked = 0;

	if (secret_mark(json_string_value(text), json_string_length(text), &out,
		    &marked) != 0)
		return NULL;
	return marked > 0 ? json_stringn(out.data, out.len)
			  : json_sprintf("[secret:%s]", first->rule);
}

/* 1: there is one (and the walk looks only); else 0 or an error. *ret_new:
 * what takes its place, or NULL. */
static int
walk_text(struct walk *w, const char *key, const json_t *text, const char *path,
	json_t **ret_new)
{
	struct secret s;

	*ret_new = NULL;
	if (!find_in(key, text, &s))
		return 0;
	if (!w->marks) {
		w->found.rule = s.rule;
		snprintf(w->found.path, sizeof(w->found.path), "%s", path);
		return 1;
	}
	*ret_new = marked_text(text, &s);
	return *ret_new == NULL ? err_nomem(w->e) : note_place(w, s.rule, path);
}

/* --- trees ------------------------------------------------------------------- */
static int walk_value(struct walk *w, const char *key, json_t *value,
	const char *path, json_t **ret_new);

static int
walk_array(struct walk *w, json_t *list, const char *path)
{
	char at[sizeof(w->found.path)];
	json_t *value, *fresh;
	size_t i;
	int rc;

	json_array_foreach(list, i, value) {
		join_index(path, i, at, sizeof(at));
		rc = walk_value(w, NULL, value, at, &fresh);
		if (fresh != NULL && json_array_set_new(list, i, fresh) != 0)
			return err_nomem(w->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The name of a member: 1, 0, or an error; renamed when it is marked. */
static int
walk_name(struct walk *w, json_t *o, const char *key, json_t *value,
	const char *path)
{
	json_t *name AUTO_JSON = json_string(key), *fresh AUTO_JSON = NULL;
	int rc = name == NULL ? err_nomem(w->e)
			      : walk_text(w, NULL, name, path, &fresh);

	if (rc != 0 || fresh == NULL)
		return rc;
	if (json_object_set(o, json_string_value(fresh), value) != 0)
		return err_nomem(w->e);
	json_object_del(o, key);
	return 0;
}

static int
walk_object(struct walk *w, json_t *o, const char *path)
{
	char at[sizeof(w->found.path)];
	json_t *value, *fresh;
	const char *key;
	void *next;
	int rc;

	json_object_foreach_safe(o, next, key, value) {
		join_name(path, key, at, sizeof(at));
		rc = walk_value(w, key, value, at, &fresh);
		if (fresh != NULL && json_object_set_new(o, key, fresh) != 0)
			return err_nomem(w->e);
		if (rc == 0)
			rc = walk_name(w, o, key, json_object_get(o, key),
				path);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
walk_value(struct walk *w, const char *key, json_t *value, const char *path,
	json_t **ret_new)
{
	*ret_new = NULL;
	if (json_is_string(value))
		return walk_text(w, key, value, path, ret_new);
	if (json_is_array(value))
		return walk_array(w, value, path);
	return json_is_object(value) ? walk_object(w, value, path) : 0;
}

/* --- a member ---------------------------------------------------------------- */
bool
secret_in_value(const json_t *value, const char *path, struct secret_place *ret)
{
	struct walk w = {0}; /* changes nothing */
	json_t *none;

	if (walk_value(&w, NULL, (json_t *)(uintptr_t)value, path, &none) != 1)
		return false;
	*ret = w.found;
	return true;
}

bool
secret_in_member(const json_t *o, const char *key, const char *path,
	struct secret_place *ret)
{
	char at[sizeof(ret->path)];

	join_name(path, key, at, sizeof(at));
	return secret_in_value(json_object_get(o, key), at, ret);
}

int
secret_mark_member(json_t *o, const char *key, const char *path, json_t *places,
	int64_t *io_marked, struct err *e)
{
	struct walk w = {.marks = true, .places = places, .e = e};
	json_t *fresh = NULL;
	char at[sizeof(w.found.path)];
	int rc;

	join_name(path, key, at, sizeof(at));
	rc = walk_value(&w, NULL, json_object_get(o, key), at, &fresh);
	if (fresh != NULL && json_object_set_new(o, key, fresh) != 0)
		return err_nomem(e);
	*io_marked += w.marked;
	return rc;
}
