/* A YAML document with the places of its nodes, by libyaml. Its marks count
 * characters, an edit needs bytes, so marks are turned into offsets here.
 * Texts and nodes are bounded, because a few lines of aliases can stand for
 * more nodes than any memory holds. */
#include "memory-db/cli/lib/yamltext.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/jx.h"
#include "common/text.h"

/* A text of many MB is no configuration; a few lines of aliases can stand for
 * more nodes than any memory holds. */
#define TEXT_BYTES (1024 * 1024)
#define NODES_MAX  100000
#define DEPTH_MAX  64

/* Loads the next document; is_first: the one that is kept. */
static int
yamltext_load(yaml_parser_t *p, yaml_document_t *doc, struct err *e)
{
	if (yaml_parser_load(p, doc))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		return err_nomem(e);
	return err_set(e, MDB_E_INVALID, "is no valid YAML (line %zu: %s)",
		p->problem_mark.line + 1,
		p->problem ? p->problem : "it cannot be read");
}

/* Nothing may follow: an edit could not tell which document is meant. */
static int
expect_end(yaml_parser_t *p, struct err *e)
{
	yaml_document_t more;
	int rc = yamltext_load(p, &more, e);

	if (rc != 0)
		return rc;
	if (yaml_document_get_root_node(&more))
		rc = err_set(e, MDB_E_INVALID, "holds several YAML documents");
	yaml_document_delete(&more);
	return rc;
}

/* The only document, and its mapping. */
static int
load_root(struct yamltext *y, yaml_parser_t *p, struct err *e)
{
	int rc = yamltext_load(p, &y->doc, e);

	if (rc != 0)
		return rc;
	y->is_open = true;
	y->root = yaml_document_get_root_node(&y->doc);
	if (y->root && y->root->type == YAML_SCALAR_NODE &&
		y->root->data.scalar.length == 0)
		y->root = NULL;
	if (!y->root)
		return 0;
	rc = expect_end(p, e);
	if (rc != 0)
		return rc;
	if (y->root->type != YAML_MAPPING_NODE)
		return err_set(e, MDB_E_INVALID, "holds no mapping at its top");
	return 0;
}

int
yamltext_open(struct yamltext *y, const char *s, size_t n, struct err *e)
{
	yaml_parser_t p;
	int rc;

	*y = (struct yamltext){.s = s, .n = n};
	if (n > TEXT_BYTES)
		return err_set(e, MDB_E_LIMIT, "is larger than 1 MB");
	if (!text_is_utf8(s, n))
		return err_set(e, MDB_E_INVALID,
			"is no valid YAML: it is no UTF-8 text");
	if (!yaml_parser_initialize(&p))
		return err_nomem(e);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	/* With an encoding given it does not look for the mark. */
	y->s = s;
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		yaml_parser_set_input_string(&p, (const unsigned char *)s + 3,
			n - 3);
	else
		yaml_parser_set_input_string(&p, (const unsigned char *)s, n);
	rc = load_root(y, &p, e);
	yaml_parser_delete(&p);
	return rc;
}

void
yamltext_done(struct yamltext *y)
{
	if (y->is_open)
		yaml_document_delete(&y->doc);
	*y = (struct yamltext){0};
}

yaml_node_t *
yamltext_node(struct yamltext *y, int id)
{
	return yaml_document_get_node(&y->doc, id);
}

static const char *
yamltext_text_of(const yaml_node_t *node, size_t *ret_n)
{
	if (!node || node->type != YAML_SCALAR_NODE)
		return NULL;
	*ret_n = node->data.scalar.length;
	return (const char *)node->data.scalar.value;
}

yaml_node_pair_t *
yamltext_find(struct yamltext *y, const yaml_node_t *mapping, const char *key)
{
	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
		p < mapping->data.mapping.pairs.top; p++) {
		size_t n;
		const char *s = yamltext_text_of(yamltext_node(y, p->key), &n);

		if (s && n == strlen(key) && memcmp(s, key, n) == 0)
			return p;
	}
	return NULL;
}

/* libyaml counts characters. */
size_t
yamltext_at(const struct yamltext *y, const yaml_mark_t *mark)
{
	size_t at = y->n >= 3 && memcmp(y->s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	for (size_t i = 0; i < mark->index && at < y->n; i++) {
		at++;
		while (at < y->n && ((unsigned char)y->s[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

size_t
yamltext_end(struct yamltext *y, const yaml_node_t *node, int depth)
{
	size_t end = 0, x;

	if (!node || depth > DEPTH_MAX)
		return y->n;
	if (node->type == YAML_MAPPING_NODE &&
		node->data.mapping.style != YAML_FLOW_MAPPING_STYLE) {
		for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
			p < node->data.mapping.pairs.top; p++) {
			x = yamltext_end(y, yamltext_node(y, p->key),
				depth + 1);
			end = x > end ? x : end;
			x = yamltext_end(y, yamltext_node(y, p->value),
				depth + 1);
			end = x > end ? x : end;
		}
		return end;
	}
	if (node->type == YAML_SEQUENCE_NODE &&
		node->data.sequence.style != YAML_FLOW_SEQUENCE_STYLE) {
		for (yaml_node_item_t *i = node->data.sequence.items.start;
			i < node->data.sequence.items.top; i++) {
			x = yamltext_end(y, yamltext_node(y, *i), depth + 1);
			end = x > end ? x : end;
		}
		return end;
	}
	return yamltext_at(y, &node->end_mark);
}

/* --- as JSON -------------------------------------------------------------- */

static json_t *node_json(struct yamltext *y, const yaml_node_t *node, int depth,
	int *left, struct err *e);

/* What a word without quotes means (the core schema of YAML 1.2). */
static json_t *
word_json(const char *s, size_t n)
{
	static const struct {
		const char *word;
		int meaning; /* 0 null, 1 true, 2 false */
	} words[] = {{"", 0}, {"~", 0}, {"null", 0}, {"Null", 0}, {"NULL", 0},
		{"true", 1}, {"True", 1}, {"TRUE", 1}, {"false", 2},
		{"False", 2}, {"FALSE", 2}};
	char copy[32];
	int64_t number;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (n == strlen(words[i].word) &&
			memcmp(s, words[i].word, n) == 0)
			return words[i].meaning == 0
				       ? json_null()
				       : json_boolean(words[i].meaning == 1);
	if (n < sizeof(copy)) {
		memcpy(copy, s, n);
		copy[n] = '\0';
		if (text_int(copy, INT64_MIN, INT64_MAX, &number) == 0)
			return json_integer(number);
	}
	return json_stringn(s, n);
}

static int
yamltext_add_pair(struct yamltext *y, const yaml_node_pair_t *p, json_t *o,
	int depth, int *left, struct err *e)
{
	size_t n;
	const char *s = yamltext_text_of(yamltext_node(y, p->key), &n);
	json_t *v;

	if (!s || memchr(s, '\0', n))
		return err_set(e, MDB_E_INVALID,
			"has a key that is no plain text");
	if (json_object_get(o, s))
		return err_set(e, MDB_E_INVALID, "has the key '%s' twice", s);
	v = node_json(y, yamltext_node(y, p->value), depth + 1, left, e);
	if (!v)
		return e->code;
	return jx_set(o, s, v) != 0 ? err_nomem(e) : 0;
}

static json_t *
mapping_json(struct yamltext *y, const yaml_node_t *node, int depth, int *left,
	struct err *e)
{
	AUTO_JSON json_t *o = json_object();

	if (!o) {
		err_nomem(e);
		return NULL;
	}
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
		p < node->data.mapping.pairs.top; p++)
		if (yamltext_add_pair(y, p, o, depth, left, e) != 0)
			return NULL;
	return take_ptr(o);
}

static json_t *
sequence_json(struct yamltext *y, const yaml_node_t *node, int depth, int *left,
	struct err *e)
{
	AUTO_JSON json_t *list = json_array();

	if (!list) {
		err_nomem(e);
		return NULL;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
		i < node->data.sequence.items.top; i++) {
		json_t *v =
			node_json(y, yamltext_node(y, *i), depth + 1, left, e);

		if (!v)
			return NULL;
		if (jx_add(list, v) != 0) {
			err_nomem(e);
			return NULL;
		}
	}
	return take_ptr(list);
}

static json_t *
node_json(struct yamltext *y, const yaml_node_t *node, int depth, int *left,
	struct err *e)
{
	json_t *v = NULL;
	const char *s;
	size_t n;

	if (!node || depth > DEPTH_MAX || --*left < 0) {
		err_set(e, MDB_E_INVALID, "is nested too deeply or too large");
		return NULL;
	}
	if (node->type == YAML_MAPPING_NODE)
		return mapping_json(y, node, depth, left, e);
	if (node->type == YAML_SEQUENCE_NODE)
		return sequence_json(y, node, depth, left, e);
	if ((s = yamltext_text_of(node, &n)) != NULL)
		v = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
			    ? word_json(s, n)
			    : json_stringn(s, n);
	if (!v)
		err_nomem(e);
	return v;
}

json_t *
yamltext_json(struct yamltext *y, struct err *e)
{
	int left = NODES_MAX;
	struct err why = {0};
	json_t *v;

	if (!y->root) {
		if ((v = json_object()) == NULL)
			err_nomem(e);
		return v;
	}
	v = node_json(y, y->root, 0, &left, &why);
	if (!v)
		err_set(e, why.code, "%s", why.text);
	return v;
}

bool
yamltext_is_plain(const char *s)
{
	static const char *const others[] = {"true", "false", "yes", "no", "on",
		"off", "null", "y", "n"};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcasecmp(s, others[i]) == 0)
			return false;
	while (isalnum((unsigned char)s[n]) || (s[n] && strchr(" _-", s[n])))
		n++;
	return isalpha((unsigned char)s[0]) && s[n] == '\0' && s[n - 1] != ' ';
}
