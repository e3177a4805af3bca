#include "memory-db/store/check/erase_beside.h"

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/log/change_internal.h"

enum {
	EACH_MESSAGE,
	EACH_QUESTION,
	EACH_NOTES,
	EACH_REASON,
	WIPE_MESSAGE,
	WIPE_QUESTION,
	WIPE_NOTES,
	WIPE_REASON
};

/* Each: ?1 the namespace, ?2 behind which id, ?3 up to which. */
static const struct stmt_def defs[] = {
	[EACH_MESSAGE] = {"SELECT id, message FROM change WHERE id > ?2 AND id"
			  " <= ?3 AND ns = ?1 AND message IS NOT NULL ORDER BY"
			  " id",
		3, 0},
	[EACH_QUESTION] = {"SELECT seq, query FROM receipt WHERE seq > ?2 AND"
			   " seq <= ?3 AND ns = ?1 AND query <> '' ORDER BY"
			   " seq",
		3, 0},
	[EACH_NOTES] = {"SELECT id, notes FROM conflict WHERE id > ?2 AND id <="
			" ?3 AND ns = ?1 AND notes IS NOT NULL ORDER BY id",
		3, 0},
	[EACH_REASON] = {"SELECT change, note FROM staged WHERE change > ?2 AND"
			 " change <= ?3 AND ns = ?1 AND note IS NOT NULL ORDER"
			 " BY change",
		3, 0},
	[WIPE_MESSAGE] = {"UPDATE change SET message = NULL, message_salt ="
			  " NULL WHERE id = ?2 AND ns = ?1 AND message IS NOT"
			  " NULL",
		2, STMT_WRITER},
	[WIPE_QUESTION] = {"UPDATE receipt SET query = '' WHERE seq = ?2 AND ns"
			   " = ?1 AND query <> ''",
		2, STMT_WRITER},
	[WIPE_NOTES] = {"UPDATE conflict SET notes = NULL WHERE id = ?2 AND ns"
			" = ?1 AND notes IS NOT NULL",
		2, STMT_WRITER},
	[WIPE_REASON] = {"UPDATE staged SET note = NULL WHERE change = ?2 AND"
			 " ns = ?1 AND note IS NOT NULL",
		2, STMT_WRITER},
};
const struct stmt_module erase_beside_module = {"erase_beside", defs,
	ARRAY_LEN(defs)};

int
erase_beside(struct erasure *x, enum beside_place place, int64_t ns, int64_t id,
	struct err *e)
{
	sqlite3_stmt *s =
		stmt_use(x->st, MOD_ERASE_BESIDE, WIPE_MESSAGE + (int)place);
	int rc;

	bind_i(s, 1, ns);
	bind_i(s, 2, id);
	rc = stmt_run(x->st, s, e);
	if (rc)
		return rc;
	if (place == BESIDE_MESSAGE)
		x->messages += sqlite3_changes(x->st->db);
	else
		x->notes += sqlite3_changes(x->st->db);
	return 0;
}

static int
each_up_to(struct store *st, enum beside_place place, const int64_t bounds[3],
	beside_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s =
		stmt_use(st, MOD_ERASE_BESIDE, EACH_MESSAGE + (int)place);
	int rc;

	for (int i = 0; i < 3; i++)
		bind_i(s, i + 1, bounds[i]);
	while ((rc = stmt_row(st, s, e)) == 1) {
		const char *text = (const char *)sqlite3_column_text(s, 1);

		if (!text)
			return err_nomem(e);
		rc = fn(ctx, sqlite3_column_int64(s, 0), text,
			(size_t)sqlite3_column_bytes(s, 1));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
beside_each(struct store *st, enum beside_place place, int64_t ns,
	int64_t after, beside_fn fn, void *ctx, struct err *e)
{
	return each_up_to(st, place, (const int64_t[]){ns, after, INT64_MAX},
		fn, ctx, e);
}

struct beside_one {
	beside_fn fn;
	void *ctx;
	bool is_found;
};

static int
give_one(void *ctx, int64_t id, const char *text, size_t n)
{
	struct beside_one *x = ctx;

	x->is_found = true;
	return x->fn(x->ctx, id, text, n);
}

int
beside_get(struct store *st, enum beside_place place, int64_t ns, int64_t id,
	beside_fn fn, void *ctx, struct err *e)
{
	struct beside_one x = {fn, ctx, false};
	int rc = each_up_to(st, place, (const int64_t[]){ns, id - 1, id},
		give_one, &x, e);

	return rc != 0 ? rc : x.is_found;
}
