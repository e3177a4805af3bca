/* Secrets in a folder of notes that is kept in step (foldersync.h): the note keeps
 * them, the memory gets the text with a marker in their place.
 *
 *   note      the token is ghp_a1B2...            key 77..
 *   memory    the token is [secret:github-token]  key 3c..
 *   base      facts: 3c.., masked: 77.. -> 3c..
 *
 * Both are one fact: what the base says of a line, or else that the text of the
 * memory is that of the note but for the markers, decides. */
#ifndef CLI_LIB_FOLDERSECRET_H
#define CLI_LIB_FOLDERSECRET_H

#include <jansson.h>
#include <stdbool.h>

#include "common/cleanup.h"
#include "memory-db/cli/lib/notefile.h"

/* Has it a marker? */
bool foldersecret_has(const char *text);
/* Is `masked` the text with markers in the place of its secrets? */
bool foldersecret_is_of(const char *masked, const char *text);
/* The key of the fact among `facts` (key -> text) that is the text with markers,
 * or NULL. */
const char *foldersecret_find(const json_t *facts, const char *text);

/* Gives blocks whose fact has markers in the memory its key and text. masked: what
 * the base says (said -> key), or NULL. 0 or MDB_E_NOMEM. */
int foldersecret_resolve(struct notefile *f, const json_t *masked,
	const json_t *facts) MUST_CHECK;

#endif
