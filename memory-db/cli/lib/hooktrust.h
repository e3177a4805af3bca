/* Whether a client will run hooks that are entered for it, as far as its own files
 * tell. */
#ifndef CLI_LIB_HOOKTRUST_H
#define CLI_LIB_HOOKTRUST_H

#include <limits.h>

#include "memory-db/cli/lib/hookfile.h"

#define HOOKTRUST_WHY_SIZE (PATH_MAX + 160)

enum hooktrust {
	HOOKTRUST_UNKNOWN, /* the client tells nobody, or needs no trust */
	HOOKTRUST_YES,
	HOOKTRUST_WAITS, /* for a person who trusts them */
	HOOKTRUST_OFF	 /* a setting of the client switches them off */
};

/* path: the file with the entries. ret_why: with HOOKTRUST_WAITS and _OFF a
 * sentence without its full stop. Files that cannot be read tell nothing. */
enum hooktrust hooktrust_look(const struct hookfile *hf, const char *path,
	char ret_why[HOOKTRUST_WHY_SIZE]);

#endif
