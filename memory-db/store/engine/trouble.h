/* What is wrong with the file or its disk, as the errors of SQLite tell: known
 * to all connections, shown by status. Any thread. */
#ifndef STORE_ENGINE_TROUBLE_H
#define STORE_ENGINE_TROUBLE_H

#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

/* The worse, the greater. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_LOCKS, /* file locks failed: over when all connections were
			   opened anew */
	TROUBLE_DISK,  /* a write or a sync failed: over with the next COMMIT
			   that reaches the disk */
	TROUBLE_DAMAGE /* a page or a row is not what was written: over when
			   all was verified */
};

/* An error of a statement, by its extended code; most are no trouble. */
void trouble_note(struct store *st, int rc);
/* What was read does not match its digest, or has no sense. */
void trouble_damage(struct database *db, const char *text);

enum trouble trouble_now(const struct database *db);
/* Refuses a write: fills *e and returns its code. Not for TROUBLE_NONE. */
int trouble_refuse(struct database *db, struct err *e);
/* A sentence with the cause and what to do. Not for TROUBLE_NONE. */
void trouble_text(struct database *db, char *ret, size_t size);

/* The trouble of this kind is over; a worse kind stays. */
void trouble_over(struct database *db, enum trouble t);

#endif
