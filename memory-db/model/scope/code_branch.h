/* The branch of memory that belongs to a branch of the code: "git/NAME". A
 * client that follows the code (MEMORY_BRANCH=auto) names it in each call and
 * makes none: as long as nothing was written on it, it is main. So switching
 * branches of the code costs nothing, and one that is merged and gone reads as
 * main again.
 *
 *   git switch login     recall            reads main
 *                        add_observations  makes git/login, writes there
 *   git switch main      recall            main, without that fact
 *
 * It is a branch of the project alone. The user's memory beside it (`default`)
 * has no branches of code: it is read on main as it is now, and written there,
 * through the inbox where it is protected. */
#ifndef MODEL_SCOPE_CODE_BRANCH_H
#define MODEL_SCOPE_CODE_BRANCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/store/engine/store.h"

#define CODE_BRANCH_PREFIX "git/"

bool code_branch_is(const char *branch);
/* The branch of the context for a read: main when there is none. */
int code_branch_find(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e) MUST_CHECK;
/* The same for a write: made when there is none, as a change of the caller. */
int code_branch_open(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e) MUST_CHECK;

/* Whether a lens of this branch, in a call that names its own, is one of a
 * branch of the code (is_code in store/engine/lens.h). */
bool code_branch_sees(const struct context *ctx, int64_t ns, int64_t branch);

#endif
