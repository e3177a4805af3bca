/* The changes of a group, kept until its COMMIT; see change_sink.h. */
#include "memory-db/store/log/change_sink.h"

#include <string.h>

#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"

void
change_sink_set(struct database *db, const struct change_sink *sink)
{
	db->sink = sink;
}

int
change_sink_sealed(struct store *st, const struct change_sealed *c,
	struct err *e)
{
	struct change_sealed *p;

	/* What a script writes in its private view is never committed. */
	if (!st->base->sink || st->role != STORE_WRITER)
		return 0;
	p = reallocarray(st->sealed, st->sealed_n + 1, sizeof(*p));
	if (!p)
		return err_nomem(e);
	st->sealed = p;
	st->sealed[st->sealed_n++] = *c;
	return 0;
}

static void
change_sink_savepoint(struct store *st)
{
	st->sealed_savepoint = st->sealed_n;
}

static void
change_sink_undone(struct store *st)
{
	st->sealed_n = st->sealed_savepoint;
}

static int
change_sink_flush(struct store *st, struct err *e)
{
	const struct change_sink *sink = st->base->sink;
	int rc;

	if (st->sealed_n == 0)
		return 0;
	rc = sink->append(sink->ctx, st, st->sealed, st->sealed_n, e);
	st->sealed_given = rc == 0;
	return rc;
}

static void
change_sink_settle(struct store *st, bool committed)
{
	const struct change_sink *sink = st->base->sink;

	if (st->sealed_given && sink->settled)
		sink->settled(sink->ctx, committed);
	st->sealed_given = false;
	st->sealed_n = st->sealed_savepoint = 0;
}

static void
change_sink_committed(struct store *st)
{
	change_sink_settle(st, true);
}

static void
change_sink_rolled_back(struct store *st)
{
	change_sink_settle(st, false);
}

static void
change_sink_close(struct store *st)
{
	free(st->sealed);
}

const struct participant change_sink_participant = {
	.name = "change_sink",
	.close = change_sink_close,
	.savepoint = change_sink_savepoint,
	.undone = change_sink_undone,
	.flush = change_sink_flush,
	.committed = change_sink_committed,
	.rolled_back = change_sink_rolled_back,
};
