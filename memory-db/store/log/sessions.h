/* Sessions. They have no table: a session is what the changes with its label
 * have in common. */
#ifndef STORE_LOG_SESSIONS_H
#define STORE_LOG_SESSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

struct session_row {
	int64_t session, client; /* labels; client of its newest change or 0 */
	int64_t ns;		 /* of its newest change */
	int64_t last_change, first_at, last_at, changes;
};
typedef int (*session_fn)(void *ctx, const struct session_row *row);
/* Sessions whose newest change is < before, newest first. fn returns non-zero
 * to stop, and that is returned. */
int session_each(struct store *st, int64_t before, session_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* One session, by its label: 1 and the row, 0 it never wrote. */
int session_get(struct store *st, int64_t session, struct session_row *ret,
	struct err *e) MUST_CHECK;
typedef int (*ns_fn)(void *ctx, int64_t ns);
/* The namespaces it wrote to, by id. */
int session_namespaces(struct store *st, int64_t session, ns_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
typedef int (*session_place_fn)(void *ctx, int64_t ns, int64_t branch);
/* Where its facts are: each namespace and branch that it wrote to and that is
 * there still. */
int session_places(struct store *st, int64_t session, session_place_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

#endif
