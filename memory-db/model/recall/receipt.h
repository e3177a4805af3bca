/* What a receipt says, as JSON. */
#ifndef MODEL_RECALL_RECEIPT_H
#define MODEL_RECALL_RECEIPT_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

struct store;

/* {receipt, kind, at, query, namespace, branch?, discarded?, change, relevant,
 * facts:[{id, name, text, score, gone?, forgotten?}]}: texts and names as they
 * were in the state that was read; gone: not visible there now; forgotten:
 * erased, without a text; discarded: so is the branch. 1, 0 when there is no such
 * receipt, or it belongs to none of the namespaces of scope (NULL: of any).
 * Changes the lens. */
int receipt_json(struct store *st, const struct scope *scope, const char *id,
	json_t **ret, struct err *e) MUST_CHECK;

#endif
