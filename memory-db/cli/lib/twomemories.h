/* A user with two memories: that of the machine, and one of his own. */
#ifndef CLI_LIB_TWOMEMORIES_H
#define CLI_LIB_TWOMEMORIES_H

#include <limits.h>

#define TWOMEMORIES_SHARED "/tmp/memory-db.sock"

enum twomemories {
	TWOMEMORIES_NO,
	TWOMEMORIES_SHARED_SERVES, /* his own file is not read */
	TWOMEMORIES_OWN_SERVES	   /* that of the machine is not asked */
};

/* Which one serves the user at this socket, when there are both. ret_own: the
 * file of his own memory. Looks at files only. */
enum twomemories twomemories_at(const char *socket, char ret_own[PATH_MAX]);

/* How the one that is not used is taken along, or used. */
const char *twomemories_advice(enum twomemories which);

#endif
