/* A table and those below it are statements of their own, so an entry is cut
 * out line by line. What install adds begins with one empty line, and removing
 * takes one away: the text is then what it was. */
#include "memory-db/cli/lib/clienttoml.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/toml.h"

/* A text of many MB is no configuration. */
#define TEXT_BYTES (1024 * 1024)

static int
parse(const struct buf *text, struct toml *t, struct err *e)
{
	if (text->len > TEXT_BYTES)
		return err_set(e, MDB_E_LIMIT, "is larger than 1 MB");
	return toml_parse(text->len > 0 ? text->data : "", text->len, t, e);
}

json_t *
clienttoml_parse(const struct buf *text, struct err *e)
{
	AUTO_TOML struct toml t = {0};

	if (parse(text, &t, e) != 0)
		return NULL;
	return take_ptr(t.all);
}

/* The path of an entry. 1, 0: there is none, or MDB_E_NOMEM. */
static int
clienttoml_path_of(const struct toml *t, const char *key, const char *name,
	bool is_list, struct buf *path)
{
	json_t *servers = json_object_get(t->all, key), *x;
	size_t i;

	if (buf_addf(path, "%c%s", TOML_SEP, key) != 0)
		return MDB_E_NOMEM;
	if (!is_list) {
		if (buf_addf(path, "%c%s", TOML_SEP, name) != 0 ||
			!buf_str(path))
			return MDB_E_NOMEM;
		return json_object_get(servers, name) != NULL;
	}
	json_array_foreach(servers, i, x) {
		if (strcmp(cli_str(x, "name", ""), name) != 0)
			continue;
		if (buf_addf(path, "%c%zu", TOML_ITEM, i) != 0 ||
			!buf_str(path))
			return MDB_E_NOMEM;
		return 1;
	}
	return 0;
}

/* --- writing -------------------------------------------------------------- */

/* A value on one line: JSON's way of writing is TOML's, but for tables. */
static int
clienttoml_add_value(const json_t *v, struct buf *out)
{
	const char *name;
	json_t *x;
	size_t i, k = 0;

	if (json_is_array(v)) {
		if (buf_addc(out, '[') != 0)
			return MDB_E_NOMEM;
		json_array_foreach((json_t *)(uintptr_t)v, i, x)
			if ((i > 0 && buf_adds(out, ", ") != 0) ||
				clienttoml_add_value(x, out) != 0)
				return MDB_E_NOMEM;
		return buf_addc(out, ']');
	}
	if (!json_is_object(v))
		return jx_dump(v, out);
	if (buf_adds(out, "{") != 0)
		return MDB_E_NOMEM;
	json_object_foreach((json_t *)(uintptr_t)v, name, x)
		if (buf_addf(out, "%s%s = ", k++ > 0 ? ", " : " ", name) != 0 ||
			clienttoml_add_value(x, out) != 0)
			return MDB_E_NOMEM;
	return buf_adds(out, " }");
}

/* The lines of an entry, the last one without its end. A table below it
 * (env) gets a header of its own; in a list it is written inline, as a header
 * would have to name the list's last element. */
static int
clienttoml_add_entry(const char *key, const char *name, bool is_list,
	const json_t *entry, const char *nl, struct buf *out)
{
	const char *member, *inner;
	json_t *v, *x;

	if (is_list ? buf_addf(out, "[[%s]]", key)
		    : buf_addf(out, "[%s.%s]", key, name))
		return MDB_E_NOMEM;
	json_object_foreach((json_t *)(uintptr_t)entry, member, v)
		if ((is_list || !json_is_object(v)) &&
			(buf_addf(out, "%s%s = ", nl, member) != 0 ||
				clienttoml_add_value(v, out) != 0))
			return MDB_E_NOMEM;
	json_object_foreach((json_t *)(uintptr_t)entry, member, v) {
		if (is_list || !json_is_object(v))
			continue;
		if (buf_addf(out, "%s%s[%s.%s.%s]", nl, nl, key, name, member))
			return MDB_E_NOMEM;
		json_object_foreach(v, inner, x)
			if (buf_addf(out, "%s%s = ", nl, inner) != 0 ||
				clienttoml_add_value(x, out) != 0)
				return MDB_E_NOMEM;
	}
	return 0;
}

int
clienttoml_put(const struct buf *text, const char *key, const char *name,
	bool is_list, const json_t *entry, struct buf *after, struct err *e)
{
	AUTO_BUF struct buf path = {0}, rest = {0};
	AUTO_TOML struct toml t = {0};
	const char *nl = lines_end_of(text);
	bool has_end;
	int rc = parse(text, &t, e);

	if (rc != 0)
		return rc;
	rc = clienttoml_path_of(&t, key, name, is_list, &path);
	if (rc < 0)
		return err_nomem(e);
	if (rc == 1)
		rc = clienttoml_remove(text, key, name, is_list, &rest, e);
	else if (text->len > 0 && buf_add(&rest, text->data, text->len) != 0)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	has_end = rest.len == 0 || rest.data[rest.len - 1] == '\n';
	if ((rest.len > 0 && (buf_add(after, rest.data, rest.len) != 0 ||
				     buf_adds(after, nl) != 0)) ||
		(!has_end && buf_adds(after, nl) != 0) ||
		clienttoml_add_entry(key, name, is_list, entry, nl, after) !=
			0 ||
		(has_end && buf_adds(after, nl) != 0) || !buf_str(after))
		return err_nomem(e);
	return 0;
}

/* --- removing ------------------------------------------------------------- */

/* One line end less at the end of out. */
static void
drop_newline(struct buf *out)
{
	if (out->len > 0 && out->data[out->len - 1] == '\n')
		out->len--;
	if (out->len > 0 && out->data[out->len - 1] == '\r')
		out->len--;
}

static bool
ends_in_empty_line(const struct buf *out)
{
	size_t n = out->len;

	if (n == 0 || out->data[n - 1] != '\n')
		return false;
	n--;
	if (n > 0 && out->data[n - 1] == '\r')
		n--;
	return n == 0 || out->data[n - 1] == '\n';
}

static bool
is_blank(const char *s, size_t from, size_t end)
{
	for (; from < end; from++)
		if (strchr(" \t\r\n", s[from]) == NULL)
			return false;
	return true;
}

int
clienttoml_remove(const struct buf *text, const char *key, const char *name,
	bool is_list, struct buf *after, struct err *e)
{
	AUTO_BUF struct buf path = {0};
	AUTO_TOML struct toml t = {0};
	const char *s = text->data;
	size_t kept = 0, n = text->len;
	int rc = parse(text, &t, e);

	if (rc != 0)
		return rc;
	rc = clienttoml_path_of(&t, key, name, is_list, &path);
	if (rc < 0)
		return err_nomem(e);
	if (rc == 0)
		return err_set(e, MDB_E_NOT_FOUND, "no server '%s'", name);
	for (size_t i = 0; i < t.n; i++) {
		const struct toml_item *item = &t.items[i];
		bool is_first = kept == 0 || !is_blank(s, kept, item->at);

		if (item->kind == TOML_INNER ||
			!toml_is_below(item->path, path.data))
			continue;
		/* Empty lines between what goes go with it. */
		if (is_first && buf_add(after, s + kept, item->at - kept) != 0)
			return err_nomem(e);
		if (is_first && item->kind != TOML_VALUE &&
			ends_in_empty_line(after))
			drop_newline(after);
		kept = item->end;
	}
	if (kept == 0)
		return err_set(e, MDB_E_INVALID,
			"the server '%s' is written within an inline table",
			name);
	/* The text did not end in a line end before the entry was added. */
	if (kept == n && s[n - 1] != '\n')
		drop_newline(after);
	if (buf_add(after, s + kept, n - kept) != 0 || !buf_str(after))
		return err_nomem(e);
	return 0;
}

int
clienttoml_set(const struct buf *text, const char *key, const char *name,
	bool is_list, const char *member, const json_t *value,
	struct buf *after, struct err *e)
{
	AUTO_BUF struct buf path = {0};
	AUTO_TOML struct toml t = {0};
	int rc = parse(text, &t, e);

	if (rc != 0)
		return rc;
	rc = clienttoml_path_of(&t, key, name, is_list, &path);
	if (rc < 0 || buf_addf(&path, "%c%s", TOML_SEP, member) != 0 ||
		!buf_str(&path))
		return err_nomem(e);
	for (size_t i = 0; rc == 1 && i < t.n; i++) {
		const struct toml_item *item = &t.items[i];

		if (item->value_end == 0 || strcmp(item->path, path.data) != 0)
			continue;
		if (buf_add(after, text->data, item->value_at) != 0 ||
			clienttoml_add_value(value, after) != 0 ||
			buf_add(after, text->data + item->value_end,
				text->len - item->value_end) != 0 ||
			!buf_str(after))
			return err_nomem(e);
		return 0;
	}
	return err_set(e, MDB_E_NOT_FOUND, "no member '%s'", member);
}
