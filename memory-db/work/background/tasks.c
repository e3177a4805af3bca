/* The list of tasks of the service, and the records of those that the writer
 * does on the store. What a step does stands in store/idle.h; here stands when
 * it is its turn. A new task is a record beside its code and a line in the
 * list below; status shows it by itself. */
#include "memory-db/work/background/tasks.h"

#include "memory-db/work/background/review_task.h"

#include "memory-db/store/idle.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/work/embedding_internal.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/scanning.h"

#define MS_NS INT64_C(1000000)

static struct store *
writer_store(void *ctx)
{
	return ((struct work *)ctx)->st;
}

/* --- lease "text": each begins when nothing is left for those before it ---- */
static bool
index_wanted(void *ctx)
{
	return store_index_wanted(writer_store(ctx));
}

static int
index_step(void *ctx, int64_t budget_ns, struct err *e)
{
	return store_index_step(writer_store(ctx), budget_ns, e);
}

/* While others keep the writer busy what waits to be indexed has its share of
 * the time: it would wait for ever for an idle moment. */
static const struct background_task task_index = {
	.name = "text-index",
	.about = "brings texts into the index that large writes left for later",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.lease = "text",
	.budget_ns = 20 * MS_NS,
	.share = BACKGROUND_UNDER_LOAD,
	.share_ns = 8 * MS_NS,
	.wanted = index_wanted,
	.step = index_step,
};

static bool
terms_wanted(void *ctx)
{
	return store_terms_wanted(writer_store(ctx));
}

static int
terms_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return store_terms_step(writer_store(ctx), e);
}

static const struct background_task task_terms = {
	.name = "new-words",
	.about = "takes new words into the vocabulary that parts of words are "
		 "looked for in",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.lease = "text",
	.quiet_ms = 200,
	.patience_ms = 30 * 1000,
	.budget_ns = 20 * MS_NS,
	.wanted = terms_wanted,
	.step = terms_step,
};

static bool
merge_wanted(void *ctx)
{
	return store_merge_wanted(writer_store(ctx));
}

static int
merge_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)e;
	return store_merge_step(writer_store(ctx), budget_ns);
}

static const struct background_task task_merge = {
	.name = "index-merge",
	.about = "merges segments of the text index, so that searches open few",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.lease = "text",
	.budget_ns = 2 * MS_NS,
	.wanted = merge_wanted,
	.step = merge_step,
};

static bool
pack_wanted(void *ctx)
{
	return store_pack_wanted(writer_store(ctx));
}

static int
pack_step(void *ctx, int64_t budget_ns, struct err *e)
{
	return store_pack_step(writer_store(ctx), budget_ns, e);
}

/* Before the erasing: a dictionary that holds what was forgotten goes first. */
static const struct background_task task_pack = {
	.name = "pack-texts",
	.about = "packs stored texts, with a dictionary made from them",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.lease = "text",
	.quiet_ms = 200,
	.patience_ms = 30 * 1000,
	.budget_ns = 20 * MS_NS,
	.wanted = pack_wanted,
	.step = pack_step,
};

static bool
erase_wanted(void *ctx)
{
	return store_is_erasing(writer_store(ctx));
}

static int
erase_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return store_erase_step(writer_store(ctx), e);
}

static const struct background_task task_erase = {
	.name = "erase-traces",
	.about = "removes what was forgotten from the index and the log file",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.lease = "text",
	.budget_ns = 20 * MS_NS,
	.wanted = erase_wanted,
	.step = erase_step,
};

/* --- rows beside the log -------------------------------------------------- */
static bool
notes_wanted(void *ctx)
{
	return store_notes_wanted(writer_store(ctx));
}

static int
notes_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return store_notes_step(writer_store(ctx), e);
}

static const struct background_task task_notes = {
	.name = "receipts",
	.about = "stores receipts of answers and counts of skill runs",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.period_ms = 1000,
	.budget_ns = 20 * MS_NS,
	.wanted = notes_wanted,
	.step = notes_step,
};

static int
keys_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return store_keys_step(writer_store(ctx), e);
}

static const struct background_task task_keys = {
	.name = "old-keys",
	.about = "forgets the keys of writes that are too old to be repeated",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.period_ms = 10 * 60 * 1000,
	.budget_ns = 5 * MS_NS,
	.step = keys_step,
};

/* --- the WAL -------------------------------------------------------------- */
static bool
wal_wanted(void *ctx)
{
	struct work *w = ctx;
	bool is_wanted = store_wal_wanted(writer_store(w));

	if (!is_wanted)
		log_room_want(&w->log_room, false);
	return is_wanted;
}

static int
wal_step(void *ctx, int64_t budget_ns, struct err *e)
{
	struct work *w = ctx;
	bool is_kept_by_us = false;
	int rc = store_wal_step(writer_store(w), &is_kept_by_us, e);

	(void)budget_ns;
	log_room_want(&w->log_room, is_kept_by_us);
	return rc;
}

static const struct background_task task_wal = {
	.name = "log-limit",
	.about = "cuts the log beside the database back when it has grown",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.period_ms = 1000,
	.budget_ns = 50 * MS_NS,
	.share = BACKGROUND_EACH_GROUP,
	.share_ns = 50 * MS_NS,
	.pause_ms = 1000, /* a reader was in the way */
	.pause_max_ms = 5000,
	.wanted = wal_wanted,
	.step = wal_step,
};

static bool
checkpoint_wanted(void *ctx)
{
	return store_checkpoint_wanted(writer_store(ctx));
}

static int
checkpoint_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return store_checkpoint_step(writer_store(ctx), e);
}

static const struct background_task task_checkpoint = {
	.name = "checkpoint",
	.about = "moves what was committed from the log into the database file",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.period_ms = 1000,
	.budget_ns = 50 * MS_NS,
	.wanted = checkpoint_wanted,
	.step = checkpoint_step,
};

static bool
wal_rest_wanted(void *ctx)
{
	return store_wal_rest_wanted(writer_store(ctx));
}

static int
wal_rest_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return store_wal_rest_step(writer_store(ctx), e);
}

static const struct background_task task_wal_rest = {
	.name = "log-rest",
	.about = "empties the log beside the database when nobody writes",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.period_ms = 5000,
	.quiet_ms = 5000,
	.budget_ns = 20 * MS_NS,
	.wanted = wal_rest_wanted,
	.step = wal_rest_step,
};

/* --- memory --------------------------------------------------------------- */
static bool
shrink_wanted(void *ctx)
{
	struct work *w = ctx;

	return w->shrunk_at !=
	       atomic_load_explicit(&w->stats.grouped, memory_order_relaxed);
}

static int
shrink_step(void *ctx, int64_t budget_ns, struct err *e)
{
	struct work *w = ctx;

	(void)budget_ns;
	(void)e;
	w->shrunk_at =
		atomic_load_explicit(&w->stats.grouped, memory_order_relaxed);
	work_shrink(w->st);
	return 0;
}

static const struct background_task task_shrink = {
	.name = "memory",
	.about = "gives memory back to the system when nobody writes",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_ALWAYS,
	.quiet_ms = WORK_SHRINK_MS,
	.budget_ns = 20 * MS_NS,
	.wanted = shrink_wanted,
	.step = shrink_step,
};

/* --- the list ------------------------------------------------------------- */
const struct background_task *const background_tasks[] = {
	&task_index,
	&task_terms,
	&task_merge,
	&task_pack,
	&task_erase,
	&task_notes,
	&task_keys,
	&review_task,
	&task_wal,
	&task_checkpoint,
	&task_wal_rest,
	&task_shrink,
	&curating_task,
	&counting_task,
	&scanning_task,
	&embedding_task_erased,
	&embedding_task_fill,
	&embedding_task_drop,
};
const size_t background_tasks_n = ARRAY_LEN(background_tasks);

/* What is left to the next service stands in the file: texts that are not packed,
 * traces to erase, segments to merge. */
const struct background_task *const background_needed[] = {
	&task_index,
	&task_wal,
	&task_checkpoint,
	&task_shrink,
};
const size_t background_needed_n = ARRAY_LEN(background_needed);

enum background_mode
background_mode_of(struct database *db, int64_t disk_free_bytes)
{
	struct database_sizes sizes;

	if (database_read_only(db))
		return BACKGROUND_READ_ONLY;
	if (trouble_now(db) != TROUBLE_NONE)
		return BACKGROUND_DAMAGED;
	database_sizes(db, &sizes);
	return sizes.disk_free_bytes < disk_free_bytes ? BACKGROUND_DISK_LOW
						       : BACKGROUND_NORMAL;
}
