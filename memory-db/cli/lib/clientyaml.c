/* Edits of the servers in a YAML file. libyaml says where each node begins and
 * ends in the text, and the edit is one cut or one insertion there; so
 * comments, order and indentation of everything else stay as they are. What
 * cannot be edited like that (an alias, a flow mapping in one line) is not
 * touched: the error shows the lines to put in by hand. */
#include "memory-db/cli/lib/clientyaml.h"

#include <stdbool.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/yamltext.h"

static const char *
data_of(const struct buf *text)
{
	return text->len > 0 ? text->data : "";
}

json_t *
clientyaml_parse(const struct buf *text, struct err *e)
{
	AUTO_YAMLTEXT struct yamltext y = {0};

	if (yamltext_open(&y, data_of(text), text->len, e) != 0)
		return NULL;
	return yamltext_json(&y, e);
}

static int
other_way(struct err *e, const char *key)
{
	return err_set(e, MDB_E_INVALID,
		"writes '%s' in a way that cannot be edited", key);
}

/* --- writing -------------------------------------------------------------- */

/* A name that would be read as something else (true, 12) is quoted. */
static bool
is_plain_name(const char *name)
{
	static const char *const words[] = {"true", "false", "null", "yes",
		"no", "on", "off", "y", "n"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(name, words[i]) == 0)
			return false;
	return (name[0] >= 'a' && name[0] <= 'z') ||
	       (name[0] >= 'A' && name[0] <= 'Z');
}

static int
clientyaml_add_name(const char *name, struct buf *out)
{
	if (is_plain_name(name))
		return buf_addf(out, "%s:", name);
	return buf_addf(out, "\"%s\":", name);
}

/* Newline, the name and the value of a member, `column` blanks in. JSON's way
 * of writing texts, numbers and lists is YAML's as well. */
static int
clientyaml_add_member(const char *nl, int column, const char *name,
	const json_t *v, struct buf *out)
{
	const char *inner;
	json_t *x;

	if (buf_addf(out, "%s%*s", nl, column, "") != 0 ||
		clientyaml_add_name(name, out) != 0)
		return MDB_E_NOMEM;
	if (!json_is_object(v) || json_object_size(v) == 0)
		return buf_addc(out, ' ') != 0 ? MDB_E_NOMEM : jx_dump(v, out);
	json_object_foreach((json_t *)(uintptr_t)v, inner, x)
		if (clientyaml_add_member(nl, column + 2, inner, x, out) != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* Behind the text: the key with the entry as its only member. */
static int
append_key(const struct buf *text, const char *key, const char *name,
	const json_t *entry, struct buf *after)
{
	const char *nl = lines_end_of(text);
	bool has_end = text->len == 0 || text->data[text->len - 1] == '\n';

	if ((text->len > 0 && buf_add(after, text->data, text->len) != 0) ||
		(!has_end && buf_adds(after, nl) != 0) ||
		clientyaml_add_name(key, after) != 0 ||
		clientyaml_add_member(nl, 2, name, entry, after) != 0 ||
		(has_end && buf_adds(after, nl) != 0))
		return MDB_E_NOMEM;
	return 0;
}

/* Behind the colon of a key; 0: it is not on the key's line. */
static size_t
clientyaml_behind_colon(const struct yamltext *y, const yaml_node_t *key)
{
	size_t at = yamltext_at(y, &key->end_mark);

	while (at < y->n && y->s[at] == ' ')
		at++;
	return at < y->n && y->s[at] == ':' ? at + 1 : 0;
}

static size_t
line_end(const struct yamltext *y, size_t at)
{
	while (at < y->n && y->s[at] != '\n')
		at++;
	return at > 0 && at < y->n && y->s[at - 1] == '\r' ? at - 1 : at;
}

/* Puts the entry below the key's line, as its first member. skip: bytes of the
 * value (an empty one) that go. */
static int
insert_below(const struct yamltext *y, const struct buf *text, size_t skip_at,
	size_t skip_end, int column, const char *name, const json_t *entry,
	struct buf *after)
{
	size_t end = line_end(y, skip_end);

	/* "key: {}" becomes "key:". */
	while (skip_end > skip_at && skip_at > 0 && y->s[skip_at - 1] == ' ')
		skip_at--;
	if (buf_add(after, y->s, skip_at) != 0 ||
		buf_add(after, y->s + skip_end, end - skip_end) != 0 ||
		clientyaml_add_member(lines_end_of(text), column, name, entry,
			after) != 0 ||
		buf_add(after, y->s + end, y->n - end) != 0)
		return MDB_E_NOMEM;
	return 0;
}

static bool
is_empty_value(const yaml_node_t *v)
{
	if (v->type == YAML_SCALAR_NODE)
		return v->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		       v->data.scalar.length <= 4;
	return v->type == YAML_MAPPING_NODE &&
	       v->data.mapping.pairs.start == v->data.mapping.pairs.top;
}

static int
add_to(struct yamltext *y, const struct buf *text, const yaml_node_pair_t *pair,
	const char *key, const char *name, const json_t *entry,
	struct buf *after, struct err *e)
{
	const yaml_node_t *k = yamltext_node(y, pair->key);
	const yaml_node_t *v = yamltext_node(y, pair->value), *first;
	size_t colon = clientyaml_behind_colon(y, k);
	size_t at = yamltext_at(y, &v->start_mark);

	/* An alias stands for a node before it. */
	if (colon == 0 || at + 1 < colon)
		return other_way(e, key);
	if (is_empty_value(v)) {
		size_t end = yamltext_at(y, &v->end_mark);

		/* Nothing at all has its place where the next thing stands. */
		if (end == at)
			at = end = colon;
		return insert_below(y, text, at, end, 2, name, entry, after)
			       ? err_nomem(e)
			       : 0;
	}
	if (v->type != YAML_MAPPING_NODE ||
		v->data.mapping.style == YAML_FLOW_MAPPING_STYLE)
		return other_way(e, key);
	first = yamltext_node(y, v->data.mapping.pairs.start->key);
	return insert_below(y, text, colon, colon,
		       (int)first->start_mark.column, name, entry, after)
		       ? err_nomem(e)
		       : 0;
}

int
clientyaml_put(const struct buf *text, const char *key, const char *name,
	const json_t *entry, struct buf *after, struct err *e)
{
	AUTO_YAMLTEXT struct yamltext y = {0};
	yaml_node_pair_t *pair;
	yaml_node_t *servers;
	int rc = yamltext_open(&y, data_of(text), text->len, e);

	if (rc != 0)
		return rc;
	pair = y.root ? yamltext_find(&y, y.root, key) : NULL;
	servers = pair ? yamltext_node(&y, pair->value) : NULL;
	if (servers && servers->type == YAML_MAPPING_NODE &&
		yamltext_find(&y, servers, name)) {
		AUTO_BUF struct buf rest = {0};

		rc = clientyaml_remove(text, key, name, true, &rest, e);
		return rc != 0 ? rc
			       : clientyaml_put(&rest, key, name, entry, after,
					 e);
	}
	if (pair)
		rc = add_to(&y, text, pair, key, name, entry, after, e);
	else if (y.root &&
		 (y.root->data.mapping.style == YAML_FLOW_MAPPING_STYLE ||
			 y.root->start_mark.column > 0 || !y.doc.end_implicit))
		rc = other_way(e, "the whole file");
	else if (append_key(text, key, name, entry, after) != 0)
		rc = err_nomem(e);
	return rc == 0 && !buf_str(after) ? err_nomem(e) : rc;
}

/* --- removing and setting ------------------------------------------------- */

/* The pair of a server; MDB_E_NOT_FOUND. */
static int
clientyaml_find(struct yamltext *y, const char *key, const char *name,
	yaml_node_pair_t **ret_key, yaml_node_pair_t **ret_pair, struct err *e)
{
	yaml_node_pair_t *pair =
		y->root ? yamltext_find(y, y->root, key) : NULL;
	yaml_node_t *servers = pair ? yamltext_node(y, pair->value) : NULL;

	if (!servers || servers->type != YAML_MAPPING_NODE ||
		(*ret_pair = yamltext_find(y, servers, name)) == NULL)
		return err_set(e, MDB_E_NOT_FOUND, "no server '%s'", name);
	if (servers->data.mapping.style == YAML_FLOW_MAPPING_STYLE ||
		yamltext_at(y, &servers->start_mark) <
			yamltext_at(y, &yamltext_node(y, pair->key)->end_mark))
		return other_way(e, key);
	*ret_key = pair;
	return 0;
}

int
clientyaml_remove(const struct buf *text, const char *key, const char *name,
	bool keeps_end, struct buf *after, struct err *e)
{
	AUTO_YAMLTEXT struct yamltext y = {0};
	yaml_node_pair_t *top, *pair;
	const yaml_node_t *servers;
	size_t begin, end, colon, n = text->len;
	bool is_only;
	int rc = yamltext_open(&y, data_of(text), n, e);

	if (rc != 0 ||
		(rc = clientyaml_find(&y, key, name, &top, &pair, e)) != 0)
		return rc;
	servers = yamltext_node(&y, top->value);
	is_only = servers->data.mapping.pairs.top -
			  servers->data.mapping.pairs.start ==
		  1;
	begin = yamltext_at(&y, &yamltext_node(&y, pair->key)->start_mark);
	while (begin > 0 && y.s[begin - 1] == ' ')
		begin--;
	if (begin > 0 && y.s[begin - 1] != '\n')
		return other_way(e, name);
	end = yamltext_end(&y, yamltext_node(&y, pair->value), 0);
	colon = yamltext_at(&y, &yamltext_node(&y, pair->key)->end_mark);
	end = end > colon ? end : colon;
	while (end < n && y.s[end] != '\n' && y.s[end - 1] != '\n')
		end++;
	if (end < n && y.s[end - 1] != '\n')
		end++;
	/* The text did not end in a line end before the entry was added. */
	if (!keeps_end && end == n && n > 0 && y.s[n - 1] != '\n') {
		begin -= begin > 0;
		begin -= begin > 0 && y.s[begin - 1] == '\r';
	}
	/* Without members it must say that it is a mapping still. */
	colon = is_only ? clientyaml_behind_colon(&y,
				  yamltext_node(&y, top->key))
			: 0;
	if (buf_add(after, y.s, colon) != 0 ||
		(is_only && buf_adds(after, " {}") != 0) ||
		buf_add(after, y.s + colon, begin - colon) != 0 ||
		buf_add(after, y.s + end, n - end) != 0 || !buf_str(after))
		return err_nomem(e);
	return 0;
}

int
clientyaml_set(const struct buf *text, const char *key, const char *name,
	const char *member, const char *value, struct buf *after, struct err *e)
{
	AUTO_YAMLTEXT struct yamltext y = {0};
	yaml_node_pair_t *top, *pair, *field = NULL;
	const yaml_node_t *entry, *v;
	size_t at, end;
	int rc = yamltext_open(&y, data_of(text), text->len, e);

	if (rc != 0 ||
		(rc = clientyaml_find(&y, key, name, &top, &pair, e)) != 0)
		return rc;
	entry = yamltext_node(&y, pair->value);
	if (entry->type == YAML_MAPPING_NODE)
		field = yamltext_find(&y, entry, member);
	v = field ? yamltext_node(&y, field->value) : NULL;
	if (!v || v->type != YAML_SCALAR_NODE)
		return err_set(e, MDB_E_NOT_FOUND, "no member '%s'", member);
	at = yamltext_at(&y, &v->start_mark);
	end = yamltext_at(&y, &v->end_mark);
	if (buf_add(after, y.s, at) != 0 ||
		jx_quote(value, strlen(value), after) != 0 ||
		buf_add(after, y.s + end, y.n - end) != 0 || !buf_str(after))
		return err_nomem(e);
	return 0;
}

/* --- what install made around --------------------------------------------- */

/* Where the value of the key begins and ends, an empty one; the colon counts
 * as its begin. 1, 0: it is not there or not empty. */
static int
empty_span(struct yamltext *y, const char *key, size_t *ret_key, size_t *ret_at,
	size_t *ret_end)
{
	const yaml_node_pair_t *pair =
		y->root ? yamltext_find(y, y->root, key) : NULL;
	const yaml_node_t *k = pair ? yamltext_node(y, pair->key) : NULL;
	const yaml_node_t *v = pair ? yamltext_node(y, pair->value) : NULL;
	size_t end;

	if (!v || !is_empty_value(v))
		return 0;
	*ret_key = yamltext_at(y, &k->start_mark);
	*ret_at = clientyaml_behind_colon(y, k);
	end = yamltext_at(y, &v->end_mark);
	/* Nothing at all has its place where the next thing stands. */
	*ret_end = yamltext_at(y, &v->start_mark) == end ? *ret_at : end;
	return *ret_at > 0 && *ret_end >= *ret_at;
}

/* The line of the key without a value goes. */
static int
drop_line(const struct yamltext *y, size_t at, size_t end, struct buf *after)
{
	const char *nl = memchr(y->s + end, '\n', y->n - end);
	size_t next = nl ? (size_t)(nl - y->s) + 1 : y->n;

	for (size_t i = end; i < next; i++)
		if (strchr(" \t\r\n", y->s[i]) == NULL)
			return buf_add(after, y->s, y->n);
	/* The text did not end in a line end before the key was added. */
	if (!nl) {
		at -= at > 0 && y->s[at - 1] == '\n';
		at -= at > 0 && y->s[at - 1] == '\r';
	}
	return buf_add(after, y->s, at) != 0 ||
			       buf_add(after, y->s + next, y->n - next) != 0
		       ? MDB_E_NOMEM
		       : 0;
}

int
clientyaml_settle(const struct buf *text, const char *key,
	const struct buf *old, struct buf *after, struct err *e)
{
	AUTO_YAMLTEXT struct yamltext y = {0}, o = {0};
	size_t key_at, at, end, old_key, from, to;
	struct err ignored = {0};
	int rc = yamltext_open(&y, data_of(text), text->len, e);

	if (rc != 0)
		return rc;
	if (empty_span(&y, key, &key_at, &at, &end) == 0) {
		rc = buf_add(after, y.s, y.n);
	} else if (old &&
		   yamltext_open(&o, data_of(old), old->len, &ignored) == 0 &&
		   o.root && yamltext_find(&o, o.root, key)) {
		if (empty_span(&o, key, &old_key, &from, &to) == 0)
			rc = buf_add(after, y.s, y.n);
		else if (buf_add(after, y.s, at) != 0 ||
			 buf_add(after, o.s + from, to - from) != 0 ||
			 buf_add(after, y.s + end, y.n - end) != 0)
			rc = MDB_E_NOMEM;
	} else {
		rc = drop_line(&y, key_at, end, after);
	}
	return rc != 0 || !buf_str(after) ? err_nomem(e) : 0;
}
