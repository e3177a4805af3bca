#include "memory-db/model/scope/code_branch.h"

#include <string.h>

#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"

bool
code_branch_is(const char *branch)
{
	size_t n = strlen(CODE_BRANCH_PREFIX);

	return strncmp(branch, CODE_BRANCH_PREFIX, n) == 0 && branch[n] != '\0';
}

int
code_branch_find(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e)
{
	int rc = ns == NAMESPACE_DEFAULT
			 ? MDB_E_NOT_FOUND
			 : lens_branch(st, ns, ctx->branch, ret_branch, e);

	if (rc != MDB_E_NOT_FOUND)
		return rc;
	*ret_branch = STORE_MAIN;
	return 0;
}

static int
code_branch_make(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e)
{
	AUTO_CHANGE struct change *c = NULL;
	struct change_info info = {.ns = ns,
		.branch = STORE_MAIN,
		.kind = CHANGE_BRANCH,
		.client = ctx->client,
		.session = ctx->session};
	int64_t id, fork, change, at;
	int rc = lens_apply_main(st, e);

	if (rc != 0)
		return rc;
	rc = change_begin(st, &info, &c, e);
	if (rc != 0)
		return rc;
	fork = change_id(c);
	rc = branch_create(st, ns, ctx->branch, "a branch of the code",
		STORE_MAIN, fork, &id, e);
	if (rc != 0)
		return rc;
	rc = change_branch(c, BRANCH_OP_CREATE, id, fork, e);
	if (rc != 0)
		return rc;
	rc = change_seal(take_ptr(c), &change, &at, e);
	if (rc != 0)
		return rc;
	*ret_branch = id;
	return 0;
}

int
code_branch_open(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e)
{
	int rc = lens_branch(st, ns, ctx->branch, ret_branch, e);

	return rc == MDB_E_NOT_FOUND
		       ? code_branch_make(st, ctx, ns, ret_branch, e)
		       : rc;
}

bool
code_branch_sees(const struct context *ctx, int64_t ns, int64_t branch)
{
	return code_branch_is(ctx->branch) && branch != STORE_MAIN &&
	       ns != NAMESPACE_DEFAULT;
}
