/* A folder of notes and a memory say the same: what changed on one side since
 * the last time changes on the other. Between them stands the base, what both
 * said then (a hash for each fact, in a file of the folder).
 *
 *   base    folder            memory            after
 *   a, b    a, b, c           a, b              a, b, c in both
 *   a, b    a                 a, b, d           a, d: b was deleted in the folder
 *   a       a2 (edited)       a3 (edited)       a2, a3, and it is told
 *   a       gone              a2 (edited)       a2: what is new is never lost */
#ifndef CLI_LIB_FOLDERSYNC_H
#define CLI_LIB_FOLDERSYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "memory-db/cli/lib/cli.h"

struct foldersync_options {
	const char *folder;
	bool is_dry;	 /* only tells */
	bool is_emptied; /* that all notes are gone is meant so */
	/* What takes longer is left for the next time; 0: nothing is. */
	int64_t deadline_ns;
	/* Notes that are made for entities without one: none when there are
	 * more such entities. 0: without end. */
	size_t most_new;
	/* Tells a line of what is done: '+' or '-', "folder" or "memory". */
	void (*tell)(void *ctx, char sign, const char *where, const char *file,
		const char *text);
	void *ctx;
};

struct foldersync_counts {
	int64_t to_memory, from_memory; /* facts added and removed there */
	int64_t to_folder, from_folder;
	int64_t both;	 /* notes that were changed on both sides */
	int64_t skipped; /* notes that are half written, or were not stored */
};

/* Exit codes, printed errors. */
int foldersync_run(struct cli *c, const struct foldersync_options *o,
	struct foldersync_counts *ret) MUST_CHECK;

#endif
