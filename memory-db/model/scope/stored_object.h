/* A JSON object kept as named state (store/engine/meta.h): the settings of a
 * namespace, the weights of its recall, the place of its scan. */
#ifndef MODEL_SCOPE_STORED_OBJECT_H
#define MODEL_SCOPE_STORED_OBJECT_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* *ret: new; NULL when nothing is stored. what: its name in the error about a
 * text that is no object (MDB_E_CORRUPT), as in "the settings of a namespace". */
int stored_object_get(struct store *st, const char *key, const char *what,
	json_t **ret, struct err *e) MUST_CHECK;
/* An empty object takes the key away. Writer. */
int stored_object_set(struct store *st, const char *key, const json_t *object,
	struct err *e) MUST_CHECK;

#endif
