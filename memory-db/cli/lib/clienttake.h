/* Taking our entry out of a configuration again so that nothing tells that it
 * was there: also the object of servers goes when install made it. */
#ifndef CLI_LIB_CLIENTTAKE_H
#define CLI_LIB_CLIENTTAKE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/clients.h"

/* text: the file as it is. old: the file as it was before the entry came, NULL
 * when there was no file; it only helps, and what is in text and not in old
 * stays. *ret_gone: nothing but what install wrote is in the file, which it
 * made. Errors as clientedit_remove. */
int clienttake(const struct client *cl, const struct buf *text,
	const char *name, const struct buf *old, struct buf *after,
	bool *ret_gone, struct err *e) MUST_CHECK;

/* Removes the members along `key` that hold nothing, from the innermost on, as
 * far as old has them not; blanks within empty braces become those of old. The
 * text is JSON. Appends to after. */
int clienttake_empty(const struct buf *text, const char *key,
	const struct buf *old, struct buf *after, struct err *e) MUST_CHECK;

/* Whether the text has an entry of that name (or cannot be read). */
bool clienttake_has(const struct client *cl, const struct buf *text,
	const char *name);

#endif
