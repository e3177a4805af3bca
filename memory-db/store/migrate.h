/* Schema steps embedded at build time (memory-db/sql/NNNN_*.sql). */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stddef.h>

struct migrate_step {
	int version;		/* user_version after it */
	const char *sql;
};
extern const struct migrate_step migrate_steps[];
extern const size_t migrate_steps_n;

#endif
