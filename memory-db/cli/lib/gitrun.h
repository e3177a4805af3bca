/* Runs git and takes what it prints. */
#ifndef CLI_LIB_GITRUN_H
#define CLI_LIB_GITRUN_H

#include <limits.h>
#include <stdbool.h>

#include "common/buf.h"

struct gitrun {
	char program[PATH_MAX];
	const char *folder; /* borrowed; NULL: the working directory */
};

/* In a child that becomes git: takes out of the environment what says of which
 * repository the caller is (GIT_DIR, ..). */
void gitrun_forget_caller(void);
/* False: git is not on PATH. */
bool gitrun_find(struct gitrun *g);
/* Its exit code; -1: it could not be run. args end with NULL, at most 12. out
 * (may be NULL) gets the first line of what it prints, as a string. */
int gitrun(const struct gitrun *g, const char *const *args, struct buf *out);
/* The same with all that it prints, `most` bytes of it. */
int gitrun_all(const struct gitrun *g, const char *const *args, size_t most,
	struct buf *out);

/* Ends the git that is running; a handler of signals may call it. */
void gitrun_kill(void);

#endif
