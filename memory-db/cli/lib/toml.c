/* A reader by recursive descent. Each statement is recorded with its path and
 * its place in the text. Tables are JSON objects; which of them a header has
 * opened, and which were written inline, is kept beside, as a second header of
 * one is an error. */
#include "memory-db/cli/lib/toml.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "common/vec.h"
#include "memory-db/cli/lib/tomlvalue.h"

static int
push(const json_t ***list, size_t *n, size_t *cap, const json_t *v)
{
	if (vec_room(*list, *n, *cap) != 0)
		return MDB_E_NOMEM;
	(*list)[(*n)++] = v;
	return 0;
}

static bool
has(const json_t *const *list, size_t n, const json_t *v)
{
	for (size_t i = n; i > 0; i--)
		if (list[i - 1] == v)
			return true;
	return false;
}

int
toml_close(struct toml *t, const json_t *table)
{
	return push(&t->closed, &t->closed_n, &t->closed_cap, table);
}

int
toml_record(struct toml *t, const struct toml_item *item)
{
	if (vec_room(t->items, t->n, t->items_cap) != 0)
		return MDB_E_NOMEM;
	t->items[t->n] = *item;
	t->items[t->n].path = strdup(item->path);
	if (!t->items[t->n].path)
		return MDB_E_NOMEM;
	t->n++;
	return 0;
}

bool
toml_is_below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(path, prefix, n) == 0 &&
	       (path[n] == '\0' || path[n] == TOML_SEP || path[n] == TOML_ITEM);
}

/* --- tables --------------------------------------------------------------- */

/* The table `name` in `table`, made when it is not there; of an array of
 * tables its last element. Appends to path. NULL with *e set. */
json_t *
toml_step(struct toml *t, json_t *table, const char *name, struct buf *path,
	struct err *e)
{
	json_t *next = json_object_get(table, name);

	if (buf_addf(path, "%c%s", TOML_SEP, name) != 0) {
		err_nomem(e);
		return NULL;
	}
	if (!next) {
		if (jx_set(table, name, json_object()) != 0) {
			err_nomem(e);
			return NULL;
		}
		return json_object_get(table, name);
	}
	if (has(t->closed, t->closed_n, next)) {
		err_set(e, MDB_E_INVALID, "'%s' is complete already", name);
		return NULL;
	}
	if (json_is_array(next)) {
		size_t n = json_array_size(next);

		if (n > 0 && buf_addf(path, "%c%zu", TOML_ITEM, n - 1) != 0) {
			err_nomem(e);
			return NULL;
		}
		next = n > 0 ? json_array_get(next, n - 1) : NULL;
	}
	if (!json_is_object(next)) {
		err_set(e, MDB_E_INVALID, "'%s' is no table", name);
		return NULL;
	}
	return next;
}

/* [name] in table: becomes the current one. */
static json_t *
open_table(struct toml *t, json_t *table, const char *name, struct buf *path,
	struct err *e)
{
	if (json_is_array(json_object_get(table, name))) {
		err_set(e, MDB_E_INVALID, "'%s' is an array", name);
		return NULL;
	}
	table = toml_step(t, table, name, path, e);
	if (!table)
		return NULL;
	if (has(t->defined, t->defined_n, table)) {
		err_set(e, MDB_E_INVALID, "the table '%s' comes twice", name);
		return NULL;
	}
	if (push(&t->defined, &t->defined_n, &t->defined_cap, table) != 0) {
		err_nomem(e);
		return NULL;
	}
	return table;
}

/* [[name]] in table: a new element of that array. */
static json_t *
open_element(struct toml *t, json_t *table, const char *name, struct buf *path,
	struct err *e)
{
	json_t *list = json_object_get(table, name);

	if (list &&
		(!json_is_array(list) || has(t->closed, t->closed_n, list))) {
		err_set(e, MDB_E_INVALID, "'%s' is no array of tables", name);
		return NULL;
	}
	if (!list) {
		if (jx_set(table, name, json_array()) != 0) {
			err_nomem(e);
			return NULL;
		}
		list = json_object_get(table, name);
	}
	if (jx_add(list, json_object()) != 0 ||
		buf_addf(path, "%c%s%c%zu", TOML_SEP, name, TOML_ITEM,
			json_array_size(list) - 1) != 0) {
		err_nomem(e);
		return NULL;
	}
	return json_array_get(list, json_array_size(list) - 1);
}

/* --- statements ----------------------------------------------------------- */

/* Behind a statement: blanks, a remark, the line's end. */
static int
end_line(struct toml_reader *r, struct err *e)
{
	toml_blanks(r);
	if (r->at < r->n && r->s[r->at] == '#')
		while (r->at < r->n && r->s[r->at] != '\n')
			r->at++;
	if (r->at < r->n && r->s[r->at] == '\r')
		r->at++;
	if (r->at < r->n && r->s[r->at] != '\n')
		return err_set(e, MDB_E_INVALID,
			"something stands behind the value");
	if (r->at < r->n)
		r->at++;
	return 0;
}

/* Where the line of a statement begins; a byte order mark is no part of it. */
static size_t
toml_line_of(const struct toml_reader *r, size_t at)
{
	size_t begin = toml_line_begin(r->s, at);

	return begin < r->first ? r->first : begin;
}

/* [a.b] or [[a.b]]. */
static int
read_header(struct toml_reader *r, json_t **ret_table, struct buf *path,
	struct err *e)
{
	bool is_element = r->at + 1 < r->n && r->s[r->at + 1] == '[';
	struct toml_item item = {
		.kind = is_element ? TOML_ELEMENT : TOML_TABLE};
	json_t *table = r->t->all;
	size_t begin = r->at;

	r->at += is_element ? 2 : 1;
	buf_clear(path, 4096);
	for (;;) {
		AUTO_FREE char *name = NULL;
		char c;
		int rc = toml_key(r, &name, e);

		if (rc != 0)
			return rc;
		c = r->at < r->n ? r->s[r->at] : '\0';
		if (c == '.')
			table = toml_step(r->t, table, name, path, e);
		else if (c != ']')
			return err_set(e, MDB_E_INVALID, "a ']' is missing");
		else if (is_element)
			table = open_element(r->t, table, name, path, e);
		else
			table = open_table(r->t, table, name, path, e);
		if (!table)
			return e->code;
		r->at++;
		if (c == ']')
			break;
	}
	if (is_element && (r->at >= r->n || r->s[r->at++] != ']'))
		return err_set(e, MDB_E_INVALID, "a ']' is missing");
	int rc = end_line(r, e);

	if (rc != 0)
		return rc;
	if (!buf_str(path))
		return err_nomem(e);
	item.path = path->data;
	item.at = toml_line_of(r, begin);
	item.end = r->at;
	*ret_table = table;
	return toml_record(r->t, &item) != 0 ? err_nomem(e) : 0;
}

static int
read_statement(struct toml_reader *r, json_t *table, const struct buf *path,
	struct err *e)
{
	AUTO_BUF struct buf whole = {0};
	struct toml_item item = {.kind = TOML_VALUE};
	size_t begin = r->at, index = r->t->n, from, to;
	int rc;

	if (path->len > 0 && buf_add(&whole, path->data, path->len) != 0)
		return err_nomem(e);
	/* Its place in the list comes before those within its value. */
	item.path = (char *)(uintptr_t) "";
	if (toml_record(r->t, &item) != 0)
		return err_nomem(e);
	rc = toml_pair(r, table, &whole, 0, &from, &to, e);
	if (rc != 0)
		return rc;
	rc = end_line(r, e);
	if (rc != 0)
		return rc;
	item = r->t->items[index];
	free(item.path);
	if ((item.path = buf_steal(&whole)) == NULL) {
		r->t->items[index].path = NULL;
		return err_nomem(e);
	}
	item.at = toml_line_of(r, begin);
	item.end = r->at;
	item.value_at = from;
	item.value_end = to;
	r->t->items[index] = item;
	return 0;
}

static int
toml_read_all(struct toml_reader *r, struct err *e)
{
	AUTO_BUF struct buf path = {0};
	json_t *table = r->t->all;
	for (;;) {
		int rc;

		toml_space(r);
		if (r->at >= r->n)
			return 0;
		rc = r->s[r->at] == '[' ? read_header(r, &table, &path, e)
					: read_statement(r, table, &path, e);
		if (rc != 0)
			return rc;
	}
}

int
toml_parse(const char *s, size_t n, struct toml *ret, struct err *e)
{
	struct toml_reader r = {.s = s, .n = n, .t = ret};
	struct err why = {0};
	size_t line = 1;
	int rc;

	*ret = (struct toml){.all = json_object()};
	if (!ret->all)
		return err_nomem(e);
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		r.at = r.first = 3;
	if (!text_is_utf8(s, n))
		return err_set(e, MDB_E_INVALID,
			"is no valid TOML: it is no UTF-8 text");
	rc = toml_read_all(&r, &why);
	if (rc == 0)
		return 0;
	if (why.code == MDB_E_NOMEM)
		return err_nomem(e);
	for (size_t i = 0; i < r.at && i < n; i++)
		line += s[i] == '\n';
	return err_set(e, MDB_E_INVALID, "is no valid TOML (line %zu: %s)",
		line, why.text);
}

void
toml_done(struct toml *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].path);
	free(t->items);
	free(t->closed);
	free(t->defined);
	json_decref(t->all);
	*t = (struct toml){0};
}
