/* Which namespace a command means when its line names none, and where things
 * are that are not in it. */
#ifndef CLI_LIB_WHERE_H
#define CLI_LIB_WHERE_H

#include "memory-db/cli/lib/cli.h"

/* Before the service is there: `auto` becomes the project of the working
 * directory. */
int where_read(struct cli *c) MUST_CHECK;

/* With the service there. Without an option or MEMORY_NAMESPACE: the
 * namespace of the project in the working directory where there is one, which
 * agents have written (or where an installed client says auto); the one that
 * an installed client names; else `default`. A named one that does not exist
 * is an error (CLI_PROBLEM), and told by the commands that make it. *ret_again: the
 * connection is to be made anew, with c->namespace_. */
int where_decide(struct cli *c, bool *ret_again) MUST_CHECK;

/* Names of all namespaces, as a new array. Silent when the service refuses. */
int where_names(struct cli *c, json_t **ret) MUST_CHECK;

/* Commands about one entity: from here on calls go to the namespace that has
 * it, the project's before `default`, as agents read. Remembers the name for
 * where_tell(). */
int where_entity(struct cli *c, const char *name) MUST_CHECK;

/* The namespaces a session wrote to, of which each is to be asked, as a new
 * array; the one that was named, when one was. CLI_PROBLEM after saying that
 * the session never wrote. */
int where_session(struct cli *c, const char *session, json_t **ret) MUST_CHECK;
/* The same with the branches: [{namespace, branch?}], without `branch` where the
 * one of the command line is meant. */
int where_session_places(struct cli *c, const char *session, json_t **ret)
	MUST_CHECK;

/* From here on calls go to the namespace of this change, unless one was named.
 * A change that is nowhere leaves all as it is. */
int where_change(struct cli *c, int64_t change) MUST_CHECK;

/* Nothing was found: says which other namespaces answer `method` with rows in
 * `list`, and how to see them. params: borrowed. */
void where_tell(struct cli *c, const char *method, const char *list,
	const json_t *params);
/* The same of the entity that where_entity() was given, now or ever. */
void where_tell_entity(struct cli *c);

/* Adds `namespace` to the fields of entities that params ask for, when rows
 * may come from several. Gives params back, or NULL for want of memory. */
json_t *where_fields(const struct cli *c, json_t *params);

/* " in NAME" for what a command did, when the namespace is not `default` and
 * the person did not name it; else "". Valid until the next call. */
const char *where_said(const struct cli *c);

#endif
