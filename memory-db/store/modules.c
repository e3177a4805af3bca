/* What the store is made of. The rooms below know nothing of this list; it is
 * handed to the engine when a database is opened.
 *
 * A new module with statements, a new table: a line in modules.def. A module
 * that has state beside its rows: a `struct participant`
 * (engine/participant.h), and its line below. */
#include "memory-db/store/engine/database.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

#define MODULE(id, module) extern const struct stmt_module module;
#define TABLES(list)	   extern const struct store_table list[];
#include "memory-db/store/modules.def"
#undef MODULE
#undef TABLES

#define TABLES(list)
static const struct stmt_module *const statements[MOD_MAX] = {
#define MODULE(id, module) [id] = &(module),
#include "memory-db/store/modules.def"
#undef MODULE
};
#undef TABLES

#define MODULE(id, module)
static const struct store_table *const tables[] = {
#define TABLES(list) list,
#include "memory-db/store/modules.def"
#undef TABLES
	NULL,
};
#undef MODULE

extern const struct participant meta_participant, labels_participant,
	heads_participant, counters_participant, pack_participant,
	answer_cache_participant, search_mask_participant, search_participant,
	search_counts_participant, search_wait_participant,
	text_queue_participant, text_wait_participant, vectors_participant,
	receipts_participant, skill_runs_participant, fts_rebuild_participant,
	erase_participant, change_sink_participant;

/* In this order each hook is called: room by room, the lowest first. */
static const struct participant *const participants[] = {
	&meta_participant,
	&labels_participant,
	&heads_participant,
	&counters_participant,
	&pack_participant,
	&answer_cache_participant,
	&search_mask_participant,
	&search_participant,
	&search_counts_participant,
	&search_wait_participant,
	&text_queue_participant,
	&text_wait_participant,
	&vectors_participant,
	&receipts_participant,
	&skill_runs_participant,
	/* An index that is written anew at open, before texts are erased. */
	&fts_rebuild_participant,
	&erase_participant,
	/* Last: what it hands out is to be committed, all else is done. */
	&change_sink_participant,
	NULL,
};

static const struct store_modules modules = {statements, participants, tables};

int
database_open(const struct database_options *o, struct database **ret,
	struct err *e)
{
	return database_open_with(o, &modules, ret, e);
}
