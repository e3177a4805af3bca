/* The entry of a server as each client wants it. */
#ifndef CLI_LIB_CLIENTENTRY_H
#define CLI_LIB_CLIENTENTRY_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "memory-db/cli/lib/clients.h"

/* What an entry says. */
struct entry_words {
	const char *name;    /* of the server */
	const char *command; /* absolute */
	/* NULL: not said */
	const char *namespace_, *database, *socket, *branch;
};

/* New, or NULL: no memory (or a path that is no UTF-8). */
json_t *cliententry_new(enum client_shape shape, const struct entry_words *w)
	MUST_CHECK;

/* The program that an entry starts, borrowed; NULL: none. */
const char *cliententry_command(enum client_shape shape, const json_t *entry);
/* Whether that is memory-mcp. */
bool cliententry_is_ours(enum client_shape shape, const json_t *entry);
/* A variable of its environment, or NULL. */
const char *cliententry_env(enum client_shape shape, const json_t *entry,
	const char *name);
/* The i-th argument behind the program, or NULL. */
const char *cliententry_arg(enum client_shape shape, const json_t *entry,
	size_t i);
/* The member that names the program, and its new value. Returns new. */
json_t *cliententry_program(enum client_shape shape, const json_t *entry,
	const char *command, const char **ret_member) MUST_CHECK;

/* The entry with what is said of program, database, socket and branch; all else of
 * it stays. Returns new, or NULL: no memory. */
json_t *cliententry_with(enum client_shape shape, const json_t *entry,
	const struct entry_words *w) MUST_CHECK;

/* The entry of that name in a whole configuration, borrowed; NULL: none.
 * *ret_holder (may be NULL): what holds the servers, or NULL.
 * MDB_E_INVALID with *e: what should hold the servers cannot. */
int cliententry_find(const struct client *cl, const json_t *all,
	const char *name, json_t **ret_entry, json_t **ret_holder,
	struct err *e) MUST_CHECK;

#endif
