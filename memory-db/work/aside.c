#include "memory-db/work/aside.h"

#include "memory-db/work/background/tasks.h"
#include "memory-db/work/helper_thread.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/policing.h"
#include "memory-db/work/scanning.h"

static enum background_mode
aside_mode(void *ctx)
{
	struct work *w = ctx;

	return background_mode_of(w->opt.db, w->opt.embedding.disk_free_bytes);
}

static uint64_t
aside_requests(void *ctx)
{
	return atomic_load_explicit(&((struct work *)ctx)->stats.grouped,
		memory_order_relaxed);
}

/* The writer counts with what it does in the background, too. */
static bool
aside_is_busy(void *ctx)
{
	struct work *w = ctx;

	if (atomic_load_explicit(&w->busy_since, memory_order_relaxed) != 0 ||
		write_queue_length(&w->writes) > 0 ||
		queue_length(&w->reads) > 0)
		return true;
	for (size_t i = 0; i < WORK_READERS; i++)
		if (atomic_load_explicit(&w->readers[i].is_busy,
			    memory_order_relaxed))
			return true;
	return false;
}

int
aside_start(struct work *w, const struct helper_room *room, struct err *e)
{
	struct scanning_options scan = {.room = *room,
		.background = w->background,
		.mode = aside_mode,
		.requests = aside_requests,
		.is_busy = aside_is_busy};
	struct policing_options police = {.room = *room,
		.sandbox = w->opt.sandbox};
	int rc = scanning_start(&scan, &w->scanning, e);

	if (rc)
		return rc;
	return policing_start(&police, &w->policing, e);
}

void
aside_begin(struct work *w)
{
	scanning_begin(w->scanning);
	/* What a function says could not be carried out. */
	if (!database_read_only(w->opt.db))
		policing_begin(w->policing);
}

void
aside_close(struct work *w)
{
	scanning_close(w->scanning);
	policing_close(w->policing);
}

void
aside_stop(struct work *w)
{
	scanning_stop(w->scanning);
	policing_stop(w->policing);
}

void
aside_free(struct work *w)
{
	scanning_free(w->scanning);
	w->scanning = NULL;
	policing_free(w->policing);
	w->policing = NULL;
}
