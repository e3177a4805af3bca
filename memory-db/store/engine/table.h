/* What a table is to those who deal with all of them: erasing, verify, export
 * and import, and the merging of namespaces. The module that owns a table says
 * it, in a list that modules.def names; a unit test fails for a table of the
 * schema of which nobody does.
 *
 * Example: the table `file` (the workspace of scripts) of beside/files.c. It
 * stands beside the log, so an export has a line for each file. Erasing an
 * entity leaves it alone, as files belong to a namespace. When a namespace is
 * merged into another its files move along: `merged` does that. */
#ifndef STORE_ENGINE_TABLE_H
#define STORE_ENGINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct store;

/* How its rows come through an export of the whole log and its replay. */
enum table_kind {
	TABLE_LOG,     /* changes and what replaying their ops writes */
	TABLE_LINE,    /* no ops: lines of their own */
	TABLE_DERIVED, /* made again from the others, or counted */
	TABLE_LOCAL    /* of this file alone: it does not travel */
};

/* How erasing for good treats what it holds of an entity or a fact. */
enum table_forget {
	FORGET_NOTHING,	 /* there is no text and no name in it */
	FORGET_BLANKS,	 /* rows stay, without their texts (erase.c) */
	FORGET_DROPS,	 /* rows go (erase.c, or forget_entity below) */
	FORGET_ELSEWHERE /* they are the owner's: forgotten with their file,
			    key or namespace */
};

struct store_table {
	const char *name;
	enum table_kind kind;
	enum table_forget forget;
	const char *verified; /* the step of verify.c that reads it, or NULL */
	/* The rest is NULL where nothing is to be done. */
	/* An entity is erased: drops its rows. */
	int (*forget_entity)(struct store *st, int64_t entity, struct err *e);
	/* The facts of namespace `from` have moved to `to`, the last of them in
	 * this group when is_last. */
	int (*merged)(struct store *st, int64_t from, int64_t to, bool is_last,
		struct err *e);
};

#endif
