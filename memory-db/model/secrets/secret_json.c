/* Secrets in parameters: the texts of a JSON value, wherever they stand in
 * it.
 *
 * For example
 * {"entities":[{"name":"db","observations":["password=hunter22x"]}]}: each
 * text is looked through with the name of the member it stands under, since
 * {"password":"hunter22x"} is a secret by its name and "hunter22x" alone is
 * not. A find is told by its path, entities[0].observations[0], never by its
 * value. */
#include "memory-db/model/secrets/secret_json.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/secrets/secrets_int.h"

/* Looks at, or marks, a tree of values. The parser bounds how deep it is. */
struct secret_json_walk {
	bool marks;
	json_t *places; /* borrowed, or NULL */
	int64_t marked; /* texts */
	struct secret_place found;
	struct err *e;
};

/* --- where the walk is ------------------------------------------------------- */
/* A value on the way down from the root. A path is made of these only when
 * something was found: most texts hold nothing. */
struct secret_json_step {
	const struct secret_json_step
		*up;	 /* NULL: the root, whose path key is */
	const char *key; /* of a member; NULL: of a list */
	size_t i;	 /* in the list */
};

/* Bytes of out that are used. A name in a path must not be a secret itself. */
static size_t
step_path(const struct secret_json_step *x, char *out, size_t size)
{
	size_t n = x->up != NULL ? step_path(x->up, out, size) : 0;
	const char *key = x->key;
	struct secret s;
	int more;

	if (n + 1 >= size)
		return n;
	if (key && x->up && secret_find(key, strlen(key), 0, &s))
		key = "(a name)";
	more = !key ? snprintf(out + n, size - n, "[%zu]", x->i)
		    : snprintf(out + n, size - n, "%s%s", n > 0 ? "." : "",
			      key);
	return n + (size_t)more < size ? n + (size_t)more : size - 1;
}

/* --- one text ---------------------------------------------------------------- */
static bool
secret_json_find_in(const char *key, const json_t *text, struct secret *ret)
{
	const char *s = json_string_value(text);
	size_t n = json_string_length(text);

	return secret_find(s, n, 0, ret) ||
	       (key && secret_named(key, s, n, ret));
}

static int
secret_json_note_place(struct secret_json_walk *w, const char *rule, size_t n,
	const struct secret_json_step *at)
{
	char path[sizeof(w->found.path)] = "";

	w->marked++;
	step_path(at, path, sizeof(path));
	if (w->places &&
		jx_add(w->places,
			json_pack("{s:s,s:s,s:o*}", "param", path, "rule", rule,
				"count",
				n > 1 ? json_integer((json_int_t)n) : NULL)))
		return err_nomem(w->e);
	return 0;
}

/* The text with *ret_n markers, new. One that only its name gives away goes in
 * whole. */
static json_t *
marked_text(const json_t *text, const struct secret *first, size_t *ret_n)
{
	AUTO_BUF struct buf out = {0};

	if (secret_mark(json_string_value(text), json_string_length(text), &out,
		    ret_n) != 0)
		return NULL;
	return *ret_n > 0 ? json_stringn(out.data, out.len)
			  : json_sprintf("[secret:%s]", first->rule);
}

/* 1: there is one (and the walk looks only); else 0 or an error. *ret_new:
 * what takes its place, or NULL. */
static int
found_one(struct secret_json_walk *w, const char *rule,
	const struct secret_json_step *at)
{
	w->found.rule = rule;
	w->found.path[0] = '\0';
	step_path(at, w->found.path, sizeof(w->found.path));
	return 1;
}

static int
walk_text(struct secret_json_walk *w, const json_t *text,
	const struct secret_json_step *at, json_t **ret_new)
{
	struct secret s;
	size_t n = 0;

	if (!secret_json_find_in(at->up != NULL ? at->key : NULL, text, &s))
		return 0;
	if (!w->marks)
		return found_one(w, s.rule, at);
	*ret_new = marked_text(text, &s, &n);
	return !*ret_new ? err_nomem(w->e)
			 : secret_json_note_place(w, s.rule, n, at);
}

/* --- trees ------------------------------------------------------------------- */
static int walk_value(struct secret_json_walk *w, json_t *value,
	const struct secret_json_step *at, json_t **ret_new);

static int
walk_array(struct secret_json_walk *w, json_t *list,
	const struct secret_json_step *up)
{
	struct secret_json_step at = {.up = up};
	json_t *value, *fresh;
	int rc;

	json_array_foreach(list, at.i, value) {
		rc = walk_value(w, value, &at, &fresh);
		if (fresh && json_array_set_new(list, at.i, fresh) != 0)
			return err_nomem(w->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The name of a member: 1, 0, or an error; renamed when it is marked. */
static int
walk_name(struct secret_json_walk *w, json_t *o, const char *key,
	const struct secret_json_step *up)
{
	AUTO_BUF struct buf marked = {0};
	size_t n = strlen(key);
	struct secret s;

	if (!secret_find(key, n, 0, &s))
		return 0;
	if (!w->marks)
		return found_one(w, s.rule, up);
	if (secret_mark(key, n, &marked, NULL) != 0 || !buf_str(&marked) ||
		json_object_set(o, marked.data, json_object_get(o, key)) != 0)
		return err_nomem(w->e);
	json_object_del(o, key);
	return secret_json_note_place(w, s.rule, 1, up);
}

static int
walk_object(struct secret_json_walk *w, json_t *o,
	const struct secret_json_step *up)
{
	struct secret_json_step at = {.up = up};
	json_t *value, *fresh;
	void *next;
	int rc;

	json_object_foreach_safe(o, next, at.key, value) {
		rc = walk_value(w, value, &at, &fresh);
		if (fresh && json_object_set_new(o, at.key, fresh) != 0)
			return err_nomem(w->e);
		if (rc != 0)
			return rc;
		rc = walk_name(w, o, at.key, up);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
walk_value(struct secret_json_walk *w, json_t *value,
	const struct secret_json_step *at, json_t **ret_new)
{
	*ret_new = NULL;
	if (json_is_string(value))
		return walk_text(w, value, at, ret_new);
	if (json_is_array(value))
		return walk_array(w, value, at);
	return json_is_object(value) ? walk_object(w, value, at) : 0;
}

/* --- a member ---------------------------------------------------------------- */
static bool
secret_json_is_found(const json_t *value, const struct secret_json_step *at,
	struct secret_place *ret)
{
	struct secret_json_walk w = {0}; /* changes nothing */
	json_t *none;

	if (walk_value(&w, (json_t *)(uintptr_t)value, at, &none) != 1)
		return false;
	*ret = w.found;
	return true;
}

bool
secret_in_value(const json_t *value, const char *path, struct secret_place *ret)
{
	const struct secret_json_step root = {.key = path};

	return secret_json_is_found(value, &root, ret);
}

bool
secret_in_member(const json_t *o, const char *key, const char *path,
	struct secret_place *ret)
{
	const struct secret_json_step root = {.key = path},
				      at = {.up = &root, .key = key};

	return secret_json_is_found(json_object_get(o, key), &at, ret);
}

int
secret_mark_member(json_t *o, const char *key, const char *path, json_t *places,
	int64_t *io_marked, struct err *e)
{
	const struct secret_json_step root = {.key = path},
				      at = {.up = &root, .key = key};
	struct secret_json_walk w = {.marks = true, .places = places, .e = e};
	json_t *fresh;
	int rc;

	rc = walk_value(&w, json_object_get(o, key), &at, &fresh);
	if (fresh && json_object_set_new(o, key, fresh) != 0)
		return err_nomem(e);
	*io_marked += w.marked;
	return rc;
}

enum secret_policy
secret_policy_of(const json_t *params, enum secret_policy usual)
{
	if (json_is_true(json_object_get(params, "mark_secrets")))
		return SECRETS_MARK;
	return json_is_true(json_object_get(params, "allow_secret"))
		       ? SECRETS_ALLOW
		       : usual;
}
