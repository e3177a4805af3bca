/* One sync of a folder (foldersync.h) and one note of it. */
#ifndef CLI_LIB_FOLDERSYNC_INT_H
#define CLI_LIB_FOLDERSYNC_INT_H

#include <jansson.h>
#include <stdbool.h>

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/foldersync.h"
#include "memory-db/cli/lib/notefile.h"

/* Of one note: more is a document, which is imported. */
#define NOTE_BYTES (1024 * 1024)
#define INDEX	   "MEMORY.md"

struct syncing {
	struct cli *c;
	const struct foldersync_options *o;
	struct foldersync_counts *counts;
	int dir;	 /* the folder, locked */
	json_t *base;	 /* files: name -> {entity, facts: {key: 1}}; owned */
	json_t *next;	 /* the same for the next time; owned */
	json_t *memory;	 /* entity -> {type, facts: {key: text}}; owned */
	json_t *seen;	 /* entities that have a note; owned */
	json_t *index;	 /* notes that came (name) or went (null); owned */
	json_t *done;	 /* notes that were looked at; owned */
	bool is_late;	 /* the rest waits for the next time */
	json_t *renamed; /* names of before -> the one of now; owned */
};

/* Makes a note and the entity that it belongs to say the same, or tells what that
 * would change. f: as it was read; nothing for a note that is not there. An exit
 * code, printed errors. */
int foldernote_sync(struct syncing *x, const char *file, const char *entity,
	struct notefile *f) MUST_CHECK;

#endif
