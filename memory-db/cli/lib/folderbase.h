/* The files of a folder of notes: which there are, the base that both sides had
 * (foldersync.h), and the index. */
#ifndef CLI_LIB_FOLDERBASE_H
#define CLI_LIB_FOLDERBASE_H

#include <jansson.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "memory-db/cli/lib/cli.h"

#define FOLDERBASE_NAME_SIZE 128

/* Adds the names of the notes to `files`: regular files *.md, no hidden ones.
 * 0; MDB_E_STORE with errno; MDB_E_NOMEM. */
int folderbase_list(int dir, json_t *files) MUST_CHECK;
/* Reads a note of this user whole, through no link. 0; MDB_E_NOT_FOUND;
 * MDB_E_STORE (no file of theirs, too large, changed meanwhile); MDB_E_NOMEM. */
int folderbase_read(int dir, const char *file, size_t most, struct buf *out)
	MUST_CHECK;
/* A name for the note of an entity that none of `files` has. */
void folderbase_name(int dir, const char *entity, const json_t *files,
	char ret[FOLDERBASE_NAME_SIZE]);

/* Nothing of that name is there; what cannot be looked at is not gone. */
bool folderbase_is_gone(int dir, const char *file);
/* Whether a note has the bytes that were read; none: that there is none. */
bool folderbase_is_as_read(int dir, const char *file, size_t most,
	const struct buf *before);
/* Writes a note that is as it was read, with the mode that it has. 0;
 * MDB_E_CONFLICT: it is another one now; MDB_E_STORE. */
int folderbase_put(int dir, const char *folder, const char *file, size_t most,
	const struct buf *before, const struct buf *now) MUST_CHECK;

/* Which memory, and how far it is. A base is of one memory up to one change: what
 * a memory that went back to an older backup lacks was not deleted there, and must
 * not be cut out of the notes, which may be the only place that still has it. */
struct folderbase_point {
	struct buf whose;    /* database, namespace and branch */
	struct buf instance; /* of the database; another one after a restore */
	int64_t change;	     /* its newest */
};
void folderbase_point_done(struct folderbase_point *p);
#define AUTO_POINT __attribute__((cleanup(folderbase_point_done)))
/* Asks the service. An exit code. */
int folderbase_point_read(struct cli *c, struct folderbase_point *ret)
	MUST_CHECK;
/* The base of this memory, new: empty when there is none, or another memory's, or
 * one of a later state than this. NULL: no memory. */
json_t *folderbase_load(int dir, const struct folderbase_point *p) MUST_CHECK;
/* An exit code, printed errors. */
int folderbase_save(int dir, const char *folder,
	const struct folderbase_point *p, json_t *files) MUST_CHECK;

/* Lines of the index for notes that came (file -> entity), none for those that
 * went (file -> null). 0 or negative. */
int folderbase_index(int dir, const char *folder, const json_t *changed)
	MUST_CHECK;

#endif
