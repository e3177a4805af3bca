/* The tables of all modules (engine/table.h), for those who deal with every one
 * of them. */
#ifndef STORE_CHECK_TABLES_H
#define STORE_CHECK_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/table.h"

/* Calls fn with each table until it returns other than 0, which is returned. */
int tables_each(struct store *st,
	int (*fn)(void *ctx, const struct store_table *t), void *ctx)
	MUST_CHECK;

/* The hooks of all tables. 0, or negative. */
int tables_forget_entity(struct store *st, int64_t entity, struct err *e)
	MUST_CHECK;
int tables_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e) MUST_CHECK;

#endif
