/* Edits of the servers in a TOML file: the text after the edit, with all else
 * in it byte for byte as before. Pure. */
#ifndef CLI_LIB_CLIENTTOML_H
#define CLI_LIB_CLIENTTOML_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* The document as JSON. Returns new, or NULL. */
json_t *clienttoml_parse(const struct buf *text, struct err *e) MUST_CHECK;

/* The servers are the tables [key.name], or with is_list the tables [[key]]
 * with a member `name`. An entry is added at the end of the text, where a table
 * may always stand. MDB_E_INVALID: it is written in a way (a table within an
 * inline table) that this does not edit. */
int clienttoml_put(const struct buf *text, const char *key, const char *name,
	bool is_list, const json_t *entry, struct buf *after, struct err *e)
	MUST_CHECK;
int clienttoml_remove(const struct buf *text, const char *key, const char *name,
	bool is_list, struct buf *after, struct err *e) MUST_CHECK;
/* Sets one member of the entry, which has it. */
int clienttoml_set(const struct buf *text, const char *key, const char *name,
	bool is_list, const char *member, const json_t *value,
	struct buf *after, struct err *e) MUST_CHECK;

#endif
