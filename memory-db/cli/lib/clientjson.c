/* A path of members is followed as far as it goes in the text; what is missing
 * of it is written as one new member of the last object that is there. */
#include "memory-db/cli/lib/clientjson.h"

#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/jedit.h"
#include "memory-db/cli/lib/jscan.h"

/* The part of a key up to its "/". */
#define PART_BYTES 128

static int
no_object(struct err *e, const char *what)
{
	return err_set(e, MDB_E_INVALID, "%s is no object", what);
}

/* Takes the first name off *key. */
static int
next_part(const char **key, char part[PART_BYTES], struct err *e)
{
	size_t n = strcspn(*key, "/");

	if (n >= PART_BYTES)
		return err_set(e, MDB_E_INVALID, "the key '%s' is too long",
			*key);
	memcpy(part, *key, n);
	part[n] = '\0';
	*key += n + ((*key)[n] == '/');
	return 0;
}

/* Element `part` of an array: as jscan_find. */
static int
element(const char *s, size_t n, size_t at, const char *part,
	struct jmember *ret)
{
	struct jwalk w;
	int64_t index;
	int more = 1;

	if (text_int(part, 0, INT32_MAX, &index) != 0 ||
		!jwalk_init(&w, s, n, at))
		return -1;
	for (int64_t i = 0; i <= index && more == 1; i++)
		more = jwalk_next(&w, ret);
	return more;
}

/* Follows *key from the top; leaves of it what is not there, and the position
 * of the last object (or array) that is. */
static int
clientjson_follow(const char *s, size_t n, const char **key, size_t *ret_at,
	struct err *e)
{
	size_t at = jscan_space(s, n, 0);

	if (at >= n || s[at] != '{')
		return no_object(e, "the whole file");
	while (**key != '\0') {
		const char *rest = *key;
		char part[PART_BYTES];
		struct jmember m;
		int rc = next_part(&rest, part, e);

		if (rc != 0)
			return rc;
		rc = s[at] == '[' ? element(s, n, at, part, &m)
				  : jscan_find(s, n, at, part, &m);
		if (rc == MDB_E_NOMEM)
			return err_nomem(e);
		if (rc < 0)
			return no_object(e, "the whole file");
		if (rc == 0)
			break;
		if (s[m.value.at] != '{' && s[m.value.at] != '[')
			return no_object(e, part);
		at = m.value.at;
		*key = rest;
	}
	*ret_at = at;
	return 0;
}

/* {"b": {"c": value}} for the key "b/c"; the value itself for "". Returns
 * new. */
static json_t *
wrap(const char *key, const char *name, const json_t *value, struct err *e)
{
	json_t *o = json_object();
	char part[PART_BYTES];

	if (!o)
		return NULL;
	if (*key == '\0') {
		if (jx_set(o, name, json_incref((json_t *)(uintptr_t)value))) {
			json_decref(o);
			return NULL;
		}
		return o;
	}
	if (next_part(&key, part, e) != 0 ||
		jx_set(o, part, wrap(key, name, value, e)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* The text, with {} behind what is only comments and blanks. */
static int
clientjson_base_of(const struct buf *text, struct buf *ret)
{
	size_t n = text->len;
	bool is_blank = jscan_space(text->data, n, 0) >= n;

	if (n > 0 && buf_add(ret, text->data, n) != 0)
		return MDB_E_NOMEM;
	/* The object must not become a part of the last remark. */
	if (is_blank && n > 0 && jscan_blank(text->data, n, 0) < n &&
		text->data[n - 1] != '\n' && buf_addc(ret, '\n') != 0)
		return MDB_E_NOMEM;
	if (is_blank && buf_adds(ret, "{}\n") != 0)
		return MDB_E_NOMEM;
	return buf_str(ret) != NULL ? 0 : MDB_E_NOMEM;
}

static int
clientjson_apply(const struct jedit *ed, const struct buf *base,
	struct buf *after, struct err *e)
{
	if (jedit_apply(ed, base->data, base->len, after) != 0 ||
		!buf_str(after))
		return err_nomem(e);
	return 0;
}

int
clientjson_put(const struct buf *text, const char *key, const char *name,
	const json_t *value, struct buf *after, struct err *e)
{
	AUTO_JEDIT struct jedit ed = {0};
	AUTO_BUF struct buf base = {0};
	AUTO_JSON json_t *o = NULL;
	const char *first, *rest = key;
	struct jmember m;
	json_t *inner;
	size_t at = 0;
	int rc;

	if (clientjson_base_of(text, &base) != 0)
		return err_nomem(e);
	if ((rc = clientjson_follow(base.data, base.len, &rest, &at, e)) != 0)
		return rc;
	if (base.data[at] != '{')
		return no_object(e, key);
	rc = *rest == '\0' ? jscan_find(base.data, base.len, at, name, &m) : 0;
	if (rc == 1) {
		rc = jedit_set(&ed, base.data, base.len, at, name, value, e);
		return rc != 0 ? rc : clientjson_apply(&ed, &base, after, e);
	}
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if ((o = wrap(rest, name, value, e)) == NULL)
		return err_nomem(e);
	first = json_object_iter_key(json_object_iter(o));
	inner = json_object_iter_value(json_object_iter(o));
	rc = jedit_add(&ed, base.data, base.len, at, first, inner, e);
	return rc != 0 ? rc : clientjson_apply(&ed, &base, after, e);
}

/* Where the value of a key begins that must be there. */
static int
find_there(const struct buf *text, const char *key, size_t *ret_at,
	struct err *e)
{
	const char *rest = key;
	int rc = clientjson_follow(text->data, text->len, &rest, ret_at, e);

	if (rc != 0)
		return rc;
	if (*rest != '\0')
		return err_set(e, MDB_E_NOT_FOUND, "no member '%s'", rest);
	return 0;
}

int
clientjson_remove(const struct buf *text, const char *key, const char *name,
	struct buf *after, struct err *e)
{
	AUTO_JEDIT struct jedit ed = {0};
	size_t at = 0;
	int rc = find_there(text, key, &at, e);

	if (rc != 0)
		return rc;
	rc = jedit_remove(&ed, text->data, text->len, at, name, e);
	return rc != 0 ? rc : clientjson_apply(&ed, text, after, e);
}

int
clientjson_append(const struct buf *text, const char *key, const json_t *value,
	struct buf *after, struct err *e)
{
	AUTO_JEDIT struct jedit ed = {0};
	AUTO_JSON json_t *list = NULL;
	AUTO_BUF struct buf base = {0};
	const char *rest = key, *slash = strrchr(key, '/');
	char above[PART_BYTES * 2];
	size_t at = 0;
	int rc;

	if (clientjson_base_of(text, &base) != 0)
		return err_nomem(e);
	if ((rc = clientjson_follow(base.data, base.len, &rest, &at, e)) != 0)
		return rc;
	if (*rest == '\0') {
		rc = jedit_add(&ed, base.data, base.len, at, NULL, value, e);
		return rc != 0 ? rc : clientjson_apply(&ed, &base, after, e);
	}
	list = json_pack("[O]", value);
	if (!list)
		return err_nomem(e);
	if ((slash ? (size_t)(slash - key) : 0) >= sizeof(above))
		return err_set(e, MDB_E_INVALID, "the key '%s' is too long",
			key);
	above[0] = '\0';
	if (slash) {
		memcpy(above, key, (size_t)(slash - key));
		above[slash - key] = '\0';
	}
	return clientjson_put(text, above, slash ? slash + 1 : key, list, after,
		e);
}

int
clientjson_drop(const struct buf *text, const char *key, size_t index,
	struct buf *after, struct err *e)
{
	AUTO_JEDIT struct jedit ed = {0};
	size_t at = 0;
	int rc = find_there(text, key, &at, e);

	if (rc != 0)
		return rc;
	rc = jedit_drop(&ed, text->data, text->len, at, index, e);
	return rc != 0 ? rc : clientjson_apply(&ed, text, after, e);
}
