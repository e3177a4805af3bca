/* Who is handed each sealed change before the COMMIT that holds it.
 *
 * There is none by default. One that is set sees every change of a group in the
 * order of their ids, after all requests of the group are done and nothing is
 * left but COMMIT; changes of a request that was undone are not among them. It
 * reads the change itself through log.h, on the connection it is given. When it
 * refuses, the group is rolled back, and its requests run again one by one.
 *
 * COMMIT may still fail after the sink said yes: then `settled` says false, and
 * the ids come again with other changes. Example of two requests, the first of
 * which fails: change 7 is sealed and undone, change 7 of the second request is
 * sealed, append(7), COMMIT, settled(true). */
#ifndef STORE_LOG_CHANGE_SINK_H
#define STORE_LOG_CHANGE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct database;
struct store;

struct change_sealed {
	int64_t id, ns;
	unsigned char chain[32]; /* the head of the namespace with it */
};

struct change_sink {
	/* 0, or negative: the group does not commit. */
	int (*append)(void *ctx, struct store *st,
		const struct change_sealed *v, size_t n, struct err *e);
	/* What was appended was committed, or was not. */
	void (*settled)(void *ctx, bool committed);
	void *ctx;
};

/* Borrowed; before the writer begins. NULL: none. */
void change_sink_set(struct database *db, const struct change_sink *sink);

/* Used by change_seal. */
int change_sink_sealed(struct store *st, const struct change_sealed *c,
	struct err *e) MUST_CHECK;

#endif
