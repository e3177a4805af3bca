/* Ranges of the indexes that serve filters; filter_index.h says what they
 * give. Each function walks a range and gives the ids to a callback. The
 * callback ends the walk when there are more than somebody wants to look at
 * one by one; the caller then reads matches instead, and asks each of them
 * about the filter. */
#include "memory-db/store/index/filter_index.h"

#include "common/limits.h"
#include "memory-db/store/engine/store_internal.h"

enum {
	TIER,
	TAGGED,
	TAGGED_FACTS,
	METADATA,
	SAID,
	SHOWN,
	MARKS,
	TEXTS,
	EXISTENCE,
	EXISTENCES
};

static const struct stmt_def defs[] = {
	[TIER] = {"SELECT entity FROM attr INDEXED BY attr_tier"
		  " WHERE key = 1 AND value = ?1",
		1, 0},
	[TAGGED] = {"SELECT entity FROM fact INDEXED BY fact_tag"
		    " WHERE kind = " SQL_TAG
		    " AND label = ?3 AND id BETWEEN ?1 AND ?2",
		3, 0},
	[TAGGED_FACTS] = {"SELECT supersedes FROM fact INDEXED BY fact_tag"
			  " WHERE kind = " SQL_TAG
			  " AND label = ?3 AND id BETWEEN ?1 AND ?2",
		3, 0},
	[METADATA] = {"SELECT entity FROM fact INDEXED BY fact_metadata"
		      " WHERE kind = " SQL_METADATA " AND id BETWEEN ?1 AND ?2",
		2, 0},
	[SAID] = {"SELECT id FROM fact INDEXED BY fact_when"
		  " WHERE source_at BETWEEN ?1 AND ?2"
		  " AND source_at IS NOT NULL AND kind = " SQL_OBSERVATION,
		2, 0},
	[MARKS] = {"SELECT f.supersedes, f.entity"
		   " FROM fact f INDEXED BY fact_tag"
		   " CROSS JOIN @SPAN ON s.fact = f.id AND @VIS"
		   " WHERE f.kind = " SQL_TAG " AND f.label = ?3"
		   " AND f.id BETWEEN ?1 AND ?2 AND f.salt IS NOT NULL",
		3, STMT_LENS},
	[TEXTS] = {"SELECT f.entity, f.size, f.body"
		   " FROM fact f INDEXED BY fact_metadata"
		   " CROSS JOIN @SPAN ON s.fact = f.id AND @VIS"
		   " WHERE f.kind = " SQL_METADATA " AND f.id BETWEEN ?1 AND ?2"
		   " AND f.salt IS NOT NULL ORDER BY f.id",
		2, STMT_LENS},
	[EXISTENCE] = {"SELECT id FROM fact INDEXED BY fact_existence"
		       " WHERE kind = " SQL_EXISTENCE
		       " AND id BETWEEN ?1 AND ?2",
		2, 0},
	[EXISTENCES] = {"SELECT count(*) FROM fact INDEXED BY fact_existence"
			" WHERE kind = " SQL_EXISTENCE
			" AND id BETWEEN ?1 AND ?2",
		2, 0},
	/* what = 1: OP_SHOW */
	[SHOWN] = {"SELECT iif(what = 1, fact, 0) FROM op"
		   " WHERE change BETWEEN ?1 AND ?2",
		2, 0},
};
const struct stmt_module filter_index_module = {"few", defs, ARRAY_LEN(defs)};

static int
each_id(struct store *st, sqlite3_stmt *s, filter_index_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, sqlite3_column_int64(s, 0));
		if (rc != 0)
			break;
	}
	return rc;
}

int
filter_index_of_tiers(struct store *st, unsigned tiers, filter_index_fn fn,
	void *ctx, struct err *e)
{
	for (int tier = 1; tier < 32; tier++) {
		AUTO_STMT sqlite3_stmt *s = NULL;
		int rc;

		if (!(tiers >> tier & 1))
			continue;
		s = stmt_use(st, MOD_FEW, TIER);
		bind_i(s, 1, tier);
		rc = each_id(st, s, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
in_range(struct store *st, int statement, const struct search_range *range,
	int64_t label, filter_index_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FEW, statement);

	bind_i(s, 1, range->lo);
	bind_i(s, 2, range->hi);
	if (statement != METADATA)
		bind_i(s, 3, label);
	return each_id(st, s, fn, ctx, e);
}

int
filter_index_tagged(struct store *st, const struct search_range *range,
	int64_t label, filter_index_fn fn, void *ctx, struct err *e)
{
	int rc = in_range(st, TAGGED, range, label, fn, ctx, e);

	if (rc != 0)
		return rc;
	return filter_index_with_metadata(st, range, fn, ctx, e);
}

int
filter_index_tagged_facts(struct store *st, const struct search_range *range,
	int64_t label, filter_index_fn fn, void *ctx, struct err *e)
{
	return in_range(st, TAGGED_FACTS, range, label, fn, ctx, e);
}

int
filter_index_with_metadata(struct store *st, const struct search_range *range,
	filter_index_fn fn, void *ctx, struct err *e)
{
	return in_range(st, METADATA, range, 0, fn, ctx, e);
}

int
filter_index_of_time(struct store *st, int64_t since, int64_t until,
	filter_index_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *said = stmt_use(st, MOD_FEW, SAID);
	AUTO_STMT sqlite3_stmt *shown = stmt_use(st, MOD_FEW, SHOWN);
	int64_t before = 0, last = 0;
	int rc = 0;

	if (since > INT64_MIN)
		rc = lens_change_at(st, since - 1, &before, e);
	if (rc != 0)
		return rc;
	rc = lens_change_at(st, until, &last, e);
	if (rc < 0)
		return rc;
	bind_i(said, 1, since);
	bind_i(said, 2, until);
	rc = each_id(st, said, fn, ctx, e);
	if (rc != 0)
		return rc;
	bind_i(shown, 1, before + 1);
	bind_i(shown, 2, last);
	return each_id(st, shown, fn, ctx, e);
}

int
filter_index_existence(struct store *st, int64_t lo, int64_t hi,
	filter_index_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FEW, EXISTENCE);

	bind_i(s, 1, lo);
	bind_i(s, 2, hi);
	return each_id(st, s, fn, ctx, e);
}

int
filter_index_existences(struct store *st, const struct search_range *range,
	int64_t *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FEW, EXISTENCES);
	int rc;

	bind_i(s, 1, range->lo);
	bind_i(s, 2, range->hi);
	rc = stmt_row(st, s, e);
	if (rc < 0)
		return rc;
	*ret = sqlite3_column_int64(s, 0);
	return 0;
}

int
filter_index_marks(struct store *st, const struct search_range *range,
	int64_t label, int (*fn)(void *ctx, int64_t fact, int64_t entity),
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FEW, MARKS);

	bind_i(s, 1, range->lo);
	bind_i(s, 2, range->hi);
	bind_i(s, 3, label);
	return stmt_each_pair(st, s, fn, ctx, e);
}

int
filter_index_metadata(struct store *st, const struct search_range *range,
	fact_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FEW, TEXTS);
	AUTO_BUF struct buf text = {0};
	int rc;

	bind_i(s, 1, range->lo);
	bind_i(s, 2, range->hi);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct fact f = {.entity = sqlite3_column_int64(s, 0)};
		int size = sqlite3_column_int(s, 1);

		if (size < 0 || size > LIMIT_OBSERVATION_BYTES)
			return err_set(e, MDB_E_CORRUPT,
				"metadata of an entity has a damaged size");
		text.len = 0;
		rc = codec_unpack(&st->codec, sqlite3_column_blob(s, 2),
			(size_t)sqlite3_column_bytes(s, 2), (size_t)size, &text,
			e);
		if (rc != 0)
			return rc;
		if (!buf_str(&text))
			return err_nomem(e);
		f.text = text.data;
		f.text_n = text.len;
		rc = fn(ctx, &f);
		if (rc != 0)
			return rc;
	}
	return rc;
}
