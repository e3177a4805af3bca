/* A YAML document with the places of its nodes in the text, by libyaml. */
#ifndef CLI_LIB_YAMLTEXT_H
#define CLI_LIB_YAMLTEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <yaml.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct yamltext {
	const char *s; /* borrowed */
	size_t n;
	bool is_open;
	yaml_document_t doc;
	yaml_node_t *root; /* NULL: an empty document */
};

/* MDB_E_INVALID: no YAML, several documents, or a top that is no mapping;
 * MDB_E_LIMIT; MDB_E_NOMEM. */
int yamltext_open(struct yamltext *y, const char *s, size_t n, struct err *e)
	MUST_CHECK;
void yamltext_done(struct yamltext *y);

/* The pair of that key in a mapping, or NULL. */
yaml_node_pair_t *yamltext_find(struct yamltext *y, const yaml_node_t *mapping,
	const char *key);
yaml_node_t *yamltext_node(struct yamltext *y, int id);
/* Bytes before a mark. */
size_t yamltext_at(const struct yamltext *y, const yaml_mark_t *mark);
/* Where the last scalar of a node ends. */
size_t yamltext_end(struct yamltext *y, const yaml_node_t *node, int depth);

/* Returns new, or NULL with *e set. */
json_t *yamltext_json(struct yamltext *y, struct err *e) MUST_CHECK;

/* Whether YAML reads a text without quotes as this text; of what may be something
 * else it is said that it does not. */
bool yamltext_is_plain(const char *s);

#define AUTO_YAMLTEXT __attribute__((cleanup(yamltext_done)))

#endif
