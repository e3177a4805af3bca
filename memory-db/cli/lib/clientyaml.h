/* Edits of the servers in a YAML file: the text after the edit, with all else
 * in it byte for byte as before. libyaml reads it and says where things stand;
 * nothing is written by it, as it would drop comments. Pure. */
#ifndef CLI_LIB_CLIENTYAML_H
#define CLI_LIB_CLIENTYAML_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* The document as JSON; an empty one is {}. Returns new, or NULL. */
json_t *clientyaml_parse(const struct buf *text, struct err *e) MUST_CHECK;

/* The servers are the members of the mapping `key` at the top. MDB_E_INVALID:
 * it is written in a way (braces, an alias) that this does not edit. */
int clientyaml_put(const struct buf *text, const char *key, const char *name,
	const json_t *entry, struct buf *after, struct err *e) MUST_CHECK;
/* keeps_end: the line end before the entry stays, also when the text ends with
 * the entry and without a line end. */
int clientyaml_remove(const struct buf *text, const char *key, const char *name,
	bool keeps_end, struct buf *after, struct err *e) MUST_CHECK;
/* A mapping `key` that is empty becomes what old has there: nothing, or an
 * empty value as old writes it. Else the text stays. old may be NULL. */
int clientyaml_settle(const struct buf *text, const char *key,
	const struct buf *old, struct buf *after, struct err *e) MUST_CHECK;
/* Sets one member of the entry, which has it, to a text. */
int clientyaml_set(const struct buf *text, const char *key, const char *name,
	const char *member, const char *value, struct buf *after, struct err *e)
	MUST_CHECK;

#endif
