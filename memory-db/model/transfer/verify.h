/* One slice of a verification as JSON (PROTOCOL.md, Operating). */
#ifndef MODEL_TRANSFER_VERIFY_H
#define MODEL_TRANSFER_VERIFY_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* cursor: `next` of the slice before, or NULL. head: "NAMESPACE:HEX", checked
 * in the first slice, or NULL. Returns a new object. */
int verify_page(struct store *st, const char *cursor, const char *head,
	json_t **ret, struct err *e) MUST_CHECK;

#endif
