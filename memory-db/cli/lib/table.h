/* Aligned tables. On a terminal the widest flexible columns give way until a
 * row fits; where it never does, each row becomes a few lines of its own.
 * Elsewhere nothing is cut. */
#ifndef CLI_LIB_TABLE_H
#define CLI_LIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/cleanup.h"

#define TABLE_COLUMNS 8
#define TABLE_TAIL    2 /* cut at its beginning: the end says more */

struct table_column {
	const char *title;
	bool is_right; /* numbers */
	int flexible;  /* false: never cut; true: may be; TABLE_TAIL */
};

struct table {
	const struct table_column *columns; /* borrowed */
	size_t columns_n;
	char **cells; /* owned, row by row */
	size_t n, cap;
	bool failed; /* out of memory: table_print says so */
};

struct cli;

void table_init(struct table *t, const struct table_column *columns, size_t n);
/* The next cell, made safe. NULL counts as "". */
void table_text(struct table *t, const char *text);
void table_number(struct table *t, int64_t n);
/* 0 or MDB_E_NOMEM. Prints nothing for no rows. */
int table_print(const struct table *t, const struct cli *c, FILE *f) MUST_CHECK;
void table_done(struct table *t);

#define AUTO_TABLE __attribute__((cleanup(table_done)))

#endif
