/* Edits of a JSON text that leave the rest of it as it is: one splice, in the
 * style (indentation, line ends) of what stands around. Pure. */
#ifndef CLI_LIB_JEDIT_H
#define CLI_LIB_JEDIT_H

#include <jansson.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct jedit {
	size_t at, end;	 /* bytes replaced */
	struct buf text; /* by these; owned */
};

/* Adds a member at the end of the object at `object`; with name NULL an element
 * at the end of the array there. */
int jedit_add(struct jedit *ed, const char *s, size_t n, size_t object,
	const char *name, const json_t *value, struct err *e) MUST_CHECK;
/* Removes member `name` of the object at `object` with its comma; an object
 * without members becomes {}. MDB_E_NOT_FOUND: it has no such member. */
int jedit_remove(struct jedit *ed, const char *s, size_t n, size_t object,
	const char *name, struct err *e) MUST_CHECK;
/* Removes element `index` of the array at `array` with its comma. */
int jedit_drop(struct jedit *ed, const char *s, size_t n, size_t array,
	size_t index, struct err *e) MUST_CHECK;
/* Replaces the value of member `name`. */
int jedit_set(struct jedit *ed, const char *s, size_t n, size_t object,
	const char *name, const json_t *value, struct err *e) MUST_CHECK;

/* The text after the edit. 0 or MDB_E_NOMEM. */
int jedit_apply(const struct jedit *ed, const char *s, size_t n,
	struct buf *out) MUST_CHECK;
void jedit_done(struct jedit *ed);

#define AUTO_JEDIT __attribute__((cleanup(jedit_done)))

#endif
