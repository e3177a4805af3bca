/* A memory-db for this command alone, on a database that nobody else has open:
 * a socket in a folder of its own, no scripts, no network. It ends with us. */
#ifndef CLI_LIB_PRIVATE_SERVICE_H
#define CLI_LIB_PRIVATE_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/tempfolder.h"

struct private_service {
	struct cli cli; /* for cli_call(); of the namespace `default` */
	pid_t pid;	/* 0: none runs */
	char folder[TEMP_FOLDER_SIZE], socket[40];
	int folder_fd; /* its lock, while there is a folder */
};

/* Starts it and waits until it serves. new_instance: the file is a copy that
 * goes on by itself. The errors are those of memory-db: MDB_E_EXISTS (another one
 * serves the file), MDB_E_CORRUPT, ... */
int private_service_start(struct private_service *p, const struct cli *c,
	const char *database, bool new_instance, struct err *e) MUST_CHECK;
/* The same on a new file, which becomes a copy of the database of this id. */
int private_service_start_new(struct private_service *p, const struct cli *c,
	const char *database, const char *id, struct err *e) MUST_CHECK;
/* Ends it: all is in the file then, and no WAL beside it. False: it did not end
 * well. Nothing when none runs. */
bool private_service_stop(struct private_service *p);
void private_service_done(struct private_service *p);
#define AUTO_PRIVATE __attribute__((cleanup(private_service_done)))

#endif
