/* The side of the memory of a sync with a folder of notes (foldersync.h). */
#ifndef CLI_LIB_FOLDERMEMORY_H
#define CLI_LIB_FOLDERMEMORY_H

#include <jansson.h>
#include <stdbool.h>

#include "memory-db/cli/lib/cli.h"

struct foldermemory {
	struct cli *c;
	/* Borrowed. name -> {type, facts: {key: text}, has_more?}; has_more: it
	 * has texts that no note can hold. */
	json_t *entities;
	json_t *closed;	 /* names that are left alone: records, what is too
			   large to be read whole */
	json_t *renamed; /* names of before -> the one of now */
};

/* Each: an exit code, printed errors. */
int foldermemory_read(struct foldermemory *x) MUST_CHECK;
/* The name that an entity of this name has now. */
const char *foldermemory_name(const struct foldermemory *x, const char *name);
/* added: key -> text. What the memory holds of it then is put into `stored`, also
 * key -> text. Where it has a marker in the place of a secret its key and text are
 * others, and `masked` gets the key that was added -> the one that is stored. */
int foldermemory_add(struct cli *c, const char *entity, const char *type,
	json_t *added, json_t *stored, json_t *masked) MUST_CHECK;
int foldermemory_remove(struct cli *c, const char *entity, const json_t *gone)
	MUST_CHECK;
/* Where nothing is left of it: no fact and no relation. */
int foldermemory_remove_entity(struct cli *c, const char *entity) MUST_CHECK;

#endif
