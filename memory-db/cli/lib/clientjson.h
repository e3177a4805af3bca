/* Edits of a configuration in JSON by the names of its members: the text after
 * the edit, with all else in it byte for byte as before. Pure. */
#ifndef CLI_LIB_CLIENTJSON_H
#define CLI_LIB_CLIENTJSON_H

#include <jansson.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* key: "a/b" is the member b of the object a, "a/2" the third element of the
 * array a. The text has been parsed; an
 * empty one, or one of comments alone, counts as {}. `after` gets the whole
 * new text. Errors: MDB_E_INVALID, MDB_E_NOT_FOUND, MDB_E_NOMEM. */

/* Adds member `name` to the object `key` or replaces it; makes the objects
 * that are missing. */
int clientjson_put(const struct buf *text, const char *key, const char *name,
	const json_t *value, struct buf *after, struct err *e) MUST_CHECK;
/* Takes member `name` of the object `key` away. */
int clientjson_remove(const struct buf *text, const char *key, const char *name,
	struct buf *after, struct err *e) MUST_CHECK;

/* Adds an element to the array `key`, which is made when it is missing. */
int clientjson_append(const struct buf *text, const char *key,
	const json_t *value, struct buf *after, struct err *e) MUST_CHECK;
/* Takes element `index` of the array `key` away. */
int clientjson_drop(const struct buf *text, const char *key, size_t index,
	struct buf *after, struct err *e) MUST_CHECK;

#endif
