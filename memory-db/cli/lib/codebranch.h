/* What git says of branches of the code, also of those that are gone. */
#ifndef CLI_LIB_CODEBRANCH_H
#define CLI_LIB_CODEBRANCH_H

#include "common/buf.h"
#include "common/cleanup.h"
#include "memory-db/cli/lib/gitrun.h"

enum codebranch_state { CODE_THERE, CODE_MERGED, CODE_GONE, CODE_UNKNOWN };

struct codebranches {
	struct gitrun git;
	char base[2][256]; /* refs of the default branch; "": none */
	struct buf reflog; /* owned */
	struct buf shared; /* owned: the .git that worktrees share */
};

#define CODEBRANCH_NO_GIT	 1
#define CODEBRANCH_NO_REPOSITORY 2
/* Of the repository of a folder (borrowed; NULL: the working directory). 0, or
 * why not. */
int codebranch_begin(struct codebranches *g, const char *folder) MUST_CHECK;
void codebranch_done(struct codebranches *g);
#define AUTO_CODEBRANCHES __attribute__((cleanup(codebranch_done)))

/* name: "login". */
enum codebranch_state codebranch_look(struct codebranches *g, const char *name);

#endif
