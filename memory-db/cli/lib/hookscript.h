/* The plugin of OpenCode, which knows hooks in JavaScript only. */
#ifndef CLI_LIB_HOOKSCRIPT_H
#define CLI_LIB_HOOKSCRIPT_H

#include "memory-db/cli/lib/connect.h"

/* r->file: where; action and texts are set. */
int hookscript_write(const struct connect *w, const char *program,
	struct connected *r) MUST_CHECK;
/* MDB_E_EXISTS: the file there is not ours. */
int hookscript_remove(const struct connect *w, struct connected *r) MUST_CHECK;

#endif
