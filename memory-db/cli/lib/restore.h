/* The steps of a restore, each a file: which backups make up the one that is
 * wanted (restore_chain.c), what was forgotten since (restore_forgotten.c), its
 * place (restore_place.h). cmd_restore.c has their order. */
#ifndef CLI_LIB_RESTORE_H
#define CLI_LIB_RESTORE_H

#include <limits.h>
#include <stdint.h>

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/backup_folder.h"
#include "memory-db/cli/lib/private_service.h"
#include "memory-db/cli/lib/restore_place.h"

struct restore {
	struct cli *c;
	char source[PATH_MAX], target[PATH_MAX];
	const char *identity;	   /* borrowed; of age, or NULL */
	struct backup_folder held; /* that of the source: nothing of it goes */
	struct restore_place place;
	struct private_service service; /* of what is restored */
	int64_t parts; /* of the chain behind the whole backup */
	int64_t changes, facts, erased;
	char id[33]; /* of the database */
};

/* All return exit codes and print errors. */

/* The backup that an argument means: a file, or the newest of a folder. */
int restore_choose(struct restore *r, const char *given) MUST_CHECK;
/* A point in time could not be reached, as the history was folded: names older
 * backups beside the source that may reach it. */
void restore_tell_older(struct restore *r);
/* Unpacks the whole backup of the chain into the place of work, starts a service
 * on it, and replays the parts that follow, up to the source. */
int restore_unpack(struct restore *r) MUST_CHECK;
/* Erases what newer backups beside it, and the present database, know to be
 * forgotten. */
int restore_forget(struct restore *r) MUST_CHECK;

/* The same of a service that has the same database. *ret_is_whole: it could tell
 * all of it; one that is damaged cannot, which is no error here. */
int restore_forget_from(struct restore *r, struct cli *newer,
	bool *ret_is_whole) MUST_CHECK;

/* For both: the content of a backup into a new file. Into *e, not printed. */
struct backup_reader;
int restore_unpack_file(const struct restore *r, const char *from,
	const char *to, json_t **ret_about, struct err *e) MUST_CHECK;
/* The description alone; *ret NULL: it has none. */
int restore_about(const char *path, const char *identity, json_t **ret,
	struct err *e) MUST_CHECK;
/* The folder that a backup lies in; borrowed parts of path. */
void restore_folder_of(const char *path, char out[PATH_MAX]);

#endif
