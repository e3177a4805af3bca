/* Edits of the servers in the configuration of a client, whatever its format.
 * Each gives the whole text after the edit, checked: it parses, holds the entry
 * as wanted, and is otherwise the same document. */
#ifndef CLI_LIB_CLIENTEDIT_H
#define CLI_LIB_CLIENTEDIT_H

#include <jansson.h>

#include "common/buf.h"
#include "memory-db/cli/lib/clients.h"

/* Adds the entry, or puts it in the place of the one of that name. */
int clientedit_put(const struct client *cl, const struct buf *text,
	const char *name, const json_t *entry, struct buf *after, struct err *e)
	MUST_CHECK;
/* Sets the program that the entry starts and nothing else in it. */
int clientedit_program(const struct client *cl, const struct buf *text,
	const char *name, const char *command, struct buf *after, struct err *e)
	MUST_CHECK;
int clientedit_remove(const struct client *cl, const struct buf *text,
	const char *name, struct buf *after, struct err *e) MUST_CHECK;

/* The lines that a person would add to a file without servers. Appends. */
int clientedit_snippet(const struct client *cl, const char *name,
	const json_t *entry, struct buf *out, struct err *e) MUST_CHECK;

#endif
