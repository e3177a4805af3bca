/* A row of the table `fact` as statements read it: its columns, in one order,
 * and what makes a struct fact of them. */
#ifndef STORE_FACTS_FACT_ROW_H
#define STORE_FACTS_FACT_ROW_H

#include <sqlite3.h>

#include "common/buf.h"
#include "memory-db/store/facts/facts.h"

/* The entity is asked for its name alone, by an existence fact that does not
 * say one itself; its namespace is in the fact's id. */
#define FACT_COLUMNS                                                           \
	"f.id, f.entity, f.kind, f.peer, f.label, f.weight, f.method, "        \
	"f.confidence, f.valid_from, f.valid_to, f.source, f.speaker, "        \
	"f.source_at, f.supersedes, f.flags, f.salt, f.digest, f.size, "       \
	"f.body, CASE WHEN f.kind = " SQL_EXISTENCE                            \
	" AND f.body IS NULL THEN (SELECT name "                               \
	"FROM entity e WHERE e.id = f.entity) END"

/* Behind FACT_COLUMNS a statement says since when the fact is visible (0: it is
 * read under no lens). */
enum fact_column {
	FACT_C_ID,
	FACT_C_ENTITY,
	FACT_C_KIND,
	FACT_C_PEER,
	FACT_C_LABEL,
	FACT_C_WEIGHT,
	FACT_C_METHOD,
	FACT_C_CONFIDENCE,
	FACT_C_FROM,
	FACT_C_TO,
	FACT_C_SOURCE,
	FACT_C_SPEAKER,
	FACT_C_SOURCE_AT,
	FACT_C_SUPERSEDES,
	FACT_C_FLAGS,
	FACT_C_SALT,
	FACT_C_DIGEST,
	FACT_C_SIZE,
	FACT_C_BODY,
	FACT_C_NAME,
	FACT_C_ADDED
};

/* Fills f from the row s stands on; text lives in buf. MDB_E_CORRUPT: the text
 * is not that of the digest. */
int fact_row_load(struct store *st, sqlite3_stmt *s, struct fact *f,
	struct buf *text, struct err *e) MUST_CHECK;

#endif
