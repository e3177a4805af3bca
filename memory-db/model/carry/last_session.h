/* The last session of a client: what it did is what is to be gone on with, and
 * what came after it is what the client does not know yet.
 *
 *   change 5   session a of codex/0.170     ada: likes tea
 *   change 6   session b of claude-code     ada: likes coffee
 *   change 7   session c of codex/0.171     (asks)
 *
 * To session c the last session is a, though its version is another, and 6 is
 * what changed since. A session that wrote nothing has left no trace; who
 * knows better says `since`. */
#ifndef MODEL_CARRY_LAST_SESSION_H
#define MODEL_CARRY_LAST_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

struct last_session {
	int64_t change;		 /* its newest; 0: it has none */
	int64_t at;		 /* of that change, ms */
	int64_t session, client; /* labels; 0: none */
};

/* "codex" of "codex/0.171.0" and of "codex hook 1.2": how a client calls itself
 * without its version. Length of that part. */
size_t client_name_length(const char *client);
bool client_is_same(const char *a, const char *b);

/* The newest session before the caller's own that wrote to a namespace of the
 * scope: of the same client, or of anybody when the caller names none. 1 found,
 * 0: it is the first. */
int last_session(struct store *st, const struct context *ctx,
	const struct scope *scope, struct last_session *ret, struct err *e)
	MUST_CHECK;

#endif
