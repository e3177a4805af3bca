/* Settings of the service, as its clients know them: which variables of the
 * environment look like one, and the file that holds them. */
#ifndef COMMON_CLIENT_SETTINGS_H
#define COMMON_CLIENT_SETTINGS_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

#define SETTINGS_FILE_NAME  "memory-db.conf"
#define SETTINGS_FILE_BYTES (64 * 1024) /* some hundred lines are plenty */

/* memory-db.conf in the folder of the database (an absolute path). New. */
int settings_file(const char *database, char **ret_new, struct err *e)
	MUST_CHECK;

/* What this process has in its environment that would be meant for the
 * service: {NAME: value}, of a secret {NAME: true}. New; NULL without memory.
 * Empty: nothing. */
json_t *settings_given(void);

#endif
