/* What the hooks do: the digest, the recall for a prompt, the capture. Nothing
 * here prints; what fails leaves the text empty. */
#ifndef CLI_LIB_HOOKWORK_H
#define CLI_LIB_HOOKWORK_H

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/hookevent.h"
#include "memory-db/cli/lib/hookstate.h"

struct hookwork {
	struct cli *c;
	const struct hook *hook;
	const struct hookevent *ev;
	struct hookstate *state;
	const char *namespace_;
	int timeout_ms;	       /* of one call */
	struct buf text;       /* for the model; owned by the caller */
	struct codetree *tree; /* owned by the caller; made when needed */
	bool is_sync_due;      /* code of branches is gone (hookbranch.h) */
};

/* Bytes of a digest at most, with its marks. */
#define HOOK_DIGEST_BYTES 2048

/* The reply of a call, or NULL. *ret_code (may be NULL): of a refusal. Takes
 * params_new. */
json_t *hookwork_ask(struct hookwork *w, const char *method, json_t *params_new,
	const char *key, const char **ret_code);

/* Fails open: what there is stands in w->text. */
void hookwork_run(struct hookwork *w);

#endif
