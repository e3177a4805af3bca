/* The list of tables; see tables.h. */
#include "memory-db/store/check/tables.h"

#include "memory-db/store/beside/curated.h"
#include "memory-db/store/beside/files.h"
#include "memory-db/store/beside/keys.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/beside/skill_runs.h"

/* Files move when no fact is left to come: a slice that fails leaves them. */
static int
tables_files_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e)
{
	return is_last ? file_move_all(st, from, to, e) : 0;
}

/* Each slice moves texts, and an answer does not say which it holds. */
static int
tables_answers_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e)
{
	(void)from;
	(void)to;
	(void)is_last;
	return keys_moved(st, e);
}

const struct store_table store_tables[] = {
	/* the log, and what replaying it writes */
	{"change", TABLE_LOG, FORGET_BLANKS, "chain", NULL, NULL},
	{"op", TABLE_LOG, FORGET_NOTHING, "chain", NULL, NULL},
	{"entity", TABLE_LOG, FORGET_BLANKS, "digest", NULL, NULL},
	{"fact", TABLE_LOG, FORGET_BLANKS, "digest", NULL, NULL},
	{"span", TABLE_LOG, FORGET_NOTHING, "digest", NULL, NULL},
	{"attr", TABLE_LOG, FORGET_NOTHING, "attribute", NULL, NULL},
	{"version", TABLE_LOG, FORGET_NOTHING, "version", NULL, NULL},
	{"branch", TABLE_LOG, FORGET_NOTHING, "branch", NULL, NULL},
	{"merged", TABLE_LOG, FORGET_NOTHING, "branch", NULL, NULL},
	{"derived", TABLE_LOG, FORGET_NOTHING, "branch", NULL, NULL},
	{"label", TABLE_LOG, FORGET_BLANKS, NULL, NULL, NULL},
	/* lines of their own */
	{"namespace", TABLE_LINE, FORGET_NOTHING, "namespace", NULL, NULL},
	{"namespace_alias", TABLE_LINE, FORGET_NOTHING, NULL, NULL, NULL},
	{"alias", TABLE_LINE, FORGET_DROPS, "name", NULL, NULL},
	{"conflict", TABLE_LINE, FORGET_BLANKS, NULL, NULL, NULL},
	{"staged", TABLE_LINE, FORGET_NOTHING, NULL, NULL, NULL},
	{"file", TABLE_LINE, FORGET_ELSEWHERE, NULL, NULL, tables_files_merged},
	/* made from the others */
	{"past", TABLE_DERIVED, FORGET_NOTHING, "past", NULL, NULL},
	{"branch_text", TABLE_DERIVED, FORGET_DROPS, "text index", NULL, NULL},
	{"ft_live", TABLE_DERIVED, FORGET_DROPS, "text index", NULL, NULL},
	{"ft_past", TABLE_DERIVED, FORGET_DROPS, "text index", NULL, NULL},
	{"ft_branch", TABLE_DERIVED, FORGET_DROPS, "text index", NULL, NULL},
	{"term", TABLE_DERIVED, FORGET_DROPS, "text index", NULL, NULL},
	{"ft_term", TABLE_DERIVED, FORGET_DROPS, "text index", NULL, NULL},
	{"text_wait", TABLE_DERIVED, FORGET_NOTHING, "text index", NULL, NULL},
	{"text_gone", TABLE_DERIVED, FORGET_DROPS, "text index", NULL, NULL},
	{"tally", TABLE_DERIVED, FORGET_NOTHING, "counter", NULL, NULL},
	{"vector", TABLE_DERIVED, FORGET_DROPS, "vector", NULL, NULL},
	{"vector_model", TABLE_DERIVED, FORGET_NOTHING, "vector", NULL, NULL},
	/* of this file alone */
	{"usage", TABLE_LOCAL, FORGET_DROPS, NULL, receipts_forget_usage, NULL},
	{"skill_run", TABLE_LOCAL, FORGET_DROPS, NULL, skill_run_forget, NULL},
	{"curated", TABLE_LOCAL, FORGET_DROPS, NULL, curated_forget, NULL},
	{"receipt", TABLE_LOCAL, FORGET_BLANKS, NULL, NULL, NULL},
	{"request", TABLE_LOCAL, FORGET_NOTHING, NULL, NULL, NULL},
	{"answer", TABLE_LOCAL, FORGET_DROPS, NULL, NULL,
		tables_answers_merged},
	{"dictionary", TABLE_LOCAL, FORGET_DROPS, "dictionary", NULL, NULL},
	{"packing", TABLE_LOCAL, FORGET_NOTHING, NULL, NULL, NULL},
	{"meta", TABLE_LOCAL, FORGET_ELSEWHERE, NULL, NULL, NULL},
};
const size_t store_tables_n = ARRAY_LEN(store_tables);

int
tables_forget_entity(struct store *st, int64_t entity, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < store_tables_n; i++)
		if (store_tables[i].forget_entity)
			rc = store_tables[i].forget_entity(st, entity, e);
	return rc;
}

int
tables_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < store_tables_n; i++)
		if (store_tables[i].merged)
			rc = store_tables[i].merged(st, from, to, is_last, e);
	return rc;
}
