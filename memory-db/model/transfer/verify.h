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

/* All slices of a part of a file that nobody writes, on a connection of the
 * caller's thread; mark says what was checked. */
enum verify_part;
struct verify_mark;
int verify_part(struct store *st, enum verify_part part, json_t *problems,
	struct verify_mark *mark, struct err *e) MUST_CHECK;

#endif
