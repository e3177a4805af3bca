/* What a note and its entity have, and what each lacks of the other. Pure. */
#ifndef CLI_LIB_FOLDERSIDES_H
#define CLI_LIB_FOLDERSIDES_H

#include <jansson.h>

#include "common/cleanup.h"

struct foldersides {
	json_t *folder, *memory; /* key -> text; borrowed */
	json_t *base;		 /* key -> 1; borrowed, or NULL */
	/* owned; key -> text */
	json_t *to_memory, *from_memory, *to_folder, *from_folder, *both;
};
#define AUTO_SIDES __attribute__((cleanup(foldersides_done)))

/* Fills the five from folder, memory and base. 0 or MDB_E_NOMEM. */
int foldersides_compare(struct foldersides *s) MUST_CHECK;
void foldersides_done(struct foldersides *s);

#endif
